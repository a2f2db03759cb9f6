"""An operator's own words around the edition in a mail."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from channels.email import Email, filling, message, writing
from publisher.domain.channel import Refused
from publisher.testing.sample import EDITION
from tests.channels.mails import reader

NOW = datetime(2026, 8, 6, 7, 0, tzinfo=UTC)

HTML = "<p>Ahoy, <b>{{ site }}</b> readers of {{ title }}!</p>\n{{ body }}\n<p>Fair winds.</p>\n"
TEXT = "Ahoy, {{ site }} readers!\n\n{{ body }}\n\nFair winds."


def mail(folder: Path, html: str = HTML, text: str | None = TEXT) -> Email:
    template = folder / "letter.html"
    template.write_text(html, encoding="utf-8")
    if text is not None:
        template.with_suffix(".txt").write_text(text, encoding="utf-8")
    return Email(
        host="127.0.0.1", from_="a@news.example", list_id="news.example", template=template
    )


def without_template() -> Email:
    return Email(host="127.0.0.1", from_="a@news.example", list_id="news.example")


def test_both_parts_stand_in_the_operators_words(tmp_path: Path) -> None:
    post = mail(tmp_path).render(EDITION)
    ahoy = f"Ahoy, {EDITION.site.name} readers!"
    assert f"{ahoy}\n\n{EDITION.text.strip()}\n\nFair winds." in post.text
    first = EDITION.text.split()[0]
    assert re.search(f"Ahoy, <b.*{first}.*Fair winds", post.html, re.DOTALL)


def test_the_body_stands_as_it_does_without_them(tmp_path: Path) -> None:
    usual = without_template().render(EDITION)
    post = mail(tmp_path, "{{ body }}", "{{ body }}").render(EDITION)
    assert (post.html, post.text, post.key) == (usual.html, usual.text, usual.key)


def test_the_way_to_leave_stays_in_our_frame(tmp_path: Path) -> None:
    post = mail(tmp_path).render(EDITION)
    slot = post.details["slot"]
    assert post.html.count(slot) == without_template().render(EDITION).html.count(slot) == 1
    assert post.text.count(slot) == 1


def test_a_title_cannot_bring_markup_into_the_template(tmp_path: Path) -> None:
    post = mail(tmp_path).render(replace(EDITION, title="<script>x</script> & more"))
    assert "readers of &lt;script&gt;x&lt;/script&gt; &amp; more!" in post.html


def test_a_language_has_words_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "letter.de.html").write_text("<p>Moin!</p>{{ body }}", encoding="utf-8")
    (tmp_path / "letter.de.txt").write_text("Moin!\n\n{{ body }}", encoding="utf-8")
    post = mail(tmp_path).render(replace(EDITION, lang="de"))
    assert "Moin!" in post.html
    assert "Moin!\n\n" in post.text
    assert "Ahoy" not in post.html + post.text


@pytest.mark.parametrize(
    ("html", "text", "why"),
    [
        ("Ahoy", TEXT, r"letter\.html:1: lacks {{ body }}"),
        (HTML, "Ahoy", r"letter\.txt:1: lacks {{ body }}"),
        (HTML, None, r"letter\.txt: cannot be read: No such file"),
        ("a\n{{ hashtags }}{{ body }}", TEXT, r"letter\.html:2: hashtags is not known; there are"),
        ("{% include 'x' %}{{ body }}", TEXT, r"letter\.html:1: takes in no other files"),
    ],
)
def test_a_broken_template_is_a_mistake_with_its_line(
    tmp_path: Path, html: str, text: str | None, why: str
) -> None:
    with pytest.raises(ValueError, match=f"^template .*{why}"):
        mail(tmp_path, html, text)


@pytest.mark.parametrize(
    "html",
    [
        "{{ body | upper }}",
        "{% if lang == 'xx' %}{{ body }}{% endif %}",
        "{{ body[3] }}",
        "{{ body | urlize }}",
        "{% for author in authors %}{{ body }}{% endfor %}",
    ],
)
def test_a_template_that_loses_the_body_refuses_the_post(tmp_path: Path, html: str) -> None:
    with pytest.raises(Refused, match=r"letter\.html: {{ body }} has to stand as it is"):
        mail(tmp_path, html).render(EDITION)


@pytest.mark.parametrize(
    "html",
    [
        "<p>Ahoy</p><!-- {{ body }} -->",
        '<a href="{{ body }}">Ahoy</a>',
        "<p title='a > b' {{ body }}>Ahoy</p>",
        "<style>{{ body }}</style>",
        "<!-- never closed {{ body }}",
        '<p class="never closed>{{ body }}',
    ],
)
def test_a_body_that_nobody_would_see_refuses_the_post(tmp_path: Path, html: str) -> None:
    with pytest.raises(Refused, match=r"letter\.html: {{ body }} stands in a comment or a tag"):
        mail(tmp_path, html).render(EDITION)


@pytest.mark.parametrize("html", ["1 < 2 {{ body }}", "<!-- x --><b>a</b> {{ body }} > <i>z</i>"])
def test_a_body_between_tags_is_seen(tmp_path: Path, html: str) -> None:
    assert "The ferry runs again" in mail(tmp_path, html).render(EDITION).html


@pytest.mark.parametrize(("there", "lacks"), [("html", "txt"), ("txt", "html")])
def test_a_language_needs_words_for_both_parts(tmp_path: Path, there: str, lacks: str) -> None:
    (tmp_path / f"letter.de.{there}").write_text("Moin! {{ body }}", encoding="utf-8")
    why = rf"^template .*letter\.html: .* language de ends in \.{there} alone, not in \.{lacks}"
    with pytest.raises(ValueError, match=why):
        mail(tmp_path)


GREETING = '<p>Ahoy, {{ name("you & all") }}!</p>{{ body }}', "Ahoy {{ name }}!\n\n{{ body }}"


def bodies(mail: Email, name: str) -> tuple[str, str]:
    """Plain and HTML of a reader's copy."""
    letter = writing.letter(mail.render(EDITION), mail.sender)
    sent = filling.parcel(letter, replace(reader(), name=name), at=NOW)
    assert sent.sent == message.stuffed(sent.content)
    writing.wire_check(sent.content)
    read = message_from_bytes(sent.content, policy=policy.default)
    assert read.keys() == message.HEADERS
    parts = [read.get_body((kind,)) for kind in ("plain", "html")]
    plain, html = (str(part.get_content()) for part in parts if part)
    return plain, html


def test_a_reader_is_greeted_by_name(tmp_path: Path) -> None:
    plain, html = bodies(mail(tmp_path, *GREETING), "Zoë <b>Kröger</b> & Co")
    assert "Ahoy Zoë <b>Kröger</b> & Co!" in plain
    assert "Ahoy, Zoë &lt;b&gt;Kröger&lt;/b&gt; &amp; Co!" in html


def test_a_reader_without_a_name_is_greeted_in_the_operators_words(tmp_path: Path) -> None:
    plain, html = bodies(mail(tmp_path, *GREETING), "")
    assert "Ahoy !" in plain
    assert "Ahoy, you &amp; all!" in html


@pytest.mark.parametrize(
    "name",
    ["a\r\n.\r\nMAIL FROM:<x@y.example>", ".", "x" * 5000, "\ud800", "=\r\n.", "\0"],
)
def test_no_name_ends_a_message_or_makes_a_long_line(tmp_path: Path, name: str) -> None:
    for part in bodies(mail(tmp_path, *GREETING), name):
        assert not re.search(r"^\.\r?$", part, re.MULTILINE)
        assert "x" * 101 not in part


@pytest.mark.parametrize(
    "html",
    [
        "<p>{{ name | upper }}</p>{{ body }}",
        "<p>{{ name | replace('a', 'b') | title }}</p>{{ body }}",
        '<p title="{{ name }}"></p>{{ body }}',
        "<!-- {{ name }} -->{{ body }}",
    ],
)
def test_a_name_that_nobody_would_read_refuses_the_post(tmp_path: Path, html: str) -> None:
    with pytest.raises(Refused, match=r"letter\.html: \{\{ name \}\}"):
        mail(tmp_path, html).render(EDITION)
