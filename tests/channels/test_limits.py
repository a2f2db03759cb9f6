"""No post of any channel is over its network's limit, counted here by the network's own rule."""

import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from itertools import chain
from pathlib import Path
from typing import Any
from unicodedata import normalize

import grapheme
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from channels._text import JOINER
from channels.bluesky import Bluesky
from channels.discord import Discord
from channels.lemmy import Lemmy
from channels.linkedin import LinkedIn
from channels.mastodon import Mastodon
from channels.matrix import Matrix
from channels.reddit import Reddit
from channels.slack import Slack
from channels.telegram import Telegram
from channels.x import X
from channels.xmpp_message import XmppMessage
from channels.xmpp_room import XmppRoom
from publisher.domain.channel import Channel, Post, Refused
from publisher.domain.issue import BadSource, Edition, Image
from publisher.rendering.reading import read_edition
from publisher.testing.sample import EDITION, FAMILY, SITE
from publisher.testing.worlds import SECRET
from tests.channels.test_contract import INSTALLED

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
FOLDERS = ("xmpp", "other/lwkd", "other/rust-osdev", "other/this-week-in-rust")
LINKS = [
    "https://harbour.org/",
    "http://tides.org/t?a=1&b=2",
    "https://wiki.org/Quay_(old)/" + "x" * 90,
]
PIECES = [
    *LINKS,
    "mackerel",
    "a",
    "(nets",
    "rope)",
    "&",
    "<b>",
    "*",
    "_",
    "e\u0301\u0323",
    FAMILY,
    "🇩🇪🇫🇷",
    "👍🏽",
    "港からの手紙。潮が早い、",
    "ทะเลสงบ",
    "السفينة",
    "\u202eback",
    "한국어",
    "…",
    "—",
    "[",
    '"',
    "\\",
    "\n",
    "@quay@harbour.org",
    "@ines",
    "#ferry",
    "#979",
    "u/ines",
    "x" * 70,
    "\u200b",
    "\u00a0",
]
texts = st.builds(
    lambda pairs, times: "".join(piece + gap for piece, gap in pairs * times)[:20_000],
    st.lists(
        st.tuples(st.sampled_from(PIECES), st.sampled_from([" ", " ", "", "\n\n"])), max_size=30
    ),
    st.sampled_from([1, 1, 5, 400]),
)
editions = st.builds(
    lambda title, summary, alt, url: replace(
        EDITION,
        title=title or "A",
        summary=summary,
        url=url,
        images=(Image(src="/a.png", alt=alt, path="a.png"),),
    ),
    texts,
    texts,
    texts,
    st.sampled_from([EDITION.url, "https://harbour.org/" + "long/" * 70]),
)


def as_mastodon_counts(post: Post) -> int:
    """Graphemes; a link 23 but for the marks that end a sentence."""

    def word(found: re.Match[str]) -> str:
        before, link = re.split(r"(?=https?://)", found[0], maxsplit=1)
        inside = re.split(r"[<>\"]", link, maxsplit=1)[0].rstrip(".,;:!?")
        return before + "x" * 23 + link[len(inside) :]

    parts = post.details.get("parts", [post.text])
    return max(_one(part, word) + _one(post.details["spoiler_text"], word) for part in parts)


def _one(said: str, word: Callable[[re.Match[str]], str]) -> int:
    text = re.sub(r"\S*https?://[^\s<>\"]\S*", word, said)
    return int(grapheme.length(text.replace("\n", " ")))


def utf16(text: str) -> int:
    return sum(2 if ord(one) > 0xFFFF else 1 for one in text)


def graphemes(text: str) -> int:
    return int(grapheme.length(text.replace("\n", " ")))


def octets(text: str) -> int:
    return len(text.encode())


def escaped(text: str) -> int:
    return len(text) + 4 * text.count("&") + 3 * text.count("<") + 3 * text.count(">")


X_LINK = re.compile(
    r"(?<![a-zA-Z0-9@$#＠＃\u202a-\u202e])https?://(?:[\w-]+\.)+(?!example)[a-z]+(?![\w@])"
    r"(?:/(?:[!#-'*-;=?-\[\]-~]|\([!#-'*-;=?-\[\]-~]+\))*)?",
    re.ASCII | re.IGNORECASE,
)


def as_x_counts(text: str) -> int:
    """A link 23 but for the marks at its end, an emoji 2, Latin letters 1, most others 2."""
    kept = X_LINK.sub(lambda link: "x" * 23 + re.sub(r".*[\w/=#+)-]", "", link[0]), text)
    lines = normalize("NFC", kept).split("\n")
    return len(lines) - 1 + sum(map(x_weight, chain(*map(grapheme.graphemes, lines))))


def x_weight(seen: str) -> int:
    if any(ord(one) > 0x1F000 for one in seen):
        return 2
    light = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
    return sum(1 if any(a <= ord(one) <= b for a, b in light) else 2 for one in seen)


def little(post: Post) -> int:
    """UTF-16 units, and a backslash before each sign that is reserved."""
    return utf16(post.text) + sum(post.text.count(sign) for sign in "\\|{}@[]()<>#*_~")


RULES: dict[str, list[tuple[str, int, Callable[[Post], int]]]] = {
    "mastodon": [
        ("status", 500, as_mastodon_counts),
        ("description", 1500, lambda post: max((len(i.alt) for i in post.images), default=0)),
    ],
    "reddit": [
        ("title", 300, lambda post: utf16(post.title)),
        ("text", 40_000, lambda post: utf16(post.text)),
    ],
    "lemmy": [
        ("title", 200, lambda post: escaped(post.title)),
        ("body", 50_000, lambda post: escaped(post.text)),
        ("alt text", 1500, lambda post: escaped(post.details["alt_text"])),
        ("link", 2000, lambda post: len(post.url)),
    ],
    "linkedin": [
        ("text", 3000, little),
        ("title", 400, lambda post: utf16(post.details["article"]["title"])),
        ("card", 4086, lambda post: utf16(post.details["article"].get("description", ""))),
    ],
    "bluesky": [
        ("text", 300, lambda post: max(graphemes(one["text"]) for one in post.details["parts"])),
        ("bytes", 3000, lambda post: max(octets(one["text"]) for one in post.details["parts"])),
        ("description", 2000, lambda post: max((len(i.alt) for i in post.images), default=0)),
    ],
    "discord": [("content", 2000, lambda post: len(post.text))],
    "matrix": [  # a correction says both twice
        ("edit", 65_536 - 2048, lambda post: 2 * (octets(post.text) + octets(post.html))),
    ],
    "slack": [("text", 4000, lambda post: utf16(post.text))],
    "telegram": [("text", 4096, lambda post: utf16(post.text))],
    "x": [("text", 280, lambda post: max(map(as_x_counts, post.details["parts"])))],
    "xmpp_message": [("body", 2000, lambda post: len(post.text))],
    "xmpp_room": [("body", 1000, lambda post: len(post.text))],
}
UNLIMITED = {
    "atom",
    "email",
    "handoff",
    "jsonfeed",
    "rss",
    "webhook",
    "websub",
    "xmpp_pubsub",
}  # the whole, or no words
ELSEWHERE = {"apprise"}  # each service has its own, which tests/channels/test_apprise.py looks at
SILENT = {"slack", "xmpp_message", "xmpp_room"}  # there `@` and `#` in a text call nobody
ACCOUNT: dict[str, Any] = {"client_id": "id", "client_secret": SECRET, "refresh_token": SECRET}
APP: dict[str, Any] = {
    "consumer_key": "key",
    "consumer_secret": SECRET,
    "access_token": f"1-{SECRET}",
    "access_token_secret": SECRET,
}
CHANNELS: dict[str, tuple[str, Channel]] = {
    "mastodon": ("mastodon", Mastodon(instance="https://here.org", access_token=SECRET)),
    "warned": (
        "mastodon",
        Mastodon(instance="https://here.org", access_token=SECRET, spoiler_text="Fish! " * 20),
    ),
    "thread": ("mastodon", Mastodon(instance="https://here.org", access_token=SECRET, thread=5)),
    "link post": ("reddit", Reddit(subreddit="harbour", **ACCOUNT)),
    "self post": ("reddit", Reddit(subreddit="harbour", post="self", **ACCOUNT)),
    "lemmy": (
        "lemmy",
        Lemmy(instance="https://here.org", community="c", username="u", password=SECRET),
    ),
    "linkedin": ("linkedin", LinkedIn(author="urn:li:person:tilda", access_token=SECRET)),
    "bluesky": ("bluesky", Bluesky(handle="quay.org", app_password=SECRET)),
    "bluesky thread": ("bluesky", Bluesky(handle="quay.org", app_password=SECRET, thread=5)),
    "discord": ("discord", Discord(webhook=f"https://discord.com/api/webhooks/1/{SECRET}")),
    "matrix": ("matrix", Matrix(homeserver="https://here.org", access_token=SECRET, room="!a:b")),
    "slack": ("slack", Slack(token=SECRET, channel="C0HARBOUR")),
    "telegram": ("telegram", Telegram(token=SECRET, chat="@harbour")),
    "x": ("x", X(**APP)),
    "x thread": ("x", X(**APP, thread=5)),
    "xmpp message": ("xmpp_message", XmppMessage(jid="a@b.org", password=SECRET)),
    "xmpp room": ("xmpp_room", XmppRoom(jid="a@b.org", password=SECRET, room="c@d.org")),
}


def addresses(text: str) -> set[str]:
    return set(re.findall(r"https?://[^\s<>\"]+", text))


def over(kind: str, post: Post) -> list[str]:
    counted = [(place, limit, count(post)) for place, limit, count in RULES[kind]]
    return [f"{place}: {found} of {limit}" for place, limit, found in counted if found > limit]


def assert_fits(name: str, edition: Edition) -> None:
    kind, channel = CHANNELS[name]
    post = channel.render(edition)
    assert not over(kind, post)
    assert post.limit is None or 0 < post.length <= post.limit
    source = addresses(f"{' '.join(edition.title.split())}\n{edition.summary}\n{edition.url}")
    # X ends an address where a script begins that is not Latin; what follows may call somebody
    text = post.text.replace(JOINER, "") if kind == "x" else post.text
    # a title that ends with an address is bold to its end
    shown = addresses(f"{text}\n{post.title}")
    assert {unescape(found).rstrip("*") for found in shown} <= source
    assert edition.url in (post.url, post.text)
    calls = re.search(r"(?<!\w)[@#](?=[a-z])", re.sub(r"https?://\S+", "", post.text))
    assert kind in SILENT or not calls


def test_every_installed_channel_has_its_limits_here() -> None:
    assert set(INSTALLED) == {*RULES, *UNLIMITED, *ELSEWHERE}
    assert {kind for kind, _ in CHANNELS.values()} == set(RULES)


@pytest.mark.parametrize("name", CHANNELS)
@settings(derandomize=True, max_examples=60, deadline=None)
@given(edition=editions)
@example(edition=replace(EDITION, title="A & B <" * 60, summary="& " * 30_000))
@example(edition=replace(EDITION, title=LINKS[2] * 9, summary=LINKS[2] * 200))
@example(edition=replace(EDITION, title=FAMILY * 200, summary=FAMILY * 1500))
def test_any_edition_fits(name: str, edition: Edition) -> None:
    assert_fits(name, edition)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real issues is not on this machine")
def test_every_real_issue_fits() -> None:
    read = 0
    for folder in FOLDERS:
        for path in sorted((CORPUS / folder).rglob("*.md")):
            try:
                edition = read_edition(path, root=CORPUS / folder, site=SITE, static=None)
            except BadSource:
                continue  # another test's matter
            read += 1
            for name in CHANNELS:
                assert_fits(name, edition)
    assert read > 60


def test_a_link_that_lemmy_does_not_take_is_refused() -> None:
    long = replace(EDITION, url="https://harbour.org/" + "x" * 2000)
    with pytest.raises(Refused, match="2020 characters, Lemmy takes 2000"):
        CHANNELS["lemmy"][1].render(long)


def test_a_limit_that_was_not_kept_would_be_seen() -> None:
    post: Any = CHANNELS["lemmy"][1].render(EDITION)
    assert over("lemmy", replace(post, title="&" * 41)) == ["title: 205 of 200"]
