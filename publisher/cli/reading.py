"""init, check, show, preview: everything that sends nothing."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from importlib.resources import files
from typing import Any

import click
from kombu.exceptions import OperationalError

from publisher import config, publishing, wiring
from publisher.cli import finding, show
from publisher.cli.sending import channel_option, json_option
from publisher.domain.channel import ChannelError, Disconnected, Refused
from publisher.domain.issue import Edition, Finding
from publisher.registry import Configured
from publisher.storage import engine as storage


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


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What a check found: a subject, whether it is well, and the words for it."""

    name: str
    ok: bool
    found: list[str]


@click.command(epilog="Example: publisher check --json")
@json_option
def check(json_: bool) -> int:
    """Try configuration, store, broker, and every channel's credentials, without posting."""
    channels = list(wiring.channels().values())
    with ThreadPoolExecutor(max_workers=8) as pool:
        checked = [_check_store(), _check_broker(), *pool.map(_check_channel, channels)]
    if json_:
        click.echo(show.as_json([asdict(c) for c in checked]))
    else:
        click.echo(f"✓ configuration: {wiring.settings().file}")
        for c in checked:
            click.echo(f"{'✓' if c.ok else '✗'} {c.name}: {'; '.join(c.found) or 'well'}")
    return int(not all(c.ok for c in checked))


def _check_store() -> Checked:
    return Checked(name="store", ok=True, found=[storage.name(wiring.engine())])


def _check_broker() -> Checked:
    if not wiring.settings().broker:
        return Checked(name="broker", ok=True, found=["embedded, started when it is needed"])
    try:
        with wiring.broker().connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, timeout=3)
            return Checked(name="broker", ok=True, found=[connection.as_uri()])
    except (OperationalError, OSError) as error:
        return Checked(name="broker", ok=False, found=[f"{error}; mend [store] broker"])


def _check_channel(channel: Configured) -> Checked:
    name = f"channel {channel.name} ({channel.kind})"
    try:
        return Checked(name=name, ok=True, found=channel.channel.check())
    except (Disconnected, Refused) as error:
        return Checked(name=name, ok=False, found=[str(error)])
    except ChannelError as error:
        return Checked(name=name, ok=False, found=[f"cannot be asked now: {error}"])


@click.command("show", epilog="Example: publisher show content/newsletter/2026-11-05-newsletter.md")
@click.argument("issues", nargs=-1, required=True, metavar="ISSUE...")
@json_option
def show_(issues: Sequence[str], json_: bool) -> None:
    """Show an edition as it was understood."""
    for edition in (e for issue in issues for e in finding.editions(issue)):
        if json_:
            click.echo(show.as_json_line(_edition_json(edition)))
        else:
            _print_edition(edition)


def _edition_json(edition: Edition) -> dict[str, Any]:
    names = [
        "key",
        "lang",
        "path",
        "title",
        "date",
        "url",
        "summary",
        "authors",
        "tags",
        "html",
        "text",
        "links",
    ]
    found: dict[str, Any] = {name: getattr(edition, name) for name in names}
    found["images"] = [{"src": i.src, "alt": i.alt, "caption": i.caption} for i in edition.images]
    found["warnings"] = [asdict(w) for w in edition.warnings]
    return found


def _print_edition(edition: Edition) -> None:
    click.echo(f"{edition.title}  [{edition.key}, {edition.lang}]")
    click.echo(f"{show.moment(edition.date)}  {edition.url}")
    counts = f"{len(edition.links)} links, {len(edition.images)} images"
    click.echo(f"{', '.join(edition.authors) or 'no authors'}; {counts}\n")
    click.echo(edition.text)
    _print_warnings(edition.path, edition.warnings)


def _print_warnings(path: str, warnings: Sequence[Finding]) -> None:
    for found in warnings:
        place = f"{path}:{found.line}" if found.line else path
        click.echo(f"{place}: {found.kind}: {found.detail}", err=True)


@click.command(epilog="Example: publisher preview 2026-11-05-newsletter --channel fosstodon")
@click.argument("issue")
@channel_option
@json_option
def preview(issue: str, names: Sequence[str], json_: bool) -> int:
    """Show exactly what each channel would get. No network, no store."""
    channels = finding.channels(names)
    previews = [
        _preview(edition, channel)
        for edition in finding.editions(issue)
        for channel in channels.values()
        if edition.lang in channel.languages
    ]
    if json_:
        click.echo(show.as_json(previews))
    for found in [] if json_ else previews:
        _print_preview(found)
    return int(any(found["refused"] for found in previews))


def _preview(edition: Edition, channel: Configured) -> dict[str, Any]:
    post, refused = publishing.written(edition, channel)
    named = ["lang", "title", "text", "html", "url", "length", "limit"]
    found: dict[str, Any] = {"channel": channel.name, "kind": channel.kind}
    found |= {name: getattr(post, name) for name in named}
    return found | {"warnings": [asdict(w) for w in post.warnings], "refused": refused}


def _print_preview(found: dict[str, Any]) -> None:
    length = f"{found['length']}" + (f" of {found['limit']}" if found["limit"] else "")
    click.echo(f"── {found['channel']} ({found['kind']}, {found['lang']}), length {length}")
    click.echo(f"{found['title']}\n{found['url']}\n\n{found['text']}\n")
    if found["refused"]:
        click.echo(found["refused"], err=True)
    for warning in found["warnings"]:
        click.echo(f"{warning['kind']}: {warning['detail']}", err=True)


COMMANDS = (init, check, show_, preview)
