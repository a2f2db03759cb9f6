"""A post as anybody meets it who follows its link, on a page that says it is pretend."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from publisher.sandbox.joining import names
from publisher.sandbox.outside import Kept, Outside
from publisher.sandbox.serving import Endpoint
from publisher.sandbox.templates import TEMPLATES


@dataclass(frozen=True, kw_only=True)
class Public:
    """What a page shows of a post. `text` is plain, `html` the network's own; either may lack."""

    heading: str
    lang: str = "en"
    url: str = ""
    text: str = ""
    html: str = ""
    pictures: Sequence[Mapping[str, str]] = ()  # url, description
    notes: Sequence[str] = ()


def public_page(outside: Outside, network: str, shown: Callable[[Kept], Public]) -> Endpoint:
    """Answer for the post that the path names as `id`; 404 where there is none."""

    async def answer(request: Request) -> Response:
        kept = outside.get(network, request.path_params["id"])
        if kept is None or kept.fields.get("deleted"):
            return HTMLResponse("<h1>There is no such post</h1>", 404)
        return _page(network, [shown(kept)])

    return answer


def every_post(outside: Outside, network: str, shown: Callable[[Kept], Public]) -> Endpoint:
    """Answer with all that is there, the newest first: where people look for a post."""

    async def answer(_: Request) -> Response:
        there = [kept for kept in outside.posts(network)[::-1] if not kept.fields.get("deleted")]
        return _page(network, [shown(kept) for kept in there])

    return answer


def _page(network: str, posts: Sequence[Public]) -> Response:
    template = TEMPLATES.get_template("post.html")
    return HTMLResponse(template.render(posts=posts, name=names()[network]))
