"""What readers can wish for here: the lists and languages that there are, and who can be asked."""

import re
from collections.abc import Mapping, Sequence

from publisher.config import LANGUAGE, unknown
from publisher.domain.channel import Corresponding, Mailing
from publisher.domain.subscriber import can_wait
from publisher.importing.taking import Asking
from publisher.registry import Configured

Lists = Mapping[str, Configured]  # the channels that mail, by name


class BadWish(ValueError):
    """What cannot be wished for here. `what` it is: list, language, else_after or ask."""

    def __init__(self, what: str, value: object, why: str) -> None:
        super().__init__(f"{value}: {why}" if value else why)
        self.what, self.has_value = what, bool(value)


def mailing(channels: Mapping[str, Configured]) -> dict[str, Configured]:
    """The channels that mail, by name."""
    return {name: one for name, one in channels.items() if isinstance(one.channel, Mailing)}


def known_lists(names: Sequence[str], there: Lists) -> tuple[str, ...]:
    """The lists that were asked for. Raises BadWish for one that no channel is."""
    for name in names:
        if name not in there:
            raise BadWish("list", name, unknown(name, sorted(there) or ["(no channel mails)"]))
    return tuple(dict.fromkeys(names))


def known_languages(languages: Sequence[str], there: Lists) -> tuple[str, ...]:
    """The languages asked for, in lower case. Raises BadWish for one nothing is sent in."""
    wanted = tuple(dict.fromkeys(map(language_code, languages)))
    known = sorted({lang for channel in there.values() for lang in channel.languages})
    for language in wanted if known else ():
        if language not in known:
            raise BadWish("language", language, unknown(language, known))
    return wanted


def language_code(language: str) -> str:
    """A language's code in lower case. Raises BadWish."""
    if not re.fullmatch(LANGUAGE, language.lower()):
        raise BadWish("language", language, "is no language code such as en or pt-br")
    return language.lower()


def known_else_after(
    days: int | None, *, languages: Sequence[str], lists: Sequence[str], there: Lists, site: str
) -> int | None:
    """The days asked for. Raises BadWish where they mean nothing for such readers."""
    if days is None:
        return None
    if not languages or site in languages:
        told = f"who reads {site}, the site's language, gets it at once"
        raise BadWish("else_after", days, f"{told}; say another language, or leave it out")
    theirs = [there[name].languages for name in (lists or there)]
    if not can_wait(languages, lists=theirs, site=site):
        both = f"none of their lists takes both {site} and {' or '.join(languages)}"
        help = "name both in `languages` of one, or leave it out"
        raise BadWish("else_after", days, f"{both}; {help}")
    return days


def asking(lists: Sequence[str], there: Lists, lang: str) -> Asking:
    """Which channel carries the mail that asks: the first list that can write to one person.

    Raises BadWish where none can.
    """
    able = {n for n, c in there.items() if isinstance(c.channel, Corresponding)}
    found = [name for name in (*lists, *sorted(able)) if name in able]
    if not found:
        why = "no channel can write to one person; add one, such as [channels.readers]"
        raise BadWish("ask", "", why)
    return Asking(carrier=found[0], lang=lang)
