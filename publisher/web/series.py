"""The feeds that channels write as files: which there may be, and which there are."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from publisher import config, registry
from publisher.config import BadConfig, Mistake, Settings
from publisher.web import texts

NOTATIONS = {"atom": "Atom", "rss": "RSS", "feed": "JSON"}  # by the first word of a subtype
TOKENS = ("{lang}", "{tag}")  # each stands for a word in the name of a file


@dataclass(frozen=True, kw_only=True)
class Series:
    """One feed file, or with TOKENS in the names as many as were written.

    `name` is the last part of the address it is served under.
    """

    name: str
    title: str
    path: Path
    url: str
    hub: str
    media_type: str

    def named(self, name: str) -> "Feed | None":
        """The file that is served under a name, whether or not it is there."""
        found = re.fullmatch(_pattern(self.name), name)
        return self._feed(found.groupdict()) if found else None

    def written(self) -> "list[Feed]":
        """The files there are."""
        if not self.path.parent.is_dir():
            return []
        names = sorted(one.name for one in self.path.parent.iterdir() if one.is_file())
        matches = (re.fullmatch(_pattern(self.path.name), name) for name in names)
        return [self._feed(match.groupdict()) for match in matches if match]

    def _feed(self, words: Mapping[str, str]) -> "Feed":
        return Feed(
            name=_filled(self.name, words),
            title=_filled(self.title, words),
            path=self.path.with_name(_filled(self.path.name, words)),
            media_type=self.media_type,
            url=_filled(self.url, words),
            hub=self.hub,
            lang=words.get("lang", ""),
            tag=words.get("tag", ""),
        )


@dataclass(frozen=True, kw_only=True)
class Feed:
    """One feed file. `url` is where readers know it, `hub` who tells them of news, or "".

    `lang` and `tag` are those that its name tells, "" where it is for all. `label` tells it from
    the others that there are.
    """

    name: str
    title: str
    path: Path
    media_type: str
    url: str
    hub: str
    lang: str = ""
    tag: str = ""
    label: str = ""

    @property
    def notation(self) -> str:
        """What people call it, after application/atom+xml and the like."""
        first = self.media_type.partition("/")[2].partition("+")[0]
        return NOTATIONS.get(first, self.name)


def configured(settings: Settings) -> tuple[Series, ...]:
    """The feeds of the channels that write such, each file once.

    Only what says where a feed is gets looked at: pages need no secrets. Of two files with one
    name the later is served as CHANNEL-NAME. Raises BadConfig with every wrong path.
    """
    mistakes: list[Mistake] = []
    found: dict[Path, Series] = {}
    for channel, table in settings.channels.items():
        if media_type := _media_type(table.get("kind", channel)):
            for series in _of_channel(settings, channel, table, media_type, mistakes):
                found.setdefault(series.path, _told_apart(series, channel, found.values()))
    if mistakes:
        raise BadConfig(mistakes)
    return tuple(found.values())


def written(feeds: Sequence[Series]) -> list[Feed]:
    """The feeds that exist, but for those of single tags."""
    return _labelled([f for one in feeds if not _is_of_tags(one) for f in one.written()])


def tagged(feeds: Sequence[Series]) -> list[Feed]:
    """The feeds of single tags that exist, by their tags."""
    found = [feed for one in feeds if _is_of_tags(one) for feed in one.written()]
    return sorted(_labelled(found), key=lambda feed: feed.label.casefold())


def _is_of_tags(series: Series) -> bool:
    return "{tag}" in series.name


def _labelled(feeds: Sequence[Feed]) -> list[Feed]:
    """Feeds with what tells them apart, in as few words as will do, or else the file's name."""
    langs = [texts.language_name(feed.lang) if feed.lang else "" for feed in feeds]
    notations = [feed.notation for feed in feeds]
    titles = [feed.tag or feed.title for feed in feeds]
    whose = [lang or title for lang, title in zip(langs, titles, strict=True)]
    ways = [
        titles,
        notations,
        langs if all(langs) else titles,
        *(_both(names, notations) for names in (titles, whose)),
        _both(titles, langs),
        _both(_both(titles, langs), notations),
        [feed.name for feed in feeds],
    ]
    apart = (labels for labels in ways if len({*labels}) == len(feeds))
    labels = next(apart, ways[-1])
    return [replace(feed, label=label) for feed, label in zip(feeds, labels, strict=True)]


def _both(some: Sequence[str], more: Sequence[str]) -> list[str]:
    return [", ".join(filter(None, pair)) for pair in zip(some, more, strict=True)]


def _media_type(kind: Any) -> str:
    """The media type of the feeds that a kind writes, "" for one that writes none."""
    factory = registry.factory_of(kind, lambda *_: None)
    return getattr(factory, "media_type", "")


def _of_channel(
    settings: Settings, channel: str, table: Any, media_type: str, mistakes: list[Mistake]
) -> list[Series]:
    file, folder = str(settings.file), settings.file.parent

    def wrong(key: str, expected: str) -> None:
        mistakes.append(Mistake(file=file, table=f"channels.{channel}", key=key, expected=expected))

    keys = ("path", "url", "title", "tag_path", "tag_url", "hub")
    seen = {key: table[key] for key in keys if isinstance(table.get(key), str)}
    values = config.resolve_all(seen, folder=folder, wrong=wrong)
    path = folder / values.get("path", "")
    if not path.name or "path" not in values:
        wrong("path", "expected the path of the feed's file")
    places = {path: values.get("url", "")}
    if tagged := values.get("tag_path"):
        places[folder / tagged] = values.get("tag_url", "")
    return [
        Series(
            name=path.name,
            title=values.get("title") or settings.site.name,
            path=path,
            url=url,
            hub=values.get("hub", ""),
            media_type=media_type,
        )
        for path, url in places.items()
    ]


def _told_apart(series: Series, channel: str, others: Iterable[Series]) -> Series:
    taken = any(series.name == other.name for other in others)
    return replace(series, name=f"{channel}-{series.name}") if taken else series


def _pattern(name: str) -> str:
    pattern = re.escape(name)
    for token in TOKENS:
        first, *more = pattern.split(re.escape(token))
        group = token.strip("{}")
        again = "".join(f"(?P={group}){part}" for part in more[1:])
        pattern = first + (f"(?P<{group}>[\\w-]+)" + more[0] + again if more else "")
    return pattern


def _filled(text: str, words: Mapping[str, str]) -> str:
    for group, word in words.items():
        text = text.replace(f"{{{group}}}", word)
    return text
