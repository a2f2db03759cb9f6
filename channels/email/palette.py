"""The colours of a mail, by day and by night; the tests hold them to WCAG 2.2 §1.4.3 (4.5:1)."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Palette:
    """Colours as `#rrggbb`. `quiet` is small print, `code` lies behind code, `line` divides."""

    page: str
    text: str
    quiet: str
    link: str
    code: str
    line: str


LIGHT = Palette(
    page="#ffffff",
    text="#1d2026",
    quiet="#59606c",
    link="#0b57a4",
    code="#f1f3f6",
    line="#cfd4dc",
)
DARK = Palette(
    page="#16181d",
    text="#e6e8ec",
    quiet="#a9b0bb",
    link="#8fc1ff",
    code="#262a32",
    line="#474d59",
)
