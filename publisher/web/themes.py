"""How pages look: ours, and what a folder of the operator's has instead."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PackageLoader,
    PrefixLoader,
    StrictUndefined,
    TemplateError,
    TemplateSyntaxError,
)

from publisher.config import BadConfig, Mistake, Settings
from publisher.config.service import STYLE, TEMPLATES
from publisher.web import texts

OURS = PackageLoader("publisher.web", "pages")


def _environment(loader: BaseLoader) -> Environment:
    templates = Environment(
        loader=loader,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    templates.filters.update(day=texts.day, language=texts.language_name)
    return templates


PLAIN = _environment(OURS)


@dataclass(frozen=True, kw_only=True)
class Theme:
    """What pages are made up with: templates, and a style sheet after ours, if there is one."""

    templates: Environment = field(default=PLAIN)
    style: bytes = b""


def theme_of(settings: Settings) -> Theme:
    """The theme that is configured, read once. Raises BadConfig with every template that is none.

    A template of the folder stands for ours of the same name, which it finds as `ours/NAME`.
    """
    folder = settings.theme
    if folder is None:
        return Theme()
    theirs = FileSystemLoader(folder / TEMPLATES)
    templates = _environment(ChoiceLoader([theirs, OURS, PrefixLoader({"ours": OURS})]))
    try:
        style = (folder / STYLE).read_bytes() if (folder / STYLE).exists() else b""
        broken = [*_broken(templates, folder / TEMPLATES)]
    except OSError as error:
        style, broken = b"", [f"cannot read {error.filename}: {error.strerror}"]
    if broken:
        file = str(settings.file)
        raise BadConfig(
            [Mistake(file=file, table="web", key="theme", expected=why) for why in broken]
        )
    return Theme(templates=templates, style=style)


def _broken(templates: Environment, folder: Path) -> Iterator[str]:
    for file in sorted(folder.rglob("*.html")):
        try:
            templates.get_template(file.relative_to(folder).as_posix())
        except TemplateSyntaxError as error:
            yield f"{file}:{error.lineno}: {error.message}"
        except (TemplateError, OSError, UnicodeDecodeError) as error:
            yield f"{file}: {error}"
