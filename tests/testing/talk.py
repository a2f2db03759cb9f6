"""A person at a terminal, as far as connecting a channel needs one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from publisher.cli import browsing
from tests.testing import browser


@dataclass(kw_only=True)
class Person:
    """Answers by the first word of a question; clicks on a page as `click` and `without` say.

    `said` is what was shown, `asked` what was asked for.
    """

    answers: Mapping[str, str] = field(default_factory=dict)
    click: str = "allow"
    without: tuple[str, ...] = ()
    redirect_uri: str = "http://127.0.0.1:8914/"
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    changed: Callable[[dict[str, str]], dict[str, str]] = lambda query: query

    def say(self, words: str) -> None:
        self.said.append(words)

    def ask(self, question: str, default: str = "") -> str:
        self.asked.append(question)
        return self.answers.get(question.partition(" ")[0], default)

    def secret(self, question: str, known: str = "") -> str:
        return self.ask(question, known)

    def browse(self, url_for: Callable[[str], str]) -> Mapping[str, str]:
        state = browsing.new_state()
        url = url_for(state)
        self.said.append(url)
        ended = browser.visit(url, click=self.click, without=self.without)
        return browsing.judged(self.changed(browsing.query_of(ended)), state)
