"""The XMPP channels against a real prosody."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from channels.xmpp_pubsub import XmppPubsub
from publisher.domain.channel import Disconnected, TryLater
from publisher.testing.sample import EDITION
from tests.channels import prosody
from tests.channels.prosody import HOST, NEWS, Prosody

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


def items(node: XmppPubsub) -> list[str]:
    """The ids of what a node holds, asked by a client of its own."""
    from slixmpp import JID

    from channels._xmpp import Line, account_of, visit

    async def look(line: Line) -> list[str]:
        place = JID(node.service) if node.service else None
        plugins: Any = line.client.plugin
        found = await plugins["xep_0060"].get_items(place, node.node)
        return [item["id"] for item in found["pubsub"]["items"]]

    return visit(account_of(node), look, "xep_0060")
