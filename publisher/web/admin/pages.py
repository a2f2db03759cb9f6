"""Writing an operators' page: templates, words, marks, times."""

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache, lru_cache, partial
from typing import Any
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape
from sqlalchemy import Row

from publisher.domain import subscriber
from publisher.domain.delivery import State
from publisher.readership import without_addresses
from publisher.storage import actions
from publisher.storage.arrivals import Fate
from publisher.storage.engine import reading
from publisher.storage.reports import Standing
from publisher.web import languages, showing
from publisher.web.admin.sessions import Door, Session
from publisher.web.languages import noted

FRESH = {"Cache-Control": "no-store"}
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "connect-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "frame-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
MARKS = {
    State.DELIVERED: "✓",
    State.PENDING: "…",
    State.SENDING: "▸",
    State.UNSURE: "?",
    State.REFUSED: "✗",
    State.HELD: "!",
    State.SKIPPED: "–",
}
STATES = {
    State.DELIVERED: noted("delivered"),
    State.PENDING: noted("pending"),
    State.SENDING: noted("sending"),
    State.UNSURE: noted("unsure"),
    State.REFUSED: noted("refused"),
    State.HELD: noted("held"),
    State.SKIPPED: noted("skipped"),
}
READERS = {
    subscriber.Standing.UNCONFIRMED: noted("asked, and did not answer yet"),
    subscriber.Standing.CONFIRMED: noted("on the list"),
    subscriber.Standing.LEFT: noted("left the list"),
    subscriber.Standing.STOPPED: noted("stopped, for mail came back"),
}
FATES = {
    Fate.ADDED: noted("are added"),
    Fate.CONFIRMED: noted("are confirmed"),
    Fate.CHANGED: noted("are changed"),
    Fate.ENDED: noted("are taken off the list"),
    Fate.KEPT: noted("stay as they are"),
    Fate.LEFT_OUT: noted("are left out"),
}
ADDRESS = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:)]")
LINK = Markup('<a href="{0}" rel="noopener noreferrer nofollow">{0}</a>')
MOST_DIGITS = 18  # of a number that every database takes
SAFE = ("https://", "http://", "xmpp:")


def page(
    door: Door,
    request: Request,
    template: str,
    *,
    session: Session | None = None,
    status: int = 200,
    **values: Any,
) -> Response:
    """A page in the browser's language, for nobody to keep."""
    lang = languages.wanted(request.headers.get("accept-language", ""))
    sees = session is not None and session.may("release")
    html = part(door, template, lang=lang, sees_readers=sees, session=session, **values)
    headers = FRESH | {"Content-Security-Policy": POLICY, "Vary": "Accept-Language, Cookie"}
    return HTMLResponse(html, status, headers=headers)


def live(door: Door, request: Request, name: str, session: Session, **values: Any) -> Response:
    """A page whose part NAME-live.html is kept up to date where scripts run."""
    lang = languages.wanted(request.headers.get("accept-language", ""))
    may = {"may_act": session.may("release")}
    shown = part(door, f"{name}-live.html", lang=lang, sees_readers=may["may_act"], **may, **values)
    safe = Markup(shown)  # noqa: S704  a template of ours wrote it
    known: dict[str, Any] = {"here": name, "live": safe, "seen": mark_of(shown)}
    return page(door, request, f"{name}.html", session=session, **may, **known, **values)


def number(said: str) -> int | None:
    """A number that an address says; None for what is none, or more than databases take."""
    is_one = said.isascii() and said.isdecimal() and len(said) <= MOST_DIGITS
    return int(said) if is_one else None


def note(door: Door, session: Session, done: str) -> Row[Any] | None:
    """What somebody just did, by the number that the address says; None for another's deed."""
    id = number(done)
    if id is None:
        return None
    with reading(door.web.engine) as db:
        found = actions.numbered(db, id)
    return found if found and found.by == session.user.name else None


def mark_of(text: str) -> str:
    """What tells one text from another."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def part(door: Door, template: str, *, lang: str, sees_readers: bool, **values: Any) -> str:
    """A page or a part of one as text, without addresses for who sees no readers."""
    known = {"admin": door.path, "site": door.web.settings.site, "web": door.web, "lang": lang}
    known["asset"] = showing.asset(door.web)
    values |= {"sees_readers": sees_readers, "now": door.web.now()}
    return _environment(lang).get_template(template).render(known, **values)


@cache
def _environment(lang: str) -> Environment:
    made = Environment(
        loader=PackageLoader("publisher.web", "pages/admin"),
        extensions=["jinja2.ext.i18n"],
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    words = languages.translations(lang)
    made.install_gettext_translations(words, newstyle=True)  # type: ignore[attr-defined]  # i18n's
    made.filters.update(moment=moment, linked=linked, key=quoted)
    made.globals.update(marks=MARKS, states=STATES, linkable=linkable)
    said = {state: str(escape(words.gettext(word))) for state, word in STATES.items()}
    made.globals.update(readers=READERS, fates=FATES, cell=partial(cell, words=said))
    return made


def moment(at: datetime | None) -> Markup:
    """A time that a script puts into the viewer's zone, and that without one is told in UTC."""
    if at is None:
        return Markup("")
    iso = at.astimezone(UTC).isoformat(timespec="seconds")
    day, clock = iso[:10], iso[11:19]
    told = f'<time datetime="{day}T{clock}Z">{day} {clock[:5]} UTC</time>'
    return Markup(told)  # noqa: S704  nothing but digits of ours


@lru_cache(maxsize=10_000)
def quoted(key: str) -> str:
    """A key as it stands in an address; its slashes stay."""
    return quote(key)


def cell(standing: Standing, path: str, words: dict[State, str]) -> Markup:
    """One cell of the matrix: a mark, a word, a count of readers, and when it last changed.

    It is written here and not in the template, for a page may have thousands.
    """
    s, count = standing, ""
    if s.readers is not None:
        count = f" {s.readers.get(State.DELIVERED, 0)}/{sum(s.readers.values())}"
    partly = " partly" if s.readers and s.refused else ""
    when = f"<br>{moment(s.changed_at)}" if s.changed_at else ""
    return Markup(  # noqa: S704  a quoted path, marks, numbers, and words of ours
        f'<td><a class="cell {s.state}{partly}" href="{path}#{quoted(s.channel)}-{quoted(s.lang)}">'
        f'<span class="mark" aria-hidden="true">{MARKS[s.state]}</span> {words[s.state]}{count}</a>'
        f"{when}</td>"
    )


def linkable(url: str) -> bool:
    """Whether an address from elsewhere may be a link: one that runs nothing."""
    return url.startswith(SAFE)


@pass_context
def linked(context: Context, words: str) -> Markup:
    """Words from elsewhere, in which addresses are links; servers' words may name readers."""
    return Markup("").join(_linked(words if context["sees_readers"] else without_addresses(words)))


def _linked(words: str) -> Iterator[Markup]:
    last = 0
    for found in ADDRESS.finditer(words):
        yield escape(words[last : found.start()])
        yield LINK.format(found[0])
        last = found.end()
    yield escape(words[last:])
