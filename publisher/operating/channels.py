"""What is done about a whole channel."""

from publisher import publishing, secrecy
from publisher.domain.channel import ChannelError, Disconnected, Refused
from publisher.operating.desk import Desk, NotPossible, note, require_channels
from publisher.storage import pacing


def pause_channel(desk: Desk, channel: str) -> None:
    """Begin nothing more on a channel, until it is resumed."""
    require_channels(desk, [channel])
    with desk.engine.begin() as db:
        if not pacing.pause(db, channel, f"paused by {desk.by}", at=desk.now()):
            raise NotPossible(f"{channel} was stopped already")
        note(db, desk, "pause", channel=channel)


def resume_channel(desk: Desk, channel: str) -> None:
    """Let a channel go on that was paused, or that rests."""
    require_channels(desk, [channel])
    with desk.engine.begin() as db:
        publishing.resume(channel, db=db, at=desk.now())
        note(db, desk, "resume", channel=channel)
    desk.sweep()


def check(desk: Desk, channel: str) -> tuple[bool, list[str]]:
    """Try a channel, posting nothing: whether it is well, and its words."""
    found = require_channels(desk, [channel])[channel]
    try:
        words = found.channel.check()
    except (Disconnected, Refused) as error:
        return False, [secrecy.removed(str(error))]
    except ChannelError as error:
        return False, [f"cannot be asked now: {secrecy.removed(str(error))}"]
    return True, [secrecy.removed(line) for line in words]
