"""What the page shows, what it keeps from running, and how it is told to fail."""

import json
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import pytest

from publisher.sandbox import page
from publisher.sandbox.feedfiles import opened
from publisher.sandbox.joining import names
from publisher.sandbox.outside import FAULTS, Outside
from publisher.sandbox.serving import serving

EVIL = "<script>alert('gotcha')</script>"
POSTS: dict[str, dict[str, Any]] = {
    "mastodon": {
        "html": "<p>Lanterns on the water</p>",
        "language": "en",
        "visibility": "unlisted",
        "spoiler_text": "",
        "url": "http://127.0.0.1:1/@demo/1",
        "media": [{"id": "1", "url": "http://127.0.0.1:1/m", "description": "Paper boats"}],
        "edited": None,
    },
    "reddit": {
        "subreddit": "towpath",
        "title": "Lanterns for Reddit",
        "url": "https://towpath.example/lanterns/",
        "selftext": "",
        "flair_text": "Newsletter",
        "author": "packet",
        "permalink": "/r/towpath/comments/1/",
        "edited": False,
    },
    "lemmy": {
        "community": "towpath",
        "name": "Lanterns for Lemmy",
        "url": "https://towpath.example/lanterns/",
        "body": "Light the *lock*.",
        "alt_text": "",
        "ap_id": "http://127.0.0.1:1/post/1",
        "creator": "packet",
        "edited": None,
    },
}


@pytest.fixture
def outside() -> Outside:
    return Outside()


@pytest.fixture
def web(outside: Outside, tmp_path: Path) -> Iterator[httpx.Client]:
    static = tmp_path / "static"
    (static / "images").mkdir(parents=True)
    (static / "images" / "boat.png").write_bytes(b"a boat")
    (tmp_path / "secret.png").write_bytes(b"a secret")
    shown = page.app(outside, feeds=[tmp_path / "feed.xml"], static=static)
    with serving(shown) as url, httpx.Client(base_url=url) as client:
        yield client


def mail(outside: Outside, html: str, id: str = "<1@x>/mira@x.example/1") -> str:
    message = EmailMessage()
    message["From"] = "The Towpath Packet <packet@x.example>"
    message["To"] = "mira@x.example"
    message["Subject"] = "Lanterns by mail"
    message.set_content("Plain lanterns\n")
    message.add_alternative(html, subtype="html")
    outside.keep(
        "email",
        id,
        mail_from="b@x.example",
        rcpt_to="mira@x.example",
        subject="Lanterns by mail",
        raw=message.as_bytes().decode("utf-8", "surrogateescape"),
    )
    return f"/mails/{id}/html"


@pytest.mark.parametrize(
    ("network", "words"),
    [
        ("mastodon", ["Lanterns on the water", "@demo@127.0.0.1:1", "Paper boats", "unlisted"]),
        ("reddit", ["Lanterns for Reddit", "towpath.example", "Newsletter", "r/towpath"]),
        ("lemmy", ["Lanterns for Lemmy", "<em>lock</em>", "!towpath"]),
    ],
)
def test_a_post_shows_as_its_network_would_show_it(
    web: httpx.Client, outside: Outside, network: str, words: list[str]
) -> None:
    outside.keep(network, "1", **POSTS[network])
    html = web.get("/").text
    assert [word for word in words if word not in html] == []
    assert f'href="#{network}"><b>1</b>' in html


def test_a_mail_shows_both_parts_and_who_it_went_to(web: httpx.Client, outside: Outside) -> None:
    frame = web.get(mail(outside, "<p>HTML lanterns</p>")).text
    html = web.get("/").text
    assert "<p>HTML lanterns</p>" in frame
    for words in ("Lanterns by mail", "mira@x.example", "Plain lanterns", "packet@x.example"):
        assert words in html


def test_a_feed_shows_its_entries_as_soon_as_it_is_written(
    web: httpx.Client, tmp_path: Path
) -> None:
    assert "Not written yet" in web.get("/").text
    (tmp_path / "feed.xml").write_text(
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>Packet</title><entry>'
        '<title>Lanterns</title><link rel="enclosure" href="https://x.example/a.png"/>'
        '<link href="https://x.example/lanterns/"/><published>2026-11-05T00:00:00Z</published>'
        "<summary>Light &amp; water</summary></entry></feed>"
    )
    html = web.get("/").text
    assert '<a href="https://x.example/lanterns/" rel="noreferrer">Lanterns</a>' in html
    assert "Light &amp; water" in html
    assert "5 Nov 2026" in html


def test_a_broken_feed_is_said_to_be_broken(web: httpx.Client, tmp_path: Path) -> None:
    (tmp_path / "feed.xml").write_text("<feed><entry>")
    answer = web.get("/")
    assert answer.status_code == 200
    assert "Cannot be read" in answer.text


def test_the_newest_post_comes_first(web: httpx.Client, outside: Outside) -> None:
    for number in ("1", "2"):
        outside.keep("lemmy", number, **{**POSTS["lemmy"], "name": f"Post {number}"})
    html = web.get("/").text
    assert html.index("Post 2") < html.index("Post 1")


def test_only_the_newest_are_shown_but_all_are_counted(web: httpx.Client, outside: Outside) -> None:
    for number in range(30):
        outside.keep("lemmy", str(number), **{**POSTS["lemmy"], "name": f"Post {number}."})
    html = web.get("/").text
    assert "<b>30</b> Lemmy" in html
    assert "Post 9." not in html
    assert "Post 9." in web.get("/?show=500").text


@pytest.mark.parametrize(
    ("network", "field"),
    [
        ("mastodon", "html"),
        ("mastodon", "spoiler_text"),
        ("mastodon", "language"),
        ("reddit", "title"),
        ("reddit", "selftext"),
        ("reddit", "flair_text"),
        ("lemmy", "name"),
        ("lemmy", "body"),
    ],
)
def test_a_script_in_a_post_does_not_reach_the_page(
    web: httpx.Client, outside: Outside, network: str, field: str
) -> None:
    outside.keep(network, "1", **{**POSTS[network], field: EVIL})
    assert "<script>alert" not in web.get("/").text


def test_a_link_that_is_no_web_address_is_not_a_link(web: httpx.Client, outside: Outside) -> None:
    evil = "javascript:alert(1)"
    outside.keep("reddit", "1", **{**POSTS["reddit"], "url": evil})
    outside.keep("lemmy", "1", **{**POSTS["lemmy"], "url": evil, "body": f"[x]({evil})"})
    html = f'<p><a href="{evil}">x</a></p>'
    outside.keep("mastodon", "1", **{**POSTS["mastodon"], "html": html})
    assert 'href="javascript' not in web.get("/").text


def test_a_mail_can_run_and_load_nothing(web: httpx.Client, outside: Outside) -> None:
    answer = web.get(mail(outside, f"<p>{EVIL}</p>"))
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox allow-popups")
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert "default-src 'none'" in policy
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in web.get("/").text


def test_the_page_runs_no_script_but_its_own(web: httpx.Client) -> None:
    policy = web.get("/").headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert web.get("/page.js").status_code == web.get("/page.css").status_code == 200


def test_pictures_of_the_site_show_in_a_mail_and_no_other_file(
    web: httpx.Client, outside: Outside
) -> None:
    html = (
        '<img src="https://towpath.example/images/boat.png">'
        '<img src="https://towpath.example/../secret.png"><img src="https://x.example/spy.gif">'
    )
    frame = web.get(mail(outside, html)).text
    assert frame.count("data:image/png;base64,YSBib2F0") == 1  # "a boat"
    assert "https://towpath.example/../secret.png" in frame


def test_a_mail_of_broken_bytes_does_not_break_the_page(
    web: httpx.Client, outside: Outside
) -> None:
    raw = b"From: \xff\xfe\r\nSubject: Odd \xe9\r\n\r\n\xff body".decode("utf-8", "surrogateescape")
    outside.keep("email", "odd", mail_from="b@x", rcpt_to="r@x", subject="Odd", raw=raw)
    assert web.get("/").status_code == 200
    assert web.get("/posts/email").json()["count"] == 1


def test_posts_are_there_for_programs(web: httpx.Client, outside: Outside) -> None:
    outside.keep("reddit", "abc", **POSTS["reddit"])
    told = web.get("/posts/reddit").json()
    assert (told["network"], told["count"]) == ("reddit", 1)
    assert told["posts"][0]["id"] == "abc"
    assert told["posts"][0]["fields"]["title"] == "Lanterns for Reddit"


def test_an_unknown_network_is_answered_with_the_known_ones(web: httpx.Client) -> None:
    answer = web.get("/posts/friendster")
    assert answer.status_code == 404
    assert "mastodon, reddit, lemmy, email" in answer.json()["error"]


def test_a_fault_planned_by_json_is_met_by_the_next_post(
    web: httpx.Client, outside: Outside
) -> None:
    told = {"network": "lemmy", "do": "rate_limit", "times": 2, "seconds": 7}
    answer = web.post("/faults", json=told)
    assert answer.status_code == 201
    assert answer.json()["planned"] == [told] == web.get("/faults").json()["planned"]
    fault = outside.next_fault("lemmy")
    assert fault is not None
    assert (fault.do, fault.seconds) == ("rate_limit", 7)


def test_a_fault_planned_by_the_form_leads_back_to_the_page(
    web: httpx.Client, outside: Outside
) -> None:
    told = {"network": "email", "do": "lose_answer", "times": "3", "seconds": "1"}
    answer = web.post("/faults", data=told)
    assert (answer.status_code, answer.headers["location"]) == (303, "/#wrong")
    assert [fault.times for fault in outside.planned()] == [3]
    assert "drop the line without an answer" in web.get("/").text


@pytest.mark.parametrize(
    ("told", "named"),
    [
        ({"network": "lemmy", "do": "explode"}, list(FAULTS)),
        ({"network": "lemmy", "do": ["refuse"]}, list(FAULTS)),
        ({"network": "friendster", "do": "refuse"}, list(names())),
        ({"do": "refuse"}, list(names())),
        ({"network": "lemmy", "do": "refuse", "times": 0}, ["times", "1 to 1000"]),
        ({"network": "lemmy", "do": "refuse", "times": 1.5}, ["times", "1 to 1000"]),
        ({"network": "lemmy", "do": "timeout", "seconds": "soon"}, ["seconds", "1 to 3600"]),
        ([], ["JSON object"]),
    ],
)
def test_a_fault_that_cannot_be_is_refused_with_what_can(
    web: httpx.Client, outside: Outside, told: object, named: list[str]
) -> None:
    answer = web.post("/faults", json=told)
    assert answer.status_code == 400
    assert [word for word in named if word not in answer.json()["error"]] == []
    assert answer.json()["faults"] == FAULTS
    assert list(outside.planned()) == []


def test_a_fault_the_form_cannot_plan_is_explained_on_the_page(web: httpx.Client) -> None:
    answer = web.post("/faults", data={"network": "lemmy", "do": "<explode>"})
    assert answer.status_code == 400
    assert "&lt;explode&gt;" in answer.text
    assert "lose_answer" in answer.text


def test_what_is_not_json_is_said_to_be_none(web: httpx.Client) -> None:
    answer = web.post("/faults", content=b"{", headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert "not JSON" in answer.json()["error"]


def test_one_network_heals_and_the_others_do_not(web: httpx.Client, outside: Outside) -> None:
    for network in ("lemmy", "reddit"):
        outside.fail_next(network, "refuse")
    left = web.delete("/faults", params={"network": "lemmy"}).json()["planned"]
    assert [fault["network"] for fault in left] == ["reddit"]
    assert web.delete("/faults", params={"network": "friendster"}).status_code == 400


def test_everything_heals_at_a_press_of_the_button(web: httpx.Client, outside: Outside) -> None:
    for network in ("lemmy", "reddit"):
        outside.fail_next(network, "refuse")
    assert web.post("/faults/heal").status_code == 303
    assert list(outside.planned()) == []


def test_another_site_in_the_same_browser_changes_nothing(
    web: httpx.Client, outside: Outside
) -> None:
    told = {"network": "lemmy", "do": "refuse"}
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    assert web.post("/faults", data=told, headers=elsewhere).status_code == 403
    assert web.get("/", headers={"Host": "evil.example"}).status_code == 400
    assert list(outside.planned()) == []


def test_the_state_changes_when_the_page_would(web: httpx.Client, outside: Outside) -> None:
    states = [web.get("/state").json()["state"]]
    outside.keep("reddit", "1", **POSTS["reddit"])
    states.append(web.get("/state").json()["state"])
    outside.keep("reddit", "1", **{**POSTS["reddit"], "edited": True})
    states.append(web.get("/state").json()["state"])
    outside.fail_next("reddit", "refuse")
    states.append(web.get("/state").json()["state"])
    assert len(set(states)) == 4
    assert f'data-state="{states[-1]}"' in web.get("/").text


def test_the_page_says_that_it_is_not_the_real_network(web: httpx.Client) -> None:
    assert "Nothing here is the real network" in web.get("/").text


def test_it_says_that_it_lives(web: httpx.Client) -> None:
    assert web.get("/healthz").json() == {"status": "ok"}


def test_a_json_feed_is_read_too(tmp_path: Path) -> None:
    file = tmp_path / "all.json"
    assert opened(file).problem == "not written yet"
    item = {"title": "Lanterns", "url": "https://x.example/", "summary": "A <b>lot</b>"}
    file.write_text(json.dumps({"title": "Packet", "items": [item | {"language": "de"}]}))
    feed = opened(file)
    assert (feed.title, feed.problem) == ("Packet", "")
    [entry] = feed.entries
    assert (entry.title, entry.excerpt, entry.lang) == ("Lanterns", "A lot", "de")
    for broken in ("{", "[]", "{}", '{"items": [1]}'):
        file.write_text(broken)
        assert "cannot be read" in opened(file).problem
