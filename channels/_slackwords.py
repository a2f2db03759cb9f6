"""What Slack's words ask for. It answers 200 to nearly everything, and says no in the body.

Source: the errors of https://docs.slack.dev/reference/methods/chat.postMessage and its kin
"""

from collections.abc import Mapping
from typing import Any

from publisher.domain.channel import ChannelError, Disconnected, Refused, TryLater, Unsure

TOKEN = "make the app's token again and mend `token`"  # noqa: S105  a remedy
ADMINS = "ask the workspace's admins"
THERE = "mend `channel`, or invite the app into a private one"

# Words that stop the channel, and the remedy.
DISCONNECTED = {
    "access_denied": ADMINS,
    "account_inactive": f"the app or the workspace is gone: {TOKEN}",
    "channel_not_found": THERE,
    "ekm_access_denied": f"posting is suspended: {ADMINS}",
    "enterprise_is_restricted": ADMINS,
    "invalid_auth": TOKEN,
    "is_archived": "the channel is archived: open it again, or mend `channel`",
    "metadata_must_be_sent_from_app": "`token` has to be an app's, xoxb-…",
    "missing_scope": "add the scope to the app, install it again and mend `token`",
    "no_permission": ADMINS,
    "not_allowed_token_type": "`token` has to be an app's, xoxb-…",
    "not_authed": TOKEN,
    "not_in_channel": "invite the app into the channel, or give it chat:write.public",
    "org_login_required": ADMINS,
    "restricted_action": f"who may post there is restricted: {ADMINS}",
    "restricted_action_read_only_channel": f"the channel is read-only: {ADMINS}",
    "restricted_action_thread_only_channel": "the channel takes only answers: mend `channel`",
    "team_access_not_granted": f"the app is not let into this workspace: {ADMINS}",
    "token_expired": f"turn token rotation off in the app, and {TOKEN}",
    "token_revoked": TOKEN,
    "two_factor_setup_required": ADMINS,
}
LATER = {"message_limit_exceeded", "rate_limited", "ratelimited", "request_timeout"}
DOUBTFUL = {"fatal_error", "internal_error", "service_unavailable", "team_added_to_org"}
UNSEEN = {"missing_scope", "not_in_channel"}  # one may be able to post, and not to look
SCOPES = {"needed": "needs", "provided": "the token has"}


class Unseen(Disconnected):
    """What was asked for is not shown to us."""


class Gone(Refused):
    """There is no such message any more."""


class BadBlocks(Refused):
    """A picture that Slack cannot fetch, for one."""


NAMED: dict[str, type[ChannelError]] = {
    **dict.fromkeys(DISCONNECTED, Disconnected),
    **dict.fromkeys(LATER, TryLater),
    **dict.fromkeys(DOUBTFUL, Unsure),
    **dict.fromkeys(UNSEEN, Unseen),
    "message_not_found": Gone,
    "invalid_blocks": BadBlocks,
}


def refusal(name: str, body: Mapping[str, Any]) -> ChannelError:
    """Name what the no asks for that Slack said to the method `name`."""
    word = str(body.get("error"))
    told = [f"Slack says to {name}: {word}"]
    told += [f"{has} {body[key]}" for key, has in SCOPES.items() if body.get(key)]
    told += [str(one) for one in (body.get("response_metadata") or {}).get("messages") or []][:3]
    told += [DISCONNECTED[word]] if word in DISCONNECTED else []
    return NAMED.get(word, Refused)("; ".join(told)[:500])
