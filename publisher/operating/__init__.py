"""The use cases of operators at a page or a program: each is checked, done, and written down.

They are what the commands of the same names do, without the waiting. An action that is not
possible any more, for somebody else was quicker, raises NotPossible and changes nothing.
"""

from publisher.operating.agreeing import of_two
from publisher.operating.amending import correct, retract
from publisher.operating.channels import check, pause_channel, resume_channel
from publisher.operating.desk import Desk, NotPossible, Unknown
from publisher.operating.releases import call_off, hold, release
from publisher.operating.sending import cancel, pause, publish, resume, retry, settle

__all__ = [
    "Desk",
    "NotPossible",
    "Unknown",
    "call_off",
    "cancel",
    "check",
    "correct",
    "hold",
    "of_two",
    "pause",
    "pause_channel",
    "publish",
    "release",
    "resume",
    "resume_channel",
    "retract",
    "retry",
    "settle",
]
