"""The two parts of a mail: an edition as plain text and as one HTML page."""

import hashlib
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import cache
from importlib.resources import files

import css_inline
import jinja2

from channels._text import graphemes, shorten
from channels.email.body import fitted, is_drawing
from channels.email.encoding import hides_control
from channels.email.frame import direction, words
from channels.email.palette import DARK, LIGHT
from publisher.domain.issue import Edition, Finding

CLIPPED = 102 * 1024  # bytes of HTML that Gmail shows before it cuts; see docs/channels/email.md
LONGEST_SUBJECT = 90  # graphemes; wide windows show about 70, phones about 40
PREHEADER = 140  # graphemes
PREVIEWED = 220  # characters that a wide window shows beside the subject
NOTHING = "\u034f\u200c\u00a0"  # is shown as a space, and not folded with the next one
WIDTH = 72
SIGNATURE = "-- "  # RFC 3676 §4.3


def slot(edition: Edition) -> str:
    """What stands for the reader's unsubscribe URL until their copy is made.

    It depends on the source's hash, so that no source can contain it.
    """
    named = f"{edition.key}\0{edition.lang}\0{edition.revision}"
    return f"https://unsubscribe.invalid/{hashlib.sha256(named.encode()).hexdigest()[:24]}"


def plain(edition: Edition, title: str, framed: Callable[[str], str] = str) -> str:
    """The plain part: title, text, then as a signature where it is online and how to leave.

    `framed` puts an operator's words around the text.
    """
    heading = _wrapped(title) or [""]
    underline = "=" * min(WIDTH, max(map(len, heading)))
    foot = "\n".join(_foot(edition))
    whole = [*heading, underline, "", framed(edition.text.strip()), "", SIGNATURE, foot, ""]
    return _sound("\n".join(whole))


def _foot(edition: Edition) -> Iterator[str]:
    said, site = words(edition.lang), edition.site
    yield from _wrapped(said.why.format(name=site.name))
    if _translated(edition):
        yield said.volunteers
    yield f"{said.read_online}:\n{edition.url}"
    if licence := " ".join(filter(None, (site.license, site.license_url))):
        yield f"{said.license}: {licence}"
    yield f"{said.leave}:\n{slot(edition)}"


def _wrapped(text: str) -> list[str]:
    """Lines of 72; what has no spaces stays whole, or an emoji could be cut."""
    return textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def page(edition: Edition, title: str, framed: Callable[[str], str] = str) -> str:
    """The HTML part, its styles in line. Dark where the reader's program is dark.

    `framed` puts an operator's words around the edition's HTML.
    """
    said, way = words(edition.lang), direction(edition.lang)
    raw = _template().render(
        edition=edition,
        title=title,
        body=framed(fitted(edition.html, edition.images, picture_word=said.picture)),
        preheader=preheader(edition),
        said=said,
        why=said.why.format(name=edition.site.name),
        translated=_translated(edition),
        licence=edition.site.license or edition.site.license_url,
        direction=way,
        night=asdict(DARK),
        leave_url=slot(edition),
    )
    return _inliner(way).inline(_sound(raw))


def preheader(edition: Edition) -> str:
    """What lists of mail show beside the subject; "" without a summary.

    Filled up with what is not seen, so that no list goes on with the body's first words.
    """
    summary = " ".join(edition.summary[: 10 * PREVIEWED].split())  # however long it is
    shown = shorten(summary, PREHEADER)
    return shown and shown + NOTHING * max(0, PREVIEWED - len(shown))


def warnings(edition: Edition, title: str, html: str) -> Iterator[Finding]:
    """What a person should know before these parts go out."""
    if hides_control(title):
        detail, remedy = "encoded words hide control characters", "write the title as plain text"
        yield Finding(kind="title-unsendable", detail=detail, remedy=remedy)
    if (length := graphemes(title)) > LONGEST_SUBJECT:
        detail = f"the subject has {length} characters; lists of mail show 40 to 70"
        remedy = f"shorten the title to {LONGEST_SUBJECT} at most, the telling words first"
        yield Finding(kind="subject-long", detail=detail, remedy=remedy)
    for image in filter(is_drawing, edition.images):
        detail = f"most mail programs show no SVG, so this one is a link: {image.src}"
        yield Finding(kind="svg-in-mail", detail=detail, remedy="use a PNG")
    if (size := len(html.encode())) > CLIPPED:
        detail = f"{size / 1024:.0f} kB of HTML; Gmail cuts after {CLIPPED // 1024} kB"
        remedy = "shorten the issue, or move long lists and tables to the site"
        yield Finding(kind="mail-clipped", detail=detail, remedy=remedy)


def _translated(edition: Edition) -> bool:
    return edition.lang.lower() != edition.site.language.lower()


def _sound(text: str) -> str:
    """Half a surrogate pair, which an escape in YAML or JSON can bring, becomes a "?"."""
    return text.encode("utf-8", "replace").decode()


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    return environment.from_string(_own("letter.html").lstrip())


@cache
def _inliner(way: str) -> css_inline.CSSInliner:
    """Styles of our own go in line; what stands in the page for dark mode and phones stays."""
    start = "right" if way == "rtl" else "left"
    styles = jinja2.Template(_own("letter.css")).render(light=asdict(LIGHT), start=start)
    return css_inline.CSSInliner(
        inline_style_tags=False,
        keep_style_tags=True,
        load_remote_stylesheets=False,
        minify_css=True,
        extra_css=styles,
    )


def _own(name: str) -> str:
    return files("channels.email").joinpath(name).read_text(encoding="utf-8")
