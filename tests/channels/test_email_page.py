"""What a mail's HTML owes mail programs, told from its text alone."""

import re
import time
from dataclasses import asdict, fields, replace
from html.parser import HTMLParser

import nh3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.email import Email, parts
from channels.email.body import COLUMN, fitted
from channels.email.frame import WORDS
from channels.email.palette import DARK, LIGHT, Palette
from publisher.domain.issue import Edition, Image
from publisher.rendering.markup import parts as markup_of
from publisher.rendering.markup import words, written
from publisher.testing.sample import EDITION, FAMILY
from tests.channels.rich import BANNER, PLAN, RICH, TIDES

ENOUGH = 4.5  # contrast, WCAG 2.2 §1.4.3
Tag = tuple[str, dict[str, str | None]]


def post_of(edition: Edition) -> tuple[str, list[str]]:
    mail = Email(host="127.0.0.1", from_="a@harbour.example", list_id="letter.harbour.example")
    post = mail.render(edition)
    return post.html, [finding.kind for finding in post.warnings]


def html_of(edition: Edition) -> str:
    return post_of(edition)[0]


def tags(html: str) -> list[Tag]:
    """Every start tag with its attributes, as the standard library reads them."""
    found: list[Tag] = []
    reader = HTMLParser()
    reader.handle_starttag = lambda tag, attrs: found.append((tag, dict(attrs)))  # type: ignore[method-assign]
    reader.feed(html)
    return found


def named(html: str, name: str) -> list[dict[str, str | None]]:
    return [attributes for tag, attributes in tags(html) if tag == name]


def changed(html: str, *images: Image) -> str:
    return fitted(html, images, picture_word="Picture")


# --- the whole page --------------------------------------------------------------------------


def test_nothing_acts_and_nothing_is_loaded_but_pictures() -> None:
    html = html_of(RICH)
    forbidden = {"script", "link", "form", "input", "iframe", "object", "embed", "video", "svg"}
    assert not {tag for tag, _ in tags(html)} & forbidden
    assert not re.search(r"@import|url\(", html)
    assert not any(name.startswith("on") for _, attributes in tags(html) for name in attributes)


def test_every_element_carries_its_own_style() -> None:
    _, body = html_of(RICH).split("</head>")
    plain = {"strong", "em", "del", "sub", "sup", "q", "thead", "tbody", "tr", "br", "table"}
    bare = [tag for tag, attributes in tags(body) if "style" not in attributes and tag not in plain]
    assert bare == []


def test_styles_for_dark_and_phones_stay_in_the_head_and_fit_what_gmail_reads() -> None:
    html = html_of(RICH)
    head, body = html.split("</head>")
    styles = re.findall(
        r"<style>(.*?)</style>", re.sub(r"<!--.*?-->", "", head, flags=re.DOTALL), re.DOTALL
    )
    for needed in ("prefers-color-scheme: dark", "max-width: 480px", "[data-ogsc]"):
        assert needed in "".join(styles)
    assert (
        len("".join(styles).encode()) < 8192
    )  # https://github.com/hteumeuleu/email-bugs/issues/90
    assert "<style" not in body


def test_the_head_asks_mail_programs_to_leave_its_colours_and_numbers_alone() -> None:
    metas = {meta.get("name"): meta.get("content") for meta in named(html_of(EDITION), "meta")}
    assert metas["color-scheme"] == "light dark"
    assert metas["supported-color-schemes"] == "light dark"
    assert "telephone=no" in str(metas["format-detection"])
    assert "x-apple-disable-message-reformatting" in metas


def test_only_outlook_gets_a_table_for_layout() -> None:
    html = html_of(EDITION)
    assert re.search(r"<!--\[if mso\]><table role=\"presentation\"[^>]* width=\"640\"", html)
    assert not named(html, "table")


def test_headings_begin_with_the_title_and_a_link_to_the_page() -> None:
    html = html_of(EDITION)
    assert next(tag for tag, _ in tags(html) if re.fullmatch("h[1-6]", tag)) == "h1"
    online = [a for a in named(html, "a") if a["href"] == EDITION.url]
    assert len(online) == 3  # title, head, foot


@pytest.mark.parametrize(("lang", "way", "start"), [("de", "ltr", "left"), ("ar", "rtl", "right")])
def test_language_and_direction_are_said_where_mail_programs_keep_them(
    lang: str, way: str, start: str
) -> None:
    html = html_of(replace(RICH, lang=lang))
    for name in ("html", "div"):
        assert any(a.get("lang") == lang and a.get("dir") == way for a in named(html, name))
    assert all(f"padding-{start}:26px" in str(a["style"]) for a in named(html, "ul"))
    assert all("direction:ltr" in str(a["style"]) for a in named(html, "pre"))


@pytest.mark.parametrize("lang", sorted(WORDS))
def test_every_language_has_all_words_of_the_frame(lang: str) -> None:
    said = WORDS[lang]
    html = html_of(replace(RICH, lang=lang))
    for word in ("read_online", "leave", "license", "picture"):
        assert getattr(said, word) in html
    assert "{name}" in said.why
    assert all(getattr(said, field.name).strip() for field in fields(said))


def test_only_another_language_than_the_sites_is_said_to_be_a_translation() -> None:
    for lang, told in (("en", False), ("EN", False), ("de", True), ("pt-br", True)):
        post = replace(EDITION, lang=lang)
        hint = WORDS[lang.lower()[:2]].volunteers
        assert (hint in html_of(post)) is told
        assert (hint in parts.plain(post, post.title)) is told


@pytest.mark.parametrize(
    ("name", "url", "shown"),
    [
        ("CC0", "https://cc.example/", '<a href="https://cc.example/">CC0</a>'),
        ("", "https://cc.example/", '<a href="https://cc.example/">https://cc.example/</a>'),
        ("All & none", "", "License: All &amp; none</p>"),
    ],
)
def test_the_licence_stands_in_both_parts(name: str, url: str, shown: str) -> None:
    edition = replace(EDITION, site=replace(EDITION.site, license=name, license_url=url))
    assert shown in re.sub(' style="[^"]*"', "", html_of(edition))
    assert f"License: {f'{name} {url}'.strip()}\n" in parts.plain(edition, edition.title)


def test_without_a_licence_none_is_named() -> None:
    edition = replace(EDITION, site=replace(EDITION.site, license="", license_url=""))
    assert "License" not in html_of(edition) + parts.plain(edition, edition.title)


# --- what lists of mail show -----------------------------------------------------------------


def test_the_summary_comes_first_is_not_seen_and_keeps_the_body_out_of_lists() -> None:
    html = html_of(EDITION)
    _, _, after = html.partition("<body")
    shown = re.sub(r"<[^>]*>", "", re.sub(r"^[^>]*>", "", after)).replace("&nbsp;", "\u00a0")
    assert shown.lstrip().startswith("The ferry runs again")
    assert len(shown.partition("The Harbour Letter")[0].strip("\n")) >= parts.PREVIEWED
    hidden = next(a for a in named(html, "div") if a.get("class") == "preheader")
    assert "display:none" in str(hidden["style"])
    assert "mso-hide:all" in str(hidden["style"])


def test_the_preheader_is_short_and_only_in_the_page() -> None:
    said = parts.preheader(EDITION)
    assert len(said.rstrip(parts.NOTHING)) <= parts.PREHEADER
    assert parts.NOTHING not in parts.plain(EDITION, EDITION.title)


def test_a_summary_of_any_length_takes_no_time() -> None:
    start = time.process_time()
    parts.preheader(replace(EDITION, summary=FAMILY * 100_000))
    assert time.process_time() - start < 1


def test_without_a_summary_there_is_no_preheader() -> None:
    assert "preheader" not in html_of(replace(EDITION, summary=" "))


# --- pictures --------------------------------------------------------------------------------


def test_every_picture_has_an_alt_and_its_size_where_it_is_known() -> None:
    shown = named(html_of(RICH), "img")
    assert [(image["alt"], image.get("width"), image.get("height")) for image in shown] == [
        (BANNER.alt, str(COLUMN), "160"),
        (TIDES.alt, "500", "260"),
        ("An anchor", "96", "96"),
    ]
    assert all("max-width:100%" in str(image["style"]) for image in shown)


@pytest.mark.parametrize(
    ("written", "natural", "shown"),
    [
        ("", (0, 0), (None, None)),
        ("", (200, 100), ("200", "100")),
        ("", (6400, 100), ("640", "10")),
        ('width="300"', (600, 100), ("300", "50")),
        ('width="300px"', (0, 0), ("300", None)),
        ('height="50"', (600, 100), ("300", "50")),
        ('width="50%" height="9"', (600, 100), ("50%", "9")),
        ('width="1280" height="640"', (0, 0), ("640", "320")),
        ('width="99999999"', (0, 0), ("99999999", None)),
        ('width="-3" height="x"', (20, 10), ("20", "10")),
    ],
)
def test_a_picture_says_how_large_it_is_shown(
    written: str, natural: tuple[int, int], shown: tuple[str | None, str | None]
) -> None:
    image = Image(src="https://a.example/x.png", width=natural[0], height=natural[1])
    [found] = named(changed(f'<img src="{image.src}" {written}>', image), "img")
    assert (found.get("width"), found.get("height")) == shown


def test_a_picture_without_a_description_has_an_empty_one() -> None:
    assert changed('<img src="https://a.example/x.png">').count('alt=""') == 1


def test_words_of_a_description_do_not_become_markup() -> None:
    html = changed('<img src="https://a.example/x.svg" alt="&lt;b&gt; &amp;amp; &quot;">')
    assert html == '<a href="https://a.example/x.svg">Picture: &lt;b&gt; &amp;amp; &quot;</a>'


def test_svg_becomes_a_link_and_is_warned_of() -> None:
    html, kinds = post_of(RICH)
    assert PLAN.src not in [image["src"] for image in named(html, "img")]
    assert re.search(rf'<a href="{PLAN.src}"[^>]*>Picture: {PLAN.alt}</a>', html)
    assert kinds == ["svg-in-mail"]


@pytest.mark.parametrize(
    ("src", "type_", "drawn"),
    [
        ("https://a.example/x.SVG?v=1#f", "", True),
        ("https://a.example/x.svg", "image/png", False),
        ("https://a.example/badge", "image/svg+xml", True),
        ("https://a.example/svg/x.png", "", False),
        ("https://[a/x.svg", "", True),
    ],
)
def test_svg_is_known_by_its_type_or_else_by_its_name(src: str, type_: str, drawn: bool) -> None:
    html = changed(f'<img src="{src}" alt="x">', Image(src=src, type=type_))
    assert ("<img" not in html) is drawn


def test_a_drawing_inside_a_link_stays_that_link() -> None:
    html = changed('<a href="https://b.example/"><img src="https://a.example/x.svg" alt="x"></a>')
    assert html == '<a href="https://b.example/">Picture: x</a>'


def test_a_drawing_whose_caption_follows_is_named_by_its_file() -> None:
    image = Image(src="https://a.example/the%20plan.svg", alt="The plan", caption="The plan")
    assert "Picture: the plan.svg" in changed(f'<img src="{image.src}" alt="The plan">', image)


# --- elements that mail programs lack --------------------------------------------------------


def test_figures_and_foldings_become_blocks_with_all_their_words() -> None:
    html = changed("<details><summary>Who?</summary><p>Zoë</p></details>")
    assert html == ('<div class="details"><div class="summary">Who?</div><p>Zoë</p></div>')
    assert changed("<figure><figcaption>x</figcaption></figure>") == (
        '<div class="figure"><div class="caption">x</div></div>'
    )


def test_a_table_can_be_moved_sideways_and_keeps_its_alignment() -> None:
    html = html_of(RICH)
    assert re.search(r'<div class="wide" style="overflow-x:auto[^"]*"><table class="data"', html)
    [aligned] = [a for a in named(html, "th") if a.get("align")]
    assert "text-align" not in str(aligned["style"])


def test_a_link_to_a_place_in_the_issue_leads_to_the_page() -> None:
    assert f"{EDITION.url}#fn1" in [a["href"] for a in named(html_of(RICH), "a")]


@pytest.mark.parametrize(
    "odd", ["<", "<img", "<a <b>", "</a></a></table>", "<img src=x alt=y>", "<<p>>"]
)
def test_odd_markup_passes_as_it_is_or_grows_harmless(odd: str) -> None:
    assert not named(changed(odd), "script")
    assert changed("<p>x</p>" + odd).startswith("<p>x</p>")


BLOCKS = ["figure", "figcaption", "details", "summary", "table", "tr", "td", "ul", "li", "p", "div"]
MARKUP = st.lists(
    st.sampled_from(
        [
            *(f"<{name}>" for name in BLOCKS),
            *(f"</{name}>" for name in BLOCKS),
            "<a href='https://a.example/?a=1&b=2'>",
            "</a>",
            "<img src='https://a.example/x.png'>",
            "<img src='https://a.example/x.svg' alt='&lt;p&gt;&quot;'>",
            *("word", "&amp;", "&lt;p&gt;", "<", ">"),
        ]
    ),
    max_size=40,
).map("".join)


@given(markup=MARKUP)
@settings(deadline=None)
def test_no_word_is_lost_and_none_becomes_markup(markup: str) -> None:
    clean = written(
        markup_of(nh3.clean(markup, tags={*BLOCKS, "tbody", "a", "img"}, link_rel=None))
    )
    html = changed(clean)
    tree, before = (list(markup_of(page)) for page in (html, clean))
    said = re.sub(r"Picture: (<p>\"|x.svg)", "", words(tree))
    assert said.split() == words(before).split()
    assert {tag for tag, _ in tags(html)} <= {*BLOCKS, "tbody", "a", "img"}
    assert words(markup_of(nh3.clean(html))).split() == words(tree).split()  # read by HTML's rules


# --- colours ---------------------------------------------------------------------------------


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("ink", ["text", "quiet", "link"])
@pytest.mark.parametrize("ground", ["page", "code"])
def test_all_words_can_be_read_on_all_grounds(palette: Palette, ink: str, ground: str) -> None:
    assert contrast(getattr(palette, ink), getattr(palette, ground)) >= ENOUGH


def test_the_description_of_a_missing_picture_can_be_read_by_night() -> None:
    assert contrast(LIGHT.quiet, "#ffffff") >= ENOUGH  # pictures lie on white then


def test_the_page_has_no_colour_of_its_own() -> None:
    known = {*asdict(LIGHT).values(), *asdict(DARK).values(), "#fff3b0"}
    assert set(re.findall(r"#[0-9a-f]{6}\b", html_of(replace(RICH, links=())))) <= known
