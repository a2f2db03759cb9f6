"""The oddities that can be found in a source or a post: how grave each is, and its remedy."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from publisher.domain.issue import Finding, Severity


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of finding. Only what is certainly wrong is an error by itself."""

    remedy: str
    severity: Severity = "warning"


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What an operator says of kinds: which stop a publication, which do not, which to leave out.

    What is raised to an error and lowered elsewhere stays as its kind is.
    """

    errors: frozenset[str] = frozenset()
    warnings: frozenset[str] = frozenset()
    ignore: frozenset[str] = frozenset()


KINDS: Mapping[str, Kind] = {
    # the name of the file, and the files beside it
    "date-differs-from-filename": Kind(remedy="make the date and the file's name agree"),
    "filename-pattern-breaks-translation-pairing": Kind(
        remedy="name it as the other languages of this issue are named"
    ),
    "unpaired-translation": Kind(
        remedy="name it as its original is named, or publish the original first"
    ),
    "duplicate-title": Kind(remedy="say in the title which issue it is"),
    # the head
    "draft": Kind(remedy="take `draft: true` out to publish it"),
    "expired": Kind(remedy="put the expiry date later, or leave it unpublished", severity="error"),
    "title-year-differs-from-date": Kind(
        remedy="mend the year in the title, or the date", severity="error"
    ),
    "title-month-differs-from-date": Kind(remedy="mend the month in the title, or the date"),
    "placeholder-in-title": Kind(remedy="write the title", severity="error"),
    "placeholder-in-summary": Kind(remedy="write what announcements are to say", severity="error"),
    "direction-control-in-title": Kind(remedy="type the title anew, without hidden characters"),
    "title-too-long": Kind(remedy="shorten the title, or accept that it is cut there"),
    "missing-summary": Kind(remedy="add `summary:`, what announcements say of this issue"),
    "cut-by-comment": Kind(
        remedy="put the value in quotes: from # on, YAML takes it for a comment"
    ),
    "misspelt-key": Kind(remedy="use the name that is read"),
    "alias-of-itself": Kind(remedy="take the alias out: it is the page's own address"),
    "alias-without-slash": Kind(remedy="begin the alias with a slash"),
    # headings and words
    "h1-in-body": Kind(remedy="use ##: the title is the only heading of the first level"),
    "hashtag-in-text": Kind(remedy=r"write \# or `#…`, or leave the # out: networks make it a tag"),
    "fence-names-no-channel": Kind(remedy="name a channel or a kind of channels as it is spelt"),
    "placeholder-in-text": Kind(remedy="write what is to stand here, or take it out"),
    "placeholder-body": Kind(remedy="write the issue", severity="error"),
    # links
    "link-syntax-left-as-text": Kind(remedy="mend the brackets: [words](https://…)"),
    "space-before-address": Kind(remedy="take the space out: [words](https://…)"),
    "placeholder-link": Kind(remedy="put the address in", severity="error"),
    "empty-link": Kind(remedy="put the address in, or take the brackets away"),
    "unusable-link": Kind(remedy="use an address that begins with https://"),
    "link-without-scheme": Kind(remedy="put https:// in front"),
    "account-as-link": Kind(remedy="link to the account's page: https://HOST/@NAME"),
    "space-in-host": Kind(remedy="take the space out of the host's name"),
    "host-without-dot": Kind(remedy="write the host's full name, such as news.example.org"),
    "broken-address": Kind(remedy="write a whole address: https://HOST/PATH"),
    "link-to-source": Kind(remedy="name a file that is there, or the address of its page"),
    "idn-host": Kind(remedy="make sure that it is the host you mean: letters can look alike"),
    "quote-in-link": Kind(remedy="take the quotation mark out of the address"),
    "tracking-parameters": Kind(remedy="take the parameters out of the address"),
    "fragment-without-target": Kind(remedy="name the heading as it reads in this language"),
    # pictures
    "remote-image": Kind(
        remedy="keep a copy under `static`: nobody knows how long it will be there"
    ),
    "missing-alt": Kind(remedy="say in `alt` or a caption what it shows"),
    "dead-local-image": Kind(remedy="mend the path, or add the file"),
    "image-outside-static": Kind(remedy="put the file where the site serves it"),
    "oversize-image": Kind(remedy="make a smaller copy: at most 1 MB and 4096 pixels a side"),
    "unusable-image": Kind(remedy="make it a JPEG, PNG, GIF or WebP"),
    # posts, each told by its channel
    "text-left-off": Kind(remedy="split the issue, or let its summary stand for it"),
    "picture-left-off": Kind(remedy="make the picture one that the network takes"),
    "subject-long": Kind(remedy="shorten the title, the telling words first"),
    "title-unsendable": Kind(remedy="write the title as plain text"),
    "svg-in-mail": Kind(remedy="use a PNG"),
    "mail-clipped": Kind(remedy="shorten the issue, or move long lists and tables to the site"),
}


def finding(kind: str, detail: str, line: int = 0) -> Finding:
    """A finding of a known kind, with its kind's remedy and severity."""
    known = KINDS[kind]
    return Finding(
        kind=kind, detail=detail, line=line, remedy=known.remedy, severity=known.severity
    )


def judged(findings: Iterable[Finding], rules: Rules) -> tuple[Finding, ...]:
    """The findings as an operator's rules have them: some left out, some more or less grave."""
    kept = (found for found in findings if found.kind not in rules.ignore)
    return tuple(_judged(found, rules) for found in kept)


def _judged(found: Finding, rules: Rules) -> Finding:
    known = KINDS.get(found.kind)
    if known and not found.remedy:
        found = replace(found, remedy=known.remedy)
    if found.kind in rules.errors:
        return replace(found, severity="error")
    return replace(found, severity="warning") if found.kind in rules.warnings else found


def grave(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Those that stop a publication."""
    return tuple(found for found in findings if found.severity == "error")
