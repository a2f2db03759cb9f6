"""Where a channel's table is found, what is asked for, and where each secret goes."""

from pathlib import Path
from typing import Any

import pytest

from publisher import config, connecting
from publisher.config import BadConfig
from publisher.connecting import Draft
from tests.testing.talk import Person

SITE = '[site]\nname = "N"\nbase_url = "https://news.example/"\n'
LEMMY = 'kind = "lemmy"\ninstance = "https://lemmy.example"\ncommunity = "c"\n'


def drafted(folder: Path, tables: str, kind: str = "lemmy", name: str = "") -> Draft:
    file = folder / "publisher.toml"
    file.write_text(SITE + tables, encoding="utf-8")
    return connecting.draft(config.load(file)[0], kind, name)


def stored(draft: Draft, **got: Any) -> connecting.Stored:
    [one] = connecting.store(draft, got)
    return one


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_the_only_channel_of_a_kind_needs_no_name(tmp_path: Path) -> None:
    assert drafted(tmp_path, f"[channels.forum]\n{LEMMY}").name == "forum"


def test_of_two_channels_of_a_kind_one_must_be_named(tmp_path: Path) -> None:
    two = f"[channels.a]\n{LEMMY}[channels.b]\n{LEMMY}"
    with pytest.raises(BadConfig, match="several channels of the kind lemmy: a, b; say --channel"):
        drafted(tmp_path, two)
    assert drafted(tmp_path, two, name="b").name == "b"


def test_where_there_is_none_a_new_one_is_named_after_its_kind(tmp_path: Path) -> None:
    draft = drafted(tmp_path, "")
    assert (draft.name, draft.is_new, draft.known) == ("lemmy", True, {})


def test_a_name_of_another_kind_is_not_taken(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match=r"\[channels.lemmy\] is of another kind"):
        drafted(tmp_path, '[channels.lemmy]\nkind = "mastodon"\n')


def test_a_secret_that_is_not_there_yet_stops_nothing(tmp_path: Path) -> None:
    lost = 'username = "env:NOBODY_SET_THIS"\npassword = "file:missing"\n'
    draft = drafted(tmp_path, f"[channels.forum]\n{LEMMY}{lost}")
    assert draft.known == {"instance": "https://lemmy.example", "community": "c"}
    assert draft.open == ["username", "password"]


def test_a_kind_that_cannot_sign_in_by_itself_is_asked_for_setting_by_setting(
    tmp_path: Path,
) -> None:
    talk = Person(answers={"username": "letter", "password": "open sesame"})
    got = connecting.ask(drafted(tmp_path, f"[channels.forum]\n{LEMMY}"), talk)
    assert got == {"username": "letter", "password": "open sesame"}
    assert talk.asked == ["username", "password"]


def test_what_the_table_names_and_is_not_there_is_asked_for_too(tmp_path: Path) -> None:
    mail = '[channels.readers]\nkind = "email"\nusername = "env:NOBODY_SET_THIS"\n'
    draft = drafted(tmp_path, mail, kind="email", name="readers")
    assert "username" in draft.open
    talk = Person(answers={"username": "letter"})
    assert connecting.ask(draft, talk)["username"] == "letter"


def test_a_typed_number_is_one_and_a_typed_list_too(tmp_path: Path) -> None:
    assert connecting.read_as(int, "25") == 25
    assert connecting.read_as(tuple[str, ...], "a, b c") == ["a", "b", "c"]
    assert connecting.read_as(int, "many") == "many"


def test_a_secret_of_a_file_is_written_for_its_owner_alone(tmp_path: Path) -> None:
    draft = drafted(tmp_path, f'[channels.forum]\n{LEMMY}password = "file:keys/lemmy"\n')
    one = stored(draft, password="open sesame")
    assert one.path == tmp_path / "keys/lemmy"
    assert one.path.read_text() == "open sesame\n"
    assert (mode(one.path), mode(one.path.parent)) == (0o600, 0o700)
    assert (one.path.parent / ".gitignore").read_text() == "*\n"


def test_what_stood_in_a_file_is_kept_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("earlier")
    path.chmod(0o644)
    draft = drafted(tmp_path, f'[channels.forum]\n{LEMMY}password = "file:secret"\n')
    one = stored(draft, password="later")
    assert one.before == tmp_path / "secret.before"
    assert (one.before.read_text(), path.read_text()) == ("earlier\n", "later\n")
    assert (mode(path), mode(one.before)) == (0o600, 0o600)


def test_a_group_that_could_read_a_secret_still_can(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("earlier")
    path.chmod(0o640)
    connecting.write_secret(path, "later")
    assert mode(path) == 0o640


def test_a_secret_of_the_environment_is_written_nowhere(tmp_path: Path) -> None:
    draft = drafted(tmp_path, f'[channels.forum]\n{LEMMY}password = "env:NOBODY_SET_THIS"\n')
    one = stored(draft, password="open sesame")
    assert (one.variable, one.path) == ("NOBODY_SET_THIS", None)
    assert [path.name for path in tmp_path.iterdir()] == ["publisher.toml"]


@pytest.mark.parametrize("said", ["", 'password = "in plain sight"\n'])
def test_a_secret_without_a_place_gets_one_beside_the_configuration(
    tmp_path: Path, said: str
) -> None:
    one = stored(drafted(tmp_path, f"[channels.forum]\n{LEMMY}{said}"), password="open sesame")
    assert one.path == tmp_path / "secrets/forum.password"
    assert one.line == 'password = "file:secrets/forum.password"'


def test_what_is_no_secret_is_a_line_for_the_table(tmp_path: Path) -> None:
    one = stored(drafted(tmp_path, ""), instance='https://lemmy.example/"')
    assert one.line == 'instance = "https://lemmy.example/\\""'


def test_what_did_not_change_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("the same\n")
    draft = drafted(tmp_path, f'[channels.forum]\n{LEMMY}password = "file:secret"\n')
    assert list(connecting.store(draft, {"password": "the same"})) == []


def test_a_file_that_cannot_be_written_loses_no_secret(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("a file where a folder should be")
    draft = drafted(tmp_path, f'[channels.forum]\n{LEMMY}password = "file:keys/lemmy"\n')
    one = stored(draft, password="open sesame")
    assert one.trouble
    assert one.value == "open sesame"


def test_a_secret_shows_in_no_word_about_where_it_went(tmp_path: Path) -> None:
    assert "sesame" not in repr(stored(drafted(tmp_path, ""), password="open sesame"))


def test_a_new_table_stands_at_the_end_and_is_read_back(tmp_path: Path) -> None:
    draft = drafted(tmp_path, "# kept")
    got = {"instance": "https://lemmy.example", "community": "c", "password": "p"}
    connecting.append(draft.file, connecting.new_table(draft, connecting.store(draft, got)))
    text = draft.file.read_text()
    assert text.startswith(f"{SITE}# kept\n\n[channels.lemmy]\nkind = ")
    table = config.load(draft.file)[0].channels["lemmy"]
    assert table == {"kind": "lemmy", **got, "password": "file:secrets/lemmy.password"}


def test_a_table_that_cannot_stand_at_the_end_is_not_added(tmp_path: Path) -> None:
    file = tmp_path / "publisher.toml"
    file.write_text("channels = {}\n")
    with pytest.raises(BadConfig, match="not valid TOML"):
        connecting.append(file, '[channels.lemmy]\nkind = "lemmy"\n')
    assert file.read_text() == "channels = {}\n"


def test_a_new_value_that_is_wrong_is_named_before_anything_is_written(tmp_path: Path) -> None:
    draft = drafted(tmp_path, f"[channels.forum]\n{LEMMY}")
    channel, mistakes = connecting.build(draft, {"username": "letter", "password": ""})
    assert channel is None
    assert "password" in str(mistakes[0])
