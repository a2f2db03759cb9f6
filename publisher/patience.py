"""Which recipient domains have asked for patience, as far as one run knows."""

import re
from dataclasses import dataclass, field
from datetime import datetime

DEFERRALS = 3  # in a row, of a domain that has taken nothing in this run
DEFERRALS_OF_TAKERS = 10  # in a row, of one that has: some are greylisted, some mailboxes full
EVERYWHERE = 20  # deferrals in a row, of several domains: then it is the server we hand over to
SEVERAL = 5
WHOLE = ""  # the domain that stands for that server itself

_REPLY = re.compile(r"4\d\d\b")
# "Too much of yours at the moment": https://support.google.com/a/answer/3726730 and its like.
_TOO_FAST = re.compile(
    r"4\d\d[ -]4\.7\.\d+ .*(?:rate|too (?:many|much|fast)|limit|throttl|slow down|volume)|421\b",
    re.IGNORECASE,
)


@dataclass(kw_only=True)
class Patience:
    """Who deferred our copies, and how often in a row. `slow` domains wait until a time."""

    slow: dict[str, datetime] = field(default_factory=dict)
    _in_a_row: dict[str, int] = field(default_factory=dict)
    _takers: set[str] = field(default_factory=set)
    _everywhere: int = 0

    def taken(self, domain: str) -> set[str]:
        """A copy was taken there; the domains of which it shows that they are slow no more."""
        self._takers.add(domain)
        self._everywhere = 0
        self._in_a_row.pop(domain, None)
        well = {WHOLE, domain} & self.slow.keys() if self.slow else set()
        for name in well:
            del self.slow[name]
        return well

    def deferred(self, domain: str, words: str) -> str | None:
        """A copy was deferred there; the domain to be slowed down for it, or None.

        What is no server's reply, such as a lost connection, tells nothing of a domain.
        """
        if not _REPLY.match(words):
            return None
        self._everywhere += 1
        count = self._in_a_row[domain] = self._in_a_row.get(domain, 0) + 1
        if self._everywhere >= EVERYWHERE and len(self._in_a_row) >= SEVERAL:
            self._everywhere = 0
            return WHOLE
        enough = DEFERRALS_OF_TAKERS if domain in self._takers else DEFERRALS
        if count < enough and not _TOO_FAST.match(words):
            return None
        self._in_a_row.pop(domain)
        return domain
