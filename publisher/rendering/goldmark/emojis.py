"""Emoji codes such as :tada:, by the names of GitHub that Hugo knows."""

import functools
import re

import emoji
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline

CODE = re.compile(r":([a-zA-Z0-9_+-]{1,60}):")
EMOJI = "emoji"
OTHERWISE = {"beetle": "🪲", "egg": "🥚"}  # GitHub's meaning where the library has an older one


@functools.cache
def by_code() -> dict[str, str]:
    """The character of each code."""
    codes = {
        code.strip(":"): character
        for character, known in emoji.EMOJI_DATA.items()
        if known["status"] <= emoji.STATUS["fully_qualified"]
        for code in (known["en"], *known.get("alias", ()))
    }
    return codes | OTHERWISE


def show_emojis(state: StateInline, silent: bool) -> bool:
    """Inline rule."""
    if silent or state.src[state.pos] != ":":
        return False
    found = CODE.match(state.src, state.pos, state.posMax)
    character = by_code().get(found[1]) if found else None
    if found is None or character is None:
        return False
    token = state.push(EMOJI, "", 0)
    token.content, token.meta = character, {"code": found[1]}
    state.pos = found.end()
    return True


def _spell_in_pictures(state: StateCore) -> None:
    """Core rule: a picture's words for who cannot see it are plain text."""
    for inline in state.tokens:
        for picture in inline.children or ():
            for child in picture.children or ():
                if child.type == EMOJI:
                    child.type = "text"


def emojis_plugin(parser: MarkdownIt) -> None:
    parser.core.ruler.after("inline", "spell", _spell_in_pictures)
    parser.add_render_rule(EMOJI, lambda _, tokens, at, *__: str(tokens[at].content))
    parser.inline.ruler.push("emojis", show_emojis)
