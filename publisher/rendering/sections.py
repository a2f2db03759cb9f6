"""Parts of an edition that belong to some channels only: fenced by comments, or under a heading.

In a source, a comment alone on its line begins such a part and another ends it:

    <!-- publisher: only readers, email -->    for channels of these names or kinds
    <!-- publisher: not reddit -->             for all but these
    <!-- publisher: end -->

A channel may also leave out what stands under certain headings. Licence and credits stay,
wherever they are: they are what the words may be passed on for.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape
from itertools import chain, zip_longest

from publisher.domain.issue import BadSource, Edition, Fence, Image
from publisher.rendering.links import hrefs
from publisher.rendering.markup import VOID, Closing, Opening, Part, parts, words, written
from publisher.rendering.plaintext.writing import plain_text

MARK_OPEN, MARK_CLOSE = "\U0010ff02", "\U0010ff03"  # private use: never in a source
MARK = re.compile(f"{MARK_OPEN}([^{MARK_CLOSE}]*){MARK_CLOSE}")
COMMENT = re.compile(r"<!--\s*publisher:\s*(.*?)\s*-->", re.DOTALL)
WRITE = "write <!-- publisher: only NAME -->, <!-- publisher: not NAME -->, <!-- publisher: end -->"
HEADING = re.compile(r"h[1-6]")
FOOTNOTES = re.compile(r'<hr>\n<ol>\n<li id="fn:')
AS_TYPED = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "."})
STAYS = re.compile(
    r"\b(licen[cs]|licenz|lizenz|licenț|copyright|credit|crédit|contributors|contributions? et trad"
    r"|contribuidor|colaborador|collaborator|mitwirk|translat|übersetz|traduc|traduz|traducăt)",
    re.IGNORECASE,
)
LICENCE_HOSTS = ("creativecommons.org/", "spdx.org/licenses", "opensource.org/licen")

Cut = tuple[int, int]  # offsets into an edition's HTML


def marked(html: str) -> str:
    """HTML in which every fencing comment has become a mark that outlives sanitising."""
    return COMMENT.sub(lambda comment: f"{MARK_OPEN}{escape(comment[1])}{MARK_CLOSE}", html)


def fences(path: str, run: list[Part], source: str) -> tuple[list[Part], tuple[Fence, ...]]:
    """Take the marks out of a run; what they fenced, in offsets into its HTML.

    `source` is the whole file. Raises BadSource, with the line, for a fence that says nothing,
    never ends, or ends on another level than it began on.
    """
    if not any(MARK_OPEN in part for part in run if isinstance(part, str)):
        return run, ()
    clean: list[Part] = []
    marks: list[_Mark] = []
    open_now: list[int] = []
    offset = 0
    for piece in chain.from_iterable(map(_pieces, run)):
        if isinstance(piece, _Said):
            within = tuple(open_now)
            marks.append(_Mark(said=piece.words, offset=offset, within=within))
            continue
        _stand(open_now, piece, offset)
        offset += len(written([piece]))
        clean.append(piece)
    lines = (source.count("\n", 0, found.start()) + 1 for found in COMMENT.finditer(source))
    return clean, _paired(path, marks, lines)


def for_channel(edition: Edition, *, names: Collection[str], drop: Sequence[str]) -> Edition:
    """The edition as a channel takes it. `names` are the channel's name and kind.

    `drop` holds headings, or the beginnings of some; each goes with all that stands under it.
    """
    unwanted = [(f.start, f.end) for f in edition.fences if not _shows(f, names)]
    if not unwanted and not drop:
        return edition
    blocks = _blocks(edition.html)
    notes = FOOTNOTES.search(edition.html)
    end = notes.start() if notes else len(edition.html)  # no section's, wherever they stand
    unwanted += _under(blocks, drop, end)
    kept = list(_kept(blocks, edition.site.license_url))
    html = _without(edition.html, unwanted, kept)
    if html == edition.html:
        return edition
    run = parts(html)
    images, links = _images(run, edition.images), hrefs(run)
    text = plain_text(run)
    return replace(edition, html=html, text=text, links=links, images=images, fences=())


def for_everyone(run: list[Part], fenced: Iterable[Fence]) -> list[Part]:
    """A run without the parts that only some channels show."""
    html = written(run)
    return parts(_without(html, [(f.start, f.end) for f in fenced], [])) if fenced else run


def always_stays(heading: str) -> bool:
    """Whether a heading is that of the licence or the credits."""
    return bool(STAYS.search(heading))


@dataclass(frozen=True, kw_only=True)
class _Said:
    """What a fencing comment says."""

    words: str


@dataclass(frozen=True, kw_only=True)
class _Mark:
    """A fencing comment in its place: before which character, within elements begun where."""

    said: str
    offset: int
    within: tuple[int, ...]


def _pieces(part: Part) -> Iterator[Part | _Said]:
    if not isinstance(part, str):
        yield part
        return
    for at, piece in enumerate(MARK.split(part)):
        if at % 2:
            yield _Said(words=piece)
        elif piece:
            yield piece


def _stand(open_now: list[int], part: Part, offset: int) -> None:
    """Keep account of the elements that are open, each by where it began."""
    if isinstance(part, Opening) and part.name not in VOID:
        open_now.append(offset)
    elif isinstance(part, Closing) and open_now:
        open_now.pop()


def _paired(path: str, marks: Iterable[_Mark], lines: Iterable[int]) -> tuple[Fence, ...]:
    """Each beginning with its end. `lines` are those of the comments, for what is wrong."""
    found: list[Fence] = []
    begun: list[tuple[_Mark, int]] = []
    for mark, line in zip_longest(marks, lines, fillvalue=0):
        if not isinstance(mark, _Mark):
            break  # comments that are shown, as code
        if mark.said != "end":
            _names(path, mark, line)
            begun.append((mark, line))
            continue
        if not begun:
            raise BadSource(path, "nothing to end here", line=line, remedy=WRITE)
        beginning, first = begun.pop()
        if beginning.within != mark.within:
            reason = f"ends on another level than it begins on, in line {first}"
            raise BadSource(path, "this part " + reason, line=line, remedy=WRITE)
        names, only = _names(path, beginning, first)
        found.append(Fence(start=beginning.offset, end=mark.offset, names=names, only=only))
    if begun:
        raise BadSource(path, "this part never ends", line=begun[-1][1], remedy=WRITE)
    return tuple(sorted(found, key=lambda fence: fence.start))


def _names(path: str, mark: _Mark, line: int) -> tuple[tuple[str, ...], bool]:
    verb, _, rest = mark.said.partition(" ")
    names = tuple(name for name in re.split(r"[\s,]+", rest) if name)
    if verb not in ("only", "not") or not names:
        reason = f"cannot be read: publisher: {mark.said[:60]}"
        raise BadSource(path, reason, line=line, remedy=WRITE)
    return names, verb == "only"


def _shows(fence: Fence, names: Collection[str]) -> bool:
    return bool(set(fence.names) & set(names)) is fence.only


@dataclass(frozen=True, kw_only=True)
class _Block:
    """One element, or loose text, of the outermost level."""

    start: int
    end: int
    level: int  # of a heading, 0 for all else
    said: str
    links: tuple[str, ...]


def _blocks(html: str) -> list[_Block]:
    blocks: list[_Block] = []
    open_now: list[int] = []
    held: list[Part] = []
    start = offset = 0
    for part in parts(html):
        held.append(part)
        _stand(open_now, part, offset)
        offset += len(written([part]))
        if not open_now:
            blocks.append(_block(held, start, offset))
            held, start = [], offset
    return blocks


def _block(held: list[Part], start: int, end: int) -> _Block:
    first = held[0]
    name = first.name if isinstance(first, Opening) else ""
    level = int(name[1]) if HEADING.fullmatch(name) else 0
    said = words(held) if level else ""
    return _Block(start=start, end=end, level=level, said=said, links=hrefs(held))


def _under(blocks: Sequence[_Block], drop: Sequence[str], end: int) -> Iterator[Cut]:
    for at, block in enumerate(blocks):
        if block.level and any(_begins(block.said, heading) for heading in drop):
            yield block.start, min(_end_of_section(blocks, at), end)


def _begins(said: str, heading: str) -> bool:
    """Whether a heading begins so, whatever its quotes, its dashes, and an emoji before it."""
    wanted, whole = _as_typed(heading), _as_typed(said)
    bare = re.sub(r"^\W+", "", whole)
    begins = re.compile(re.escape(wanted) + r"(?!\w)", re.IGNORECASE)
    return bool(wanted) and bool(begins.match(whole) or begins.match(bare))


def _as_typed(heading: str) -> str:
    """A heading without what the typographer makes of it."""
    plain = " ".join(heading.translate(AS_TYPED).split())
    return re.sub(r"([-.])\1+", r"\1", plain)


def _end_of_section(blocks: Sequence[_Block], at: int) -> int:
    for later in blocks[at + 1 :]:
        if 0 < later.level <= blocks[at].level:
            return later.start
    return blocks[-1].end


def _kept(blocks: Sequence[_Block], license_url: str) -> Iterator[Cut]:
    hosts = (*LICENCE_HOSTS, license_url) if license_url else LICENCE_HOSTS
    for at, block in enumerate(blocks):
        if block.level and always_stays(block.said):
            yield block.start, _end_of_section(blocks, at)
        elif any(host in link for link in block.links for host in hosts):
            yield block.start, block.end


def _without(html: str, unwanted: Iterable[Cut], kept: Sequence[Cut]) -> str:
    """HTML with the cuts taken out, but for what is kept."""
    gone = bytearray(len(html))
    for start, end in unwanted:
        gone[start:end] = b"\1" * (end - start)
    for start, end in kept:
        gone[start:end] = bytes(end - start)
    pieces = re.finditer(rb"\0+", gone)
    return "".join(html[piece.start() : piece.end()] for piece in pieces)


def _images(run: list[Part], images: Iterable[Image]) -> tuple[Image, ...]:
    left = [p.attributes.get("src") for p in run if isinstance(p, Opening) and p.name == "img"]
    found = []
    for image in images:
        if image.src in left:
            left.remove(image.src)
            found.append(image)
    return tuple(found)
