"""What `show` tells of an edition for programs."""

from tests.cli.home import Home


def test_in_json_all_that_the_head_says_of_time_and_place_is_told(home: Home) -> None:
    path = home.write("2026-11-05-newsletter.md")
    path.write_text(
        "---\ntitle: The Test Post\ndate: 2026-11-05\npublishDate: 2026-11-06T10:00:00+02:00\n"
        "expiryDate: 2100-01-01\naliases: /old/\nimage: {path: https://img.example/a.png, alt: A}\n"
        "---\n\nHello.\n"
    )
    told = home.run("show", str(path), "--json").json()
    assert told["not_before"] == "2026-11-06T08:00:00Z"
    assert told["expires"] == "2100-01-01T00:00:00Z"
    assert [alias.rpartition(".example")[2] for alias in told["aliases"]] == ["/old/"]
    assert told["card"] == "https://img.example/a.png"
    assert told["draft"] is False
