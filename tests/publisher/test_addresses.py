"""Addresses that are one, addresses that are none, and those that look like others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher import addresses
from publisher.addresses import BadAddress, parse, plain, telling


@pytest.mark.parametrize(
    "one, other",
    [
        ("Ann@Example.ORG", "ann@example.org"),
        (" ann@example.org \t", "ann@example.org"),
        ("ann@bücher.example", "ann@xn--bcher-kva.example"),
        ("ann@BÜCHER.example", "ann@bücher.example"),
        ("ann@bücher。example", "ann@bücher.example"),  # the full stop of Chinese and Japanese
        ("JOSÉ@example.org", "josé@example.org"),
        ("jose\u0301@example.org", "jos\u00e9@example.org"),  # decomposed, composed
        ("用户@例子.广告", "用户@xn--fsqu00a.xn--4rr70v"),
    ],
)
def test_spellings_of_one_address_share_a_key(one: str, other: str) -> None:
    assert parse(one).key == parse(other).key


@pytest.mark.parametrize(
    "one, other",
    [
        ("ann@example.org", "аnn@example.org"),  # the other with a Cyrillic а
        ("ann@paypal.example", "ann@pаypal.example"),
        ("ann+news@example.org", "ann@example.org"),
        ("a.nn@example.org", "ann@example.org"),
    ],
)
def test_addresses_that_only_look_alike_are_two(one: str, other: str) -> None:
    assert parse(one).key != parse(other).key


@pytest.mark.parametrize(
    "typed", ["Ann.Lee@Example.org", "ann@Bücher.example", "用户@例子.广告", "o'neil@example.org"]
)
def test_an_address_is_kept_as_typed(typed: str) -> None:
    assert parse(f"  {typed}\n").typed == typed


BAD = {
    "": "@-sign",
    "ann": "@-sign",
    "ann@": "after the @-sign",
    "@example.org": "before the @-sign",
    "a" * 300 + "@example.org": "longer than the 254",
    "ann@" + "a" * 290 + ".example": "longer than the 254",
    "ann@" + "a" * 64 + ".example": "separated by so many characters",
    "ann@example.org\r\nRCPT TO:<eve@example.net>": "invalid characters",
    "ann\n@example.org": "invalid characters",
    "ann@exa\rmple.org": "invalid characters",
    "ann@exa\0mple.org": "invalid characters",
    "an\x1bn@example.org": "invalid characters",
    "ann\u202egro.elpmaxe@example.org": "RIGHT-TO-LEFT OVERRIDE",
    "ann\u200b@example.org": "ZERO WIDTH SPACE",
    "\ufeffann@example.org": "ZERO WIDTH NO-BREAK SPACE",
    "a b@example.org": "SPACE",
    "ann@exam ple.org": "SPACE",
    '"ann lee"@example.org': "Quoting",
    '"ann"@example.org': "Quoting",
    "ann(comment)@example.org": "invalid characters",
    "ann@[127.0.0.1]": "bracketed",
    "ann@[IPv6:::1]": "bracketed",
    "Ann <ann@example.org>": "display name",
    "ann@localhost": "period",
    "ann@host.local": "special-use",
    "ann@example.123": "top-level",
    "ann@-example.org": "hyphen",
    "ann@exam--ple..org": "periods in a row",
    ".ann@example.org": "period",
    "ann.@example.org": "period",
    "ann@ab--cd.example": "two dashes",
    "ann@xn--a.example": "IDNA",
    "ann@exam\ud800ple.org": "SURROGATE|unsafe|invalid",
    "ann＠example.org": "full-width",
    "ann@example.org,bob@example.org": "invalid characters",
}


@pytest.mark.parametrize("text", BAD)
def test_what_is_no_address_is_refused_with_a_word(text: str) -> None:
    with pytest.raises(BadAddress, match=BAD[text]) as refused:
        parse(text)
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 400


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_a_bad_one(text: str) -> None:
    try:
        found = parse(text)
    except BadAddress:
        return
    assert "@" in found.key
    assert not set("\r\n\0") & set(found.typed)


@given(
    st.from_regex(r"[aZ0_.+-]{1,9}@[aZ0.-]{1,70}\.(test|org|local|arpa|1a|a1|o)", fullmatch=True)
)
def test_the_short_way_takes_nothing_that_the_long_one_refuses(text: str) -> None:
    if (short := plain(text)) is not None:
        assert short == addresses._any(text)


@given(
    st.from_regex(r"[a-zA-Z0-9_+.-]{1,30}@([a-zA-Z0-9-]{1,30}\.){1,3}[a-z]{2,6}", fullmatch=True)
)
def test_most_addresses_go_the_short_way_to_the_same_key(text: str) -> None:
    if (short := plain(text)) is not None:
        assert short == addresses._any(text)


def test_a_domain_that_may_look_like_another_is_told_in_ascii_too() -> None:
    found = parse("ann@pаypal.example")
    assert telling(found.typed, found.key) == "ann@pаypal.example (xn--pypal-4ve.example)"


@pytest.mark.parametrize(
    "address", ["Ann@Example.org", "ann@xn--bcher-kva.example", "josé@a.example"]
)
def test_an_ascii_domain_is_told_once(address: str) -> None:
    assert telling(address, parse(address).key) == address


@pytest.mark.parametrize(
    "one, other",
    [
        ("xmpp:Ann@Example.org", "xmpp:ann@example.org"),
        ("XMPP:ann@example.org", "xmpp:ann@example.org/phone"),
        ("xmpp:ann@example.org?message", " xmpp:ann@example.org"),
        ("xmpp:ann@BÜCHER.example", "xmpp:ann@bücher.example"),
    ],
)
def test_spellings_of_one_xmpp_address_share_a_key(one: str, other: str) -> None:
    assert parse(one).key == parse(other).key


def test_an_xmpp_address_is_another_than_the_mail_address_of_the_same_letters() -> None:
    assert parse("xmpp:ann@example.org").key != parse("ann@example.org").key
    assert (parse("xmpp:ann@example.org").scheme, parse("ann@example.org").scheme) == ("xmpp", "")


@pytest.mark.parametrize(
    "typed",
    [
        "xmpp:",
        "xmpp:example.org",
        "xmpp:@example.org",
        "xmpp:ann@",
        "xmpp:a b@example.org",
        f"xmpp:{'a' * 300}@example.org",
        "xmpp:ann@example.org\nBcc: b@example.org",
    ],
)
def test_what_is_no_xmpp_address_is_named(typed: str) -> None:
    with pytest.raises(BadAddress, match="xmpp:"):
        parse(typed)
