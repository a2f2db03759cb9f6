"""The head of a source file: YAML, TOML or JSON, read without trusting it."""

import json
import re
import tomllib
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import yaml

from publisher.domain.issue import BadSource
from publisher.rendering.words import one_line

LONGEST = 64 * 1024  # characters
MOST_DOTS = 1000  # a key with many takes time by the square of their number
LARGEST_NUMBER = 10**15  # a longer one is no title
DEEPEST = 20  # levels of nesting
IMPLICIT = {f"tag:yaml.org,2002:{kind}" for kind in ("merge", "null", "timestamp")}
FENCES = {"---": "YAML", "+++": "TOML"}
NO_ISSUE = "no newsletter issue: "
ADD_A_HEAD = "begin the file with a line ---, then `title:` and `date:`, then a line ---"
ADD_A_DATE = "add `date: YYYY-MM-DD` to the front matter"
OTHER_DATES = ("%Y-%m-%d %H:%M:%S %z", "%m-%d-%Y", "%Y/%m/%d", "%d %B %Y", "%B %d, %Y")


@dataclass(frozen=True, kw_only=True)
class Source:
    """A file taken apart. `body_line` is the line of the file on which the body begins."""

    fields: Mapping[str, Any]
    body: str
    body_line: int


def take_apart(path: str, text: str) -> Source:
    """Separate front matter and body. Raises BadSource with the line of the mistake."""
    start = re.match(r"\s*", text)
    blank = start.end() if start else 0
    first_line = 1 + text.count("\n", 0, blank)
    text = text[blank:]
    fence = text.partition("\n")[0].rstrip()
    if fence in FENCES:
        return _fenced(path, text, fence, first_line)
    if text.startswith("{"):
        return _json(path, text, first_line)
    raise BadSource(path, NO_ISSUE + "it has no front matter", remedy=ADD_A_HEAD)


def _fenced(path: str, text: str, fence: str, first_line: int) -> Source:
    head = text[: LONGEST + 8]
    closing = re.search(rf"^{re.escape(fence)}[ \t]*$", head[len(fence) :], re.MULTILINE)
    if closing is None:
        too_long = f"the front matter is longer than {LONGEST // 1024} kB"
        open_ended = NO_ISSUE + f"the front matter has no closing line {fence}"
        reason = too_long if len(text) > len(head) else open_ended
        raise BadSource(path, reason, line=first_line, remedy=f"end it with a line {fence}")
    end = len(fence) + closing.start()
    inner = text[len(fence) : end].partition("\n")[2]
    read = _yaml if fence == "---" else _toml
    body = text[len(fence) + closing.end() :].removeprefix("\n")
    return Source(
        fields=_table(path, read(path, inner, first_line + 1), first_line),
        body=body,
        body_line=first_line + text.count("\n", 0, end) + 1,
    )


def _json(path: str, text: str, first_line: int) -> Source:
    try:
        fields, end = json.JSONDecoder().raw_decode(text[:LONGEST])
    except json.JSONDecodeError as error:
        line = first_line + error.lineno - 1
        remedy = "it must be one JSON object of less than 64 kB"
        raise BadSource(path, f"JSON: {error.msg}", line=line, remedy=remedy) from error
    except (RecursionError, ValueError) as error:
        raise BadSource(path, f"JSON: {error}", line=first_line) from error
    body_line = first_line + text.count("\n", 0, end)
    return Source(fields=_table(path, fields, first_line), body=text[end:], body_line=body_line)


def _toml(path: str, text: str, first_line: int) -> object:
    for line, words in enumerate(text.split("\n"), start=first_line):
        if words.count(".") > MOST_DOTS:
            raise BadSource(path, f"TOML: more than {MOST_DOTS} dots in a line", line=line)
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        at = re.search(r"at line (\d+)", str(error))
        line = first_line + int(at[1]) - 1 if at else first_line
        raise BadSource(path, f"TOML: {error}", line=line) from error


def _yaml(path: str, text: str, first_line: int) -> object:
    try:
        return yaml.load(text, Loader=_PlainLoader)  # noqa: S506  a SafeLoader, made stricter
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = first_line + (mark.line if mark else 0)
        raise BadSource(path, f"YAML: {error.problem}", line=line, remedy=_hint(error)) from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        reason = f"YAML: {str(error).splitlines()[0]}"
        raise BadSource(path, reason, line=first_line) from error


def _hint(error: yaml.MarkedYAMLError) -> str:
    if "mapping values" in str(error.problem):
        return "put a value that holds a colon in quotes"
    return "mend the front matter"


def _table(path: str, fields: object, line: int) -> Mapping[str, Any]:
    if fields is None:
        raise BadSource(path, NO_ISSUE + "the front matter is empty", line=line, remedy=ADD_A_HEAD)
    if not isinstance(fields, dict):
        raise BadSource(
            path, NO_ISSUE + "the front matter has no fields", line=line, remedy=ADD_A_HEAD
        )
    return {str(name).lower(): value for name, value in fields.items()}


class _PlainLoader(yaml.SafeLoader):
    """YAML without what can blow up: anchors, aliases, merge keys, deep nesting.

    Subclassing is how PyYAML is configured. The pure Python loader is meant: the one in C
    crashes the process on deeply nested input instead of raising.
    """

    depth = 0
    # Numbers and yes/no stay the words that were typed: a title may be "1.10", "No" or "12:30".
    yaml_implicit_resolvers = {  # noqa: RUF012  PyYAML's own table, which it never changes
        first: [(tag, pattern) for tag, pattern in resolvers if tag in IMPLICIT]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]  # its stub is bare
        if getattr(event, "anchor", None) is not None:
            raise yaml.MarkedYAMLError(
                problem="anchors and aliases are not taken", problem_mark=event.start_mark
            )
        self.depth += 1
        if self.depth > DEEPEST:
            problem = f"nested deeper than {DEEPEST} levels"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            problem = ""
            if key.tag == "tag:yaml.org,2002:merge":
                problem = "merge keys are not taken"
            elif isinstance(key, yaml.ScalarNode) and key.value in seen:
                problem = f"{key.value} is given twice"
            if problem:
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=key.start_mark)
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (ValueError, OverflowError) as error:
            problem = f"{getattr(node, 'value', '')!s:.40}: {error}"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark) from error


def text_field(fields: Mapping[str, Any], *names: str) -> str:
    """The first of these fields that holds a word or number, on one line; "" if none does."""
    for name in names:
        if line := _word(fields.get(name)):
            return line
    return ""


def _word(value: object) -> str:
    if isinstance(value, bool) or (isinstance(value, int) and abs(value) > LARGEST_NUMBER):
        return ""
    return one_line(str(value)) if isinstance(value, str | int | float | date) else ""


def list_field(fields: Mapping[str, Any], *names: str) -> tuple[str, ...]:
    """What these fields name, in order and once each: a word, a comma list, or a list."""
    found: dict[str, None] = {}
    for name in names:
        value = fields.get(name)
        items = value if isinstance(value, list) else [value]
        for item in items:
            found.update(dict.fromkeys(_names(item, separate=item is value)))
    return tuple(found)


def _names(item: object, *, separate: bool) -> list[str]:
    if isinstance(item, dict):
        item = item.get("name")
    word = _word(item)
    parts = word.split(",") if separate else [word]
    return [name for name in map(one_line, parts) if name]


def date_field(path: str, fields: Mapping[str, Any], *, filename: str) -> datetime:
    """When the issue is dated, with a zone (UTC where none is given).

    Without a `date`, the file's name is asked. Raises BadSource when neither tells.
    """
    value = fields.get("date")
    if value is None or value == "":
        value = (re.search(r"\d{4}-\d{2}-\d{2}", filename) or [None])[0]
        if value is None:
            raise BadSource(path, NO_ISSUE + "it has no date", remedy=ADD_A_DATE)
    moment = _moment(value)
    if moment is None or not 1970 <= moment.year <= 9000:
        raise BadSource(path, f"not a date: {str(value)[:40]}", remedy=ADD_A_DATE)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _moment(value: object) -> datetime | None:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    text = one_line(str(value))
    for form in ("", *OTHER_DATES):
        try:
            return datetime.strptime(text, form) if form else datetime.fromisoformat(text)  # noqa: DTZ007  the caller adds the zone
        except ValueError:
            continue
    return None
