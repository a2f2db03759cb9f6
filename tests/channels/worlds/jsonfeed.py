"""A pretend outside for a feed: a folder, and a reader that fetches the file."""

import json
from pathlib import Path

from channels.jsonfeed import JsonFeed


class World:
    """One feed file, as a feed reader sees it."""

    def __init__(self, folder: Path) -> None:
        self.channel = JsonFeed(
            path=folder / "feeds" / "all.json", url="https://harbour.example/all.json"
        )

    def visible(self) -> list[str]:
        if not self.channel.path.exists():
            return []
        items = json.loads(self.channel.path.read_bytes())["items"]
        return [f"{item['title']}\n{item['content_html']}" for item in items]

    def stop(self) -> None:
        """A file needs no closing."""
