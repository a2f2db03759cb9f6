"""A Bluesky post as its record (app.bsky.feed.post): text, facets, card or picture."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image as Picture

from channels._atproto import Reference, Repository
from channels._http import nothing_posted
from channels._text import shorten
from publisher.domain.channel import ChannelError, Post, TryLater, Unsure
from publisher.domain.issue import Image

HEAVIEST = 950_000  # bytes; the lexicon's limit for a picture is 1,000,000
WIDEST = 2000  # pixels of a side
ALT_LIMIT = 2000
Json = dict[str, Any]


def record(
    post: Post, number: int, *, at: str, embed: Json | None, before: list[Reference]
) -> Json:
    """The record of a post's part, posted at a time; `before` are the thread's earlier parts."""
    part: Mapping[str, Any] = post.details["parts"][number]
    made: Json = {
        "$type": "app.bsky.feed.post",
        "text": part["text"],
        "facets": part["facets"],
        "langs": [post.lang],
        "createdAt": at,
    }
    if embed:
        made["embed"] = embed
    if before:
        first, last = before[0], before[-1]
        made["reply"] = {"root": vars(first) | {}, "parent": vars(last) | {}}
    if post.details["labels"]:
        values = [{"val": label} for label in post.details["labels"]]
        made["labels"] = {"$type": "com.atproto.label.defs#selfLabels", "values": values}
    return made


def card(post: Post, thumb: Json | None) -> Json:
    """The page that the post is about, with a picture where there is one."""
    about = {"uri": post.url, "title": post.title, "description": post.details["description"]}
    external = {**about, "thumb": thumb} if thumb else about
    return {"$type": "app.bsky.embed.external", "external": external}


def picture(image: Image, blob: Json) -> Json:
    """A picture with its description."""
    size = {"aspectRatio": {"width": image.width, "height": image.height}} if image.width else {}
    one = {"image": blob, "alt": image.alt, **size}
    return {"$type": "app.bsky.embed.images", "images": [one]}


def light(path: Path, kind: str) -> tuple[bytes, str]:
    """A picture's bytes and media type, as a smaller JPEG where they are too many.

    Raises OSError where there is none, or none that can be made small enough.
    """
    content = path.read_bytes()
    if len(content) <= HEAVIEST:
        return content, kind
    try:
        with Picture.open(path) as opened:
            small = opened.convert("RGB")
    except Picture.DecompressionBombError as error:
        raise OSError(f"{path.name} has too many pixels to be made smaller") from error
    small.thumbnail((WIDEST, WIDEST))
    for quality in (85, 70, 50, 30):
        out = BytesIO()
        small.save(out, "JPEG", quality=quality)
        if out.tell() <= HEAVIEST:
            return out.getvalue(), "image/jpeg"
    raise OSError(f"{path.name} stays over {HEAVIEST} bytes however it is made smaller")


def embedded(repository: Repository, post: Post, shows: str) -> tuple[Json, str]:
    """The card, or with `shows` "image" the picture; one that does not go up is left off."""
    for image in post.images:
        try:
            blob = repository.upload(*light(Path(image.path), image.type))
        except (ChannelError, OSError) as error:  # a picture is decoration
            return card(post, None), f"left off {image.src}: {error}"
        return (picture(image, blob) if shows == "image" else card(post, blob)), ""
    return card(post, None), ""


def described(image: Image) -> Image:
    """A picture with as much of its description as Bluesky takes."""
    return replace(image, alt=shorten(image.alt or image.caption, ALT_LIMIT, len))


def completed(repository: Repository, post: Post, embed: Json) -> list[Reference]:
    """Put what is missing of a post, part after part, each under its own key; all of them.

    Raises the four failures; once a part is there, Unsure in place of TryLater.
    """
    there: list[Reference] = []
    for number, key in enumerate(post.details["keys"]):
        with nothing_posted():
            found = repository.look(key)
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        said = record(post, number, at=at, embed=None if number else embed, before=there)
        try:
            there.append(found or repository.put(key, said))
        except TryLater as error:
            if not there:
                raise
            total = len(post.details["keys"])
            raise Unsure(f"{number} of {total} posts are there: {error}") from error
    return there
