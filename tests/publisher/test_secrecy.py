"""Which values of a configuration are secret."""

from pathlib import Path

import pytest

from publisher import config, secrecy

EVERYWHERE = """
[site]
name = "N"
base_url = "https://example.org/"
[source]
kind = "git"
url = "https://me:canary-git@git.example/n.git"
[store]
database = "postgresql+psycopg://me:canary-db%21@db.example/p"
broker = "redis://:canary-broker@broker.example/0"
[bounces]
imap = "mail.example"
username = "me"
password = "canary-imap"
[channels.letters]
kind = "email"
username = "me"
password = "canary-smtp"
dkim_key = "file:key.pem"
[channels.mastodon]
access_token = "env:CANARY"
[channels.reddit]
client_secret = "canary-reddit"
refresh_token = "canary-refresh"
password = "canary-password"
[channels.lemmy]
password = "canary-lemmy"
[channels.discord]
webhook = "https://discord.com/api/webhooks/1/canary-discord"
"""
CANARIES = [
    "canary-git",
    "canary-db!",
    "canary-broker",
    "canary-imap",
    "canary-smtp",
    "canary-mastodon",
    "canary-reddit",
    "canary-refresh",
    "canary-password",
    "canary-lemmy",
    "https://discord.com/api/webhooks/1/canary-discord",
    "canary-line-of-a-private-key",
]


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    monkeypatch.setenv("CANARY", "canary-mastodon")
    (tmp_path / "key.pem").write_text("-----BEGIN\ncanary-line-of-a-private-key\n-----END\n")
    (tmp_path / "publisher.toml").write_text(EVERYWHERE)
    settings, mistakes = config.load(tmp_path / "publisher.toml")
    assert not mistakes
    return {form for value in secrecy.of(settings) for form in secrecy.forms(value)}


@pytest.mark.parametrize("canary", CANARIES)
def test_every_credential_is_known_as_one(canary: str, found: set[str]) -> None:
    assert canary in found


def test_a_login_is_known_as_it_goes_over_the_line(found: set[str]) -> None:
    assert "AG1lAGNhbmFyeS1zbXRw" in found  # RFC 4616: NUL me NUL canary-smtp


def test_what_is_no_secret_is_not_known_as_one(found: set[str]) -> None:
    assert not found & {"mail.example", "email", "https://example.org/", "letters"}
