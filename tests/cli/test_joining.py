"""From the form to the list, with the real command, real processes and a mail server."""

import re
import time
from email import message_from_string, policy

import httpx

from tests.cli.home import Home, wait_until


def address_of(home: Home) -> str:
    text = (home.folder / "publisher.toml").read_text(encoding="utf-8")
    return "http://" + text.partition('bind = "')[2].partition('"')[0]


def is_up(browser: httpx.Client) -> bool:
    try:
        return browser.get("/healthz").status_code == 200
    except httpx.TransportError:
        return False


def link_in_the_mail(home: Home) -> str:
    """Where the one mail leads to."""
    [kept] = home.outside.outside.posts("email")
    mail = message_from_string(kept.fields["raw"], policy=policy.default)
    [link] = [line for line in mail.get_content().splitlines() if "/confirm/" in line]
    return str(link)


def test_a_form_leads_to_a_mail_whose_link_puts_the_reader_on_the_list(home: Home) -> None:
    with home.started("up"), httpx.Client(base_url=address_of(home), trust_env=False) as browser:
        wait_until(lambda: is_up(browser))
        [mark] = re.findall(r'name="mark" value="([^"]+)"', browser.get("/subscribe").text)
        time.sleep(2.1)  # as a person needs
        browser.headers["X-Forwarded-For"] = "198.51.100.1"  # of no proxy that is trusted
        asked = browser.post("/subscribe", data={"address": "cleo@example.com", "mark": mark})
        assert asked.status_code == 200
        wait_until(lambda: home.posts("email") == 1)
        link = link_in_the_mail(home)
        assert link.startswith(address_of(home))
        assert browser.post(link).status_code == 200
        reader = home.run("subscribers", "show", "cleo@example.com", "--json").json()
    assert reader["state"] == "confirmed"
    assert "127.0.0.0/24" in str(reader)
    assert "198.51.100" not in str(reader)
    assert link.rpartition("/")[2] not in (home.folder / "up.log").read_text()
