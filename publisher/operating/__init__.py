"""The use cases of operators at a page or a program: each is checked, done, and written down.

They are what the commands of the same names do, without the waiting. An action that is not
possible any more, for somebody else was quicker, raises NotPossible and changes nothing.
"""

from publisher.operating.agreeing import of_two, withdraw
from publisher.operating.amending import Word, correct, leave, retract, tell
from publisher.operating.channels import check, pause_channel, resume_channel
from publisher.operating.desk import Desk, HasErrors, NotPossible, Unknown
from publisher.operating.rehearsals import Rehearsed, rehearse
from publisher.operating.releases import call_off, hold, release
from publisher.operating.sending import cancel, pause, publish, resume, retry, settle

__all__ = [
    "Desk",
    "HasErrors",
    "NotPossible",
    "Rehearsed",
    "Unknown",
    "Word",
    "call_off",
    "cancel",
    "check",
    "correct",
    "hold",
    "leave",
    "of_two",
    "pause",
    "pause_channel",
    "publish",
    "rehearse",
    "release",
    "resume",
    "resume_channel",
    "retract",
    "retry",
    "settle",
    "tell",
    "withdraw",
]
