"""Where links lead once a copy of the issue is away from its site."""

import re
import time
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.domain.issue import Site
from publisher.rendering.links import absolute, encoded, hrefs, made_absolute, names_a_source
from publisher.rendering.markup import parts, written
from tests.publisher.rendering.sources import HEAD, SITE, issue
from tests.publisher.rendering.sources import written as file_written

PAGE = "https://example.org/2026/06/an-issue/"
FOLDER = Site(name="x", base_url="https://example.org/blog/")
BITS = [
    "https:", "HTTP:", "//", "/", "a", "ä", "マ", ".", "..", ":", "@", "%", "%41", "%zz", "%2", "#",
    "?", "&", "=", "[", "]", "[::1]", "(", ")", '"', "'", "<", ">", "|", "\\", " ", "\t", "\n",
    "\xa0", "xmpp:", "mailto:", "javascript:", "xn--", "-", "_", "🏳️‍🌈", "\u202e", "ﬁ", "／", ";",
    "example.org", "/blog", "é", "e\u0301", "\0", "\ud800", "{", "^", "`", "~", "1", "A",
]  # fmt: skip
REFERENCES = st.lists(st.sampled_from(BITS) | st.text(max_size=4), max_size=12).map("".join)


@settings(max_examples=1000, deadline=None)
@given(reference=REFERENCES, site=st.sampled_from([SITE, FOLDER]))
def test_an_absolute_address_stays_what_it_is(reference: str, site: Site) -> None:
    once = absolute(reference, page=PAGE, site=site)
    assert absolute(once, page=PAGE, site=site) == once
    assert re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:", once)


@settings(max_examples=1000, deadline=None)
@given(reference=REFERENCES)
def test_a_web_address_holds_nothing_that_has_to_be_escaped(reference: str) -> None:
    address = absolute(reference, page=PAGE, site=SITE)
    if address.startswith(("http:", "https:")):
        assert re.fullmatch(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]*", address)
        assert not re.search(r"%(?![0-9A-Fa-f]{2})", address)


@pytest.mark.parametrize(
    ("reference", "address"),
    [
        ("xmpp:commteam@muc.example.org?join", "xmpp:commteam@muc.example.org?join"),
        ("mailto:a@b.example?subject=x y", "mailto:a@b.example?subject=x y"),
        ("tel:+49 1", "tel:+49 1"),
        ("geo:52.1,13.2;u=3", "geo:52.1,13.2;u=3"),
        ("magnet:?xt=urn:x|y", "magnet:?xt=urn:x|y"),
    ],
)
def test_addresses_outside_the_web_are_untouched(reference: str, address: str) -> None:
    assert absolute(reference, page=PAGE, site=SITE) == address


@pytest.mark.parametrize(
    ("reference", "address"),
    [
        ("https://マリウス.example/ä", "https://xn--gckvb8fzb.example/%C3%A4"),
        ("https://%E3%83%9E%E3%83%AA%E3%82%A6%E3%82%B9.example/", "https://xn--gckvb8fzb.example/"),
        ("//ü@Ä.example:80/x", "https://%C3%BC@xn--4ca.example:80/x"),
        ("https://straße.example/", "https://xn--strae-oqa.example/"),
        ("https://i❤.example/", "https://i%E2%9D%A4.example/"),
        ("https://a. example/x", "https://a.%20example/x"),
        ("http://[::1]:80/[x]", "http://[::1]:80/%5Bx%5D"),
        ("http://[x)", "http://%5Bx)"),
        ("HTTPS://A.example/", "https://A.example/"),
    ],
)
def test_a_host_is_written_as_the_name_system_has_it(reference: str, address: str) -> None:
    assert absolute(reference, page=PAGE, site=SITE) == address


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("/a b", "/a%20b"),
        ("/a_(b)", "/a_(b)"),
        ("/a\"b'c", "/a%22b'c"),
        ("/100%/%41%zz%", "/100%25/%41%25zz%25"),
        ("/%C3%A4", "/%C3%A4"),
        ("/a|b\\c^d`e{f}<g>", "/a%7Cb%5Cc%5Ed%60e%7Bf%7D%3Cg%3E"),
        ("/?a=[b]&c=ü", "/?a=%5Bb%5D&c=%C3%BC"),
        ("/#Über ä#b", "/#%C3%9Cber%20%C3%A4%23b"),
        (" \t/a\n\tb ", "/ab"),
    ],
)
def test_what_may_not_stand_is_escaped_once(typed: str, meant: str) -> None:
    assert absolute(typed, page=PAGE, site=SITE) == "https://example.org" + meant
    assert encoded("https://b.example" + meant) == "https://b.example" + meant


@pytest.mark.parametrize(
    ("reference", "address"),
    [
        ("#help", PAGE + "#help"),
        ("", PAGE),
        ("?page=2", PAGE + "?page=2"),
        ("%41.png", PAGE + "%41.png"),
        ("../may/", "https://example.org/2026/06/may/"),
        ("../../../../x", "https://example.org/x"),
        ("./a/../b.png", PAGE + "b.png"),
        ("2026:06.html", PAGE + "2026:06.html"),
        ("/x/../../y", "https://example.org/y"),
        ("//cdn.example/x", "https://cdn.example/x"),
    ],
)
def test_a_reference_is_read_as_on_its_page(reference: str, address: str) -> None:
    assert absolute(reference, page=PAGE, site=SITE) == address


@pytest.mark.parametrize(
    ("reference", "path"),
    [
        ("/x", "/blog/x"),
        ("/blog/y", "/blog/y"),
        ("/blog?q", "/blog?q"),
        ("/blog#f", "/blog#f"),
        ("/blogs/z", "/blog/blogs/z"),
        ("/", "/blog/"),
    ],
)
def test_a_site_in_a_folder_has_its_folder_once(reference: str, path: str) -> None:
    assert absolute(reference, page=PAGE, site=FOLDER) == "https://example.org" + path


def test_a_site_whose_own_name_is_not_ascii_has_ascii_addresses() -> None:
    site = Site(name="x", base_url="https://münchen.example/")
    page = "https://münchen.example/é/"
    addresses = {absolute(r, page=page, site=site) for r in ("/é/", "", "../é/")}
    assert addresses == {"https://xn--mnchen-3ya.example/%C3%A9/"}


def test_a_scheme_hidden_behind_a_newline_makes_no_link() -> None:
    run = made_absolute(parts('<a href="java\nscript:x">a</a>'), page=PAGE, site=SITE)
    assert written(run) == "<a>a</a>"
    assert hrefs(run) == ()


def test_a_picture_that_is_not_on_the_web_goes() -> None:
    html = '<img src="cid:x"><img src="HTTPS://a.example/b.png"><img>'
    run = made_absolute(parts(html), page=PAGE, site=SITE)
    assert written(run) == '<img src="https://a.example/b.png">'


def test_words_in_an_address_can_still_be_read() -> None:
    address = absolute("/Zoë's café?x=ñ", page=PAGE, site=SITE)
    assert unquote(address) == "https://example.org/Zoë's café?x=ñ"


@pytest.mark.parametrize(
    ("reference", "is_source"),
    [
        ("../2026-05/index.md", True),
        ("2026-05-05-newsletter.de.md#news", True),
        ("/posts/a.MDX?plain", True),
        ("https://a.example/README.md", False),
        ("//a.example/README.md", False),
        ("/posts/a.html", False),
        ("#a.md", False),
    ],
)
def test_a_link_to_a_source_file_is_known(reference: str, is_source: bool) -> None:
    assert names_a_source(reference) is is_source


def test_a_link_to_a_source_file_leads_to_its_page(tmp_path: Path) -> None:
    may = f"---\n{HEAD.replace('An issue', 'May').replace('06-05', '05-05')}---\nx"
    file_written(tmp_path, may, name="2026-05/index.md")
    file_written(tmp_path, may, name="2026-06/part two.md")
    body = "[a](../2026-05/index.md#news) [b](part%20two.md) [c]({filename}part%20two.md)"
    page = "https://example.org/2026/05/may/"
    assert issue(tmp_path, body, name="2026-06/index.md").links == (page + "#news", page, page)


@pytest.mark.parametrize(
    "reference", ["none.md", "../../secret.md", "readme.md", "https://a.example/x.md", "x.md?plain"]
)
def test_a_link_to_no_page_stays_and_is_told(tmp_path: Path, reference: str) -> None:
    file_written(tmp_path, "No head", name="readme.md")
    file_written(tmp_path, f"---\n{HEAD}---\nx", name="x.md")
    edition = issue(tmp_path, f"[a]({reference})")
    assert edition.links == (absolute(reference, page=PAGE, site=SITE),)
    elsewhere = reference.startswith("https:")
    assert ("link-to-source" in {w.kind for w in edition.warnings}) is not elsewhere


def test_thousands_of_links_to_files_are_not_all_looked_for(tmp_path: Path) -> None:
    body = "".join(f"[x](n{number}.md)\n\n" for number in range(4_900))
    start = time.process_time()
    assert len(issue(tmp_path, body).links) == 4_900
    assert time.process_time() - start < 6
