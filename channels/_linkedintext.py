"""LinkedIn's "little text": plain words with their reserved characters escaped, and hashtags.

What is not escaped ends the text there, without an error.

Source: https://learn.microsoft.com/linkedin/marketing/community-management/shares/little-text-format
"""

import re

from channels._text import utf16

RESERVED = re.compile(r"[\\|{}@\[\]()<>#*_~]")
HASHTAG = re.compile(r"(?<!\S)#(?=\d*[^\W\d_])([^\W_]+)(?=[\s.,;:!?]|\Z)")


def as_little(text: str) -> str:
    """Escape a text. A `#word` that stands by itself becomes a hashtag."""
    *pieces, rest = HASHTAG.split(text)  # what is between hashtags, and each of their words
    pairs = zip(pieces[::2], pieces[1::2], strict=True)
    return "".join(f"{_escaped(said)}{{hashtag|\\#|{word}}}" for said, word in pairs) + _escaped(
        rest
    )


def little_length(text: str) -> int:
    """Count a text as it is sent, in UTF-16 units: LinkedIn does not say that it counts less."""
    return utf16(as_little(text))


def _escaped(text: str) -> str:
    return RESERVED.sub(r"\\\g<0>", text)
