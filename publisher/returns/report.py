"""What a returned message can say, as data."""

from dataclasses import dataclass

from publisher.domain.bounce import Kind


@dataclass(frozen=True, kw_only=True)
class Said:
    """What is said of one recipient. `recipients` are the addresses they are called by, in lower
    case; `status` is an enhanced one (RFC 3463) or ""; `words` are the server's own.
    """

    kind: Kind
    recipients: tuple[str, ...] = ()
    status: str = ""
    words: str = ""


@dataclass(frozen=True, kw_only=True)
class Report:
    """A report of mail. Nothing in it is proven.

    `tokens` may name a delivery (`publisher.domain.bounce.token`), `leaving` a reader (the token
    of their leave link). `by_name` says that only what names the reader's own address is meant.
    """

    said: tuple[Said, ...]
    tokens: tuple[str, ...] = ()
    leaving: tuple[str, ...] = ()
    by_name: bool = False


@dataclass(frozen=True, kw_only=True)
class NoReport:
    """A message that reports nothing of our mail, and why it is taken for one."""

    why: str
