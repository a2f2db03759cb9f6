"""The options that say what a reader wants, and what can be wanted here."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import click

from publisher import wiring, wishes
from publisher.cli.finding import Wrong
from publisher.domain.subscriber import LONGEST_WAIT
from publisher.importing.taking import Asking
from publisher.registry import Configured
from publisher.wishes import BadWish

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
    return wishes.mailing(wiring.channels())


def known_lists(lists: Sequence[str]) -> tuple[str, ...]:
    """The lists that were asked for. Raises Wrong for one that no channel is."""
    with _told():
        return wishes.known_lists(lists, mailing_lists() if lists else {})


def known_languages(languages: Sequence[str]) -> tuple[str, ...]:
    """The languages that were asked for, in lower case. Raises Wrong for one nothing is sent in."""
    with _told():
        return wishes.known_languages(languages, mailing_lists() if languages else {})


def language_code(language: str) -> str:
    """A language's code in lower case. Raises Wrong."""
    with _told():
        return wishes.language_code(language)


def known_else_after(
    days: int | None, *, languages: Sequence[str], lists: Sequence[str]
) -> int | None:
    """The days that were asked for. Raises Wrong where they mean nothing for such readers."""
    there, site = mailing_lists() if days else {}, wiring.settings().site.language
    with _told():
        return wishes.known_else_after(
            days, languages=languages, lists=lists, there=there, site=site
        )


def asking(lists: Sequence[str]) -> Asking:
    """Which channel carries the mail that asks. Raises Wrong where none can."""
    with _told():
        return wishes.asking(lists, mailing_lists(), wiring.settings().site.language)


@contextmanager
def _told() -> Iterator[None]:
    """Name the option that a wish was said with."""
    try:
        yield
    except BadWish as error:
        colon = "" if error.has_value else ":"
        raise Wrong(f"--{error.what.replace('_', '-')}{colon} {error}") from error
