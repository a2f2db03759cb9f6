"""The picture that goes with a post on X."""

from dataclasses import replace
from pathlib import Path

from channels._text import shorten
from channels._xapi import ALT_LIMIT, PICTURES
from publisher.domain.issue import Edition, Finding, Image, telling_image


def picture(edition: Edition) -> tuple[tuple[Image, ...], tuple[Finding, ...]]:
    """The telling picture with its description, or what keeps it from being shown."""
    image = telling_image(edition)
    if image is None:
        return (), ()
    if not image.path or Path(image.path).suffix.lower() not in PICTURES:
        reason = "no JPEG, PNG or WebP" if image.path else "no local file"
        return (), (Finding(kind="picture-left-off", detail=f"{image.src}: {reason}"),)
    alt = shorten(image.alt or image.caption, ALT_LIMIT, len)
    warnings = () if alt else (Finding(kind="missing-alt", detail=image.src),)
    return (replace(image, alt=alt),), warnings
