"""The naive way, to compare with: a Celery task a reader, which builds and connects anew."""

import asyncio
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import SMTP
from functools import cache
from pathlib import Path
from typing import IO, Any

import aiosmtplib
from celery import Celery

from publisher import embedded
from publisher.domain.channel import Post
from publisher.embedded import Process

BROKER, POST, PORT = "NAIVE_BROKER", "NAIVE_POST", "NAIVE_PORT"

app = Celery("naive", broker=os.environ.get(BROKER, ""), set_as_current=False)
app.conf.update(task_ignore_result=True, task_default_queue="naive")


@cache
def _post() -> dict[str, str]:
    found: dict[str, str] = json.loads(Path(os.environ[POST]).read_text("utf-8"))
    return found


def _message(address: str, token: str) -> EmailMessage:
    post, leave = _post(), f"https://news.example/unsubscribe/{token}"
    message = EmailMessage(policy=SMTP)
    message["From"] = "The Measured Post <post@news.example>"
    message["To"] = address
    message["Subject"] = post["title"]
    message["Message-ID"] = f"<{token}@news.example>"
    message["List-Unsubscribe"] = f"<{leave}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(post["text"].replace(post["slot"], leave))
    message.add_alternative(post["html"].replace(post["slot"], leave), subtype="html")
    return message


@app.task(name="naive.send")  # type: ignore[untyped-decorator]  # celery ships no types
def send(address: str, token: str) -> None:
    """Send one reader's copy."""
    message = _message(address, token)
    to = {"hostname": "127.0.0.1", "port": int(os.environ[PORT]), "start_tls": False}
    asyncio.run(aiosmtplib.send(message, **to))  # type: ignore[arg-type]


@contextmanager
def running(
    folder: Path, post: Post, *, port: int, concurrency: int, output: IO[bytes]
) -> Iterator[tuple[Celery, Sequence[Process]]]:
    """A broker and a worker of its own; the application to give tasks to."""
    folder.mkdir()
    words = {"title": post.title, "text": post.text, "html": post.html}
    words["slot"] = str(post.details["slot"])
    (folder / "post.json").write_text(json.dumps(words), "utf-8")
    url = embedded.broker_url(folder)
    env = {BROKER: url, POST: str(folder / "post.json"), PORT: str(port)}
    command = [sys.executable, "-m", "celery", "--quiet", "-A", "tests.bench.naive", "worker"]
    command += ["--concurrency", str(concurrency), "--loglevel", "INFO", "--hostname", "naive@%h"]
    worker = Process("worker", command, env=env, output=output, grace=10)
    processes = [embedded.broker_process(folder, output), worker]
    with embedded.running(processes, folder):
        yield _client(url), processes


def _client(url: str) -> Any:
    client = Celery("naive", broker=url, set_as_current=False)
    client.conf.update(task_ignore_result=True, task_default_queue="naive")
    return client
