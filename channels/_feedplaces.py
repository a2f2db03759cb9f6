"""Where the files of a feed lie, and where they are fetched: one, or one a language and tag."""

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

LANG, TAG = "{lang}", "{tag}"
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
    return "-".join(words)


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
