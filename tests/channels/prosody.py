"""A real prosody on this machine, for one test module: no TLS, no other servers, its own folder."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HOST, ROOMS, NEWS = "capulet.example", "rooms.capulet.example", "news.capulet.example"
CONFIG = """
run_as_root = true
daemonize = false
pidfile = "{folder}/prosody.pid"
data_path = "{folder}/data"
plugin_paths = {{}}
interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {port} }}
s2s_ports = {{}}
component_ports = {{}}
http_ports = {{}}
https_ports = {{}}
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
authentication = "internal_plain"
storage = "internal"
modules_enabled = {{ "roster", "saslauth", "disco", "ping", "pep", "mam", "offline", "carbons" }}
modules_disabled = {{ "s2s", "tls", "posix" }}
log = {{ info = "{folder}/prosody.log" }}
VirtualHost "{host}"
Component "{rooms}" "muc"
  modules_enabled = {{ "muc_mam" }}
  muc_log_by_default = true
  restrict_room_creation = false
Component "{news}" "pubsub"
  admins = {{ "news@{host}" }}
"""


@dataclass(frozen=True, kw_only=True)
class Prosody:
    """Where it listens."""

    host: str
    port: int


def is_there() -> bool:
    return shutil.which("prosody") is not None


@contextmanager
def prosody(folder: Path, accounts: Mapping[str, str]) -> Iterator[Prosody]:
    """Serve HOST, its rooms and its PubSub service, with accounts and their passwords."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = folder / "prosody.cfg.lua"
    names = {"folder": folder, "port": port, "host": HOST, "rooms": ROOMS, "news": NEWS}
    config.write_text(CONFIG.format(**names))
    for user, password in accounts.items():
        where = folder / "data" / HOST.replace(".", "%2e") / "accounts"
        where.mkdir(parents=True, exist_ok=True)
        (where / f"{user}.dat").write_text(f'return {{ ["password"] = "{password}"; }};\n')
    running = subprocess.Popen(
        ["prosody", "--config", str(config)],  # noqa: S607  Debian's
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port, running)
        yield Prosody(host="127.0.0.1", port=port)
    finally:
        running.terminate()
        running.wait(timeout=10)


def _wait_for(port: int, running: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        assert running.poll() is None, "prosody did not start"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("prosody does not listen")
