"""Bare addresses in text, made links where Hugo makes them links.

An address stands at the start of a line, after a space, one of *_~( or other markup, and never
between brackets; hosts are ASCII and end in a lower-case name. `www.` is led to https.
Source: Hugo's output, which GFM §6.9 (autolinks) does not always foretell.
"""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline

from publisher.rendering.goldmark.passages import follows_escape, passage

BEFORE = " *_~("
LABEL = "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
HOST = r"[-a-zA-Z0-9@:%._+~#=]{1,256}\.[a-z]+"
REST = r"""(?:[/#?][-a-zA-Z0-9@:%_+.~#$!?&/=();,'">^{}\[\]`]*)?"""
WEB = re.compile(rf"(?:(?:https?|ftp)://{HOST}(?::\d+)?|www\.{HOST}){REST}")
MAIL = re.compile(rf"[a-zA-Z0-9][\w.!#$%&'*+/=?^`{{|}}~-]{{0,63}}@{LABEL}(?:\.{LABEL})*", re.ASCII)
START = rf"(?<=[{re.escape(BEFORE)}])(?:(?:https?|ftp)://|www\.|{MAIL.pattern})"
HTML_ENTITY = re.compile(r"&[a-zA-Z0-9]+;$")
AFTER = "?!.,:*_~"


def link_addresses(state: StateInline, silent: bool) -> bool:
    """Inline rule."""
    if silent or state.linkLevel or _is_inside_a_word(state) or passage(state).brackets:
        return False
    shown = _web(state.src, state.pos)
    scheme = "https://" if shown.startswith("www.") else ""
    if not shown:
        shown, scheme = _mail(state.src, state.pos), "mailto:"
    href = state.md.normalizeLink(scheme + shown) if shown else ""
    if not href or not state.md.validateLink(href):
        return False
    _push(state, href, shown)
    return True


def _is_inside_a_word(state: StateInline) -> bool:
    if state.pending:
        return state.src[state.pos - 1] not in BEFORE
    return follows_escape(state)


def _web(text: str, start: int) -> str:
    found = WEB.match(text, start)
    if found is None:
        return ""
    address = found[0].rstrip(AFTER)
    if address.endswith(")"):
        surplus = address.count(")") - address.count("(")
        address = address[: len(address) - max(0, surplus)]
    elif address.endswith(";"):
        address = HTML_ENTITY.sub("", address)
    return address


def _mail(text: str, start: int) -> str:
    found = MAIL.match(text, start)
    if found is None or "." not in found[0].partition("@")[2]:
        return ""
    return "" if text[found.end() : found.end() + 1] in ("-", "_") else found[0]


def _push(state: StateInline, href: str, shown: str) -> None:
    opening = state.push("link_open", "a", 1)
    opening.attrs = {"href": href}
    opening.markup, opening.info = "linkify", "auto"
    state.push("text", "", 0).content = shown
    closing = state.push("link_close", "a", -1)
    closing.markup, closing.info = "linkify", "auto"
    state.pos += len(shown)


def addresses_plugin(parser: MarkdownIt) -> None:
    parser.inline.ruler.before("text", "addresses", link_addresses)
