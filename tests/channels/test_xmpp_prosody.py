"""The XMPP channels against a real prosody."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from slixmpp import JID

from channels._xmpp import Line, visit
from channels._xmppaccount import account_of
from channels.xmpp_message import XmppMessage
from channels.xmpp_pubsub import XmppPubsub
from channels.xmpp_room import XmppRoom
from publisher.domain.channel import Copy, Disconnected, Post, Reader, Receipt, Refused, TryLater
from publisher.testing.crashes import killed_before
from publisher.testing.releases import Release, judge
from publisher.testing.sample import EDITION
from tests.channels import prosody
from tests.channels.prosody import HOST, NEWS, ROOMS, Prosody

pytestmark = pytest.mark.skipif(not prosody.is_there(), reason="prosody is not installed")

PASSWORD = "a password"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prosody]:
    folder = tmp_path_factory.mktemp("prosody")
    accounts = dict.fromkeys(("news", "ann", "stranger"), PASSWORD)
    with prosody.prosody(folder, accounts) as running:
        yield running


def account(server: Prosody, name: str = "news") -> dict[str, Any]:
    where = {"host": server.host, "port": server.port, "tls": "none", "timeout": 5}
    return {"jid": f"{name}@{HOST}", "password": PASSWORD, **where}


@pytest.fixture(params=["", NEWS], ids=["own", "service"])
def node(server: Prosody, request: pytest.FixtureRequest) -> XmppPubsub:
    name = f"node-of-{request.node.name}"
    return XmppPubsub(**account(server), service=request.param, node=name)


def test_publishing_again_leaves_one_item(node: XmppPubsub) -> None:
    post = node.render(EDITION)
    assert node.find_existing(post) is None
    first = node.deliver(post)
    assert node.deliver(post) == first == node.find_existing(post)
    assert items(node) == [first.id]


def test_an_item_is_edited_in_place_and_retracted_once_and_for_all(node: XmppPubsub) -> None:
    receipt = node.deliver(node.render(EDITION))
    mended = node.update(receipt, node.render(replace(EDITION, title="Mended")))
    assert (mended.id, items(node)) == (receipt.id, [receipt.id])
    node.retract(receipt)
    node.retract(receipt)
    assert items(node) == []


def test_a_node_of_somebody_else_takes_nothing(server: Prosody) -> None:
    owner = XmppPubsub(**account(server), service=NEWS, node="closed")
    owner.deliver(owner.render(EDITION))
    stranger = replace(owner, jid=f"stranger@{HOST}")
    with pytest.raises(Disconnected, match="may not do that"):
        stranger.deliver(stranger.render(EDITION))


def test_a_wrong_password_stops_and_an_empty_port_waits(server: Prosody) -> None:
    node = XmppPubsub(**account(server))
    with pytest.raises(Disconnected, match="is not let in"):
        replace(node, password="another").check()
    with pytest.raises(TryLater, match="cannot be reached"):
        replace(node, port=1).check()


KILLED_AT = range(4, 40, 5)  # steps of a release, of some thirty


def test_an_announcement_is_confirmed_found_corrected_and_taken_back(room: XmppRoom) -> None:
    post = room.render(EDITION)
    assert room.find_existing(post) is None
    receipt = room.deliver(post)
    assert receipt.id.partition(" ")[0], "the room gave it no id"
    assert room.find_existing(post) == receipt
    mended = room.render(replace(EDITION, title="Mended"))
    assert room.update(receipt, replace(mended, key=post.key)).id == receipt.id
    assert spoken(room)[-1].startswith("Mended")
    room.retract(receipt)
    assert room.find_existing(post) is None


def test_a_worker_killed_at_whatever_step_announces_once(room: XmppRoom, tmp_path: Path) -> None:
    wrong: list[str] = []
    for step in KILLED_AT:
        edition = replace(EDITION, key=f"killed-{step}", url=f"https://quay.example/killed-{step}/")
        (tmp_path / f"{step}").mkdir()
        release = Release(channel=room, folder=tmp_path / f"{step}", edition=edition)
        release.prepare()
        death = killed_before(step, release.begin)
        ended = release.finish()
        release.close()
        said = [text for text in spoken(room) if edition.url in text]
        wrong += [f"{step}, {death.what}: {why}" for why in judge(ended, said, askable=True)]
    assert wrong == []


def test_a_room_that_is_shut_says_what_helps(server: Prosody, room: XmppRoom) -> None:
    make_room(server, "closed", {"muc#roomconfig_membersonly": True})
    with pytest.raises(Disconnected, match="for members only"):
        replace(room, room=f"closed@{ROOMS}").check()
    with pytest.raises(Disconnected, match="did not exist"):
        replace(room, room=f"nowhere@{ROOMS}").check()
    make_room(server, "locked", {"muc#roomconfig_roomsecret": "sesame"})
    locked = replace(room, room=f"locked@{ROOMS}")
    with pytest.raises(Disconnected, match="wants a password"):
        locked.check()
    assert locked.room in " ".join(replace(locked, room_password="sesame").check())


def test_without_a_voice_nothing_is_said(server: Prosody, room: XmppRoom) -> None:
    make_room(server, "moderated", {"muc#roomconfig_moderatedroom": True})
    silent = replace(room, room=f"moderated@{ROOMS}")
    with pytest.raises(Disconnected, match="may not do that"):
        silent.deliver(silent.render(EDITION))
    assert spoken(silent) == []


def test_each_reader_gets_their_message_and_who_is_not_there_is_refused(server: Prosody) -> None:
    channel = XmppMessage(**account(server))
    post = channel.render(EDITION)
    sent = asyncio.run(handed_out(channel, post, f"xmpp:ann@{HOST}", f"xmpp:nobody@{HOST}"))
    assert [type(outcome) for outcome in sent] == [Receipt, Refused]
    [message] = received(replace(channel, jid=f"ann@{HOST}"))
    assert message.startswith(EDITION.title)
    assert message.endswith("https://quay.example/leave/0")


async def handed_out(channel: XmppMessage, post: Post, *addresses: str) -> list[Any]:
    """What became of a copy for each of these readers."""
    outcomes: list[Any] = []

    async def copies() -> AsyncIterator[Copy]:
        for number, address in enumerate(addresses):
            leave = f"https://quay.example/leave/{number}"
            to = Reader(address=address, token=f"token-{number}", unsubscribe_url=leave)
            yield Copy(id=number, post=replace(post, to=to))

    async def mark(_: Copy) -> bool:
        return True

    async def settle(_: Copy, outcome: object) -> None:
        outcomes.append(outcome)

    await channel.deliver_each(copies(), mark=mark, settle=settle)
    return outcomes


def received(reader: XmppMessage) -> list[str]:
    """What the archive of an account holds."""

    async def look(line: Line) -> list[str]:
        plugins: Any = line.client.plugin
        found = await plugins["xep_0313"].retrieve(rsm={"max": 50})
        stanzas = [one["mam_result"]["forwarded"]["stanza"] for one in found["mam"]["results"]]
        return [str(stanza["body"]) for stanza in stanzas]

    return visit(account_of(reader), look, "xep_0313")


@pytest.fixture
def room(server: Prosody, request: pytest.FixtureRequest) -> XmppRoom:
    name = make_room(server, f"room-of-{request.node.name}"[:40], {})
    return XmppRoom(**account(server), room=name, nick="Packet")


def make_room(server: Prosody, name: str, wishes: dict[str, Any]) -> str:
    """Have somebody else own a room that stays, with an archive."""
    owner = XmppRoom(**account(server, "ann"), room=f"{name}@{ROOMS}", nick="Ann")

    async def make(line: Line) -> None:
        plugins: Any = line.client.plugin
        muc = plugins["xep_0045"]
        await muc.join_muc_wait(JID(owner.room), "Ann", timeout=5)
        form = await muc.get_room_config(owner.room)
        form["type"] = "submit"
        keeps = {"muc#roomconfig_persistentroom": True}
        form.set_values({**form.get_values(), **keeps, **wishes})
        await muc.set_room_config(owner.room, form)

    visit(account_of(owner), make, "xep_0045")
    return owner.room


def spoken(room: XmppRoom) -> list[str]:
    """What the archive of a room holds, oldest first."""

    async def look(line: Line) -> list[str]:
        plugins: Any = line.client.plugin
        found = plugins["xep_0313"].iterate(JID(room.room), rsm={"max": 50})
        messages = [one["mam_result"]["forwarded"]["stanza"] async for one in found]
        return [str(message["body"]) for message in messages if message["body"]]

    owner = replace(room, jid=f"ann@{HOST}")
    return visit(account_of(owner), look, "xep_0313")


def items(node: XmppPubsub) -> list[str]:
    """The ids of what a node holds, asked by a client of its own."""
    from slixmpp import JID

    from channels._xmpp import Line, visit
    from channels._xmppaccount import account_of

    async def look(line: Line) -> list[str]:
        place = JID(node.service) if node.service else None
        plugins: Any = line.client.plugin
        found = await plugins["xep_0060"].get_items(place, node.node)
        return [item["id"] for item in found["pubsub"]["items"]]

    return visit(account_of(node), look, "xep_0060")
