"""What an audit looks at and what it finds: things out there, and things that are odd."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Found:
    """A post or a mail that the outside itself says it holds.

    `remote_id` is the network's own number, or a mail's Message-ID; `recipient` the key that a
    reader's address is compared by, "" on a network.
    """

    channel: str
    remote_id: str
    recipient: str = ""


@dataclass(frozen=True, kw_only=True)
class Oddity:
    """Something that is not as it should be: which rule it breaks, where, how, and what helps."""

    rule: str
    place: str
    words: str
    remedy: str


@dataclass(frozen=True, kw_only=True)
class Invariant:
    """A rule by its short name, what it says, and what a person does when it does not hold.

    Some rules only tell what a person should know of a living store: no promise is broken by it.
    """

    name: str
    statement: str
    remedy: str
    promise: bool = True


MEND = "`publisher backup` it, stop `publisher up`, and mend the row or restore a backup"
LOOK = "`publisher log ISSUE --channel C` tells what is known; look whether it is out there"

INVARIANTS = {
    rule.name: rule
    for rule in (
        Invariant(
            name="rows",
            statement="Every row can be read: nothing is missing in it, and every number,"
            " moment, word and post is one.",
            remedy=MEND,
        ),
        Invariant(
            name="links",
            statement="Every row that belongs to another belongs to one that is there.",
            remedy=MEND,
        ),
        Invariant(
            name="balance",
            statement="For every post, planned = delivered + refused + skipped + held + waiting"
            " (pending, sending, unsure); a post to a network has its one delivery.",
            remedy=MEND,
        ),
        Invariant(
            name="once",
            statement="An edition has one post for a channel, and a reader at most one delivery"
            " of it; and of an issue, where they got the original in place of a translation.",
            remedy="stop `publisher up`, and see with `publisher log ISSUE` which one was sent",
        ),
        Invariant(
            name="proof",
            statement="What is `delivered` has a receipt or a person's word for it, and nothing"
            " else has one.",
            remedy=LOOK,
        ),
        Invariant(
            name="log",
            statement="Every change of state has its row in the log, which begins with the first"
            " state, goes only the ways there are, counts the attempts, and ends where the"
            " delivery stands.",
            remedy=LOOK,
        ),
        Invariant(
            name="clock",
            statement="Nothing that has happened is dated in the future, and nothing waits longer"
            " than two days.",
            remedy="set the clock right; `publisher retry ISSUE --channel C` hurries what waits",
            promise=False,
        ),
        Invariant(
            name="secrets",
            statement="No secret of the configuration stands in any row.",
            remedy="change that password or token, then mend the row",
        ),
        Invariant(
            name="lost",
            statement="What is `delivered` is out there.",
            remedy=LOOK,
        ),
        Invariant(
            name="stray",
            statement="What is out there belongs to a delivery that is `delivered` or in doubt.",
            remedy="`publisher settle ISSUE --channel C --delivered URL`",
        ),
        Invariant(
            name="double",
            statement="Nothing is out there twice.",
            remedy="take the second one down by hand",
        ),
        Invariant(
            name="twice",
            statement="What is out there twice was sent again after a doubt, by a person's word or"
            ' by `when_unsure = "resend"`.',
            remedy='nothing, or `when_unsure = "hold"`',
            promise=False,
        ),
        Invariant(
            name="lease",
            statement="Nothing is in a worker's hands for longer than its lease.",
            remedy="start `publisher up`: the schedule takes it back",
            promise=False,
        ),
        Invariant(
            name="late",
            statement="What is due is taken up within a quarter of an hour.",
            remedy="start `publisher up`; if it runs, see its log and `publisher check`",
            promise=False,
        ),
        Invariant(
            name="stopped",
            statement="Nothing waits for a person: no channel, issue or store is stopped.",
            remedy="what its reason says",
            promise=False,
        ),
    )
}
