"""A person's browser, as far as a sign-in needs one: shows the page, ticks, clicks, and follows.

Run as a program it allows everything: BROWSER="python tests/testing/browser.py %s &".
"""

import re
import sys

import httpx

BOX = re.compile(r'name="scope" value="([^"]+)"')


def visit(url: str, *, click: str = "allow", without: tuple[str, ...] = ()) -> str:
    """Click on a consent page, and return the address that the browser ends at."""
    with httpx.Client(timeout=10) as client:
        page = client.get(url)
        assert page.status_code == 200, page.text
        assert "Stand-in" in page.text
        ticked = [scope for scope in BOX.findall(page.text) if scope not in without]
        answer = client.post(url, data={"answer": click, "scope": ticked})
        return answer.headers["Location"]


if __name__ == "__main__":
    httpx.get(visit(sys.argv[1]), timeout=10)
