"""Whether a channel could post: its credentials and limits, posting nothing."""

from dataclasses import dataclass, field

from publisher.domain.channel import ChannelError, Disconnected, Refused
from publisher.registry import Configured

WARNING = "warning: "  # begins what will need a person soon, and does not yet


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What a check found: a subject, whether it is well, and the words for it.

    `warnings` are among the words, too: what is well, but will not stay so by itself.
    """

    name: str
    ok: bool
    found: list[str]
    warnings: list[str] = field(default_factory=list)


def of_channel(channel: Configured) -> Checked:
    """What a channel says of its credentials and limits, posting nothing."""
    name = f"channel {channel.name} ({channel.kind})"
    try:
        found = channel.channel.check()
    except (Disconnected, Refused) as error:
        return Checked(name=name, ok=False, found=[str(error)])
    except ChannelError as error:
        return Checked(name=name, ok=False, found=[f"cannot be asked now: {error}"])
    warnings = [words.removeprefix(WARNING) for words in found if words.startswith(WARNING)]
    return Checked(name=name, ok=True, found=found, warnings=warnings)
