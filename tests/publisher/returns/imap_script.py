"""A stand-in of an IMAP server: as much of RFC 3501 as the reading of one mailbox needs."""

import re
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Box:
    """What the server holds: messages by UID, their flags, and how it misbehaves.

    `hangs_up_at` names a command that it closes the line at, `denies` one that it says NO to.
    """

    messages: dict[int, bytes]
    flags: dict[int, set[str]] = field(default_factory=dict)
    password: str = "secret"
    folder: str = "INBOX"
    hangs_up_at: str = ""
    denies: str = ""
    port: int = 0

    def unseen(self) -> list[int]:
        return [uid for uid in self.messages if "\\Seen" not in self.flags.get(uid, set())]


class _Line(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.wfile.write(b"* OK stand-in ready\r\n")
        while line := self.rfile.readline().decode().strip():
            tag, command, *words = line.split(" ", 3)
            name = words[0].upper() if command.upper() == "UID" else command.upper()
            if name == self.box.hangs_up_at:
                return
            no = name == self.box.denies
            said, answer = (b"", "NO denied") if no else ANSWERS[name](self.box, " ".join(words))
            self.wfile.write(said + f"{tag} {answer}\r\n".encode())

    @property
    def box(self) -> Box:
        return self.server.box  # type: ignore[attr-defined,no-any-return]


def _uid(words: str) -> int:
    return int(re.findall(r"\d+", words)[0])


def _login(box: Box, words: str) -> tuple[bytes, str]:
    right = words == f'ann "{box.password}"'
    return b"", "OK in" if right else "NO [AUTHENTICATIONFAILED] wrong"


def _select(box: Box, words: str) -> tuple[bytes, str]:
    if words.strip('"') != box.folder:
        return b"", "NO [NONEXISTENT] no such folder"
    return b"* %d EXISTS\r\n" % len(box.messages), "OK [READ-WRITE] here"


def _search(box: Box, _: str) -> tuple[bytes, str]:
    return f"* SEARCH {' '.join(map(str, box.unseen()))}\r\n".encode(), "OK found"


def _fetch(box: Box, words: str) -> tuple[bytes, str]:
    uid = _uid(words)
    raw = box.messages[uid]
    return b"* 1 FETCH (UID %d BODY[]<0> {%d}\r\n%s)\r\n" % (uid, len(raw), raw), "OK given"


def _store(box: Box, words: str) -> tuple[bytes, str]:
    box.flags.setdefault(_uid(words), set()).update(re.findall(r"\\\w+", words))
    return b"", "OK kept"


ANSWERS: dict[str, Callable[[Box, str], tuple[bytes, str]]] = {
    "CAPABILITY": lambda _box, _words: (b"* CAPABILITY IMAP4rev1\r\n", "OK told"),
    "LOGIN": _login,
    "SELECT": _select,
    "SEARCH": _search,
    "FETCH": _fetch,
    "STORE": _store,
    "LOGOUT": lambda _box, _words: (b"* BYE\r\n", "OK bye"),
}


@contextmanager
def serving(box: Box) -> Iterator[Box]:
    """Serve a box on this machine; its port is in it."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Line) as server:
        server.daemon_threads = True
        server.box = box  # type: ignore[attr-defined]
        box.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield box
        server.shutdown()
        thread.join()
