"""What can be said of a LinkedIn token without posting: whose it is, and how long it will do."""

from datetime import UTC, date, datetime, timedelta

from channels._linkedinapi import Line
from channels._linkedinwords import CONNECT
from publisher.domain.channel import Disconnected

SOON = timedelta(days=14)
YEAR = timedelta(days=365)  # how long a version is taken at least


def found(line: Line, author: str, expires: str) -> list[str]:
    """Ask, and read the calendar. Raises Disconnected for a token that is another's or over."""
    today = datetime.now(UTC).date()
    if is_date(expires) and date.fromisoformat(expires) < today:
        raise Disconnected(f"the token expired on {expires}: {CONNECT}")
    told = line.owner()
    line.try_version()
    return [_owned(told, author), *_month(line.version, today), *_term(expires, today)]


def is_date(text: str) -> bool:
    """Whether a text is a date as we write them, YYYY-MM-DD."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _owned(told: dict[str, object], author: str) -> str:
    if not told:
        return f"posts as {author}; whose token it is cannot be asked without openid and profile"
    me = f"urn:li:person:{told.get('sub')}"
    name = told.get("name") or me
    if author.startswith("urn:li:person:") and author != me:
        raise Disconnected(f"the token is that of {name} ({me}), not of `author`: {CONNECT}")
    return f"signed in as {name}, posts as {author}"


def _month(version: str, today: date) -> list[str]:
    end = date(int(version[:4]), int(version[4:6]), 1) + YEAR
    soon = f"version {version} is taken until about {end:%Y-%m}: set `version` to a later month"
    return [f"version {version}", *([f"warning: {soon}"] if end - today <= SOON else [])]


def _term(expires: str, today: date) -> list[str]:
    if not expires:
        return ["when the token expires is not known: most live 60 days; see `token_expires`"]
    soon = date.fromisoformat(expires) - today <= SOON
    return (
        [f"warning: the token expires on {expires}: {CONNECT}"]
        if soon
        else [f"the token expires on {expires}"]
    )
