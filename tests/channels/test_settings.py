"""How a channel's wrong settings are told."""

from dataclasses import dataclass, field

import pytest

from channels._settings import require


@dataclass(frozen=True, kw_only=True)
class Place:
    name: str
    token: str = field(repr=False)


def test_every_wrong_setting_is_told_and_no_secret() -> None:
    place = Place(name="quay", token="s3cr3t")
    with pytest.raises(ValueError) as raised:
        require(place, [("name", False, "longer"), ("token", False, "a token")])
    assert raised.value.args == (
        "name must be longer, not 'quay'",
        "token must be a token, not what is there",
    )


def test_an_empty_secret_is_told_to_be_empty() -> None:
    with pytest.raises(ValueError, match=r"^token must be there, not 'empty'$"):
        require(Place(name="quay", token=""), [("token", False, "there")])
