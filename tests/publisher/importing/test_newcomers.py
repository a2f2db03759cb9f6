"""Rows of listmonk, Mailchimp and others, as the readers they tell of."""

from datetime import UTC, datetime

import pytest

from publisher.importing.newcomers import moment
from tests.publisher.importing.files import read

MAILCHIMP = (
    '"Email Address","First Name","Last Name",Address,LANG,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,'
    "CONFIRM_TIME,CONFIRM_IP,LATITUDE,LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,LAST_CHANGED,"
    "LEID,EUID,NOTES,TAGS\n"
    'ann@example.org,Ann,Lee,"1 Quay St",de,2,"2016-04-18 13:50:00",192.0.2.1,'
    '"2016-04-18 13:51:14",192.0.2.2,,,,,,,,"2016-04-18 14:00:32",1,2,,\n'
)
LISTMONK = (
    "uuid,email,name,attributes,status,created_at,updated_at\n"
    "u1,ann@example.org,Ann,{},enabled,2023-05-06 07:08:09.123456 +0000 UTC,x\n"
    'u2,bob@example.org,Bob,"{""lang"": ""pt_BR""}",disabled,,\n'
    "u3,eve@example.org,Eve,{broken,blocklisted,,\n"
)


def test_mailchimps_consent_is_kept_in_words() -> None:
    [ann], _ = read(MAILCHIMP, source="subscribed_members_export_1a.csv")
    assert (ann.address, ann.name, ann.languages) == ("ann@example.org", "Ann Lee", ("de",))
    assert ann.words == (
        "signed up 2016-04-18 13:50:00 from 192.0.2.1; confirmed 2016-04-18 13:51:14 from 192.0.2.2"
    )
    assert ann.since == datetime(2016, 4, 18, 13, 51, 14, tzinfo=UTC)
    assert ann.standing == "confirmed"


@pytest.mark.parametrize(
    ("source", "standing", "reason"),
    [
        ("subscribed_email_audience_export_1a.csv", "confirmed", ""),
        ("unsubscribed_email_audience_export_1a.csv", "left", ""),
        ("cleaned_members_export_1a.csv", "stopped", "cleaned"),
        ("readers.csv", "confirmed", ""),
    ],
)
def test_mailchimps_file_names_tell_how_readers_stand(
    source: str, standing: str, reason: str
) -> None:
    [ann], _ = read(MAILCHIMP, source=source)
    assert (ann.standing, ann.reason) == (standing, reason)


def test_mailchimps_contacts_who_never_asked_are_left_out() -> None:
    new, [(_, why)] = read(MAILCHIMP, source="nonsubscribed_members_export_1a.csv")
    assert (new, "never asked" in why) == ([], True)


def test_a_time_of_leaving_is_a_no_whatever_the_file_is_called() -> None:
    text = "Email Address,OPTIN_TIME,UNSUB_TIME,UNSUB_REASON\n"
    text += "ann@example.org,2016-04-18 13:50:00,2020-01-02 03:04:05,NORMAL\n"
    [ann], _ = read(text)
    assert (ann.standing, ann.since) == ("left", datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC))


def test_listmonks_states_and_attributes_are_known() -> None:
    [ann, bob, eve], bad = read(LISTMONK)
    assert [reader.standing for reader in (ann, bob, eve)] == ["confirmed", "left", "stopped"]
    assert (bob.languages, eve.reason, bad) == (("pt-br",), "blocklisted", [])
    assert ann.since == datetime(2023, 5, 6, 7, 8, 9, tzinfo=UTC)
    assert ann.words == "listed since 2023-05-06 07:08:09.123456 +0000 UTC"


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("maybe,", "the status 'maybe' is not known; expected one of enabled, subscribed"),
        (",news", "the list 'news' is not known (known: readers, weekly); say --list"),
        ("non-subscribed,", "never asked"),
    ],
)
def test_a_row_that_is_not_understood_is_left_out_with_the_reason(row: str, why: str) -> None:
    new, [(line, said)] = read(f"email,status,lists\nann@example.org,{row}\n")
    assert (new, line) == ([], 2)
    assert why in said


def test_lists_that_are_said_stand_in_for_those_of_another_program() -> None:
    [ann], _ = read("email,lists\nann@example.org,Other Program\n", lists=("readers",))
    assert ann.lists == ("readers",)


def test_the_rows_languages_go_before_those_that_are_said() -> None:
    new, _ = read(
        "email,language\na@example.org,DE;fr\nb@example.org,\nc@example.org,Klingon!\n",
        languages=("en",),
    )
    assert [reader.languages for reader in new] == [("de", "fr"), ("en",), ("en",)]
    assert [reader.odd_language for reader in new] == ["", "", "klingon!"]


def test_a_name_keeps_to_one_line_and_acts_on_no_terminal() -> None:
    new, [(line, why)] = read(
        'email,name\na@example.org,"A\x1b[2J\tB"\nb@example.org,"B\nBcc: x"\n'
    )
    assert [reader.name for reader in new] == ["A [2J B"]
    assert (line, "several lines" in why) == (3, True)


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2016-13-40 25:61:00", "0001-01-01 00:00:00+14:00"]
)
def test_what_is_no_time_is_none(text: str) -> None:
    assert moment(text) is None


def test_a_time_to_come_is_no_consent() -> None:
    [ann], _ = read("email,joined_at\nann@example.org,2199-01-01T00:00:00Z\n")
    assert ann.since is None
