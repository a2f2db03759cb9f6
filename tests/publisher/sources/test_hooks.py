"""Signatures of forges: what they proved once, and nothing else, is believed."""

import base64
import hashlib
import hmac

import pytest

from publisher.sources.hooks import Call, Forged, marks
from tests.publisher.fakes import NOW

SECRET = "It's a Secret to Everybody"
BODY = b"Hello, World!"
# GitHub's own example, in "Validating webhook deliveries"
EXAMPLE = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"


def standard(secret: bytes, id: str = "a", body: bytes = BODY, age: int = 0) -> dict[str, str]:
    moment = int(NOW.timestamp()) - age
    made = hmac.digest(secret, f"{id}.{moment}.".encode() + body, hashlib.sha256)
    signature = "v1,bm90IG91cnM= v1," + base64.b64encode(made).decode()
    return {"webhook-id": id, "webhook-timestamp": str(moment), "webhook-signature": signature}


CALLS = {
    "github": {"x-hub-signature-256": f"sha256={EXAMPLE}", "x-github-delivery": "a"},
    "forgejo": {"x-forgejo-signature": EXAMPLE, "x-forgejo-delivery": "a"},
    "gitea": {"x-gitea-signature": EXAMPLE, "x-gitea-delivery": "a"},
    "gitlab": {"x-gitlab-token": SECRET, "x-gitlab-event-uuid": "a"},
    "gitlab, signing": standard(SECRET.encode()),
}
FORGES = pytest.mark.parametrize("headers", CALLS.values(), ids=CALLS.keys())


def heard(headers: dict[str, str], body: bytes = BODY, secret: str = SECRET) -> tuple[str, ...]:
    return marks(Call(headers=headers, body=body), secret, NOW)


@FORGES
def test_a_call_is_known_again(headers: dict[str, str]) -> None:
    assert heard(headers) == heard(headers)


@FORGES
def test_another_secret_proves_nothing(headers: dict[str, str]) -> None:
    with pytest.raises(Forged):
        heard(headers, secret=SECRET + "!")


@FORGES
def test_a_signature_that_is_spoilt_proves_nothing(headers: dict[str, str]) -> None:
    for spoilt in ("", "sha256=", "v1,", "ä", SECRET[:-1]):
        signed = {
            name: spoilt if "sign" in name or "token" in name else said
            for name, said in headers.items()
        }
        with pytest.raises(Forged):
            heard(signed)


@pytest.mark.parametrize("forge", ["github", "forgejo", "gitea", "gitlab, signing"])
def test_a_body_that_was_changed_is_forged(forge: str) -> None:
    with pytest.raises(Forged):
        heard(CALLS[forge], body=BODY + b" ")


@pytest.mark.parametrize("forge", ["github", "forgejo", "gitea"])
def test_the_same_body_under_another_id_is_known(forge: str) -> None:
    headers = {name: "b" if said == "a" else said for name, said in CALLS[forge].items()}
    assert set(heard(headers)) & set(heard(CALLS[forge]))


def test_a_call_without_an_id_is_known_by_its_body() -> None:
    headers = {"x-gitlab-token": SECRET}
    assert heard(headers) == heard(headers) != heard(headers, body=b"another")


def test_a_retry_of_gitlab_is_the_same_call() -> None:
    first = {"x-gitlab-token": SECRET, "idempotency-key": "k", "x-gitlab-event-uuid": "a"}
    assert heard(first) == heard(first | {"x-gitlab-event-uuid": "b"})


@pytest.mark.parametrize("age", [-301, 301, 86400])
def test_a_dated_call_of_another_hour_is_refused(age: int) -> None:
    with pytest.raises(Forged):
        heard(standard(SECRET.encode(), age=age))


def test_a_secret_of_standard_webhooks_is_read_as_base64() -> None:
    secret = "whsec_" + base64.b64encode(b"0123456789abcdef").decode()
    assert heard(standard(b"0123456789abcdef"), secret=secret)


def test_no_signature_at_all_proves_nothing() -> None:
    with pytest.raises(Forged):
        heard({"x-github-delivery": "a"})
