"""Small bodies, one a construct, and where a reader of ours is meant to see another thing."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Why a page of ours differs from Hugo's, and what it shows instead, by aspect."""

    reason: str
    shown: Mapping[str, object]


MARKDOWN = {
    "emphasis": "*a* _b_ **c** __d__ ***e*** *f**g**h* a_b_c a*b*c **a*b*",
    "paragraphs": "One\ntwo.\n\nThree.",
    "breaks": "a  \nb\\\nc\nd",
    "headings": "# A\n\n## B *c* ##\n\n###### F\n\n####### G",
    "setext": "A\n===\n\nB\nc\n---",
    "headings-alike": "# A\n## A\n# A-1\n# a",
    "heading-ids": "# Ünï & cö (x)!\n# 日本 語\n# C++ & C#?\n# a_b-c  d\n# 1. x: y/z",
    "heading-markup": '# *A* `b c` [d](/e) ~~f~~\n# <b>raw</b> "q" it\'s\n# ![alt](/x.png)',
    "heading-emoji": "# A :de: b :tada:",
    "heading-address": "# See https://a.example/b now",
    "heading-entities": "# &amp; a\\*b&nbsp;c",
    "heading-own-id": "# A {#mine}\n# B { #other }\n# C {#third .cls key=value}\nD {#fourth}\n---",
    "heading-own-id-twice": "# A {#a}\n# A\n# A {#a}",
    "heading-class": '# A {.x}\n# B {x}\n# C {key="v w"}',
    "heading-empty": "#\n\n## ",
    "rule": "a\n\n***\n\nb\n\n- - -",
    "quote": "> a\n> b\n>\n> > c\n\nd\n> e",
    "quote-with-list": "> - a\n> - b\n>\n> text",
    "alert": "> [!NOTE]\n> Mind this.",
    "list": "- a\n- b\n  - c\n    - d\n- e",
    "list-loose": "- a\n\n- b\n\n  c\n- d",
    "list-ordered": "3. a\n4. b\n   1. c\n\n1) x",
    "list-after-text": "Text\n- a\n- b\n\nText\n2. no list",
    "list-starts": "- a\n+ b\n* c",
    "list-with-code": "- a\n\n      code\n\n- ```\n  fenced\n  ```",
    "list-four-spaces": "- a\n    - b\n        - c\n1. x\n    - y",
    "tasks": "- [ ] open\n- [x] done\n- [X] Done\n- [ ]no\n- a [x]\n\n[ ] text",
    "tasks-links": "- [x](https://a.example/) b\n- [x] [l](/m)",
    "code": '`a` ``b ` c`` ` d ` `<b>` `:de:` `--` `"q"` `https://a.example/`',
    "code-blocks": "    a <b> --\n    c\n\n```python\nx = '1' -- 2 :de:\n```\n\n~~~\n`\n~~~",
    "code-left-open": "```\na\n\nb",
    "links": '[a](/b) [c](<d e> "t") [f](https://g.example/h_(i)) [j](#k) [l]()',
    "links-by-reference": '[a][b] [b] [c][] [d][e]\n\n[b]: /x "t"\n[C]: <https://c.example/>',
    "links-nested": "[a [b](/c) d](/e) [![i](/j.png)](/k)",
    "links-broken": "[a](/b c) [x]((https://a.example/) [y](https://b.example XEP-0384) [z](",
    "links-of-kinds": "[a](mailto:a@b.example) [b](xmpp:a@b.example?join) [c](tel:1) [d](geo:1,2)",
    "links-in-brackets": "<https://a.example/?b=c&d> <a@b.example> <xmpp:a@b.example> <no>",
    "links-escaped": "[a\\]b](/c\\)d) \\[e](/f)",
    "images": '![a](/b.png) ![c *d*](/e.png "t") ![](/f.png)',
    "addresses": "See https://a.example/x, http://b.example. www.c.example/d ftp://e.example/",
    "addresses-in-round-brackets": "(https://a.example/b(c)) (https://a.example/x). (see https://b.example/)",
    "addresses-in-square-brackets": "[https://a.example/] [see https://b.example\n\n[x] https://c.example",
    "addresses-in-quotes": '"https://a.example" \'https://b.example\' „https://c.example“ "https://d.example/"',
    "addresses-in-markup": "*https://a.example/* **https://b.example/** _https://c.example_ ~~https://d.example~~",
    "addresses-after-markup": "`x`https://a.example :de:https://b.example –https://c.example",
    "addresses-punctuated": "https://a.example/?! https://a.example/x_y_ https://a.example/x; https://a.example/x:",
    "addresses-entities": "https://a.example/?b&amp;c https://a.example/d&copy; &lt;https://a.example&gt;",
    "addresses-odd": "https://a.example/x|y https://a.example/x…z https://a.example/`x` https://a.example/(x",
    "addresses-without-dot": "http://localhost:80/ https://1.2.3.4/ HTTPS://A.EXAMPLE a.example",
    "addresses-international": "https://bücher.example/ https://xn--bcher-kva.example/ https://a.example/Ü",
    "addresses-with-port": "https://a.example:8080/x https://user@a.example/ https://a_b.example.co/x.html.",
    "addresses-escaped": "\\*https://a.example/ https\\://b.example",
    "mail-addresses": "a@b.example. (c@d.example) e+f@g.example, h@i x/y@z.example _j@k.example_",
    "mail-addresses-odd": "a@b.example/x a@b_c.d k@l.example- é@m.example [n@o.example]",
    "mail-in-an-xmpp-address": "xmpp:user@host.example and mailto:a@b.example",
    "table": "|a|b|c|\n|:-|:-:|-:|\n|1|2|3|\n|*x*|`y`|[z](/z)|",
    "table-uneven": "a | b\n-|-\n1 | 2 | 3\n4\n\nafter",
    "table-escaped": "|a|\n|-|\n|b \\| c|\n|`d \\| e`|",
    "table-no": "|a|b|\n|-|\n|1|2|",
    "strikes": "~~a~~ ~b~ ~~~c~~~ H~2~O ~~ e ~~ ~~f **g** h~~ a~~b~~c",
    "strikes-in-links": "[~~a~~ ~b~](/c) *~~d~~* ~~*e*~~",
    "no-extras": "==a== x^2^ ++b++ *[HTML]: Hyper",
    "definitions": "Term\n: one\n: two\n\nOther **b**\n\n: para\n\n  more",
    "footnotes": "A[^1] b[^two] c[^1] d[^no].\n\n[^1]: One\n[^two]: Two\n\n    more\n\n[^3]: not",
    "footnotes-apart": 'Text "q"[^a].\n\n- item[^b]\n\n[^a]: *F* [x](/y)\n[^b]:\n    Later\n\nEnd.',
    "quotes": "'so' \"so\" it's don't '90s 'twas \"a 'b' c\" Hans' Haus rock 'n' roll",
    "quotes-at-markup": '"`x`" **"b"** "**c**" "[d](/e)" ("f") "g", "h". *"i"*',
    "quotes-odd": '5\'10" "" \'\' "Monitor 21"" a"b x\'y 1\'2 ""a"" \'\'a\'\'',
    "quotes-apart": "it 's I 've you 're 'tis 'Tis 'net 'em 'a, b'",
    "quotes-over-lines": '"a\nb" \'c\nd\' "e\n\nf"',
    "quotes-not-english": "„Wort“ «mot» »Wort« l'eau dell'arte ‘x’",
    "dashes": "a -- b --- c -b- a--b----c -- <- -> <-> <3 +-",
    "dots": "a... b .. c.... d . . .",
    "guillemets": "<<a>> >> b << c",
    "no-symbols": "(tm) (c) (r) (p) 1/2 +- x",
    "emojis": ":de: :tada: :smile:x:heart: :+1: :-1: :e-mail: :fr::es: :beetle: :egg:",
    "emojis-not": "10:30:45 :nope: \\:de: a:b:c `:de:` https://a.example/:de:/ [x](/:de:)",
    "emojis-in-markup": "[:de:](/a) **:tada:** ![:de:](/x.png)",
    "entities": "&amp; &lt;b&gt; &copy; &nbsp;x &#65; &nope; AT&T",
    "escapes": "\\* \\_ \\# \\[ \\` \\\\ \\a \\<b\\> 1\\. \\- x",
    "html-inline": "<kbd>k</kbd> <u>u</u> <sub>2</sub> <span class=x>s</span> <small>t</small><br>",
    "html-blocks": "<div>\n\n*a*\n\n</div>\n\n<div>*b*</div> x\n\n<p align=center>c</p>",
    "html-details": "<details><summary>S</summary>\n\n*a*\n\n</details>",
    "html-comments": "a <!-- b --> c\n\n<!-- d\n\n*e* -->\n\nf",
    "html-table": "<table><tr><td>a</td><td>b</td></tr></table>",
    "html-old": "<center>x</center> <font color=red>y</font> <b>b</b> <i>i</i>",
    "html-frame": (
        '<iframe src="https://www.youtube.com/embed/ab" title="A film"></iframe>\n\n'
        '<iframe src="https://tracker.example/"></iframe>'
    ),
    "html-video": '<video controls><source src="/a.mp4">A <b>film</b></video>',
    "link-that-acts": '<a href="javascript:x()">a</a> <a href="data:,x">b</a>',
    "hash-words": "#tag @nick #1 Matrix <-> XMPP a&b <3",
    "no-break-space": "a\u00a0b 10\u00a0€",
}
FIGURE = '{{< figure src="/a.png" caption="A cat" >}}'
SHORTCODES = {
    "figure": FIGURE,
    "figure-quotings": (
        '{{< figure src="/a.png" caption="A \\"big\\" cat" >}}\n\n'
        '{{< figure src="/a.png" caption=`A "big" cat` >}}\n\n'
        '{{<figure src="/a.png" width=200 >}}\n\n'
        '{{< figure\n  src="/a.png"\n  caption="A cat"\n>}}'
    ),
    "figure-caption": '{{< figure src="/a.png" alt="Alt" caption="**B** [x](/y) -- `z` :de:" >}}',
    "figure-linked": (
        '{{< figure src="/a.png" title="T" caption="C" link="/z" attr="Ann" attrlink="/ann" >}}'
    ),
    "figure-between-items": f"- one\n{FIGURE}\n- two\n\n1. x\n   {FIGURE}\n2. y",
    "figure-apart-in-list": f"- one\n\n{FIGURE}\n\n- two",
    "figure-inside-item": f"- one\n\n  {FIGURE}\n\n- two\n  - three\n\n    {FIGURE}\n  - four",
    "figure-after-sublist": f"- a\n  - b\n{FIGURE}\n- c\n  - d\n    - e\n\n{FIGURE}\n\n  - f",
    "figure-in-quote": f"> a\n>\n> {FIGURE}\n>\n> b",
    "figure-percent": '{{% figure src="/a.png" alt="x" %}}',
    "subscribe": "a\n\n{{< newsletter-subscribe >}}\n\nb",
    "literal": '`{{</* figure src="x" */>}}` and {{%/* a */%}}',
    "details": '{{< details summary="More" >}}\nA **b**.\n\n- c\n{{< /details >}}',
    "details-nested": (
        '{{< details summary="A" >}}\nx\n{{< details summary="B" >}}y{{< /details >}}\n'
        f"{FIGURE}\n{{{{< /details >}}}}"
    ),
    "highlight": '{{< highlight go "linenos=false" >}}\nx := "<b>"\n{{< /highlight >}}',
    "ref": '[a]({{< ref "other.md" >}}) [b]({{< relref "/blog/other" >}})',
    "ref-with-part": '[a]({{< relref "other.md#part" >}}) [b]({{< ref "#here" >}})\n\n# Here',
    "ref-percent": '[a]({{% relref "other.md" %}})',
    "youtube": '{{< youtube id="w7Ft2ymGmfc" title="A film" >}}',
}
CONSTRUCTS: dict[str, str] = {**MARKDOWN, **SHORTCODES}
OTHER_PAGES: dict[str, str] = {"other": "# Part\n"}
MEANT: dict[str, Difference] = {
    "youtube": Difference(
        reason="no mail plays a film: a link to it instead of a frame",
        shown={"words": "A film", "links": ("https://www.youtube.com/watch?v=w7Ft2ymGmfc",)},
    ),
    "html-frame": Difference(
        reason="a frame of a known site becomes a link, any other frame vanishes",
        shown={"words": "A film", "links": ("https://www.youtube.com/watch?v=ab",)},
    ),
    "html-video": Difference(
        reason="no mail plays a film: a link to it, with the words meant for who cannot see it",
        shown={"words": "A film", "links": ("https://example.org/a.mp4",), "elements": "p a"},
    ),
    "link-that-acts": Difference(
        reason="a link that runs a script is its words alone",
        shown={"words": "a b", "links": (), "elements": "p"},
    ),
    "definitions": Difference(
        reason="every definition of a list is a paragraph where one of them is: spacing alone",
        shown={
            "elements": "dl dt dd p dd p dt strong dd p p",
        },
    ),
}
