"""The options that say what a reader wants, and what can be wanted here."""

import re
from collections.abc import Sequence

import click

from publisher import wiring
from publisher.cli.finding import Wrong
from publisher.config import LANGUAGE, unknown
from publisher.domain.channel import Corresponding, Mailing
from publisher.domain.subscriber import LONGEST_WAIT, can_wait
from publisher.importing.taking import Asking
from publisher.registry import Configured

language_option = click.option(
    "--language",
    "languages",
    multiple=True,
    metavar="L",
    help="An edition they read; may be repeated. Else the site's language.",
)
list_option = click.option(
    "--list",
    "lists",
    multiple=True,
    metavar="C",
    help="A channel whose mail they get; may be repeated. Else every one that mails.",
)

else_after_option = click.option(
    "--else-after",
    type=click.IntRange(1, LONGEST_WAIT),
    metavar="N",
    help="Days after which the site's language will do. Else they wait for theirs for ever.",
)


def mailing_lists() -> dict[str, Configured]:
    """The channels that mail, by name. Raises BadConfig."""
    found = wiring.channels().items()
    return {name: channel for name, channel in found if isinstance(channel.channel, Mailing)}


def known_lists(lists: Sequence[str]) -> tuple[str, ...]:
    """The lists that were asked for. Raises Wrong for one that no channel is."""
    known = sorted(mailing_lists()) if lists else []
    for name in lists:
        if name not in known:
            raise Wrong(f"--list {name}: {unknown(name, known or ['(no channel mails)'])}")
    return tuple(dict.fromkeys(lists))


def known_languages(languages: Sequence[str]) -> tuple[str, ...]:
    """The languages that were asked for, in lower case. Raises Wrong for one nothing is sent in."""
    wanted = tuple(dict.fromkeys(map(language_code, languages)))
    found = mailing_lists().values() if wanted else ()
    known = sorted({lang for channel in found for lang in channel.languages})
    for language in wanted if known else ():
        if language not in known:
            raise Wrong(f"--language {language}: {unknown(language, known)}")
    return wanted


def language_code(language: str) -> str:
    """A language's code in lower case. Raises Wrong."""
    if not re.fullmatch(LANGUAGE, language.lower()):
        raise Wrong(f"--language {language}: is no language code such as en or pt-br")
    return language.lower()


def known_else_after(
    days: int | None, *, languages: Sequence[str], lists: Sequence[str]
) -> int | None:
    """The days that were asked for. Raises Wrong where they mean nothing for such readers."""
    if days is None:
        return None
    site, found = wiring.settings().site.language, mailing_lists()
    if not languages or site in languages:
        told = f"who reads {site}, the site's language, gets it at once"
        raise Wrong(f"--else-after {days}: {told}; say another --language, or leave it out")
    theirs = [found[name].languages for name in (lists or found)]
    if not can_wait(languages, lists=theirs, site=site):
        both = f"none of their lists takes both {site} and {' or '.join(languages)}"
        raise Wrong(
            f"--else-after {days}: {both}; name both in `languages` of one, or leave it out"
        )
    return days


def asking(lists: Sequence[str]) -> Asking:
    """Which channel carries the mail that asks: the first list that can write to one person.

    Raises Wrong where none can.
    """
    able = {n for n, c in mailing_lists().items() if isinstance(c.channel, Corresponding)}
    found = [name for name in (*lists, *sorted(able)) if name in able]
    if not found:
        raise Wrong(
            "--ask: no channel can write to one person; add one, such as [channels.readers]"
        )
    return Asking(carrier=found[0], lang=wiring.settings().site.language)
