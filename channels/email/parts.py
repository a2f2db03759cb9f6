"""The two parts of a mail: an edition as plain text and as one HTML page."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import css_inline
import jinja2

from channels.email.encoding import hides_control
from publisher.domain.issue import Edition, Finding

CLIPPED = 102 * 1024  # bytes of HTML that Gmail shows before it cuts (as commonly reported)
RIGHT_TO_LEFT = ("ar", "fa", "he", "ur")


@dataclass(frozen=True, kw_only=True)
class Words:
    """What the newsletter's frame says, in one language."""

    read_online: str
    why: str
    leave: str
    license: str


WORDS = {
    "en": Words(
        read_online="Read online",
        why="You receive this mail because you subscribed to {name}.",
        leave="Unsubscribe",
        license="License",
    ),
    "de": Words(
        read_online="Online lesen",
        why="Sie erhalten diese Mail, weil Sie {name} abonniert haben.",
        leave="Abbestellen",
        license="Lizenz",
    ),
    "es": Words(
        read_online="Leer en línea",
        why="Recibe este correo porque se suscribió a {name}.",
        leave="Darse de baja",
        license="Licencia",
    ),
    "fr": Words(
        read_online="Lire en ligne",
        why="Vous recevez ce courriel parce que vous êtes abonné à {name}.",
        leave="Se désabonner",
        license="Licence",
    ),
    "it": Words(
        read_online="Leggi online",
        why="Ricevi questa mail perché ti sei iscritto a {name}.",
        leave="Annulla l’iscrizione",
        license="Licenza",
    ),
    "pt": Words(
        read_online="Ler online",
        why="Você recebe este e-mail porque assinou {name}.",
        leave="Cancelar a assinatura",
        license="Licença",
    ),
}


def words(lang: str) -> Words:
    """The frame's words in a language, or in English."""
    return WORDS.get(lang.lower().partition("-")[0], WORDS["en"])


def slot(edition: Edition) -> str:
    """What stands for the reader's unsubscribe URL until their copy is made.

    It depends on the source's hash, so that no source can contain it.
    """
    named = f"{edition.key}\0{edition.lang}\0{edition.revision}"
    return f"https://unsubscribe.invalid/{hashlib.sha256(named.encode()).hexdigest()[:24]}"


def plain(edition: Edition, title: str) -> str:
    """The plain part: title, text, where it is online, the licence, how to leave."""
    said, site = words(edition.lang), edition.site
    licence = f"{site.license} {site.license_url}".strip()
    foot = [said.why.format(name=site.name), f"{said.read_online}: {edition.url}"]
    foot += [f"{said.license}: {licence}"] if licence else []
    foot += [f"{said.leave}:\n{slot(edition)}"]
    body = edition.text.strip()
    return _sound(f"{title}\n\n{body}\n\n{'-' * 40}\n" + "\n".join(foot) + "\n")


def page(edition: Edition, title: str) -> str:
    """The HTML part, its styles in line. Dark where the reader's program is dark."""
    raw = _template().render(
        edition=edition,
        title=title,
        said=words(edition.lang),
        why=words(edition.lang).why.format(name=edition.site.name),
        direction="rtl" if edition.lang.lower()[:2] in RIGHT_TO_LEFT else "ltr",
        leave_url=slot(edition),
    )
    return _inliner().inline(_sound(raw))


def warnings(title: str, html: str) -> Iterator[Finding]:
    """What a person should know before these parts go out."""
    if hides_control(title):
        yield Finding(kind="title-unsendable", detail="encoded words hide control characters")
    size = len(html.encode())
    if size > CLIPPED:
        detail = f"{size // 1024} kB of HTML; some mail programs cut after {CLIPPED // 1024} kB"
        yield Finding(kind="mail-clipped", detail=detail)


def _sound(text: str) -> str:
    """Half a surrogate pair, which an escape in YAML or JSON can bring, becomes a "?"."""
    return text.encode("utf-8", "replace").decode()


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    source = files("channels.email").joinpath("letter.html").read_text(encoding="utf-8")
    return environment.from_string(source)


@cache
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(load_remote_stylesheets=False, keep_at_rules=True)
