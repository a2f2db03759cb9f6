import pytest

from publisher.domain import bounce

SECRET = b"k" * 32


def test_a_bounce_names_the_delivery_whose_mail_came_back() -> None:
    token = bounce.token(123_456_789, SECRET)
    assert bounce.delivery_of(token, SECRET) == 123_456_789


def test_servers_that_change_the_case_of_an_address_lose_nothing() -> None:
    assert bounce.delivery_of(bounce.token(0xABC, SECRET).upper(), SECRET) == 0xABC


@pytest.mark.parametrize("spoilt", ["", "1", "1-", "1-" + "0" * 20, "-" + "0" * 20, "x-y", "1-ü"])
def test_what_we_did_not_sign_names_nothing(spoilt: str) -> None:
    assert bounce.delivery_of(spoilt, SECRET) is None


def test_a_token_cut_short_or_of_another_delivery_names_nothing() -> None:
    token = bounce.token(7, SECRET)
    for other in (token[:-1], "8" + token[1:], token + "0", bounce.token(7, b"other")):
        assert bounce.delivery_of(other, SECRET) is None
