"""What is out of an issue, told to people, programs and the site."""

import json

from tests.cli.home import Home

KEY = "2026-11-05-newsletter"
FILE = f"{KEY}.md"
NETWORKS = ("lemmy", "mastodon", "reddit")


def test_a_published_issue_has_receipts_and_a_file_for_the_site(home: Home) -> None:
    with (home.folder / "publisher.toml").open("a") as out:
        out.write('\n[receipts]\nfolder = "data/receipts"\n')
    home.write(FILE)
    nothing = home.run("receipts", KEY)
    assert (nothing.code, "there is no such issue" in nothing.err) == (2, True)
    assert home.run("publish", KEY).code == 0
    found = home.run("receipts", KEY, "--json").json()
    by_channel = {one["channel"]: one for one in found["receipts"]}
    assert set(by_channel) == {"feed", "readers", *NETWORKS}
    assert all(by_channel[name]["url"].startswith("http") for name in NETWORKS)
    assert by_channel["readers"]["readers"] == 2
    told = home.run("receipts", KEY).out
    assert "readers (email)" in told and "2 copies delivered" in told
    file = home.folder / "data" / "receipts" / f"{KEY}.json"
    assert json.loads(file.read_text()) == found
    before = (home.content / FILE).read_text()
    written = home.run("receipts", KEY, "--write")
    assert (written.code, "3 addresses written" in written.err) == (0, True), written.err
    urls = "".join(f'  - "{by_channel[name]["url"]}"\n' for name in NETWORKS)
    after = before.replace("\n---\n\n", f"\nsyndication:\n{urls}---\n\n")
    assert (home.content / FILE).read_text() == after
    assert "says so already" in home.run("receipts", KEY, "--write").err
    assert "@" not in file.read_text().replace("/@", "")
