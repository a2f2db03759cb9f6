"""A pretend outside for a feed: a folder, and a reader that fetches the file."""

from pathlib import Path

import feedparser

from channels.rss import Rss


class World:
    """One feed file, as a feed reader sees it."""

    def __init__(self, folder: Path) -> None:
        self.channel = Rss(
            path=folder / "feeds" / "all.rss.xml", url="https://harbour.example/all.rss.xml"
        )

    def visible(self) -> list[str]:
        if not self.channel.path.exists():
            return []
        feed = feedparser.parse(self.channel.path.read_bytes())
        assert not feed.bozo, feed.bozo_exception
        return [f"{entry.title}\n{entry.get('content', entry)}" for entry in feed.entries]

    def stop(self) -> None:
        """A file needs no closing."""
