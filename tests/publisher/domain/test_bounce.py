import pytest

from publisher.domain import bounce
from publisher.domain.bounce import STOPPED_AT, Kind, is_wave, points

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


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("5.1.1", Kind.HARD),
        ("5.1.10", Kind.HARD),
        ("5.4.4", Kind.HARD),
        ("5.7.17", Kind.HARD),
        ("5.1.7", Kind.POLICY),
        ("5.7.1", Kind.POLICY),
        ("5.7.515", Kind.POLICY),
        ("4.7.0", Kind.POLICY),
        ("5.2.2", Kind.SOFT),
        ("5.4.1", Kind.SOFT),
        ("4.1.1", Kind.SOFT),
        ("5.9.9", Kind.SOFT),
        ("5.1.0", Kind.SOFT),
        ("5.2.1", Kind.HARD),
        ("5.2.3", Kind.POLICY),
        ("5.3.4", Kind.POLICY),
        ("5.5.2", Kind.POLICY),
        ("5.6.1", Kind.POLICY),
        ("4.4.7", Kind.SOFT),
        ("", Kind.SOFT),
        ("nonsense", Kind.SOFT),
    ],
)
def test_the_status_tells_whose_fault_it_is(status: str, kind: Kind) -> None:
    assert bounce.kind_of(status) is kind


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("550 5.1.1 no such user", "5.1.1"),
        ("550-5.1.1 no such user", "5.1.1"),
        ("5.7.1", "5.7.1"),
        ("550 no such user 5.1.1", ""),
        ("550 192.0.2.1 is listed", ""),
        ("550 5.1.1.1 is no status", ""),
        ("450 3.1.1 is no status", ""),
        ("", ""),
    ],
)
def test_the_status_is_read_where_servers_put_it(words: str, status: str) -> None:
    assert bounce.status_in(words) == status


@pytest.mark.parametrize(
    ("history", "stops"),
    [
        ([Kind.HARD], False),
        ([Kind.HARD, Kind.HARD], True),
        ([Kind.HARD, None, Kind.HARD], False),
        ([Kind.SOFT] * 4, False),
        ([Kind.SOFT] * 5, True),
        ([Kind.SOFT, None] * 20, False),
        ([None] * 9 + [Kind.HARD] * 2, True),
        ([Kind.HARD, Kind.POLICY, Kind.HARD], True),
        ([Kind.POLICY] * 20, False),
        ([Kind.DELAYED] * 20, False),
        ([], False),
    ],
)
def test_two_hard_bounces_or_five_soft_ones_in_a_row_are_enough(
    history: list[Kind | None], stops: bool
) -> None:
    assert (points(history) >= STOPPED_AT) is stops


@pytest.mark.parametrize(
    ("bounced", "copies", "wave"),
    [(19, 19, False), (20, 199, True), (20, 200, False), (21, 200, True), (0, 0, False)],
)
def test_a_tenth_of_an_issue_and_at_least_twenty_copies_are_a_wave(
    bounced: int, copies: int, wave: bool
) -> None:
    assert is_wave(bounced=bounced, copies=copies) is wave
