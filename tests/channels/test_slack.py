"""What is particular to Slack, beyond what every channel owes."""

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.responses import JSONResponse, Response

from channels._slacktext import as_mrkdwn
from channels.slack import Slack
from publisher.domain.channel import ChannelError, Disconnected, Refused, TryLater, Unsure
from publisher.sandbox.networks import slack as stand_in
from publisher.sandbox.outside import Outside
from publisher.sandbox.serving import serving
from publisher.testing.sample import CHART, EDITION, URL
from publisher.testing.worlds import SECRET
from tests.channels.scripted import Scripted
from tests.channels.worlds.slack import World

POST = ("POST", "/api/chat.postMessage")
TEST = ("GET", "/api/auth.test")
HISTORY = ("GET", "/api/conversations.history")
UPDATE, DELETE = ("POST", "/api/chat.update"), ("POST", "/api/chat.delete")
Answers = dict[tuple[str, str], Response]
Served = Callable[[Answers], Slack]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.stop()


@pytest.fixture
def outside() -> Outside:
    return Outside()


@pytest.fixture
def served(outside: Outside) -> Iterator[Served]:
    """Serve the stand-in, with some answers as scripted."""
    with ExitStack() as stack:

        def start(answers: Answers) -> Slack:
            app = Scripted(stand_in.app(outside), answers)
            return slack(api=f"{stack.enter_context(serving(app))}/api")

        yield start


def slack(**settings: Any) -> Slack:
    return Slack(**{"token": SECRET, "channel": "C0HARBOUR", "timeout": 1, **settings})


def no(word: str, **told: Any) -> Response:
    return JSONResponse({"ok": False, "error": word, **told})


def test_a_text_has_title_summary_and_link(world: World) -> None:
    world.channel.deliver(world.channel.render(EDITION))
    [kept] = world.outside.posts("slack")
    assert kept.fields["text"] == f"*{EDITION.title}*\n\n{EDITION.summary}\n\n<{URL}>"
    assert kept.fields["unfurl_links"] is True


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("R&D <!channel> <@U1>", "R&amp;D &lt;!channel&gt; &lt;@U1&gt;"),
        ("*stars* and _lines_", "∗stars* and ˍlines_"),
        ("`code` ~gone~ **both**", "ˋcode` ∼gone~ ∗∗both**"),
        ("snake_case and 5 * 3", "snake_case and 5 * 3"),
        ("> a quotation", "\u2060&gt; a quotation"),
        ("a > b", "a &gt; b"),
    ],
)
def test_words_of_an_issue_are_shown_as_they_are(text: str, shown: str) -> None:
    assert as_mrkdwn(text) == shown


def test_a_link_is_no_markup() -> None:
    odd = replace(EDITION, url="https://harbour.example/?a=1&b=<2>|3")
    post = slack().render(odd)
    assert post.url == odd.url
    assert post.text.endswith("\n<https://harbour.example/?a=1&amp;b=&lt;2&gt;%7C3>")


def test_blocks_have_a_header_the_text_and_the_picture(world: World) -> None:
    card = replace(world.channel, blocks=True)
    card.deliver(card.render(EDITION))
    [kept] = world.outside.posts("slack")
    header, section, image = kept.fields["blocks"]
    assert header["text"] == {"type": "plain_text", "text": EDITION.title, "emoji": False}
    assert section["text"]["text"] == f"{EDITION.summary}\n\n<{URL}>"
    assert (image["image_url"], image["alt_text"]) == (CHART.src, CHART.caption)
    assert kept.fields["text"].startswith(EDITION.title)


def test_the_longest_blocks_fit(world: World) -> None:
    card = replace(world.channel, blocks=True)
    post = card.render(replace(EDITION, title="🛟" * 500, summary="& " * 9000))
    card.deliver(post)
    assert post.length <= 3000
    assert len(world.visible()) == 1


PICTURE = "[ERROR] downloading image failed [json-pointer:/blocks/2/image_url]"
NO_PICTURE = no("invalid_blocks", response_metadata={"messages": [PICTURE]})


def test_a_picture_that_slack_cannot_fetch_fails_no_post(outside: Outside) -> None:
    app = Once(stand_in.app(outside), POST, NO_PICTURE)
    with serving(app) as url:
        card = slack(api=f"{url}/api", blocks=True)
        receipt = card.deliver(card.render(EDITION))
    [kept] = outside.posts("slack")
    assert [one["type"] for one in kept.fields["blocks"]] == ["header", "section"]
    assert "left off the picture" in receipt.note
    assert "downloading image failed" in receipt.note


class Once(Scripted):
    """A stand-in that answers as scripted only the first time."""

    def __init__(self, inner: Any, place: tuple[str, str], answer: Response) -> None:
        super().__init__(inner, {place: answer})

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        again = (scope["method"], scope["path"]) in self.asked
        await (self.inner if again else super().__call__)(scope, receive, send)


def test_blocks_without_a_picture_are_not_tried_twice(served: Served) -> None:
    card = replace(served({POST: NO_PICTURE}), blocks=True)
    with pytest.raises(Refused, match="invalid_blocks"):
        card.deliver(card.render(replace(EDITION, images=())))


def test_the_stand_in_reads_forms_as_slack_does(world: World) -> None:
    said = {"channel": "C0HARBOUR", "text": "Hello", "metadata": '{"event_type": "greeting"}'}
    place, bearer = f"{world.url}/api/chat.postMessage", {"Authorization": "Bearer xoxb-1"}
    assert httpx.post(place, data=said, headers=bearer).json()["ok"]
    [kept] = world.outside.posts("slack")
    assert kept.fields["metadata"] == {"event_type": "greeting"}


def test_a_receipt_leads_to_the_message(world: World) -> None:
    receipt = world.channel.deliver(world.channel.render(EDITION))
    assert receipt.url.startswith(f"{world.url}/archives/C0HARBOUR/p")
    assert "Stand-in, not a real Slack" in httpx.get(receipt.url).text


def test_a_channel_by_name_is_edited_by_its_id(tmp_path: Path) -> None:
    world = World(tmp_path, channel="#harbour")
    try:
        receipt = world.channel.deliver(world.channel.render(EDITION))
        world.channel.update(receipt, world.channel.render(replace(EDITION, title="Mended")))
        with pytest.raises(NotImplementedError, match="by its ID only; look at #harbour"):
            world.channel.find_existing(world.channel.render(EDITION))
    finally:
        world.stop()
    assert receipt.id.startswith("C0HARBOUR:")
    assert world.visible()[0].startswith("*Mended*")


def test_an_edited_message_is_found_by_its_new_words(world: World) -> None:
    receipt = world.channel.deliver(world.channel.render(EDITION))
    mended = world.channel.render(replace(EDITION, title="Mended"))
    world.channel.update(receipt, mended)
    assert world.channel.find_existing(mended) == receipt
    assert world.channel.find_existing(world.channel.render(EDITION)) is None


@pytest.mark.parametrize(
    "changes",
    [{"metadata": None}, {"channel": "C0ELSEWHERE"}, {"ts": "1000.000001"}],
    ids=["of somebody", "in another channel", "of long ago"],
)
def test_another_message_is_not_mistaken_for_ours(world: World, changes: dict[str, Any]) -> None:
    world.channel.deliver(world.channel.render(EDITION))
    [kept] = world.outside.posts("slack")
    world.outside.keep("slack", kept.id, **{**kept.fields, **changes})
    assert world.channel.find_existing(world.channel.render(EDITION)) is None


def test_what_lies_far_back_is_found_on_a_later_page(world: World) -> None:
    receipt = world.channel.deliver(world.channel.render(EDITION))
    [kept] = world.outside.posts("slack")
    for number in range(300):
        ts = f"{kept.fields['ts']}9{number}"
        world.outside.keep("slack", ts, **{**kept.fields, "ts": ts, "metadata": None})
    assert world.channel.find_existing(world.channel.render(EDITION)) == receipt


def test_a_channel_where_too_much_is_said_cannot_be_asked(served: Served) -> None:
    endless = JSONResponse({"ok": True, "messages": [], "response_metadata": {"next_cursor": "x"}})
    channel = served({HISTORY: endless})
    with pytest.raises(NotImplementedError, match=r"too much .*/archives/C0HARBOUR$"):
        channel.find_existing(channel.render(EDITION))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (no("missing_scope", needed="channels:history", provided="chat:write"), "channels:history"),
        (no("not_in_channel"), "invite the app"),
    ],
)
def test_who_may_post_but_not_look_says_where_a_person_can(
    served: Served, answer: Response, words: str
) -> None:
    channel = served({HISTORY: answer})
    with pytest.raises(NotImplementedError, match=rf"{words}.*look at .*/archives/C0HARBOUR$"):
        channel.find_existing(channel.render(EDITION))


def test_trouble_while_looking_does_not_put_a_post_in_doubt(served: Served) -> None:
    channel = served({HISTORY: no("internal_error")})
    with pytest.raises(TryLater, match="internal_error"):
        channel.find_existing(channel.render(EDITION))


def test_an_edit_of_a_message_that_is_gone_is_refused(world: World) -> None:
    receipt = world.channel.deliver(world.channel.render(EDITION))
    world.channel.retract(receipt)
    with pytest.raises(Refused, match="message_not_found: it was deleted in Slack"):
        world.channel.update(receipt, world.channel.render(EDITION))


def test_what_is_gone_is_taken_back(world: World) -> None:
    receipt = world.channel.deliver(world.channel.render(EDITION))
    world.channel.retract(receipt)
    world.channel.retract(receipt)
    assert world.visible() == []


@pytest.mark.parametrize(
    ("place", "answer", "named", "words"),
    [
        (POST, no("invalid_auth"), Disconnected, "invalid_auth; make the app's token again"),
        (POST, no("token_revoked"), Disconnected, "mend `token`"),
        (POST, no("token_expired"), Disconnected, "turn token rotation off"),
        (POST, no("account_inactive"), Disconnected, "the app or the workspace is gone"),
        (POST, no("not_in_channel"), Disconnected, "invite the app"),
        (POST, no("channel_not_found"), Disconnected, "mend `channel`"),
        (POST, no("is_archived"), Disconnected, "archived: open it again"),
        (POST, no("restricted_action"), Disconnected, "ask the workspace's admins"),
        (POST, no("ekm_access_denied"), Disconnected, "posting is suspended"),
        (
            POST,
            no("missing_scope", needed="chat:write", provided="users:read"),
            Disconnected,
            "needs chat:write; the token has users:read; add the scope",
        ),
        (POST, no("msg_too_long"), Refused, "chat.postMessage: msg_too_long"),
        (POST, no("a_word_of_tomorrow"), Refused, "a_word_of_tomorrow"),
        (POST, no("message_limit_exceeded"), TryLater, "message_limit_exceeded"),
        (POST, no("ratelimited"), TryLater, "ratelimited"),
        (POST, no("fatal_error"), Unsure, "fatal_error"),
        (POST, no("internal_error"), Unsure, "internal_error"),
        (POST, no("service_unavailable"), Unsure, "service_unavailable"),
        (POST, Response("<html><h1>Oh</h1></html>", 503), Unsure, "503 Oh"),
        (POST, Response("{oops"), Unsure, "something else: {oops"),
        (POST, Response("[]"), Unsure, "something else"),
        (POST, JSONResponse({"yes": True}), Unsure, "something else"),
        (POST, JSONResponse({"ok": True}), Unsure, "something else"),
        (TEST, no("token_revoked"), Disconnected, "auth.test: token_revoked"),
        (TEST, no("fatal_error"), TryLater, "fatal_error"),
        (TEST, Response("oh", 502), TryLater, "502 oh"),
        (
            POST,
            Response(status_code=302, headers={"Location": "https://new.example/"}),
            Disconnected,
            "final address",
        ),
    ],
)
def test_an_answer_is_named_by_what_to_do(
    served: Served,
    place: tuple[str, str],
    answer: Response,
    named: type[ChannelError],
    words: str,
) -> None:
    channel = served({place: answer})
    with pytest.raises(ChannelError, match=words) as failure:
        channel.deliver(channel.render(EDITION))
    assert isinstance(failure.value, named)


def test_the_pause_is_that_of_the_header(served: Served) -> None:
    slow = JSONResponse({"ok": False, "error": "ratelimited"}, 429, {"Retry-After": "30"})
    channel = served({POST: slow})
    with pytest.raises(TryLater) as failure:
        channel.deliver(channel.render(EDITION))
    assert failure.value.retry_after == timedelta(seconds=30)


def test_a_check_shows_workspace_and_scopes(world: World) -> None:
    found = world.channel.check()
    assert found[0] == f"signed in to Towpath ({world.url}) as publisher"
    assert found[1] == f"scopes: {', '.join(sorted(stand_in.SCOPES))}"
    assert len(found) == 2


@pytest.mark.parametrize(
    ("scopes", "settings", "warning"),
    [
        (("channels:history",), {}, "add the scope chat:write"),
        (("chat:write",), {}, "add the scope channels:history"),
        (stand_in.SCOPES, {"channel": "#harbour"}, "name the channel by its ID"),
        (stand_in.SCOPES, {"token": "xoxe.xoxb-1"}, "expires within twelve hours"),
    ],
)
def test_a_check_warns_of_what_will_be_missed(
    tmp_path: Path, scopes: tuple[str, ...], settings: dict[str, Any], warning: str
) -> None:
    world = World(tmp_path, scopes=scopes, **settings)
    try:
        found = world.channel.check()
    finally:
        world.stop()
    [told] = [one for one in found if one.startswith("warning: ")]
    assert warning in told


def test_no_log_holds_the_token(world: World, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        world.channel.deliver(world.channel.render(EDITION))
    assert "chat.postMessage" in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"token": ""}, "token"),
        ({"token": f"{SECRET}–"}, "token"),
        ({"channel": "harbour"}, "channel"),
        ({"channel": "https://x.slack.com/archives/C0HARBOUR"}, "channel"),
        ({"api": "slack.com"}, "api"),
        ({"timeout": 0}, "timeout"),
    ],
)
def test_a_wrong_setting_is_named(changes: dict[str, Any], name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name} must be") as failure:
        replace(slack(), **changes)
    assert SECRET not in str(failure.value)


def test_a_template_without_the_link_is_a_mistake(tmp_path: Path) -> None:
    path = tmp_path / "slack.txt"
    path.write_text("{{ title }}")
    with pytest.raises(ValueError, match=r"lacks {{ url }}"):
        slack(template=path)
