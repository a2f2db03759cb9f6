"""What a channel would get of an edition: no network, no store."""

from dataclasses import dataclass

from publisher import linting, publishing
from publisher.domain.channel import Post
from publisher.domain.issue import Edition, Finding
from publisher.domain.lint import Rules
from publisher.registry import Configured


@dataclass(frozen=True, kw_only=True)
class Previewed:
    """What a channel would get: the edition, the post, or why there is none, what is odd in it."""

    edition: Edition
    channel: Configured
    post: Post
    refused: str
    findings: tuple[Finding, ...]


def preview(edition: Edition, channel: Configured, rules: Rules) -> Previewed:
    """What a channel would get, looked over by the rules of `[lint]`."""
    post, refused = publishing.written(edition, channel)
    return Previewed(
        edition=edition,
        channel=channel,
        post=post,
        refused=refused,
        findings=linting.of_post(post, edition, rules),
    )
