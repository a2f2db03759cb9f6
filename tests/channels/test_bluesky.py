"""What is Bluesky's own: record keys, facets by bytes, cards that fail nothing, sessions."""

import base64
import json
import warnings
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image as Picture
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from channels._bskypost import HEAVIEST, light
from channels._facets import cost, facets, shown_address
from channels._tids import later, record_key
from channels.bluesky import Bluesky
from publisher.domain.channel import Disconnected, Refused, Unsure
from publisher.domain.issue import Edition
from publisher.sandbox.networks.bluesky import app
from publisher.sandbox.serving import serving
from publisher.testing.sample import EDITION, URL, with_pictures
from tests.channels.scripted import Scripted
from tests.channels.worlds.bluesky import World
from tests.testing.talk import Person


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.stop()


@pytest.fixture
def edition(tmp_path: Path) -> Edition:
    return with_pictures(tmp_path)


def channel(**changes: Any) -> Bluesky:
    return Bluesky(handle="a.example", app_password="x", **changes)


def records(world: World) -> list[dict[str, Any]]:
    return [kept.fields["record"] for kept in world.outside.posts("bluesky")]


def test_editions_of_one_moment_have_record_keys_of_their_own() -> None:
    languages = [replace(EDITION, lang=lang) for lang in ("en", "de", "fr", "es", "pt-br")]
    others = [replace(EDITION, key=f"issue-{n}") for n in range(200)]
    keys = {record_key(edition) for edition in [*languages, *others]}
    assert len(keys) == len(languages) + len(others)
    assert all(len(key) == 13 and key[0] in "234567abcdefghij" for key in keys)


def test_record_keys_sort_by_the_dates_of_their_issues() -> None:
    dates = [EDITION.date + timedelta(days=days) for days in (0, 1, 30, 400)]
    keys = [record_key(replace(EDITION, date=date)) for date in dates]
    assert keys == sorted(keys)


def test_the_parts_of_a_thread_have_keys_in_a_row() -> None:
    assert record_key(EDITION, 3) == later(record_key(EDITION), 3) > record_key(EDITION, 2)


@pytest.mark.parametrize(
    "before", ["", "Grüße, ", "日本語 ", "👩‍👩‍👧 "], ids=["ascii", "latin", "cjk", "emoji"]
)
def test_facets_count_bytes(before: str) -> None:
    text = f"{before}{shown_address(URL)} #News"
    link, tag = facets(text, url=URL, tags=["News"])
    cut = [text.encode()[f["index"]["byteStart"] : f["index"]["byteEnd"]] for f in (link, tag)]
    assert [part.decode() for part in cut] == [shown_address(URL), "#News"]
    assert link["features"][0]["uri"] == URL


def test_a_tag_within_a_word_is_none() -> None:
    assert [f["features"][0]["tag"] for f in facets("#a #ab b#a", url=URL, tags=["a"])] == ["a"]


def test_a_text_of_many_bytes_counts_by_them() -> None:
    assert cost("👩‍👩‍👧‍👦" * 10) == 25
    assert cost("a" * 10) == 10


def test_the_card_has_the_picture_and_leads_to_the_page(world: World, edition: Edition) -> None:
    receipt = world.channel.deliver(world.channel.render(edition))
    [record] = records(world)
    external = record["embed"]["external"]
    assert (external["uri"], external["thumb"]["mimeType"]) == (URL, "image/png")
    assert httpx.get(receipt.url).status_code == 200
    assert record["langs"] == ["en"]


def test_a_picture_alone_has_its_description(world: World, edition: Edition) -> None:
    shows = replace(world.channel, post="image")
    post = shows.render(edition)
    shows.deliver(post)
    [one] = records(world)[0]["embed"]["images"]
    assert one["alt"] == post.images[0].alt != ""


def test_a_picture_that_is_gone_is_left_off(world: World, edition: Edition) -> None:
    post = world.channel.render(edition)
    Path(post.images[0].path).unlink()
    receipt = world.channel.deliver(post)
    assert receipt.note.startswith(f"left off {post.images[0].src}: ")
    assert "thumb" not in records(world)[0]["embed"]["external"]


def test_a_heavy_picture_is_made_lighter(tmp_path: Path) -> None:
    path = tmp_path / "noise.png"
    Picture.effect_noise((1500, 1500), 90).save(path)
    assert path.stat().st_size > HEAVIEST
    content, kind = light(path, "image/png")
    assert (len(content) <= HEAVIEST, kind) == (True, "image/jpeg")


def test_a_thread_is_finished_where_it_broke_off(world: World) -> None:
    long = replace(EDITION, summary=" ".join(f"Sentence number {n}." for n in range(60)))
    threaded = replace(world.channel, thread=4)
    post = threaded.render(long)
    assert len(post.details["parts"]) == 4
    threaded.deliver(replace(post, details={**post.details, "keys": post.details["keys"][:2]}))
    assert threaded.find_existing(post) is None
    receipt = threaded.deliver(post)
    found = threaded.find_existing(post)
    assert found and (found.id, found.url) == (receipt.id, receipt.url)
    first, *others = records(world)
    assert [part["text"][-5:] for part in (first, *others)] == [f"({n}/4)" for n in range(1, 5)]
    assert {part["reply"]["root"]["uri"] for part in others} == {receipt.id}
    assert "embed" in first and not any("embed" in part for part in others)
    threaded.retract(receipt)
    assert records(world) == []


def test_a_thread_is_taken_back_from_its_end(world: World) -> None:
    long = replace(EDITION, summary=" ".join(f"Sentence number {n}." for n in range(60)))
    threaded = replace(world.channel, thread=4)
    post = threaded.render(long)
    receipt = threaded.deliver(post)
    threaded.retract(receipt)
    removed = [said["id"] for said in world.journal() if said["event"] == "remove"]
    assert removed == post.details["keys"][::-1]


def test_a_picture_of_too_many_pixels_is_left_off(tmp_path: Path) -> None:
    path = tmp_path / "huge.png"
    Picture.new("1", (14_000, 14_000)).save(path)
    with path.open("ab") as out:
        out.write(bytes(HEAVIEST))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Picture.DecompressionBombWarning)
        with pytest.raises(OSError, match="too many pixels"):
            light(path, "image/png")


def test_a_thread_that_breaks_off_is_in_doubt(world: World) -> None:
    long = replace(EDITION, summary=" ".join(f"Sentence number {n}." for n in range(60)))
    threaded = replace(world.channel, thread=3)
    post = threaded.render(long)
    threaded.deliver(replace(post, details={**post.details, "keys": post.details["keys"][:1]}))
    world.fail("rate_limit")
    with pytest.raises(Unsure, match="1 of 3 posts are there"):
        threaded.deliver(post)


def test_labels_warn_of_what_is_shown(world: World) -> None:
    warned = replace(world.channel, labels=("graphic-media",))
    warned.deliver(warned.render(EDITION))
    assert [one["val"] for one in records(world)[0]["labels"]["values"]] == ["graphic-media"]


def test_a_session_is_kept_for_its_owners_eyes_and_gone_on_with(
    world: World, tmp_path: Path
) -> None:
    kept = tmp_path / "bluesky.session"
    replace(world.channel, session=kept).check()
    assert kept.stat().st_mode & 0o777 == 0o600
    assert replace(world.channel, session=kept, app_password="revoked").check()


@pytest.mark.parametrize("damage", ["", "nonsense", "a:::b:::c:::d:::e"])
def test_a_damaged_session_is_begun_anew(world: World, tmp_path: Path, damage: str) -> None:
    kept = tmp_path / "bluesky.session"
    kept.write_text(damage)
    assert replace(world.channel, session=kept).check()
    assert kept.read_text() != damage


def test_a_password_that_is_not_taken_says_what_helps(world: World) -> None:
    with pytest.raises(Disconnected, match="make a new app password"):
        replace(world.channel, app_password="revoked").check()


PUT = ("POST", "/xrpc/com.atproto.repo.putRecord")
LOGIN = ("POST", "/xrpc/com.atproto.server.createSession")


@pytest.mark.parametrize("where", [PUT, LOGIN], ids=["posting", "signing in"])
@pytest.mark.parametrize(
    ("status", "word", "remedy"),
    [
        (400, "AccountTakedown", "Bluesky has closed the account"),
        (403, "AccountSuspended", "Bluesky has closed the account"),
        (400, "RepoTakendown", "Bluesky has closed the account"),
        (400, "AccountDeactivated", "activate the account again"),
        (400, "RepoNotFound", "has moved to another server: mend `service`"),
        (401, "AuthFactorTokenRequired", "use an app password"),
        (400, "ExpiredToken", "make a new app password"),
        (401, "SomethingNew", "make a new app password"),
        (403, "", "make a new app password"),
    ],
)
def test_an_account_that_may_not_post_stops_with_the_remedy(
    world: World, where: tuple[str, str], status: int, word: str, remedy: str
) -> None:
    answer = JSONResponse({"error": word, "message": "no more"}, status)
    there = Scripted(app(world.outside), {where: answer})
    with serving(there) as url:
        account = replace(world.channel, service=url)
        with pytest.raises(Disconnected) as failure:
            account.deliver(account.render(EDITION))
    assert str(failure.value).count(remedy) == 1
    assert records(world) == []
    assert there.asked.count(where) <= 1


@pytest.mark.parametrize("body", [{}, {"uri": 3}, [], {"uri": "at://x", "cid": None}])
def test_an_answer_of_another_form_leaves_a_doubt(world: World, body: Any) -> None:
    there = Scripted(app(world.outside), {PUT: JSONResponse(body)})
    with serving(there) as url:
        account = replace(world.channel, service=url)
        with pytest.raises(Unsure, match="something else"):
            account.deliver(account.render(EDITION))


def test_a_server_that_redirects_is_to_be_named_anew(world: World) -> None:
    moved = JSONResponse({}, 307, headers={"Location": "https://elsewhere.example/"})
    with serving(Scripted(app(world.outside), {LOGIN: moved})) as url:
        account = replace(world.channel, service=url)
        with pytest.raises(Disconnected, match="mend `service`, use the final address"):
            account.deliver(account.render(EDITION))


def test_an_edit_is_refused_with_the_reason(world: World) -> None:
    receipt = world.channel.deliver(world.channel.render(EDITION))
    with pytest.raises(Refused, match="shows no edits"):
        world.channel.update(receipt, world.channel.render(EDITION))


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("handle", "@a.example"),
        ("handle", "plain"),
        ("app_password", ""),
        ("service", "bsky.social"),
        ("post", "video"),
        ("labels", ("spooky",)),
        ("thread", 0),
        ("hashtags", ("two words",)),
        ("timeout", 0),
    ],
)
def test_a_wrong_setting_is_named(setting: str, value: Any) -> None:
    right: dict[str, Any] = {"handle": "a.example", "app_password": "x"}
    with pytest.raises(ValueError, match=f"^{setting} must be"):
        Bluesky(**{**right, setting: value})


# --- getting the credentials


def session_of(scope: str) -> Any:
    """A server that lets anybody in, to do what `scope` names."""
    claims = base64.urlsafe_b64encode(json.dumps({"scope": scope}).encode()).decode().rstrip("=")

    async def answer(_: Request) -> JSONResponse:
        return JSONResponse({"accessJwt": f"e30.{claims}.s"})

    path = "/xrpc/com.atproto.server.createSession"
    return serving(Starlette(routes=[Route(path, answer, methods=["POST"])]))


CAT = {"handle": "@cat.example", "app_password": "aaaa-bbbb-cccc-dddd"}


def test_an_app_password_is_taken() -> None:
    with session_of("com.atproto.appPass") as url:
        got = Bluesky.connect({"service": url}, Person(answers=CAT))
    assert got == {"handle": "cat.example", "app_password": "aaaa-bbbb-cccc-dddd"}


def test_the_accounts_own_password_is_not() -> None:
    with session_of("com.atproto.access") as url, pytest.raises(Refused, match="own password"):
        Bluesky.connect({"service": url}, Person(answers=CAT))


def test_a_password_that_does_not_fit_is_named(world: World) -> None:
    wrong = {**CAT, "app_password": "revoked"}
    with pytest.raises(Refused, match="do not fit together"):
        Bluesky.connect({"service": world.channel.service}, Person(answers=wrong))
