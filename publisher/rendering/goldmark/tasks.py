"""Task lists: `- [x] done`. Mail has no check boxes, so signs stand for them."""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore

BOX = re.compile(r"\A\[([\sxX])\]\s*")
OPEN, DONE = "☐", "☑"


def show_boxes(state: StateCore) -> None:
    """Core rule: before the inline text is read, for a box is no link."""
    triples = zip(state.tokens, state.tokens[1:], state.tokens[2:], strict=False)
    for item, paragraph, inline in triples:
        if item.type == "list_item_open" and paragraph.type == "paragraph_open":
            inline.content = BOX.sub(_sign, inline.content)


def _sign(box: re.Match[str]) -> str:
    return (DONE if box[1] in "xX" else OPEN) + " "


def tasks_plugin(parser: MarkdownIt) -> None:
    parser.core.ruler.before("inline", "tasks", show_boxes)
