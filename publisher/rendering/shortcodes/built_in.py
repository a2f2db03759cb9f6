"""The shortcodes known without a template of the site: each a small template itself.

They are what Hugo, Jekyll, Zola and common themes bring. Mail and most networks play no film
and run no script, so what is embedded there becomes a link here.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Shortcode:
    """A template, and what a use needs: one of the names in `main`, or a first argument, becomes
    `main` in the template; `inner` says how what stands inside is read.
    """

    template: str
    main: tuple[str, ...] = ()
    inner: str = ""


MARKDOWN, VERBATIM = "markdown", "verbatim"

FIGURE = Shortcode(
    main=("src", "url", "path", "image_path"),
    template="""\
{%- set words = caption | default("") | markdown -%}
{%- set source = attr | default("") | markdown -%}
<figure>{% if link %}<a href="{{ link }}">{% endif -%}
<img src="{{ main }}" alt="{{ alt or words | plain }}"
{%- if width %} width="{{ width }}"{% endif %}
{%- if height %} height="{{ height }}"{% endif %}>
{%- if link %}</a>{% endif -%}
{%- if title or words or source %}<figcaption>
{%- if title %}<h4>{{ title }}</h4>{% endif -%}
{%- if words or source %}<p>{{ words }}{% if words and source %} {% endif -%}
{%- if attrlink and source %}<a href="{{ attrlink }}">{{ source }}</a>
{%- else %}{{ source }}{% endif %}</p>{% endif -%}
</figcaption>{% endif %}</figure>""",
)
LINK = '<a href="{{ main }}">{{ (caption or title or alt or main) | markdown }}</a>'
CODE = "<pre><code>{{ inner }}</code></pre>"
ADDRESS = "{{ main | address }}"


def _embedded(address: str, *main: str) -> Shortcode:
    """A link to what is shown elsewhere; `{}` in the address is for its name there."""
    start, end = address.split("{}")
    whole = f'"{start}" ~ (main | urlencode) ~ "{end}"'
    template = f'<a href="{{{{ {whole} }}}}">{{{{ title or ({whole}) }}}}</a>'
    return Shortcode(template=template, main=main)


BUILT_IN: Mapping[str, Shortcode] = {
    "figure": FIGURE,
    "image": FIGURE,
    "img": FIGURE,
    "newsletter-subscribe": Shortcode(template=""),
    "video": Shortcode(template=LINK, main=("src", "mp4", "webm", "url")),
    "audio": Shortcode(template=LINK, main=("src", "mp3", "ogg", "url")),
    "youtube": _embedded("https://www.youtube.com/watch?v={}", "id", "video_id"),
    "youtube_player": _embedded("https://www.youtube.com/watch?v={}", "id", "video_id"),
    "vimeo": _embedded("https://vimeo.com/{}", "id", "video_id"),
    "instagram": _embedded("https://www.instagram.com/p/{}/", "id"),
    "tweet": _embedded("https://x.com/i/status/{}", "id"),
    "twitter": _embedded("https://x.com/i/status/{}", "id"),
    "x": _embedded("https://x.com/i/status/{}", "id"),
    "gist": Shortcode(
        main=("id",),
        template=(
            '{% set whole = "https://gist.github.com/" ~ args[:2] | join("/") if args'
            ' else "https://gist.github.com/" ~ main %}<a href="{{ whole }}">{{ whole }}</a>'
        ),
    ),
    "ref": Shortcode(template=ADDRESS, main=("path",)),
    "relref": Shortcode(template=ADDRESS, main=("path",)),
    "link": Shortcode(template=ADDRESS, main=("path",)),
    "post_url": Shortcode(template=ADDRESS, main=("path",)),
    "highlight": Shortcode(template=CODE, inner=VERBATIM),
    "details": Shortcode(
        inner=MARKDOWN,
        template=(
            '<details><summary>{{ (summary or (args | first) or "Details") | markdown }}'
            "</summary>\n\n{{ inner }}\n\n</details>"
        ),
    ),
    "quote": Shortcode(
        inner=MARKDOWN,
        template=(
            "<blockquote>\n\n{{ inner }}\n\n{% if author or cite %}"
            "<p>— {{ (author or cite) | markdown }}</p>{% endif %}</blockquote>"
        ),
    ),
}
