"""Signing in by OpenID Connect: the authorization code flow, with PKCE.

https://openid.net/specs/openid-connect-core-1_0.html#CodeFlowAuth and RFC 7636
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from publisher.config import Provider

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]  # with public keys
LARGEST = 256 * 1024  # bytes of an answer
PATIENCE = 10.0  # seconds for each step of a request
LEEWAY = 60  # seconds that two clocks may differ by


class NotSignedIn(Exception):
    """Why somebody is not signed in; the message is for them."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What has to come back with somebody who was sent to the provider."""

    state: str
    nonce: str
    verifier: str


def begin(provider: Provider, redirect_uri: str) -> tuple[str, Asked]:
    """Where to send somebody, and what has to come back with them. Raises NotSignedIn."""
    asked = Asked(
        state=secrets.token_urlsafe(24),
        nonce=secrets.token_urlsafe(24),
        verifier=secrets.token_urlsafe(48),
    )
    said = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": redirect_uri,
        "scope": "openid",
        "state": asked.state,
        "nonce": asked.nonce,
        "code_challenge": create_s256_code_challenge(asked.verifier),
        "code_challenge_method": "S256",
    }
    place = _described(provider)["authorization_endpoint"]
    return f"{place}{'&' if urlsplit(place).query else '?'}{urlencode(said)}", asked


def finish(provider: Provider, redirect_uri: str, asked: Asked, *, code: str, now: datetime) -> str:
    """Who came back, by the provider's own name for them (`sub`). Raises NotSignedIn."""
    described = _described(provider)
    sent = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": asked.verifier,
    }
    login = httpx.BasicAuth(provider.client_id, provider.client_secret)
    answer = _ask("POST", described["token_endpoint"], data=sent, auth=login)
    token = answer.get("id_token")
    if not isinstance(token, str):
        raise NotSignedIn("the provider gave no ID token")
    return _subject(token, _ask("GET", described["jwks_uri"]), provider, asked, now)


def _subject(
    token: str, keys: Mapping[str, Any], provider: Provider, asked: Asked, now: datetime
) -> str:
    """The `sub` of an ID token that is signed, ours, fresh, and the answer to what was asked."""
    wanted = {
        "iss": {"essential": True, "value": provider.issuer},
        "aud": {"essential": True, "value": provider.client_id},
        "nonce": {"essential": True, "value": asked.nonce},
        "sub": {"essential": True},
    }
    params = {"nonce": asked.nonce, "client_id": provider.client_id}
    try:
        known = KeySet.import_key_set({"keys": [*keys["keys"]]})
        found = jwt.decode(token, known, algorithms=ALGORITHMS)
        claims = CodeIDToken(found.claims, found.header, options=wanted, params=params)
        claims.validate(now=int(now.timestamp()), leeway=LEEWAY)
    except (JoseError, KeyError, ValueError, TypeError) as error:
        raise NotSignedIn(f"the provider's word does not hold: {error}") from error
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:
        raise NotSignedIn("the provider's word names nobody")
    return subject


def _described(provider: Provider) -> dict[str, str]:
    """The provider's addresses, from its own description.

    https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig
    """
    place = f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration"
    found = _ask("GET", place)
    if found.get("issuer") != provider.issuer:
        raise NotSignedIn("the provider calls itself something else than [sign_in] issuer")
    places = {}
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        place = str(found.get(name, ""))
        if urlsplit(place).scheme not in ("https", urlsplit(provider.issuer).scheme):
            raise NotSignedIn(f"the provider has no {name} that is safe to use")
        places[name] = place
    return places


def _ask(method: str, place: str, **sent: Any) -> dict[str, Any]:
    """A JSON object from the provider, of bounded size. Follows no redirect."""
    try:
        with (
            httpx.Client(timeout=PATIENCE, trust_env=False) as client,
            client.stream(method, place, **sent) as answer,
        ):
            body = bytearray()
            for piece in answer.iter_bytes():
                body += piece
                if len(body) > LARGEST:
                    raise NotSignedIn("the provider answers more than can be")
    except httpx.HTTPError as error:
        raise NotSignedIn("the provider cannot be reached; try again in a minute") from error
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if answer.status_code != 200 or not isinstance(found, dict):
        raise NotSignedIn(f"the provider answers {answer.status_code}, which is of no use")
    return found
