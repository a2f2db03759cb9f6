"""An account on an AT Protocol server, as a channel's settings name it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Account:
    """Who signs in where. `kept` is a file in which a session outlives the process."""

    service: str
    handle: str
    password: str = field(repr=False)
    timeout: float
    kept: Path | None


def account_of(channel: Any) -> Account:
    """The account that a channel's settings name."""
    about = {"service": channel.service.rstrip("/"), "handle": channel.handle}
    password, kept = channel.app_password, channel.session
    return Account(**about, password=password, timeout=channel.timeout, kept=kept)
