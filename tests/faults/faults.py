"""The faults that are no kills: a table of what each does, and what undoes it."""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass

from tests.faults import broken
from tests.faults.proxy import Trap
from tests.faults.scene import Scene, pick, trapped
from tests.faults.world import NETWORKS

Strike = Callable[[Scene, random.Random], None]
POST = {  # what a client has said when its post, or its mail, is about to be taken
    "mastodon": re.compile(rb"POST /api/v1/statuses HTTP"),
    "reddit": re.compile(rb"POST /api/submit"),
    "lemmy": re.compile(rb"POST /api/v\d/post HTTP"),
    "email": re.compile(rb"\r\n\.\r\n"),
}
ASKING = re.compile(rb"(GET|POST) /")  # whatever is said to a network
MAIL, RCPT, DATA = (re.compile(words) for words in (rb"(?i)MAIL FROM:", rb"RCPT TO:", rb"DATA\r\n"))
LYING = 10.0  # seconds that a fault waits for somebody to meet it


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A fault by name: what it does, what undoes it, how often it is drawn, and how it strikes.

    `database` is the kind it is for, if not for both.
    """

    name: str
    does: str
    undoes: str
    often: int
    strike: Strike
    database: str = ""


def _http(status: str, headers: str = "", body: str = "{}") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nConnection: close\r\n{headers}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()


def _at_post(do: str, answer: bytes = b"") -> Strike:
    """A fault of one network's answer to a post."""

    def strike(scene: Scene, chance: random.Random) -> None:
        network = chance.choice(NETWORKS)
        seconds = pick(chance, 2, 6)
        trap = Trap(after=POST[network], do=do, answer=answer, seconds=seconds)
        trapped(scene, network, trap, LYING)

    return strike


def _while_asked(do: str, answer: bytes = b"") -> Strike:
    """A fault of one network's answer to anything: to signing in and looking, too."""

    def strike(scene: Scene, chance: random.Random) -> None:
        trapped(scene, chance.choice(NETWORKS), Trap(after=ASKING, do=do, answer=answer), LYING)

    return strike


def _in_mail(after: re.Pattern[bytes], do: str, answer: str = "", *, doubts: int = 0) -> Strike:
    """A fault of the mail server. `doubts` is how many mails it may leave in doubt."""

    def strike(scene: Scene, chance: random.Random) -> None:
        seconds = pick(chance, 2, 6)
        words = f"{answer}\r\n".encode()
        scene.doubts += doubts
        trap = Trap(after=after, do=do, answer=words, seconds=seconds)
        trapped(scene, "email", trap, LYING)

    return strike


def _table(*rows: tuple[str, str, str, int, Strike, str]) -> tuple[Fault, ...]:
    return tuple(
        Fault(name=name, does=does, undoes=undoes, often=often, strike=strike, database=database)
        for name, does, undoes, often, strike, database in rows
    )


AGAIN = "the next attempt"
LOOK = "it is looked for, and found or sent"
DOUBT = "held, for nobody can be asked"
OPERATOR = "an operator's `retry`"
SOON = "by itself, seconds later"

FAULTS = _table(
    # processes and broker
    ("frozen-worker", "a worker is stopped (SIGSTOP) and goes on", SOON, 3, broken.freeze, ""),
    ("frozen-broker", "the broker is stopped and goes on", SOON, 1, broken.freeze_broker, ""),
    ("broker-flushed", "the broker forgets everything", "the sweep", 4, broken.flush, ""),
    ("broker-gone", "the broker is away for seconds", "it comes back", 2, broken.broker_gone, ""),
    ("doubled", "messages come thrice, in any order", "nothing", 4, broken.double, ""),
    ("stale", "hints at what is long done, or never was", "nothing", 4, broken.stale, ""),
    ("clock", "a worker's clock is off by up to 20 s", "its next start", 2, broken.clock, ""),
    ("operators", "two operators say `retry` at once", "nothing", 3, broken.operators, ""),
    # the store
    ("locked", "another program locks the store", SOON, 3, broken.lock, "sqlite"),
    ("disk-full", "nothing a worker writes reaches the disk", SOON, 3, broken.full_disk, "sqlite"),
    ("backends", "the store ends every connection", SOON, 3, broken.backends, "postgresql"),
    ("store-crash", "the store crashes and recovers", SOON, 2, broken.store_crash, "postgresql"),
    ("read-only", "the store takes no writes", SOON, 2, broken.read_only, "postgresql"),
    # mail
    ("mail-421", "421 to MAIL", AGAIN, 3, _in_mail(MAIL, "answer instead", "421 4.3.2 no"), ""),
    ("mail-451", "451 to RCPT", AGAIN, 3, _in_mail(RCPT, "answer instead", "451 4.7.1 later"), ""),
    ("mail-550", "the mail is refused", OPERATOR, 1, broken.told("email", "refuse"), ""),
    ("mail-cut", "the line is cut in the middle of DATA", AGAIN, 3,
     _in_mail(DATA, "cut in the next", doubts=1), ""),  # its dot may leave before that is noticed
    ("mail-lost", "the line is cut after the dot, the mail taken", DOUBT, 2,
     _in_mail(POST["email"], "swallow", doubts=2), ""),
    ("mail-garbled", "the answer to the dot is no SMTP", DOUBT, 1,
     _in_mail(POST["email"], "answer otherwise", "what?", doubts=2), ""),
    ("mail-tarpit", "answers come a byte at a time", SOON, 2, _in_mail(MAIL, "dawdle"), ""),
    ("mail-slow", "the answer to the dot takes seconds", SOON, 2,
     _in_mail(POST["email"], "delay"), ""),
    # networks
    ("429-with", "429 with Retry-After", AGAIN, 3,
     _at_post("answer instead", _http("429 Too Many Requests", "Retry-After: 2\r\n")), ""),
    ("429-without", "429 without Retry-After", AGAIN, 3,
     _at_post("answer instead", _http("429 Too Many Requests")), ""),
    ("500", "500, and nothing kept", LOOK, 3,
     _at_post("answer instead", _http("500 Internal Server Error")), ""),
    ("502-after", "502, and the post was taken", LOOK, 4,
     _at_post("answer otherwise", _http("502 Bad Gateway")), ""),
    ("malformed", "the post was taken, the answer is no JSON", LOOK, 4,
     _at_post("answer otherwise", _http("200 OK", body="{oops")), ""),
    ("redirect", "a redirect to another place", OPERATOR, 2,
     _at_post("answer instead", _http("302 Found", "Location: /elsewhere\r\n")), ""),
    ("lost", "the post was taken, the line is cut", LOOK, 5, _at_post("swallow"), ""),
    ("cut", "the line is cut before the post arrives", LOOK, 4, _at_post("cut before"), ""),
    ("slow", "the answer takes seconds", SOON, 3, _at_post("delay"), ""),
    ("blind", "500 to whatever is asked, looks included", AGAIN, 3,
     _while_asked("answer instead", _http("500 Internal Server Error")), ""),
    ("tarpit", "answers come a byte at a time", SOON, 1, _while_asked("dawdle"), ""),
    ("gone", "a network, or the mail server, is gone for seconds", SOON, 3, broken.gone, ""),
    ("revoked", "a token is revoked, then restored", OPERATOR, 2, broken.revoke, ""),
    ("refused", "a post is refused", OPERATOR, 1, broken.refuse, ""),
)  # fmt: skip


def named(database: str) -> dict[str, Fault]:
    """The faults that a store of this kind can meet, by name."""
    return {one.name: one for one in FAULTS if one.database in ("", database)}
