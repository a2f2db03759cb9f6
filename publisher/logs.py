"""The log of every process: one line an event, in one form, without secrets and addresses."""

import json
import logging
import re
import sys
import threading
from collections.abc import Callable, Mapping, MutableMapping
from types import TracebackType
from typing import Any, TextIO

import structlog
from structlog.stdlib import ExtraAdder, ProcessorFormatter, add_log_level, add_logger_name
from structlog.typing import Processor

from publisher import secrecy
from publisher.config import Log

# What a delivery came to is logged where it is settled; the queue's own words would drown it.
CHATTY = (
    "alembic",
    "celery.app.trace",
    "celery.beat",
    "celery.worker.strategy",
    "httpx",
    "kombu",
    "asyncio",
)
OURS = frozenset({"time", "level", "logger"})  # not anybody's words
ADDRESS = re.compile(r"[^\s<>\"'(),;:@/=\\]+@(?=[\w-]+\.\w)")
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
UNCAUGHT = "ended by a mistake in the program"
ORDER = ("time", "level", "event", "issue", "lang", "channel", "delivery", "post", "attempt")
Event = MutableMapping[str, Any]
Render = Callable[[Any, str, Event], str]

log = logging.getLogger(__name__)


def begin(wanted: Log, stream: TextIO | None = None) -> None:
    """Have all that this process logs go to `stream` (stderr), in the form that is wanted."""
    out = stream or sys.stderr
    listener = logging.StreamHandler(out)
    listener.setFormatter(formatter(wanted, terminal=out.isatty()))
    root = logging.getLogger()
    root.handlers[:] = [listener]
    root.setLevel(wanted.level.upper())
    for name in CHATTY if wanted.level != "debug" else ():
        logging.getLogger(name).setLevel(logging.WARNING)
    sys.excepthook, threading.excepthook = _uncaught, _uncaught_in_thread


def begin_plainly() -> None:
    """Have what a short command is warned of go to stderr in bare words, without secrets."""
    last = logging.StreamHandler(sys.stderr)
    last.setLevel(logging.WARNING)
    plain: list[Processor] = [
        ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        _clean,
        _as_words,
    ]
    last.setFormatter(ProcessorFormatter(processors=plain))
    logging.lastResort = last


def formatter(wanted: Log, *, terminal: bool) -> ProcessorFormatter:
    """What makes a line of a record, whichever library wrote it."""
    text = wanted.format == "text" or (wanted.format == "auto" and terminal)
    clean = _clean if wanted.readers else _clean_of_addresses
    return ProcessorFormatter(
        foreign_pre_chain=[
            structlog.contextvars.merge_contextvars,
            ExtraAdder(),
            add_log_level,
            add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        ],
        processors=[
            ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            clean,
            _as_text if text else _as_json,
        ],
    )


def _clean(_logger: Any, _method: str, event: Event) -> Event:
    """Take out secrets, whatever they stand in."""
    return {k: v if k in OURS else _each(secrecy.removed, v) for k, v in event.items()}


def _clean_of_addresses(logger: Any, method: str, event: Event) -> Event:
    clean = _clean(logger, method, event)
    return {k: v if k in OURS else _each(without_readers, v) for k, v in clean.items()}


def without_readers(words: str) -> str:
    """A text in which nothing is left of mail addresses but their domains."""
    return ADDRESS.sub(lambda found: found[0] if secrecy.REMOVED in found[0] else "…@", words)


def _each(change: Callable[[str], str], value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(k): _each(change, v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_each(change, v) for v in value]
    return change(str(value))


def _as_words(_logger: Any, _method: str, event: Event) -> str:
    return "\n".join(str(event[key]) for key in ("event", "exception") if event.get(key))


def _as_json(_logger: Any, _method: str, event: Event) -> str:
    return one_line(json.dumps(_ordered(event), ensure_ascii=False))


def _ordered(event: Event) -> Event:
    return {key: event[key] for key in ORDER if key in event} | dict(event)


def _as_text(_logger: Any, _method: str, event: Event) -> str:
    """For people: when, how bad, what, and the rest; a traceback is moved in, under its line."""
    time, level, said = (str(event.pop(key, "")) for key in ("time", "level", "event"))
    trace = str(event.pop("exception", ""))
    rest = " ".join(
        f"{key}={_quoted(value)}" for key, value in _ordered(event).items() if value != ""
    )
    line = one_line(f"{time[:19]}Z {level:7} {said}  {rest}".rstrip())
    return "\n".join([line, *(f"    | {one_line(part)}" for part in trace.splitlines())])


def _quoted(value: Any) -> str:
    words = str(value)
    return words if re.fullmatch(r"[^\s\"=]+", words) else json.dumps(words, ensure_ascii=False)


def one_line(words: str) -> str:
    """A text in which nothing ends the line, moves the cursor or turns the writing round."""
    return CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", words)


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if not issubclass(kind, KeyboardInterrupt):
        log.critical(UNCAUGHT, exc_info=(kind, error, trace))


def _uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    error = args.exc_value
    if error is not None and args.exc_type is not SystemExit:
        log.critical(UNCAUGHT, exc_info=(args.exc_type, error, args.exc_traceback))
