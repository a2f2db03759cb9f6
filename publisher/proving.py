"""Proof of publication: the page of an edition is there, is this edition, and has its images."""

import re
import unicodedata
from collections.abc import Callable, Sequence

from lxml import etree, html

from publisher.domain.issue import Edition

ENOUGH = 0.8  # of the samples: a site's own typography changes words here and there
SAMPLES = 40
LENGTH = 5  # words of a sample
MOST_IMAGES = 30
UNREAD = ("script", "style", "template", "noscript", "svg")  # elements whose text nobody reads


class NotThere(Exception):
    """An address that does not answer as it should; the message says how."""


Fetch = Callable[[str], str]  # the text behind an address; raises NotThere


def trouble(edition: Edition, fetch: Fetch) -> str:
    """Why the edition does not count as public yet, in words; "" once it does.

    Its page must answer, and have its title and nearly all of its text, whatever the theme puts
    around them; each image of it must answer, too.
    """
    try:
        page = words(_text(fetch(edition.url)))
    except NotThere as error:
        return f"{edition.url}: {error}"
    if not _has(page, words(edition.title)):
        return f"{edition.url}: is there, but without the title {edition.title!r}"
    samples = _samples(words(_text(edition.html)))
    found = sum(_has(page, sample) for sample in samples)
    if found < ENOUGH * len(samples):
        share = f"{found} of {len(samples)} samples of its text"
        return f"{edition.url}: is there, but with only {share}; perhaps an older version"
    return _missing_image(edition, fetch)


def _missing_image(edition: Edition, fetch: Fetch) -> str:
    for image in list(dict.fromkeys(image.src for image in edition.images))[:MOST_IMAGES]:
        try:
            fetch(image)
        except NotThere as error:
            return f"{image}: {error}; it stands in {edition.path}"
    return ""


def words(text: str) -> list[str]:
    """The words of a text, alike in whatever typography: letters and digits alone."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return re.findall(r"[^\W_]+", re.sub(r"(?<=\w)['\u2019](?=\w)", "", plain))


def _samples(text: Sequence[str]) -> list[Sequence[str]]:
    """Runs of words, spread evenly over the text."""
    if len(text) <= LENGTH:
        return [text] if text else []
    last = len(text) - LENGTH
    count = min(SAMPLES, last + 1)
    starts = {round(n * last / max(1, count - 1)) for n in range(count)}
    return [text[start : start + LENGTH] for start in sorted(starts)]


def _has(page: Sequence[str], wanted: Sequence[str]) -> bool:
    return f" {' '.join(wanted)} " in f" {' '.join(page)} "


def _text(page: str) -> str:
    """All that is read of a page."""
    parser = html.HTMLParser(encoding="utf-8", recover=True, huge_tree=False)
    root = html.document_fromstring(b"<html>" + page.encode(), parser=parser)
    etree.strip_elements(root, *UNREAD, etree.Comment, with_tail=False)
    return " ".join(map(str, root.itertext()))
