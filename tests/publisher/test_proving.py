"""An edition is public once its page has it, and its images are there."""

from collections.abc import Callable, Mapping

import pytest

from publisher import proving
from publisher.domain.issue import Image
from publisher.proving import NotThere
from tests.publisher.fakes import edition

TEXT = "What happened. " + " ".join(
    f"In week {n} somebody wrote the word number{n}." for n in range(60)
)
BODY = "".join(f"<p>{part}.</p>" for part in TEXT.split(". "))
HERE = edition(
    html=BODY, title="The Post’s “November”", images=(Image(src="https://news.example/a.png"),)
)
PAGE = f"<html><head><title>T</title><script>var x='{TEXT}'</script></head><body><nav>Home</nav>"
GOOD = f"{PAGE}<h1>The Post's &ldquo;November&rdquo;</h1><article>{BODY}</article></body></html>"


def outside(pages: Mapping[str, str]) -> Callable[[str], str]:
    def fetch(url: str) -> str:
        if url not in pages:
            raise NotThere("answers 404")
        return pages[url]

    return fetch


def trouble(page: str, image: str = "…") -> str:
    there = {HERE.url: page, "https://news.example/a.png": image}
    return proving.trouble(HERE, outside(there))


def test_a_page_with_title_and_text_is_proof_whatever_is_around_them() -> None:
    assert trouble(GOOD) == ""


def test_an_address_that_does_not_answer_is_named() -> None:
    assert proving.trouble(HERE, outside({})) == f"{HERE.url}: answers 404"


def test_a_page_without_the_title_is_not_it() -> None:
    assert "without the title" in trouble(GOOD.replace("November", "October"))


def test_a_title_alone_is_no_proof() -> None:
    assert "0 of 40 samples" in trouble(f"{PAGE}<h1>The Post's November</h1></body></html>")


def test_an_older_version_of_the_page_is_no_proof() -> None:
    half = BODY[: len(BODY) // 2]
    assert "perhaps an older version" in trouble(GOOD.replace(BODY, half))


def test_a_word_that_the_site_writes_differently_does_no_harm() -> None:
    assert trouble(GOOD.replace("number7.", "number-seven!")) == ""


def test_an_image_that_is_missing_is_named_with_its_file() -> None:
    words = proving.trouble(HERE, outside({HERE.url: GOOD}))
    assert words == f"https://news.example/a.png: answers 404; it stands in {HERE.path}"


@pytest.mark.parametrize("page", ["", "\0", "<", "<html>", "<!-- -->", "<?xml version='1.0'?>"])
def test_what_is_hardly_a_page_is_no_proof(page: str) -> None:
    assert trouble(page) != ""


def test_an_edition_of_few_words_is_proven_by_those() -> None:
    few = edition(html="<p>All is <i>well</i>.</p>", title="Hello")
    assert proving.trouble(few, outside({few.url: "<h1>Hello</h1><p>All <b>is</b> well"})) == ""
    assert proving.trouble(few, outside({few.url: "<h1>Hello</h1><p>All was well"})) != ""
