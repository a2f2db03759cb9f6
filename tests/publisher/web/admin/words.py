"""The words of the operators' pages: taken from templates and code, kept in LANG.po.

`python -m tests.publisher.web.admin.words` brings every catalogue up to date; what is new there
waits for a person to translate it.
"""

import re
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from publisher.web.languages import ENGLISH, KNOWN

ROOT = Path(__file__).parents[4] / "publisher" / "web"
METHODS = [("admin/**.py", "python"), ("pages/admin/**.html", "jinja2")]
OPTIONS = {"pages/admin/**.html": {"trimmed": "true", "silent": "false"}}
PERSONAL = re.compile(
    r'^(#(?![:,.|~]).*|"(POT?-|Last-|Language-T|Report-|Generated-).*)\n', re.MULTILINE
)
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "noted": None}


def wanted() -> Catalog:
    """All that is said, as it stands in templates and code."""
    found = Catalog(project="Publisher")
    for file, line, message, comments, context in extract_from_dir(
        str(ROOT), METHODS, OPTIONS, keywords=KEYWORDS
    ):
        found.add(message, locations=[(file, line)], auto_comments=comments, context=context)
    return found


def others() -> list[str]:
    """The languages that have a catalogue."""
    return [lang for lang in KNOWN if lang != ENGLISH]


def place(lang: str) -> Path:
    return ROOT / "languages" / f"{lang}.po"


def known(lang: str) -> Catalog:
    """The catalogue of a language as it is kept."""
    return read_po(BytesIO(place(lang).read_bytes()), locale=lang, ignore_obsolete=False)


def texts(said: object) -> list[str]:
    """The texts of a message: one, or one for each plural form."""
    return [str(one or "") for one in (said if isinstance(said, list | tuple) else [said])]


def main() -> None:
    """Bring every catalogue up to date."""
    for lang in others():
        catalogue = known(lang)
        catalogue.update(wanted(), no_fuzzy_matching=True)
        out = BytesIO()
        write_po(out, catalogue, width=100, include_lineno=False)
        place(lang).write_text(PERSONAL.sub("", out.getvalue().decode()), encoding="utf-8")


if __name__ == "__main__":
    main()
