"""The words of the readers' pages, in the languages we know."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

Failures = Mapping[int, tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class Texts:
    """All words of the readers' pages in one language. `{…}` stands for what a page fills in."""

    lang: str
    months: str
    date: str
    archive: str
    empty: str
    empty_more: str
    newest: str
    feeds: str
    feed_more: str
    licence: str
    newer: str
    older: str
    original: str
    leave: str
    leave_ask: str
    leave_address: str
    leave_button: str
    leave_else: str
    left: str
    left_more: str
    left_late: str
    back: str
    failures: Failures


ENGLISH = Texts(
    lang="en",
    months="January February March April May June July August September October November December",
    date="{day} {month} {year}",
    archive="All issues",
    empty="No issue has been published yet.",
    empty_more="Every issue will be here from the day it goes out, each in all its languages.",
    newest="Newest issue",
    feeds="Feed",
    feed_more="Give this address to a feed reader, and new issues come to you.",
    licence="Licence",
    newer="Newer",
    older="Older",
    original="On the newsletter's site",
    leave="Leave the newsletter",
    leave_ask="Shall we stop sending you {site}?",
    leave_address="This link belongs to {address}.",
    leave_button="Yes, unsubscribe",
    leave_else="Not what you wanted? Just close this page; nothing has changed.",
    left="You are unsubscribed",
    left_more="{site} will not be mailed to you any more.",
    left_late="A mail that is already on its way may still arrive.",
    back="To all issues",
    failures={
        404: ("There is no such page", "The address may be mistyped, or the page never was here."),
        405: ("That does not work here", "This address does not take that kind of request."),
        413: ("That was too much", "The request was larger than this address takes."),
        500: (
            "Something went wrong",
            "It is our fault, and it is in our log. Please try again later.",
        ),
        503: ("Not at the moment", "Please try again in a minute."),
    },
)

GERMAN = Texts(
    lang="de",
    months="Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    date="{day}. {month} {year}",
    archive="Alle Ausgaben",
    empty="Noch ist keine Ausgabe erschienen.",
    empty_more="Jede Ausgabe steht ab ihrem Erscheinen hier, in allen ihren Sprachen.",
    newest="Neueste Ausgabe",
    feeds="Feed",
    feed_more="Mit dieser Adresse holt ein Feed-Reader neue Ausgaben von selbst.",
    licence="Lizenz",
    newer="Neuer",
    older="Älter",
    original="Auf der Seite des Newsletters",
    leave="Newsletter abbestellen",
    leave_ask="Sollen wir dir {site} nicht mehr schicken?",
    leave_address="Dieser Link gehört zu {address}.",
    leave_button="Ja, abbestellen",
    leave_else="Doch nicht? Schließ einfach diese Seite; es hat sich nichts geändert.",
    left="Du bist abgemeldet",
    left_more="{site} kommt nicht mehr per Mail zu dir.",
    left_late="Eine Mail, die schon unterwegs ist, kann noch ankommen.",
    back="Zu allen Ausgaben",
    failures={
        404: (
            "Diese Seite gibt es nicht",
            "Vielleicht ist die Adresse vertippt, oder die Seite war nie hier.",
        ),
        405: ("Das geht hier nicht", "Diese Adresse nimmt solche Anfragen nicht an."),
        413: ("Das war zu viel", "Die Anfrage war größer, als diese Adresse annimmt."),
        500: (
            "Da ging etwas schief",
            "Es liegt an uns und steht in unserem Log. Bitte versuch es später noch einmal.",
        ),
        503: ("Gerade nicht", "Bitte versuch es in einer Minute noch einmal."),
    },
)

FRENCH = Texts(
    lang="fr",
    months="janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    date="{day} {month} {year}",
    archive="Tous les numéros",
    empty="Aucun numéro n’est encore paru.",
    empty_more="Chaque numéro sera ici dès sa parution, dans toutes ses langues.",
    newest="Dernier numéro",
    feeds="Flux",
    feed_more="Avec cette adresse, un lecteur de flux reçoit de lui-même les nouveaux numéros.",
    licence="Licence",
    newer="Plus récent",
    older="Plus ancien",
    original="Sur le site de la lettre",
    leave="Se désabonner",
    leave_ask="Faut-il cesser de vous envoyer {site} ?",
    leave_address="Ce lien appartient à {address}.",
    leave_button="Oui, me désabonner",
    leave_else="Ce n’est pas ce que vous vouliez ? Fermez cette page, rien n’a changé.",
    left="Vous êtes désabonné(e)",
    left_more="{site} ne vous sera plus envoyé par courriel.",
    left_late="Un courriel déjà en route peut encore arriver.",
    back="Vers tous les numéros",
    failures={
        404: (
            "Cette page n’existe pas",
            "L’adresse est peut-être mal saisie, ou la page n’a jamais été ici.",
        ),
        405: ("Ce n’est pas possible ici", "Cette adresse n’accepte pas ce genre de requête."),
        413: ("C’était trop", "La requête était plus grande que cette adresse ne l’accepte."),
        500: (
            "Quelque chose s’est mal passé",
            "La faute est à nous, et elle est notée. Veuillez réessayer plus tard.",
        ),
        503: ("Pas pour le moment", "Veuillez réessayer dans une minute."),
    },
)

SPANISH = Texts(
    lang="es",
    months="enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre"
    " diciembre",
    date="{day} de {month} de {year}",
    archive="Todos los números",
    empty="Todavía no se ha publicado ningún número.",
    empty_more="Cada número estará aquí desde el día de su publicación, en todos sus idiomas.",
    newest="Último número",
    feeds="Canal",
    feed_more="Dé esta dirección a un lector de canales y recibirá los números nuevos.",
    licence="Licencia",
    newer="Más reciente",
    older="Más antiguo",
    original="En el sitio del boletín",
    leave="Darse de baja",
    leave_ask="¿Dejamos de enviarle {site}?",
    leave_address="Este enlace pertenece a {address}.",
    leave_button="Sí, darme de baja",
    leave_else="¿No era lo que quería? Cierre esta página; nada ha cambiado.",
    left="Se ha dado de baja",
    left_more="{site} ya no le llegará por correo.",
    left_late="Aún puede llegar un correo que ya esté en camino.",
    back="A todos los números",
    failures={
        404: (
            "Esta página no existe",
            "Puede que la dirección esté mal escrita o que la página nunca haya estado aquí.",
        ),
        405: ("Eso no es posible aquí", "Esta dirección no acepta ese tipo de petición."),
        413: ("Era demasiado", "La petición era mayor de lo que acepta esta dirección."),
        500: (
            "Algo ha fallado",
            "El fallo es nuestro y ha quedado anotado. Inténtelo de nuevo más tarde.",
        ),
        503: ("Ahora no", "Inténtelo de nuevo dentro de un minuto."),
    },
)

ITALIAN = Texts(
    lang="it",
    months="gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre"
    " dicembre",
    date="{day} {month} {year}",
    archive="Tutti i numeri",
    empty="Non è ancora uscito nessun numero.",
    empty_more="Ogni numero sarà qui dal giorno dell’uscita, in tutte le sue lingue.",
    newest="Ultimo numero",
    feeds="Feed",
    feed_more="Con questo indirizzo un lettore di feed riceve da sé i nuovi numeri.",
    licence="Licenza",
    newer="Più recente",
    older="Meno recente",
    original="Sul sito della newsletter",
    leave="Annulla l’iscrizione",
    leave_ask="Vuoi che smettiamo di inviarti {site}?",
    leave_address="Questo link appartiene a {address}.",
    leave_button="Sì, annulla l’iscrizione",
    leave_else="Non era ciò che volevi? Chiudi questa pagina: nulla è cambiato.",
    left="Iscrizione annullata",
    left_more="{site} non ti arriverà più per posta.",
    left_late="Un messaggio già in viaggio può ancora arrivare.",
    back="A tutti i numeri",
    failures={
        404: (
            "Questa pagina non esiste",
            "Forse l’indirizzo è scritto male, o la pagina non è mai stata qui.",
        ),
        405: ("Qui non si può", "Questo indirizzo non accetta richieste di questo tipo."),
        413: ("Era troppo", "La richiesta era più grande di quanto questo indirizzo accetti."),
        500: (
            "Qualcosa è andato storto",
            "La colpa è nostra, ed è annotata. Riprova più tardi.",
        ),
        503: ("Non ora", "Riprova tra un minuto."),
    },
)

KNOWN = {texts.lang: texts for texts in (ENGLISH, GERMAN, FRENCH, SPANISH, ITALIAN)}

OWN_NAMES = {
    "ar": "العربية",
    "ca": "Català",
    "cs": "Čeština",
    "da": "Dansk",
    "de": "Deutsch",
    "el": "Ελληνικά",
    "en": "English",
    "es": "Español",
    "fi": "Suomi",
    "fr": "Français",
    "he": "עברית",
    "hu": "Magyar",
    "it": "Italiano",
    "ja": "日本語",
    "ko": "한국어",
    "nb": "Norsk bokmål",
    "nl": "Nederlands",
    "pl": "Polski",
    "pt": "Português",
    "pt-br": "Português (Brasil)",
    "ro": "Română",
    "ru": "Русский",
    "sv": "Svenska",
    "tr": "Türkçe",
    "uk": "Українська",
    "zh": "中文",
}


def knows(language: str) -> bool:
    """Whether there are words for a language, or for the one it is a variety of."""
    return _base(language) in KNOWN


def best(*languages: str) -> Texts:
    """The words in the first of these languages that is known, else in English."""
    return next((KNOWN[_base(lang)] for lang in languages if knows(lang)), ENGLISH)


def wanted(accept_language: str, site: str) -> Texts:
    """The words for an Accept-Language header (RFC 9110 §12.5.4), else the site's."""
    choices = map(_weighed, accept_language[:1000].split(","))
    ranked = sorted(choices, key=lambda choice: -choice[0])  # stable: equals stay in order
    return best(*(language for weight, language in ranked if weight > 0), site)


def _weighed(choice: str) -> tuple[float, str]:
    language, _, weight = choice.partition(";")
    try:
        return float(weight.strip().removeprefix("q=") or 1), language.strip()
    except ValueError:
        return 0.0, ""


def _base(language: str) -> str:
    return language.lower().partition("-")[0]


def day(moment: datetime, words: Texts) -> str:
    """A date as people write it in a language: 5 November 2026."""
    month = words.months.split()[moment.month - 1]
    return words.date.format(day=moment.day, month=month, year=moment.year)


def language_name(lang: str) -> str:
    """A language's name for itself, or its code where we do not know it."""
    return OWN_NAMES.get(lang) or OWN_NAMES.get(_base(lang)) or lang
