"""Where the code of a Markdown source is: what stands there stays as it was typed."""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Sequence

FENCE = re.compile(r"^(?:[ >]|[-*+] |\d+[.)] )*(`{3,}(?!.*`)|~{3,})", re.MULTILINE)
TICKS = re.compile(r"`+")

Span = tuple[int, int]


def code_spans(text: str) -> list[Span]:
    """Fenced blocks and code between backticks, in order, as offsets."""
    spans: list[Span] = []
    start = 0
    for begin, end in _fenced(text):
        spans += _ticked(text, start, begin)
        spans.append((begin, end))
        start = end
    return spans + _ticked(text, start, len(text))


def inside(spans: Sequence[Span], position: int) -> bool:
    at = bisect_right(spans, (position, len(spans) and spans[-1][1])) - 1
    return at >= 0 and spans[at][0] <= position < spans[at][1]


def outside_code(text: str, change: Callable[[str], str]) -> str:
    """The text, changed where it is no code."""
    pieces: list[str] = []
    done = 0
    for begin, end in code_spans(text):
        pieces += [change(text[done:begin]), text[begin:end]]
        done = end
    return "".join([*pieces, change(text[done:])])


def _fenced(text: str) -> list[Span]:
    found: list[Span] = []
    position = 0
    while opening := FENCE.search(text, position):
        mark = opening[1]
        closing = re.compile(rf"^[ >]*{mark[0]}{{{len(mark)},}}[ \t]*$", re.MULTILINE)
        end = closing.search(text, opening.end())
        position = end.end() if end else len(text)
        found.append((opening.start(), position))
    return found


def _ticked(text: str, start: int, stop: int) -> list[Span]:
    """Runs of backticks joined to the next run of the same length in their paragraph."""
    runs = [(run.start(), run.end()) for run in TICKS.finditer(text, start, stop)]
    later: defaultdict[int, list[int]] = defaultdict(list)
    for at in range(len(runs) - 1, -1, -1):
        later[runs[at][1] - runs[at][0]].append(at)
    spans: list[Span] = []
    at = 0
    while at < len(runs):
        begin, end = runs[at]
        same = later[end - begin]
        while same and same[-1] <= at:
            same.pop()
        if same and "\n\n" not in text[end : runs[same[-1]][0]]:
            at = same[-1]
            spans.append((begin, runs[at][1]))
        at += 1
    return spans
