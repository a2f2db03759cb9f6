"""What the columns of a file of readers mean, by the names that other programs give them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# The names, without case, spaces and punctuation, the surest first. Sources: listmonk's
# cmd/subscribers.go, Mailman's cli_members and Postorius, exports of Mailchimp's audiences.
NAMES: Mapping[str, tuple[str, ...]] = {
    "email": ("emailaddress", "email", "emailadresse", "adresseemail", "mail", "address"),
    "name": ("name", "fullname", "displayname", "realname"),
    "first": ("firstname", "fname", "vorname", "prénom", "nombre", "nome"),
    "last": ("lastname", "lname", "surname", "nachname", "apellido", "cognome"),
    "languages": ("languages", "language", "lang", "locale"),
    "lists": ("lists",),
    "else_after": ("elseafter",),
    "status": ("status", "state", "subscriptionstatus", "memberstatus"),
    "attributes": ("attributes", "attribs"),
    "consent": ("consent",),
    "joined": ("joinedat", "subscribedat"),
    "signed_up": ("optintime", "timestampsignup"),
    "signed_up_from": ("optinip", "ipsignup"),
    "confirmed": ("confirmtime", "timestampopt"),
    "confirmed_from": ("confirmip", "ipopt"),
    "listed": ("createdat", "created"),
    "left": ("unsubtime", "unsubscribedat"),
    "left_why": ("unsubreason",),
    "cleaned": ("cleantime",),
}


@dataclass(frozen=True, slots=True)
class Columns:
    """Where in a row each thing is told; what is not told is in no place."""

    places: Mapping[str, int]

    def cell(self, cells: Sequence[str], what: str) -> str:
        """What a row says of something, "" where it has no column for it."""
        place = self.places.get(what)
        return "" if place is None else cells[place]


def columns(header: Sequence[str]) -> Columns | None:
    """The columns of a header; None where there is none for the address."""
    names = [re.sub(r"[\W_]+", "", name.casefold()) for name in header]
    places: dict[str, int] = {}
    for what, known in NAMES.items():
        found = [names.index(name) for name in known if name in names]
        if found:
            places[what] = found[0]
    return Columns(places) if "email" in places else None
