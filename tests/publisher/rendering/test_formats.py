"""Sources as five generators have them, and as none has them."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

from publisher.domain.habits import WAYS, Habits
from publisher.domain.issue import BadSource, Edition, Site
from publisher.rendering.names import identity
from publisher.rendering.reading import read_edition
from tests.publisher.rendering.sources import HEAD, SITE, issue, read, written


def of(generator: str, path: Path, root: Path, site: Site = SITE) -> Edition:
    return read_edition(path, root=root, site=site, static=None, habits=Habits(generator=generator))


# Files without a head


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("A **bold** [link](/x), `code` and ![a boat](/b.png).", "A bold link, code and ."),
        ('It\'s "5 * 3" -- snake_case & more...', 'It\'s "5 * 3" -- snake_case & more...'),
        ("Out :tada: with https://a.example/b_c_d", "Out 🎉 with https://a.example/b_c_d"),
    ],
)
def test_a_summary_is_told_in_plain_words(tmp_path: Path, typed: str, said: str) -> None:
    head = f"title: T\ndate: 2026-06-05\nsummary: {json.dumps(typed)}\n"
    assert read(tmp_path, f"---\n{head}---\nHello.\n").summary == said


def test_a_heading_at_the_very_beginning_is_the_title_and_no_text(tmp_path: Path) -> None:
    edition = read(tmp_path, "\n# The *June* issue\n\nHello.\n\n## More\n")
    assert (edition.title, edition.text.split()[0]) == ("The June issue", "Hello.")
    assert edition.date == datetime(2026, 6, 5, tzinfo=UTC)


@pytest.mark.parametrize("heading", ["The June issue\n====\n", "# The June issue #\n"])
def test_a_heading_is_one_in_either_notation(tmp_path: Path, heading: str) -> None:
    edition = read(tmp_path, heading + "\nHello.\n")
    assert (edition.title, edition.html) == ("The June issue", "<p>Hello.</p>\n")


@pytest.mark.parametrize(
    "text", ["Hello.\n\n# News\n", "## News\n\nHello.\n", "```\n# code\n```\n\nNews\n----\n"]
)
def test_any_other_first_heading_is_the_title_and_stays(tmp_path: Path, text: str) -> None:
    edition = read(tmp_path, text)
    assert edition.title == "News"
    assert "News</h" in edition.html


def test_the_lines_of_a_text_are_still_those_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(BadSource) as refusal:
        read(tmp_path, "# June\n\n{{< nope >}}\n")
    assert refusal.value.line == 3


def test_a_readme_is_no_issue(tmp_path: Path) -> None:
    with pytest.raises(BadSource, match="no newsletter issue: it has no date"):
        read(tmp_path, "# About us\n\nHello.\n", name="README.md")


def test_a_text_that_begins_with_a_colon_is_no_head(tmp_path: Path) -> None:
    assert read(tmp_path, "Note: x\n\n# News\n").title == "News"


def test_a_json_document_is_no_issue(tmp_path: Path) -> None:
    with pytest.raises(BadSource, match="a JSON document without a text"):
        read(tmp_path, '{"subject": "x", "date": "2026-06-05", "chapters": ["<p>a</p>"]}\n')


@pytest.mark.parametrize(
    ("name", "says"),
    [
        (
            "2026-06-05-nets.rst",
            "reStructuredText, which is not read — write the issue in Markdown",
        ),
        ("2026-06-05-nets.adoc", "AsciiDoc, which is not read"),
        ("letters/_index.md", "no newsletter issue: the page of a section"),
        ("letters/_index.fr.md", "no newsletter issue: the page of a section"),
    ],
)
def test_what_is_no_issue_in_markdown_is_called_by_its_name(
    tmp_path: Path, name: str, says: str
) -> None:
    with pytest.raises(BadSource, match=says):
        read(tmp_path, f"---\n{HEAD}---\nNets\n====\n\n:date: 2026-06-05\n", name=name)


def test_a_head_without_a_title_lends_that_of_the_text(tmp_path: Path) -> None:
    edition = issue(tmp_path, "# June\n\nHello.\n", head="date: 2026-06-05\n")
    assert (edition.title, edition.html) == ("June", "<p>Hello.</p>\n")
    with pytest.raises(BadSource, match="it has no title"):
        issue(tmp_path, "## News\n\nHello.\n", head="date: 2026-06-05\n")


# Pelican


def test_pelicans_fields_are_read_up_to_the_empty_line(tmp_path: Path) -> None:
    text = (
        "Title: Nets: an issue\nDate: 2018-02-28 00:00\nAuthors: Lee, Ann; Bob\n"
        "Category: Letter\nTags: nets,\n    boats\nSummary: One\n\ttwo\nStatus: draft\n"
        "Save_as: letters/nets.html\nUrl:\n\nHello.\n"
    )
    edition = read(tmp_path, text, name="nets.md")
    assert (edition.title, edition.summary) == ("Nets: an issue", "One two")
    assert (edition.authors, edition.tags) == (("Lee, Ann", "Bob"), ("nets", "boats", "Letter"))
    assert edition.date == datetime(2018, 2, 28, tzinfo=UTC)
    assert (edition.url, edition.draft) == ("https://example.org/letters/nets.html", True)
    assert edition.html == "<p>Hello.</p>\n"


def test_pelican_tells_a_language_by_a_hyphen_that_a_field_confirms(tmp_path: Path) -> None:
    head = "Title: Août\nDate: 2026-08-05\n"
    path = written(tmp_path, head + "Lang: fr\n\nBonjour.\n", name="august-fr.md")
    edition = of("pelican", path, tmp_path)
    assert (edition.key, edition.lang) == ("august", "fr")
    with pytest.raises(BadSource, match="add `Lang: fr`, or rename it"):
        of("pelican", written(tmp_path, head + "\nHello.\n", name="august-fr.md"), tmp_path)


# Jekyll


def test_jekylls_posts_have_date_and_slug_in_their_names(tmp_path: Path) -> None:
    text = "---\nlayout: post\ntitle: Nets\ncategories: sea boats\n---\nHello.\n"
    path = written(tmp_path, text, name="_posts/2026-06-05-on-nets.md")
    edition = of("jekyll", path, tmp_path, _default_site("jekyll"))
    assert edition.date == datetime(2026, 6, 5, tzinfo=UTC)
    assert edition.url == "https://example.org/sea/boats/2026/06/05/on-nets.html"
    assert edition.tags == ("sea", "boats")


def test_jekylls_drafts_are_drafts(tmp_path: Path) -> None:
    assert issue(tmp_path, name="_drafts/nets.md").draft


def test_jekylls_fields_for_addresses_are_read(tmp_path: Path) -> None:
    head = HEAD + "permalink: /nets.html\nredirect_from:\n- /a\n- /b/\n"
    edition = of("jekyll", written(tmp_path, f"---\n{head}---\nx", name="x.md"), tmp_path)
    assert edition.url == "https://example.org/nets.html"
    assert edition.aliases == ("https://example.org/a", "https://example.org/b/")


def test_an_excerpt_ends_where_its_separator_stands(tmp_path: Path) -> None:
    head = HEAD + "excerpt_separator: <!--x-->\n"
    assert issue(tmp_path, "One.\n\nTwo.\n\n<!--x-->\nThree.\n", head=head).summary == "One. Two."


# Zola


def test_zolas_tables_are_read(tmp_path: Path) -> None:
    text = (
        '+++\ntitle = "June"\ndate = 2026-07-06\npath = "this-month/june"\n'
        'aliases = ["old/june"]\n[taxonomies]\ntags = ["nets"]\nauthors = ["ann"]\n'
        '[extra]\neditors = ["bob", "ann"]\nimage = "/june.png"\n+++\nHello.\n'
    )
    edition = read(tmp_path, text, name="2026-06/index.md")
    assert (edition.key, edition.title) == ("2026-06", "June")
    assert (edition.authors, edition.tags) == (("ann", "bob"), ("nets",))
    assert edition.url == "https://example.org/this-month/june/"
    assert edition.image is not None
    assert edition.image.src == "https://example.org/june.png"


@pytest.mark.parametrize(
    ("date", "meant"),
    [
        ("2026-06-05", datetime(2026, 6, 5, tzinfo=UTC)),
        ("2026-06-05T10:00:00", datetime(2026, 6, 5, 10, tzinfo=UTC)),
        ("2026-06-05T10:00:00+02:00", datetime(2026, 6, 5, 8, tzinfo=UTC)),
        ('"2026-06-05"', datetime(2026, 6, 5, tzinfo=UTC)),
    ],
)
def test_dates_of_toml_are_moments(tmp_path: Path, date: str, meant: datetime) -> None:
    assert read(tmp_path, f'+++\ntitle = "x"\ndate = {date}\n+++\nHello.\n').date == meant


# Docusaurus


def test_docusaurus_ids_of_authors_become_names(tmp_path: Path) -> None:
    written(tmp_path, "ann:\n  name: Ann Lee\n  title: Editor\nbob: {}\n", name="authors.yml")
    text = (
        "---\nslug: 294\ntitle: Nets\nauthors: [ann, bob, {name: Cy}]\ndate: 08-19-2026\n---\nx\n"
    )
    path = written(tmp_path, text, name="2026-08-19-nets.mdx")
    edition = of("docusaurus", path, tmp_path, _default_site("docusaurus"))
    assert edition.authors == ("Ann Lee", "bob", "Cy")
    assert edition.url == "https://example.org/blog/294"
    assert edition.date == datetime(2026, 8, 19, tzinfo=UTC)


def test_a_broken_list_of_authors_is_named_with_its_line(tmp_path: Path) -> None:
    written(tmp_path, "ann:\n  name: [\n", name="authors.yml")
    with pytest.raises(BadSource, match=r"authors\.yml:3: YAML"):
        issue(tmp_path, head=HEAD + "authors: ann\n")


def test_an_empty_list_of_authors_leaves_ids_as_they_are(tmp_path: Path) -> None:
    written(tmp_path, "\n", name="authors.yml")
    assert issue(tmp_path, head=HEAD + "authors: ann\n").authors == ("ann",)


def test_docusaurus_keeps_the_date_in_the_address_and_not_in_the_slug(tmp_path: Path) -> None:
    path = written(tmp_path, "---\ntitle: x\n---\nHello.\n", name="2026-08-19-nets.md")
    url = of("docusaurus", path, tmp_path, _default_site("docusaurus")).url
    assert url == "https://example.org/blog/2026/08/19/nets"


def test_the_mark_of_docusaurus_ends_the_summary(tmp_path: Path) -> None:
    body = "One [two][1].\n\nThree.\n\n<!-- truncate -->\n\nFour.\n\n[1]: /x\n"
    assert issue(tmp_path, body).summary == "One two. Three."


# Languages


@pytest.mark.parametrize(
    ("generator", "name", "key", "lang"),
    [
        ("hugo", "fr/letter.md", "letter", "fr"),
        ("hugo", "content/pt-br/news/letter.md", "news/letter", "pt-br"),
        ("hugo", "tv/letter.md", "tv/letter", "en"),
        ("", "fr/letter.md", "fr/letter", "en"),
        ("hugo", "letter.fr.md", "letter", "fr"),
        ("zola", "2026-06/index.fr.md", "2026-06", "fr"),
        ("jekyll", "fr/_posts/2026-06-05-a.md", "_posts/2026-06-05-a", "fr"),
        ("jekyll", "it/about.md", "it/about", "en"),
        ("pelican", "letter-fr.md", "letter", "fr"),
        ("pelican", "letter-pt-br.md", "letter", "pt-br"),
        ("pelican", "letter-web.md", "letter-web", "en"),
        ("", "letter-fr.md", "letter-fr", "en"),
        ("docusaurus", "i18n/fr/docusaurus-plugin-content-blog/a.md", "blog/a", "fr"),
        ("docusaurus", "blog/a.md", "blog/a", "en"),
    ],
)
def test_the_path_alone_tells_key_and_language(
    tmp_path: Path, generator: str, name: str, key: str, lang: str
) -> None:
    habits = Habits(generator=generator)
    found = identity(tmp_path / name, root=tmp_path, default_language="en", habits=habits)
    assert found == (key, lang)


@pytest.mark.parametrize("field", ["lang: fr", "language: fr_FR", "locale: fr"])
def test_a_field_may_confirm_the_language_and_not_change_it(tmp_path: Path, field: str) -> None:
    assert issue(tmp_path, head=HEAD + field + "\n", name="a.fr.md").lang == "fr"
    with pytest.raises(BadSource, match=r"says en — name it a\.fr") as refusal:
        issue(tmp_path, head=HEAD + field + "\n", name="a.md")
    assert refusal.value.line == 4


def test_a_field_that_names_no_language_is_left_alone(tmp_path: Path) -> None:
    assert issue(tmp_path, head=HEAD + "language: Markdown\n").lang == "en"


# Fields


@pytest.mark.parametrize(
    ("written_date", "meant"),
    [
        ("08-19-2026", datetime(2026, 8, 19, tzinfo=UTC)),
        ("08-05-2026", datetime(2026, 8, 5, tzinfo=UTC)),
        ("8/5/2026", datetime(2026, 8, 5, tzinfo=UTC)),
        ("05.08.2026", datetime(2026, 8, 5, tzinfo=UTC)),
        ("2026-8-5", datetime(2026, 8, 5, tzinfo=UTC)),
        ("2026-8-5 9:05", datetime(2026, 8, 5, 9, 5, tzinfo=UTC)),
        ("2026/08/05", datetime(2026, 8, 5, tzinfo=UTC)),
        ("5 August 2026", datetime(2026, 8, 5, tzinfo=UTC)),
        ("Aug 5, 2026", datetime(2026, 8, 5, tzinfo=UTC)),
        ("Wednesday, August 5th, 2026", datetime(2026, 8, 5, tzinfo=UTC)),
        ("2026-08-20 22:00:00 -0000", datetime(2026, 8, 20, 22, tzinfo=UTC)),
        ("2026-08-20 22:00 +0200", datetime(2026, 8, 20, 20, tzinfo=UTC)),
        ("2026-08-20 22:00:00 UTC", datetime(2026, 8, 20, 22, tzinfo=UTC)),
        ("Wed, 05 Aug 2026 10:00:00 +0200", datetime(2026, 8, 5, 8, tzinfo=UTC)),
        ("Wed, 5 Aug 2026 10:00:00 EST", datetime(2026, 8, 5, 15, tzinfo=UTC)),
    ],
)
def test_dates_are_understood_as_people_write_them(
    tmp_path: Path, written_date: str, meant: datetime
) -> None:
    assert issue(tmp_path, head=f'title: x\ndate: "{written_date}"\n').date == meant


@pytest.mark.parametrize(
    "date",
    ["31-08-2026", "2026-02-30", "13/13/2026", "0", "2026", "x" * 90, "1700-01-01", "1:2:3"],
)
def test_a_date_that_cannot_be_is_refused_with_its_line(tmp_path: Path, date: str) -> None:
    with pytest.raises(BadSource, match="date is not a date") as refusal:
        issue(tmp_path, head=f'title: x\nsummary: y\ndate: "{date}"\n')
    assert refusal.value.line == 4


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("2026-06-05-a.md", 5),
        ("2026-6-5.md", 5),
        ("2026-06-05/a.md", 5),
        ("2026/06/05/a.md", 5),
        ("2026/06-05-a.md", 5),
        ("2026-06-05-a/index.fr.md", 5),
        ("2025-01-01/2026-06-05.md", 5),
    ],
)
def test_a_path_tells_the_date_where_the_head_does_not(tmp_path: Path, name: str, day: int) -> None:
    date = issue(tmp_path, head="title: x\n", name=name).date
    assert date == datetime(2026, 6, day, tzinfo=UTC)


def test_a_path_with_a_month_alone_tells_no_date(tmp_path: Path) -> None:
    with pytest.raises(BadSource, match="it has no date"):
        issue(tmp_path, head="title: x\n", name="2026-06/index.md")


@pytest.mark.parametrize(
    ("field", "draft"),
    [
        ("draft: true", True),
        ("draft: 'Yes'", True),
        ("draft: false", False),
        ("draft: no", False),
        ("published: false", True),
        ("published: true", False),
        ("published: 2026-06-05", False),
        ("Status: draft", True),
        ("status: hidden", True),
        ("status: published", False),
        ("unlisted: true", True),
    ],
)
def test_a_draft_is_one_in_every_word(tmp_path: Path, field: str, draft: bool) -> None:
    assert issue(tmp_path, head=HEAD + field + "\n").draft is draft


def test_a_draft_in_doubt_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSource, match="draft is neither yes nor no: maybe") as refusal:
        issue(tmp_path, head=HEAD + "draft: maybe\n")
    assert refusal.value.line == 4


def test_release_and_expiry_are_moments_of_their_own(tmp_path: Path) -> None:
    head = HEAD + "publishDate: 2026-06-07T10:00:00Z\nexpiryDate: 9999-12-31\n"
    edition = issue(tmp_path, head=head)
    assert edition.date == datetime(2026, 6, 5, tzinfo=UTC)
    assert edition.not_before == datetime(2026, 6, 7, 10, tzinfo=UTC)
    assert edition.expires == datetime(9000, 1, 1, tzinfo=UTC)
    assert issue(tmp_path).expires is None


@pytest.mark.parametrize(
    ("field", "authors"),
    [
        ("author: Ann", ("Ann",)),
        ("author: Ann, Bob", ("Ann", "Bob")),
        ("authors: [Ann, 'Bob, PhD']", ("Ann", "Bob, PhD")),
        ("authors: {name: Ann, email: a@b.example}", ("Ann",)),
        ("author: Ann\nauthors: [Ann, Bob]", ("Ann", "Bob")),
        ("extra: {authors: [Ann]}", ("Ann",)),
        ("authors: [{}, 1.5, [x], {name: {}}]", ("1.5",)),
    ],
)
def test_authors_are_people_in_every_shape(
    tmp_path: Path, field: str, authors: tuple[str, ...]
) -> None:
    assert issue(tmp_path, head=HEAD + field + "\n").authors == authors


@pytest.mark.parametrize(
    ("field", "aliases"),
    [
        ("aliases: /old/", ("https://example.org/old/",)),
        ("aliases: [/old/, /2026/06/an-issue/]", ("https://example.org/old/",)),
        ("aliases: [ä b]", ("https://example.org/2026/06/%C3%A4%20b",)),
        ("aliases: ['https://old.example/x']", ("https://old.example/x",)),
        ("redirect_from: /a#b", ("https://example.org/a%23b",)),
    ],
)
def test_aliases_are_absolute_and_none_is_its_own(
    tmp_path: Path, field: str, aliases: tuple[str, ...]
) -> None:
    assert issue(tmp_path, head=HEAD + field + "\n").aliases == aliases


def test_fields_of_another_kind_than_expected_say_nothing_and_break_nothing(
    tmp_path: Path,
) -> None:
    head = 'title = "x"\ndate = 2026-06-05\naliases = true\ntags = false\nimage = 1979-05-27\n'
    edition = read(tmp_path, f"+++\n{head}slug = [1]\nauthors = true\n+++\nHello.\n")
    assert (edition.aliases, edition.tags, edition.authors) == ((), (), ())
    assert edition.url == "https://example.org/2026/06/x/"


def test_aliases_of_a_translation_stand_below_its_language(tmp_path: Path) -> None:
    edition = issue(tmp_path, head=HEAD + "aliases: /old/\n", name="a.fr.md")
    assert edition.aliases == ("https://example.org/fr/old/",)


@pytest.mark.parametrize(
    ("field", "src", "alt"),
    [
        ("image: /a.png", "https://example.org/a.png", ""),
        ("image: a.png", "https://example.org/a.png", ""),
        ("images: [/a.png, /b.png]", "https://example.org/a.png", ""),
        ("cover: {image: /a.png, alt: A boat}", "https://example.org/a.png", "A boat"),
        ("cover: https://img.example/a.png", "https://img.example/a.png", ""),
        ("featured_image: //img.example/a.png", "https://img.example/a.png", ""),
    ],
)
def test_the_head_names_the_picture_for_cards(
    tmp_path: Path, field: str, src: str, alt: str
) -> None:
    image = issue(tmp_path, head=HEAD + field + "\n").image
    assert image is not None
    assert (image.src, image.alt) == (src, alt)


@pytest.mark.parametrize("value", ["javascript:x", "data:image/png,x", "''", "[]", "{}"])
def test_what_is_no_address_is_no_picture(tmp_path: Path, value: str) -> None:
    assert issue(tmp_path, head=HEAD + f"image: {value}\n").image is None


def test_a_picture_for_cards_is_found_in_the_bundle_and_under_static(tmp_path: Path) -> None:
    for name in ("2026-06/a.png", "static/b.png", "secret.png"):
        Image.new("RGB", (2, 3)).save(written(tmp_path, b"", name=name))
    found = [
        issue(tmp_path, head=HEAD + f"image: {src}\n", name=name, static=tmp_path / "static").image
        for src, name in (
            ("a.png", "2026-06/index.md"),
            ("b.png", "sub/x.md"),
            ("/../secret.png", "sub/x.md"),
            ("../secret.png", "2026-06/index.md"),
        )
    ]
    paths = [Path(image.path).name if image and image.path else "" for image in found]
    assert paths == ["a.png", "b.png", "", ""]
    assert found[0] is not None
    assert found[0].src == "https://example.org/2026/06/an-issue/a.png"


def test_the_text_before_the_mark_is_the_summary(tmp_path: Path) -> None:
    body = "One.\n\nTwo.\n\n<!-- more -->\n\nThree.\n"
    assert issue(tmp_path, body).summary == "One. Two."
    assert issue(tmp_path, body, head=HEAD + "summary: Zero\n").summary == "Zero"
    assert issue(tmp_path, "<!--more-->\nThree.\n").summary == "Three."


def _default_site(generator: str) -> Site:
    return Site(name="x", base_url="https://example.org/", permalink=WAYS[generator].permalink)
