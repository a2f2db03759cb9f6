"""A newsletter's year, commit by commit: what really happened to one, at pretend channels.

The events are those that the history of a community's newsletter shows: a merge the evening before,
a wrong year in the title, pictures mended three times, fourteen old issues touched at once, renamed
files, translations that come weeks late or under a name that does not pair.
"""

import hashlib
import re
import subprocess
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine

from publisher import content, correcting, releasing, subscribing, watching
from publisher.config import Release, Settings, Source
from publisher.domain.channel import Copy, Post, Receipt, Refused
from publisher.domain.issue import Edition, Site
from publisher.domain.lint import Rules as LintRules
from publisher.domain.plan import Rules
from publisher.publishing import Worker
from publisher.registry import Configured
from publisher.storage import changes, reports, sightings
from publisher.storage.engine import reading
from publisher.subscribing import Choices
from tests.publisher.fakes import Clock, FakeChannel, FakeMailing, work, worker

SITE = Site(name="The Test Post", base_url="https://news.example/")
LANGUAGES = ("en", "de", "fr", "it")
TURNS = (1, 3, 6, 9, 18, 21, 24, 60)  # minutes after something happened
TEXT = """---
title: "{title}"
date: {date}
{more}---

{intro}

## What is new

{body}

## Credits

Written by {credits}.
"""
BODY = "\n".join(
    f"- Thing number {number} came to pass, long awaited by those who know of it."
    for number in range(20)
)


@dataclass
class Place(FakeChannel):
    """A pretend network; what it says and edits goes to `tell`. `edits` whether it can."""

    name: str = ""
    can_edit: bool = True
    tell: Callable[[str], None] = print

    def render(self, edition: Edition) -> Post:
        post = super().render(edition)
        details = {} if edition.lang == "en" else {"original": "en"}
        return replace(post, text=edition.text, details=details)

    def deliver(self, post: Post) -> Receipt:
        super().deliver(post)
        answer = " as an answer to the original" if post.reply_to else ""
        self.tell(f"{self.name}: says {post.key} “{post.title}”{answer}")
        return Receipt(id=post.key, url=post.url)

    def update(self, receipt: Receipt, post: Post) -> Receipt:
        if not self.can_edit:
            raise Refused("nothing can be edited there")
        self.tell(f"{self.name}: {receipt.id} says now “{post.title}” {post.url}")
        return replace(receipt, url=post.url)


@dataclass
class Letters(FakeMailing):
    """Pretend mail; each copy goes to `tell`."""

    tell: Callable[[str], None] = print

    async def deliver_each(self, copies: AsyncIterator[Copy], **steps: Any) -> None:
        before = len(self.out_there)
        await super().deliver_each(copies, **steps)
        for post in self.out_there[before:]:
            assert post.to
            self.tell(f"readers: {post.key} “{post.title}” to {post.to.address}")


@dataclass
class Year:
    """The site's repository, its builds, the service, and all that was said. Pretend channels."""

    engine: Engine
    folder: Path
    clock: Clock = field(default_factory=lambda: Clock(datetime(2026, 1, 31, 12, tzinfo=UTC)))
    said: list[str] = field(default_factory=list)
    live: set[str] = field(default_factory=set)  # revisions whose page is there
    committed: dict[str, datetime] = field(default_factory=dict)  # those of the branch, by date
    channels: dict[str, Configured] = field(default_factory=dict)
    lenient: frozenset[str] = frozenset()  # slips that are no errors here
    due: dict[datetime, Callable[[], None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.work.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")
        self.add("feed", Place(name="feed", tell=self.tell), "en")
        self.add("fosstodon", Place(name="fosstodon", tell=self.tell), *LANGUAGES)
        self.add("reddit", Place(name="reddit", tell=self.tell, can_edit=False), "en")
        self.add("readers", Letters(tell=self.tell), *LANGUAGES)
        for lang in ("en", "de", "fr"):
            choices = Choices(languages=(lang,))
            subscribing.add([f"ann@{lang}.example"], engine=self.engine, choices=choices)

    def add(self, name: str, channel: FakeChannel, *languages: str) -> None:
        kind = {"feed": "atom", "readers": "email"}.get(name, "fake")
        made = Configured(name=name, kind=kind, languages=languages, channel=channel)
        self.channels[name] = made

    @property
    def work(self) -> Path:
        return self.folder / "site"

    @property
    def settings(self) -> Settings:
        return Settings(
            file=self.folder / "publisher.toml",
            site=SITE,
            source=Source(kind="git", url=str(self.work), path=Path()),
            database=URL.create("sqlite"),
            broker="",
            state=self.folder / "state",
            bind=("127.0.0.1", 0),
            public_url="",
            channels={},
            release=Release(rules=Rules()),
            lint=LintRules(warnings=self.lenient),
        )

    def tell(self, words: str) -> None:
        self.said.append(f"{self.clock():%Y-%m-%d %H:%M}  {words}")

    # --- those who write

    def git(self, *words: str) -> None:
        who = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
        subprocess.run(["git", *who, *words], cwd=self.work, check=True, capture_output=True)

    def write(self, key: str, title: str, **changes: str) -> None:
        told = {
            "date": key[:10],
            "intro": f"Welcome to the newsletter, {key}.",
            "body": f"{BODY}\n- And that of {key}.",
            "credits": "Ann",
            "more": "",
            **changes,
        }
        (self.work / f"{key}.md").write_text(TEXT.format(title=title, **told), encoding="utf-8")

    def at(self, moment: str, words: str) -> None:
        """Commit what was written, at a moment; the site is built two minutes later."""
        now = datetime.fromisoformat(moment).replace(tzinfo=UTC)
        self.pass_until(now)
        self.clock.time = now
        self.tell(f"— {words}")
        self._commit(words)
        self.look()
        turns = {now + timedelta(minutes=length): self.turn for length in TURNS}
        night = (now + timedelta(hours=20)).replace(hour=4, minute=0)  # the daily build
        nightly = {night + timedelta(minutes=length): self.turn for length in (16, 20, 24)}
        self.due |= turns | nightly | {now + timedelta(minutes=2): self.build, night: self.nightly}

    def build(self) -> None:
        """Have the pages of the branch be public, but for those of the future."""
        self.live |= {text for text, dated in self.committed.items() if dated <= self.clock()}

    def _commit(self, words: str) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "-m", words)
        self.committed.clear()
        for path in self.work.glob("*.md"):
            raw = path.read_bytes()
            dated = re.search(rb"^date: (\S+)", raw, re.MULTILINE)
            assert dated
            moment = datetime.fromisoformat(dated[1].decode()).replace(tzinfo=UTC)
            self.committed[hashlib.sha256(raw).hexdigest()] = moment

    def nightly(self) -> None:
        self.build()
        self.look()
        self.turn()

    # --- the service

    def pass_until(self, moment: datetime) -> None:
        """Let everything come to pass that is due by then."""
        while self.due and (next_ := min(self.due)) < moment:
            self.clock.time = next_
            self.due.pop(next_)()

    def look(self) -> None:
        watching.look(self.settings, engine=self.engine, channels=self.channels, now=self.clock)

    def turn(self) -> None:
        releasing.go_on(self.site)
        work(self.worker)
        correcting.go_on(self.site)

    @property
    def worker(self) -> Worker:
        return replace(worker(self.engine, self.clock), channels=self.channels)

    @property
    def site(self) -> releasing.Site:
        def edition(issue: str, lang: str) -> Edition | None:
            with reading(self.engine) as db:
                known = sightings.renames(db)
            return content.edition(self.settings, issue, lang, known)

        return releasing.Site(
            engine=self.engine,
            channels=self.channels,
            rules=Rules(),
            edition=edition,
            errors=lambda found: content.stopped_by(self.settings, found, self.channels),
            unproven=lambda found: "" if found.revision in self.live else "answers 404",
            now=self.clock,
        )

    # --- what came of it

    def announced(self) -> Counter[tuple[str, str]]:
        """How often each edition went out, by (channel, edition)."""
        found: Counter[tuple[str, str]] = Counter()
        for name, made in self.channels.items():
            channel = made.channel
            assert isinstance(channel, FakeChannel)
            for post in channel.out_there:
                to = f" to {post.to.address}" if post.to else ""
                found[name, post.key + to] += 1
        return found

    def edits(self) -> list[str]:
        return [words[18:] for words in self.said if " says now " in words]

    def asked(self) -> list[str]:
        with reading(self.engine) as db:
            return [f"{one.issue} ({one.lang}) {one.asks}" for one in changes.open_(db)]

    def problems(self) -> list[str]:
        with reading(self.engine) as db:
            return [problem for _, problem in reports.troubles(db)]


def archive(year: Year) -> None:
    """Fourteen issues of the years before, and what the service makes of them: nothing."""
    for number in range(14):
        key = f"{2024 + number // 12}-{number % 12 + 1:02}-05-newsletter"
        year.write(key, f"Newsletter of {key[:7]}")
    year.at("2026-02-01T09:00", "fourteen issues that are long out")


def february(year: Year) -> None:
    """Merged in the evening, due in the build of the night, and with a wrong year in its title."""
    key = "2026-02-08-newsletter"
    year.write(key, "Newsletter January 2025")
    year.at("2026-02-07T18:09", "the January issue is merged, dated tomorrow")
    year.write(key, "Newsletter January 2026")
    year.at("2026-02-08T08:38", "its title has the right year: its page moves")
    year.write(key, "Newsletter January 2026", intro="Welcome to the mended newsletter.")
    year.at("2026-02-08T08:41", "its first words are mended")
    for day, credits in (("11", "Ann and Bob"), ("12", "Ann, Bob"), ("13", "Ann, Bob, Cas")):
        year.write(
            key,
            "Newsletter January 2026",
            intro="Welcome to the mended newsletter.",
            credits=credits,
        )
        year.at(f"2026-02-{day}T10:00", f"its credits are {credits}")


def translations(year: Year) -> None:
    """Weeks late, with the original's date; one under a name that does not pair."""
    key = "2026-02-08-newsletter"
    year.write(f"{key}.de", "Newsletter Januar 2026")
    year.at("2026-02-16T11:00", "the German edition, eight days late")
    year.write("2026-02-05-newsletter.it", "Newsletter gennaio 2026", date="2026-02-08")
    year.at("2026-02-19T11:00", "the Italian edition, under a name that does not pair")
    year.git("mv", "2026-02-05-newsletter.it.md", f"{key}.it.md")
    year.at("2026-02-20T11:00", "its name is mended")


def spring(year: Year) -> None:
    """Fourteen old issues touched at once; hashtags taken out; a file renamed and edited."""
    for path in sorted(year.work.glob("202[45]-*.md")):
        told = path.read_text(encoding="utf-8")
        path.write_text(told.replace("long awaited", "[awaited](https://new.example/)"))
    year.at("2026-03-01T10:00", "one link is mended in fourteen old issues")
    key = "2026-03-05-newsletter"
    year.write(key, "Newsletter February 2026", intro="Welcome. #xmpp #newsletter for all of you")
    year.at("2026-03-05T10:00", "the February issue")
    year.write(key, "Newsletter February 2026", intro="Welcome, all of you")
    year.at("2026-03-06T10:00", "hashtags are taken out of it")
    year.git("mv", f"{key}.md", "2026-03-06-newsletter.md")
    year.write("2026-03-06-newsletter", "Newsletter February 2026", intro="Welcome to you all")
    year.at("2026-03-07T10:00", "its file is renamed, and its date and first words mended")
    year.write("2026-03-06-newsletter.de", "Newsletter Februar 2026")
    year.at("2026-03-15T10:00", "the German edition, named as the original is now")


def summer(year: Year) -> None:
    """A very late translation; pictures mended three times within 85 minutes; one deleted."""
    year.write("2026-02-08-newsletter.fr", "Lettre de janvier 2026")
    year.at("2026-05-28T11:00", "the French edition, 109 days late")
    key, title = "2026-06-05-newsletter", "Newsletter May 2026"
    year.write(key, title, body=f"{BODY}\n- One of June.")
    year.at("2026-06-05T10:00", "the May issue")
    for number, moment in enumerate(("11:10", "11:50", "12:35"), 1):
        year.write(key, title, body=f"{BODY}\n- One of June, picture {number}.")
        year.at(f"2026-06-05T{moment}", f"its pictures are mended, {number} of 3")
    year.write(key, title, body=f"{BODY}\n- One of June, picture 3, by the first of August.")
    year.at("2026-07-10T10:00", "a deadline in it is mended, a month later")
    year.write("2026-07-05-newsletter", "Newsletter June 2026")
    year.at("2026-07-11T10:00", "the June issue, six days after its date")
    (year.work / "2026-07-05-newsletter.md").unlink()
    year.at("2026-07-12T10:00", "the June issue is deleted")


def play(engine: Engine, folder: Path) -> Year:
    """The whole year. A wrong year in a title is let pass, to be mended when it is out."""
    year = Year(engine=engine, folder=folder, lenient=frozenset({"title-year-differs-from-date"}))
    archive(year)
    february(year)
    translations(year)
    spring(year)
    summer(year)
    year.pass_until(datetime(2027, 1, 1, tzinfo=UTC))
    return year
