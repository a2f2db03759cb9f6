"""demo: the whole system against stand-ins, with a sample newsletter."""

import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click
import httpx

from publisher import accounts, content, embedded, publishing, subscribing, wiring
from publisher.cli import finding, following
from publisher.cli.running import crew, wait
from publisher.domain.channel import HandingOn
from publisher.domain.delivery import State
from publisher.domain.issue import Edition
from publisher.domain.plan import Rules
from publisher.publishing import utcnow
from publisher.registry import Configured
from publisher.sources import folder
from publisher.storage import reports
from publisher.storage.engine import reading

if TYPE_CHECKING:
    from publisher.sandbox.running import Sandbox

LATEST = "2026-11-05-newsletter"  # the sample's newest issue
OPERATOR = ("demo", "only-pretending")  # name and password of the demo's operator


@click.command(epilog="Example: publisher demo --once")
@click.option("--once", is_flag=True, help="End when all is delivered.")
def demo(once: bool) -> int:
    """Run the whole system against stand-ins of every network, with a sample newsletter."""
    from publisher.sandbox import running as stand_ins  # noqa: PLC0415  every other command would pay for it

    stay = sys.stdout.isatty() and not once
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="publisher-demo-")))
        outside = stack.enter_context(stand_ins.sandbox(feeds=[home / "feeds"]))
        _furnish(home, outside)
        stack.enter_context(embedded.alone(wiring.settings().state))
        processes = stack.enter_context(crew(home / "processes.log"))
        code = _release(outside)
        _say_where(home, outside, stay=stay)
        if stay:
            wait()
        for process in processes:
            process.grace = 0  # all is settled, and the home is about to go
    return code


def _furnish(home: Path, outside: "Sandbox") -> None:
    """A configuration, a copy of the sample newsletter, and four readers."""
    from publisher.sandbox import running as stand_ins  # noqa: PLC0415  every other command would pay for it

    shutil.copytree(stand_ins.sample_folder(), home, dirs_exist_ok=True)
    port = _free_port()
    pages = f'[web]\nbind = "127.0.0.1:{port}"\npublic_url = "http://127.0.0.1:{port}/"\n'
    networks = stand_ins.settings(
        outside, feed=home / "feeds" / "all.atom.xml", languages=["en", "de"]
    )
    text = "\n".join((stand_ins.sample_settings(home), pages, networks))
    config = home / "publisher.toml"
    config.write_text(text, encoding="utf-8")
    os.environ["PUBLISHER_CONFIG"] = str(config)
    engine = wiring.engine()
    readers = ["ada@reader.example", "ben@reader.example", "xmpp:dora@reader.example"]
    subscribing.add(readers, engine=engine)
    german = subscribing.Choices(languages=("de",))
    subscribing.add(["clara@reader.example"], engine=engine, choices=german)
    with engine.begin() as db:
        accounts.add(db, *OPERATOR, role="admin", at=utcnow())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _release(outside: "Sandbox") -> int:
    """Publish every issue, through two mishaps that the log then tells of."""
    click.echo(f"Everything here is pretend: stand-ins on this machine, at {outside.page_url}/")
    click.echo("On the way, Reddit takes a post and loses its answer, and Mastodon asks to wait.\n")
    outside.outside.fail_next("reddit", "lose_answer")
    outside.outside.fail_next("mastodon", "rate_limit", seconds=1)
    found, channels = wiring.settings(), wiring.measured()
    root, _ = content.places(found)
    files = folder.files(root or Path(), found.source.include if found.source else "*.md")
    editions = [e for path in files for e in finding.editions(str(path))]
    places = {(e.key, e.lang, name) for e in editions for name in channels}
    first = {name for name, one in channels.items() if one.kind in Rules().order}
    for names in (first, {*channels} - first):
        with wiring.engine().begin() as db:
            some = {name: channels[name] for name in names}
            publishing.plan(editions, db=db, channels=some, at=utcnow())
        wiring.sweep()
        here = {place for place in places if place[2] in names}
        following.follow(here, seconds=60, tick=wiring.sweep)
    for edition in editions:
        _post_by_hand(edition, channels)
    following.conclude(places)
    return following.code(following.where_they_stand(places))


def _post_by_hand(edition: Edition, channels: Mapping[str, Configured]) -> None:
    """Do what a person was asked for by mail, in a browser, and say so as they would."""
    for name, configured in channels.items():
        page = getattr(configured.channel, "page", "")
        if isinstance(configured.channel, HandingOn) and page:
            post, _ = publishing.written(edition, configured)
            answer = httpx.post(f"{page}posts", data={"text": post.text})
            place = str(answer.url.join(answer.headers["location"]))
            click.echo(
                f"A person was asked by mail, posts {edition.key} ({edition.lang}), and says:\n"
                f"  publisher settle {edition.key} --channel {name} --lang {edition.lang}"
                f" --delivered {place}"
            )
            with wiring.engine().begin() as db:
                publishing.settle(
                    edition.key,
                    name,
                    State.DELIVERED,
                    db=db,
                    at=utcnow(),
                    url=place,
                    lang=edition.lang,
                )


def _say_where(home: Path, outside: "Sandbox", *, stay: bool) -> None:
    found = wiring.settings()
    with reading(wiring.engine()) as db:
        issues = sorted({row.issue for row in reports.issues(db)})
        tried = [attempt for issue in issues for attempt in reports.attempts(db, issue)]
    click.echo("\nWhat the log tells of the two mishaps:")
    odd = {"pending", "unsure"}
    for attempt in (a for a in tried if a.outcome in odd or a.attempt > 1):
        place = f"{attempt.issue} ({attempt.lang}) {attempt.channel}, attempt {attempt.attempt}"
        click.echo(f"  {place}: " + " — ".join(filter(None, (attempt.outcome, attempt.reason))))
    if not stay:
        return
    program = Path(sys.argv[0])
    click.echo(f"""
What the networks show   {outside.page_url}/
The readers' pages       {found.public_url}
The operators' pages     {found.public_url}admin  (name {OPERATOR[0]}, password {OPERATOR[1]})
Ask it yourself          export PUBLISHER_CONFIG={home}/publisher.toml
                         {program} status
                         {program} log {LATEST}
Ctrl-C stops everything and leaves nothing behind.""")


COMMANDS = (demo,)
