"""LinkedIn's versioned REST API: one request, and what is asked with it.

Source: https://learn.microsoft.com/linkedin/marketing/community-management/shares/posts-api
"""

from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from channels._http import call, nothing_posted, plain, trust
from channels._linkedintext import as_little
from channels._linkedinwords import URN, Forbidden, Gone, address, decision
from publisher.domain.channel import ChannelError, Post, Receipt, Refused, TryLater, Unsure
from publisher.domain.issue import Image

Json = dict[str, Any]

NO_SUCH_POST = "urn:li:share:1"  # asked for only to hear whether version and token are good


@dataclass(frozen=True, kw_only=True)
class Line:
    """One token. `api` and `site` have no trailing slash; `timeout` is in seconds."""

    api: str
    site: str
    token: str = field(repr=False)
    version: str
    timeout: float

    def post(self, said: Json, note: str = "") -> Receipt:
        """Create a post. Raises Unsure where the answer names none."""
        urn = self._ask("POST", "/rest/posts", json=said).headers.get("x-restli-id", "")
        if not URN.fullmatch(urn):
            raise Unsure(f"LinkedIn answered without a post's id: {urn[:100] or 'none'}")
        return Receipt(id=urn, url=address(self.site, urn), note=note)

    def edit(self, urn: str, changed: Json) -> None:
        """Replace fields of a post. Raises Refused where there is none any more."""
        headers = {"X-RestLi-Method": "PARTIAL_UPDATE"}
        try:
            self._ask("POST", _place(urn), json={"patch": {"$set": changed}}, headers=headers)
        except Gone as gone:
            raise Refused(f"{gone}: it was deleted at LinkedIn") from gone

    def delete(self, urn: str) -> None:
        """Take a post back, if it is there."""
        with suppress(Gone):
            self._ask("DELETE", _place(urn), headers={"X-RestLi-Method": "DELETE"})

    def thumbnail(self, owner: str, images: tuple[Image, ...]) -> tuple[str, str]:
        """Hand a card's picture over: its URN, "" where there is none, and why it was left off."""
        for image in images:
            try:
                return self._upload(owner, Path(image.path)), ""
            except (ChannelError, OSError) as error:  # a picture is decoration
                return "", f"left off {image.src}: {error}"
        return "", ""

    def _upload(self, owner: str, picture: Path) -> str:
        """Ask where to, and send.

        Source: https://learn.microsoft.com/linkedin/marketing/community-management/shares/images-api
        """
        content, begin = picture.read_bytes(), {"initializeUploadRequest": {"owner": owner}}
        answer = self._ask(
            "POST", "/rest/images", params={"action": "initializeUpload"}, json=begin
        )
        try:
            value = answer.json()["value"]
            urn, place = str(value["image"]), httpx.URL(str(value["uploadUrl"]))
        except (ValueError, TypeError, KeyError, httpx.InvalidURL) as error:
            raise Unsure(f"LinkedIn names no place to upload to: {plain(answer.text)}") from error
        if place.scheme != httpx.URL(self.api).scheme:  # the token goes there
            raise Refused(f"LinkedIn names an unsafe place to upload to, at {place.host}")
        self._ask("PUT", place, content=content)
        return urn

    def owner(self) -> Json:
        """Whose token it is, {} where it may not tell. Posts nothing.

        Source: https://learn.microsoft.com/linkedin/consumer/integrations/self-serve/sign-in-with-linkedin-v2
        """
        try:
            with nothing_posted():
                return dict(self._ask("GET", "/v2/userinfo").json())
        except Forbidden:
            return {}
        except (ValueError, TypeError) as error:
            raise TryLater("LinkedIn answered with something else than an account") from error

    def try_version(self) -> None:
        """Ask for a post that is not there. Raises Disconnected for a version that is none.

        Who may not read posts hears that only after version and token were looked at.
        """
        try:
            with nothing_posted():
                self._ask("GET", _place(NO_SUCH_POST))
        except (Forbidden, Refused):
            return

    def _ask(self, method: str, place: str | httpx.URL, **kwargs: Any) -> httpx.Response:
        headers = {
            "Authorization": f"Bearer {self.token}",
            "LinkedIn-Version": self.version,
            "X-Restli-Protocol-Version": "2.0.0",
            **kwargs.pop("headers", {}),
        }
        named = partial(decision, site=self.site, version=self.version)
        wait = httpx.Timeout(self.timeout, connect=3.05)
        with httpx.Client(base_url=self.api, timeout=wait, verify=trust()) as http:
            return call(http, method, str(place), headers=headers, named=named, **kwargs)


def said(post: Post, author: str, thumbnail: str = "") -> Json:
    """A post as the API wants it."""
    shown = {"thumbnail": thumbnail} if thumbnail else {}
    return {
        "author": author,
        "commentary": as_little(post.text),
        "visibility": "PUBLIC",
        "distribution": {"feedDistribution": "MAIN_FEED"},
        "content": {"article": {**post.details["article"], **shown}},
        "lifecycleState": "PUBLISHED",
    }


def _place(urn: str) -> str:
    return f"/rest/posts/{quote(urn, safe='')}"
