"""One of the hundred services that Apprise knows: one notification an issue, and nothing after it.

Services and their addresses: https://appriseit.com/services/
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

from apprise import __version__

from channels._notifier import formats, sent, service, without
from channels._settings import require
from channels._templates import Wording, filled, wording
from channels._text import as_markdown, one_line, post_key
from publisher.domain.channel import Post, Receipt, Refused, Unsure
from publisher.domain.issue import Edition

WORDS = {
    "text": "{{ summary }}\n\n{{ url }}",
    "markdown": "{{ summary }}\n\n<{{ url }}>",
    "html": '<p>{{ summary }}</p>\n<p><a href="{{ url }}">{{ url }}</a></p>',
}
SPELLED: dict[str, Callable[[str], str]] = {"text": str, "markdown": as_markdown, "html": escape}
TITLE_LIMIT = 250
AROUND = 16  # characters that Apprise may put around a title which becomes part of the text


@dataclass(frozen=True, kw_only=True)
class Apprise:
    """One service, by its address in Apprise's notation. `timeout` is in seconds.

    `limit` is the most characters, where that is less than what Apprise knows of the service.
    """

    url: str = field(repr=False)
    format: str = "text"
    template: Path | None = None
    limit: int = 0
    timeout: float = 15

    def __post_init__(self) -> None:
        rules = [
            ("url", self.url and self._service, "an address that Apprise knows the service of"),
            ("format", self.format in WORDS, "text, markdown or html"),
            ("limit", self.limit == 0 or self.limit >= 100, "100 characters or more"),
            ("timeout", self.timeout > 0, "more than 0 seconds"),
        ]
        require(self, rules)
        _ = self._wording  # a broken template is a mistake in the configuration

    def render(self, edition: Edition) -> Post:
        """The title, as much of the summary as fits beside it, and the link.

        Raises Refused where the service takes too little for the link, or a template fails.
        """
        title = self._title(edition)
        beside, cost = len(escape(title)) + AROUND, self._cost
        linked = replace(edition, url=escape(edition.url) if self.format == "html" else edition.url)
        spelled = SPELLED[self.format]
        text = filled(self._wording, linked, limit=self._most - beside, cost=cost, spelled=spelled)
        return Post(
            key=post_key(edition, self.format, title, text),
            lang=edition.lang,
            title=title,
            text=text,
            url=edition.url,
            html=text if self.format == "html" else "",
            length=cost(text) + beside,
            limit=self._most,
            details={"format": self.format},
        )

    def deliver(self, post: Post) -> Receipt:
        """Send it, once. A yes is all that Apprise tells; anything else is Unsure."""
        made = service(self.url, timeout=self.timeout)
        why = sent(made, title=post.title, body=post.text, format=post.details["format"])
        if why is not None:
            raise Unsure(f"{self._name} may have it or not: {without(self.url, why)}")
        return Receipt(id=post.key, note=f"{self._name} took it")

    def find_existing(self, post: Post) -> Receipt | None:
        """Never: Apprise only sends."""
        raise NotImplementedError(f"Apprise cannot look: see whether it is there, at {self._name}")

    def update(self, receipt: Receipt, post: Post) -> Receipt:  # noqa: ARG002  never done
        """Never: always Refused."""
        raise Refused(f"Apprise cannot edit what {self._name} was sent")

    def check(self) -> list[str]:
        """Tell what the address leads to. Nobody is asked: Apprise only sends."""
        targets = len(self._service)
        found = [
            f"{self._name}, by Apprise {__version__}: up to {self._most} characters",
            "warning: whether the address is still good shows only when something is sent",
        ]
        several = f"warning: {targets} targets: where one fails, all of them are in doubt"
        return [*found, several] if targets > 1 else found

    def _title(self, edition: Edition) -> str:
        most = self._service.title_maxlen or TITLE_LIMIT
        return one_line(edition, min(most, self._most // 4), lambda title: len(escape(title)))

    def _cost(self, text: str) -> int:
        """Count code points and two for a line's end; where Apprise makes HTML of it, as that."""
        if self.format in formats(self._service):
            return len(text) + text.count("\n")
        return len(escape(text)) + len("<br/>\n") * text.count("\n")

    @property
    def _most(self) -> int:
        most = int(self._service.body_maxlen)
        return min(self.limit, most) if self.limit else most

    @property
    def _name(self) -> str:
        return str(self._service.service_name)

    @cached_property
    def _service(self) -> Any:
        return service(self.url, timeout=self.timeout)

    @cached_property
    def _wording(self) -> Wording:
        return wording(self.template, WORDS[self.format], needs=frozenset({"url"}))
