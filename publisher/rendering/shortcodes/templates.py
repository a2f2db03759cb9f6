"""Templates of shortcodes: the site's own from their folder, else the built-in ones.

They run in Jinja's sandbox, which keeps them from the program's own objects; what they loop
over, multiply and say is bounded, as is their time between two pieces of output.
"""

import functools
import operator
import re
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import (
    BaseLoader,
    DictLoader,
    FileSystemLoader,
    StrictUndefined,
    Template,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
    Undefined,
    pass_context,
)
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from publisher.domain.issue import BadSource
from publisher.rendering.shortcodes.built_in import BUILT_IN

LONGEST = 256 * 1024  # characters that one use may say
PATIENCE = 2.0  # seconds for one use
LARGEST_FACTOR = 10_000  # of *, ** and range()
NAME = re.compile(r"[\w-]+(?:[./][\w-]+)*")

FAILURES = (
    TemplateError,
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)

Filter = Callable[..., object]


def own_names(folder: Path | None) -> list[str]:
    """The shortcodes a site brings."""
    if folder is None:
        return []
    return sorted(
        path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.html")
    )


def own_template(folder: Path | None, name: str) -> Template | None:
    """The site's template of that name, if it has one. Raises BadSource for one that is wrong."""
    if folder is None or not NAME.fullmatch(name):
        return None
    try:
        return _own(folder).get_template(f"{name}.html")
    except TemplateNotFound as missing:
        if missing.name == f"{name}.html":
            return None
        raise
    except TemplateSyntaxError as error:
        file = error.filename or str(folder / f"{name}.html")
        reason = f"not a Jinja template: {error.message}"
        raise BadSource(file, reason, line=error.lineno, remedy="mend the template") from error
    except (OSError, UnicodeDecodeError) as error:
        file = str(folder / f"{name}.html")
        raise BadSource(file, "cannot be read", remedy="save it as UTF-8") from error


def built_in_template(name: str) -> Template:
    return _built_in().get_template(name)


def said(template: Template, facts: Mapping[str, object], *, use: str) -> str:
    """What a template says. Raises BadSource, with its file and line, where it fails or runs on.

    `use` names the place of the shortcode for who has to mend it.
    """
    end = time.monotonic() + PATIENCE
    pieces: list[str] = []
    length = 0
    try:
        for piece in template.generate(**facts):
            pieces.append(piece)
            length += len(piece)
            if length > LONGEST:
                raise OverflowError(f"says more than {LONGEST // 1024} kB")
            if time.monotonic() > end:
                raise OverflowError(f"takes longer than {PATIENCE:g} seconds")
    except BadSource:
        raise
    except FAILURES as error:
        raise _failure(template, error, use) from error
    return "".join(pieces)


def _failure(template: Template, error: Exception, use: str) -> BadSource:
    file = template.filename or template.name or ""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == file]
    reason = f"fails for {use}: {error}"
    return BadSource(file, reason, line=(lines and lines[-1]) or 0, remedy="mend the template")


@functools.cache
def _built_in() -> ImmutableSandboxedEnvironment:
    sources = {name: shortcode.template for name, shortcode in BUILT_IN.items()}
    return _environment(DictLoader(sources), Undefined)


@functools.cache
def _own(folder: Path) -> ImmutableSandboxedEnvironment:
    return _environment(FileSystemLoader(folder), StrictUndefined)


def _environment(loader: BaseLoader, undefined: type[Undefined]) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        loader=loader, autoescape=True, undefined=undefined, auto_reload=True
    )
    for name in ("markdown", "plain", "address"):
        environment.filters[name] = _of_the_use(name)
    environment.globals = {"range": _range}
    environment.intercepted_binops = frozenset({"*", "**"})
    environment.binop_table = {**environment.binop_table, "*": _times, "**": _power}
    return environment


def _of_the_use(name: str) -> Filter:
    """A filter that the facts of a use bring along, under its name with an underscore."""

    @pass_context
    def filtered(context: Context, value: object) -> object:
        work: Callable[[str], object] = context[f"_{name}"]
        return work("" if value is None else str(value))

    return filtered


def _range(*bounds: int) -> range:
    wanted = range(*bounds)
    if len(wanted) > LARGEST_FACTOR:
        raise OverflowError(f"range() of more than {LARGEST_FACTOR}")
    return wanted


def _times(left: Any, right: Any) -> Any:
    for factor, other in ((left, right), (right, left)):
        if isinstance(factor, Sequence) and len(factor) * abs(int(other)) > LARGEST_FACTOR:
            raise OverflowError(f"a text of more than {LARGEST_FACTOR} characters by *")
    return operator.mul(left, right)


def _power(left: Any, right: Any) -> Any:
    if abs(right) > 64:
        raise OverflowError("a power above 64")
    return operator.pow(left, right)
