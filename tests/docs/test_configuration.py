"""Whether every setting is described, and every configuration that is shown is right."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from publisher import config, registry
from publisher.config import Mistake
from tests.channels import pem
from tests.docs.pages import DOCS, Snippet, snippets

RUNNING = (DOCS / "running.md").read_text(encoding="utf-8")
SITE = '[site]\nname = "N"\nbase_url = "https://example.org/"\n\n'
TABLES = (
    *("site", "source", "markup", "lint", "store", "web", "bounces", "log", "release"),
    *("corrections", "receipts"),
)
KEYS = {"dkim.pem": pem.rsa(), "dkim-ed25519.pem": pem.ed25519()}
DATABASE = "postgresql://publisher@db.example/publisher"
PRETEND = {  # what a variable of such a name holds; any other, a word
    "DATABASE": DATABASE,
    "APPRISE_URL": "ntfy://a-secret",
    "DISCORD_WEBHOOK": "https://discord.com/api/webhooks/112233/a-secret",
    "RECEIVER_URL": "https://hooks.example/a-secret",
    "RECEIVER_SECRET": "whsec_cHJldGVuZC1zZWNyZXQtb2YtdGhlLXNhbmRib3g=",
}


def keys(table: str, folder: Path) -> list[str]:
    """The keys of a table, as the program names them to somebody who wrote a wrong one."""
    file = folder / "publisher.toml"
    file.write_text(f"[{table}]\nqqqq = 1\n", encoding="utf-8")
    _, mistakes = config.load(file)
    [wrong] = [mistake for mistake in mistakes if mistake.key == "qqqq"]
    return wrong.expected.rpartition("expected one of ")[2].split(", ")


def section(title: str) -> str:
    """A part of running.md, up to the next heading."""
    return re.split(r"^#", RUNNING.split(f"\n### `[{title}]`\n")[1], flags=re.MULTILINE)[0]


@pytest.mark.parametrize("table", TABLES)
def test_a_key_is_described_where_its_table_is(table: str, tmp_path: Path) -> None:
    described = section(table)
    found = keys(table, tmp_path)
    assert len(found) > 1
    for key in found:
        assert re.search(rf"^\|[^|]*`{key}`[^|]*\|", described, re.MULTILINE), key


def test_the_keys_of_every_channel_are_described() -> None:
    for key in ("kind", "languages", "drop", "sources"):
        assert f"| `{key}` |" in section("channels.NAME")


@pytest.mark.parametrize("kind", sorted(registry.kinds()))
def test_a_kind_has_a_page_with_all_its_settings(kind: str) -> None:
    page = (DOCS / "channels" / f"{kind}.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("|")]
    described = set(re.findall(r"`([a-z0-9_]+)`", " ".join(rows)))
    expected = {field.name.rstrip("_") for field in fields(registry.kinds()[kind].load())}
    assert expected <= described
    listed = (DOCS / "README.md").read_text(encoding="utf-8")
    assert f"| [`{kind}`](channels/{kind}.md) |" in listed


def configurations() -> list[Snippet]:
    """Every piece of configuration that is shown, but for that of a package not installed."""
    return [s for s in snippets("toml") if s.page != "docs/writing-a-channel.md"]


@pytest.mark.parametrize("snippet", configurations(), ids=lambda s: s.page)
def test_a_configuration_that_is_shown_is_right(
    snippet: Snippet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in re.findall(r'"env:(\w+)"', snippet.text):
        fitting = (value for name, value in PRETEND.items() if name in variable)
        monkeypatch.setenv(variable, next(fitting, "a-secret"))
    for place in re.findall(r'"file:([^"]+)"', snippet.text):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text(KEYS.get(place, "a-secret\n"), encoding="utf-8")
    for place in re.findall(r'^theme = "([^"]+)"', snippet.text, re.MULTILINE):
        (tmp_path / place / "templates").mkdir(parents=True)
    whole = snippet.text if "[site]" in snippet.text else SITE + snippet.text
    (tmp_path / "publisher.toml").write_text(whole, encoding="utf-8")
    assert mistakes_in(tmp_path / "publisher.toml") == []


def mistakes_in(file: Path) -> list[str]:
    """All that the program would say about a configuration, its channels included."""
    settings, mistakes = config.load(file)
    found = [str(mistake) for mistake in mistakes]
    for channel, table in settings.channels.items():

        def wrong(key: str, expected: str, table_name: str = f"channels.{channel}") -> None:
            said = Mistake(file=str(file), table=table_name, key=key, expected=expected)
            found.append(str(said))

        values = config.resolve_all(table, folder=file.parent, wrong=wrong)
        registry.build(channel, values, folder=file.parent, language="en", wrong=wrong)
    return found


def test_a_wrong_configuration_would_be_seen(tmp_path: Path) -> None:
    file = tmp_path / "publisher.toml"
    file.write_text(SITE + '[channels.feed]\nkind = "atom"\npaht = "x"\n', encoding="utf-8")
    assert len(mistakes_in(file)) >= 2
