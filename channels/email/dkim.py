"""DKIM signatures (RFC 6376, RFC 8463) of a letter's copies.

The header is canonicalised as `relaxed`, for servers on the way fold and space it anew. The body
is `simple`, so that its pieces are hashed as they are sent: it is quoted-printable in 7 bits,
where no long line and no white space at the end of one tempts a server to change it.
"""

import hashlib
import re
import textwrap
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from channels.email.dkim_keys import Key
from channels.email.message import SIGNATURE, Letter, Seal

LASTS = timedelta(days=7)  # then a copy is of no use any more to who sends it on to millions
COLUMNS = 78  # of a line, RFC 5322 §2.1.1
BASE64 = 72  # of them, with " b=" before

SIGNED = (
    *("From", "To", "Cc", "Subject", "Date", "Message-ID", "Reply-To"),
    *("List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "Auto-Submitted"),
    *("Content-Language", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"),
)
# Named once more than there are, so that one added on the way breaks the signature (§5.4.2).
SEALED = (
    *("From", "To", "Cc", "Subject", "Date", "Message-ID", "Reply-To"),
    *("List-Unsubscribe", "List-Unsubscribe-Post"),
    *("MIME-Version", "Content-Type", "Content-Transfer-Encoding"),
)

Stamp = tuple[int, int, bytes]
_END = re.compile(rb"\r\n(?![ \t])")  # of a field


@dataclass(frozen=True, kw_only=True)
class Form:
    """A signature's field up to the signature itself, as sent and as hashed.

    Both have places for a stamp: when it was made, until when it holds, the hash of the body.
    """

    key: Key
    field: bytes
    canonical: bytes


def sealing(keys: Sequence[Key], letter: Letter) -> Seal:
    """Prepare to sign the copies of a letter: what all have in common is hashed once."""
    [first, *_] = letter.body
    opening = first if isinstance(first, bytes) else b""
    return signing(keys, fields=letter.fields, opening=opening)


def signing(keys: Sequence[Key], *, fields: Sequence[str], opening: bytes) -> Seal:
    """Prepare to sign messages whose header has these `fields`, each once.

    The first piece of their bodies is `opening` where that is not empty.
    """
    has = {name.lower() for name in fields}
    names = [name for name in SIGNED if name.lower() in has]
    wanted = [name.lower().encode() for name in names]
    forms = [_form(key, [*names, *SEALED]) for key in keys]
    constant = opening.rstrip(b"\r\n")  # whether its last line ends count, what follows decides
    begun = hashlib.sha256(constant)

    def seal(head: bytes, body: Sequence[bytes], at: datetime) -> bytes:
        found = relaxed(head)
        signed = hashlib.sha256(b"".join([found[name] for name in wanted]))
        whole = begun.copy()
        whole.update(_ended(b"".join((body[0][len(constant) :], *body[1:]))))
        until = int((at + LASTS).timestamp())
        stamp = (int(at.timestamp()), until, b64encode(whole.digest()))
        return b"".join([_signature(form, signed.copy(), stamp) for form in forms])

    return seal


def relaxed(head: bytes) -> Mapping[bytes, bytes]:
    """The fields of a header by name, in small letters, canonicalised (RFC 6376 §3.4.2).

    Of several by one name the last one, which is the first to be signed. There is no white
    space in a header but spaces, tabs and folds.
    """
    parted = [field.split(b":", 1) for field in _END.split(head)[:-1]]
    return {
        (low := name.rstrip().lower()): b"%s:%s\r\n" % (low, b" ".join(value.split()))
        for name, value in parted
    }


def _ended(body: bytes) -> bytes:
    """A body's end as `simple` wants it: one line end, no empty lines (RFC 6376 §3.4.3)."""
    return body.rstrip(b"\r\n") + b"\r\n"


def _form(key: Key, names: Sequence[str]) -> Form:
    about = (
        f"{SIGNATURE}: v=1; a={key.kind}-sha256; c=relaxed/simple; "
        f"d={key.domain}; s={key.selector};"
    )
    listed = [line.replace(" ", "") for line in _wrapped(f"h={': '.join(names)};")]
    lines = [*_wrapped(about), *listed, "t=%d; x=%d; bh=%s;", "b="]
    field = "\r\n ".join(lines).encode("ascii")
    [canonical] = relaxed(field + b"\r\n").values()
    return Form(key=key, field=field, canonical=canonical.removesuffix(b"\r\n"))


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, COLUMNS - 1, break_long_words=False, break_on_hyphens=False)


def _signature(form: Form, signed: "hashlib._Hash", stamp: Stamp) -> bytes:
    signed.update(form.canonical % stamp)
    signature = b64encode(form.key.sign(signed.digest()))
    lines = [signature[at : at + BASE64] for at in range(0, len(signature), BASE64)]
    return form.field % stamp + b"\r\n ".join(lines) + b"\r\n"
