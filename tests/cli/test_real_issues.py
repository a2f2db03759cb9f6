"""Real issues of four newsletters, from the command line to what every network holds."""

import email
import email.policy
import re
from pathlib import Path
from typing import Any

import lxml.html
import pytest

from publisher.sandbox.mailbox import raw
from publisher.sandbox.outside import Kept
from tests.cli.home import Home

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
SOME_OF_XMPP = ("2022-08-03", "2022-12-05", "2024-04-05", "2024-06-05")  # none with broken links
# What would show that a reader got the source instead of what it means.
MARKUP = re.compile(
    r"""\{\{[<%]?|[>%]?\}\}|\{%|%\}      # shortcodes of Hugo, Jekyll and Zola
      |<!--|-->                           # comments
      |^(?:---|\+\+\+)$                   # fences of front matter
      |^(?:title|date|category|number|slug|layout):\s   # its lines
      |^\[[^\]]+\]:\s+(?:https?:|/)       # definitions of links
      |\]\([^)\s]+\)                      # links
      |^\#{1,6}\s                         # headings
      |(?<!\w)\*\*\w                      # bold
      |^:::|^\{:""",
    re.VERBOSE | re.MULTILINE | re.IGNORECASE,
)

pytestmark = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the corpus of real issues is not on this machine"
)


def sources() -> list[Path]:
    xmpp = [path for day in SOME_OF_XMPP for path in (CORPUS / "xmpp").glob(f"{day}*.md")]
    return sorted([*xmpp, *(CORPUS / "other").glob("*/*.md")])


def prose(html: str) -> str:
    """The words of HTML, a line each block, without what is code."""
    tree: Any = lxml.html.document_fromstring(html)
    for code in list(tree.iter("code", "pre", "style", "head")):
        code.drop_tree()
    return "\n".join(line.strip() for line in tree.text_content().splitlines())


def outside_code(text: str) -> str:
    """Plain text without indented code and without the rules under headings."""
    lines = [line for line in text.splitlines() if not line.startswith("    ")]
    return "\n".join(line for line in lines if not re.fullmatch(r"[-=]+", line))


def mail_words(kept: Kept) -> str:
    message = email.message_from_bytes(raw(kept), policy=email.policy.default)
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain and html
    written = outside_code(plain.get_content())
    return f"{message['Subject']}\n{written}\n{prose(html.get_content())}"


def words(kept: Kept) -> str:
    if kept.network == "email":
        return mail_words(kept)
    return "\n".join(str(v) for v in kept.fields.values() if isinstance(v, str))


def _in_english(path: Path) -> bool:
    """Of these there are two readers, of each other language one."""
    return not re.search(r"\.[a-z]{2}\.md$", path.name)


@pytest.mark.timeout(300)
def test_real_issues_reach_every_network_without_their_markup(home: Home) -> None:
    config = home.folder / "publisher.toml"
    languages = 'languages = ["en", "de", "es", "fr"]\nkind = '
    config.write_text(
        config.read_text()
        .replace("kind = ", languages)
        .replace(f"[source]\n{languages}", "[source]\nkind = ")
    )
    for lang in ("de", "es", "fr"):
        assert home.run("subscribers", "add", f"{lang}@example.org", "--language", lang).code == 0
    paths = sources()
    done = home.run("publish", *map(str, paths), timeout=280)
    assert done.code == 0, done.err[-2000:]
    assert home.posts("mastodon") == home.posts("reddit") == home.posts("lemmy") == len(paths)
    assert home.posts("email") == len(paths) + sum(_in_english(path) for path in paths)
    left = {
        f"{kept.network} {kept.id}: {found[0]!r} in {said[: found.end() + 40][-160:]!r}"
        for network in ("email", "mastodon", "reddit", "lemmy")
        for kept in home.outside.outside.posts(network)
        for said in [words(kept)]
        if (found := MARKUP.search(said))
    }
    assert not left, "\n".join(sorted(left))
    feed = (home.folder / "feeds" / "all.atom.xml").read_text(encoding="utf-8")
    assert feed.count("<entry") == len(paths)
