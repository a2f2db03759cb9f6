"""The reader's name in an operator's template: a mark until their copy is made."""

import hashlib
from dataclasses import dataclass, field

from channels.email.encoding import one_line
from publisher.domain.issue import Edition

LONGEST = 100  # characters of a name that a mail greets with


@dataclass(frozen=True, kw_only=True)
class ReadersName:
    """What a template is given as `name`: `{{ name }}`, or `{{ name("you") }}` for who has none.

    `marks` are those that were written, each with what stands there for a reader without a name.
    They depend on the source's hash, so that no source can contain them.
    """

    stem: str
    marks: dict[str, str] = field(default_factory=dict)
    written: list[str] = field(default_factory=list)

    def __call__(self, otherwise: object = "") -> str:
        words = one_line(str(otherwise))
        mark = f"{self.stem}{hashlib.sha256(words.encode()).hexdigest()[:8]}"
        self.marks[mark] = words
        self.written.append(mark)
        return mark

    def __str__(self) -> str:
        return self()

    def is_whole_in(self, text: str) -> bool:
        """Whether every mark stands in a text as it was written; a filter could have changed it."""
        found = sum(text.count(mark) for mark in self.marks)
        traces = text.lower().count(self.stem)
        return traces == found >= len(self.written)


def readers_name(edition: Edition) -> ReadersName:
    """The name of whoever will read an edition."""
    told = f"name\0{edition.key}\0{edition.lang}\0{edition.revision}"
    return ReadersName(stem=f"readername{hashlib.sha256(told.encode()).hexdigest()[:24]}")


def greeted(name: str) -> str:
    """A name as a mail says it: one line, not too long."""
    return one_line(name)[:LONGEST].strip() if name else ""
