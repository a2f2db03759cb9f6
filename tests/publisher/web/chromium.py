"""Pages in Chromium as readers without JavaScript use them, and axe's rules over what they see.

https://chromedevtools.github.io/devtools-protocol/ and https://github.com/dequelabs/axe-core
"""

import time
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from tests.channels.browser import Browser

PATIENCE = 30.0  # seconds for a page, on a machine that does other things too
WIDTHS = {"phone": 360, "desk": 1200}
SCHEMES = ("light", "dark")
SERIOUS = """axe.run(document, {resultTypes: ["violations"]}).then(found =>
  found.violations.filter(one => ["serious", "critical"].includes(one.impact))
    .map(one => one.id + ": " + one.nodes.map(node => node.html).join(" ")))"""


def visit(browser: Browser, address: str) -> None:
    """Open a page that may run no script."""
    browser.say("Emulation.setScriptExecutionDisabled", value=True)
    before = _document(browser)
    browser.say("Page.navigate", url=address)
    _await_other(browser, before)


def fill(browser: Browser, field: str, text: str) -> None:
    """Type into the field that a selector finds."""
    browser.say("DOM.focus", nodeId=_find(browser, field))
    browser.say("Input.insertText", text=text)


def press(browser: Browser, button: str) -> None:
    """Click on what a selector finds."""
    node = _find(browser, button)
    browser.say("DOM.scrollIntoViewIfNeeded", nodeId=node)
    x, y, *_, right, bottom, _, _ = _corners(browser, node)
    for kind in ("mousePressed", "mouseReleased"):
        place = {"x": (x + right) / 2, "y": (y + bottom) / 2}
        browser.say("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **place)


def follow(browser: Browser, button: str) -> None:
    """Click on what leads to another page, and wait for that."""
    before = _document(browser)
    press(browser, button)
    _await_other(browser, before)


def heading(browser: Browser) -> str:
    """The markup of the page's heading."""
    node = _find(browser, "main h1")
    return str(browser.say("DOM.getOuterHTML", nodeId=node)["outerHTML"])


def looks(browser: Browser) -> Iterator[tuple[str, str]]:
    """The page on each device by day and by night: (device, scheme)."""
    browser.say("Emulation.setScriptExecutionDisabled", value=False)
    for device, width in WIDTHS.items():
        size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
        browser.say("Emulation.setDeviceMetricsOverride", **size)
        for scheme in SCHEMES:
            preferred = {"name": "prefers-color-scheme", "value": scheme}
            browser.say("Emulation.setEmulatedMedia", features=[preferred])
            yield device, scheme


def troubles(browser: Browser) -> list[str]:
    """What axe calls serious or critical about the page as it stands."""
    if not browser.measure("'axe' in window"):
        browser.say("Runtime.evaluate", expression=axe())
    said = browser.say(
        "Runtime.evaluate", expression=SERIOUS, awaitPromise=True, returnByValue=True
    )
    found: list[str] = said["result"]["value"]
    return found


@cache
def axe() -> str:
    """The rules as a script."""
    return files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8")


def _document(browser: Browser) -> int:
    return int(browser.say("DOM.getDocument", depth=0)["root"]["backendNodeId"])


def _await_other(browser: Browser, before: int) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        root = browser.say("DOM.getDocument", depth=0)["root"]
        whole = "DOM.querySelector", {"nodeId": root["nodeId"], "selector": "footer.bottom"}
        if root["backendNodeId"] != before and _asked(browser, *whole):
            return
        time.sleep(0.02)
    raise TimeoutError("the page does not come")


def _asked(browser: Browser, method: str, params: dict[str, Any]) -> int:
    try:
        return int(browser.say(method, **params)["nodeId"])
    except RuntimeError:  # the document went away while it was asked
        return 0


def _find(browser: Browser, selector: str) -> int:
    root = browser.say("DOM.getDocument", depth=0)["root"]["nodeId"]
    node = int(browser.say("DOM.querySelector", nodeId=root, selector=selector)["nodeId"])
    if not node:
        raise LookupError(selector)
    return node


def _corners(browser: Browser, node: int) -> list[float]:
    found: list[float] = browser.say("DOM.getBoxModel", nodeId=node)["model"]["border"]
    return found
