"""What the stand-ins hold, and what they were told to do wrong."""

import json
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

FAULTS = {
    "refuse": "turn the post down for good",
    "rate_limit": "ask to come back later",
    "unauthorized": "not accept the credentials",
    "error": "answer 500 and keep nothing",
    "timeout": "keep nothing and never answer",
    "lose_answer": "keep the post, then drop the line without an answer",
    "error_after": "keep the post, then answer 502",
    "malformed": "keep the post, then answer with broken JSON",
}


@dataclass(frozen=True, kw_only=True)
class Kept:
    """One post as a stand-in holds it. `fields` has the network's own names."""

    network: str
    id: str
    at: str
    fields: dict[str, Any]


@dataclass(kw_only=True)
class Fault:
    """What to do wrong with the next `times` posts. `seconds`: Retry-After, or how long to hang."""

    network: str
    do: str
    times: int = 1
    seconds: int = 1


@dataclass
class Outside:
    """The pretend outside. Every change is journalled (a JSON line each) before it is answered."""

    journal: Path | None = None
    _kept: dict[tuple[str, str], Kept] = field(default_factory=dict)
    _faults: list[Fault] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def keep(self, network: str, id: str, **fields: Any) -> Kept:
        """Hold a post, or replace what was held under the same id."""
        kept = Kept(network=network, id=id, at=datetime.now(UTC).isoformat(), fields=fields)
        with self._lock:
            self._note("keep", kept)
            self._kept[network, id] = kept
        return kept

    def remove(self, network: str, id: str) -> None:
        with self._lock:
            kept = self._kept.pop((network, id), None)
            if kept:
                self._note("remove", kept)

    def posts(self, network: str) -> list[Kept]:
        """What a network holds, oldest first."""
        with self._lock:
            return [kept for (name, _), kept in self._kept.items() if name == network]

    def get(self, network: str, id: str) -> Kept | None:
        with self._lock:
            return self._kept.get((network, id))

    def fail_next(self, network: str, do: str, *, times: int = 1, seconds: int = 1) -> None:
        """Plan a fault. Raises ValueError for one that FAULTS does not name."""
        if do not in FAULTS:
            raise ValueError(f"no fault {do!r}; there are {', '.join(FAULTS)}")
        with self._lock:
            self._faults.append(Fault(network=network, do=do, times=times, seconds=seconds))

    def heal(self, network: str = "") -> None:
        """Forget planned faults, of one network or of all."""
        with self._lock:
            self._faults = [f for f in self._faults if network and f.network != network]

    def next_fault(self, network: str) -> Fault | None:
        """Take the fault that the next post of `network` meets, if one is planned."""
        with self._lock:
            for fault in self._faults:
                if fault.network == network:
                    fault.times -= 1
                    if fault.times <= 0:
                        self._faults.remove(fault)
                    return fault
        return None

    def planned(self) -> Iterator[Fault]:
        yield from list(self._faults)

    def _note(self, event: str, kept: Kept) -> None:
        if self.journal:
            with self.journal.open("a", encoding="utf-8") as out:
                out.write(json.dumps({"event": event, **asdict(kept)}) + "\n")
