"""Stopping a stand-in while it is at its worst."""

import logging
from concurrent.futures import ThreadPoolExecutor
from time import monotonic, sleep

import httpx
import pytest

from publisher.sandbox.networks import mastodon
from publisher.sandbox.outside import Outside
from publisher.sandbox.serving import serving


def toot(url: str) -> httpx.Response:
    signed = {"Authorization": "Bearer pretend"}
    return httpx.post(f"{url}/api/v1/statuses", json={"status": "Hello"}, headers=signed)


def test_a_hanging_stand_in_is_stopped_without_an_answer_nor_a_word(
    caplog: pytest.LogCaptureFixture,
) -> None:
    outside = Outside()
    outside.fail_next("mastodon", "timeout", seconds=60)
    logging.getLogger("uvicorn.error").addHandler(caplog.handler)
    with ThreadPoolExecutor() as pool:
        with serving(mastodon.app(outside)) as url:
            answer = pool.submit(toot, url)
            until = monotonic() + 5
            while list(outside.planned()) and monotonic() < until:
                sleep(0.01)
        with pytest.raises(httpx.RemoteProtocolError):
            answer.result(timeout=5)
    logging.getLogger("uvicorn.error").removeHandler(caplog.handler)
    assert caplog.messages == []
    assert outside.posts("mastodon") == []
