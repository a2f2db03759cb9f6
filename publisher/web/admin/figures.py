"""Charts: what was delivered on each of the last days, and who joined and left."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

from fastapi import APIRouter, Request, Response

from publisher.storage import figures
from publisher.storage.engine import reading
from publisher.web.admin import pages
from publisher.web.admin.sessions import Door
from publisher.web.headers import READING
from publisher.web.languages import noted

DAYS = 30
HEIGHT = 120  # of a chart, in its own units
SERIES = {
    "delivered": noted("delivered"),
    "refused": noted("refused"),
    "held": noted("held"),
    "joined": noted("joined"),
    "left": noted("left"),
}


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One stretch of one day's column; `y` is from the top."""

    what: str
    y: float
    height: float


@dataclass(frozen=True, kw_only=True)
class Column:
    """One day: its numbers by series, and the bars that show them."""

    day: date
    numbers: dict[str, int]
    bars: tuple[Bar, ...]


def router(door: Door) -> APIRouter:
    """GET /admin/figures."""
    routes = APIRouter()

    @routes.api_route("/figures", methods=READING)
    def page(request: Request) -> Response:
        session = door.seen(request)
        today = door.web.now().astimezone(UTC).date()
        first = today - timedelta(days=DAYS - 1)
        since = datetime.combine(first, datetime.min.time(), UTC)
        with reading(door.web.engine) as db:
            sent = figures.deliveries(db, since=since)
            known = figures.readers(db, since=since)
        chart = partial(_chart, first=first)
        values: dict[str, Any] = {
            "charts": [
                (noted("Deliveries a day"), chart(sent, ("delivered", "refused", "held"))),
                (noted("Readers a day"), chart(known, ("joined", "left"))),
            ],
            "height": HEIGHT,
            "series": SERIES,
        }
        return pages.page(door, request, "figures.html", session=session, here="figures", **values)

    return routes


def _chart(
    found: dict[tuple[str, str], int], series: tuple[str, ...], *, first: date
) -> list[Column]:
    days = [first + timedelta(days=number) for number in range(DAYS)]
    numbers = {day: {name: found.get((f"{day}", name), 0) for name in series} for day in days}
    most = max((sum(of.values()) for of in numbers.values()), default=0)
    return [Column(day=day, numbers=of, bars=_bars(of, most)) for day, of in numbers.items()]


def _bars(numbers: dict[str, int], most: int) -> tuple[Bar, ...]:
    bars, top = [], float(HEIGHT)
    for what, number in numbers.items():
        if number:
            height = round(HEIGHT * number / most, 1)
            top -= height
            bars.append(Bar(what=what, y=round(top, 1), height=height))
    return tuple(bars)
