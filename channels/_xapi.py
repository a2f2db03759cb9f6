"""X's API, version 2: one signed request, and what it answers.

Source: https://docs.x.com/x-api
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from channels._http import call, nothing_posted, plain, trust
from channels._xkeys import Keys
from channels._xwords import decision
from publisher.domain.channel import Unsure

LOOK_BACK, PAGES, PAGE = timedelta(days=14), 5, 100  # what is lost is looked for within two days

HEAVIEST = 5_000_000  # bytes
ALT_LIMIT = 1000
PICTURES = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
}

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Me:
    """The account; `level` is what the tokens may do, as "read-write", "" where X does not tell."""

    id: str
    handle: str
    level: str


@dataclass(frozen=True, kw_only=True)
class Line:
    """One account by one app. `timeout` is in seconds."""

    api: str
    keys: Keys
    timeout: float

    def post(self, text: str, *, after: str = "", picture: str = "") -> str:
        """POST /2/tweets: say it, as a reply to the post `after`, with a `picture`; its id."""
        reply = {"reply": {"in_reply_to_tweet_id": after}} if after else {}
        media = {"media": {"media_ids": [picture]}} if picture else {}
        answer, response = self._ask("POST", "/2/tweets", json={"text": text, **reply, **media})
        try:
            return str(int(answer["data"]["id"]))
        except (KeyError, TypeError, ValueError) as error:
            raise _something_else(response) from error

    def upload(self, path: Path, alt: str) -> str:
        """POST /2/media/upload and /2/media/metadata: a picture with its description; its id.

        Raises OSError where it cannot be read, or weighs more than X takes.
        """
        if path.stat().st_size > HEAVIEST:
            raise OSError(f"it has more than {HEAVIEST} bytes")
        file = (path.name, path.read_bytes(), PICTURES[path.suffix.lower()])
        with nothing_posted():
            kind = {"media_category": "tweet_image"}
            answer, response = self._ask(
                "POST", "/2/media/upload", files={"media": file}, data=kind
            )
            try:
                id = str(answer["data"]["id"])
            except (KeyError, TypeError) as error:
                raise _something_else(response) from error
            if alt:
                said = {"id": id, "metadata": {"alt_text": {"text": alt}}}
                self._ask("POST", "/2/media/metadata", json=said)
        return id

    def delete(self, id: str) -> None:
        """DELETE /2/tweets/:id. Raises Gone where there is none."""
        self._ask("DELETE", f"/2/tweets/{id}")

    def me(self) -> Me:
        """GET /2/users/me: who we are. Posts nothing."""
        with nothing_posted():
            answer, response = self._ask("GET", "/2/users/me")
            try:
                id, handle = str(answer["data"]["id"]), str(answer["data"]["username"])
            except (KeyError, TypeError) as error:
                raise _something_else(response) from error
        return Me(id=id, handle=handle, level=response.headers.get("x-access-level", ""))

    def own(self, user: str) -> Iterator[Json]:
        """GET /2/users/:id/tweets: the account's own posts of two weeks, newest first.

        Raises NotImplementedError where there are too many to look at.
        """
        since = datetime.now(UTC) - LOOK_BACK
        asked = {
            "max_results": str(PAGE),
            "exclude": "retweets",
            "start_time": f"{since:%Y-%m-%dT%H:%M:%SZ}",
            "tweet.fields": "entities,referenced_tweets,note_tweet",
        }
        for _ in range(PAGES):
            with nothing_posted():
                answer, response = self._ask("GET", f"/2/users/{user}/tweets", params=asked)
                meta = answer.get("meta")
                if not isinstance(meta, dict):
                    raise _something_else(response)
            yield from answer.get("data") or []
            if not meta.get("next_token"):
                return
            asked["pagination_token"] = str(meta["next_token"])
        raise NotImplementedError("too much was posted in two weeks to look at all of it")

    def _ask(self, method: str, path: str, **kwargs: Any) -> tuple[Json, httpx.Response]:
        wait = httpx.Timeout(self.timeout, connect=3.05)
        more = {"auth": self.keys.sign, "named": decision, **kwargs}
        with httpx.Client(base_url=self.api, timeout=wait, verify=trust()) as http:
            response = call(http, method, path, **more)
        try:
            return dict(response.json()), response
        except (ValueError, TypeError) as error:
            raise _something_else(response) from error


def _something_else(response: httpx.Response) -> Unsure:
    words = plain(response.text) or response.status_code
    return Unsure(f"X answered with something else: {words}")
