"""What the soak calls growth."""

from dataclasses import fields, replace

from tests.soak.measured import Sample, judged

FLAT = Sample(**{field.name: 100.0 for field in fields(Sample)})


def grown(**by: float) -> list[str]:
    """The measures that are said to grow, when these grow so much at every look."""
    looks = [
        replace(FLAT, **{name: 100 + step * look for name, step in by.items()})
        for look in range(100)
    ]
    return [row.name for row in judged(looks) if row.grows]


def test_what_stays_as_it_is_does_not_grow() -> None:
    assert grown(released=1, store=20) == []


def test_what_leaks_at_every_look_grows() -> None:
    assert grown(files=0.1, memory=200, released=1, store=20) == ["memory", "files"]


def test_a_store_that_takes_ever_more_for_a_release_grows() -> None:
    looks = [replace(FLAT, store=float(look * look), released=float(look)) for look in range(100)]
    assert [row.name for row in judged(looks) if row.grows] == ["store, a release"]
