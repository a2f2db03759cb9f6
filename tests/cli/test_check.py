"""What `publisher check` tells."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from publisher.checking import of_channel
from publisher.cli import checking
from publisher.registry import Configured
from tests.channels import pem
from tests.cli.home import Home


def test_the_dns_record_of_a_key_stands_on_a_line_of_its_own(home: Home) -> None:
    (home.folder / "dkim.pem").write_text(pem.rsa())
    config = home.folder / "publisher.toml"
    settings = 'kind = "email"\ndkim_key = "file:dkim.pem"\ndkim_selector = "mail2026"'
    config.write_text(config.read_text().replace('kind = "email"', settings))
    done = home.run("check")
    assert done.code == 0, done.out + done.err
    [record] = [line for line in done.out.splitlines() if "_domainkey" in line]
    assert record.startswith("    to publish in DNS (not looked up here): mail2026._domainkey.")
    assert "pipelining" not in record


def test_a_warning_stands_on_a_line_of_its_own_and_fails_nothing() -> None:
    found = ["signed in", "warning: the token expires in 9 days"]
    channel = pretend(lambda: found)
    checked = of_channel(channel)
    assert (checked.ok, checked.warnings) == (True, ["the token expires in 9 days"])
    assert [*checking.lines(checked)] == [
        "✓ channel c (k): signed in",
        "! warning: the token expires in 9 days",
    ]


def pretend(check: Callable[[], list[str]]) -> Configured:
    asked: Any = SimpleNamespace(check=check)
    return Configured(name="c", kind="k", languages=("en",), channel=asked)
