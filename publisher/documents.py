"""The JSON that commands print and the API answers: one shape for each thing, wherever it is asked.

Each function gives a document of JSON's own types and of times; `as_json` writes those.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row

from publisher.checking import Checked
from publisher.domain.issue import Edition, telling_image
from publisher.domain.plan import Step
from publisher.previewing import Previewed
from publisher.storage.known import Known
from publisher.storage.releases import Release
from publisher.storage.reports import Attempt, Standing
from publisher.storage.tokens import Token
from publisher.storage.users import User

Document = dict[str, Any]


def as_json(value: Any) -> str:
    """One JSON document; times as RFC 3339 in UTC."""
    return json.dumps(value, default=_plain, ensure_ascii=False, indent=2)


def as_json_line(value: Any) -> str:
    """One JSON document on one line."""
    return json.dumps(value, default=_plain, ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    raise TypeError(f"{type(value).__name__} has no JSON")


def _of(thing: object, names: str) -> Document:
    return {name: getattr(thing, name) for name in names.split()}


# --- what is written


def edition(found: Edition) -> Document:
    """An edition as it was understood, and what is odd about it."""
    told = _of(found, "key lang path title date url summary authors tags html text links draft")
    told |= _of(found, "aliases not_before expires")
    told["images"] = [_of(image, "src alt caption") for image in found.images]
    card = telling_image(found)
    told["card"] = card.src if card else ""
    told["warnings"] = [asdict(w) for w in found.warnings]
    return told


def kept_edition(row: Row[Any]) -> Document:
    """An edition in the same shape, as far as it was kept when it was planned."""
    lists = ("authors", "tags", "links", "aliases", "images", "warnings")
    kept = _of(row, "lang path title url summary html")
    unknown = {"text": "", "card": "", "draft": False, "not_before": None, "expires": None}
    return {"key": row.issue, "date": row.dated, **kept, **unknown} | {name: [] for name in lists}


def preview(found: Previewed) -> Document:
    """What a channel would get, with the post's own findings, and then its edition's."""
    told = _of(found.channel, "name kind")
    told = {"channel": told["name"], "kind": told["kind"]}
    told |= _of(found.post, "lang title text html url length limit")
    warnings = dict.fromkeys((*found.findings, *found.edition.warnings))
    return told | {"warnings": [asdict(w) for w in warnings], "refused": found.refused}


# --- what is sent


def standing(found: Standing) -> Document:
    """One delivery of an issue's status."""
    told = "channel kind lang state attempts url remote_id reason next_attempt_at readers"
    return _of(found, told)


def status(key: str, editions: Iterable[Row[Any]], standings: Iterable[Standing]) -> Document:
    """An issue: its editions as they were planned, and how each of its deliveries stands."""
    return {
        "key": key,
        "editions": [_planned_edition(row) for row in editions if row.issue == key],
        "deliveries": [standing(one) for one in standings if one.issue == key],
    }


def _planned_edition(row: Row[Any]) -> Document:
    told = _of(row, "lang title url revision path")
    return {"key": row.issue, "date": row.dated, **told}


def attempt(found: Attempt) -> Document:
    """One attempt at a delivery, or a person's word about it."""
    told = asdict(found)
    del told["issue"]
    return told


def plan(release: Release, steps: Sequence[Step]) -> Document:
    """When an edition goes to which channel, and why then."""
    facts = release.facts
    return {
        "key": release.issue,
        "lang": release.lang,
        **_of(facts, "seen_at live_at trouble"),
        "held": facts.held_at is not None,
        "released": facts.released_at is not None,
        "cancelled": facts.cancelled_at is not None,
        "channels": [{**_of(step, "channel at why"), "planned": step.done} for step in steps],
    }


def checked(found: Checked) -> Document:
    """What a check found."""
    return asdict(found)


# --- readers, and what comes back


def reader(row: Row[Any]) -> Document:
    """A reader as the list has them."""
    told = _of(row, "address name languages lists else_after state origin added_at changed_at")
    return told | {"domain": row.address_key.rpartition("@")[2]}


def known(found: Known) -> Document:
    """All that is known of one address; `address` is None where nobody has it."""
    told: Document = reader(found.reader) if found.reader else {"address": None}
    return told | {
        "suppression": found.suppression,
        "events": [_of(row, "at event how place words") for row in found.events],
        "questions": [_of(r, "asked_at expires_at confirmed_at state") for r in found.questions],
        "deliveries": [
            _of(row, "issue lang channel state attempts reason changed_at")
            for row in found.deliveries
        ],
        "bounces": [_of(row, "at kind status words") for row in found.bounces],
    }


def bounce(row: Row[Any]) -> Document:
    """What came back of one mail."""
    return _of(row, "at issue channel lang reader kind status words verdict")


# --- who does what


def token(found: Token) -> Document:
    """A program's token, without what opens anything."""
    return _of(found, "name role made_by made_at expires_at used_at")


def user(found: User) -> Document:
    """Who may sign in, without what lets them."""
    return _of(found, "name role made_at seen_at")


def action(row: Row[Any]) -> Document:
    """What somebody did."""
    return _of(row, "at by did issue channel words")
