"""Whether so much is refused that sending on would only do harm."""

import re
from collections import Counter, deque
from dataclasses import dataclass, field

from publisher.domain.bounce import Kind, kind_of, status_in

LOOKED_BACK = 100  # outcomes
AT_LEAST = 50  # outcomes that tell something; half of them refused are too many
OURS_AT_LEAST = 5  # refusals of us, not of readers: that few tell, where they are nearly all
_ADDRESS = re.compile(r"<?[^\s<>@]+@[^\s<>,;:]+>?")
_SHOWN = 200  # characters


@dataclass(kw_only=True)
class Brake:
    """The last outcomes of a run. `pulled` says why nothing more should be sent, if so."""

    pulled: str = ""
    _last: deque[str] = field(default_factory=lambda: deque(maxlen=LOOKED_BACK))

    def accepted(self) -> None:
        """A copy was taken."""
        self._last.append("")

    def refused(self, words: str) -> None:
        """A copy was refused for good, in these words of the server's."""
        self._last.append(words)
        refused = [words for words in self._last if words]
        ours = [words for words in refused if kind_of(status_in(words)) is Kind.POLICY]
        heard = len(self._last)
        many = heard >= AT_LEAST and len(refused) * 2 >= heard
        if many or (len(ours) >= OURS_AT_LEAST and len(ours) * 5 >= heard * 4):
            told = f"{len(refused)} of the last {heard} copies were refused"
            self.pulled = f"{told}, mostly with: {_most_said(refused)}"


def _most_said(refusals: list[str]) -> str:
    """What was said most often, whoever it was said of."""
    said = Counter(_ADDRESS.sub("…", words) for words in refusals)
    return said.most_common(1)[0][0][:_SHOWN]
