"""Where the files of a feed lie, and where they are fetched: one, or one a language and tag."""

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

LANG, TAG = "{lang}", "{tag}"
LONGEST = 50  # characters of a tag in a name, which has room for 255 bytes
ONE = r"[\w-]+"  # what may stand in a name instead of either


@dataclass(frozen=True, kw_only=True)
class Place:
    """One file, and where readers fetch it. `tag` is in the words of an edition, "" for all."""

    path: Path
    url: str
    tag: str = ""


def place_of(path: Path, url: str, *, lang: str, tag: str = "") -> Place:
    """Fill in the patterns of a file and its address."""
    slug = slug_of(tag)
    name = path.name.replace(LANG, lang).replace(TAG, slug)
    where = spelled(url, quote(lang)).replace(TAG, quote(slug))
    return Place(path=path.with_name(name), url=where, tag=tag)


def spelled(pattern: str, lang: str) -> str:
    return pattern.replace(LANG, lang)


def slug_of(tag: str) -> str:
    """A tag as a part of a file's name; "" for one that has no letters and no digits."""
    words = re.findall(r"[\w]+", unicodedata.normalize("NFKC", tag).lower())
    return "-".join(words)[:LONGEST].strip("-")


def files(pattern: Path) -> list[Path]:
    """The files there are that a pattern means, by name."""
    if LANG not in pattern.name and TAG not in pattern.name:
        return [pattern] if pattern.exists() else []
    name = re.escape(pattern.name)
    for token in (LANG, TAG):
        name = name.replace(re.escape(token), ONE)
    if not pattern.parent.is_dir():
        return []
    return sorted(one for one in pattern.parent.iterdir() if re.fullmatch(name, one.name))


def of_language(pattern: Path, lang: str) -> Path:
    return pattern.with_name(spelled(pattern.name, lang))


def is_web(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def alike(token: str, path: Path, url: str) -> bool:
    """Whether a token stands in both or in neither; in a path, in its last part alone."""
    return (token in path.name) == (token in url) and token not in str(path.parent)


def rules(feed: Any) -> list[tuple[str, object, str]]:
    """What its settings must be, for `require`."""
    return [
        ("path", feed.path.name, "the name of a file"),
        ("path", TAG not in feed.path.name, "without {tag}, which is for tag_path"),
        ("url", is_web(feed.url), "an http(s) URL"),
        ("url", alike(LANG, feed.path, feed.url), "with {lang} where path's last part has it"),
        ("entries", feed.entries >= 0, "0 or more"),
        ("hub", not feed.hub or is_web(feed.hub), "an http(s) URL"),
        ("timeout", feed.timeout > 0, "more than 0 seconds"),
    ]


def rules_of_tags(feed: Any) -> list[tuple[str, object, str]]:
    """What its settings must be, for `require`."""
    path, url = feed.tag_path, feed.tag_url
    if path is None:
        return [("tag_url", not url, "left out where there is no tag_path")]
    return [
        ("tag_path", TAG in path.name, "a file with {tag} in its name"),
        ("tag_path", path.parent != feed.path.parent, "in a folder without other feeds"),
        ("tag_url", is_web(url), "an http(s) URL"),
        ("tag_url", alike(TAG, path, url), "with {tag} where tag_path's last part has it"),
        ("tag_url", alike(LANG, path, url), "with {lang} where tag_path's last part has it"),
    ]
