"""publisher token: which programs may use the API."""

import json

from tests.cli.home import Home


def test_tokens_are_made_listed_and_removed(home: Home) -> None:
    assert "publisher token add NAME" in home.run("token", "list").out
    made = home.run("token", "add", "ci", "--role", "release", "--days", "30")
    assert made.code == 0
    [shown] = made.out.splitlines()  # alone, for a script to take
    assert shown.startswith("pub_")
    assert shown not in made.err
    assert "never again" in made.err
    listed = home.run("token", "list", "--json").json()
    assert [(one["name"], one["role"], one["used_at"]) for one in listed] == [
        ("ci", "release", None)
    ]
    told = home.run("token", "list")
    assert "ci  release  until" in told.out
    assert "never used" in told.out
    assert shown not in json.dumps(listed) + told.out
    assert home.run("token", "remove", "ci").code == 0
    assert home.run("token", "list", "--json").json() == []


def test_what_is_wrong_is_said(home: Home) -> None:
    home.run("token", "add", "ci")
    for words, told in (
        (("add", "ci"), "there is such a token"),
        (("add", "C I"), "a name is"),
        (("add", "x", "--days", "0"), "1<=x<=3650"),
        (("add", "x", "--role", "king"), "king"),
        (("remove", "otto"), "no such token"),
    ):
        result = home.run("token", *words)
        assert result.code == 2
        assert told in result.err
        assert "Traceback" not in result.err
