"""The words of a post from a template: what is given to it, and what shrinks if too long."""

import operator
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from glob import escape
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, nodes
from jinja2.exceptions import SecurityError
from jinja2.meta import find_undeclared_variables
from jinja2.sandbox import SandboxedEnvironment

from channels._text import Cost, shorten
from publisher.domain.channel import Refused
from publisher.domain.issue import Edition

SHRINK = ("summary", "title")  # in this order
GIVEN = {*SHRINK, "url", "site", "authors", "tags", "lang", "date", "hashtags"}
MOST = 200_000  # characters of what a template may write
GREATEST = 1000  # number to multiply with: "x" * 10 ** 9 is no text

Spell = Callable[[str], str]


def _environment(*, autoescape: bool) -> SandboxedEnvironment:
    made = SandboxedEnvironment(
        undefined=StrictUndefined, autoescape=autoescape, trim_blocks=True, lstrip_blocks=True
    )
    made.globals.clear()
    made.intercepted_binops = frozenset({"*", "**", "%"})
    for sign, act in {"*": operator.mul, "**": operator.pow, "%": operator.mod}.items():
        made.binop_table[sign] = partial(_small, act)
    for name in ("center", "format", "indent"):
        del made.filters[name]
    return made


def _small(act: Callable[[Any, Any], Any], *numbers: Any) -> Any:
    if all(isinstance(one, int | float) and abs(one) <= GREATEST for one in numbers):
        return act(*numbers)
    raise SecurityError("only small numbers are multiplied in a template")


PLAIN, HTML = _environment(autoescape=False), _environment(autoescape=True)


@dataclass(frozen=True, kw_only=True)
class Wording:
    """A template, and those for single languages. `place` names it to people."""

    place: str
    usual: Template
    by_language: Mapping[str, Template]


def wording(
    path: Path | None,
    default: str,
    *,
    needs: Collection[str] = (),
    given: Collection[str] = GIVEN,
    written_in: SandboxedEnvironment = PLAIN,
) -> Wording:
    """Read a template, and its counterparts: beside `x.txt`, `x.de.txt` is for `de`.

    `given` are the names that it may use, `needs` those that it must. Raises ValueError,
    "template FILE:LINE: reason", for every broken one.
    """
    if path is None:
        made = written_in.from_string(default)
        return Wording(place="the template", usual=made, by_language={})
    beside = sorted(path.parent.glob(f"{escape(path.stem)}.*{escape(path.suffix)}"))
    languages = {_language(path, one): one for one in beside if _language(path, one)}
    all_of_them = (path, *languages.values())
    broken = [why for one in all_of_them if (why := _fault(one, needs=needs, given=given))]
    if broken:
        raise ValueError(*broken)
    made = written_in.from_string(_source(path))
    others = {lang: written_in.from_string(_source(one)) for lang, one in languages.items()}
    return Wording(place=str(path), usual=made, by_language=others)


def _language(path: Path, beside: Path) -> str:
    middle = beside.name[len(path.stem) : len(beside.name) - len(path.suffix)]
    return middle[1:].lower() if re.fullmatch(r"\.[A-Za-z]{2,3}(-\w+)?", middle) else ""


def _source(path: Path) -> str:
    return path.read_text(encoding="utf-8-sig")


def _fault(path: Path, *, needs: Collection[str], given: Collection[str]) -> str:
    """What is wrong with a template; "" where nothing is."""
    try:
        source = _source(path)
        tree = PLAIN.parse(source)
        PLAIN.compile(source)
    except OSError as error:
        return f"template {path}: cannot be read: {error.strerror}"
    except UnicodeDecodeError:
        return f"template {path}: is not UTF-8 text"
    except TemplateSyntaxError as error:
        return f"template {path}:{error.lineno}: {error.message}"
    for node in tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)):
        return f"template {path}:{node.lineno}: takes in no other files"
    used = find_undeclared_variables(tree)
    for name in tree.find_all(nodes.Name):
        if name.name in used - set(given):
            known = ", ".join(sorted(given))
            return f"template {path}:{name.lineno}: {name.name} is not known; there are {known}"
    lacking = ", ".join(f"{{{{ {name} }}}}" for name in sorted(set(needs) - used))
    return f"template {path}:1: lacks {lacking}" if lacking else ""


def filled(
    words: Wording,
    edition: Edition,
    *,
    limit: int,
    cost: Cost,
    spelled: Spell = str,
    hashtags: str = "",
) -> str:
    """Fill a template in, within `limit` as `cost` counts; the summary shrinks, then the title.

    `spelled` puts what comes from the source into the network's notation. Raises Refused, naming
    the template, where it fails or the rest alone is too long.
    """
    template = words.by_language.get(edition.lang, words.usual)

    def priced(text: str) -> int:
        return cost(spelled(text))

    given = _given(edition, spelled, hashtags)
    whole = {"title": " ".join(edition.title.split()), "summary": edition.summary.strip()}
    short = {name: shorten(text, limit, priced) for name, text in whole.items()}

    def write() -> str:
        said = {name: spelled(text) for name, text in short.items()}
        return _written(template, given | said, words.place)

    text = write()
    for name in SHRINK:
        room = priced(short[name])
        while room > 0 and (excess := cost(text) - limit) > 0:
            room -= excess
            short[name] = shorten(whole[name], room, priced)
            text = write()
    if cost(text) > limit:
        reason = f"what cannot be shortened counts {cost(text)} of {limit}"
        raise Refused(f"{words.place}: {reason}")
    return text


def around(
    words: Wording, edition: Edition, *, body: str, mark: str, more: Mapping[str, Any]
) -> str:
    """Fill a template in around a `body` of any length, which stands as it is.

    `mark` stands for the body meanwhile; no source holds it. `more` is given to the template,
    too. Raises Refused, as `filled` does.
    """
    template = words.by_language.get(edition.lang, words.usual)
    given = {"title": edition.title, "summary": edition.summary, "body": mark, **more}
    written = _written(template, _given(edition, str, "") | given, words.place)
    if written.count(mark) != 1:
        raise Refused(f"{words.place}: {{{{ body }}}} has to stand as it is, always, and once")
    return written.replace(mark, body)


def _given(edition: Edition, spelled: Spell, hashtags: str) -> dict[str, Any]:
    return {
        "url": edition.url,
        "site": spelled(edition.site.name),
        "authors": [spelled(one) for one in edition.authors],
        "tags": [spelled(one) for one in edition.tags],
        "lang": edition.lang,
        "date": edition.date,
        "hashtags": hashtags,
    }


def _written(template: Template, given: Mapping[str, Any], place: str) -> str:
    written = ""
    try:
        for piece in template.generate(given):
            written += str(piece)  # what is escaped already must not escape the rest
            if len(written) > MOST:
                raise Refused(f"{place}: writes more than {MOST} characters")
    except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
        raise Refused(f"{place}: {error}") from error
    return tidied(written)


def links_to(text: str, url: str) -> bool:
    """Whether a link stands by itself in a text: one with letters at its end leads elsewhere."""
    return bool(re.search(rf"(?<![A-Za-z0-9@]){re.escape(url)}(?=[^\w/\s]*(?:\s|\Z))", text))


def tidied(text: str) -> str:
    """Leave no space at a line's end, and no more than one line empty."""
    lines = "\n".join(line.rstrip() for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", lines).strip()
