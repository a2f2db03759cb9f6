"""What is particular to X, beyond what every channel owes."""

import json
import logging
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
from starlette.responses import JSONResponse, Response

from channels._text import JOINER
from channels._xbudget import Budget
from channels._xkeys import Keys
from channels._xlength import cost
from channels._xtext import spelled
from channels.x import X
from publisher.domain.channel import (
    ChannelError,
    Connecting,
    Disconnected,
    Receipt,
    Refused,
    TryLater,
    Unsure,
)
from publisher.domain.issue import Edition
from publisher.sandbox.networks import x as stand_in
from publisher.sandbox.outside import Outside
from publisher.sandbox.serving import serving
from publisher.testing import each_world
from publisher.testing.contract import (
    edition,
    network,
    test_a_post_whose_answer_was_lost_is_found,
    test_a_release_through_a_failure_ends_with_one_post,
    test_killed_before_any_step_a_release_ends_with_one_post,
    test_looking_before_a_second_delivery_makes_one_post,
    test_what_was_never_delivered_is_not_found,
)
from publisher.testing.sample import CHART, EDITION, FAMILY, SUMMARY, URL
from publisher.testing.worlds import SECRET
from tests.channels.scripted import Scripted
from tests.channels.worlds.x import World
from tests.testing.talk import Person

__all__ = [
    "edition",
    "network",
    "test_a_post_whose_answer_was_lost_is_found",
    "test_a_release_through_a_failure_ends_with_one_post",
    "test_killed_before_any_step_a_release_ends_with_one_post",
    "test_looking_before_a_second_delivery_makes_one_post",
    "test_what_was_never_delivered_is_not_found",
]

POST, ME = ("POST", "/2/tweets"), ("GET", "/2/users/me")
TIMELINE = ("GET", f"/2/users/{stand_in.USER}/tweets")
Answers = dict[tuple[str, str], Response]
Served = Callable[[Answers], X]
Made = Callable[..., World]


class Looking(World):
    """A world whose channel asks X after a lost answer."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, lookup=True)


class Threaded(World):
    """A world whose channel parts a long summary; what is visible of a thread is its head."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, thread=5)

    def visible(self) -> list[str]:
        heads = [one for one in self.outside.posts("x") if not one.fields["replied_to"]]
        return [one.fields["text"] for one in heads]


MAKERS: Any = {"looking": Looking, "threaded": Threaded}
world = each_world(**MAKERS)


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Made]:
    """Make worlds, each with settings of its own."""
    worlds: list[World] = []

    def make(**settings: Any) -> World:
        folder = tmp_path / f"x-{len(worlds)}"
        folder.mkdir()
        worlds.append(World(folder, **settings))
        return worlds[-1]

    yield make
    for one in worlds:
        one.stop()


@pytest.fixture
def served() -> Iterator[Served]:
    """Serve the stand-in, with some answers as scripted."""
    with ExitStack() as stack:

        def start(answers: Answers) -> X:
            app = Scripted(stand_in.app(Outside(), secret=SECRET), answers)
            return x(api_url=stack.enter_context(serving(app)))

        yield start


def x(**settings: Any) -> X:
    usual = {"consumer_key": "harbour-key", "timeout": 1, "lookup": True}
    secrets = {"consumer_secret": SECRET, "access_token_secret": SECRET}
    token = f"{stand_in.USER}-{SECRET}"
    return X(**{**usual, **secrets, "access_token": token, **settings})


def problem(status: int, detail: str, kind: str = "", title: str = "Forbidden") -> Response:
    named = f"https://api.twitter.com/2/problems/{kind}" if kind else "about:blank"
    said = {"title": title, "detail": detail, "type": named, "status": status}
    return JSONResponse(said, status)


def counted(world: World) -> int:
    return sum(json.loads(world.ledger.read_text()).values()) if world.ledger.exists() else 0


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("A letter", 8),
        ("cafe\u0301", 4),
        ("Ελληνικά Русский العربية", 24),
        ("港からの手紙", 12),
        ("한국어", 6),
        ("“quoted” – it’s", 15),
        ("…", 2),
        (JOINER, 2),
        ("🛟", 2),
        (FAMILY, 2),
        ("👍🏽", 2),
        ("🇩🇪🇫🇷", 4),
        ("1\ufe0f\u20e3", 2),
        ("☺\ufe0f", 2),
        ("\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f", 2),
        ("https://harbour.org", 23),
        ("HTTP://HARBOUR.ORG/" + "x" * 300, 23),
        ("https://harbour.org/a_(b)?c=d&e#f", 23),
        ("(https://harbour.org/).", 26),
        ("https://harbour.org/港", 25),
        ("https://harbour.org and https://tides.de/", 51),
        ("xhttps://harbour.org/" + "x" * 50, 71),
        ("https://harbour.nowhere/" + "x" * 50, 74),
        ("https://a.nowhere", 23),
        ("harbour.org", 23),
        ("harbour.org.", 24),
        ("see harbour.org/" + "x" * 50, 66),
        ("README.md", 23),
        ("e.g. 3.14 U.S.A.", 16),
        ("ann@harbour", 11),
        ("#ferry @ines", 12),
    ],
)
def test_a_text_weighs_what_it_does_on_x(text: str, weight: int) -> None:
    assert cost(text) == weight


def test_an_endless_word_is_weighed_in_no_time() -> None:
    begun = time.monotonic()
    for text in ("a." * 20_000, "a" * 40_000, "https://" + "a." * 20_000, "/(" * 20_000):
        assert cost(text) >= 20_000
        assert cost(f"https://harbour.org/{text}") >= 23
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("by @ines", f"by @{JOINER}ines"),
        ("港@ines", f"港@{JOINER}ines"),
        ("RT@ines", f"RT@{JOINER}ines"),
        ("#ferry", f"#{JOINER}ferry"),
        ("#979", "#979"),
        ("$FISH", f"${JOINER}FISH"),
        ("$5", "$5"),
        ("ann@harbour.org", "ann@harbour.org"),
        ("https://harbour.org/@ines#ferry", "https://harbour.org/@ines#ferry"),
        ("https://harbour.org/港@ines", f"https://harbour.org/港@{JOINER}ines"),
    ],
)
def test_words_of_an_issue_call_nobody(text: str, said: str) -> None:
    assert spelled(text) == said


def test_hashtags_are_those_that_are_wished(made: Made) -> None:
    world = made(hashtags=("harbour",), tags_as_hashtags=2)
    post = world.channel.render(EDITION)
    assert post.text.endswith(f"{URL}\n\n#harbour #ferry #tides")


def test_a_picture_goes_out_with_its_description(made: Made, edition: Edition) -> None:
    world = made(post="image")
    post = world.channel.render(edition)
    receipt = world.channel.deliver(post)
    [kept] = world.outside.posts("x")
    [shown] = kept.fields["media"]
    assert shown["description"] == CHART.caption == post.images[0].alt
    assert httpx.get(shown["url"]).content == Path(post.images[0].path).read_bytes()
    assert receipt.note == ""


def test_another_picture_makes_another_post(made: Made, edition: Edition) -> None:
    channel = made(post="image").channel
    other = tuple(replace(one, caption="Low water.") for one in edition.images)
    assert channel.render(replace(edition, images=other)).key != channel.render(edition).key


def test_without_the_wish_no_picture_goes_out(made: Made, edition: Edition) -> None:
    world = made()
    assert world.channel.render(edition).images == ()


@pytest.mark.parametrize("answer", [problem(403, "no"), Response("oh", 500), Response("{oops")])
@pytest.mark.parametrize("step", ["upload", "metadata"])
def test_a_picture_that_does_not_go_up_fails_no_post(
    made: Made, edition: Edition, step: str, answer: Response
) -> None:
    world = made(post="image")
    place = ("POST", f"/2/media/{step}")
    with serving(Scripted(stand_in.app(world.outside, secret=SECRET), {place: answer})) as url:
        channel = replace(world.channel, api_url=url)
        receipt = channel.deliver(channel.render(edition))
    [kept] = world.outside.posts("x")
    assert kept.fields["media"] == []
    assert receipt.note.startswith(f"left off {CHART.src}: ")


@pytest.mark.parametrize(
    ("change", "words"), [("gone", "No such file"), ("heavy", "more than 5000000 bytes")]
)
def test_a_picture_that_cannot_be_sent_fails_no_post(
    made: Made, edition: Edition, change: str, words: str
) -> None:
    world = made(post="image")
    post = world.channel.render(edition)
    path = Path(post.images[0].path)
    path.unlink() if change == "gone" else path.write_bytes(b"x" * 5_000_001)
    note = world.channel.deliver(post).note
    assert note.startswith("left off")
    assert words in note
    assert len(world.visible()) == 1


def test_a_picture_that_x_does_not_know_any_more_fails_no_post(
    made: Made, edition: Edition
) -> None:
    world = made(post="image")
    place, other = ("POST", "/2/media/upload"), JSONResponse({"data": {"id": "7"}})
    described = {("POST", "/2/media/metadata"): JSONResponse({})}
    app = Scripted(stand_in.app(world.outside, secret=SECRET), {place: other, **described})
    with serving(app) as url:
        channel = replace(world.channel, api_url=url)
        receipt = channel.deliver(channel.render(edition))
    assert "left off the picture: 400" in receipt.note
    assert len(world.visible()) == 1


def test_a_picture_of_another_kind_is_left_to_the_card(made: Made) -> None:
    world = made(post="image")
    moving = replace(CHART, path="tide.gif")
    post = world.channel.render(replace(EDITION, images=(moving,)))
    assert post.images == ()
    assert [one.kind for one in post.warnings] == ["picture-left-off"]


def test_a_longer_limit_takes_more(made: Made) -> None:
    post = made(limit=1000).channel.render(EDITION)
    assert SUMMARY in post.text
    assert post.limit == 1000
    assert 280 < post.length <= 1000


def test_a_receipt_leads_to_the_post(made: Made) -> None:
    world = made()
    receipt = world.channel.deliver(world.channel.render(EDITION))
    assert receipt.url == f"{world.url}/towpath/status/{receipt.id}"
    assert "Stand-in, not a real X" in httpx.get(receipt.url).text
    nameless = replace(world.channel, handle="")
    other = nameless.deliver(nameless.render(replace(EDITION, title="Another")))
    assert other.url == f"{world.url}/i/web/status/{other.id}"


def test_the_stand_in_takes_no_request_twice_and_none_that_was_changed(made: Made) -> None:
    world = made()
    keys = Keys(
        consumer_key="k",
        consumer_secret=SECRET,
        token=f"{stand_in.USER}-1",
        token_secret=SECRET,
    )
    place = f"{world.url}/2/users/{stand_in.USER}/tweets"
    good = keys.sign(httpx.Request("GET", place, params={"max_results": "5"}))
    changed = httpx.Request("GET", place, params={"max_results": "50"}, headers=good.headers)
    with httpx.Client() as client:
        assert [client.send(one).status_code for one in (changed, good, good)] == [401, 200, 401]


def test_a_text_that_x_has_already_is_unsure_and_never_changed(made: Made) -> None:
    world = made()
    post = world.channel.render(EDITION)
    world.channel.deliver(post)
    with pytest.raises(Unsure, match="this very text is there already: 403 You are not allowed"):
        world.channel.deliver(post)
    assert len(world.visible()) == 1


def test_x_is_not_asked_where_that_is_not_wished(made: Made) -> None:
    world = made()
    post = world.channel.render(EDITION)
    with pytest.raises(NotImplementedError, match=f"see whether it is at {world.url}/towpath"):
        world.channel.find_existing(post)
    with pytest.raises(NotImplementedError, match=f"{world.url}/i/user/{stand_in.USER}"):
        replace(world.channel, handle="").find_existing(post)


def test_a_thread_is_parts_that_answer_each_other(made: Made) -> None:
    world = made(thread=5, lookup=True)
    post = world.channel.render(EDITION)
    receipt = world.channel.deliver(post)
    kept = world.outside.posts("x")
    ids = [one.id for one in kept]
    assert [one.fields["replied_to"] for one in kept] == ["", *ids[:-1]]
    assert len(ids) == len(post.details["parts"]) == 3
    assert all(one.fields["text"].endswith(f"({n}/3)") for n, one in enumerate(kept, 1))
    assert receipt == Receipt(id=",".join(ids), url=f"{world.url}/towpath/status/{ids[0]}")
    assert world.channel.find_existing(post) == receipt
    assert counted(world) == 3


def broken_off(world: World, do: str) -> ChannelError | Receipt:
    """What comes of a thread whose second post fails."""
    post = world.channel.render(EDITION)
    app = Second(stand_in.app(world.outside, secret=SECRET), REFUSED[do])
    with serving(app) as url:
        try:
            return replace(world.channel, api_url=url).deliver(post)
        except ChannelError as error:
            return error


REFUSED = {
    "refuse": problem(400, "no such words", title="Invalid Request"),
    "rate_limit": problem(429, "Too Many Requests", title="Too Many Requests"),
    "unauthorized": problem(401, "Unauthorized", title="Unauthorized"),
    "error": Response("oh", 500),
}


class Second(Scripted):
    """A stand-in that answers the second post as scripted."""

    def __init__(self, inner: Any, answer: Response) -> None:
        super().__init__(inner, {POST: answer})

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        first = POST not in self.asked
        self.asked.append((scope["method"], scope["path"]))
        await (self.inner if first else self.answers[POST])(scope, receive, send)


@pytest.mark.parametrize(
    ("do", "used"), [("rate_limit", 1), ("unauthorized", 1), ("error", 2)], ids=str
)
def test_a_thread_that_breaks_off_is_held_with_what_is_there(
    made: Made, do: str, used: int
) -> None:
    world = made(thread=5)
    error = broken_off(world, do)
    [kept] = world.outside.posts("x")
    assert type(error) is Unsure
    assert f"1 of 3 posts ({world.url}/towpath/status/{kept.id})" in str(error)
    assert counted(world) == used


def test_a_thread_ends_before_words_that_x_refuses(made: Made) -> None:
    world = made(thread=5)
    receipt = broken_off(world, "refuse")
    assert isinstance(receipt, Receipt)
    assert "1 of 3 posts" in receipt.note
    assert "400 no such words" in receipt.note
    assert counted(world) == 1


def test_a_thread_that_is_not_whole_is_not_made_again(made: Made) -> None:
    world = made(thread=5, lookup=True)
    broken_off(world, "error")
    with pytest.raises(NotImplementedError, match=r"1 of 3 posts .* answer the last with the rest"):
        world.channel.find_existing(world.channel.render(EDITION))


def test_other_answers_are_no_parts_of_a_thread(made: Made) -> None:
    world = made(thread=5, lookup=True)
    post = world.channel.render(EDITION)
    receipt = world.channel.deliver(post)
    first, second, _ = world.outside.posts("x")
    said_again = {**second.fields, "created_at": "9999"}
    world.outside.keep("x", "90001", **{**second.fields, "shown": "Thank you all"})
    world.outside.keep("x", "90002", **said_again)
    world.outside.keep("x", "90003", **{**first.fields, "shown": "Read this"})
    assert world.channel.find_existing(post) == receipt


def test_a_thread_is_taken_back_from_its_end(made: Made) -> None:
    world = made(thread=5)
    receipt = world.channel.deliver(world.channel.render(EDITION))
    app = Scripted(stand_in.app(world.outside, secret=SECRET))
    with serving(app) as url:
        replace(world.channel, api_url=url).retract(receipt)
    gone = [path.rpartition("/")[2] for method, path in app.asked if method == "DELETE"]
    assert gone == receipt.id.split(",")[::-1]
    assert world.visible() == []


def test_a_post_is_taken_back_by_the_address_that_a_person_gave(made: Made) -> None:
    world = made()
    receipt = world.channel.deliver(world.channel.render(EDITION))
    world.channel.retract(Receipt(id="", url=f"{receipt.url}?s=20"))
    assert world.visible() == []
    with pytest.raises(Refused, match="names no post of X"):
        world.channel.retract(Receipt(id="", url="https://harbour.example/2026"))


def test_the_last_post_of_the_month_goes_out_and_no_other(made: Made) -> None:
    world = made(monthly=2)
    for title in ("One", "Two"):
        world.channel.deliver(world.channel.render(replace(EDITION, title=title)))
    with pytest.raises(Disconnected, match=r"2 of 2 posts of .* are used up: raise `monthly`"):
        world.channel.deliver(world.channel.render(EDITION))
    assert len(world.visible()) == 2


def test_a_thread_that_does_not_fit_into_the_month_is_not_begun(made: Made) -> None:
    world = made(monthly=2, thread=5)
    with pytest.raises(Disconnected, match="and this thread needs 3"):
        world.channel.deliver(world.channel.render(EDITION))
    assert world.visible() == []
    assert counted(world) == 0


class Watching:
    """A stand-in that reads the ledger whenever a request arrives."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.inner = stand_in.app(world.outside, secret=SECRET)
        self.found: list[int] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.found.append(counted(self.world))
        await self.inner(scope, receive, send)


def test_all_of_a_thread_counts_before_its_first_post_leaves(made: Made) -> None:
    world = made(thread=5)
    app = Watching(world)
    with serving(app) as url:
        channel = replace(world.channel, api_url=url)
        channel.deliver(channel.render(EDITION))
    assert app.found == [3, 3, 3]


def test_what_is_in_doubt_stays_counted(made: Made) -> None:
    world = made()
    world.fail("timeout", seconds=5)
    with pytest.raises(Unsure):
        world.channel.deliver(world.channel.render(EDITION))
    assert counted(world) == 1


@pytest.mark.parametrize("fault", ["rate_limit", "refuse", "unauthorized"])
def test_what_x_did_not_take_does_not_count(made: Made, fault: str) -> None:
    world = made()
    world.fail(fault)
    with pytest.raises(ChannelError):
        world.channel.deliver(world.channel.render(EDITION))
    assert counted(world) == 0


def test_a_new_month_begins_at_nothing(made: Made) -> None:
    world = made(monthly=1)
    world.ledger.write_text('{"2001-01": 1}')
    world.channel.deliver(world.channel.render(EDITION))
    assert len(world.visible()) == 1
    assert json.loads(world.ledger.read_text())["2001-01"] == 1


@pytest.mark.parametrize("content", ["oops", "[]", '{"2026-08": "many"}'])
def test_a_ledger_that_cannot_be_read_stops_the_channel(made: Made, content: str) -> None:
    world = made()
    world.ledger.write_text(content)
    with pytest.raises(Disconnected, match="is no ledger of posts"):
        world.channel.deliver(world.channel.render(EDITION))
    assert world.visible() == []
    assert world.ledger.read_text() == content


def test_a_ledger_that_cannot_be_written_lets_nothing_leave(made: Made, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    world = made(ledger=tmp_path / "file" / "ledger.json")
    with pytest.raises(TryLater):
        world.channel.deliver(world.channel.render(EDITION))
    assert world.visible() == []


def test_workers_count_in_one_ledger(tmp_path: Path) -> None:
    taken: list[str] = []

    def work() -> None:
        for _ in range(10):
            try:
                taken.append(Budget(ledger=tmp_path / "posts.json", monthly=25).take(1))
            except Disconnected:
                return

    workers = [Thread(target=work) for _ in range(4)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    assert len(taken) == 25


def test_without_credits_the_channel_stops(made: Made) -> None:
    world = made(credits=0)
    with pytest.raises(Disconnected, match=r"402 Your enrolled account .*: buy credits"):
        world.channel.deliver(world.channel.render(EDITION))


def test_tokens_that_may_only_read_stop_the_channel(made: Made) -> None:
    world = made(writes=False)
    with pytest.raises(Disconnected, match="may only read: give the app Read and write"):
        world.channel.check()
    with pytest.raises(Disconnected, match=r"oauth1 app permissions .* give the app Read"):
        world.channel.deliver(world.channel.render(EDITION))


@pytest.mark.parametrize(
    ("answer", "named", "words"),
    [
        (problem(401, "Unauthorized"), Disconnected, "401 Unauthorized: `publisher connect x`"),
        (
            JSONResponse({"errors": [{"code": 89, "message": "Invalid or expired token."}]}, 401),
            Disconnected,
            "Invalid or expired token",
        ),
        (
            JSONResponse({"errors": [{"code": 135, "message": "Timestamp out of bounds."}]}, 401),
            Disconnected,
            "set this machine's clock",
        ),
        (
            JSONResponse({"errors": [{"code": 64, "message": "Your account is suspended"}]}, 403),
            Disconnected,
            "sign in at x.com and appeal",
        ),
        (
            problem(403, "To protect our users, this account is temporarily locked."),
            Disconnected,
            "unlock the account",
        ),
        (
            problem(403, "When authenticating, use a project.", "client-forbidden"),
            Disconnected,
            "put the app into a project",
        ),
        (problem(403, "You are not permitted to perform this action."), Disconnected, "look at"),
        (problem(402, "credits depleted", "credits-depleted"), Disconnected, "buy credits"),
        (
            problem(429, "Usage cap exceeded: Monthly product cap", "usage-capped"),
            Disconnected,
            "raise the cap",
        ),
        (problem(400, "Your Tweet text is too long."), Refused, "400 Your Tweet text is too long"),
        (problem(403, "Your Tweet text is too long."), Refused, "403 Your Tweet text is too long"),
        (problem(403, "This link is harmful."), Refused, "harmful"),
        (problem(403, "Reply to this conversation is not allowed."), Refused, "not allowed"),
        (problem(429, "Too Many Requests"), TryLater, "429 Too Many Requests"),
        (Response("<html><h1>Sorry, you have been blocked</h1></html>", 403), TryLater, "X's gate"),
        (Response("Rate limit exceeded", 429), TryLater, "X's gate"),
        (problem(503, "Over capacity", title="Service Unavailable"), Unsure, "503 Over capacity"),
        (problem(500, "Your account is suspended"), Unsure, "500"),
        (Response("<html><h1>Oh</h1></html>", 502), Unsure, "502 Oh"),
        (Response("{oops", 201), Unsure, "something else: {oops"),
        (Response("[]", 201), Unsure, "something else"),
        (JSONResponse({"data": {}}, 201), Unsure, "something else"),
        (JSONResponse({"data": {"id": None}}, 201), Unsure, "something else"),
        (JSONResponse({"errors": [{"message": "odd"}]}, 200), Unsure, "something else"),
        (
            Response(status_code=302, headers={"Location": "https://new.example/"}),
            Disconnected,
            "final address",
        ),
    ],
)
def test_an_answer_is_named_by_what_to_do(
    served: Served, answer: Response, named: type[ChannelError], words: str
) -> None:
    channel = served({POST: answer})
    with pytest.raises(ChannelError, match=re.escape(words)) as failure:
        channel.deliver(channel.render(EDITION))
    assert type(failure.value) is named
    assert SECRET not in str(failure.value)


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({"x-rate-limit-remaining": "0", "x-rate-limit-reset": "600"}, 600),
        (
            {
                "x-rate-limit-remaining": "0",
                "x-rate-limit-reset": "600",
                "x-app-limit-24hour-remaining": "0",
                "x-app-limit-24hour-reset": "9000",
            },
            9000,
        ),
        (
            {
                "x-rate-limit-remaining": "5",
                "x-rate-limit-reset": "100",
                "x-user-limit-24hour-remaining": "0",
                "x-user-limit-24hour-reset": "40000",
            },
            40_000,
        ),
        ({"x-rate-limit-remaining": "0", "x-rate-limit-reset": "-50"}, 1),
    ],
)
def test_the_pause_lasts_until_x_takes_posts_again(
    served: Served, headers: dict[str, str], pause: int
) -> None:
    now = int(time.time())
    told = {
        name: str(now + int(it)) if name.endswith("reset") else it for name, it in headers.items()
    }
    slow = JSONResponse({"title": "Too Many Requests"}, 429, told)
    channel = served({POST: slow})
    with pytest.raises(TryLater) as failure:
        channel.deliver(channel.render(EDITION))
    found = failure.value.retry_after
    assert found is not None
    assert abs(found - timedelta(seconds=pause)) <= timedelta(seconds=5)


def test_what_cannot_be_read_while_looking_is_asked_again(served: Served) -> None:
    channel = served({TIMELINE: JSONResponse({"odd": 1}), ME: Response("{oops")})
    with pytest.raises(TryLater, match="something else"):
        channel.find_existing(channel.render(EDITION))
    with pytest.raises(TryLater, match="something else"):
        channel.check()


def test_what_lies_far_back_is_found_on_a_later_page(made: Made) -> None:
    world = made(lookup=True, monthly=0)
    post = world.channel.render(EDITION)
    receipt = world.channel.deliver(post)
    [kept] = world.outside.posts("x")
    for number in range(250):
        world.outside.keep("x", f"9{number}", **{**kept.fields, "urls": []})
    assert world.channel.find_existing(post) == receipt


def test_the_number_of_an_account_whose_token_does_not_tell_it_is_asked_for(
    served: Served,
) -> None:
    none: Answers = {
        TIMELINE: JSONResponse({"meta": {"result_count": 0}}),
        ME: JSONResponse(ACCOUNT),
    }
    channel = replace(served(none), access_token="of-another-form")
    assert channel.find_existing(channel.render(EDITION)) is None


ACCOUNT = {"data": {"id": stand_in.USER, "name": "Towpath", "username": stand_in.HANDLE}}


def test_an_account_that_posts_too_much_cannot_be_asked(served: Served) -> None:
    endless = JSONResponse({"data": [], "meta": {"next_token": "x"}})
    channel = served({TIMELINE: endless})
    with pytest.raises(NotImplementedError, match="too much was posted"):
        channel.find_existing(channel.render(EDITION))


def test_a_check_shows_the_account_and_what_is_left(made: Made) -> None:
    world = made(monthly=40)
    world.channel.deliver(world.channel.render(EDITION))
    first, second = world.channel.check()
    assert first == f"signed in at {world.url} as @towpath; X charges this as one read"
    assert second.startswith("39 of 40 posts are left in ")


def test_a_check_says_that_nothing_is_counted(made: Made) -> None:
    found = made(monthly=0, handle="Somebody").channel.check()
    assert found[1] == "warning: `handle` is Somebody, the tokens are @towpath's"
    assert found[2].startswith("posts are not counted")


class AtX(Person):
    """A person who allows the app at X, and types in the PIN that the page shows."""

    def secret(self, question: str, known: str = "") -> str:
        if not question.startswith("PIN"):
            return super().secret(question, known)
        [url] = re.findall(r"https?://\S+oauth_token=\S+", "\n".join(self.said))
        assert "Stand-in" in httpx.get(url).text
        page = httpx.post(url, data={"answer": self.click}).text
        return self.answers.get("PIN") or "".join(re.findall(r"PIN: (\d{7})", page))


def signing_in(**settings: Any) -> AtX:
    return AtX(answers={"API": SECRET, **settings.pop("answers", {})}, **settings)


def test_a_class_that_signs_in_by_itself_says_so() -> None:
    assert isinstance(X, Connecting)


def test_what_a_sign_in_gives_is_good_for_posting(made: Made) -> None:
    world, talk = made(), signing_in()
    got: Any = X.connect({"api_url": world.url, "consumer_key": "harbour-key"}, talk)
    channel = X(**got, api_url=world.url, site=world.url)
    assert "as @towpath" in channel.check()[0]
    assert channel.deliver(channel.render(EDITION)).url.startswith(f"{world.url}/towpath/status/")
    assert talk.said[-1] == "granted for @towpath"
    assert SECRET not in "".join(talk.said)


@pytest.mark.parametrize(
    ("person", "named", "words"),
    [
        (signing_in(click="deny"), Refused, "no PIN was typed in"),
        (signing_in(answers={"PIN": "7"}), Refused, "X does not take the PIN"),
        (signing_in(answers={"API": "revoked"}), Disconnected, "copy API key and secret anew"),
    ],
)
def test_a_sign_in_that_fails_says_what_to_do(
    made: Made, person: AtX, named: type[ChannelError], words: str
) -> None:
    with pytest.raises(named, match=words) as failure:
        X.connect({"api_url": made().url, "consumer_key": "harbour-key"}, person)
    assert SECRET not in str(failure.value)


def test_no_log_holds_a_secret(made: Made, caplog: pytest.LogCaptureFixture) -> None:
    world = made()
    with caplog.at_level(logging.DEBUG):
        world.channel.deliver(world.channel.render(EDITION))
        X.connect({"api_url": world.url, "consumer_key": "harbour-key"}, signing_in())
    assert "/2/tweets" in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"consumer_key": ""}, "consumer_key"),
        ({"consumer_secret": ""}, "consumer_secret"),
        ({"access_token": ""}, "access_token"),
        ({"access_token_secret": ""}, "access_token_secret"),
        ({"handle": "@towpath"}, "handle"),
        ({"post": "video"}, "post"),
        ({"limit": 50}, "limit"),
        ({"limit": 30_000}, "limit"),
        ({"thread": 0}, "thread"),
        ({"monthly": 5}, "ledger"),
        ({"hashtags": ("#a",)}, "hashtags"),
        ({"api_url": "api.x.com"}, "api_url"),
        ({"site": "x.com"}, "site"),
        ({"timeout": 0}, "timeout"),
    ],
)
def test_a_wrong_setting_is_named(changes: dict[str, Any], name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name} must be") as failure:
        replace(x(), **changes)
    assert SECRET not in str(failure.value)


def test_a_template_without_the_link_is_a_mistake(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_text("{{ title }}")
    with pytest.raises(ValueError, match=r"lacks {{ url }}"):
        x(template=path)
