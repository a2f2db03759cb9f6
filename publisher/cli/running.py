"""up, web, migrate, sandbox: everything that stays up, and what it stands on."""

import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import IO

import click

from publisher import embedded, fencing, queue, wiring
from publisher.cli.overseeing import Oversight
from publisher.config import Settings
from publisher.embedded import CannotStart, Process
from publisher.fencing import Fenced
from publisher.storage import engine as storage


class Stopped(KeyboardInterrupt):
    """SIGTERM: it cleans up as Ctrl-C does, and what runs until stopped has done its work."""


@click.command(epilog="Example: publisher up")
def up() -> None:
    """Run web, worker, schedule and, if needed, the embedded broker, until stopped."""
    wiring.begin_log()
    wiring.engine()
    wiring.channels()
    _tell_a_fence()
    if trouble := wiring.require_broker():
        words = "nothing is sent until it does; or mend [store] broker"
        click.echo(f"publisher: the broker does not answer: {trouble}; {words}", err=True)
    found = wiring.settings()
    with embedded.alone(found.state):
        _require_free(*found.bind)
        _supervise(found)


def _tell_a_fence() -> None:
    """Say so where nothing will be sent: pages are served all the same."""
    try:
        fencing.require_free(wiring.engine())
    except Fenced as error:
        click.echo(f"publisher: {error}", err=True)


def _supervise(found: Settings) -> None:
    with crew(None) as processes:
        wiring.look_soon()
        click.echo(f"Up: pages at {found.public_url}, configuration {found.file}. Ctrl-C stops.")
        with suppress(Stopped):
            _keep_running(processes)


def _keep_running(processes: Sequence[Process]) -> None:
    oversight = Oversight(processes=processes)
    while True:
        oversight.tick()
        time.sleep(0.5)


@contextmanager
def crew(log: Path | None) -> Iterator[Sequence[Process]]:
    """All processes of a service on one machine; what they print goes to `log`, or here."""
    found = wiring.settings()
    with ExitStack() as stack:
        out = stack.enter_context(log.open("ab")) if log else None
        processes = [
            *_workers(found.file, out),
            embedded.beat_process(found.state, found.file, output=out),
            embedded.web_process(found.file, output=out),
        ]
        if not found.broker:
            words = stack.enter_context((found.state / "broker.log").open("wb"))
            processes.insert(0, embedded.broker_process(found.state, words))
        stack.enter_context(embedded.running(processes, found.state))
        yield processes


def _workers(config: Path, output: IO[bytes] | None) -> list[Process]:
    """One worker for all; or, where there are mailings, one each for what must not wait for them.

    A queue that no other worker takes is the first one's.
    """
    own = {"mail": (queue.BULK, wiring.mailings()), "questions": (queue.QUESTIONS, 2)}
    others = own if wiring.lists() else {}
    rest = [name for name in queue.QUEUES if name not in {name for name, _ in others.values()}]
    start = partial(embedded.worker_process, config, output=output)
    first = start(concurrency=wiring.concurrency(), queues=rest)
    return [first, *(start(concurrency=n, name=k, queues=[q]) for k, (q, n) in others.items())]


def _require_free(host: str, port: int) -> None:
    try:
        socket.create_server((host, port)).close()
    except OSError as error:
        place = f"[web] bind = {host}:{port}"
        raise CannotStart(f"{place}: {error.strerror}; name another, or stop who has it") from error


@click.command(epilog="Example: publisher web")
def web() -> None:
    """Serve the readers' pages and the feeds."""
    import uvicorn  # noqa: PLC0415  every other command would pay for it

    host, port = wiring.settings().bind
    _require_free(host, port)
    wiring.begin_log()
    uvicorn.run(
        "publisher.web.app:create",
        factory=True,
        http="publisher.web.punctual:Punctual",
        host=host,
        port=port,
        log_config=None,  # its words go where ours go
        log_level="warning",
        access_log=False,  # it would list the tokens of readers
        timeout_graceful_shutdown=3,  # seconds; who watches a live page comes back by themselves
        proxy_headers=False,  # whom to believe about addresses, [web] trusted_proxies says
    )


@click.command(epilog="Example: publisher migrate")
def migrate() -> None:
    """Bring the store to this program's version. A store in a file does so by itself."""
    opened = storage.connect(wiring.settings().database)
    storage.migrate(opened)
    click.echo(f"{storage.name(opened)} is at this program's version.")


@click.command("sandbox", epilog="Example: publisher sandbox --port 8090")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=8090,
    show_default=True,
    help="The page's port; others follow.",
)
def sandbox_(port: int) -> None:
    """Run stand-ins of the networks on this machine, and nothing else, until stopped."""
    from publisher.sandbox import running as stand_ins  # noqa: PLC0415  every other command would pay for it

    if port > (most := stand_ins.most_port()):
        raise click.BadParameter(
            f"{port} leaves no ports for the others: at most {most}", param_hint="--port"
        )
    feeds = stand_ins.feed_files(stand_ins.DEFAULT_FEED)
    with stand_ins.sandbox(port=port, feeds=feeds) as outside:
        click.echo(f"Stand-ins, not the real networks. What they hold: {outside.page_url}\n")
        click.echo(stand_ins.settings(outside))
        wait()


def wait() -> None:
    """Stay until stopped."""
    with suppress(Stopped):
        while True:
            time.sleep(3600)


COMMANDS = (up, web, migrate, sandbox_)
