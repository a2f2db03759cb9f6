"""What all kinds of feed share: files that hold one entry an edition, whatever their notation."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote, unquote, urlsplit

from channels._feedfile import check_writable, read, sole_writer, write
from channels._feednotation import Notation
from channels._feedplaces import (
    LANG,
    Place,
    files,
    of_language,
    place_of,
    rules,
    rules_of_tags,
    slug_of,
    spelled,
)
from channels._feedwords import post_of
from channels._settings import require
from publisher.domain.channel import Post, Receipt, Refused
from publisher.domain.issue import Edition


@dataclass(frozen=True, kw_only=True)
class FeedFiles:
    """Feed files. `url` is where readers fetch it; `entries` keeps the newest so many, 0 all.

    With `{lang}` in `path` and `url` there is one file a language, and with `tag_path` and
    `tag_url`, which have `{tag}`, one more a tag. `hub` is told of what is new (WebSub).
    `timeout` is how many seconds to wait for another process that writes the same file.
    """

    media_type: ClassVar[str]
    notation: ClassVar[Notation]

    path: Path
    url: str
    title: str = ""
    entries: int = 0
    tag_path: Path | None = None
    tag_url: str = ""
    hub: str = ""
    timeout: float = 15

    def __post_init__(self) -> None:
        require(self, [*rules(self), *rules_of_tags(self)])

    def render(self, edition: Edition) -> Post:
        """The whole edition as an entry, under an id that no later change of it can move."""
        url = self._main(edition.lang).url
        title = spelled(self.title, edition.lang) or edition.site.name
        lang = edition.lang if LANG in self.path.name else edition.site.language
        return post_of(edition, url=url, title=title, lang=lang)

    def deliver(self, post: Post) -> Receipt:
        """Add the entry or replace it; each file changes at once, as a whole, or not at all.

        Raises TryLater in the system's words, Disconnected when a file there is no feed, and
        Refused for an entry that is older than all which `entries` lets the feed keep.
        """
        return self._put(post)

    def find_existing(self, post: Post) -> Receipt | None:
        """Read the feed, and those of the entry's tags: all of them have it, or it is not there."""
        id = post.details["id"]
        files_of_it = [place.path for place in self._places(post)]
        there = all(id in self.notation.ids(self._read(path)) for path in files_of_it)
        return self._receipt(post) if there else None

    def update(self, receipt: Receipt, post: Post) -> Receipt:
        """Replace the entry. Its time of change is now if it changed, else what it was."""
        return self._put(replace(post, details={**post.details, "id": receipt.id}))

    def retract(self, receipt: Receipt) -> None:
        """Take the entry out of every file that has it; a feed reader keeps what it has fetched."""
        lang = unquote(receipt.id.rpartition("/")[2])
        self._drop(receipt.id, [self._main(lang).path, *self._files_of_tags(lang)])

    def check(self) -> list[str]:
        found = []
        for path in files(self.path) or [self.path]:
            count = len(self.notation.ids(self._read(path)))
            found.append(f"{path} can be written, and holds {count} entries")
        for pattern in filter(None, (self.path, self.tag_path)):
            check_writable(pattern)
        if self.tag_path:
            found.append(f"feeds of {len(files(self.tag_path))} tags are in {self.tag_path.parent}")
        if Path(urlsplit(self.url).path).name != self.path.name:
            found.append(f"{self.url} does not end in {self.path.name}: is it the same file?")
        return found

    def _put(self, post: Post) -> Receipt:
        main, *tagged = self._places(post)
        self._write(post, main)
        for place in tagged:
            self._write(post, place)
        ours = {place.path for place in tagged}
        others = (path for path in self._files_of_tags(post.lang) if path not in ours)
        self._drop(post.details["id"], others)
        return self._receipt(post)

    def _write(self, post: Post, place: Place) -> None:
        said = replace(post, details={**post.details, **self._named(post, place)})
        with sole_writer(place.path, self.timeout):
            feed = self.notation.merged(self._read(place.path), said, place.url, self.entries)
            if said.details["id"] in self.notation.ids(feed):
                write(place.path, self.notation.document(feed))
            elif not place.tag:
                raise Refused(f"older than the {self.entries} entries that {place.path} keeps")

    def _drop(self, id: str, paths: Iterable[Path]) -> None:
        for path in paths:
            if id in self.notation.ids(self._read(path)):
                with sole_writer(path, self.timeout):
                    feed = self.notation.without(self._read(path), id)
                    write(path, self.notation.document(feed))

    def _read(self, path: Path) -> Any | None:
        return read(path, self.notation.parsed, self.notation.name)

    def _receipt(self, post: Post) -> Receipt:
        return Receipt(id=post.details["id"], url=self._main(post.lang).url)

    def _main(self, lang: str) -> Place:
        return place_of(self.path, self.url, lang=lang)

    def _places(self, post: Post) -> list[Place]:
        """The file of all entries, and those of this one's tags."""
        main, path = self._main(post.lang), self.tag_path
        if path is None:
            return [main]
        tags = {slug: tag for tag in reversed(post.details["tags"]) if (slug := slug_of(tag))}
        named = (place_of(path, self.tag_url, lang=post.lang, tag=tag) for tag in tags.values())
        return [main, *named]

    def _files_of_tags(self, lang: str) -> list[Path]:
        return files(of_language(self.tag_path, lang)) if self.tag_path else []

    def _named(self, post: Post, place: Place) -> dict[str, str]:
        """What is said of the feed in a file besides: of a tag's, an id and a title of its own."""
        about = {"hub": self.hub}
        if place.tag:
            authority = post.details["feed_id"].partition(":feed/")[0]
            about["feed_id"] = f"{authority}:feed{quote(urlsplit(place.url).path, safe='/%')}"
            about["feed_title"] = f"{post.details['feed_title']}: {place.tag}"
        return about
