"""What becomes of a change to what is out: carried in silence, or a person is asked first."""

import re
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

WITHDRAWN = "nothing was taken down"
OF_AN_ISSUE = ".correction-"  # in the key of a mail that corrects an issue, behind that one's
AT_MOST = 5  # issues changed in one look; more is a tidying up, and nobody's correction


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What a site says of corrections.

    Within `within` of its planning, an edition that changed is carried to where it can be edited,
    once it stays as it is for `after`, unless more than `largest` of its words are others (0 to 1).
    """

    automatic: bool = True
    after: timedelta = timedelta(minutes=5)
    within: timedelta = timedelta(days=30)
    largest: float = 0.5


@dataclass(frozen=True, kw_only=True)
class Change:
    """One edition that is out and says something else at its source.

    `share` of its words are others (0 to 1), `together` so many issues changed in one look;
    `withdrawn` and `errors` are words for why it is none any more, and what is wrong with it.
    """

    issue: str
    lang: str
    revision: str
    share: float = 0.0
    together: int = 1
    withdrawn: str = ""
    errors: str = ""
    is_silenced: bool = False  # `correction: false` in its head


def question(change: Change, rules: Rules) -> str:
    """Why a person is asked before anything is carried, "" where nobody is."""
    carry = f"`publisher correct {change.issue}` carries it all the same"
    many = change.together > AT_MOST
    asked = [
        (change.withdrawn, f"{change.withdrawn} after it went out; {WITHDRAWN}"),
        (change.errors, f"was changed after it went out, and has errors: {change.errors}"),
        (not rules.automatic, f"was changed after it went out; {carry}"),
        (many, f"was changed after it went out, with {change.together - 1} others; {carry}"),
        (
            change.share > rules.largest,
            f"was changed after it went out: {change.share:.0%} of its words are others; {carry}",
        ),
    ]
    return next((words for true, words in asked if true), "")


def share_changed(before: str, after: str) -> float:
    """How much of two texts' words is not in both, from 0 to 1, wherever it stands."""
    one, other = (Counter(re.findall(r"\w+", text)) for text in (before, after))
    both, all_ = (one & other).total(), one.total() + other.total()
    return 1 - 2 * both / all_ if all_ else 0.0
