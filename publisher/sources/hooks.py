"""Calls of GitHub, GitLab, Forgejo and Gitea: whether they are theirs, and which they are."""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

LATE = 300.0  # seconds a dated call may be off our clock
STANDARD = "whsec_"  # begins the secrets of Standard Webhooks


class Forged(Exception):
    """A call that nobody signed who knows the secret."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """What came: headers by their names in lower case, and the body's bytes."""

    headers: Mapping[str, str]
    body: bytes

    def says(self, name: str) -> str:
        return self.headers.get(name, "")


Proof = Callable[[Call, str, str, datetime], bool]


def _hex(call: Call, said: str, secret: str, _at: datetime) -> bool:
    """HMAC-SHA256 of the body in hex; GitHub writes `sha256=` in front."""
    ours = hmac.digest(secret.encode(), call.body, hashlib.sha256).hex()
    return _same(said.removeprefix("sha256="), ours)


def _token(_call: Call, said: str, secret: str, _at: datetime) -> bool:
    """The secret itself."""
    return _same(said, secret)


def _standard(call: Call, said: str, secret: str, at: datetime) -> bool:
    """Any of several `v1,BASE64` over id, time and body; none that is older than five minutes."""
    moment = call.says("webhook-timestamp")
    if not re.fullmatch(r"[0-9]{1,12}", moment) or abs(at.timestamp() - int(moment)) > LATE:
        return False
    signed = f"{call.says('webhook-id')}.{moment}.".encode() + call.body
    made = hmac.digest(_key(secret), signed, hashlib.sha256)
    ours = "v1," + base64.b64encode(made).decode()
    return any([_same(one, ours) for one in said.split(" ")[:10]])


def _key(secret: str) -> bytes:
    """The bytes of a secret; what follows `whsec_` is base64."""
    try:
        encoded = secret.removeprefix(STANDARD)
        return base64.b64decode(encoded, validate=True) if encoded != secret else secret.encode()
    except binascii.Error:
        return secret.encode()


def _same(said: str, ours: str) -> bool:
    return hmac.compare_digest(said.encode(), ours.encode())


@dataclass(frozen=True, kw_only=True)
class Forge:
    """How one kind of forge proves that a call is its own, and names its calls."""

    signature: str
    proof: Proof
    ids: tuple[str, ...]
    signs_body: bool = True


FORGES = (
    Forge(signature="x-hub-signature-256", proof=_hex, ids=("x-github-delivery",)),
    Forge(signature="x-forgejo-signature", proof=_hex, ids=("x-forgejo-delivery",)),
    Forge(signature="x-gitea-signature", proof=_hex, ids=("x-gitea-delivery",)),
    Forge(signature="webhook-signature", proof=_standard, ids=("webhook-id",)),
    Forge(
        signature="x-gitlab-token",
        proof=_token,
        ids=("idempotency-key", "x-gitlab-event-uuid"),
        signs_body=False,
    ),
)


def marks(call: Call, secret: str, at: datetime) -> tuple[str, ...]:
    """What tells this call from every other, 64 characters each. Raises Forged.

    One stands for its id, one for its body where that is signed: the id is not, except by Standard
    Webhooks, so a replay could bring another. The first signature that is there decides.

    Rules: GitHub "Validating webhook deliveries", GitLab "Webhooks" (secret token, signing token),
    Forgejo and Gitea "Webhooks", Standard Webhooks 1.0.
    """
    forge = next((one for one in FORGES if call.says(one.signature)), None)
    if forge is None or not forge.proof(call, call.says(forge.signature), secret, at):
        raise Forged
    said = next(filter(None, map(call.says, forge.ids)), "")
    of_id = (_mark(b"id", said.encode()),) if said else ()
    of_body = (_mark(b"body", call.body),) if forge.signs_body or not said else ()
    return of_id + of_body


def _mark(what: bytes, said: bytes) -> str:
    return hashlib.sha256(what + b"\0" + said).hexdigest()
