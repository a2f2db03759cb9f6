"""What a feed says of an edition, and of itself."""

import json
from datetime import UTC
from typing import Any
from urllib.parse import quote, urlsplit

from channels._text import post_key
from channels._xml import clean
from publisher.domain.channel import Post
from publisher.domain.issue import Edition, Site

OWNED_SINCE = "2026"  # RFC 4151 wants a date; a fixed one, or else ids would change


def post_of(edition: Edition, *, url: str, title: str, lang: str) -> Post:
    """The whole edition as an entry of the feed at `url` that is called `title`, in `lang`."""
    said = " ".join(clean(edition.title).split()) or edition.key
    text, html = clean(edition.summary), clean(edition.html)
    site = edition.site
    details = {
        **_about(edition),
        "feed_id": _tag(site, "feed" + quote(urlsplit(url).path)),
        "feed_title": clean(title),
        "feed_lang": lang,
        "site_name": clean(site.name),
        "site_url": site.base_url,
    }
    return Post(
        key=post_key(edition, said, text, html, edition.url, json.dumps(details)),
        lang=edition.lang,
        title=said,
        text=text,
        html=html,
        url=edition.url,
        length=len(html),
        details=details,
    )


def _about(edition: Edition) -> dict[str, Any]:
    site, date = edition.site, edition.date.astimezone(UTC).isoformat()
    specific = f"{quote(edition.key, safe='')}/{quote(edition.lang, safe='')}"
    return {
        "id": _tag(site, specific),
        "authors": [clean(name) for name in edition.authors],
        "tags": [clean(tag) for tag in edition.tags],
        "published": date,
        "updated": date,
        "rights": " ".join(filter(None, (site.license, site.license_url))),
        "license_url": site.license_url,
    }


def _tag(site: Site, specific: str) -> str:
    """Name a thing for ever (RFC 4151)."""
    return f"tag:{urlsplit(site.base_url).hostname},{OWNED_SINCE}:{specific}"
