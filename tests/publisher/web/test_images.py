"""Pictures of editions: from our own address, checked, kept, and never anybody else's."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import httpx
import pytest
from PIL import Image
from sqlalchemy import Engine

from publisher import fetching
from publisher.sandbox.serving import serving as serving_app
from publisher.storage.engine import connect, migrate
from publisher.web import album
from publisher.web.album import Album, NoPicture
from publisher.web.app import build
from publisher.web.pictures import Picture, meant, shown, signed
from tests.publisher.fakes import edition
from tests.publisher.test_fetching import Answer, page, redirect, serving
from tests.publisher.web.conftest import CONFIG, settings_of
from tests.publisher.web.test_archive import publish

SECRET = b"s" * 32
DRAWING = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>1</script></svg>'


def drawn(kind: str = "PNG", size: tuple[int, int] = (40, 30), colour: str = "teal") -> bytes:
    file = BytesIO()
    Image.new("RGB", size, colour).save(file, kind)
    return file.getvalue()


def tags(html: str) -> list[dict[str, str | None]]:
    """The attributes of every element."""
    found = list[dict[str, str | None]]()
    reader = HTMLParser()
    reader.handle_starttag = lambda tag, attrs: found.append(dict(attrs))  # type: ignore[method-assign]
    reader.feed(html)
    return found


@contextmanager
def pages(
    folder: Path, site: str, html: str, *, config: str = ""
) -> Iterator[tuple[httpx.Client, list[str]]]:
    """The pages of a newsletter whose site is elsewhere, and the pictures of its one edition."""
    engine = connect(f"sqlite:///{folder}/publisher.db")
    migrate(engine)
    publish(engine, edition(html=html))
    settings = settings_of(CONFIG.replace("https://news.example/", site, 1) + config, folder)
    with (
        serving_app(build(settings, engine)) as address,
        httpx.Client(base_url=address, trust_env=False, timeout=30) as web,
    ):
        read = web.get("/issues/2026-11/en").text
        yield web, [str(tag["src"]) for tag in tags(read) if "alt" in tag]
    engine.dispose()


def shown_from(folder: Path, answer: Answer, name: str = "boat.png") -> httpx.Response:
    """What our address of a picture gives, whose own site answers so."""
    with (
        serving(answer) as (site, _),
        pages(folder, site, f'<p><img src="{site}{name}" alt="A boat"></p>') as (web, [src]),
    ):
        return web.get(src)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_a_picture_is_shown_from_our_address(tmp_path: Path, kind: str) -> None:
    answer = shown_from(tmp_path, page(drawn(kind), Content_Type="text/html"))
    assert answer.status_code == 200
    assert answer.content == drawn(kind)
    assert answer.headers["content-type"] == f"image/{kind.lower()}"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert "immutable" in answer.headers["cache-control"]
    assert "content-encoding" not in answer.headers


def test_an_edition_asks_nobody_else_for_anything(tmp_path: Path) -> None:
    html = (
        '<p><img width="40" src="https://cdn.example/a.png?x=1&amp;y=2" alt="src=&quot;evil&quot;"'
        ' height="30"></p><figure><img alt=" src=" src="http://other.example/b.jpg"></figure>'
    )
    with pages(tmp_path, "https://news.example/", html) as (web, images):
        read = web.get("/issues/2026-11/en").text
    assert len(images) == 2
    assert all(src.startswith("/images/") for src in images)
    [first] = [tag for tag in tags(read) if tag.get("alt") == 'src="evil"']
    assert (first["width"], first["height"]) == ("40", "30")
    loaded = [tag.get(name) for tag in tags(read) for name in ("src", "srcset", "poster", "data")]
    assert [place for place in loaded if place and not place.startswith("/")] == []
    assert {tag["href"] for tag in tags(read) if tag.get("rel") in {"stylesheet", "icon"}} == {
        place for place in re.findall(r'href="(/[\w.]+\?\w+)"', read)
    }


def test_under_a_path_pictures_have_it_too() -> None:
    html = shown(
        '<img src="https://a.example/&quot;b.png" alt="x > y">',
        revision="1",
        root="/news/images/",
        secret=lambda: SECRET,
    )
    assert re.fullmatch(
        r'<img src="/news/images/[0-9a-f]{32}/[\w-]+" loading="lazy" alt="x > y">', html
    )


def test_nobody_can_have_us_fetch_what_stands_in_no_edition(tmp_path: Path) -> None:
    with (
        serving(page(drawn())) as (site, asked),
        pages(tmp_path, site, f'<img src="{site}a.png" alt="">') as (web, [src]),
    ):
        _, _, mark, name = src.split("/")
        forged = signed(Picture(src=f"{site}b.png", revision="1"), b"another key")
        tries = [forged, f"{mark}/{forged.split('/')[1]}", f"{mark[:-1]}/{name}", f"{mark}/é"]
        tries += [f"{mark}/{name}=", f"%00/{name}", f"{mark}/", f"{'0' * 32}/{name}"]
        assert [web.get(f"/images/{one}").status_code for one in tries] == [404] * len(tries)
        assert asked == []


@pytest.mark.parametrize(
    "answer",
    [
        page(b"<html><script>alert(1)</script>", Content_Type="image/png"),
        page(DRAWING, Content_Type="image/svg+xml"),
        page(DRAWING.replace(b"<script>1</script>", b""), Content_Type="image/svg+xml"),
        page(b"\x89PNG\r\n\x1a\n" + b"\0" * 100, Content_Type="image/png"),
        page(drawn()[:-30]),
        page(b""),
        page(b"GIF89a<script>alert(1)</script>"),
        page(drawn() + b"\0" * fetching.LARGEST),
    ],
    ids=["page", "script", "drawing", "broken", "cut", "empty", "mongrel", "large"],
)
def test_what_is_no_raster_picture_is_not_served(
    tmp_path: Path, answer: Answer, caplog: pytest.LogCaptureFixture
) -> None:
    found = shown_from(tmp_path, answer)
    assert (found.status_code, found.content) == (404, b"")
    assert "a picture cannot be shown" in caplog.text
    kept = tmp_path / "publisher.state" / "pictures"
    assert not kept.exists() or list(kept.iterdir()) == []


@pytest.mark.parametrize(
    "src",
    [
        "http://127.0.0.1:{port}/a.png",
        "http://localhost:{port}/a.png",
        "http://169.254.169.254/latest/a.png",
        "http://[::1]:{port}/a.png",
        "http://10.0.0.1/a.png",
    ],
)
def test_a_picture_inside_our_network_is_not_fetched(tmp_path: Path, src: str) -> None:
    with serving(page(drawn())) as (other, asked):
        src = src.format(port=other.split(":")[2].strip("/"))
        html = f'<img src="{src}" alt="">'
        with pages(tmp_path, "https://news.example/", html) as (web, [ours]):
            assert web.get(ours).status_code == 404
    assert asked == []


def test_the_sites_own_host_leads_to_no_other_port_inside(tmp_path: Path) -> None:
    with serving(page(drawn())) as (other, asked):
        found = shown_from(tmp_path, redirect(f"{other}a.png"))
    assert (found.status_code, asked) == (404, [])


def test_a_picture_is_fetched_once_and_kept(tmp_path: Path) -> None:
    with (
        serving(page(drawn())) as (site, asked),
        pages(tmp_path, site, f'<img src="{site}a.png" alt="">') as (web, [src]),
    ):
        first, again = web.get(src), web.get(src)
        known = web.get(src, headers={"If-None-Match": first.headers["etag"]})
        head = web.head(src)
    assert asked == ["/a.png"]
    assert (first.content, again.content) == (drawn(), drawn())
    assert (known.status_code, head.status_code, head.content) == (304, 200, b"")


def test_what_could_not_be_had_is_not_asked_for_again_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        serving(page(b"")) as (site, asked),
        pages(tmp_path, site, f'<img src="{site}a.png" alt="">') as (web, [src]),
    ):
        assert [web.get(src).status_code for _ in range(3)] == [404] * 3
        assert asked == ["/a.png"]


def test_a_picture_is_not_asked_for_by_its_looks_alone(tmp_path: Path) -> None:
    """Another revision may show another picture at the same place."""
    one, other = (signed(Picture(src="https://a.example/x", revision=r), SECRET) for r in "12")
    assert one != other
    mark, name = one.split("/")
    assert meant(mark, name, SECRET) == Picture(src="https://a.example/x", revision="1")


def test_a_picture_of_the_static_folder_needs_no_site(tmp_path: Path) -> None:
    (tmp_path / "static" / "images").mkdir(parents=True)
    (tmp_path / "static" / "images" / "boat ü.png").write_bytes(drawn())
    (tmp_path / "secret.png").write_bytes(drawn(colour="red"))
    source = '\n[source]\npath = "content"\nstatic = "static"\n'
    html = "".join(
        f'<img src="https://news.example/{name}" alt="">'
        for name in ("images/boat%20%C3%BC.png?v=1", "../secret.png", "%2e%2e/secret.png")
    )
    with pages(tmp_path, "https://news.example/", html, config=source) as (web, images):
        boat, *others = [web.get(src) for src in images]
    assert (boat.status_code, boat.content) == (200, drawn())
    assert [answer.status_code for answer in others] == [404, 404]


def an_album(folder: Path, room: int = album.ROOM) -> Album:
    folder.mkdir(exist_ok=True)
    settings = settings_of(CONFIG + '\n[source]\npath = "c"\nstatic = "static"\n', folder)
    return Album(folder=folder / "pictures", settings=settings, room=room)


def test_the_album_keeps_within_its_room(tmp_path: Path) -> None:
    (tmp_path / "static").mkdir()
    one = drawn("PNG", (200, 200))
    found = an_album(tmp_path, room=len(one) * 5)
    for number in range(20):
        (tmp_path / "static" / f"{number}.png").write_bytes(one)
        found.find(Picture(src=f"https://news.example/{number}.png", revision="1"))
        size = sum(file.stat().st_size for file in found.folder.iterdir())
        assert size <= found.room
    assert found.kept(Picture(src="https://news.example/19.png", revision="1"))
    assert not found.kept(Picture(src="https://news.example/0.png", revision="1"))


def test_many_may_put_the_same_picture_into_one_album(tmp_path: Path) -> None:
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "a.png").write_bytes(drawn("PNG", (300, 300)))
    picture = Picture(src="https://news.example/a.png", revision="1")
    albums = [an_album(tmp_path) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda one: one.find(picture).body, albums))
    assert {len(body) for body in found} == {len(drawn("PNG", (300, 300)))}
    assert len(list((tmp_path / "pictures").iterdir())) == 1


def test_a_file_of_the_album_that_is_spoiled_is_got_again(tmp_path: Path) -> None:
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "a.png").write_bytes(drawn())
    picture, found = Picture(src="https://news.example/a.png", revision="1"), an_album(tmp_path)
    found.find(picture)
    [file] = found.folder.iterdir()
    file.write_bytes(b"<script>")
    assert found.find(picture).body == drawn()


def test_an_album_that_cannot_be_written_is_no_bug(tmp_path: Path) -> None:
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "a.png").write_bytes(drawn())
    found = an_album(tmp_path)
    found.folder.write_text("a file is in its place")
    with pytest.raises(NoPicture, match="cannot be kept"):
        found.find(Picture(src="https://news.example/a.png", revision="1"))


def test_the_key_is_the_stores_own(engine: Engine, tmp_path: Path) -> None:
    """So that several processes sign alike, and a copy of a link outlives a restart."""
    publish(engine, edition(html='<img src="https://a.example/x.png" alt="">'))
    read = []
    for _ in range(2):
        with (
            serving_app(build(settings_of(CONFIG, tmp_path), engine)) as address,
            httpx.Client(base_url=address, trust_env=False) as web,
        ):
            read.append(web.get("/issues/2026-11/en").text)
    assert read[0] == read[1]
