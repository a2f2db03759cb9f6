"""The keys that mail is signed with: read from PEM, and what to publish of them in DNS."""

import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from channels.email.encoding import wire_address

SHORTEST = 1024  # bits of an RSA key: receivers take nothing by fewer (RFC 8301 §3.2)
ADVISED = 2048
STRING = 255  # bytes that one string of a TXT record holds (RFC 1035 §3.3)

_LABEL = r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)"
_SELECTOR = re.compile(rf"{_LABEL}(\.{_LABEL})*")

Sign = Callable[[bytes], bytes]


@dataclass(frozen=True, kw_only=True)
class Key:
    """A private key at work: `sign` takes the SHA-256 digest of what is signed.

    `kind` and `public` are k= and p= of its DNS record (RFC 6376 §3.6.1, RFC 8463 §4).
    """

    domain: str
    selector: str
    kind: str
    bits: int
    public: str
    sign: Sign = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Two settings that hold a key and its selector, by name, and the kinds it may be of."""

    key: str
    selector: str
    kinds: tuple[str, ...]


PLACES = (
    Place(key="dkim_key", selector="dkim_selector", kinds=("rsa", "ed25519")),
    Place(key="dkim_ed25519_key", selector="dkim_ed25519_selector", kinds=("ed25519",)),
)
SETTINGS = ("dkim_domain", *(name for p in PLACES for name in (p.key, p.selector)))


def keys(settings: Mapping[str, str], *, sender: str) -> tuple[Key, ...]:
    """The keys to sign with, by SETTINGS; none where nothing is set. `sender` is From's address.

    A key is PEM (PKCS #8 or PKCS #1), not encrypted. Raises ValueError with a line for every
    mistake; it names the setting, and never tells what is in a key.
    """
    given = [place for place in PLACES if settings[place.key] or settings[place.selector]]
    if settings["dkim_domain"] and not given:
        raise ValueError("dkim_domain needs dkim_key and dkim_selector")
    read: list[Key] = []
    mistakes: list[str] = []
    for place in given:
        try:
            read.append(_key(place, settings, _domain(settings["dkim_domain"], sender)))
        except ValueError as error:
            mistakes.append(str(error))
    mistakes += _at_odds(read)
    if mistakes:
        raise ValueError(*dict.fromkeys(mistakes))
    return tuple(read)


def _at_odds(read: Sequence[Key]) -> Iterator[str]:
    if len({key.kind for key in read}) < len(read):
        yield "dkim_key must be an RSA key where dkim_ed25519_key is another"
    if len({key.selector.lower() for key in read}) < len(read):
        yield "dkim_ed25519_selector must differ from dkim_selector: a DNS record holds one key"


def _domain(written: str, sender: str) -> str:
    try:
        found = wire_address(f"a@{written}" if written else sender).rpartition("@")[2]
    except ValueError:
        found = ""
    if "." not in found:
        must = "dkim_domain must be a domain such as example.org"
        raise ValueError(f"{must}, not {written or sender.rpartition('@')[2]!r}")
    return found


def _key(place: Place, settings: Mapping[str, str], domain: str) -> Key:
    pem, selector = settings[place.key], settings[place.selector]
    if not pem:
        raise ValueError(f"{place.key} is missing: {place.selector} names a key")
    if not _SELECTOR.fullmatch(selector):
        must = f"{place.selector} must be a name in DNS such as mail2026"
        raise ValueError(f"{must}, not {selector or 'empty'!r}")
    kind, bits, public, sign = _read(place, pem)
    if kind not in place.kinds:
        raise ValueError(f"{place.key} must be an Ed25519 key; an RSA key belongs in dkim_key")
    return Key(domain=domain, selector=selector, kind=kind, bits=bits, public=public, sign=sign)


def _read(place: Place, pem: str) -> tuple[str, int, str, Sign]:
    private = _private(place, pem)
    if isinstance(private, Ed25519PrivateKey):
        raw = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return "ed25519", 256, b64encode(raw).decode(), private.sign
    if not isinstance(private, RSAPrivateKey):
        raise ValueError(f"{place.key} must be an RSA or Ed25519 key")  # noqa: TRY004  a setting
    bits = private.key_size
    if bits < SHORTEST:
        remedy = f"receivers take no fewer than {SHORTEST}; make a key of {ADVISED}"
        raise ValueError(f"{place.key} must have more than its {bits} bits: {remedy}")
    der = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return "rsa", bits, b64encode(der).decode(), _rsa(private)


def _private(place: Place, pem: str) -> object:
    try:
        return load_pem_private_key(pem.encode(), password=None)
    except TypeError as error:  # how the library says so
        raise ValueError(f"{place.key} is encrypted; store it without a password") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        must = f"{place.key} must be a private key in PEM: file: and the path of one"
        raise ValueError(must) from error


def _rsa(private: RSAPrivateKey) -> Sign:
    padding, hashed = PKCS1v15(), Prehashed(SHA256())
    return lambda digest: private.sign(digest, padding, hashed)


def told(keys: Sequence[Key], *, sender: str) -> Iterator[str]:
    """What an operator should know and do about the keys. Nothing is looked up."""
    for key in keys:
        yield f"signs with DKIM for {key.domain}: {key.kind}, {key.bits} bits"
        yield f"to publish in DNS (not looked up here): {record(key)}"
        if key.kind == "rsa" and key.bits < ADVISED:
            yield f"an RSA key of {key.bits} bits is weak: make one of {ADVISED} (RFC 8301)"
    if keys and all(key.kind == "ed25519" for key in keys):
        yield "many receivers do not read Ed25519 yet: sign with an RSA key too"
    if keys and not _aligned(keys[0].domain, sender.rpartition("@")[2]):
        yield f"dkim_domain {keys[0].domain} is not that of {sender}: DMARC will not count it"


def record(key: Key) -> str:
    """The TXT record of a key, as a zone file has it: strings that are read as one."""
    value = f"v=DKIM1; k={key.kind}; p={key.public}"
    strings = " ".join(f'"{part}"' for part in _cut(value))
    return f"{key.selector}._domainkey.{key.domain}. IN TXT {strings}"


def _cut(value: str) -> list[str]:
    return [value[at : at + STRING] for at in range(0, len(value), STRING)]


def _aligned(signs: str, writes: str) -> bool:
    """Whether one domain is the other, or above or below it (RFC 7489 §3.1.1, relaxed).

    Which domains belong to one organisation is in a list that we do not carry, so two below
    the same one count as strangers.
    """
    return signs == writes or signs.endswith(f".{writes}") or writes.endswith(f".{signs}")
