"""What stands around the edition in a mail, in the reader's language."""

from dataclasses import dataclass

RIGHT_TO_LEFT = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})


@dataclass(frozen=True, kw_only=True)
class Words:
    """What the newsletter's frame says, in one language."""

    read_online: str
    picture: str
    volunteers: str
    why: str
    leave: str
    license: str


WORDS = {
    "en": Words(
        read_online="Read online",
        picture="Picture",
        volunteers="Translated by volunteers.",
        why="You receive this mail because you subscribed to {name}.",
        leave="Unsubscribe",
        license="License",
    ),
    "de": Words(
        read_online="Online lesen",
        picture="Bild",
        volunteers="Von Freiwilligen übersetzt.",
        why="Sie erhalten diese Mail, weil Sie {name} abonniert haben.",
        leave="Abbestellen",
        license="Lizenz",
    ),
    "es": Words(
        read_online="Leer en línea",
        picture="Imagen",
        volunteers="Traducido por voluntarios.",
        why="Recibe este correo porque se suscribió a {name}.",
        leave="Darse de baja",
        license="Licencia",
    ),
    "fr": Words(
        read_online="Lire en ligne",
        picture="Image",
        volunteers="Traduit par des bénévoles.",
        why="Vous recevez ce courriel parce que vous êtes abonné à {name}.",
        leave="Se désabonner",
        license="Licence",
    ),
    "it": Words(
        read_online="Leggi online",
        picture="Immagine",
        volunteers="Tradotto da volontari.",
        why="Ricevi questa mail perché ti sei iscritto a {name}.",
        leave="Annulla l’iscrizione",
        license="Licenza",
    ),
    "pt": Words(
        read_online="Ler online",
        picture="Imagem",
        volunteers="Traduzido por voluntários.",
        why="Você recebe este e-mail porque assinou {name}.",
        leave="Cancelar a assinatura",
        license="Licença",
    ),
    "ro": Words(
        read_online="Citește online",
        picture="Imagine",
        volunteers="Tradus de voluntari.",
        why="Primești acest e-mail pentru că te-ai abonat la {name}.",
        leave="Dezabonare",
        license="Licență",
    ),
}


def words(lang: str) -> Words:
    """The frame's words in a language, or in English."""
    return WORDS.get(_primary(lang), WORDS["en"])


def direction(lang: str) -> str:
    """Which way a language is written: "ltr" or "rtl"."""
    return "rtl" if _primary(lang) in RIGHT_TO_LEFT else "ltr"


def _primary(lang: str) -> str:
    return lang.lower().partition("-")[0]
