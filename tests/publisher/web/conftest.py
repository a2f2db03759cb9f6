"""A web application over a real store, and a browser without opinions."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine

from publisher import config
from publisher.config import Settings
from publisher.sandbox.serving import serving
from publisher.web.app import build

CONFIG = """
[site]
name = "Ships & <Harbours>"
base_url = "https://news.example/"
license = "CC BY-SA 4.0"
license_url = "https://creativecommons.org/licenses/by-sa/4.0/"

[web]
public_url = "https://letters.example/"

[channels.atom]
path = "public/all.atom.xml"
url = "https://news.example/feeds/all.atom.xml"

[channels.german]
kind = "atom"
path = "public/de/all.atom.xml"
url = "https://news.example/feeds/de/all.atom.xml"
title = "Auf Deutsch"

[channels.fosstodon]
kind = "mastodon"
instance = "https://fosstodon.example"
access_token = "env:A_SECRET_THAT_IS_NOT_SET"
"""


def settings_of(text: str, folder: Path) -> Settings:
    """The settings in a configuration that has no mistakes."""
    file = folder / "publisher.toml"
    file.write_text(text, encoding="utf-8")
    settings, mistakes = config.load(file)
    assert not mistakes
    return settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_of(CONFIG, tmp_path)


@pytest.fixture
def web(settings: Settings, engine: Engine) -> Iterator[httpx.Client]:
    """Follows no redirect, keeps what it is told."""
    with (
        serving(build(settings, engine)) as address,
        httpx.Client(base_url=address, trust_env=False) as client,
    ):
        yield client
