"""What a person is given to post by hand."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from channels.handoff import RULE, Handoff
from publisher.domain.channel import Handed, HandingOn, Note, Receipt, Refused
from publisher.testing.sample import EDITION
from tests.channels.worlds.handoff import text_in

TO = "ines@harbour.example"
CHANNEL = Handoff(to=TO, network="YouTube", page="https://studio.youtube.com/", limit=300)


def asked(channel: Handoff = CHANNEL, **changes: Any) -> Note:
    with pytest.raises(Handed) as handed:
        channel.deliver(channel.render(replace(EDITION, **changes)))
    return handed.value.note


def test_a_person_gets_all_that_there_is_to_copy() -> None:
    note = asked()
    assert (note.address, note.subject) == (TO, f"Please post on YouTube: {EDITION.title}")
    lines = note.text.splitlines()
    assert lines.count(RULE) == 2
    alone = [CHANNEL.page, EDITION.url]
    assert [line for line in alone if line not in lines] == []  # addresses become links
    assert any(line.endswith("/images/tide-chart.png") for line in lines)
    assert text_in(note.text) == CHANNEL.render(EDITION).text


def test_the_text_is_fitted_to_the_place_and_its_length_is_told() -> None:
    post = CHANNEL.render(EDITION)
    assert post.length == len(post.text) <= 300
    assert f"The text, {post.length} of 300 characters:" in asked().text
    whole = replace(CHANNEL, limit=0)
    assert EDITION.summary in whole.render(EDITION).text
    assert f"{len(whole.render(EDITION).text)} characters:" in asked(whole).text
    with pytest.raises(Refused, match="what cannot be shortened counts"):
        replace(CHANNEL, limit=10).render(EDITION)


def test_a_picture_comes_with_its_description() -> None:
    [chart] = [image for image in EDITION.images if "tide-chart" in image.src]
    words = "High water by day"
    images = tuple(replace(i, alt=words) if i is chart else i for i in EDITION.images)
    assert words in asked(images=images).text.splitlines()
    assert "The picture:" not in asked(images=()).text


def test_a_correction_and_a_retraction_name_the_post() -> None:
    there = Receipt(id="", url="https://youtube.example/post/1")
    with pytest.raises(Handed) as correction:
        CHANNEL.update(there, CHANNEL.render(replace(EDITION, title="Mended")))
    note = correction.value.note
    assert note.subject == "Please correct on YouTube: Mended"
    assert there.url in note.text.splitlines()
    assert "Mended" in text_in(note.text)
    with pytest.raises(Handed) as retraction:
        CHANNEL.retract(there)
    assert there.url in retraction.value.note.text.splitlines()
    assert "YouTube" in retraction.value.note.subject


def test_a_template_says_it_in_other_words(tmp_path: Path) -> None:
    file = tmp_path / "words.txt"
    file.write_text("New: {{ title }} {{ url }}")
    note = asked(replace(CHANNEL, template=file))
    assert text_in(note.text) == f"New: {EDITION.title} {EDITION.url}"


def test_it_is_a_channel_that_hands_on() -> None:
    assert isinstance(CHANNEL, HandingOn)
    assert CHANNEL.check() == [f"{TO} is asked to post on YouTube, and again every 24 hours"]
    assert replace(CHANNEL, remind=0.0).check()[0].endswith(", once")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"to": "Ines"}, "to must be a mail address, or xmpp:"),
        ({"to": "ines@harbour.example, tam@harbour.example"}, "to must be"),
        ({"network": " "}, "network must be"),
        ({"network": "You\r\nTube"}, "network must be"),
        ({"page": "studio.youtube.com"}, "page must be an http"),
        ({"limit": -1}, "limit must be 0 to"),
        ({"remind": -1.0}, "remind must be 0 or more"),
        ({"template": Path("/nowhere/x.txt")}, "template /nowhere/x.txt: cannot be read"),
    ],
)
def test_a_wrong_value_is_named(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=r"must be|template") as error:
        replace(CHANNEL, **wrong)
    assert words in "\n".join(map(str, error.value.args))
    assert replace(CHANNEL, to="xmpp:ines@harbour.example")
