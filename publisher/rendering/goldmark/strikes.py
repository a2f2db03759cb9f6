"""Text struck out between one or two tildes, the same number on both sides."""

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Delimiter

MARKER = {1: -1, 2: -2}  # no character codes: a run of one never meets a run of two


def find_tildes(state: StateInline, silent: bool) -> bool:
    """Inline rule. Three and more tildes strike nothing out."""
    if silent or state.src[state.pos] != "~":
        return False
    run = state.scanDelims(state.pos, True)
    token = state.push("text", "", 0)
    token.content = "~" * run.length
    state.pos += run.length
    if run.length in MARKER:
        state.delimiters.append(
            Delimiter(
                marker=MARKER[run.length],
                length=0,  # the rule of three is for emphasis alone
                token=len(state.tokens) - 1,
                end=-1,
                open=run.can_open,
                close=run.can_close,
            )
        )
    return True


def strike_out(state: StateInline) -> None:
    """Second pass, over the text and over each of its links and spans."""
    levels = [meta["delimiters"] for meta in state.tokens_meta if meta and "delimiters" in meta]
    for delimiters in (state.delimiters, *levels):
        for start in delimiters:
            if start.marker in MARKER.values() and start.end >= 0:
                _pair(state, start.token, delimiters[start.end].token)


def _pair(state: StateInline, start: int, end: int) -> None:
    opening, closing = state.tokens[start], state.tokens[end]
    opening.type, opening.nesting = "s_open", 1
    closing.type, closing.nesting = "s_close", -1
    for token in (opening, closing):
        token.tag, token.markup, token.content = "del", token.content, ""


def strikes_plugin(parser: MarkdownIt) -> None:
    parser.inline.ruler.before("emphasis", "tildes", find_tildes)
    parser.inline.ruler2.before("emphasis", "strikes", strike_out)
