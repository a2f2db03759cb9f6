"""LinkedIn: one post an issue, with the issue's page as its card, by a person or an organisation.

API: https://learn.microsoft.com/linkedin/marketing/community-management/shares/posts-api
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from channels._hashtags import hashtags
from channels._linkedinapi import Line, said
from channels._linkedincard import TITLE_LIMIT, article, picture
from channels._linkedinchecks import found, is_date
from channels._linkedinoauth import signed_in
from channels._linkedintext import as_little, little_length
from channels._linkedinwords import timeline
from channels._settings import require, web_rules
from channels._templates import Wording, filled, wording
from channels._text import one_line, post_key, unlinked, utf16
from publisher.domain.channel import Post, Receipt, Refused, Talk
from publisher.domain.issue import Edition

WORDS = "{{ title }}\n\n{{ summary }}\n\n{{ hashtags }}"
LIMIT = 3000  # UTF-16 units as sent
AUTHOR = re.compile(r"urn:li:(?:person:[\w-]+|organization:\d+)")
AUTHORS = "urn:li:person:ID or urn:li:organization:NUMBER"
MONTH = re.compile(r"20\d\d(?:0[1-9]|1[0-2])(?:\.\d\d)?")
TAG = re.compile(r"\d*[^\W\d_][^\W_]*")
API, SITE = "https://api.linkedin.com", "https://www.linkedin.com"


@dataclass(frozen=True, kw_only=True)
class LinkedIn:
    """One person or organisation, and a token that may post for it. `timeout` is in seconds.

    `version` is a month of the API, YYYYMM; `token_expires` an ISO date, "" where it is not known.
    """

    author: str
    access_token: str = field(repr=False)
    token_expires: str = ""
    version: str = "202607"
    template: Path | None = None
    hashtags: tuple[str, ...] = ()
    tags_as_hashtags: int = 0
    api_url: str = API
    site: str = SITE
    timeout: float = 15
    network: ClassVar[str] = "LinkedIn"

    def __post_init__(self) -> None:
        expires = not self.token_expires or is_date(self.token_expires)
        tags = all(map(TAG.fullmatch, self.hashtags))
        rules = [
            ("author", AUTHOR.fullmatch(self.author), AUTHORS),
            ("access_token", re.fullmatch(r"[!-~]+", self.access_token), "the token, in one line"),
            ("token_expires", expires, "a date such as 2027-01-31"),
            ("version", MONTH.fullmatch(self.version), "a month, such as 202607"),
            ("hashtags", tags, "words of letters and digits, without #"),
            ("tags_as_hashtags", self.tags_as_hashtags >= 0, "0 or more"),
            *web_rules(self, "api_url", "site"),
            ("timeout", self.timeout > 0, "more than 0 seconds"),
        ]
        require(self, rules)
        _ = self._wording  # a broken template is a mistake in the configuration

    @classmethod
    def connect(cls, known: Mapping[str, Any], talk: Talk) -> dict[str, str]:
        """Have the person sign in at LinkedIn in their browser, through an app of their own."""
        site, api = str(known.get("site", SITE)), str(known.get("api_url", API))
        return signed_in(known, talk, site=site.rstrip("/"), api=api.rstrip("/"))

    def render(self, edition: Edition) -> Post:
        """Title, as much of the summary as fits, and hashtags; the link is the card below.

        Raises Refused where a template fails, or leaves no room.
        """
        tags = hashtags(edition, self.hashtags, self.tags_as_hashtags)
        title = one_line(edition, TITLE_LIMIT, utf16)
        text = filled(
            self._wording,
            edition,
            limit=LIMIT,
            cost=little_length,
            spelled=unlinked,
            hashtags=" ".join(f"#{tag}" for tag in tags),
        )
        text, card = text or title, article(edition, title)
        images, warnings = picture(edition)
        return Post(
            key=post_key(edition, self.author, text, *map(str, card.values())),
            lang=edition.lang,
            title=title,
            text=text,
            url=edition.url,
            length=little_length(text),
            limit=LIMIT,
            images=images,
            warnings=warnings,
            details={"article": card},
        )

    def deliver(self, post: Post) -> Receipt:
        """Create the post. LinkedIn knows no key; it takes no text twice, but forgets.

        Raises Unsure, too, where LinkedIn says that the same text is there: whose, a person sees.
        """
        urn, note = self._line.thumbnail(self.author, post.images)
        try:
            return self._line.post(said(post, self.author, urn), note)
        except Refused as refusal:
            if not urn or not ("thumbnail" in str(refusal).lower() or urn in str(refusal)):
                raise
        return self._line.post(said(post, self.author), "left off the picture: LinkedIn refused it")

    def find_existing(self, post: Post) -> Receipt | None:  # noqa: ARG002  nobody may ask
        """Never: to read one's own posts is a right that LinkedIn gives to few."""
        place = timeline(self._line.site, self.author)
        raise NotImplementedError(f"LinkedIn lets no app look: see whether it is at {place}")

    def search_url(self, post: Post) -> str:  # noqa: ARG002  nothing looks among one's own posts
        """What the author posted last."""
        return timeline(self._line.site, self.author)

    def update(self, receipt: Receipt, post: Post) -> Receipt:
        """Replace the text. The card below it cannot be changed."""
        self._line.edit(receipt.id, {"commentary": as_little(post.text)})
        return Receipt(id=receipt.id, url=receipt.url, note="LinkedIn leaves the card as it was")

    def retract(self, receipt: Receipt) -> None:
        """Delete the post; one that is gone already is taken back."""
        self._line.delete(receipt.id)

    def check(self) -> list[str]:
        """Ask whose token it is, and for how long it and the version will do."""
        return found(self._line, self.author, self.token_expires)

    @cached_property
    def _line(self) -> Line:
        return Line(
            api=self.api_url.rstrip("/"),
            site=self.site.rstrip("/"),
            token=self.access_token,
            version=self.version,
            timeout=self.timeout,
        )

    @cached_property
    def _wording(self) -> Wording:
        return wording(self.template, WORDS)
