"""How often strangers may have us write: a form that mails whoever is named is a weapon.

Spamhaus lists senders whose forms are used to bury somebody in mail, so there is a limit for each
address, each network that asks, each domain that is asked, and for everybody together.
"""

import logging
from datetime import datetime, timedelta

from sqlalchemy import Connection

from publisher.storage import tallies

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
FROM_A_NETWORK = 10  # an hour; a household, a small office
TO_A_DOMAIN = 100  # an hour, for more is news to its postmaster
_OF_MANY = (
    "gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com yahoo.de yahoo.fr"
    " yahoo.es yahoo.it icloud.com me.com aol.com proton.me protonmail.com gmx.de gmx.net gmx.at"
    " gmx.ch web.de t-online.de freenet.de posteo.de mailbox.org orange.fr wanadoo.fr free.fr"
    " laposte.net sfr.fr libero.it virgilio.it tiscali.it telefonica.net terra.es fastmail.com"
    " riseup.net disroot.org bluewin.ch"
)
OF_MANY = frozenset(_OF_MANY.split())  # so many people share these: only the whole is counted
GOOGLE = ("gmail.com", "googlemail.com")  # where dots make no other address

log = logging.getLogger(__name__)


class TooMany(Exception):
    """More was asked for than is taken; `retry_after` tells when there is room again."""

    def __init__(self, reason: str, retry_after: timedelta) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


def admit(db: Connection, key: str, *, network: str, everybody: int, at: datetime) -> bool:
    """Count a wish to have an address written to; False when it was written to in the last day.

    `everybody` is how many such mails an hour there may be in all. Raises TooMany, which
    tells nothing of the address.
    """
    mailbox = inbox(key)
    domain = mailbox.rpartition("@")[2]
    shared = everybody if domain in OF_MANY else TO_A_DOMAIN
    wide = (("everybody", everybody), (f"domain {domain}", shared))
    for name, most in ((f"network {network}", FROM_A_NETWORK), *wide):
        if tallies.counted(db, name, window=HOUR, at=at) >= most:
            raise TooMany(f"more than {most} questions an hour", HOUR)
    tallies.count(db, f"network {network}", window=HOUR, at=at)
    if tallies.count(db, f"address {mailbox}", window=DAY, at=at) > 1:
        return False
    counts = [tallies.count(db, name, window=HOUR, at=at) for name, _ in wide]
    _watch(db, counts[0], everybody, at=at)
    return True


def _watch(db: Connection, count: int, everybody: int, *, at: datetime) -> None:
    if count == everybody:
        log.warning("%s readers were asked to confirm within an hour: no more until it is over;"
                    " [web] confirmations_an_hour sets how many", count)  # fmt: skip
    if count == 1:
        tallies.forget(db, before=at - DAY)


def inbox(key: str) -> str:
    """What addresses have in common that end in one inbox, as far as anybody can tell.

    `ann+news@…` is ann's; at Google `a.n.n@…` is, too. For comparing only, never for writing to.
    """
    local, _, domain = key.rpartition("@")
    local = local.partition("+")[0] or local
    if domain in GOOGLE:
        return f"{local.replace('.', '')}@{GOOGLE[0]}"
    return f"{local}@{domain}"
