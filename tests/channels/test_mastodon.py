"""What is particular to Mastodon, beyond what every channel owes."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from channels._mastodonpy import links_in, status_length
from channels.mastodon import Mastodon
from publisher.domain.channel import ChannelError, Disconnected, Post, Refused, TryLater, Unsure
from publisher.domain.issue import Edition, Image
from publisher.sandbox.networks import _statuses as statuses
from publisher.sandbox.networks import mastodon as stand_in
from publisher.sandbox.outside import Outside
from publisher.sandbox.serving import serving
from publisher.testing.sample import EDITION, FAMILY, URL, tiny_png, with_pictures
from publisher.testing.worlds import SECRET
from tests.channels.scripted import Scripted

POST = ("POST", "/api/v1/statuses")
UPLOAD = ("POST", "/api/v2/media")
Answers = dict[tuple[str, str], Response]
Served = Callable[[Answers], Mastodon]


@pytest.fixture
def outside() -> Outside:
    return Outside()


@pytest.fixture
def edition(tmp_path: Path) -> Edition:
    return with_pictures(tmp_path)


@pytest.fixture
def served(outside: Outside) -> Iterator[Served]:
    """Serve the stand-in, with some answers as scripted."""
    with ExitStack() as stack:

        def start(answers: Answers) -> Mastodon:
            app = Scripted(stand_in.app(outside), answers)
            return channel(stack.enter_context(serving(app)))

        yield start


def channel(url: str, **changes: Any) -> Mastodon:
    return Mastodon(instance=url, access_token=SECRET, timeout=2, **changes)


def error(code: int, words: str, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return JSONResponse({"error": words}, code, named)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("plain words", 11),
        ("https://example.org/" + "long/" * 40, 23),
        ("http://ab.org", 23),
        ("see https://example.org/x.", 4 + 23 + 1),
        ("@quay@harbour.example hello", 5 + 6),
        (FAMILY, 1),
        ("港からの手紙", 6),
    ],
)
def test_length_is_counted_as_servers_count(text: str, length: int) -> None:
    assert status_length(text) == length
    assert statuses.status_length(text) == length


def test_an_address_without_a_real_domain_counts_in_full() -> None:
    assert status_length("https://harbour.example/2026/08/") == 32


def test_a_content_warning_counts() -> None:
    plain = channel("http://here.example").render(EDITION)
    warned = channel("http://here.example", spoiler_text="Long reading, with fish").render(EDITION)
    assert len(warned.text) < len(plain.text)
    assert warned.length == status_length(warned.text, "Long reading, with fish") <= 500


def test_a_short_issue_is_not_cut() -> None:
    post = channel("http://here.example").render(replace(EDITION, summary="All is well."))
    assert post.text == f"{EDITION.title}\n\nAll is well.\n\n{URL}"


def test_a_text_without_spaces_is_cut_in_the_middle_not_dropped() -> None:
    post = channel("http://here.example").render(replace(EDITION, summary="潮が早い" * 300))
    assert post.length == 500


def test_the_telling_picture_goes_along_with_its_caption(
    served: Served, outside: Outside, edition: Edition
) -> None:
    mastodon = served({})
    mastodon.deliver(mastodon.render(edition))
    [kept] = outside.posts("mastodon")
    [picture] = kept.fields["media"]
    assert picture["description"] == EDITION.images[1].caption
    assert httpx.get(picture["url"]).content == tiny_png()


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (Image(src="https://far.example/a.png", alt="A"), "no local file"),
        (Image(src="https://far.example/a.svg", alt="A", path="a.svg"), "no JPEG"),
    ],
)
def test_a_picture_that_cannot_go_along_is_warned_of(image: Image, reason: str) -> None:
    post = channel("http://here.example").render(replace(EDITION, images=(image,)))
    assert post.images == ()
    [warning] = post.warnings
    assert reason in warning.detail


def test_a_long_description_is_cut() -> None:
    image = Image(src="https://far.example/a.png", alt="word " * 999, path="a.png")
    [only] = channel("http://here.example").render(replace(EDITION, images=(image,))).images
    assert len(only.alt) <= 1500


@pytest.mark.parametrize(
    "answer",
    [
        error(422, "File content type is invalid"),
        error(500, "something broke"),
        error(429, "Too many requests"),
        JSONResponse({"id": "1", "type": "image", "url": None}, 202),
    ],
    ids=["refused", "broken", "limited", "without an end"],
)
def test_a_failed_upload_leaves_the_picture_off_and_says_so(
    served: Served, outside: Outside, edition: Edition, answer: Response
) -> None:
    unfinished = JSONResponse({"id": "1", "type": "image", "url": None}, 206)
    mastodon = served({UPLOAD: answer, ("GET", "/api/v1/media/1"): unfinished})
    receipt = mastodon.deliver(mastodon.render(edition))
    [kept] = outside.posts("mastodon")
    assert kept.fields["media"] == []
    assert "left off" in receipt.note


def test_a_vanished_picture_is_left_off(served: Served, edition: Edition) -> None:
    mastodon = served({})
    post = mastodon.render(edition)
    Path(post.images[0].path).unlink()
    assert "left off" in mastodon.deliver(post).note


def test_a_token_that_may_not_upload_stops_the_channel(
    served: Served, outside: Outside, edition: Edition
) -> None:
    mastodon = served({UPLOAD: error(403, "This action is outside the authorized scopes")})
    with pytest.raises(Disconnected, match="authorized scopes"):
        mastodon.deliver(mastodon.render(edition))
    assert outside.posts("mastodon") == []


def test_the_same_key_makes_one_status(served: Served, outside: Outside) -> None:
    mastodon = served({})
    post = mastodon.render(EDITION)
    assert mastodon.deliver(post).id == mastodon.deliver(post).id
    assert len(outside.posts("mastodon")) == 1


def test_language_and_visibility_are_passed_on(outside: Outside) -> None:
    with serving(stand_in.app(outside)) as url:
        mastodon = channel(url, visibility="unlisted", spoiler_text="fish")
        mastodon.deliver(mastodon.render(replace(EDITION, lang="fr")))
    [kept] = outside.posts("mastodon")
    assert kept.fields["language"] == "fr"
    assert kept.fields["visibility"] == "unlisted"
    assert kept.fields["spoiler_text"] == "fish"


@pytest.mark.parametrize(
    ("answer", "named", "words"),
    [
        (error(400, "bad"), Refused, "400 bad"),
        (error(403, "no"), Disconnected, "403 no"),
        (error(404, "no such"), Refused, "404 no such"),
        (error(413, "too big"), Refused, "413 too big"),
        (error(422, "files that have not finished processing"), TryLater, "not finished"),
        (error(500, "oh"), Unsure, "500 oh"),
        (error(503, "oh"), Unsure, "503 oh"),
        (error(504, "oh"), Unsure, "504 oh"),
        (JSONResponse([]), Unsure, "something else"),
        (JSONResponse({"error": "odd"}), Unsure, "something else"),
        (error(301, "", Location="https://new.example/api/v1/statuses"), Disconnected, "final"),
    ],
    ids=lambda value: str(getattr(value, "status_code", "")),
)
def test_an_answer_is_named_by_what_to_do(
    served: Served, answer: Response, named: type[ChannelError], words: str
) -> None:
    mastodon = served({POST: answer})
    with pytest.raises(ChannelError, match=words) as failure:
        mastodon.deliver(mastodon.render(EDITION))
    assert type(failure.value) is named


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Retry_After", lambda _: "90"),
        ("X_RateLimit_Reset", datetime.isoformat),
        ("X_RateLimit_Reset", lambda until: until.strftime("%Y-%m-%dT%H:%M:%S.000Z")),
        ("X_RateLimit_Reset", lambda until: str(int(until.timestamp()))),
    ],
)
def test_every_way_to_name_a_pause_is_understood(
    served: Served, name: str, written: Callable[[datetime], str]
) -> None:
    until = {name: written(datetime.now(UTC) + timedelta(seconds=90))}
    mastodon = served({POST: error(429, "Too many", X_RateLimit_Remaining="0", **until)})
    with pytest.raises(TryLater) as failure:
        mastodon.deliver(mastodon.render(EDITION))
    assert failure.value.retry_after is not None
    assert timedelta(seconds=30) < failure.value.retry_after <= timedelta(seconds=90)


def test_a_rate_limit_without_a_time_is_understood(served: Served) -> None:
    mastodon = served({POST: error(429, "Too many", X_RateLimit_Reset="soon")})
    with pytest.raises(TryLater) as failure:
        mastodon.deliver(mastodon.render(EDITION))
    assert failure.value.retry_after is None


def test_trouble_while_looking_does_not_put_a_post_in_doubt(served: Served) -> None:
    mastodon = served({("GET", "/api/v1/accounts/verify_credentials"): error(502, "oh")})
    with pytest.raises(TryLater, match="502 oh"):
        mastodon.find_existing(mastodon.render(EDITION))


def test_a_longer_address_is_not_mistaken_for_ours(served: Served) -> None:
    mastodon = served({})
    mastodon.deliver(mastodon.render(replace(EDITION, url="https://harbour.example/2022/11")))
    wanted = mastodon.render(replace(EDITION, url="https://harbour.example/2022/1"))
    assert mastodon.find_existing(wanted) is None


def test_an_address_with_an_ampersand_is_found(served: Served) -> None:
    mastodon = served({})
    post = mastodon.render(replace(EDITION, url="https://harbour.example/?a=1&b=été"))
    receipt = mastodon.deliver(post)
    found = mastodon.find_existing(post)
    assert found
    assert found.id == receipt.id


@pytest.mark.parametrize("language", ["de", "en-GB", None])
def test_a_status_is_ours_whatever_language_the_server_makes_of_it(
    served: Served, outside: Outside, language: str | None
) -> None:
    mastodon = served({})
    receipt = mastodon.deliver(mastodon.render(EDITION))
    [kept] = outside.posts("mastodon")
    outside.keep("mastodon", kept.id, **{**kept.fields, "language": language})
    found = mastodon.find_existing(mastodon.render(EDITION))
    assert found
    assert found.id == receipt.id


def test_the_edition_in_another_language_is_another_post(served: Served) -> None:
    mastodon = served({})
    mastodon.deliver(mastodon.render(EDITION))
    french = replace(EDITION, lang="fr", url="https://harbour.example/fr/2026/08/")
    assert mastodon.find_existing(mastodon.render(french)) is None


def french(mastodon: Mastodon, **changes: Any) -> Post:
    translated = replace(EDITION, lang="fr", url="https://harbour.example/fr/2026/08/")
    return replace(mastodon.render(translated), **changes)


def test_a_translation_answers_the_original_and_is_found(served: Served, outside: Outside) -> None:
    mastodon = served({})
    original = mastodon.deliver(mastodon.render(EDITION))
    post = french(mastodon, reply_to=original.id)
    assert post.details["original"] == "en"
    receipt = mastodon.deliver(post)
    assert outside.posts("mastodon")[1].fields["in_reply_to_id"] == original.id
    found = mastodon.find_existing(post)
    assert found and found.id == receipt.id


def test_a_translation_of_what_was_deleted_is_said_by_itself(
    served: Served, outside: Outside
) -> None:
    mastodon = served({})
    mastodon.deliver(french(mastodon, reply_to="4711"))
    [kept] = outside.posts("mastodon")
    assert kept.fields["in_reply_to_id"] is None


def test_an_original_answers_nothing(served: Served) -> None:
    assert "original" not in served({}).render(EDITION).details


def chat(outside: Outside, model: str, ages: list[timedelta]) -> None:
    """Say other things on the account after status `model`, oldest first."""
    kept = outside.get("mastodon", model)
    assert kept
    for number, age in enumerate(ages, 1):
        at = (datetime.now(UTC) - age).isoformat()
        said = {**kept.fields, "html": f"<p>Gull {number}</p>", "created_at": at}
        outside.keep("mastodon", str(int(kept.id) + number), **said)


@pytest.mark.parametrize("others", [39, 40, 199])
def test_a_busy_account_is_paged_back(served: Served, outside: Outside, others: int) -> None:
    mastodon = served({})
    post = mastodon.render(EDITION)
    receipt = mastodon.deliver(post)
    chat(outside, receipt.id, [timedelta()] * others)
    found = mastodon.find_existing(post)
    assert found
    assert found.id == receipt.id


def test_a_page_cut_short_is_not_taken_for_the_last(outside: Outside) -> None:
    whole = stand_in.app(outside)

    async def sparing(scope: Scope, receive: Receive, send: Send) -> None:
        """Give fewer than asked for, as servers do that take boosts out of a page."""
        wanted = scope["query_string"].replace(b"limit=40", b"limit=7")
        await whole({**scope, "query_string": wanted}, receive, send)

    with serving(sparing) as url:
        mastodon = channel(url)
        post = mastodon.render(EDITION)
        chat(outside, mastodon.deliver(post).id, [timedelta()] * 30)
        assert mastodon.find_existing(post)


def test_all_statuses_of_an_account_can_lack_the_link(served: Served, outside: Outside) -> None:
    mastodon = served({})
    other = mastodon.deliver(mastodon.render(replace(EDITION, url="https://harbour.example/")))
    chat(outside, other.id, [timedelta()] * 120)
    assert mastodon.find_existing(mastodon.render(EDITION)) is None


def test_two_weeks_without_the_link_are_enough(served: Served, outside: Outside) -> None:
    mastodon = served({})
    other = mastodon.deliver(mastodon.render(replace(EDITION, url="https://harbour.example/")))
    chat(outside, other.id, [timedelta(days=15)] * 161 + [timedelta(days=1)] * 160)
    assert mastodon.find_existing(mastodon.render(EDITION)) is None


def test_an_account_too_busy_to_be_looked_through_is_not_answered_for(
    served: Served, outside: Outside
) -> None:
    mastodon = served({})
    post = mastodon.render(EDITION)
    chat(outside, mastodon.deliver(post).id, [timedelta(days=1)] * 200)
    with pytest.raises(NotImplementedError, match="older ones were not read"):
        mastodon.find_existing(post)


@pytest.mark.parametrize(
    "content",
    [
        '<p>Words</p><p><a href="https://x.example/?a=1&amp;b=2" rel="x">x.example</a></p>',
        "Words<br>https://x.example/?a=1&amp;b=2<br>more",
        "<p>Words https://x.example/?a=1&amp;b=2</p>",
    ],
)
def test_links_are_read_from_any_servers_html(content: str) -> None:
    assert "https://x.example/?a=1&b=2" in links_in(content)
    assert "https://x.example/?a=1" not in links_in(content)


def test_an_edit_keeps_the_picture_and_mends_its_description(
    served: Served, outside: Outside, edition: Edition
) -> None:
    mastodon = served({})
    receipt = mastodon.deliver(mastodon.render(edition))
    [before] = outside.posts("mastodon")
    banner, chart = edition.images
    mended = replace(edition, title="Mended", images=(banner, replace(chart, alt="A tide chart")))
    mastodon.update(receipt, mastodon.render(mended))
    [after] = outside.posts("mastodon")
    assert after.fields["text"].startswith("Mended")
    assert after.fields["edited"]
    [picture] = after.fields["media"]
    assert picture["id"] == before.fields["media"][0]["id"]
    assert picture["description"] == "A tide chart"


def test_an_edit_of_a_status_that_is_gone_is_refused(served: Served, outside: Outside) -> None:
    mastodon = served({})
    receipt = mastodon.deliver(mastodon.render(EDITION))
    outside.remove("mastodon", receipt.id)
    with pytest.raises(Refused, match="404"):
        mastodon.update(receipt, mastodon.render(EDITION))


def test_a_check_names_account_limit_and_scopes(served: Served) -> None:
    found = "\n".join(served({}).check())
    assert "@demo" in found
    assert "500" in found
    assert "write:statuses" in found


def test_a_check_warns_of_a_lower_limit(outside: Outside) -> None:
    with serving(stand_in.app(outside)) as url:
        assert "warning: the instance takes 500" in "\n".join(channel(url, limit=900).check())


def test_a_check_copes_with_a_server_that_tells_no_limit(served: Served) -> None:
    nothing = {("GET", f"/api/{v}/instance"): Response("no", 404) for v in ("v1", "v2")}
    mastodon = served(nothing)
    assert "does not tell" in "\n".join(mastodon.check())


def test_the_public_page_can_be_opened(served: Served) -> None:
    mastodon = served({})
    page = httpx.get(mastodon.deliver(mastodon.render(EDITION)).url).text
    assert "Stand-in, not a real Mastodon" in page
    assert EDITION.title in page


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"instance": "fosstodon.org"}, "instance"),
        ({"access_token": ""}, "access_token"),
        ({"visibility": "secret"}, "visibility"),
        ({"limit": 3}, "limit"),
        ({"timeout": 0}, "timeout"),
    ],
)
def test_a_wrong_setting_is_named(changes: dict[str, Any], name: str) -> None:
    good = {"instance": "https://here.example", "access_token": SECRET}
    with pytest.raises(ValueError, match=f"^{name} must be") as failure:
        Mastodon(**{**good, **changes})
    assert SECRET not in str(failure.value)


@pytest.fixture(scope="module")
def foreign() -> Iterator[str]:
    """A server that other people wrote."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = "import sys; from mastodon_mock.cli import main; sys.exit(main())"
    options = ["serve", "--in-memory", "--port", str(port), "--log-level", "critical"]
    process = subprocess.Popen([sys.executable, "-c", command, *options])
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(url, process)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def wait_for(url: str, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(300):
        try:
            httpx.get(url)
        except httpx.TransportError:
            assert process.poll() is None
            time.sleep(0.1)
        else:
            return


def fault(url: str, effect: dict[str, Any]) -> None:
    match = {"methods": ["POST"], "path": "/api/v1/statuses"}
    body = {"match": match, "effect": effect, "count": 1}
    headers = {"Authorization": "Bearer mock_token"}
    httpx.post(f"{url}/api/v1/_mock/faults", json=body, headers=headers).raise_for_status()


def test_a_server_of_other_people_is_spoken_to_as_well(foreign: str, edition: Edition) -> None:
    mastodon = Mastodon(instance=foreign, access_token="mock_token")
    assert mastodon.check()
    post = mastodon.render(edition)
    assert mastodon.find_existing(post) is None
    receipt = mastodon.deliver(post)
    assert receipt.note == ""
    assert mastodon.deliver(post).id == receipt.id
    found = mastodon.find_existing(post)
    assert found
    assert found.id == receipt.id
    mastodon.update(receipt, mastodon.render(replace(edition, title="Mended")))
    status = httpx.get(f"{foreign}/api/v1/statuses/{receipt.id}").json()
    assert "Mended" in status["content"]
    assert len(status["media_attachments"]) == 1


@pytest.mark.parametrize(
    ("effect", "named"),
    [
        ({"type": "status", "status": 503}, Unsure),
        ({"type": "status", "status": 422}, Refused),
        ({"type": "ratelimit"}, TryLater),
        ({"type": "malformed"}, Unsure),
    ],
    ids=lambda value: value.get("type") if isinstance(value, dict) else value.__name__,
)
def test_faults_of_other_peoples_server_are_named(
    foreign: str, effect: dict[str, Any], named: type[ChannelError]
) -> None:
    mastodon = Mastodon(instance=foreign, access_token="mock_token")
    fault(foreign, effect)
    with pytest.raises(ChannelError) as failure:
        mastodon.deliver(mastodon.render(replace(EDITION, title=str(effect))))
    assert type(failure.value) is named


def test_other_peoples_server_does_not_take_a_wrong_token(foreign: str) -> None:
    with pytest.raises(Disconnected):
        Mastodon(instance=foreign, access_token="wrong").check()
