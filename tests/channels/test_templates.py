"""Templates: what they are given, how they keep to a limit, and what is said of a broken one."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from channels.lemmy import Lemmy
from channels.mastodon import Mastodon
from channels.reddit import Reddit
from publisher.domain.channel import Refused
from publisher.registry import Configured, build
from publisher.testing.sample import EDITION, URL
from publisher.testing.worlds import SECRET
from tests.channels.test_limits import LINKS, as_mastodon_counts

ACCOUNT: dict[str, Any] = {"client_id": "id", "client_secret": SECRET, "refresh_token": SECRET}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "words.txt"


def mastodon(place: Path, words: str, **settings: Any) -> Mastodon:
    place.write_text(words, encoding="utf-8")
    return Mastodon(instance="https://here.org", access_token=SECRET, template=place, **settings)


def test_a_template_says_it_in_its_own_words(place: Path) -> None:
    words = (
        "{{ site }} ({{ lang }}), {{ date.strftime('%d.%m.%Y') }} by {{ authors | join(', ') }}:\n"
        "{{ title | upper }}\n\n\n\n{% if tags %}\nOn {{ tags[0] }}.\n{% endif %}\n{{ url }}\n\n"
        "{{ hashtags }}"
    )
    post = mastodon(place, words, hashtags=("Harbour", "XMPP")).render(EDITION)
    assert post.text == (
        "The Harbour Letter (en), 05.08.2026 by Ines Moura, Tam O'Hara, Zoë Kröger:\n"
        f"A LETTER FROM THE QUAY, AUGUST 2026\n\nOn harbour.\n{URL}\n\n#Harbour #XMPP"
    )


def test_hashtags_stand_below_the_link_without_a_template() -> None:
    channel = Mastodon(instance="https://here.org", access_token=SECRET, hashtags=("XMPP",))
    assert channel.render(EDITION).text.endswith(f"{URL}\n\n#XMPP")


@pytest.mark.parametrize(
    "words",
    [
        "{{ title }}: {{ summary }} {{ url }} Thank you for reading.",
        "{{ url }}\n{{ summary }}\n{{ summary }}\n{{ title }}",
        "{{ summary | upper }} {{ url }}",
        "{% for one in authors %}{{ one }} {% endfor %}{{ title }}{{ title }} {{ url }}",
    ],
)
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"summary": "High water. " * 400},
        {"summary": LINKS[2] * 99, "title": "Tide " * 200},
        {"title": "潮が早い" * 500},
    ],
)
def test_any_template_keeps_to_the_limit_and_the_link(
    place: Path, words: str, changes: dict[str, Any]
) -> None:
    edition = replace(EDITION, url=LINKS[0], **changes)
    post = mastodon(place, words).render(edition)
    assert as_mastodon_counts(post) <= 500
    assert LINKS[0] in post.text


def test_the_summary_shrinks_before_the_title(place: Path) -> None:
    edition = replace(EDITION, summary="High water. " * 400)
    assert (
        EDITION.title in mastodon(place, "{{ summary }} {{ title }} {{ url }}").render(edition).text
    )


def test_what_cannot_shrink_is_refused_by_the_templates_name(place: Path) -> None:
    channel = mastodon(place, "Ahoy! " * 100 + "{{ url }}")
    with pytest.raises(Refused, match=r"words\.txt: what cannot be shortened counts 6\d\d of 500"):
        channel.render(EDITION)


@pytest.mark.parametrize(
    "words",
    [
        "{{ url }}{{ tags[9] }}",
        "{{ url }}{{ date.nonsense }}",
        "{{ url }}{{ 'x' * 10 ** 9 }}",
        "{{ url }}{{ 9 ** 9 ** 9 }}",
        "{{ url }}{{ title.__class__.__mro__ }}",
        "{{ url }}{{ 1 / 0 }}",
        "{% if false %}{{ url }}{% endif %}words",
    ],
)
def test_a_template_that_fails_refuses_the_post_by_its_name(place: Path, words: str) -> None:
    with pytest.raises(Refused, match=r"words\.txt: "):
        mastodon(place, words).render(EDITION)


@pytest.mark.parametrize("words", ["{{ url }}here", "{{ url }}?from=toot", "see{{ url }}"])
def test_a_link_that_would_lead_elsewhere_refuses_the_post(place: Path, words: str) -> None:
    with pytest.raises(Refused, match=r"words\.txt: leaves out the link, or writes on to its end"):
        mastodon(place, words).render(EDITION)


@pytest.mark.parametrize(
    "words", ["({{ url }}), ahoy", "Read: {{ url }}.", "„{{ url }}“", "港{{ url }}。"]
)
def test_a_link_may_stand_among_punctuation(place: Path, words: str) -> None:
    assert URL in mastodon(place, words).render(EDITION).text


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("a\n{{ url }\n", r"words\.txt:2: unexpected '}'"),
        ("{{ url }}\n\n{{ titel }}", r"words\.txt:3: titel is not known; there are .*title"),
        ("{{ url }}{{ title | nonsense }}", r"words\.txt:1: No filter named 'nonsense'"),
        ("{{ url }}\n{% include 'other.txt' %}", r"words\.txt:2: takes in no other files"),
        ("{{ url }}\n{% if title %}", r"words\.txt:2: Unexpected end of template"),
        ("{{ title }}", r"words\.txt:1: lacks \{\{ url \}\}"),
        ("", r"words\.txt:1: lacks"),
    ],
)
def test_a_broken_template_is_a_mistake_with_its_line(place: Path, words: str, why: str) -> None:
    with pytest.raises(ValueError, match=f"^template .*{why}"):
        mastodon(place, words)


def test_bytes_that_are_no_text_are_a_mistake(place: Path) -> None:
    place.write_bytes(b"\xff\xfe{{ url }}")
    with pytest.raises(ValueError, match=r"words\.txt: is not UTF-8 text"):
        Mastodon(instance="https://here.org", access_token=SECRET, template=place)


def test_a_language_has_its_own_template(place: Path) -> None:
    place.with_name("words.de.txt").write_text("Neues: {{ title }} {{ url }}")
    place.with_name("words.pt-br.txt").write_text("Novo: {{ title }} {{ url }}")
    channel = mastodon(place, "New: {{ title }} {{ url }}")
    starts = [
        channel.render(replace(EDITION, lang=lang)).text.split()[0]
        for lang in ("en", "de", "pt-br", "fr")
    ]
    assert starts == ["New:", "Neues:", "Novo:", "New:"]


def test_every_broken_language_is_named(place: Path) -> None:
    place.with_name("words.de.txt").write_text("{{ url }")
    with pytest.raises(ValueError, match=r"words\.de\.txt:1"):
        mastodon(place, "{{ url }}")


def test_other_files_beside_a_template_are_left_alone(place: Path) -> None:
    place.with_name("words.old-and-broken.txt").write_text("{{")
    place.with_name("words2.de.txt").write_text("{{")
    assert mastodon(place, "{{ url }}").render(EDITION).text == URL


def test_a_forum_gets_a_template_in_markdown(place: Path) -> None:
    place.write_text("**{{ site }}**\n\n{{ summary }}\n\n[Read on]({{ url }})")
    edition = replace(EDITION, summary="*Ahoy*, u/ines")
    said = f"**The Harbour Letter**\n\n\\*Ahoy\\*, u/\u2060ines\n\n[Read on]({URL})"
    reddit = Reddit(subreddit="harbour", post="self", template=place, **ACCOUNT)
    lemmy = Lemmy(
        instance="https://here.org", community="c", username="u", password=SECRET, template=place
    )
    assert reddit.render(edition).text == said
    assert lemmy.render(edition).text == said


def test_a_link_post_has_no_template(place: Path) -> None:
    place.write_text("{{ url }}")
    with pytest.raises(ValueError, match=r"^template must be unset"):
        Reddit(subreddit="harbour", template=place, **ACCOUNT)


@pytest.mark.parametrize("tag", ["#", "two words", "979", "a-b", ""])
def test_what_is_no_hashtag_is_a_mistake(tag: str) -> None:
    with pytest.raises(ValueError, match=r"^hashtags must be"):
        Mastodon(instance="https://here.org", access_token=SECRET, hashtags=(tag,))


def built(folder: Path, template: str) -> tuple[Configured | None, list[tuple[str, str]]]:
    mistakes: list[tuple[str, str]] = []
    table = {"instance": "https://here.org", "access_token": SECRET, "template": template}
    made = build(
        "mastodon",
        table,
        folder=folder,
        language="en",
        wrong=lambda key, why: mistakes.append((key, why)),
    )
    return made, mistakes


def test_a_template_is_found_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "words.txt").write_text("Ahoy {{ url }}")
    made, mistakes = built(tmp_path, "t/words.txt")
    assert made, mistakes
    assert made.channel.render(EDITION).text == f"Ahoy {URL}"


def test_a_template_that_is_not_there_is_a_mistake_in_the_configuration(tmp_path: Path) -> None:
    made, [(key, why)] = built(tmp_path, "t/words.txt")
    assert made is None
    assert key == "template"
    assert why == f"{tmp_path}/t/words.txt: cannot be read: No such file or directory"
