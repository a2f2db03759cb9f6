"""Shortcodes in every notation, a site's own among them."""

import re
from pathlib import Path

import pytest

from publisher.domain.habits import Habits
from publisher.domain.issue import BadSource, Edition
from publisher.rendering.reading import read_edition
from publisher.rendering.shortcodes.code import code_spans, outside_code
from tests.publisher.rendering.sources import HEAD, SITE, assert_safe, issue, written

WATCH = '<a href="https://www.youtube.com/watch?v=abc">https://www.youtube.com/watch?v=abc</a>'


def spoken(folder: Path, generator: str, body: str, *, own: Path | None = None) -> Edition:
    path = written(folder, f"---\n{HEAD}---\n{body}")
    habits = Habits(generator=generator, shortcodes=own)
    return read_edition(path, root=folder, site=SITE, static=None, habits=habits)


def html(folder: Path, body: str, generator: str = "") -> str:
    return spoken(folder, generator, body).html.strip()


@pytest.mark.parametrize(
    "body",
    [
        "{{< youtube abc >}}",
        '{{< youtube "abc" >}}',
        "{{< youtube `abc` >}}",
        '{{< youtube id="abc" >}}',
        "{{< youtube id='abc' start=30 >}}",
        "{{<youtube abc/>}}",
        '{{% youtube id="abc" %}}',
        '{{<\n  youtube\n  id="abc"\n>}}',
        '{{ youtube(id="abc") }}',
        '{{ youtube(id="abc", autoplay=true,) }}',
        '{{ youtube_player(video_id="abc") }}',
        "{% youtube abc %}",
        '{%- youtube "abc" -%}',
        '{% include youtube.html id="abc" %}',
    ],
)
def test_a_film_is_a_link_in_every_notation(tmp_path: Path, body: str) -> None:
    assert html(tmp_path, body) == f"<p>{WATCH}</p>"


@pytest.mark.parametrize(
    ("body", "address"),
    [
        ("{{< vimeo 55 >}}", "https://vimeo.com/55"),
        ("{{< instagram CMf0J >}}", "https://www.instagram.com/p/CMf0J/"),
        ('{{< x user="a" id="19" >}}', "https://x.com/i/status/19"),
        ("{{< tweet 19 >}}", "https://x.com/i/status/19"),
        ("{{< twitter 19 >}}", "https://x.com/i/status/19"),
        ("{{< gist ann 7f >}}", "https://gist.github.com/ann/7f"),
        ("{% gist ann/7f %}", "https://gist.github.com/ann/7f"),
        ("{{< video src=/a.mp4 >}}", "https://example.org/a.mp4"),
        ("{{< video /a.mp4 >}}", "https://example.org/a.mp4"),
        ("{{< audio mp3=/a.mp3 >}}", "https://example.org/a.mp3"),
        (
            '{{< youtube `a&b"><script>` >}}',
            "https://www.youtube.com/watch?v=a%26b%22%3E%3Cscript%3E",
        ),
    ],
)
def test_what_is_embedded_becomes_a_link(tmp_path: Path, body: str, address: str) -> None:
    edition = issue(tmp_path, body)
    assert edition.links == (address,)
    assert_safe(edition)


@pytest.mark.parametrize(
    "body",
    [
        '{{< details summary="More *here*" >}}\nA **b** [c](/d)\n{{< /details >}}',
        '{{< details "More *here*" >}}A **b** [c](/d){{< /details >}}',
        '{{% details summary="More *here*" %}}\nA **b** [c](/d)\n{{% /details %}}',
        '{% details "More *here*" %}\nA **b** [c](/d)\n{% enddetails %}',
        '{% details(summary="More *here*") %}\nA **b** [c](/d)\n{% end %}',
    ],
)
def test_details_hold_markdown(tmp_path: Path, body: str) -> None:
    shown = html(tmp_path, body).replace("\n", "")
    assert shown == (
        "<details><summary>More <em>here</em></summary><p>A <strong>b</strong>"
        ' <a href="https://example.org/d">c</a></p></details>'
    )


@pytest.mark.parametrize(
    "body",
    [
        '{% quote(author="Ann") %}\nWell *said*.\n{% end %}',
        '{{< quote author="Ann" >}}\nWell *said*.\n{{< /quote >}}',
    ],
)
def test_a_quotation_names_its_author(tmp_path: Path, body: str) -> None:
    shown = html(tmp_path, body).replace("\n", "")
    assert shown == "<blockquote><p>Well <em>said</em>.</p><p>— Ann</p></blockquote>"


@pytest.mark.parametrize(
    "body",
    [
        '{{< highlight html "linenos=table" >}}\n<b>*x*</b>\n{{< /highlight >}}',
        "{% highlight html linenos %}\n<b>*x*</b>\n{% endhighlight %}",
    ],
)
def test_highlighted_code_stays_code(tmp_path: Path, body: str) -> None:
    assert html(tmp_path, body) == "<pre><code>&lt;b&gt;*x*&lt;/b&gt;</code></pre>"


@pytest.mark.parametrize(
    ("generator", "body"),
    [
        ("", '{{< figure src="/a.png" caption="A *cat*" >}}'),
        ("zola", '{{ figure(src="/a.png", caption="A *cat*") }}'),
        ("zola", '{{ image(url="/a.png", caption="A *cat*") }}'),
        ("jekyll", '{% include figure.html src="/a.png" caption="A *cat*" %}'),
        ("jekyll", '{% include image image_path="/a.png" caption="A *cat*" %}'),
    ],
)
def test_a_figure_has_its_caption_in_every_notation(
    tmp_path: Path, generator: str, body: str
) -> None:
    assert html(tmp_path, body, generator) == (
        '<figure><img src="https://example.org/a.png" alt="A cat">'
        "<figcaption><p>A <em>cat</em></p></figcaption></figure>"
    )


def test_shortcodes_inside_shortcodes_are_read(tmp_path: Path) -> None:
    body = (
        '{{< details summary="S" >}}\n- a\n{{< figure src="/a.png" >}}\n- {{< youtube abc >}}\n'
        '{{< details summary="T" >}}x{{< /details >}}\n{{< /details >}}'
    )
    shown = html(tmp_path, body)
    assert shown.count("<details>") == 2
    assert '<img src="https://example.org/a.png"' in shown
    assert WATCH in shown


def test_a_shortcode_that_needs_no_end_may_stand_in_one_that_does(tmp_path: Path) -> None:
    body = "{{< details >}}{{< youtube abc >}} and {{< youtube abc >}}{{< /details >}} after"
    assert html(tmp_path, body).count(WATCH) == 2


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("<Form\n  onClick={() => { a > 1 }}\n/>\n\nHello.", "<p>Hello.</p>"),
        (
            '<Tabs values={[{a: "b"}]}>\n<Tab>\n\n**b**\n\n</Tab>\n</Tabs>',
            "<p><strong>b</strong></p>",
        ),
        (
            'a <Link className="b" to="/d">*c*</Link>',
            '<p>a <a href="https://example.org/d"><em>c</em></a></p>',
        ),
        ("a{' '}\n<b style={{color: 'red'}}>b</b>", "<p>a\n<b>b</b></p>"),
        ('a <img src={require("./a.png").default} alt="b" width={30} />', None),
        ("`<Form a={1} />`", "<p><code>&lt;Form a={1} /&gt;</code></p>"),
    ],
)
def test_components_of_mdx_leave_their_words_and_no_markup(
    tmp_path: Path, body: str, shown: str | None
) -> None:
    picture = '<img src="https://example.org/2026/06/an-issue/a.png" alt="b" width="30">'
    assert html(tmp_path, body, "docusaurus") == (shown or f"<p>a {picture}</p>")


@pytest.mark.parametrize("item", ["* TOC", "- words for kramdown alone", "1. TOC"])
def test_the_place_of_a_table_of_contents_is_no_text(tmp_path: Path, item: str) -> None:
    body = f"{item}\n{{:toc}}\n\nHello.\n\n* a\n* b"
    shown = "<p>Hello.</p>\n<ul>\n<li>a</li>\n<li>b</li>\n</ul>"
    assert html(tmp_path, body, "jekyll") == shown


@pytest.mark.parametrize("shortcode", ["ref", "relref"])
@pytest.mark.parametrize(
    "reference",
    [
        "2026-05-05-other.md",
        "2026-05-05-other",
        "/letters/2026-05-05-other.md",
        "./2026-05-05-other.md",
    ],
)
def test_a_reference_leads_to_the_page_of_that_file(
    tmp_path: Path, shortcode: str, reference: str
) -> None:
    content = tmp_path / "content"
    written(
        content, "---\ntitle: Other\ndate: 2026-05-05\n---\nx", name="letters/2026-05-05-other.md"
    )
    body = f'[a]({{{{< {shortcode} "{reference}#part" >}}}}) {{{{% {shortcode} "{reference}" %}}}}'
    path = written(content, f"---\n{HEAD}---\n{body}", name="letters/2026-06-05-letter.md")
    edition = read_edition(path, root=content, site=SITE, static=None)
    page = "https://example.org/2026/05/other/"
    assert edition.links == (page + "#part", page)


def referred(folder: Path, reference: str, *, name: str) -> tuple[str, ...]:
    """The links of an issue that refers to a page, read as the newsletter of its folder."""
    content = folder / "content"
    body = f'[a]({{{{< ref "{reference}" >}}}})'
    path = written(content, f"---\n{HEAD}---\n{body}", name=name)
    return read_edition(path, root=content / "blog/letters", site=SITE, static=None).links


@pytest.mark.parametrize("reference", ["other", "other.md", "./other.md", "b", "b/index.md"])
def test_a_bundle_refers_to_what_lies_beside_its_folder(tmp_path: Path, reference: str) -> None:
    for name in ("other.md", "b/index.md"):
        text = "---\ntitle: Other\ndate: 2026-05-05\n---\nx"
        written(tmp_path, text, name=f"content/blog/letters/{name}")
    links = referred(tmp_path, reference, name="blog/letters/2026-06/index.md")
    assert links == ("https://example.org/2026/05/other/",)


def test_a_page_of_another_section_has_no_address_of_the_newsletter(tmp_path: Path) -> None:
    written(tmp_path, "---\ntitle: Far\n---\nx", name="content/docs/sub/far-off.md")
    links = referred(tmp_path, "/docs/sub/far-off", name="blog/letters/2026-06.md")
    assert links == ("https://example.org/docs/sub/far-off/",)


@pytest.mark.parametrize("ending", ["md", "markdown", "mdx"])
def test_a_post_is_found_by_any_ending(tmp_path: Path, ending: str) -> None:
    text = "---\ntitle: Other\ndate: 2026-05-05\n---\nx"
    written(tmp_path, text, name=f"content/blog/letters/other.{ending}")
    links = referred(tmp_path, "other", name="blog/letters/2026-06.md")
    assert links == ("https://example.org/2026/05/other/",)


def test_a_reference_prefers_the_same_language(tmp_path: Path) -> None:
    for lang in ("", ".de"):
        text = f"---\ntitle: Other{lang}\ndate: 2026-05-05\n---\nx"
        written(tmp_path, text, name=f"content/other{lang}.md")
    path = written(
        tmp_path, f'---\n{HEAD}---\n[a]({{{{< ref "other.md" >}}}})', name="content/x.de.md"
    )
    assert read_edition(path, root=tmp_path, site=SITE, static=None).links == (
        "https://example.org/de/2026/05/other.de/",
    )


def test_jekyll_and_zola_name_pages_too(tmp_path: Path) -> None:
    written(tmp_path, "---\ntitle: Other\n---\nx", name="_posts/2026-05-05-other.md")
    written(tmp_path, "---\ntitle: Zo\ndate: 2026-04-05\n---\nx", name="blog/zo.md")
    jekyll = "[a]({% link _posts/2026-05-05-other.md %}) [b]({% post_url 2026-05-05-other %})"
    body = f"{jekyll} [c](@/blog/zo.md#d)"
    assert issue(tmp_path, body).links == (
        "https://example.org/2026/05/other/",
        "https://example.org/2026/05/other/",
        "https://example.org/2026/04/zo/#d",
    )


@pytest.mark.parametrize(
    "reference", ["none.md", "../../etc/passwd", "/../secret.md", "a\\0.md", "." * 5000]
)
def test_a_reference_to_no_page_is_refused_with_its_line(tmp_path: Path, reference: str) -> None:
    written(tmp_path, "---\ntitle: Secret\ndate: 2026-05-05\n---\nx", name="secret.md")
    with pytest.raises(BadSource, match="no page") as refusal:
        issue(tmp_path / "content", f'a\n\n[x]({{{{< ref "{reference}" >}}}})')
    assert refusal.value.line == 7


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("{% raw %}{{ x }} {% y %}{% endraw %}", "<p>{{ x }} {% y %}</p>"),
        ("a{% comment %}b {% c %}{% endcomment %}d", "<p>ad</p>"),
        ("[a]({{ site.baseurl }}/b)", '<p><a href="https://example.org/b">a</a></p>'),
        ("[a]({{ site.url }}{{ site.baseurl }}/b)", '<p><a href="https://example.org/b">a</a></p>'),
        ('[a]({{ "/b" | relative_url }})', '<p><a href="https://example.org/b">a</a></p>'),
        ('[a]({{ "/b" | prepend: site.baseurl }})', '<p><a href="https://example.org/b">a</a></p>'),
        ("{{ page.title }} of {{ site.title }}", "<p>An issue of The Example Letter</p>"),
        (
            'a\n{: .lead}\n\nb [c](/d){:target="_blank"}',
            '<p>a</p>\n<p>b <a href="https://example.org/d">c</a></p>',
        ),
        ("`{: .x}`", "<p><code>{: .x}</code></p>"),
    ],
)
def test_liquid_and_kramdown_are_read(tmp_path: Path, body: str, shown: str) -> None:
    assert html(tmp_path, body, "jekyll") == shown
    assert html(tmp_path, body, "") == shown


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("import X from '../x';\n\nWords.\n\n<Support />\n\nMore.", "<p>Words.</p>\n<p>More.</p>"),
        ("a {/* b */} c\n\n<!-- truncate -->\n\nd", "<p>a  c</p>\n\n<p>d</p>"),
        ("1\\. a \\- b", "<p>1. a - b</p>"),
        ("<Tabs>\n\nwords\n\n</Tabs>", "<p>words</p>"),
        (
            ":::note\n\n*A*\n\n:::\n\nB",
            "<blockquote>\n<p><strong>Note</strong></p>\n<p><em>A</em></p>\n</blockquote>\n<p>B</p>",
        ),
        (
            ":::tip[Try it]\nNow.\n:::",
            "<blockquote>\n<p><strong>Try it</strong><br>\nNow.</p>\n</blockquote>",
        ),
        (":::nothing", "<blockquote>\n<p><strong>Nothing</strong></p>\n</blockquote>"),
        ("```\nimport X from 'y'\n:::a\n```", "<pre><code>import X from 'y'\n:::a\n</code></pre>"),
    ],
)  # fmt: skip
def test_mdx_is_read(tmp_path: Path, body: str, shown: str) -> None:
    assert html(tmp_path, body, "docusaurus") == shown
    assert html(tmp_path, body, "") == shown


def test_exports_are_dropped_where_they_are_meant(tmp_path: Path) -> None:
    body = "export const a = {\n  b: 1,\n};\n\nexport of goods"
    assert html(tmp_path, body, "docusaurus") == ""
    assert "export of goods" in html(tmp_path, body, "")


def test_pelican_names_static_files(tmp_path: Path) -> None:
    shown = html(tmp_path, "![a]({static}/images/a.png) [b](|attach|c.pdf)", "pelican")
    assert 'src="https://example.org/images/a.png"' in shown
    assert 'href="https://example.org/c.pdf"' in shown


@pytest.mark.parametrize(
    ("generator", "body", "text"),
    [
        ("hugo", "{% if x %} {{ y }} {{ z() }}", "{% if x %} {{ y }} {{ z() }}"),
        ("zola", "{% if x %} {{< y >}}", "{% if x %} {{< y >}}"),
        ("jekyll", "{{< y >}} {{ z }}", "{{< y >}} {{ z }}"),
        ("pelican", "{{< a >}} {% b %}", "{{< a >}} {% b %}"),
        ("docusaurus", "`{{< a >}}` `{% b %}`", "{{< a >}} {% b %}"),
        ("", "`{{ x }}` `{% y %}` `{{ z() }}` {{ .T }}", "{{ x }} {% y %} {{ z() }} {{ .T }}"),
        ("", "```\n{% for a in b %}\n{{ c(d) }}\n```", "{% for a in b %}\n    {{ c(d) }}"),
        ("zola", '{{/* youtube(id="a") */}}', '{{ youtube(id="a") }}'),
        ("hugo", "{{</* youtube a */>}}", "{{< youtube a >}}"),
    ],
)  # fmt: skip
def test_what_a_generator_would_leave_stays_as_typed(
    tmp_path: Path, generator: str, body: str, text: str
) -> None:
    assert spoken(tmp_path, generator, body).text.strip() == text


@pytest.mark.parametrize(
    ("generator", "body", "line", "says"),
    [
        ("", "a\n\n{% if x %}b{% endif %}", 7, "unknown shortcode: if"),
        ("", "{{ nope(a=1) }}", 5, "unknown shortcode: nope"),
        ("jekyll", "`{% nope %}`", 5, "unknown shortcode: nope"),
        ("jekyll", "\n{{ page.nope }}", 6, "unknown shortcode: page.nope"),
        ("jekyll", "{% raw %}", 5, "raw %} is not closed"),
        ("jekyll", "{% include nope.html %}", 5, "unknown shortcode: nope"),
        ("zola", "{% end %}", 5, "closed, but was not opened"),
        ("", "{{< youtube >}}", 5, "youtube without id"),
        ("", "{{< video >}}", 5, "video without src"),
        ("", "a\n{{< details >}}", 6, "details is not closed"),
        ("", "{{< details >}}{{< highlight >}}{{< /details >}}", 5, "highlight is not closed"),
        ("", "{{ youtube(id= }}", 5, "cannot be read"),
        ("", '{% youtube "b %}', 5, "cannot be read"),
        ("", "{{< >}}", 5, "unknown shortcode: "),
        ("", "{{< __class__ >}}", 5, "unknown shortcode: __class__"),
        ("", "{{< ../x >}}", 5, "unknown shortcode: ../x"),
    ],
)
def test_an_unknown_or_broken_shortcode_is_refused_with_line_and_remedy(
    tmp_path: Path, generator: str, body: str, line: int, says: str
) -> None:
    with pytest.raises(BadSource) as refusal:
        spoken(tmp_path, generator, body)
    assert says in refusal.value.reason
    assert refusal.value.line == line
    assert refusal.value.remedy


def test_a_site_brings_its_own(tmp_path: Path) -> None:
    own = tmp_path / "own"
    written(
        own,
        "<b>{{ args[0] }}</b> {{ who | default('nobody') }}: {{ inner }} {{ page.title }}",
        name="box.html",
    )
    written(own, "{{ address | markdown }}", name="deep/line.html")
    written(own, "mine", name="youtube.html")
    body = "{{< box `<i>` who=Ann >}}*a*{{< /box >}}\n\n{{< deep/line address=`**x**` >}}"
    body += "\n\n{{< youtube >}}"
    assert spoken(tmp_path, "", body, own=own).html.strip() == (
        "<p><b>&lt;i&gt;</b> Ann: <em>a</em> An issue</p>\n<p><strong>x</strong></p>\n<p>mine</p>"
    )


def test_what_is_said_inside_a_tag_stays_inside_it(tmp_path: Path) -> None:
    own = tmp_path / "own"
    written(own, "{{ args[0] }}", name="q.html")
    body = '[a](/{{< q `b"c` >}} "{{< q `d" lang="e` >}}")'
    assert spoken(tmp_path, "", body, own=own).html.strip() == (
        '<p><a href="https://example.org/b%22c" title="d&quot; lang=&quot;e">a</a></p>'
    )


def test_what_a_sites_template_says_is_sanitised(tmp_path: Path) -> None:
    own = tmp_path / "own"
    written(own, "<script>x</script><a href='javascript:x' onclick=y>z</a>", name="bad.html")
    edition = spoken(tmp_path, "", "{{< bad >}}", own=own)
    assert edition.html.strip() == "<p>z</p>"


def test_a_percent_shortcode_is_read_as_markdown(tmp_path: Path) -> None:
    own = tmp_path / "own"
    written(own, "## {{ inner }}", name="head.html")
    shown = spoken(tmp_path, "hugo", "{{% head %}}*A* b{{% /head %}}", own=own).html
    assert shown.strip() == '<h2 id="a-b"><em>A</em> b</h2>'


@pytest.mark.parametrize(
    ("template", "line", "says"),
    [
        ("a\n{% if %}", 2, "not a Jinja template"),
        ("a\n{{ nope }}", 2, "'nope' is undefined"),
        ("{{ args[0].nope.x }}", 1, "no attribute"),
        ("a\nb\n{{ 1 / 0 }}", 3, "division by zero"),
        ("{% for a in range(100000000) %}x{% endfor %}", 1, "range()"),
        ("{% for a in range(9000) %}{% for b in range(9000) %}x{% endfor %}{% endfor %}", 0, "kB"),
        ("{{ 'x' * 1000000000 }}", 1, "by *"),
        ("{{ 9 ** 9999 }}", 1, "power"),
        ("{{ page.__class__.__mro__ }}", 1, "unsafe"),
        ("{{ ''.__class__ }}", 1, "unsafe"),
        ("{% include '../../secret.html' %}", 1, "secret"),
        ("{% include 'bad.html' %}", 1, "recursion"),
    ],
)
def test_a_template_that_is_no_good_is_named_with_its_line(
    tmp_path: Path, template: str, line: int, says: str
) -> None:
    own = tmp_path / "a" / "own"
    file = written(own, template, name="bad.html")
    written(tmp_path, "secret", name="secret.html")
    with pytest.raises(BadSource, match=re.escape(says)) as refusal:
        spoken(tmp_path, "", "\n{{< bad x >}}", own=own)
    assert (refusal.value.path, refusal.value.line) == (str(file), line)
    assert refusal.value.remedy


def test_code_is_found_where_markdown_has_it() -> None:
    text = "a `b` ``c ` d`` ` e\n\n`f\n\n```x\n`g\n```\nh ` i `\n\n~~~\nj"
    kept = [text[start:end] for start, end in code_spans(text)]
    assert kept == ["`b`", "``c ` d``", "```x\n`g\n```", "` i `", "~~~\nj"]
    assert outside_code("a `a` a", lambda said: said.replace("a", "b")) == "b `a` b"
