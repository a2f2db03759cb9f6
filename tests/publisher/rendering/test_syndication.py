"""Addresses written into a head: nothing else changes, and the issue is the same one."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.domain.issue import BadSource
from publisher.rendering.heads.frontmatter import take_apart
from publisher.rendering.heads.syndication import revision, written

ONE, TWO = "https://social.example/@news/1", "https://forum.example/post/2"
YAML = "---\ntitle: November  # ours\ndate: 2026-11-05\n# the end\n---\n\nText.\n"
TOML = '+++\ntitle = "November"\n\n[extra]\nnote = "x"\n+++\nText.\n'
JSON = '{\n  "title": "November",\n  "tags": ["a", {"syndication": 1}]\n}\n\nText.\n'
HEADS = {"yaml": YAML, "toml": TOML, "json": JSON}
every_head = pytest.mark.parametrize("text", HEADS.values(), ids=HEADS)


def put(text: str, *urls: str) -> str:
    return written("x.md", text.encode(), urls).decode()


def said(text: str) -> object:
    return take_apart("x.md", text).fields.get("syndication")


def test_a_list_ends_a_head_in_yaml() -> None:
    block = f'syndication:\n  - "{ONE}"\n  - "{TWO}"\n'
    assert put(YAML, ONE, TWO) == YAML.replace("# the end\n", f"# the end\n{block}")


def test_a_list_stands_before_the_tables_of_toml() -> None:
    block = f'syndication = [\n  "{ONE}",\n]\n'
    assert put(TOML, ONE) == TOML.replace('November"\n', f'November"\n{block}')


def test_a_list_is_the_last_member_in_json() -> None:
    assert put(JSON, ONE) == JSON.replace("1}]", f'1}}],\n  "syndication": ["{ONE}"]')


@every_head
def test_it_can_be_read_again(text: str) -> None:
    assert said(put(text, ONE, TWO)) == [ONE, TWO]


@every_head
def test_writing_it_again_changes_no_byte(text: str) -> None:
    assert put(put(text, ONE, TWO), ONE, TWO) == put(text, ONE, TWO)


@every_head
def test_another_list_takes_the_place_of_the_one_before(text: str) -> None:
    assert put(put(text, TWO), ONE, TWO) == put(text, ONE, TWO)


@every_head
def test_a_file_is_the_same_revision_with_it_and_without(text: str) -> None:
    assert revision(put(text, ONE, TWO).encode()) == revision(text.encode())


@every_head
def test_a_changed_text_is_another_revision_with_the_list_in_it(text: str) -> None:
    other = put(text, ONE).replace("Text.", "Other.")
    assert revision(other.encode()) != revision(text.encode())


@every_head
@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_line_ends_and_the_byte_order_mark_stay_as_they_are(text: str, newline: str) -> None:
    raw = b"\xef\xbb\xbf" + text.replace("\n", newline).encode()
    found = written("x.md", raw, [ONE])
    assert found == raw[:3] + put(text, ONE).replace("\n", newline).encode()
    assert revision(found) == revision(raw)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "---\nsyndication: []\ntitle: x\n---\n",
            f'---\nsyndication:\n  - "{ONE}"\ntitle: x\n---\n',
        ),
        (
            "---\nsyndication:\n- a\n- b\n\n# of the title\ntitle: x\n---\n",
            f'---\nsyndication:\n  - "{ONE}"\n\n# of the title\ntitle: x\n---\n',
        ),
        (
            "---\nSyndication:\n  [a,\n   b]\ntitle: x\n---\n",
            f'---\nsyndication:\n  - "{ONE}"\ntitle: x\n---\n',
        ),
        (
            '+++\nsyndication = ["a", "b]"] # old\ntitle = "x"\n+++\n',
            f'+++\nsyndication = [\n  "{ONE}",\n]\ntitle = "x"\n+++\n',
        ),
        (
            '{"syndication": ["a", "]"], "title": "x"}\n',
            f'{{"syndication": ["{ONE}"], "title": "x"}}\n',
        ),
    ],
)
def test_a_list_written_by_hand_is_replaced_where_it_stands(before: str, after: str) -> None:
    assert put(before + "Text.\n", ONE) == after + "Text.\n"


def test_a_list_that_only_looks_like_one_is_left() -> None:
    text = '---\ntitle: x\nsummary: |\n  on:\n  syndication:\n    - "a"\n---\nsyndication:\n'
    assert put(text, ONE) == text.replace('- "a"\n', f'- "a"\nsyndication:\n  - "{ONE}"\n')


def test_what_looks_like_a_table_in_a_text_of_toml_is_none() -> None:
    text = '+++\ntitle = """\n[not]\n"""\n+++\nText.\n'
    assert tomllib.loads(put(text, ONE).split("+++")[1])["syndication"] == [ONE]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("# November\n\nText.\n", "x.md:1: has no head that a list could stand in — begin"),
        ("Title: November\nDate: 2026-11-05\n\nText.\n", "has no head .* begin the file with"),
        ("---\ntitle: November\n\nText.\n", "no closing line --- — end it with a line ---"),
        ("---\ntitle: a: b\n---\nText.\n", "x.md:2: YAML: .* put a value that holds a colon"),
        ("+++\ntitle = \n+++\nText.\n", "x.md:2: TOML: .* mend the front matter"),
        ('{"title": }\nText.\n', "JSON: .* it must be one JSON object"),
        ("---\n{title: x,\n date: y}\n---\nText.\n", "cannot take the list .* write an empty list"),
        ("---\ntitle: x\n<<<<<<< ours\n---\nText.\n", "a merge conflict"),
        ("---\nsyndication: []\nSyndication: []\n---\nText.\n", "syndication is given twice"),
    ],
)
def test_a_head_that_cannot_be_written_into_is_named(text: str, words: str) -> None:
    with pytest.raises(BadSource, match=words):
        put(text, ONE)


@pytest.mark.parametrize(
    "raw", [b"", b"---\nsyndication: [\n---\n", b"syndication \xff", b"{syndication"]
)
def test_what_cannot_be_read_has_a_revision_all_the_same(raw: bytes) -> None:
    assert len(revision(raw)) == 64


pieces = st.lists(
    st.sampled_from(
        [
            "title: x\n",
            "a: |\n  b\n",
            "# c\n",
            "\n",
            "d:\n- e\n",
            "f: [g,\n  h]\n",
            "i: 'syndication'\n",
        ]
    ),
    unique=True,
)


@given(pieces, st.lists(st.sampled_from([ONE, TWO]), min_size=1))
def test_whatever_a_head_holds_taking_the_list_out_again_gives_the_file_back(
    lines: list[str], urls: list[str]
) -> None:
    raw = f"---\ntitled: x\n{''.join(lines)}---\nText.\n".encode()
    assert revision(written("x.md", raw, urls)) == revision(raw)
