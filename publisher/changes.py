"""What of a source says something else than what is out, and what that asks for."""

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from publisher.domain.correction import Change, Rules, question, share_changed
from publisher.domain.issue import NOT_CARRIED, BadSource, Edition
from publisher.publishing import archived
from publisher.rendering.heads.syndication import revision
from publisher.rendering.markup import parts, words
from publisher.storage import changes, posts

Place = tuple[str, str]  # issue, lang
Known = Mapping[Place, str]  # revisions


@dataclass
class Changes:
    """What one look found of what is `out` (revisions), by what was `noted` before.

    `errors` are words for what is wrong with an edition, "" for nothing.
    """

    out: Known
    noted: Known
    errors: Callable[[Edition], str]
    found: list[tuple[Change, Edition | None]] = field(default_factory=list)
    same: list[Place] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def take(self, place: Place, path: Path, edition_of: Callable[[], Edition]) -> None:
        """Compare a file that was seen before with what is out."""
        if place not in self.out:
            return
        revision = _revision(path)
        if revision == self.out[place]:
            if self.noted.get(place, revision) != revision:  # what was noted was taken back
                self.same.append(place)
        elif revision and revision != self.noted.get(place):
            self._take_other(place, edition_of)

    def _take_other(self, place: Place, edition_of: Callable[[], Edition]) -> None:
        try:
            edition = edition_of()
        except BadSource as error:
            self.problems.append(f"{error}; what is out of it stays as it is")
            return
        issue, lang = place
        change = Change(
            issue=issue,
            lang=lang,
            revision=edition.revision,
            withdrawn="is a draft again" if edition.draft else "",
            errors=self.errors(edition),
            is_silenced=edition.correction == NOT_CARRIED,
        )
        self.found.append((change, edition))

    def miss(self, here: Container[Place], there: Mapping[Place, Path]) -> None:
        """Note what was `here`, is out, and is not `there` any more, under no other name."""
        gone = [place for place in self.out if place in here and place not in there]
        texts = {_revision(path) for path in there.values()} if gone else set()
        for issue, lang in gone:
            if self.out[issue, lang] not in texts and self.noted.get((issue, lang)) != "":
                words = "was taken out of the source"
                change = Change(issue=issue, lang=lang, revision="", withdrawn=words)
                self.found.append((change, None))


def _revision(path: Path) -> str:
    """What tells a file as it is from others; "" for one that went while we looked."""
    try:
        return revision(path.read_bytes())
    except OSError:
        return ""


def note(db: Connection, found: Changes, rules: Rules, *, at: datetime) -> None:
    """Write down what changed, and what of it a person is asked."""
    for issue, lang in found.same:
        changes.forget(db, issue, lang)
    together = len({change.issue for change, _ in found.found})
    for change, edition in found.found:
        share = _share(db, edition) if edition else 0.0
        whole = replace(change, share=share, together=together)
        asks = "" if change.is_silenced else question(whole, rules)
        changes.see(db, whole, at=at, due=at + rules.after, asks=asks)


def _share(db: Connection, edition: Edition) -> float:
    """How much of an edition's words is other than what was remembered of it."""
    before = posts.edition_of(db, edition.key, edition.lang)
    html = (before.html, archived(edition).html) if before else ("", "")
    return share_changed(*(words(parts(one)) for one in html))
