"""A pretend Reddit: the stand-in, spoken to through unmodified PRAW."""

from contextlib import ExitStack
from pathlib import Path

from channels.reddit import Reddit
from publisher.sandbox.networks import reddit
from publisher.sandbox.outside import Outside
from publisher.sandbox.serving import serving
from publisher.testing.worlds import SECRET


class World:
    """A link-posting account of a script app, and one subreddit."""

    def __init__(self, folder: Path) -> None:
        self.outside = Outside(journal=folder / "outside.jsonl")
        self.plug = ExitStack()
        site = self.plug.enter_context(serving(reddit.app(self.outside)))
        self.channel = Reddit(
            subreddit="xmpp",
            client_id="app",
            client_secret=SECRET,
            username="newsletter",
            password=SECRET,
            site=site,
            oauth=site,
            timeout=1,
        )

    def visible(self) -> list[str]:
        posts = [kept.fields for kept in self.outside.posts("reddit")]
        return [f"{post['title']}\n{post['url']}\n{post['selftext']}" for post in posts]

    def fail(self, do: str, *, seconds: int = 1) -> None:
        self.outside.fail_next("reddit", do, seconds=seconds)

    def unplug(self) -> None:
        self.plug.close()

    def stop(self) -> None:
        self.plug.close()
