"""What a webhook's message says of an edition, by names of our own."""

from collections.abc import Mapping
from datetime import UTC
from typing import Any

from publisher.domain.issue import Edition, telling_image


def about(edition: Edition) -> Mapping[str, Any]:
    """JSON values, all but the whole issue itself."""
    site, image = edition.site, telling_image(edition)
    return {
        "id": f"{edition.key}/{edition.lang}",
        "issue": edition.key,
        "lang": edition.lang,
        "date": edition.date.astimezone(UTC).isoformat(),
        "title": edition.title,
        "summary": edition.summary,
        "url": edition.url,
        "authors": list(edition.authors),
        "tags": list(edition.tags),
        "image": {"url": image.src, "description": image.alt} if image else None,
        "site": {"name": site.name, "url": site.base_url},
        "license": {"name": site.license, "url": site.license_url},
    }
