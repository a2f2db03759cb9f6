"""The mail that asks a stranger whether they want the newsletter.

Whoever fills in the form chooses who gets this mail, so nothing else in it is theirs to choose:
no name, no address, no text.
"""

import hashlib
from dataclasses import dataclass

from publisher.domain.channel import Note
from publisher.domain.issue import Site


@dataclass(frozen=True, kw_only=True)
class Words:
    """The mail in one language; `{site}` and `{days}` are filled in."""

    subject: str
    greeting: str
    please: str
    once: str
    not_you: str


ENGLISH = Words(
    subject="Please confirm: {site}",
    greeting="Hello,",
    please="this address was given to us to receive {site}. To make sure that you want it,"
    " please open this page and confirm:",
    once="The link works for {days} days, and only once.",
    not_you="If it was not you, you need not do anything: without your confirmation nothing"
    " more will come.",
)
GERMAN = Words(
    subject="Bitte bestätigen: {site}",
    greeting="Hallo,",
    please="diese Adresse wurde bei uns eingetragen, um {site} zu bekommen. Damit wir sicher"
    " sind, dass du das möchtest, öffne bitte diese Seite und bestätige es:",
    once="Der Link gilt {days} Tage und nur einmal.",
    not_you="Falls du das nicht warst, brauchst du nichts zu tun: Ohne deine Bestätigung kommt"
    " nichts weiter.",
)
FRENCH = Words(
    subject="Merci de confirmer : {site}",
    greeting="Bonjour,",
    please="cette adresse nous a été indiquée pour recevoir {site}. Pour nous assurer que vous"
    " le souhaitez, merci d’ouvrir cette page et de confirmer :",
    once="Le lien est valable {days} jours, une seule fois.",
    not_you="Si ce n’était pas vous, vous n’avez rien à faire : sans votre confirmation, rien"
    " d’autre ne vous sera envoyé.",
)
SPANISH = Words(
    subject="Por favor, confirme: {site}",
    greeting="Hola:",
    please="Nos han indicado esta dirección para recibir {site}. Para asegurarnos de que lo"
    " desea, abra esta página y confírmelo:",
    once="El enlace vale durante {days} días y una sola vez.",
    not_you="Si no fue usted, no tiene que hacer nada: sin su confirmación no le enviaremos nada"
    " más.",
)
ITALIAN = Words(
    subject="Conferma l’iscrizione: {site}",
    greeting="Ciao,",
    please="ci è stato indicato questo indirizzo per ricevere {site}. Per essere certi che tu lo"
    " desideri, ti chiediamo di aprire questa pagina e confermare:",
    once="Il link vale {days} giorni e una volta sola.",
    not_you="Se la richiesta non è tua, non devi fare nulla: senza la tua conferma non ti"
    " arriverà altro.",
)
WORDS = {"en": ENGLISH, "de": GERMAN, "fr": FRENCH, "es": SPANISH, "it": ITALIAN}


def question(*, address: str, lang: str, token: str, link: str, site: Site, days: int) -> Note:
    """The mail to one address. `link` leads to the page of this `token`, which stays secret."""
    words = WORDS.get(lang.partition("-")[0], ENGLISH)
    please = words.please.format(site=site.name)
    paragraphs = [words.greeting, please, link, words.once.format(days=days), words.not_you]
    return Note(
        key=f"question-{hashlib.sha256(token.encode()).hexdigest()[:32]}",
        lang=lang if lang.partition("-")[0] in WORDS else "en",
        subject=words.subject.format(site=site.name),
        text="\n\n".join([*paragraphs, f"{site.name}\n{site.base_url}"]) + "\n",
        address=address,
    )
