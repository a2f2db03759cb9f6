"""POST /issues/KEY/DEED: sending and repairing, as the commands of the same names do."""

from dataclasses import asdict

from fastapi import APIRouter, Response

from publisher import operating
from publisher.accounts import Role
from publisher.web.api.entry import Asks
from publisher.web.api.operations import answer, changing, done
from publisher.web.api.problems import wrong
from publisher.web.api.reading import address_key
from publisher.web.api.shapes import deeds
from publisher.web.api.shapes.words import Key
from publisher.web.showing import Web

EVERYWHERE = deeds.Places()
PUBLISHING, CORRECTING = deeds.Publishing(), deeds.Correcting()
RELEASE = deeds.MaybePlace()


def router(web: Web) -> APIRouter:
    """What is said of an issue. Saying it twice sends nothing twice."""
    routes = changing(web, Role.RELEASE, tag="sending")
    _add_sending(routes)
    _add_answers(routes)
    _add_pauses(routes)
    _add_releases(routes)
    return routes


def _add_sending(routes: APIRouter) -> None:
    @routes.post("/issues/{key:path}/publish", status_code=202, response_model=deeds.Planned)
    def publish_issue(key: Key, caller: Asks, body: deeds.Publishing = PUBLISHING) -> Response:
        """Plan every delivery that is not there already, and start it."""
        known = {"despite_errors": body.despite_errors}
        return answer({"planned": operating.publish(caller.desk, key, body.channels, **known)}, 202)

    @routes.post("/issues/{key:path}/test", response_model=deeds.Tested)
    def test_issue(key: Key, caller: Asks, body: deeds.Testing) -> Response:
        """Send a test copy of the mail to one address, and nowhere else. Drafts, too."""
        to = address_key(body.to, "body", "#/to") and body.to
        found = operating.rehearse(caller.desk, key, to, body.channels)
        return answer({"copies": [asdict(one) for one in found]}, personal=True)

    @routes.post("/issues/{key:path}/retry", status_code=202, response_model=deeds.Tried)
    def retry_issue(key: Key, caller: Asks, body: deeds.Places = EVERYWHERE) -> Response:
        """Try again what failed, was refused or is held, and nothing else."""
        return answer({"tried": operating.retry(caller.desk, key, body.channels)}, 202)


def _add_answers(routes: APIRouter) -> None:
    @routes.post("/issues/{key:path}/settle", response_model=deeds.Settled)
    def settle_issue(key: Key, caller: Asks, body: deeds.Settling) -> Response:
        """Give a person's answer for what is held: it is there, send it again, leave it."""
        if body.reader:
            address_key(body.reader, "body", "#/reader")
        said = {"url": body.url, "reader": body.reader, "lang": body.lang}
        met = operating.settle(caller.desk, key, body.channel, body.answer, **said)
        return answer({"settled": met})

    @routes.post("/issues/{key:path}/correct", response_model=deeds.Corrected)
    def correct_issue(key: Key, caller: Asks, body: deeds.Correcting = CORRECTING) -> Response:
        """Carry what changed at the source to what is out. This asks the networks, and waits."""
        if body.leave:
            if body.tell or body.channels:
                raise wrong("body", "#/leave", "what is left is neither told nor corrected")
            left = operating.leave(caller.desk, key)
            return answer({"corrections": [], "told": [], "left": left})
        told = operating.tell(caller.desk, key, body.channels) if body.tell else []
        found = operating.correct(caller.desk, key, body.channels)
        said = {"corrections": [asdict(one) for one in found], "told": [asdict(w) for w in told]}
        return answer(said | {"left": []})

    @routes.post("/issues/{key:path}/retract", response_model=deeds.Retracted)
    def retract_issue(key: Key, caller: Asks, body: deeds.Taking) -> Response:
        """Take back what is out on these channels, or everywhere. This asks the networks."""
        if bool(body.channels) == body.everywhere:
            raise wrong("body", "#/channels", "name the channels, or say everywhere")
        found = operating.retract(caller.desk, key, body.channels)
        return answer({"retractions": [asdict(one) for one in found]})


def _add_pauses(routes: APIRouter) -> None:
    @routes.post("/issues/{key:path}/pause", status_code=204)
    def pause_issue(key: Key, caller: Asks, body: deeds.Place) -> Response:
        """Begin nothing more of the issue on a channel."""
        operating.pause(caller.desk, key, body.channel)
        return done()

    @routes.post("/issues/{key:path}/resume", status_code=204)
    def resume_issue(key: Key, caller: Asks, body: deeds.Place) -> Response:
        """Let it go on where it was paused."""
        operating.resume(caller.desk, key, body.channel)
        return done()

    @routes.post("/issues/{key:path}/cancel", response_model=deeds.Cancelled)
    def cancel_issue(key: Key, caller: Asks, body: deeds.MaybePlace = RELEASE) -> Response:
        """Send no more of it to a channel; without one, never release what waits of it."""
        if body.channel is None:
            return answer({"skipped": 0, "langs": operating.call_off(caller.desk, key)})
        met = operating.cancel(caller.desk, key, body.channel)
        return answer({"skipped": met, "langs": []})


def _add_releases(routes: APIRouter) -> None:
    @routes.post("/issues/{key:path}/hold", response_model=deeds.Langs)
    def hold_issue(key: Key, caller: Asks) -> Response:
        """Keep an issue back that waits for its release."""
        return answer({"langs": operating.hold(caller.desk, key)})

    @routes.post("/issues/{key:path}/release", status_code=202, response_model=deeds.Langs)
    def release_issue(key: Key, caller: Asks) -> Response:
        """Let an issue go out now, whatever it waits for."""
        return answer({"langs": operating.release(caller.desk, key)}, 202)
