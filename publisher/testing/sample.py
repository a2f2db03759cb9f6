"""One edition that every channel is asked to speak of."""

import struct
import zlib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from publisher.domain.issue import Edition, Image, Site

SITE = Site(
    name="The Harbour Letter",
    base_url="https://harbour.example/",
    license="CC BY-SA 4.0",
    license_url="https://creativecommons.org/licenses/by-sa/4.0/",
)
URL = "https://harbour.example/2026/08/letter-from-the-quay/"
BANNER = Image(
    src="https://harbour.example/images/banner.png",
    alt="The Harbour Letter",
    path="static/images/banner.png",
)
CHART = Image(
    src="https://harbour.example/images/tide-chart.png",
    caption="High water was never earlier than this August.",
    path="static/images/tide-chart.png",
)
LINK = "https://tides.example/august?port=1&unit=m"
SUMMARY = (
    "The ferry runs again, the net loft has a new roof, and three boats came home with more "
    "mackerel than the ice house could take. Also in this letter: who painted the lighthouse "
    "door yellow, how to read the new tide tables, where to leave old rope so that it becomes "
    "a doormat, the summer's odd jellyfish counted and named, a call for volunteers to mend the "
    "slipway before the equinox gales, and the winner of the knot contest, who tied a bowline "
    "behind her back in four seconds and would like everyone to know that it was raining."
)
EDITION = Edition(
    key="2026-08-05-newsletter",
    lang="en",
    path="content/newsletter/2026-08-05-newsletter.md",
    title="A Letter from the Quay, August 2026",
    date=datetime(2026, 8, 5, 9, 30, tzinfo=UTC),
    url=URL,
    summary=SUMMARY,
    html=(
        f'<p><img src="{BANNER.src}" alt="{BANNER.alt}"></p>'
        "<h2>The ferry runs again</h2><p>Twice a day, weather &amp; skipper permitting.</p>"
        f'<p>See the <a href="{LINK.replace("&", "&amp;")}">tide tables</a>.</p>'
        f'<figure><img src="{CHART.src}" alt=""><figcaption>{CHART.caption}</figcaption></figure>'
    ),
    text=(
        "The ferry runs again\n\nTwice a day, weather & skipper permitting.\n\n"
        f"See the tide tables <{LINK}>.\n"
    ),
    revision="5f" * 32,
    site=SITE,
    authors=("Ines Moura", "Tam O'Hara", "Zoë Kröger"),
    tags=("harbour", "ferry", "tides"),
    links=(LINK,),
    images=(BANNER, CHART),
)

FAMILY = "👩‍👩‍👧‍👦"  # one thing to see, seven code points, eleven UTF-16 units
LONG = {
    "long title": replace(EDITION, title="A very long title indeed " * 40),
    "long summary": replace(EDITION, summary="Everything that happened at sea. " * 400),
    "links in the summary": replace(EDITION, summary="http://ab.example @us@harbour.example " * 60),
    "emoji": replace(EDITION, title=FAMILY * 30, summary=FAMILY * 3000),
    "CJK": replace(EDITION, title="港からの手紙" * 20, summary="潮が早い。港は静か" * 900),
    "nothing but a title": replace(EDITION, summary="", text="", html="", images=(), links=()),
}


def with_pictures(folder: Path) -> Edition:
    """The same edition, its pictures being files in `folder`."""
    images = []
    for image in EDITION.images:
        path = folder / Path(image.path).name
        path.write_bytes(tiny_png())
        images.append(replace(image, path=str(path)))
    return replace(EDITION, images=tuple(images))


def tiny_png() -> bytes:
    """One grey pixel (PNG specification, §11.2)."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    pixel = chunk(b"IDAT", zlib.compress(b"\x00\x80"))
    return b"\x89PNG\r\n\x1a\n" + header + pixel + chunk(b"IEND", b"")
