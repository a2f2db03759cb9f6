"""Keys as files have them, made anew for each run of the tests."""

import shutil
import subprocess
from functools import cache

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as elliptic_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)


@cache
def _rsa(bits: int) -> RSAPrivateKey:
    return generate_private_key(65537, bits)


@cache
def _ed25519() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


def rsa(bits: int = 2048) -> str:
    form = PrivateFormat.PKCS8
    return _rsa(bits).private_bytes(Encoding.PEM, form, NoEncryption()).decode()


def older_rsa() -> str:
    """The same key in PKCS #1."""
    form = PrivateFormat.TraditionalOpenSSL
    return _rsa(2048).private_bytes(Encoding.PEM, form, NoEncryption()).decode()


def encrypted_rsa() -> str:
    password = BestAvailableEncryption(b"a-password")
    return _rsa(2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, password).decode()


def public_rsa() -> str:
    form = PublicFormat.SubjectPublicKeyInfo
    return _rsa(2048).public_key().public_bytes(Encoding.PEM, form).decode()


def short_rsa() -> str:
    """A key that the library itself would not make."""
    openssl = shutil.which("openssl")
    if not openssl:
        pytest.skip("openssl is not installed")
    return subprocess.run(
        [openssl, "genrsa", "768"], check=True, capture_output=True
    ).stdout.decode()


def ed25519() -> str:
    form = PrivateFormat.PKCS8
    return _ed25519().private_bytes(Encoding.PEM, form, NoEncryption()).decode()


def elliptic() -> str:
    form = PrivateFormat.PKCS8
    private = elliptic_key(SECP256R1())
    return private.private_bytes(Encoding.PEM, form, NoEncryption()).decode()
