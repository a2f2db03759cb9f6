"""Signed messages for webhooks: Standard Webhooks 1.0.0 (https://www.standardwebhooks.com)."""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Mapping
from typing import Any

PREFIX = "whsec_"
SHORTEST, LONGEST = 24, 64  # bytes of a secret


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def key_of(secret: str) -> bytes:
    """The bytes of a secret, which is written whsec_ and Base64. Raises ValueError."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("is no Base64") from error
    if not secret.startswith(PREFIX) or not SHORTEST <= len(key) <= LONGEST:
        raise ValueError(f"is not {PREFIX} and {SHORTEST} to {LONGEST} bytes as Base64")
    return key


def is_secret(secret: str) -> bool:
    try:
        return bool(key_of(secret))
    except ValueError:
        return False


def message_id(*parts: str) -> str:
    """The same for the same parts; no full stop is in it, or else the signature would be weak."""
    return "msg_" + hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def signed(id: str, said: Mapping[str, Any], secret: str) -> tuple[bytes, dict[str, str]]:
    """The body, and the headers that prove who sent it, and when."""
    body, now = json.dumps(said, ensure_ascii=False).encode(), str(int(time.time()))
    digest = hmac.digest(key_of(secret), f"{id}.{now}.".encode() + body, hashlib.sha256)
    headers = {
        "Content-Type": "application/json",
        "webhook-id": id,
        "webhook-timestamp": now,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }
    return body, headers
