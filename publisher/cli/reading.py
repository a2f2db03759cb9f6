"""init, show, preview: everything that sends nothing."""

from collections.abc import Callable, Sequence
from importlib.resources import files

import click

from publisher import config, documents, previewing, wiring
from publisher.cli import finding, show
from publisher.cli.sending import channel_option, json_option
from publisher.domain.issue import BadSource, Edition, Finding, telling_image
from publisher.domain.lint import grave
from publisher.previewing import Previewed

WRONG = 2  # the exit code for errors in what was read


@click.command(epilog="Example: publisher --config news/publisher.toml init")
def init() -> None:
    """Write a commented publisher.toml to begin with. Never overwrites."""
    path = config.find(None)
    text = files("publisher.cli").joinpath("publisher.toml.txt").read_text(encoding="utf-8")
    try:
        with path.open("x", encoding="utf-8") as out:
            out.write(text)
    except FileExistsError:
        raise finding.Wrong(f"{path}: is there already, and was left as it is") from None
    click.echo(f"{path} is written. Fill it in, then: publisher check")


format_option = click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    help="For people, for programs (as --json), or as notes on a pull request.",
)


@click.command("show", epilog="Example: publisher show content/newsletter/2026-11-05-newsletter.md")
@click.argument("issues", nargs=-1, required=True, metavar="ISSUE...")
@format_option
@json_option
def show_(issues: Sequence[str], *, format_: str, json_: bool) -> int:
    """Show an edition as it was understood, and what is odd about it."""
    say, say_bad = SHOWN["json" if json_ else format_]
    code = 0
    for one in finding.each_looked_over(issues):
        if isinstance(one, Edition):
            say(one)
            code = WRONG if grave(one.warnings) else code
        else:
            say_bad(one)
            code = WRONG
    return code


def _say_json(edition: Edition) -> None:
    click.echo(documents.as_json_line(documents.edition(edition)))


def _say_annotations(edition: Edition) -> None:
    for found in sorted(edition.warnings, key=lambda found: found.severity):
        click.echo(show.annotation(edition.path, found))


def _say_bad(error: BadSource) -> None:
    click.echo(f"publisher: {error}", err=True)


def _annotate_bad(error: BadSource) -> None:
    found = Finding(
        kind="unreadable",
        detail=error.reason,
        line=error.line,
        remedy=error.remedy,
        severity="error",
    )
    click.echo(show.annotation(error.path, found))


def _say_text(edition: Edition) -> None:
    click.echo(f"{edition.title}  [{edition.key}, {edition.lang}]")
    click.echo(f"{show.moment(edition.date)}  {edition.url}")
    counts = f"{len(edition.links)} links, {len(edition.images)} images"
    click.echo(f"{', '.join(edition.authors) or 'no authors'}; {counts}")
    card = telling_image(edition)
    click.echo(f"card: {card.src if card else 'no picture'}\n")
    click.echo(edition.text)
    _print_findings(edition.path, edition.warnings)


def _print_findings(path: str, findings: Sequence[Finding], place: str = "") -> None:
    """Errors first, each group in the order of lines."""
    for found in sorted(findings, key=lambda found: found.severity):
        click.echo(show.finding_line(path, found, place), err=True)


Say = Callable[[Edition], None]
SHOWN: dict[str, tuple[Say, Callable[[BadSource], None]]] = {
    "text": (_say_text, _say_bad),
    "json": (_say_json, _say_bad),
    "github": (_say_annotations, _annotate_bad),
}


@click.command(epilog="Example: publisher preview 2026-11-05-newsletter --channel fosstodon")
@click.argument("issue")
@channel_option
@format_option
@json_option
def preview(issue: str, *, names: Sequence[str], format_: str, json_: bool) -> int:
    """Show exactly what each channel would get. No network, no store."""
    channels = finding.channels(names, wiring.remembered())
    editions = finding.looked_over([issue])
    previews = [
        previewing.preview(edition, channel, wiring.settings().lint)
        for edition in editions
        for channel in channels.values()
        if channel.takes(edition.key, edition.lang)
    ]
    PREVIEWED["json" if json_ else format_](editions, previews)
    all_found = [
        *(f for e in editions for f in e.warnings),
        *(f for p in previews for f in p.findings),
    ]
    return WRONG if grave(all_found) else int(any(p.refused for p in previews))


def _preview_as_json(_: Sequence[Edition], previews: Sequence[Previewed]) -> None:
    click.echo(documents.as_json([documents.preview(found) for found in previews]))


def _preview_as_text(editions: Sequence[Edition], previews: Sequence[Previewed]) -> None:
    for found in previews:
        _print_preview(found)
    for edition in editions:
        _print_findings(edition.path, edition.warnings)


def _print_preview(found: Previewed) -> None:
    post, channel = found.post, found.channel
    length = f"{post.length}" + (f" of {post.limit}" if post.limit else "")
    click.echo(f"── {channel.name} ({channel.kind}, {post.lang}), length {length}")
    click.echo(f"{post.title}\n{post.url}\n\n{post.text}\n")
    if found.refused:
        click.echo(found.refused, err=True)
    _print_findings(found.edition.path, found.findings, f"on {channel.name}: ")


def _preview_as_annotations(editions: Sequence[Edition], previews: Sequence[Previewed]) -> None:
    for edition in editions:
        _say_annotations(edition)
    for found in previews:
        refused = [Finding(kind="refused", detail=found.refused, severity="error")]
        for one in (*found.findings, *(refused if found.refused else ())):
            place = f"on {found.channel.name}: "
            click.echo(show.annotation(found.edition.path, one, place))


PREVIEWED: dict[str, Callable[[Sequence[Edition], Sequence[Previewed]], None]] = {
    "text": _preview_as_text,
    "json": _preview_as_json,
    "github": _preview_as_annotations,
}

COMMANDS = (init, show_, preview)
