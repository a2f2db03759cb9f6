"""What becomes of a body: shortcodes, Markdown, links, pictures, plain text, findings."""

import os
import re
from pathlib import Path

import pytest

from publisher.domain.issue import BadSource, Image, Site
from publisher.rendering.plaintext.writing import plain_text
from publisher.rendering.reading import read_edition
from tests.publisher.rendering.sources import HEAD, SITE, assert_safe, issue, read

PAGE = "https://example.org/2026/06/an-issue/"
FIGURE = '{{< figure src="/a.png" caption="A cat" >}}'


def html(folder: Path, body: str) -> str:
    return issue(folder, body).html.strip()


def kinds(folder: Path, body: str, *, static: Path | None = None) -> list[tuple[str, int]]:
    return [(w.kind, w.line) for w in issue(folder, body, static=static).warnings]


@pytest.mark.parametrize(
    "shortcode",
    [
        '{{< figure src="/a.png" caption="A \\"big\\" cat" >}}',
        "{{<figure src=/a.png caption='A \"big\" cat'>}}",
        '{{% figure src="/a.png" caption=`A "big" cat` %}}',
        '{{< figure\n  src="/a.png"\n  caption="A \\"big\\" cat"\n/>}}',
    ],
)
def test_a_figure_is_read_in_any_quoting(tmp_path: Path, shortcode: str) -> None:
    image = issue(tmp_path, shortcode).images
    words = "A “big” cat"
    assert image == (Image(src="https://example.org/a.png", alt=words, caption=words),)


def test_a_figure_knows_what_hugos_does(tmp_path: Path) -> None:
    body = (
        '{{< figure src="/a.png" alt="Alt" title="Head" caption="**Bold** [x](/y)" link="/z"'
        ' target="_blank" rel="nofollow" class="c" width="200" height="9" attr="Ann"'
        ' attrlink="https://ann.example/" >}}'
    )
    assert html(tmp_path, body) == (
        '<figure><a href="https://example.org/z"><img src="https://example.org/a.png" alt="Alt"'
        ' width="200" height="9"></a><figcaption><h4>Head</h4><p><strong>Bold</strong>'
        ' <a href="https://example.org/y">x</a> <a href="https://ann.example/">Ann</a></p>'
        "</figcaption></figure>"
    )
    assert issue(tmp_path, '{{< figure src="/a.png" caption="**Bold** [x](/y)" >}}').images == (
        Image(src="https://example.org/a.png", alt="Bold x", caption="Bold x"),
    )


def test_a_figure_between_two_bullets_belongs_to_the_first(tmp_path: Path) -> None:
    shown = html(tmp_path, f"- one\n{FIGURE}\n- two\n").replace("\n", "")
    assert shown.startswith("<ul><li>one<figure>")
    assert shown.endswith("</figure></li><li>two</li></ul>")


def test_a_figure_apart_splits_the_list(tmp_path: Path) -> None:
    shown = html(tmp_path, f"- one\n\n{FIGURE}\n\n- two\n").replace("\n", "")
    assert shown.startswith("<ul><li>one</li></ul><figure>")
    assert shown.endswith("</figure><ul><li>two</li></ul>")


def test_text_around_a_figure_stays_in_paragraphs(tmp_path: Path) -> None:
    shown = html(tmp_path, f"before\n{FIGURE}\n*after*")
    assert shown.startswith("<p>before\n</p><figure>")
    assert shown.endswith("</figure>\n<p>\n<em>after</em></p>")


def test_the_subscribe_box_says_nothing(tmp_path: Path) -> None:
    assert html(tmp_path, "a\n\n{{< newsletter-subscribe >}}\n\nb") == "<p>a</p>\n<p>b</p>"


def test_an_escaped_shortcode_comes_out_literally(tmp_path: Path) -> None:
    edition = issue(tmp_path, 'Write {{</* figure src="x" */>}} or `{{%/* a */%}}`.')
    assert edition.text == 'Write {{< figure src="x" >}} or {{% a %}}.\n'
    assert edition.images == ()


@pytest.mark.parametrize(
    ("body", "line", "says"),
    [
        ("a\n\n{{< mermaid x >}}", 7, "unknown shortcode: mermaid"),
        ("{{< figure caption=x >}}", 5, "figure without src"),
        ('a\n{{< figure src="x', 6, "cannot be read"),
        ("{{</* figure", 5, "not closed"),
        ("{{< /figure >}}", 5, "figure is closed, but was not opened"),
        ("`{{< nope >}}`", 5, "unknown shortcode: nope"),
        ('{{< figure src="x"\n\n >}}\n{{< a >}}', 8, "unknown shortcode: a"),
    ],
)
def test_a_shortcode_that_is_no_good_is_refused_with_its_line(
    tmp_path: Path, body: str, line: int, says: str
) -> None:
    with pytest.raises(BadSource, match=says) as refusal:
        issue(tmp_path, body)
    assert refusal.value.line == line


def test_a_shortcode_in_an_address_or_a_title_leaves_no_trace(tmp_path: Path) -> None:
    quoted = FIGURE.replace('"', "'")
    body = (
        f'[a](https://x.example/{{{{< newsletter-subscribe >}}}} "t{quoted}")'
        f"\n\n<b title='{FIGURE}'>b</b>\n\nhttps://y.example/{FIGURE}"
    )
    edition = issue(tmp_path, body)
    assert "%F4" not in edition.html
    assert "\U0010ff00" not in edition.html + edition.text + "".join(edition.links)


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("`<received>` & <3", "<p><code>&lt;received&gt;</code> &amp; &lt;3</p>"),
        ("~~no~~", "<p><del>no</del></p>"),
        ('it\'s -- "so"...', "<p>it’s – “so”…</p>"),
        ('`a -- "b"...`', '<p><code>a -- "b"...</code></p>'),
        ("## Ünï & co (x)", '<h2 id="ünï--co-x">Ünï &amp; co (x)</h2>'),
        ("# A\n\n# A", '<h1 id="a">A</h1>\n<h1 id="a-1">A</h1>'),
        ("# A {#mine}", '<h1 id="mine">A</h1>'),
        (
            "www.a.example a.example",
            '<p><a href="https://www.a.example">www.a.example</a> a.example</p>',
        ),
        ("|a|\n|-:|\n|b|", '<th align="right">a</th>'),
        ("a\n: b", "<dt>a</dt>\n<dd>b</dd>"),
    ],
)
def test_markdown_is_what_goldmark_makes_of_it(tmp_path: Path, body: str, shown: str) -> None:
    assert shown in html(tmp_path, body)


@pytest.mark.parametrize(
    ("body", "href"),
    [
        ("[a](/x/?q#f)", "https://example.org/x/?q#f"),
        ("[a](b/c)", PAGE + "b/c"),
        ("[a](../b)", "https://example.org/2026/06/b"),
        ("[a](#help)", PAGE + "#help"),
        ("[a]()", PAGE),
        ("[a](//cdn.example/x)", "https://cdn.example/x"),
        ("[a](xmpp:a@muc.example.org?join)", "xmpp:a@muc.example.org?join"),
        ("[a](mailto:a@b.example)", "mailto:a@b.example"),
        ("[a](tel:+491)", "tel:+491"),
        ("[a](geo:1,2)", "geo:1,2"),
        ("[a](magnet:?xt=urn:x)", "magnet:?xt=urn:x"),
        ("https://a.example/b_(c)", "https://a.example/b_(c)"),
        ("a@b.org", "mailto:a@b.org"),
        ("<xmpp:a@b.example>", "xmpp:a@b.example"),
        ("[a](http://[x)", None),
    ],
)
def test_every_link_works_away_from_the_site(tmp_path: Path, body: str, href: str | None) -> None:
    edition = issue(tmp_path, body)
    assert edition.links == (() if href is None else (href,)) or href is None
    if href is not None:
        assert f'href="{href}"' in edition.html.replace("&amp;", "&")


def test_links_are_kept_in_order_with_repeats(tmp_path: Path) -> None:
    body = f"[a](/2) [b](/1) {FIGURE} [c](/2)"
    links = ("https://example.org/2", "https://example.org/1", "https://example.org/2")
    assert issue(tmp_path, body).links == links


def test_a_site_in_a_folder_keeps_its_folder_once(tmp_path: Path) -> None:
    site = Site(name="x", base_url="https://example.org/blog/", permalink="/:title/")
    edition = issue(tmp_path, "[a](/x) [b](/blog/y)", site=site)
    assert edition.url == "https://example.org/blog/an-issue/"
    assert edition.links == ("https://example.org/blog/x", "https://example.org/blog/y")


@pytest.mark.parametrize(
    "body",
    [
        "<script>alert(1)</script>a",
        "<img src=x onerror=alert(1)>",
        "[a](javascript:alert(1))",
        "[a](JaVaScRiPt:alert(1))",
        '<a href="&#106;avascript:alert(1)">a</a>',
        "[a](data:text/html;base64,eA)",
        "![a](data:image/svg+xml;base64,eA)",
        "<svg onload=alert(1)><style>*{}</style></svg>",
        "<iframe src=https://a.example></iframe>",
        "<p style='position:fixed'>a</p>",
        "<math><mi//xlink:href='data:x'>",
        "{{< figure src='javascript:x' link='javascript:x' caption='<script>x</script>' >}}",
        '{{< figure src="/a\\" onerror=\\"x" alt="\\"><script>x</script>" >}}',
        "<form action=/x><input name=y></form>",
        "<a href='/x' target=_blank onclick=x ping=/y>a</a>",
    ],
)
def test_nothing_that_acts_gets_through(tmp_path: Path, body: str) -> None:
    edition = issue(tmp_path, body)
    assert_safe(edition)
    assert not re.search(r' (style|target|ping|onerror)="', edition.html)


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ('<a href="java&#9;script:x">a</a>', "<p>a</p>"),
        ('<a href=" &#14; javascript:x">a</a>', "<p>a</p>"),
        ('<a href="java\nscript:x">a</a>', "<p>a</p>"),
        ('<a href="JAVASCRIPT&colon;x">a</a> <a href="vbscript:x">b</a>', "<p>a b</p>"),
        ("<javascript:x> <data:x>", "<p>&lt;javascript:x&gt; &lt;data:x&gt;</p>"),
        ("[a][b]\n\n[b]: javascript:x", "<p>[a][b]</p>\n<p>[b]: javascript:x</p>"),
        ("![a](javascript:x)", "<p>![a](javascript:x)</p>"),
        ("[a](&#106;avascript:x)", "<p>[a](javascript:x)</p>"),
        ("{{< video src=`javascript:x` title=a >}}", "<p>a</p>"),
        ("[b](java%0ascript:x)", f'<p><a href="{PAGE}java%0ascript:x">b</a></p>'),
        (
            "{{< figure src=/a.png link=`javascript:x` >}}",
            '<figure><img src="https://example.org/a.png" alt=""></figure>',
        ),
        ('<video src="javascript:x">a</video>', "<p>a</p>"),
        ('<iframe src="javascript:x"></iframe>b', "b"),
        ('<iframe srcdoc="<script>x</script>"></iframe>b', "b"),
        ("<svg><a xlink:href='javascript:x'><text>a</text></a></svg>b", "<p>b</p>"),
        ("<svg><script>x</script></svg>b", "<p>b</p>"),
        ("a<noscript><img src='/x' onerror=y></noscript>", "<p>a</p>"),
        ("a<title>b</title><template><b>c</b></template>", "<p>a</p>"),
        ("<object data=x.swf>a</object> <embed src=x>", "<p>a </p>"),
        ("<base href='https://evil.example/'>\n\n[a](/b)", '<p><a href="https://example.org/b">a</a></p>'),
        ("<meta http-equiv=refresh content=0>a", "<p>a</p>"),
        ("<a href='/x' onclick='y' style='z' class='w' id='v'>a</a>", '<p><a href="https://example.org/x">a</a></p>'),
    ],
)  # fmt: skip
def test_what_comes_of_what_would_act(tmp_path: Path, body: str, shown: str) -> None:
    assert_safe(issue(tmp_path, body))
    assert html(tmp_path, body) == shown


def test_a_heading_of_raw_html_keeps_its_anchor(tmp_path: Path) -> None:
    assert html(tmp_path, '<h2 id="x" class="y">a</h2>') == '<h2 id="x">a</h2>'


def test_the_text_reads_like_a_letter(tmp_path: Path) -> None:
    body = """# Top & co

Some **bold** [link](https://a.example/) and `code <x>`, a@b.example,
https://b.example/ and [link](https://a.example/).

## Sub

- one\\
  more
  - inner
    1. deep
- two

> quoted

```
if x:
    y  = 1
```

![A cat](/cat.png)

{{< figure src="/dog.png" caption="A dog" >}}

{{< figure src="/cow.png" alt="Moo" caption="A cow" >}}

|a|b|
|-|-|
|1|2|

***
~~gone~~
"""
    assert (
        issue(tmp_path, body).text
        == """Top & co
========

Some bold link [1] and code <x>, a@b.example, https://b.example/ and
link [1].

Sub
===

- one
  more
  - inner
    1. deep
- two

> quoted

    if x:
        y  = 1

[Image: A cat]

[Image: A dog]

[Image: Moo]
A cow

a | b
--+--
1 | 2

--------------------

~~gone~~

[1] https://a.example/
"""
    )


def test_long_addresses_are_never_broken(tmp_path: Path) -> None:
    address = "https://a.example/" + "long-" * 40 + "end"
    text = issue(tmp_path, f"- {'word ' * 30}[x]({address}) {address}").text
    assert text.count(address) == 2
    assert max(len(line) for line in text.splitlines() if "://" not in line) <= 72


def test_an_empty_body_is_an_empty_text() -> None:
    assert plain_text([]) == "\n"


def test_bom_crlf_and_bare_cr_make_no_difference(tmp_path: Path) -> None:
    plain = read(tmp_path, f"---\n{HEAD}---\n# A\n\nb\n")
    windows = read(tmp_path, ("\ufeff" + f"---\n{HEAD}---\n# A\n\nb\n".replace("\n", "\r\n")))
    old_mac = read(tmp_path, f"---\n{HEAD}---\n# A\n\nb\n".replace("\n", "\r"))
    assert plain.html == windows.html == old_mac.html
    assert plain.revision != windows.revision


def test_what_is_no_utf8_is_refused_with_place_and_remedy(tmp_path: Path) -> None:
    with pytest.raises(BadSource, match=r":2: not UTF-8 at byte 11 — save it as UTF-8"):
        read(tmp_path, "---\ntitle: é\n".encode("latin-1"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"---\n{HEAD}---\na\0b", r"md:5: holds the character U\+0000"),
        (f"---\n{HEAD}---\n\U0010ff00", r"md:5: holds the character U\+10FF00"),
        (f"---\n{HEAD}---\n" + "a b\n\n" * 110_000, "body is larger than 512 kB"),
        ("x" * 1_100_000, "larger than 1024 kB"),
    ],
)
def test_what_cannot_be_a_text_is_refused(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(BadSource, match=says):
        read(tmp_path, text)


def test_controls_nobody_sees_are_dropped(tmp_path: Path) -> None:
    assert html(tmp_path, "a\x08\x1b[1m\x85b\uffff") == "<p>a[1mb</p>"


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder.md").mkdir()
    os.mkfifo(tmp_path / "pipe.md")
    for name in ("folder.md", "pipe.md", "none.md", "a\0b.md"):
        with pytest.raises(BadSource):
            read_edition(tmp_path / name, root=tmp_path, site=SITE, static=None)


def test_the_revision_is_the_hash_of_the_bytes(tmp_path: Path) -> None:
    first, same = issue(tmp_path, "a"), issue(tmp_path, "a")
    assert first.revision == same.revision != issue(tmp_path, "b").revision
    assert len(first.revision) == 64
