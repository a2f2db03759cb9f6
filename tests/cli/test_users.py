"""publisher user: who may sign in to the operators' pages."""

import json

from tests.cli.home import Home

GOOD = "correct horse battery\n"


def test_accounts_are_made_listed_changed_and_removed(home: Home) -> None:
    nobody = home.run("user", "list")
    assert "publisher user add NAME" in nobody.out
    made = home.run("user", "add", "ines", "--role", "release", piped=GOOD)
    assert (made.code, made.err) == (0, "")
    assert "ines may sign in as release at http" in made.out
    assert home.run("user", "role", "ines", "--role", "admin").code == 0
    assert home.run("user", "password", "ines", piped="another good horse\n").code == 0
    listed = home.run("user", "list", "--json").json()
    assert [(one["name"], one["role"], one["seen_at"]) for one in listed] == [
        ("ines", "admin", None)
    ]
    assert "horse" not in json.dumps(listed)
    assert home.run("user", "remove", "ines").code == 0
    assert home.run("user", "list", "--json").json() == []


def test_what_is_wrong_is_said(home: Home) -> None:
    home.run("user", "add", "ines", piped=GOOD)
    for words, piped, told in (
        (("add", "ines"), GOOD, "there is such an account"),
        (("add", "otto"), "short\n", "12 to 1000 characters"),
        (("add", "Otto!"), GOOD, "a name is"),
        (("remove", "otto"), "", "no such account"),
        (("add", "otto", "--role", "king"), GOOD, "king"),
    ):
        result = home.run("user", *words, piped=piped)
        assert result.code == 2
        assert told in result.err
        assert "Traceback" not in result.err
