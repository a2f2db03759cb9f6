"""A Bluesky account's repository, by the atproto library, which takes a second to be imported.

Lexicons: https://atproto.com/lexicons/com-atproto-repo
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from channels._blueskyaccount import Account
from channels._http import nothing_posted, trust
from channels._sessions import read, write
from channels._xrpc import named
from publisher.domain.channel import Disconnected, Refused, Unsure

COLLECTION = "app.bsky.feed.post"


@dataclass(kw_only=True)
class Login:
    """What is kept from one visit to the next: servers let in few logins an hour."""

    session: str = ""


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A record that is there: its at:// address, and the hash of what it says."""

    uri: str
    cid: str


@dataclass(frozen=True, kw_only=True)
class Repository:
    """The account's records, while it is signed in. Everything raises the four failures."""

    client: Any
    did: str

    def look(self, key: str) -> Reference | None:
        """The post under a record key, None where there is none."""
        asked = {"repo": self.did, "collection": COLLECTION, "rkey": key}
        try:
            with named():
                return _reference(self.client.com.atproto.repo.get_record(asked))
        except Refused as refusal:
            if "RecordNotFound" in str(refusal):
                return None
            raise

    def put(self, key: str, record: dict[str, Any]) -> Reference:
        """Write a post under a record key, over whatever is there."""
        said = {"repo": self.did, "collection": COLLECTION, "rkey": key, "record": record}
        with named():
            return _reference(self.client.com.atproto.repo.put_record(said))

    def remove(self, key: str) -> None:
        """Delete a post; one that is not there needs nothing."""
        with named():
            asked = {"repo": self.did, "collection": COLLECTION, "rkey": key}
            self.client.com.atproto.repo.delete_record(asked)

    def upload(self, picture: bytes, kind: str) -> dict[str, Any]:
        """Store a picture of a media type, to be named in a record."""
        with named():  # the library's own call passes bytes on in a way that httpx gives up
            answer = self.client.invoke_procedure(
                "com.atproto.repo.uploadBlob",
                content=picture,
                headers={"Content-Type": kind},
                output_encoding="application/json",
            )
            blob: dict[str, Any] = answer.content["blob"]
            link = {"$link": str(blob["ref"]["$link"])}
            about = {"mimeType": str(blob["mimeType"]), "size": int(blob["size"])}
            return {"$type": "blob", "ref": link, **about}


@contextmanager
def signed_in(account: Account, login: Login) -> Iterator[Repository]:
    """Sign in, or go on with a session that is still good. Nothing is posted on the way."""
    with ExitStack() as stack:
        with nothing_posted():
            client = stack.enter_context(_client(account, login))
            did = _go_on(client, login.session or read(account.kept))
            if not did:  # on a new client: a damaged session may name another server
                client = stack.enter_context(_client(account, login))
                did = _begin(client, account)
        yield Repository(client=client, did=did)


@contextmanager
def _client(account: Account, login: Login) -> Iterator[Any]:
    from atproto import Client, Request  # noqa: PLC0415  a second, and only to post

    wait = httpx.Timeout(account.timeout, connect=3.05)
    request = Request(timeout=wait, max_redirects=0, verify=trust())
    client = Client(base_url=account.service, request=request)

    def keep(_: object, session: Any) -> None:
        login.session = session.encode()
        write(account.kept, login.session)

    client.on_session_change(keep)
    try:
        yield client
    finally:
        request.close()


def _go_on(client: Any, session: str) -> str:
    """The account's DID by a session of before, "" where that is of no use any more."""
    if not session:
        return ""
    try:
        with named():
            client.login(session_string=session, fetch_bsky_profile=False)
            return str(client.com.atproto.server.get_session().did)
    except (Disconnected, Unsure):  # it is over, or was taken back; or the file is damaged
        return ""


def _begin(client: Any, account: Account) -> str:
    try:
        with named():
            client.login(account.handle, account.password, fetch_bsky_profile=False)
            return str(client.com.atproto.server.get_session().did)
    except Disconnected as error:
        raise Disconnected(f"{account.handle} is not let in: {error}") from error


def _reference(answer: Any) -> Reference:
    return Reference(uri=str(answer.uri), cid=str(answer.cid))
