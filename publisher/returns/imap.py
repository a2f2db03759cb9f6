"""Letters in an IMAP mailbox (RFC 3501): what is unseen, and marked as seen once it is recorded."""

import imaplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial

from publisher.returns.letter import BadMailbox, Letter, Letters, MailboxTrouble, Tray, Unreadable
from publisher.returns.opening import LONGEST

FLAGS = {Tray.REPORTS: r"(\Seen)", Tray.OTHERS: r"(\Seen \Flagged)"}


@dataclass(frozen=True, kw_only=True)
class Account:
    """Where an IMAP mailbox is, and who may read it. `timeout` is in seconds, for each answer."""

    host: str
    port: int = 993
    tls: str = "implicit"
    username: str = ""
    password: str = field(default="", repr=False)
    folder: str = "INBOX"
    timeout: float = 30

    def __str__(self) -> str:
        return f"{self.folder} of {self.username} on {self.host}:{self.port}"


def letters(account: Account) -> Letters:
    """The unseen messages of a mailbox, the oldest first.

    Who reads them changes nothing; what is put away is seen from then on, and flagged where a
    person may want to look at it. Raises BadMailbox and MailboxTrouble.
    """
    with _named(account):
        line = _connected(account)
    try:
        with _named(account):
            found = _answer(line.uid("SEARCH", "UNSEEN", "UNDELETED"), account)
        for uid in b" ".join(one for one in found if isinstance(one, bytes)).split():
            with _named(account):
                letter = _letter(line, uid.decode(), account)
            yield letter
    finally:
        _part(line)


def _part(line: imaplib.IMAP4) -> None:
    try:
        line.logout()
    except (imaplib.IMAP4.error, OSError):
        with suppress(OSError):
            line.shutdown()


@contextmanager
def _named(account: Account) -> Iterator[None]:
    """Say of which mailbox a failure is."""
    try:
        yield
    except (imaplib.IMAP4.error, OSError, UnicodeError) as error:
        raise MailboxTrouble(
            f"{account} cannot be read now: {error or type(error).__name__}"
        ) from error


def _connected(account: Account) -> imaplib.IMAP4:
    """A line that is encrypted, signed in, and in the folder."""
    line = _open(account)
    try:
        if account.tls == "starttls":
            line.starttls(ssl.create_default_context())
        _sign_in(line, account)
    except BaseException:
        line.shutdown()
        raise
    return line


def _open(account: Account) -> imaplib.IMAP4:
    host, port, timeout = account.host, account.port, account.timeout
    if account.tls != "implicit":
        return imaplib.IMAP4(host, port, timeout=timeout)
    trust = ssl.create_default_context()
    return imaplib.IMAP4_SSL(host, port, ssl_context=trust, timeout=timeout)


def _sign_in(line: imaplib.IMAP4, account: Account) -> None:
    try:
        line.login(account.username, account.password)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as error:
        remedy = "mend [bounces] username and password"
        raise BadMailbox(f"{account}: the server does not let us in ({error}); {remedy}") from error
    quoted = '"' + account.folder.replace("\\", "\\\\").replace('"', '\\"') + '"'
    answer, words = line.select(quoted)
    if answer != "OK":
        raise BadMailbox(f"{account}: there is no such folder ({words!r}); mend [bounces] folder")


def _letter(line: imaplib.IMAP4, uid: str, account: Account) -> Letter | Unreadable:
    place = f"message {uid} in {account}"
    found = _answer(line.uid("FETCH", uid, f"(BODY.PEEK[]<0.{LONGEST}>)"), account)
    raw = next((one[1] for one in found if isinstance(one, tuple)), None)
    if raw is None:
        return Unreadable(place=place, why="the server does not give it")
    return Letter(place=place, raw=raw, put_away=partial(_put_away, line, uid, account))


def _put_away(line: imaplib.IMAP4, uid: str, account: Account, tray: Tray) -> None:
    with _named(account):
        _answer(line.uid("STORE", uid, "+FLAGS.SILENT", FLAGS[tray]), account)


Found = list[bytes | tuple[bytes, bytes] | None]


def _answer(answer: tuple[str, Found], account: Account) -> Found:
    if answer[0] != "OK":
        raise MailboxTrouble(f"{account}: the server says {answer[0]} {answer[1]!r}")
    return answer[1]
