"""The notations of a head: YAML, TOML, JSON and Pelican's lines, read without trusting them."""

import json
import re
import tomllib
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from publisher.domain.issue import BadSource

LONGEST = 64 * 1024  # characters
MOST_DOTS = 1000  # a key with many takes time by the square of their number
DEEPEST = 20  # levels of nesting
IMPLICIT = {f"tag:yaml.org,2002:{kind}" for kind in ("merge", "null", "timestamp")}
NO_ISSUE = "no newsletter issue: "
ADD_A_HEAD = "begin the file with a line ---, then `title:` and `date:`, then a line ---"
TOML_KEY = re.compile(r"""\[{0,2}[ \t]*["']?([\w-]+)["']?[ \t]*[].=]""")
JSON_TOKEN = re.compile(r'"((?:\\.|[^"\\])*)"(\s*:)?|[][{}]', re.DOTALL)
META_LINE = re.compile(r"[ ]{0,3}([A-Za-z0-9_-]+):[ \t]*(.*)")
META_TELLING = re.compile(r"^(?:title|date):", re.IGNORECASE | re.MULTILINE)
META_MORE = re.compile(r"(?:[ ]{4,}|\t)[ \t]*(\S.*)")


@dataclass(frozen=True, kw_only=True)
class Head:
    """The fields of a head by name in lower case, and the line of the file each stands on."""

    fields: Mapping[str, Any]
    lines: Mapping[str, int]


def yaml_head(path: str, text: str, first_line: int) -> Head:
    """What a YAML text says. Raises BadSource with the line of the mistake."""
    loader = _PlainLoader(text)
    try:
        node = loader.get_single_node()
        fields = loader.construct_document(node) if node else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = first_line + (mark.line if mark else 0)
        raise BadSource(path, f"YAML: {error.problem}", line=line, remedy=_hint(error)) from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        reason = f"YAML: {str(error).splitlines()[0]}"
        raise BadSource(path, reason, line=first_line, remedy="mend the front matter") from error
    finally:
        loader.dispose()
    lines = (
        (str(key.value), first_line + key.start_mark.line)
        for key, _ in getattr(node, "value", None) or ()
        if isinstance(node, yaml.MappingNode)
    )
    return _head(path, fields, lines, first_line)


def toml_head(path: str, text: str, first_line: int) -> Head:
    """What a TOML text says. Raises BadSource with the line of the mistake."""
    for line, words in enumerate(text.split("\n"), start=first_line):
        if words.count(".") > MOST_DOTS:
            reason = f"TOML: more than {MOST_DOTS} dots in a line"
            raise BadSource(path, reason, line=line, remedy="mend the front matter")
    try:
        fields = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        at = re.search(r"at line (\d+)", str(error))
        line = first_line + int(at[1]) - 1 if at else first_line
        remedy = "mend the front matter"
        raise BadSource(path, f"TOML: {error}", line=line, remedy=remedy) from error
    return _head(path, fields, _toml_lines(text, first_line), first_line)


def json_head(path: str, text: str, first_line: int) -> tuple[Head, int]:
    """What the JSON object at the start of a text says, and where it ends.

    Raises BadSource with the line of the mistake.
    """
    remedy = "it must be one JSON object of less than 64 kB"
    try:
        decoder = json.JSONDecoder(object_pairs_hook=_once_each)
        fields, end = decoder.raw_decode(text[:LONGEST])
    except json.JSONDecodeError as error:
        line = first_line + error.lineno - 1
        raise BadSource(path, f"JSON: {error.msg}", line=line, remedy=remedy) from error
    except (RecursionError, ValueError) as error:
        raise BadSource(path, f"JSON: {error}", line=first_line, remedy=remedy) from error
    return _head(path, fields, _json_lines(text[:end], first_line), first_line), end


def meta_head(path: str, text: str, first_line: int) -> tuple[Head, int]:
    """What `Name: value` lines before the first blank line say, and where they end.

    An indented line goes on with the value before it, as Python-Markdown's meta data has it:
    https://python-markdown.github.io/extensions/meta_data/. Raises BadSource with the line.
    """
    fields: dict[str, str] = {}
    lines: dict[str, int] = {}
    name = ""
    end = 0
    for number, line in enumerate(text[:LONGEST].split("\n"), start=first_line):
        end += len(line) + 1
        if not line.strip():
            break
        if more := META_MORE.fullmatch(line):
            fields[name] += "\n" + more[1].strip()
        elif field := META_LINE.fullmatch(line):
            name = field[1].lower()
            if name in fields:
                raise BadSource(path, f"{name} is given twice", line=number, remedy="keep one")
            fields[name], lines[name] = field[2].strip(), number
        else:
            remedy = "put an empty line before the text"
            raise BadSource(path, "neither a field nor text", line=number, remedy=remedy)
    if end > LONGEST and len(text) > LONGEST:
        reason = f"the front matter is longer than {LONGEST // 1024} kB"
        raise BadSource(path, reason, line=first_line, remedy="end it with an empty line")
    return Head(fields=fields, lines=lines), min(end, len(text))


def is_meta(text: str) -> bool:
    """Whether a text begins with such lines, a title or a date among them."""
    block = text[:LONGEST].partition("\n\n")[0]
    return bool(META_LINE.match(block) and META_TELLING.search(block))


def _head(path: str, fields: object, lines: Iterator[tuple[str, int]], first_line: int) -> Head:
    if not isinstance(fields, dict):
        what = "is empty" if fields is None else "has no fields"
        reason = NO_ISSUE + f"the front matter {what}"
        raise BadSource(path, reason, line=first_line, remedy=ADD_A_HEAD)
    places: dict[str, int] = {}
    for name, line in lines:
        places.setdefault(name.lower(), line)
    found: dict[str, Any] = {}
    for name, value in ((str(name).lower(), value) for name, value in fields.items()):
        if name in found:
            line = places.get(name, first_line)
            raise BadSource(path, f"{name} is given twice", line=line, remedy="keep one")
        found[name] = value
    return Head(fields=found, lines=places)


def _toml_lines(text: str, first_line: int) -> Iterator[tuple[str, int]]:
    """The keys before the first table, and the tables; what texts of several lines hold is none."""
    quote = ""
    table = False
    for number, line in enumerate(text.split("\n"), start=first_line):
        key = None if quote else TOML_KEY.match(line.lstrip())
        bracket = line.lstrip().startswith("[")
        if key and (bracket or not table):
            yield key[1], number
        table = table or bool(key and bracket)
        for mark in re.findall(r'"""|\'\'\'', line):
            quote = mark if not quote else "" if mark == quote else quote


def _json_lines(text: str, first_line: int) -> Iterator[tuple[str, int]]:
    depth = 0
    for token in JSON_TOKEN.finditer(text):
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(token[0], 0)
        if depth == 1 and token[2]:
            yield str(json.loads(f'"{token[1]}"')), first_line + text.count("\n", 0, token.start())


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in found if names.count(name) > 1)
        raise ValueError(f"{twice} is given twice")
    return found


def _hint(error: yaml.MarkedYAMLError) -> str:
    if "mapping values" in str(error.problem):
        return "put a value that holds a colon in quotes"
    return "mend the front matter"


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
