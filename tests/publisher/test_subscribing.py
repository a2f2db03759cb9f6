"""Readers: addresses that are one, addresses that are none, and leaving."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from publisher import subscribing
from publisher.subscribing import BadAddress


def states(engine: Engine) -> dict[str, str]:
    return {row.address: row.state for row in subscribing.everyone(engine=engine)}


@pytest.mark.parametrize(
    "one, other",
    [
        ("Ann@Example.ORG", "ann@example.org"),
        (" ann@example.org ", "ann@example.org"),
        ("ann@bücher.example", "ann@xn--bcher-kva.example"),
    ],
)
def test_spellings_of_one_address_share_a_key(one: str, other: str) -> None:
    assert subscribing.parse(one).key == subscribing.parse(other).key


def test_an_address_is_kept_as_typed() -> None:
    assert subscribing.parse("Ann.Lee@Example.org").typed == "Ann.Lee@Example.org"


@pytest.mark.parametrize(
    "text",
    ["", "ann", "ann@", "@example.org", "ann@example.org\r\nRCPT TO:<x@y>", "a b@example.org",
     "ann@exa\x00mple.org", "a" * 300 + "@example.org", "ann@[127.0.0.1]", '"a b"@example.org'],
)  # fmt: skip
def test_what_is_no_address_is_refused_with_a_word(text: str) -> None:
    with pytest.raises(BadAddress, match=r"\S"):
        subscribing.parse(text)


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_a_bad_one(text: str) -> None:
    try:
        found = subscribing.parse(text)
    except BadAddress:
        return
    assert "@" in found.key
    assert not set("\r\n\0") & set(found.typed)


def test_one_bad_address_adds_none_of_them(engine: Engine) -> None:
    with pytest.raises(BadAddress):
        subscribing.add(["ann@example.org", "nonsense"], engine=engine)
    assert states(engine) == {}


def test_who_left_can_come_back(engine: Engine) -> None:
    subscribing.add(["ann@example.org"], engine=engine)
    assert subscribing.remove("ANN@example.org", engine=engine)
    assert not subscribing.remove("ann@example.org", engine=engine)
    assert states(engine) == {"ann@example.org": "left"}
    assert subscribing.add(["ann@example.org"], engine=engine) == [True]
    assert states(engine) == {"ann@example.org": "confirmed"}


def test_a_reader_leaves_by_their_token_once_or_twice(engine: Engine) -> None:
    subscribing.add(["ann@example.org", "bob@example.org"], engine=engine)
    token = subscribing.everyone(engine=engine)[0].token
    assert subscribing.leave(token, engine=engine)
    assert subscribing.leave(token, engine=engine)
    assert not subscribing.leave("guessed", engine=engine)
    assert states(engine) == {"ann@example.org": "left", "bob@example.org": "confirmed"}
