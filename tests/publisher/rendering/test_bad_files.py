"""Files that are broken or hostile before their text is: what is said of them, and how soon."""

import json
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from publisher.domain.issue import BadSource
from publisher.rendering.reading import read_edition
from tests.publisher.rendering.sources import HEAD, SITE, assert_safe, issue, read, written

SOON = 3  # seconds
MOST_MEMORY = 64 * 1024**2  # bytes
ISSUE = f"---\n{HEAD}---\nHello.\n"


@pytest.fixture
def bounded() -> Iterator[None]:
    """Fails what takes long or much."""
    tracemalloc.start()
    start = time.perf_counter()
    yield
    taken, peak = time.perf_counter() - start, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert taken < SOON * 5  # tracing makes it slow
    assert peak < MOST_MEMORY


def refusal(folder: Path, text: str | bytes) -> BadSource:
    with pytest.raises(BadSource) as refused:
        read(folder, text)
    return refused.value


# What bytes can be


@pytest.mark.parametrize(
    "raw",
    [
        ISSUE.encode("utf-16"),
        ISSUE.encode("utf-16-le"),
        ISSUE.encode("utf-16-be"),
        ISSUE.encode("utf-32"),
        "日本語の題名と、とても長い本文。\n".encode("utf-16"),
    ],
    ids=["marked", "little", "big", "utf-32", "japanese"],
)
def test_utf_16_is_called_by_its_name(tmp_path: Path, raw: bytes) -> None:
    refused = refusal(tmp_path, raw)
    assert (refused.reason, refused.remedy) == ("UTF-16 or UTF-32, not UTF-8", "save it as UTF-8")


@pytest.mark.parametrize(
    "raw",
    [
        b"\xef\xbb\xbf" + ISSUE.encode(),
        ISSUE.replace("\n", "\r\n").encode(),
        ISSUE.replace("\n", "\r").encode(),
        b"\xef\xbb\xbf" + ISSUE.replace("---", "+++").replace(": ", " = ").encode()
        .replace(b"An issue", b'"An issue"').replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf{\"title\": \"An issue\",\r\n\"date\": \"2026-06-05\"}\r\nHello.\r\n",
        b"\xef\xbb\xbfTitle: An issue\r\nDate: 2026-06-05\r\n\r\nHello.\r\n",
    ],
    ids=["bom", "crlf", "cr", "toml", "json", "pelican"],
)  # fmt: skip
def test_marks_and_line_ends_of_other_systems_change_nothing(tmp_path: Path, raw: bytes) -> None:
    edition = read(tmp_path, raw)
    assert (edition.title, edition.html.strip()) == ("An issue", "<p>Hello.</p>")


def test_latin_1_is_refused_with_its_line(tmp_path: Path) -> None:
    refused = refusal(tmp_path, f"---\n{HEAD}---\nH\xe4llo.\n".encode("latin-1"))
    assert (refused.line, refused.remedy) == (5, "save it as UTF-8")


def test_a_nul_is_refused_with_its_line(tmp_path: Path) -> None:
    refused = refusal(tmp_path, ISSUE.replace("Hello", "He\0llo"))
    assert (refused.line, refused.reason) == (5, "holds the character U+0000")


# What a head can hold


@pytest.mark.parametrize(
    "text",
    [
        '{"title": "a\\ud83d\\u202eb", "date": "2026-06-05", "tags": ["\\udc00x"]}\nHello.\n',
        '---\ntitle: "a\\uD83D\\u202Eb"\ndate: 2026-06-05\ntags: ["\\uDC00x"]\n---\nHello.\n',
        "Title: a\u202eb\nDate: 2026-06-05\nTags: x\n\nHello.\n",
        '+++\ntitle = "a\u202eb"\ndate = 2026-06-05\ntags = ["x"]\n+++\nHello.\n',
    ],
    ids=["json", "yaml", "pelican", "toml"],
)
def test_half_characters_and_turned_directions_are_left_out(tmp_path: Path, text: str) -> None:
    edition = read(tmp_path, text)
    assert (edition.title, edition.tags) == ("ab", ("x",))
    assert edition.url == "https://example.org/2026/06/ab/"
    assert_safe(edition)


def test_half_characters_in_addresses_and_people_reach_no_channel(tmp_path: Path) -> None:
    odd = "a\ud800"
    head = {
        "title": "x", "date": "2026-06-05", "url": odd, "aliases": [odd], "author": odd,
        "image": odd, "summary": odd,
    }  # fmt: skip
    edition = read(tmp_path, json.dumps(head) + "\nHello.\n")
    assert edition.url == "https://example.org/a/"
    assert edition.aliases == ()
    assert edition.image is not None
    (edition.image.src + edition.summary + "".join(edition.authors)).encode()


@pytest.mark.parametrize(
    ("head", "says"),
    [
        ("a: &a [x]\nb: &b [*a, *a]\nc: &c [*b, *b]", "anchors and aliases are not taken"),
        ("title: !!python/object/apply:os.system [ls]", "could not determine a constructor"),
        ("title: !ruby/object x", "could not determine a constructor"),
        ("title: !!binary x", "YAML"),
        ("a: " + "[" * 60_000, "nested deeper than 20 levels"),
        ("title: x\ntitle: y", "title is given twice"),
        ("title: x\nDATE: 1\ndate: 2", "date is given twice"),
    ],
)
def test_yaml_that_is_a_weapon_is_refused(
    tmp_path: Path, bounded: None, head: str, says: str
) -> None:
    refused = refusal(tmp_path, f"---\n{head}\n---\nHello.\n")
    assert says in str(refused)
    assert refused.line >= 2
    assert refused.remedy


@pytest.mark.parametrize(
    "head",
    [
        ".".join("a" * 30_000) + " = 1",
        "\n".join(f"[{'.'.join('a' * 900)}.b{n}]" for n in range(30)),
        "a = " + "[" * 60_000,
        "a = " + "{a=" * 15_000,
        "a = " + "9" * 60_000,
        "a = 99999-99-99",
        " " * 60_000 + "a",
        '"a"=1\na=2',
    ],
    ids=["dots", "tables", "lists", "inline", "number", "date", "blank", "twice"],
)
def test_toml_that_is_a_weapon_is_refused(tmp_path: Path, bounded: None, head: str) -> None:
    refused = refusal(tmp_path, f"+++\n{head}\n+++\nHello.\n")
    assert refused.remedy
    assert refused.line


@pytest.mark.parametrize(
    "text",
    [
        '{"a":' * 12_000,
        '{"title": ' + "[" * 60_000,
        '{"title": ' + "9" * 60_000 + "}",
        '{"title": "' + "x" * 70_000 + '"}',
        '{"title": "x", "title": "y", "date": "2026-06-05"}',
        '{"title": NaN, "date": Infinity}',
        '{"a": 1' + " " * 60_000,
    ],
    ids=["objects", "lists", "number", "long", "twice", "no-number", "blank"],
)
def test_json_that_is_a_weapon_is_refused(tmp_path: Path, bounded: None, text: str) -> None:
    refused = refusal(tmp_path, text + "\nHello.\n")
    assert refused.remedy
    assert refused.line in (1, 2)


@pytest.mark.parametrize("fence", ["---\ntitle: ", "+++\ntitle = ", '{"title": "', "Title: ", ""])
def test_ten_megabytes_are_refused_at_once(tmp_path: Path, bounded: None, fence: str) -> None:
    path = tmp_path / "2026-06-05-letter.md"
    with path.open("w") as file:
        file.write(fence)
        file.write("x\n" * 5_000_000)
    with pytest.raises(BadSource) as refused:
        read_edition(path, root=tmp_path, site=SITE, static=None)
    assert "larger than 1024 kB" in refused.value.reason


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("---\n" + "a: x\n" * 20_000 + "---\n", "the front matter is longer than 64 kB"),
        ("+++\n" + "# x\n" * 20_000 + "+++\n", "the front matter is longer than 64 kB"),
        ('{"a": "' + "x" * 70_000 + '"}', "JSON"),
        (
            "Title: x\nDate: 2026-06-05\n" + "    x\n" * 20_000 + "\nHello.\n",
            "the front matter is longer than 64 kB",
        ),
        ("Title: x\n" + "    x\n" * 500 + "Date: 2026-06-05\n\nHello.\n", "longer than 500"),
    ],
)
def test_a_head_over_its_limit_is_refused(
    tmp_path: Path, bounded: None, text: str, says: str
) -> None:
    assert says in str(refusal(tmp_path, text))


@pytest.mark.parametrize(
    "body",
    [
        "# " + " " * 400_000 + "x{",
        "# " + "#" * 400_000,
        "# " + "{#" * 100_000,
        "x\n" + "=" * 400_000 + "x",
        "```\n" * 100_000,
        "<!-- " * 80_000,
        "[" * 400_000,
        "Title: x\n" + " " * 200_000,
    ],
    ids=["blank", "hashes", "ids", "line", "fences", "comments", "brackets", "pelican"],
)
def test_a_text_without_a_head_is_looked_through_soon(tmp_path: Path, body: str) -> None:
    start = time.perf_counter()
    try:
        assert_safe(read(tmp_path, body))
    except BadSource as refused:
        assert refused.reason
    assert time.perf_counter() - start < SOON


@pytest.mark.parametrize(
    "field",
    ["aliases: [" + "/a," * 15_000 + "]", "tags: " + "a, " * 20_000, "url: /" + ":year" * 10_000],
    ids=["aliases", "tags", "tokens"],
)
def test_fields_with_thousands_of_parts_are_read_soon(tmp_path: Path, field: str) -> None:
    start = time.perf_counter()
    assert_safe(issue(tmp_path, head=HEAD + field + "\n"))
    assert time.perf_counter() - start < SOON * 2


# Where a path can lead


@pytest.mark.parametrize(
    "image", ["../../secret.png", "/../secret.png", "%2e%2e/secret.png", "a\0b"]
)
def test_a_picture_of_the_head_is_never_one_from_outside(tmp_path: Path, image: str) -> None:
    written(tmp_path, b"\x89PNG\r\n\x1a\n", name="secret.png")
    head = HEAD + f"image: {json.dumps(image)}\n"
    edition = issue(tmp_path / "site", head=head, name="2026-06/index.md", static=tmp_path / "site")
    assert edition.image is None or edition.image.path == ""


@pytest.mark.parametrize("own", ["../../../etc/passwd", "/../../x", "a/../../../b", "\\..\\x"])
def test_an_address_never_leaves_the_site(tmp_path: Path, own: str) -> None:
    for field in ("url", "slug"):
        url = issue(tmp_path, head=HEAD + f"{field}: '{own}'\n").url
        assert url.startswith("https://example.org/")
        assert "/../" not in url


def test_authors_are_looked_up_nowhere_above_the_sources_folder(tmp_path: Path) -> None:
    written(tmp_path, "ann: {name: Ann Lee}\n", name="authors.yml")
    edition = issue(tmp_path / "site/content", head=HEAD + "authors: [ann]\n")
    assert edition.authors == ("ann",)
