"""What a site's generator makes of a source, as data: one reader, many habits."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Habits:
    """How a site's sources are meant. `generator` is "" where each file has to tell.

    `typographer` sets quotes and dashes, `emoji` reads codes such as :de:, and `shortcodes` is
    the folder of the site's own shortcode templates, if it has one.
    """

    generator: str = ""
    typographer: bool = True
    emoji: bool = True
    shortcodes: Path | None = None


GENERATORS = ("hugo", "jekyll", "zola", "pelican", "docusaurus")
