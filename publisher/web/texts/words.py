"""All that the readers' pages say, by what it is for."""

from collections.abc import Mapping
from dataclasses import dataclass

Failures = Mapping[int, tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class Texts:
    """All words of the readers' pages in one language. `{…}` stands for what a page fills in."""

    lang: str
    months: str
    date: str
    archive: str
    empty: str
    empty_more: str
    newest: str
    feeds: str
    feed_more: str
    feeds_tags: str
    licence: str
    newer: str
    older: str
    original: str
    discuss: str
    search: str
    search_words: str
    search_lang: str
    search_all: str
    search_more: str
    search_found: str
    search_none: str
    search_none_more: str
    search_anywhere: str
    search_before: str
    search_after: str
    leave: str
    leave_ask: str
    leave_address: str
    leave_button: str
    leave_else: str
    left: str
    left_more: str
    left_late: str
    back: str
    join: str
    join_to: str
    join_more: str
    address: str
    address_wrong: str
    address_jid: str
    editions: str
    editions_more: str
    else_after: str
    else_more: str
    else_wrong: str
    else_idle: str
    lists: str
    lists_none: str
    trap: str
    join_button: str
    once_more: str
    asked: str
    asked_more: str
    asked_late: str
    asked_message: str
    asked_message_more: str
    confirm: str
    confirm_ask: str
    confirm_button: str
    confirm_else: str
    confirmed: str
    confirmed_more: str
    confirmed_later: str
    stale: str
    stale_more: str
    anew: str
    choose: str
    choose_rather: str
    choose_button: str
    chosen: str
    failures: Failures
