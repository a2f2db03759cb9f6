"""A long summary as a thread: whole, in order, and no part of it twice."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from channels._parts import BETWEEN
from channels.mastodon import Mastodon
from publisher.domain.channel import (
    ChannelError,
    Disconnected,
    Post,
    Receipt,
    Refused,
    TryLater,
    Unsure,
)
from publisher.sandbox.networks import mastodon as stand_in
from publisher.sandbox.outside import Kept, Outside
from publisher.sandbox.serving import serving
from publisher.testing.sample import EDITION, FAMILY, URL
from publisher.testing.worlds import SECRET

SUMMARY = " ".join(
    f"Sentence {number} tells of @ines, {FAMILY} and https://tides.org/{number}."
    for number in range(40)
)
LONG = replace(EDITION, summary=SUMMARY)


@dataclass
class FailingAt:
    """The stand-in, of which the post of that number, counted from 1, meets a fault."""

    inner: ASGIApp
    outside: Outside
    number: int = 0
    do: str = ""
    heard: int = field(default=0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (scope["method"], scope["path"]) == ("POST", "/api/v1/statuses"):
            self.heard += 1
            if self.heard == self.number:
                self.outside.fail_next("mastodon", self.do, seconds=20)
        await self.inner(scope, receive, send)


@dataclass
class Instance:
    outside: Outside
    app: FailingAt
    url: str

    def account(self, **settings: Any) -> Mastodon:
        asked = {"thread": 9, "timeout": 0.5, **settings}
        return Mastodon(instance=self.url, access_token=SECRET, **asked)

    def posts(self) -> list[Kept]:
        return self.outside.posts("mastodon")

    def forget_keys(self) -> None:
        """As after an hour, when no Idempotency-Key helps any more."""
        self.app.inner = stand_in.app(self.outside)


@pytest.fixture
def instance() -> Iterator[Instance]:
    outside = Outside()
    app = FailingAt(stand_in.app(outside), outside)
    with serving(app) as url:
        yield Instance(outside, app, url)


def carried_on(mastodon: Mastodon, post: Post) -> Receipt:
    """What `publisher.publishing.deliver` does with a delivery in doubt."""
    return mastodon.find_existing(post) or mastodon.deliver(post)


def assert_whole(instance: Instance, post: Post) -> None:
    kept = instance.posts()
    assert [one.fields["text"] for one in kept] == post.details["parts"]
    answered = [one.fields["in_reply_to_id"] for one in kept]
    assert answered == [None, *(one.id for one in kept[:-1])]


def test_a_long_summary_is_told_to_its_end(instance: Instance) -> None:
    post = instance.account().render(LONG)
    parts = post.details["parts"]
    assert 3 < len(parts) < 9
    assert post.text == BETWEEN.join(parts)
    assert post.length <= 500
    assert [part.rsplit("\n", 1)[1] for part in parts] == [
        f"({number}/{len(parts)})" for number in range(1, len(parts) + 1)
    ]
    assert parts[0].startswith(EDITION.title)
    assert URL in parts[0]
    for number in range(40):
        assert post.text.count(f"https://tides.org/{number}.") == 1
    assert all(part.rsplit("\n\n", 1)[0].endswith(".") for part in parts[1:])


def test_a_thread_is_no_longer_than_allowed_and_says_where_it_was_cut(instance: Instance) -> None:
    parts = instance.account(thread=2).render(LONG).details["parts"]
    assert len(parts) == 2
    assert parts[1].endswith("…\n\n(2/2)")


@pytest.mark.parametrize(
    "edition", [EDITION, replace(LONG, summary=""), replace(LONG, summary="All is well.")]
)
def test_what_fits_into_one_post_is_no_thread(instance: Instance, edition: Any) -> None:
    post = instance.account(limit=900, characters=900).render(edition)
    assert "parts" not in post.details


def test_without_asking_there_is_no_thread(instance: Instance) -> None:
    assert "parts" not in instance.account(thread=1).render(LONG).details


def test_a_thread_is_delivered_in_order_and_found(instance: Instance) -> None:
    mastodon = instance.account(spoiler_text="fish")
    post = mastodon.render(LONG)
    assert mastodon.find_existing(post) is None
    receipt = mastodon.deliver(post)
    assert_whole(instance, post)
    head, *answers = instance.posts()
    assert receipt.id == head.id
    assert head.fields["visibility"] == "public"
    assert {one.fields["visibility"] for one in answers} == {"unlisted"}
    assert {one.fields["spoiler_text"] for one in instance.posts()} == {"fish"}
    found = mastodon.find_existing(post)
    assert found
    assert (found.id, found.url) == (receipt.id, receipt.url)


def test_a_thread_that_answers_another_is_found_and_that_one_too(instance: Instance) -> None:
    mastodon = instance.account()
    first = mastodon.render(LONG)
    head = mastodon.deliver(first)
    second = mastodon.render(replace(LONG, lang="fr", url=LONG.url + "fr/"))
    answer = mastodon.deliver(replace(second, reply_to=head.id))
    found = [mastodon.find_existing(one) for one in (second, first)]
    assert [one and one.id for one in found] == [answer.id, head.id]


def test_a_private_thread_stays_private(instance: Instance) -> None:
    mastodon = instance.account(visibility="private")
    mastodon.deliver(mastodon.render(LONG))
    assert {one.fields["visibility"] for one in instance.posts()} == {"private"}


@pytest.mark.parametrize("fault", ["lose_answer", "error_after", "malformed", "error", "timeout"])
@pytest.mark.parametrize("number", [1, 2, 3, 5])
def test_a_lost_answer_at_any_part_makes_no_part_twice(
    instance: Instance, number: int, fault: str
) -> None:
    mastodon = instance.account()
    post = mastodon.render(LONG)
    assert len(post.details["parts"]) >= 5
    instance.app.number, instance.app.do = number, fault
    with pytest.raises(Unsure):
        mastodon.deliver(post)
    instance.forget_keys()
    receipt = carried_on(mastodon, post)
    assert_whole(instance, post)
    assert receipt.id == instance.posts()[0].id


@pytest.mark.parametrize("there", [0, 1, 2, 4])
def test_a_process_killed_between_parts_is_carried_on(instance: Instance, there: int) -> None:
    mastodon = instance.account()
    post = mastodon.render(LONG)
    mastodon.deliver(post)
    for one in instance.posts()[there:]:  # as if it had been killed before these
        instance.outside.remove("mastodon", one.id)
    instance.forget_keys()
    carried_on(mastodon, post)
    assert_whole(instance, post)


def test_a_whole_thread_is_not_begun_again(instance: Instance) -> None:
    mastodon = instance.account()
    post = mastodon.render(LONG)
    first = mastodon.deliver(post)
    instance.forget_keys()
    assert mastodon.deliver(post).id == first.id
    assert_whole(instance, post)


@pytest.mark.parametrize(
    ("fault", "named"),
    [("rate_limit", Unsure), ("unauthorized", Disconnected)],
)
def test_a_thread_that_was_begun_is_never_called_unposted(
    instance: Instance, fault: str, named: type[ChannelError]
) -> None:
    mastodon = instance.account()
    post = mastodon.render(LONG)
    instance.app.number, instance.app.do = 3, fault
    with pytest.raises(ChannelError) as failure:
        mastodon.deliver(post)
    assert type(failure.value) is named
    if named is Unsure:
        assert "2 of" in str(failure.value)
        assert failure.value.retry_after
    instance.forget_keys()
    carried_on(mastodon, post)
    assert_whole(instance, post)


@pytest.mark.parametrize(
    ("fault", "named"),
    [("rate_limit", TryLater), ("refuse", Refused), ("unauthorized", Disconnected)],
)
def test_a_head_that_is_not_taken_begins_nothing(
    instance: Instance, fault: str, named: type[ChannelError]
) -> None:
    mastodon = instance.account()
    instance.app.number, instance.app.do = 1, fault
    with pytest.raises(named):
        mastodon.deliver(mastodon.render(LONG))
    assert instance.posts() == []


def test_a_part_that_is_refused_ends_the_thread_with_a_note(instance: Instance) -> None:
    mastodon = instance.account()
    post = mastodon.render(LONG)
    instance.app.number, instance.app.do = 3, "refuse"
    receipt = mastodon.deliver(post)
    assert "the thread ends after 2 of" in receipt.note
    assert len(instance.posts()) == 2
    assert receipt.id == instance.posts()[0].id


def test_other_answers_of_ones_own_are_not_taken_for_parts(instance: Instance) -> None:
    mastodon = instance.account()
    post = mastodon.render(LONG)
    head = mastodon.deliver(post).id
    for one in instance.posts()[1:]:
        instance.outside.remove("mastodon", one.id)
    template = instance.posts()[0].fields
    said = {**template, "html": "<p>Corrected: (2/9)</p>", "in_reply_to_id": head}
    instance.outside.keep("mastodon", str(int(head) + 1), **said)
    instance.forget_keys()
    carried_on(mastodon, post)
    assert len(instance.posts()) == len(post.details["parts"]) + 1


def test_a_hand_written_post_of_the_link_is_no_head(instance: Instance) -> None:
    single = instance.account(thread=1)
    single.deliver(single.render(EDITION))
    mastodon = instance.account()
    post = mastodon.render(LONG)
    carried_on(mastodon, post)
    assert len(instance.posts()) == 1 + len(post.details["parts"])


def test_every_part_can_be_corrected(instance: Instance) -> None:
    mastodon = instance.account()
    receipt = mastodon.deliver(mastodon.render(LONG))
    mended = mastodon.render(
        replace(LONG, title="Mended", summary=SUMMARY.replace("Sentence", "Phrase"))
    )
    assert mastodon.update(receipt, mended).note == ""
    assert_whole(instance, mended)


def test_a_correction_neither_adds_nor_takes_away_parts(instance: Instance) -> None:
    mastodon = instance.account()
    receipt = mastodon.deliver(mastodon.render(LONG))
    before = len(instance.posts())
    longer = mastodon.render(replace(LONG, summary=f"{SUMMARY} {SUMMARY}"))
    assert (
        f"{before} of {len(longer.details['parts'])} posts exist"
        in mastodon.update(receipt, longer).note
    )
    assert len(instance.posts()) == before


def test_a_link_that_fits_into_no_part_ends_the_thread(instance: Instance) -> None:
    mastodon = instance.account(per_link=0)
    post = mastodon.render(replace(EDITION, summary="High water. " * 60 + "https://" + "x" * 900))
    assert "xxx" not in post.text
    assert post.length <= 500


@pytest.mark.parametrize("thread", [0, 21])
def test_a_thread_has_one_to_twenty_posts(thread: int) -> None:
    with pytest.raises(ValueError, match=r"^thread must be 1 to 20 posts"):
        Mastodon(instance="https://here.org", access_token=SECRET, thread=thread)
