"""What is particular to LinkedIn, beyond what every channel owes."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from starlette.responses import JSONResponse, Response

from channels._linkedintext import as_little, little_length
from channels.linkedin import LinkedIn
from publisher.domain.channel import (
    ChannelError,
    Connecting,
    Disconnected,
    Refused,
    TryLater,
    Unsure,
)
from publisher.domain.issue import Image
from publisher.sandbox.networks import linkedin as stand_in
from publisher.sandbox.networks.linkedin import MEMBER, ORGANIZATION, as_read
from publisher.sandbox.outside import Outside
from publisher.sandbox.serving import serving
from publisher.testing.sample import CHART, EDITION, FAMILY, SUMMARY, URL, with_pictures
from publisher.testing.worlds import SECRET
from tests.channels.scripted import Scripted
from tests.channels.worlds.linkedin import World
from tests.testing.talk import Person

POST = ("POST", "/rest/posts")
IMAGES, WHO = ("POST", "/rest/images"), ("GET", "/v2/userinfo")
ODD = r"\ | { } @ [ ] ( ) < > # * _ ~ @[Eddy](urn:li:person:1) {hashtag|\#|x} a_b C# #1"
Answers = dict[tuple[str, str], Any]
Served = Callable[[Answers], LinkedIn]


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

        def start(answers: Answers) -> LinkedIn:
            app = Scripted(stand_in.app(outside), answers)
            url = stack.enter_context(serving(app))
            return linkedin(api_url=url, site=url)

        yield start


def linkedin(**settings: Any) -> LinkedIn:
    usual = {"author": f"urn:li:person:{MEMBER}", "access_token": SECRET, "timeout": 1}
    return LinkedIn(**{**usual, **settings})


def no(status: int, code: str, words: str = "No.", **headers: str) -> Response:
    said = {"status": status, "serviceErrorCode": 100, "code": code, "message": words}
    return JSONResponse(said, status, {k.replace("_", "-"): v for k, v in headers.items()})


def day(days: int) -> str:
    return (datetime.now(UTC).date() + timedelta(days=days)).isoformat()


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("Quay (old) <b> [x] {y}", r"Quay \(old\) \<b\> \[x\] \{y\}"),
        ("5 * 3 | a_b ~c \\", r"5 \* 3 \| a\_b \~c \\"),
        ("ann@harbour.example", r"ann\@harbour.example"),
        ("#ferry and #Tide2026.", r"{hashtag|\#|ferry} and {hashtag|\#|Tide2026}."),
        ("#979 C# #a_b (#quay)", r"\#979 C\# \#a\_b \(\#quay\)"),
        ("https://x.example/#top", r"https://x.example/\#top"),
        ("no such sign: & % $ ^ “”", "no such sign: & % $ ^ “”"),
    ],
)
def test_reserved_signs_are_escaped_and_hashtags_written_out(text: str, sent: str) -> None:
    assert as_little(text) == sent
    assert as_read(sent) == text


def test_what_is_not_escaped_would_end_the_text() -> None:
    assert as_read("All is well (as ever), says Ann") == "All is well "


def test_readers_see_every_sign_of_an_odd_issue(world: World) -> None:
    post = world.channel.render(replace(EDITION, title=ODD, summary=f"{ODD}\n\n{ODD}"))
    world.channel.deliver(post)
    [kept] = world.outside.posts("linkedin")
    assert kept.fields["text"] == post.text
    assert "hashtag|" not in kept.fields["commentary"].replace(r"hashtag\|", "")


def test_escapes_and_emoji_count_as_they_are_sent(world: World) -> None:
    post = world.channel.render(replace(EDITION, title="(" * 900, summary=f"{FAMILY} (a) " * 900))
    world.channel.deliver(post)
    [kept] = world.outside.posts("linkedin")
    sent = len(kept.fields["commentary"].encode("utf-16-le")) // 2
    assert 2900 < sent == post.length == little_length(post.text) <= 3000


def test_hashtags_are_those_of_the_settings_and_of_the_issue(world: World) -> None:
    tagged = replace(world.channel, hashtags=("News",), tags_as_hashtags=2)
    post = tagged.render(replace(EDITION, tags=("net loft", "ferry", "tides")))
    tagged.deliver(post)
    [kept] = world.outside.posts("linkedin")
    assert post.text.endswith("\n\n#News #NetLoft #ferry")
    assert kept.fields["commentary"].endswith(
        r"{hashtag|\#|News} {hashtag|\#|NetLoft} {hashtag|\#|ferry}"
    )


def test_a_template_is_written_in_plain_words(world: World, tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text("(New!) {{ title }} #newsletter\n{{ url }}")
    worded = replace(world.channel, template=words)
    worded.deliver(worded.render(replace(EDITION, url="https://x.example/a_(b)/")))
    title = EDITION.title
    assert world.visible() == [f"(New!) {title} #newsletter\nhttps://x.example/a_(b)/"]


def test_an_issue_without_any_words_is_posted_under_the_newsletters_name(world: World) -> None:
    world.channel.deliver(world.channel.render(replace(EDITION, title=" ", summary="")))
    assert world.visible() == [EDITION.site.name]


def test_the_card_has_link_title_summary_and_picture(world: World, tmp_path: Path) -> None:
    edition = with_pictures(tmp_path)
    receipt = world.channel.deliver(world.channel.render(edition))
    [kept] = world.outside.posts("linkedin")
    card = kept.fields["content"]["article"]
    assert (card["source"], card["title"]) == (URL, EDITION.title)
    assert SUMMARY.startswith(card["description"].rstrip("…"))
    assert kept.fields["picture"] == Path(edition.images[1].path).stat().st_size
    assert card["thumbnail"].startswith("urn:li:image:")
    assert (kept.fields["visibility"], kept.fields["lifecycleState"]) == ("PUBLIC", "PUBLISHED")
    assert receipt.note == ""


def test_a_receipt_leads_to_the_post(world: World) -> None:
    receipt = world.channel.deliver(world.channel.render(EDITION))
    assert receipt.id.startswith("urn:li:share:")
    assert receipt.url == f"{world.url}/feed/update/{receipt.id}/"
    assert "Stand-in, not a real LinkedIn" in httpx.get(receipt.url).text


def place(url: str) -> Response:
    return JSONResponse({"value": {"uploadUrl": url, "image": "urn:li:image:1"}})


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (no(403, "ACCESS_DENIED"), "403 ACCESS_DENIED"),
        (no(429, "TOO_MANY_REQUESTS"), "429"),
        (no(500, "INTERNAL"), "500"),
        (Response("{oops"), "no place to upload to"),
        (JSONResponse({"value": {}}), "no place to upload to"),
        (place("ftp://127.0.0.1/x"), "an unsafe place to upload to"),
        (place("http://127.0.0.1:9/x"), "cannot be reached"),
        (place("http://[::1"), "no place to upload to"),
    ],
)
def test_a_picture_that_cannot_be_handed_over_fails_no_post(
    served: Served, outside: Outside, tmp_path: Path, answer: Response, words: str
) -> None:
    channel = served({IMAGES: answer})
    receipt = channel.deliver(channel.render(with_pictures(tmp_path)))
    [kept] = outside.posts("linkedin")
    assert "thumbnail" not in kept.fields["content"]["article"]
    assert receipt.note.startswith(f"left off {CHART.src}: ")
    assert words in receipt.note


def test_a_picture_that_is_gone_fails_no_post(world: World) -> None:
    receipt = world.channel.deliver(world.channel.render(EDITION))
    assert "No such file" in receipt.note
    assert len(world.visible()) == 1


def test_a_picture_that_linkedin_refuses_fails_no_post(
    served: Served, outside: Outside, tmp_path: Path
) -> None:
    elsewhere = served({("PUT", "/x"): Response(status_code=201)}).api_url
    channel = served({IMAGES: place(f"{elsewhere}/x")})
    receipt = channel.deliver(channel.render(with_pictures(tmp_path)))
    [kept] = outside.posts("linkedin")
    assert "thumbnail" not in kept.fields["content"]["article"]
    assert receipt.note == "left off the picture: LinkedIn refused it"


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (Image(src="/a.svg", path="a.svg"), "no JPEG, PNG or GIF"),
        (Image(src="/a.png"), "no local file"),
        (Image(src="/a.png", path="a.png", width=8000, height=8000), "36152320 pixels"),
    ],
)
def test_a_picture_that_is_left_off_is_warned_of(image: Image, words: str) -> None:
    post = linkedin().render(replace(EDITION, images=(), image=image))
    [warning] = post.warnings
    assert (warning.kind, post.images) == ("picture-left-off", ())
    assert words in warning.detail


def test_the_same_text_is_held_with_the_address_that_linkedin_names(world: World) -> None:
    post = world.channel.render(EDITION)
    receipt = world.channel.deliver(post)
    with pytest.raises(Unsure, match="the same text is there already") as failure:
        world.channel.deliver(post)
    assert f"look at {receipt.url}" in str(failure.value)
    assert len(world.visible()) == 1


def test_a_lost_answer_is_held_with_the_persons_own_posts(world: World) -> None:
    with pytest.raises(NotImplementedError, match=f"{world.url}/in/me/recent-activity/all/$"):
        world.channel.find_existing(world.channel.render(EDITION))


def test_a_lost_answer_is_held_with_the_organisations_posts() -> None:
    page = linkedin(author=ORGANIZATION)
    with pytest.raises(NotImplementedError, match=r"/company/5515715/admin/page-posts/published/$"):
        page.find_existing(page.render(EDITION))


def test_an_organisation_posts_like_a_person(tmp_path: Path) -> None:
    world = World(tmp_path, author=ORGANIZATION)
    try:
        world.channel.deliver(world.channel.render(EDITION))
        [kept] = world.outside.posts("linkedin")
    finally:
        world.stop()
    assert kept.fields["author"] == ORGANIZATION


@pytest.mark.parametrize("author", ["urn:li:person:somebody", "urn:li:organization:4711"])
def test_who_may_not_post_for_the_author_stops_the_channel(tmp_path: Path, author: str) -> None:
    world = World(tmp_path, author=author)
    try:
        with pytest.raises(Disconnected, match=r"403 ACCESS_DENIED .* one of its admins"):
            world.channel.deliver(world.channel.render(EDITION))
    finally:
        world.stop()


@pytest.mark.parametrize("version", ["202401", "202510"])
def test_a_version_of_long_ago_stops_the_channel_and_is_found_by_check(
    tmp_path: Path, version: str
) -> None:
    world = World(tmp_path, version=version)
    try:
        for ask in (
            lambda: world.channel.deliver(world.channel.render(EDITION)),
            world.channel.check,
        ):
            with pytest.raises(Disconnected, match=rf"version {version} .*to a later month"):
                ask()
    finally:
        world.stop()
    assert world.visible() == []


def test_a_correction_changes_the_text_and_leaves_the_card(world: World) -> None:
    receipt = world.channel.deliver(world.channel.render(EDITION))
    mended = world.channel.render(replace(EDITION, title="Mended (all)"))
    corrected = world.channel.update(receipt, mended)
    [kept] = world.outside.posts("linkedin")
    assert kept.fields["text"] == mended.text
    assert kept.fields["content"]["article"]["title"] == EDITION.title
    assert (corrected.id, corrected.url) == (receipt.id, receipt.url)
    assert "the card as it was" in corrected.note


def test_an_edit_of_a_post_that_is_gone_is_refused(world: World) -> None:
    receipt = world.channel.deliver(world.channel.render(EDITION))
    world.channel.retract(receipt)
    with pytest.raises(Refused, match=r"404 .*deleted at LinkedIn"):
        world.channel.update(receipt, world.channel.render(EDITION))


def test_what_is_gone_is_taken_back(world: World) -> None:
    receipt = world.channel.deliver(world.channel.render(EDITION))
    world.channel.retract(receipt)
    world.channel.retract(receipt)
    assert world.visible() == []


def test_a_404_to_a_deletion_is_taken_back(served: Served) -> None:
    place = ("DELETE", "/rest/posts/urn:li:share:7400000000000000001")
    channel = served({place: no(404, "NOT_FOUND")})
    channel.retract(channel.deliver(channel.render(EDITION)))


DUPLICATE = JSONResponse(
    {
        "errorDetailType": "com.linkedin.common.error.BadRequest",
        "message": "Content is a duplicate of urn:li:ugcPost:77",
        "errorDetails": {
            "inputErrors": [{"description": "Duplicate post is detected", "code": "DUPLICATE_POST"}]
        },
        "status": 422,
    },
    422,
)


@pytest.mark.parametrize(
    ("answer", "named", "words"),
    [
        (no(401, "EXPIRED_ACCESS_TOKEN"), Disconnected, "401 EXPIRED.*run `publisher connect"),
        (no(401, "REVOKED_ACCESS_TOKEN"), Disconnected, "401 REVOKED.*run `publisher connect"),
        (no(400, "INVALID_ACCESS_TOKEN"), Disconnected, "run `publisher connect linkedin`"),
        (no(403, "ACCESS_DENIED"), Disconnected, "allow all that it asks for.*admins"),
        (no(426, "NONEXISTENT_VERSION"), Disconnected, "version 202607 is not taken.*later month"),
        (Response("Version Header is Deprecated", 426), Disconnected, "to a later month"),
        (no(400, "VERSION_MISSING"), Disconnected, "set `version` to a later month"),
        (no(429, "TOO_MANY_REQUESTS"), TryLater, "429 TOO_MANY_REQUESTS No."),
        (no(422, "INVALID_CONTENT", "too loud"), Refused, "422 INVALID_CONTENT too loud"),
        (no(400, "BAD", "no words"), Refused, "400 BAD no words"),
        (no(404, "NOT_FOUND"), Refused, "404 NOT_FOUND"),
        (DUPLICATE, Unsure, r"duplicate of urn:li:ugcPost:77.*/feed/update/urn:li:ugcPost:77/$"),
        (no(503, "UNAVAILABLE"), Unsure, "503"),
        (Response("<html><h1>Oh</h1></html>", 502), Unsure, "502 Oh"),
        (Response("[1]", 422), Refused, r"422 \[1\]"),
        (Response(status_code=201), Unsure, "without a post's id: none"),
        (Response(status_code=201, headers={"x-restli-id": "7"}), Unsure, "post's id: 7"),
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
    with pytest.raises(ChannelError, match=words) as failure:
        channel.deliver(channel.render(EDITION))
    assert isinstance(failure.value, named)
    assert SECRET not in str(failure.value)


def test_a_limit_of_a_day_ends_at_midnight(outside: Outside) -> None:
    with serving(stand_in.app(outside, a_day=0)) as url:
        channel = linkedin(api_url=url, site=url)
        with pytest.raises(TryLater, match="DAY limit") as failure:
            channel.deliver(channel.render(EDITION))
    pause = failure.value.retry_after
    assert pause
    then = datetime.now(UTC) + pause
    assert (then.hour, then.minute) in {(0, 0), (0, 1)}
    assert timedelta(0) < pause <= timedelta(days=1, minutes=1)


def test_the_pause_is_that_of_the_header(served: Served) -> None:
    channel = served({POST: no(429, "TOO_MANY_REQUESTS", "DAY", Retry_After="30")})
    with pytest.raises(TryLater) as failure:
        channel.deliver(channel.render(EDITION))
    assert failure.value.retry_after == timedelta(seconds=30)


def test_check_names_the_account_the_version_and_the_tokens_end(world: World) -> None:
    month = f"{datetime.now(UTC):%Y%m}"
    lasting = replace(world.channel, token_expires=day(40), version=month)
    assert lasting.check() == [
        "signed in as Tilda Towpath, posts as urn:li:person:towpath",
        f"version {month}",
        f"the token expires on {day(40)}",
    ]
    assert world.visible() == []


@pytest.mark.parametrize(("days", "warned"), [(0, True), (14, True), (15, False)])
def test_check_warns_two_weeks_before_a_token_expires(
    world: World, days: int, warned: bool
) -> None:
    *_, last = replace(world.channel, token_expires=day(days)).check()
    assert last.startswith("warning: ") == warned
    assert ("run `publisher connect linkedin`" in last) == warned


def test_check_finds_a_token_that_is_over_by_its_date(world: World) -> None:
    over = replace(world.channel, token_expires=day(-1))
    with pytest.raises(
        Disconnected, match=f"expired on {day(-1)}: run `publisher connect linkedin"
    ):
        over.check()


def test_check_says_where_the_tokens_end_is_not_known(world: World) -> None:
    assert "not known" in world.channel.check()[-1]


@pytest.mark.parametrize(("months", "warned"), [(12, True), (6, False)])
def test_check_warns_before_a_version_is_a_year_old(
    outside: Outside, months: int, warned: bool
) -> None:
    begun = datetime.now(UTC) - timedelta(days=months * 30.5)
    with serving(stand_in.app(outside, oldest="202001")) as url:
        found = linkedin(api_url=url, site=url, version=f"{begun:%Y%m}").check()
    assert any(line.startswith("warning: version") for line in found) == warned


def test_an_account_that_cannot_be_asked_is_no_failure(served: Served) -> None:
    found = served({WHO: no(403, "ACCESS_DENIED")}).check()
    assert found[0].startswith("posts as urn:li:person:towpath; whose token it is cannot be asked")


@pytest.mark.parametrize("answer", [Response("{oops"), JSONResponse([1]), no(500, "INTERNAL")])
def test_trouble_with_the_account_is_tried_again(served: Served, answer: Response) -> None:
    with pytest.raises(TryLater):
        served({WHO: answer}).check()


def test_check_finds_a_token_of_somebody_else(tmp_path: Path) -> None:
    world = World(tmp_path, author="urn:li:person:somebody")
    try:
        with pytest.raises(Disconnected, match=r"that of Tilda Towpath .*not of `author`"):
            world.channel.check()
    finally:
        world.stop()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"author": "towpath"}, "author must be urn:li:person:ID"),
        ({"author": "urn:li:organization:a"}, "author must be"),
        ({"access_token": ""}, "access_token must be"),
        ({"access_token": f"{SECRET}\n"}, "access_token must be .*, not what is there"),
        ({"token_expires": "31.1.2027"}, "token_expires must be a date such as"),
        ({"token_expires": "20270131"}, "token_expires must be a date such as"),
        ({"version": "2026"}, "version must be a month"),
        ({"version": "202613"}, "version must be a month"),
        ({"hashtags": ("two words",)}, "hashtags must be"),
        ({"hashtags": ("a_b",)}, "hashtags must be"),
        ({"tags_as_hashtags": -1}, "tags_as_hashtags must be"),
        ({"api_url": "api.linkedin.com"}, "api_url must be"),
        ({"site": "linkedin.com"}, "site must be"),
        ({"timeout": 0}, "timeout must be"),
    ],
)
def test_a_wrong_setting_is_named(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        linkedin(**settings)


@pytest.fixture
def site() -> Iterator[str]:
    with serving(stand_in.app(Outside())) as url:
        yield url


ANSWERS = {"client_id": "pretend-id", "client_secret": "pretend-secret"}


def connected(site: str, talk: Person, **known: str) -> dict[str, str]:
    return LinkedIn.connect({"site": site, "api_url": site, **known}, talk)


def test_a_sign_in_gives_author_token_and_its_end(site: str) -> None:
    talk = Person(answers=ANSWERS)
    values = connected(site, talk)
    assert isinstance(LinkedIn, Connecting)
    assert values["author"] == f"urn:li:person:{MEMBER}"
    assert values["token_expires"] in (day(59), day(60))
    channel = linkedin(api_url=site, site=site, **values)
    assert "signed in as Tilda Towpath" in channel.check()[0]
    assert channel.deliver(channel.render(EDITION)).id


def test_a_sign_in_says_which_redirect_url_the_app_needs(site: str) -> None:
    talk = Person(answers=ANSWERS)
    connected(site, talk)
    assert talk.redirect_uri in talk.said[0]
    asked = parse_qs(urlsplit(talk.said[1]).query)
    assert asked["scope"] == ["openid profile w_member_social"]


def test_an_organisation_is_asked_for_its_own_right(site: str) -> None:
    talk = Person(answers={**ANSWERS, "author": ORGANIZATION})
    values = connected(site, talk)
    assert values["author"] == ORGANIZATION
    asked = parse_qs(urlsplit(talk.said[1]).query)
    assert asked["scope"] == ["openid profile w_organization_social"]
    channel = linkedin(api_url=site, site=site, **values)
    assert channel.deliver(channel.render(EDITION)).id


def test_a_token_for_a_person_posts_for_no_organisation(site: str) -> None:
    values = connected(site, Person(answers=ANSWERS))
    page = linkedin(api_url=site, site=site, **{**values, "author": ORGANIZATION})
    with pytest.raises(Disconnected, match="403 ACCESS_DENIED Not enough permissions"):
        page.deliver(page.render(EDITION))


class Patient(Person):
    """A person whose terminal asks again where an empty answer has no default."""

    def ask(self, question: str, default: str = "") -> str:
        answer = super().ask(question, default)
        assert answer, f"{question} is asked for ever"
        return answer


def test_who_posts_as_themselves_need_not_type_anything(site: str) -> None:
    values = connected(site, Patient(answers=ANSWERS))
    assert values["author"] == f"urn:li:person:{MEMBER}"


@pytest.mark.parametrize("author", ["5515715", "The Harbour Letter", "urn:li:organisation:1"])
def test_an_author_that_is_none_is_refused_before_the_sign_in(site: str, author: str) -> None:
    talk = Person(answers={**ANSWERS, "author": author})
    with pytest.raises(Refused, match=f"{author}' is no author: urn:li:organization:NUMBER"):
        connected(site, talk)
    assert len(talk.said) == 1


def test_a_renewal_keeps_the_organisation(site: str) -> None:
    talk = Person(answers=ANSWERS)
    assert connected(site, talk, author=ORGANIZATION)["author"] == ORGANIZATION
    assert not any("author" in question for question in talk.asked)


def test_a_half_grant_is_refused_by_name(site: str) -> None:
    talk = Person(answers=ANSWERS, without=("w_member_social",))
    with pytest.raises(Disconnected, match="the token lacks w_member_social"):
        connected(site, talk)


def test_who_says_no_is_told_how_to_say_yes(site: str) -> None:
    with pytest.raises(Refused, match="not granted: access_denied"):
        connected(site, Person(answers=ANSWERS, click="deny"))


def test_a_wrong_client_secret_is_named_and_not_shown(site: str) -> None:
    talk = Person(answers={**ANSWERS, "client_secret": "revoked"})
    with pytest.raises(Disconnected, match="client secret are wrong"):
        connected(site, talk)
