"""A receiver's look at signatures: dkimpy's, with what we tell operators to publish in DNS."""

import re
from collections.abc import Sequence
from typing import Any

import dkim as dkimpy

from channels.email import dkim_keys
from channels.email.dkim_keys import Key


def holds(mail: bytes, with_: Sequence[Key]) -> list[bool]:
    """Whether each signature holds, as dkimpy sees it, with what we would publish in DNS."""
    published = {}
    for key in with_:
        name, _, strings = dkim_keys.record(key).partition(" IN TXT ")
        published[name.encode()] = "".join(re.findall('"([^"]*)"', strings)).encode()
    found = dkimpy.DKIM(mail)
    return [_one_holds(found, at, published) for at in range(len(with_))]


def _one_holds(found: Any, at: int, published: dict[bytes, bytes]) -> bool:
    try:
        return bool(found.verify(idx=at, dnsfunc=lambda name, timeout=5: published.get(name)))
    except dkimpy.ValidationError:
        return False
