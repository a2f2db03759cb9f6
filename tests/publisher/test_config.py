"""The configuration: what it says, and every mistake in it at once."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import URL

from publisher import config, wiring
from publisher.config import BadConfig, Settings
from publisher.storage.engine import connect, migrate

SMALLEST = '[site]\nname = "News"\nbase_url = "https://news.example"\n'


FEED = '[channels.feed]\nkind = "atom"\n'


def write(folder: Path, text: str) -> Path:
    path = folder / "publisher.toml"
    path.write_text(text, encoding="utf-8")
    return path


def load(folder: Path, text: str = SMALLEST) -> Settings:
    settings, mistakes = config.load(write(folder, text))
    assert mistakes == []
    return settings


def mistakes(folder: Path, text: str) -> list[str]:
    path = write(folder, text)
    _, found = config.load(path)
    return [str(mistake).removeprefix(f"{path}: ") for mistake in found]


def everything_wrong(folder: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a command would print, channels included."""
    monkeypatch.setenv("PUBLISHER_CONFIG", str(write(folder, text)))
    for made in (wiring.settings, wiring.channels):
        made.cache_clear()
    try:
        wiring.channels()
    except BadConfig as error:
        return str(error).splitlines()
    finally:
        for made in (wiring.settings, wiring.channels):
            made.cache_clear()
    return []


def test_the_smallest_configuration_has_sound_defaults(tmp_path: Path) -> None:
    found = load(tmp_path)
    assert found.site.base_url == "https://news.example/"
    assert found.site.language == "en"
    assert found.database == URL.create("sqlite", database=f"{tmp_path}/publisher.db")
    assert found.state == tmp_path / "publisher.state"
    assert found.bind == ("127.0.0.1", 8080)
    assert found.public_url == "http://127.0.0.1:8080/"
    assert found.source is None


def test_paths_are_relative_to_the_file_and_not_to_the_caller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    found = load(tmp_path, SMALLEST + '[source]\npath = "content"\nstatic = "static"\n')
    assert found.source
    assert (found.source.path, found.source.static) == (tmp_path / "content", tmp_path / "static")


def test_a_text_may_stand_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWS_NAME", "From the environment")
    (tmp_path / "base").write_text("https://file.example/\n")
    found = load(tmp_path, '[site]\nname = "env:NEWS_NAME"\nbase_url = "file:base"\n')
    assert (found.site.name, found.site.base_url) == (
        "From the environment",
        "https://file.example/",
    )


def test_all_mistakes_are_told_together_each_with_its_place(tmp_path: Path) -> None:
    text = """
[site]
nam = "News"
base_url = "news.example"
language = 7

[source]
kind = "ftp"
every = 0

[store]
database = "mysql://x"

[web]
bind = "8080"

[chanels.x]
kind = "atom"
"""
    assert mistakes(tmp_path, text) == [
        "[chanels] is not known; did you mean 'channels'?",
        "[store] database: expected sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/NAME",
        "[web] bind: expected HOST:PORT, such as 127.0.0.1:8080, found '8080'",
        "[site] language: expected a text, found 7",
        "[site] name: is missing; expected a text",
        "[site] base_url: expected a URL such as https://example.org/, found 'news.example'",
        "[site] nam: is not known; did you mean 'name'?",
        "[source] kind: is not known; expected one of folder, git, feed",
        "[source] path: is missing; expected a text",
        "[source] every: expected a number of seconds above 0, found 0",
    ]


def test_mistakes_in_channels_are_told_with_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = """
[site]
name = "News"

[channels.a]
kind = "carrier-pigeon"

[channels.b]
kind = "mastodon"
instance = "https://mastodon.example"
acces_token = "x"

[channels.c]
kind = "email"
host = "mail.example"
port = "25"
from = "News <news@news.example>"
list_id = "news.news.example"

[channels.d]
kind = "mastodon"
instance = "https://mastodon.example"
access_token = "env:NOT_SET_ANYWHERE"
"""
    found = [
        line.partition("publisher.toml: ")[2]
        for line in everything_wrong(tmp_path, text, monkeypatch)
    ]
    expected = [
        "[site] base_url: is missing",
        "[channels.a] kind: there is no kind 'carrier-pigeon'; installed are apprise, atom,",
        "[channels.b] acces_token: is not known; did you mean 'access_token'?",
        "[channels.b] access_token: is missing",
        "[channels.c] port: expected a whole number, found str",
        "[channels.d] access_token: the environment variable NOT_SET_ANYWHERE is not set",
    ]
    assert len(found) >= len(expected)
    for words in expected:
        assert any(line.startswith(words) for line in found), (words, found)


def test_no_message_repeats_a_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = SMALLEST + '[channels.m]\nkind = "mastodon"\ninstance = 5\naccess_token = "s3cret"\n'
    found = everything_wrong(tmp_path, text, monkeypatch)
    assert found
    assert "s3cret" not in "".join(found)
    monkeypatch.setenv("PUBLISHER_CONFIG", str(tmp_path / "publisher.toml"))
    assert "s3cret" not in repr(wiring.settings())
    wiring.settings.cache_clear()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"[site\nname = 1", "is not valid TOML"),
        (b'[site]\nname = "\xff"', "is not UTF-8 text (byte 15)"),
        (b"", "base_url: is missing"),
    ],
)
def test_an_unusable_file_is_named_with_its_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, words: str
) -> None:
    path = tmp_path / "publisher.toml"
    path.write_bytes(content)
    monkeypatch.setenv("PUBLISHER_CONFIG", str(path))
    wiring.settings.cache_clear()
    with pytest.raises(BadConfig) as error:
        wiring.settings()
    assert str(path) in str(error.value)
    assert words in str(error.value)


def test_a_missing_file_points_to_init(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="publisher init"):
        config.load(tmp_path / "publisher.toml")


@pytest.mark.parametrize("name", ["d100%#?q", "h#a %41b", "ü böse"])
def test_a_folder_of_any_name_holds_its_own_store(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    found = load(folder)
    engine = connect(found.database)
    migrate(engine)
    engine.dispose()
    assert (folder / "publisher.db").stat().st_mode & 0o077 == 0  # readers' addresses are in it
    assert found.state == folder / "publisher.state"


@pytest.mark.parametrize(
    ("table", "key", "value"),
    [
        ("site", "base_url", "https://[x"),
        ("site", "language", ""),
        ("site", "permalink", "/:nope/"),
        ("web", "public_url", "http://x:99999/"),
        ("web", "trusted_proxies", ["10.0.0.1/8"]),
        ("web", "trusted_proxies", ["proxy.example"]),
        ("web", "trusted_proxies", "127.0.0.1"),
        ("web", "confirmations_an_hour", "many"),
        ("store", "database", "postgresql://u:p@host:bad/x"),
        ("store", "database", "postgresql://u@host"),
        ("store", "database", "sqlite://"),
        ("store", "database", "sqlite:///"),
        ("store", "database", "sqlite:///a\\u0000b"),
        ("store", "broker", "redis://127.0.0.1:xx/0"),
        ("channels.feed", "kind", ["atom"]),
        ("channels.feed", "languages", []),
        ('channels."[bold]x"', "kind", "atom"),
    ],
)
def test_what_can_never_work_is_a_mistake_with_its_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: str, key: str, value: object
) -> None:
    smallest = SMALLEST if table != "site" else SMALLEST.replace(f"{key} =", f"old_{key} =")
    text = smallest + ("" if table == "site" else f"[{table}]\n") + f"{key} = {json(value)}\n"
    assert any(
        key in line or "name" in line for line in everything_wrong(tmp_path, text, monkeypatch)
    )


def json(value: object) -> str:
    return str(value) if isinstance(value, list) else f'"{value}"'.replace("\\\\", "\\")


def test_a_channel_cannot_leave_out_the_licence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = '[channels.feed]\nkind = "atom"\npath = "f.xml"\nurl = "https://news.example/f.xml"\n'
    text = SMALLEST + feed + 'drop = ["Unsubscribe", "Lizenz"]\n'
    [wrong] = everything_wrong(tmp_path, text, monkeypatch)
    assert wrong.endswith(
        "[channels.feed] drop: 'Lizenz' cannot be left out: licence and credits always stay"
    )


def test_every_mistake_of_one_channel_is_told_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (
        SMALLEST
        + """
[channels.readers]
kind = "email"
host = ""
port = 70000
tls = "ssl"
from = "News <news@news.example>"
list_id = "news.news.example"
connections = 0
languages = "en"
"""
    )
    found = "\n".join(everything_wrong(tmp_path, text, monkeypatch))
    for key in ("host", "port", "tls", "connections", "languages"):
        assert f"[channels.readers] {key}: " in found, (key, found)


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "publisher.toml"
    path.write_bytes(b"\xef\xbb\xbf" + SMALLEST.encode())
    assert config.load(path)[1] == []


def test_a_generator_brings_its_own_addresses_unless_others_are_told(tmp_path: Path) -> None:
    def permalink(source: str, site: str = "") -> str:
        text = (
            f'[site]\nname = "x"\nbase_url = "https://a.example/"\n{site}\n[source]\npath = "."\n'
        )
        return load(tmp_path, text + source).site.permalink

    assert permalink("") == permalink('generator = "hugo"') == "/:year/:month/:title/"
    assert permalink('generator = "pelican"') == "/:slug.html"
    assert permalink('generator = "pelican"', 'permalink = "/:title/"') == "/:title/"


def test_rules_for_findings_are_read(tmp_path: Path) -> None:
    lint = (
        '\n[lint]\nerrors = ["dead-local-image"]\nwarnings = ["expired"]\nignore = ["idn-host"]\n'
    )
    rules = load(tmp_path, SMALLEST + lint).lint
    assert rules.errors == {"dead-local-image"}
    assert rules.warnings == {"expired"}
    assert rules.ignore == {"idn-host"}


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('errors = ["dead-image"]', "[lint] errors: dead-image is not known; did you mean"),
        ('ignore = "idn-host"', "[lint] ignore: expected a list of words"),
        ("warnings = [1]", "[lint] warnings: expected a list of words"),
        (
            'errors = ["idn-host"]\nignore = ["idn-host"]',
            "[lint] ignore: idn-host is in more than one list",
        ),
        ('error = ["idn-host"]', "[lint] error: is not known; did you mean 'errors'?"),
    ],
)
def test_a_rule_that_cannot_be_is_a_mistake_with_its_key(
    tmp_path: Path, written: str, said: str
) -> None:
    [mistake] = mistakes(tmp_path, f"{SMALLEST}\n[lint]\n{written}\n")
    assert mistake.startswith(said)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('imap = "mx"\npassword = "p"', "[bounces] username: is missing"),
        ('imap = "mx"\nusername = "u"', "[bounces] password: is missing"),
        (
            'maildir = "box"\nimap = "mx"\nusername = "u"\npassword = "p"',
            "[bounces] imap: there is",
        ),
        ("port = 0", "[bounces] port: expected a port from 1 to 65535"),
        ('port = "imap"', "[bounces] port: expected a port"),
        ('tls = "tls"', "[bounces] tls: is not known"),
        ('folder = "R\u00fccklauf"', "[bounces] folder: expected a name in ASCII"),
        ("every = 0", "[bounces] every: expected a number of seconds"),
        ("maildri = 1", "[bounces] maildri: is not known; did you mean 'maildir'?"),
    ],
)
def test_a_mailbox_that_cannot_be_is_a_mistake_with_its_key(
    tmp_path: Path, written: str, said: str
) -> None:
    [mistake] = mistakes(tmp_path, f"{SMALLEST}\n[bounces]\n{written}\n")
    assert mistake.startswith(said)


def test_the_port_of_a_mailbox_follows_from_its_encryption(tmp_path: Path) -> None:
    found = load(tmp_path, SMALLEST + '\n[bounces]\ntls = "starttls"\n')
    assert (found.bounces.port, load(tmp_path, SMALLEST).bounces.port) == (143, 993)


def test_a_channel_can_have_rules_of_its_own(tmp_path: Path) -> None:
    release = """
        [release]
        hold = "1h"
        timezone = "Europe/Berlin"
        earliest = "09:00"
        quiet_days = ["sun"]
        [release.feed]
        hold = "0s"
        earliest = ""
    """
    found = load(tmp_path, SMALLEST + FEED + release).release
    assert found
    rules = found.rules
    feed = rules.own["feed"]
    assert (feed.hold, feed.earliest) == (timedelta(0), None)
    assert (feed.zone, feed.quiet_days) == (rules.zone, rules.quiet_days)
    assert rules.hold == timedelta(hours=1)


def test_rules_of_a_channel_that_there_is_not_are_a_mistake(tmp_path: Path) -> None:
    [told] = mistakes(tmp_path, f"{SMALLEST}{FEED}[release.fed]\n")
    assert told.startswith("[release] fed: is not known; did you mean 'feed'")
    [told] = mistakes(tmp_path, f"{SMALLEST}{FEED}[release.feed]\nproof = false\n")
    assert told.startswith("[release.feed] proof: is not known")


def test_receipts_are_written_beside_the_configuration_and_only_if_wanted(tmp_path: Path) -> None:
    assert load(tmp_path).receipts.folder is None
    found = load(tmp_path, f'{SMALLEST}[receipts]\nfolder = "data/receipts"\n')
    assert found.receipts.folder == tmp_path / "data" / "receipts"


@pytest.mark.parametrize("author", ["Ann", "ann@example.org", "Ann <ann>", "A\\nB <a@b.example>"])
def test_a_commit_needs_a_name_and_an_address(author: str, tmp_path: Path) -> None:
    [found] = mistakes(tmp_path, f'{SMALLEST}[receipts]\nauthor = "{author}"\n')
    assert found.startswith("[receipts] author: expected NAME <ADDRESS>, found ")
