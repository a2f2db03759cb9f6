"""What the sandbox's pages are made with: templates, and how they put text, times and links."""

from datetime import UTC, datetime
from urllib.parse import urlsplit

import nh3
from jinja2 import Environment, PackageLoader
from markdown_it import MarkdownIt
from markupsafe import Markup

from publisher.sandbox import mailbox

_SCHEMES = {"http", "https", "mailto", "xmpp"}
_MARKDOWN = MarkdownIt("js-default", {"linkify": True})


def _safe(html: str) -> Markup:
    """A network's own HTML, reduced to text, links and simple structure."""
    tags = {"p", "br", "a", "span", "em", "strong", "ul", "ol", "li", "blockquote", "code", "pre"}
    tags |= {"h2", "h3", "h4", "hr", "del"}
    clean = nh3.clean(
        html or "",
        tags=tags,
        attributes={"a": {"href"}},
        allowed_classes={"span": {"invisible", "ellipsis"}},  # how Mastodon shortens an address
        url_schemes=_SCHEMES,
    )
    return Markup(clean)  # noqa: S704  what nh3 has cleaned is safe to embed


def _markdown(text: str) -> Markup:
    return _safe(_MARKDOWN.render(text or ""))


def _moment(at: str) -> Markup:
    try:
        when = datetime.fromisoformat(at).astimezone(UTC)
    except ValueError:
        return Markup("<time>{}</time>").format(at)
    said = f"{when.day} {when:%b %Y, %H:%M} UTC"
    return Markup('<time datetime="{}">{}</time>').format(when.isoformat(), said)


def _host(url: str) -> str:
    return urlsplit(url or "").netloc


def _handle(url: str) -> str:
    """`@name@host` out of a post's address, if it holds a name."""
    parts = urlsplit(url or "")
    name = parts.path.strip("/").partition("/")[0]
    return f"{name}@{parts.netloc}" if name.startswith("@") else ""


def _is_web(url: str) -> bool:
    return urlsplit(url or "").scheme in ("http", "https")


TEMPLATES = Environment(
    loader=PackageLoader("publisher.sandbox", "pages"), autoescape=True, trim_blocks=True
)
TEMPLATES.filters.update(
    safe_html=_safe,
    markdown=_markdown,
    moment=_moment,
    host=_host,
    handle=_handle,
    mail=mailbox.opened,
)
TEMPLATES.tests["web"] = _is_web
