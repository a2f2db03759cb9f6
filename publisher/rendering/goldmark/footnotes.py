"""Footnotes: numbered by their first mention, shown at the end.

The ways back to the text are left out: in a mail they would lead away from it.
"""

from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from mdit_py_plugins.footnote import footnote_plugin


def _number(token: Token) -> int:
    return int(token.meta["id"]) + 1


def _mention(
    _: RendererHTML, tokens: Sequence[Token], at: int, _options: OptionsDict, _env: EnvType
) -> str:
    number, again = _number(tokens[at]), tokens[at].meta["subId"] or ""
    return f'<sup id="fnref{again}:{number}"><a href="#fn:{number}">{number}</a></sup>'


def _open(
    _: RendererHTML, tokens: Sequence[Token], at: int, _options: OptionsDict, _env: EnvType
) -> str:
    return f'<li id="fn:{_number(tokens[at])}">\n'


def footnotes_plugin(parser: MarkdownIt) -> None:
    parser.use(footnote_plugin, inline=False)
    parser.add_render_rule("footnote_ref", _mention)
    parser.add_render_rule("footnote_open", _open)
    parser.add_render_rule("footnote_anchor", lambda *_: "")
    parser.add_render_rule("footnote_close", lambda *_: "</li>\n")
    parser.add_render_rule("footnote_block_open", lambda *_: "<hr>\n<ol>\n")
    parser.add_render_rule("footnote_block_close", lambda *_: "</ol>\n")
