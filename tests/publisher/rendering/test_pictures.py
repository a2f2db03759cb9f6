"""Pictures: found, measured, told apart, and no way out of their folder."""

import os
import struct
import tempfile
import zlib
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from publisher.domain.issue import Edition, Image, telling_image
from publisher.rendering.pictures import measuring
from publisher.rendering.pictures.measuring import Picture, measured
from publisher.rendering.pictures.shelf import Shelf, picture
from publisher.rendering.reading import read_edition
from tests.publisher.rendering.sources import HEAD, SITE, issue, written

PAGE = "https://example.org/2026/06/an-issue/"
SVG = '<svg xmlns="http://www.w3.org/2000/svg"{}>{}</svg>'


def drawn(kind: str, width: int = 8, height: int = 6, **options: object) -> bytes:
    raw = BytesIO()
    Pillow.new("RGB", (width, height)).save(raw, kind, **options)
    return raw.getvalue()


PNG = drawn("PNG")


def measure(folder: Path, raw: bytes) -> Picture:
    return measured(str(written(folder, raw, name="picture")))


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, *before: bytes) -> bytes:
    """A PNG that announces so many pixels and holds none."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    rest = chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(before) + rest


def gif(frames: int) -> bytes:
    frame = b"!\xf9\x04\0\0\0\0\0" + b",\0\0\0\0\1\0\1\0\0" + b"\2\2L\1\0"
    return b"GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff" + frame * frames + b";"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "AVIF"])
def test_a_picture_is_told_by_its_content(tmp_path: Path, kind: str) -> None:
    raw = drawn(kind, 30, 20)
    expected = Picture(type=f"image/{kind.lower()}", size=len(raw), width=30, height=20)
    assert measure(tmp_path, raw) == expected


@pytest.mark.parametrize("options", [{"lossless": True}, {"lossless": False}, {"exif": b"x" * 9}])
def test_every_kind_of_webp_is_measured(tmp_path: Path, options: dict[str, object]) -> None:
    found = measure(tmp_path, drawn("WEBP", 300, 17, **options))
    assert (found.width, found.height, found.trouble) == (300, 17, "")


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "PNG"])
def test_a_picture_taken_sideways_is_measured_upright(tmp_path: Path, kind: str) -> None:
    for orientation, size in ((1, (30, 20)), (3, (30, 20)), (6, (20, 30)), (8, (20, 30))):
        exif = Pillow.Exif()
        exif[0x0112] = orientation
        found = measure(tmp_path, drawn(kind, 30, 20, exif=exif.tobytes()))
        assert (found.width, found.height) == size


@pytest.mark.parametrize("exif", [b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"\0" * 40])
def test_broken_exif_turns_nothing(tmp_path: Path, exif: bytes) -> None:
    found = measure(tmp_path, drawn("JPEG", 30, 20, exif=exif))
    assert (found.width, found.height, found.trouble) == (30, 20, "")


@pytest.mark.parametrize(
    ("raw", "trouble"),
    [
        (png(50_000, 50_000), "50000 x 50000 pixels, more than can be shown"),
        (png(0, 5), "a broken picture"),
        (PNG[:30], "a broken picture"),
        (PNG[:-20], "cut short"),
        (drawn("JPEG", 300, 300)[:-50], "cut short"),
        (drawn("GIF", 300, 300)[:-50], "a broken picture"),
        (drawn("GIF", 300, 300)[:-1], "cut short"),
        (drawn("WEBP", 300, 300)[:-10], "cut short"),
        (gif(10_000), "more than 2000 frames"),
        (png(5, 5, chunk(b"acTL", struct.pack(">II", 10_000, 0))), "more than 2000 frames"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 500, "a broken picture"),
        (b"RIFF\x3c\0\0\0WEBPVP8 " + b"\0" * 52, "no pixels"),
        (b"RIFF\xff\xff\xff\xffWEBPVP8 " + b"\0" * 40, "a broken picture"),
        (b"<!doctype html><p>Not found", "no PNG, JPEG"),
        (b"MZ\x90\0" + b"\0" * 60, "no PNG, JPEG"),
        (b"BM" + b"\0" * 60, "no PNG, JPEG"),
        (b"", "the file is empty"),
    ],
    ids=lambda value: value[:20].decode("ascii", "replace") if isinstance(value, bytes) else value,
)
def test_what_is_no_good_picture_is_named(tmp_path: Path, raw: bytes, trouble: str) -> None:
    found = measure(tmp_path, raw)
    assert trouble in found.trouble
    assert found == Picture(trouble=found.trouble)


def test_an_animation_of_some_frames_is_fine(tmp_path: Path) -> None:
    assert measure(tmp_path, gif(60)) == Picture(
        type="image/gif", size=len(gif(60)), width=1, height=1
    )


def test_a_file_of_many_megabytes_is_not_read(tmp_path: Path) -> None:
    path = written(tmp_path, PNG, name="huge.png")
    os.truncate(path, measuring.LARGEST + 1)
    assert measured(str(path)).trouble == "larger than 64 MB"


@pytest.mark.parametrize(
    ("attributes", "size"),
    [
        (' width="40" height="30"', (40, 30)),
        (' width="40px" height="1in"', (40, 96)),
        (' viewBox="0 0 640 480"', (640, 480)),
        (' width="100%" height="100%" viewBox="0,0,64,48"', (64, 48)),
        (' width="320" viewBox="0 0 640 480"', (320, 240)),
        (' height="1e999" viewBox="0 0 1e999 5"', (0, 0)),
        (' width="-4" height="5"', (0, 0)),
        (' viewBox="a b c d e"', (0, 0)),
        ("", (0, 0)),
    ],
)
def test_a_drawing_tells_its_size(tmp_path: Path, attributes: str, size: tuple[int, int]) -> None:
    raw = '<?xml version="1.0" encoding="UTF-16"?>\n<!-- by hand -->' + SVG.format(attributes, "")
    found = measure(tmp_path, raw.encode())
    assert (found.type, found.trouble) == ("image/svg+xml", "")
    assert (found.width, found.height) == size


LAUGHS = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    ("raw", "trouble"),
    [
        (SVG.format("", "<script>alert(1)</script>"), "script"),
        (SVG.format(' onload="alert(1)"', ""), "script"),
        (SVG.format("", '<a href=" java\nscript:x"><path/></a>'), "script"),
        (SVG.format("", "<foreignObject/>"), "script"),
        (f'<!DOCTYPE svg [<!ENTITY a0 "ha">{LAUGHS}]>' + SVG.format("", "&a9;"), "entities"),
        (
            '<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
            + SVG.format(' width="&x;"', "&x;"),
            "entities",
        ),
        ("<svg><p>", "broken SVG"),
        ("<svg>" + "<g>" * 100_000, "broken SVG"),
        ("<svg></svg>", "no SVG"),
        (SVG.format("", "<!--" + "x" * 1024**2 + "-->"), "larger than 1 MB"),
        (SVG.format("", "\udcff"), "not UTF-8"),
    ],
    ids=lambda value: ascii(value[:60]),
)
def test_a_drawing_that_acts_is_not_shown(tmp_path: Path, raw: str, trouble: str) -> None:
    found = measure(tmp_path, raw.encode("utf-8", "surrogateescape"))
    assert trouble in found.trouble
    assert not found.type


@settings(max_examples=300, deadline=None)
@given(data=st.data(), kind=st.sampled_from(["PNG", "JPEG", "GIF", "WEBP", "AVIF", "SVG"]))
def test_any_damage_is_survived(data: st.DataObject, kind: str) -> None:
    whole = SVG.format(' width="3"', "<a/>").encode() if kind == "SVG" else drawn(kind, 40, 30)
    raw = bytearray(whole)
    for _ in range(data.draw(st.integers(0, 8))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(raw)))
    with tempfile.TemporaryDirectory() as folder:
        found = measured(str(written(Path(folder), bytes(raw[:cut]), name="damaged")))
    assert bool(found.type) is not bool(found.trouble)


def test_a_file_is_read_once_until_it_changes(tmp_path: Path) -> None:
    path = written(tmp_path, PNG, name="a.png")
    measured(str(path))
    before = measuring._measured.cache_info()
    assert measured(str(path)).width == 8
    assert measuring._measured.cache_info().misses == before.misses
    path.write_bytes(drawn("PNG", 99, 99))
    assert measured(str(path)).width == 99


def test_a_file_that_went_away_is_named(tmp_path: Path) -> None:
    assert "cannot be read" in measured(str(tmp_path / "gone.png")).trouble
    assert "cannot be read" in measured("a\0b").trouble


def test_pictures_in_the_static_folder_are_found(tmp_path: Path) -> None:
    static = tmp_path / "static"
    path = written(static, PNG, name="images/a b.png")
    body = "![x](/images/a%20b.png) ![y](/images/none.png) ![z](https://a.example/z.png)"
    images = issue(tmp_path, body, static=static).images
    assert [image.path for image in images] == [str(path.resolve()), "", ""]
    assert [image.trouble for image in images] == ["", "there is no such file", ""]
    whole = issue(tmp_path, "![x](https://example.org/images/a%20b.png)", static=static)
    assert whole.images[0].path == str(path.resolve())


def test_pictures_beside_a_bundle_are_found(tmp_path: Path) -> None:
    path = written(tmp_path, PNG, name="2026-06/a.png")
    body = f"![x](a.png) ![x](./a.png) ![x]({PAGE}a.png) ![y](b.png)"
    images = issue(tmp_path, body, name="2026-06/index.md").images
    assert [image.path for image in images] == [str(path.resolve())] * 3 + [""]
    assert images[0].src == PAGE + "a.png"
    assert images[3].trouble == "there is no such file"


def test_a_translated_bundle_shows_the_pictures_of_its_original(tmp_path: Path) -> None:
    written(tmp_path, f"---\n{HEAD}---\nHello.", name="2026-06/index.md")
    written(tmp_path, png(8, 6), name="2026-06/a.png")
    head = "title: Ausgabe\ndate: 2026-06-05\nimage: a.png\n"
    body = "![a](a.png) ![none](none.png) ![b](/b.png)"
    edition = issue(tmp_path, body, head=head, name="2026-06/index.de.md")
    assert [image.src for image in edition.images] == [
        "https://example.org/2026/06/an-issue/a.png",
        "https://example.org/de/2026/06/ausgabe/none.png",
        "https://example.org/b.png",
    ]
    assert all(f'src="{image.src}"' in edition.html for image in edition.images)
    assert edition.image is not None
    assert edition.image.src == "https://example.org/2026/06/an-issue/a.png"


def test_pictures_beside_a_single_file_are_found(tmp_path: Path) -> None:
    path = written(tmp_path, PNG, name="a.png")
    images = issue(tmp_path, "![x](a.png) ![y](b.png)").images
    assert [image.path for image in images] == [str(path.resolve()), ""]
    assert images[1].trouble == ""  # the generator may make it


@pytest.mark.parametrize(
    ("written_as", "served_as"),
    [
        ("/assets/x/a.png", "https://example.org/assets/x/a.png"),
        ("../assets/x/a.png", "https://example.org/assets/x/a.png"),
        ("{static}/assets/x/a.png", "https://example.org/assets/x/a.png"),
        ("@site/static/assets/x/a.png", "https://example.org/assets/x/a.png"),
        ("/assets/x/a.png?v=2#top", "https://example.org/assets/x/a.png?v=2#top"),
    ],
)
def test_the_habits_of_other_generators_are_known(
    tmp_path: Path, written_as: str, served_as: str
) -> None:
    path = written(tmp_path, PNG, name="assets/x/a.png")
    shelf = Shelf(page="https://example.org/posts/", site=SITE, static=tmp_path)
    found = picture(written_as, shelf)
    assert (found.src, found.path) == (served_as, str(path.resolve()))


def test_a_site_in_a_folder_finds_its_pictures(tmp_path: Path) -> None:
    path = written(tmp_path, PNG, name="images/a.png")
    site = replace(SITE, base_url="https://example.org/blog/")
    shelf = Shelf(page="https://example.org/blog/x/", site=site, static=tmp_path)
    for reference in ("/images/a.png", "/blog/images/a.png", "../images/a.png"):
        assert picture(reference, shelf).path == str(path.resolve())


@pytest.mark.parametrize(
    "src",
    [
        "/../secret.png",
        "/%2e%2e/secret.png",
        "/%252e%252e/secret.png",
        "/images/../../secret.png",
        "/images/..%2f..%2fsecret.png",
        "../secret.png",
        "/out.png",
        "/folder/secret.png",
        "/pipe.png",
        "/loop.png",
        "/a%00.png",
        "/",
        "/images",
        "/" + "x" * 5000,
        "//etc/passwd",
        "/\\..\\secret.png",
        "/C:/secret.png",
        "C:\\secret.png",
        "file:///etc/passwd",
        "https://example.org/../secret.png",
        "https://example.org@evil.example/x.png",
    ],
)
def test_no_picture_is_taken_from_outside(tmp_path: Path, src: str) -> None:
    static = tmp_path / "static"
    (static / "images").mkdir(parents=True)
    secret = written(tmp_path, PNG, name="secret.png")
    (static / "out.png").symlink_to(secret)
    (static / "folder").symlink_to(tmp_path)
    (static / "loop.png").symlink_to(static / "loop.png")
    os.mkfifo(static / "pipe.png")
    text = f"---\n{HEAD}---\n![x]({src})"
    path = written(tmp_path, text, name="content/2026-06/index.md")
    edition = read_edition(path, root=tmp_path / "content", site=SITE, static=static)
    assert [image.path for image in edition.images] in ([], [""])


def test_a_picture_has_all_that_its_file_tells(tmp_path: Path) -> None:
    path = written(tmp_path, drawn("PNG", 300, 200), name="cat.jpg")
    image = issue(tmp_path, "![A cat](/cat.jpg)", static=tmp_path).images[0]
    assert image == Image(
        src="https://example.org/cat.jpg",
        alt="A cat",
        path=str(path.resolve()),
        type="image/png",
        size=path.stat().st_size,
        width=300,
        height=200,
    )


def test_a_picture_that_is_a_web_page_has_no_file(tmp_path: Path) -> None:
    written(tmp_path, "<!doctype html>", name="a.png")
    image = issue(tmp_path, "![A](/a.png)", static=tmp_path).images[0]
    assert (image.path, image.type) == ("", "")
    assert image.trouble.startswith("no PNG")


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("![A](/a.png)", '<img src="{}" alt="A" width="300" height="200">'),
        ('{{{{< figure src="/a.png" alt="A" width="60" >}}}}', '<img src="{}" alt="A" width="60">'),
        ('<img src="/a.png" alt="A" height=9>', '<img src="{}" alt="A" height="9">'),
        ('![](/a.png "T")', '<img src="{}" alt="T" title="T" width="300" height="200">'),
        ("![](/a.png)", '<img src="{}" alt="" width="300" height="200">'),
    ],
)
def test_a_page_knows_how_much_room_to_keep(tmp_path: Path, source: str, shown: str) -> None:
    written(tmp_path, drawn("PNG", 300, 200), name="a.png")
    html = issue(tmp_path, source.replace("{{{{", "{{").replace("}}}}", "}}"), static=tmp_path).html
    assert shown.format("https://example.org/a.png") in html


def test_a_picture_from_elsewhere_is_as_large_as_the_source_says(tmp_path: Path) -> None:
    body = "<img src=https://a.example/1.png alt=x width=640px height=480><img src=/2 width=9e9>"
    sizes = [(image.width, image.height) for image in issue(tmp_path, body).images]
    assert sizes == [(640, 480), (0, 0)]


@pytest.mark.parametrize(
    ("body", "alt", "caption"),
    [
        ("<figure><img src=/a><figcaption>A <b>b</b></figcaption></figure>", "A b", "A b"),
        ("<figure><figcaption>Above</figcaption><img src=/a></figure>", "Above", "Above"),
        ("<figure><img src=/a alt=mine><figcaption>C</figcaption></figure>", "mine", "C"),
        ("<figure><a href=/x><img src=/a title=t></a></figure>", "t", "t"),
        ('![](/a "The title")', "The title", "The title"),
        ('![alt](/a "The title")', "alt", "The title"),
        ("<figure></figure><figcaption>no</figcaption>\n\n![](/a)", "", ""),
    ],
)
def test_a_picture_without_words_takes_its_captions(
    tmp_path: Path, body: str, alt: str, caption: str
) -> None:
    edition = issue(tmp_path, body)
    assert [(image.alt, image.caption) for image in edition.images] == [(alt, caption)]
    assert f'alt="{alt}"' in edition.html or not alt


def test_pictures_of_one_figure_share_its_caption(tmp_path: Path) -> None:
    one = "<figure><img src=/a><img src=/b><figcaption>Both</figcaption></figure>"
    images = issue(tmp_path, one + "<figure><img src=/c></figure>").images
    assert [image.caption for image in images] == ["Both", "Both", ""]


def test_a_part_for_some_channels_is_still_fenced_in_where_it_was(tmp_path: Path) -> None:
    written(tmp_path, drawn("PNG", 300, 200), name="a.png")
    part = "<!-- publisher: only email -->\n\nMail\n\n<!-- publisher: end -->"
    edition = issue(tmp_path, f"![A](/a.png)\n\n{part}", static=tmp_path)
    assert [edition.html[f.start : f.end].strip() for f in edition.fences] == ["<p>Mail</p>"]


@pytest.fixture
def edition(tmp_path: Path) -> Edition:
    return issue(tmp_path, "a")


def shown(name: str, width: int = 0, height: int = 0, **rest: object) -> Image:
    image = Image(src=f"https://example.org/images/{name}", width=width, height=height)
    return replace(image, **rest)  # type: ignore[arg-type]  # whatever field a test is about


CHART = shown("chart.png", 800, 600, type="image/png")


@pytest.mark.parametrize(
    "passed_over",
    [
        shown("xmpp_newsletter_banner.jpg", 1200, 600),
        shown("newsletterbanner2.jpg"),
        shown("Logo-2024.png"),
        shown("logos/gsoc.svg"),
        shown("icons/x.png"),
        shown("author-avatar.png", 200, 200),
        shown("spacer.gif"),
        replace(CHART, src="https://img.shields.io/github/stars/a/b"),
        shown("dot.gif", 1, 1),
        shown("small.png", 90, 60),
        shown("line.png", 800, 8),
        shown("strip.png", 1000, 200),
        shown("drawing", 800, 600, type="image/svg+xml"),
        shown("drawing.svg?v=1"),
        shown("photo.avif"),
        shown("heavy.png", 800, 600, size=11 * 1024**2),
        shown("poster.png", 9000, 9000),
        shown("gone.png", trouble="there is no such file"),
    ],
    ids=lambda image: image.src,
)
def test_a_card_shows_a_better_picture_than(edition: Edition, passed_over: Image) -> None:
    images = (passed_over, CHART, shown("last.png"))
    assert telling_image(replace(edition, images=images)) == CHART


@pytest.mark.parametrize(
    "name", ["catalogo.png", "silicon.png", "logout-dialog.png", "badger.jpg", "iconv.png"]
)
def test_a_name_only_like_a_logos_is_no_logo(edition: Edition, name: str) -> None:
    assert telling_image(replace(edition, images=(shown(name), CHART))) == shown(name)


def test_a_bundle_about_a_logo_still_has_its_picture(edition: Edition) -> None:
    image = replace(CHART, src="https://example.org/2026/06/our-new-logo/chart.png")
    assert telling_image(replace(edition, images=(image,))) == image


def test_a_picture_shown_twice_is_decoration(edition: Edition) -> None:
    line = shown("wave.png", 800, 400)
    assert telling_image(replace(edition, images=(line, CHART, line))) == CHART


def test_a_strip_or_a_drawing_is_better_than_nothing(edition: Edition) -> None:
    strip, drawing = shown("strip.png", 1000, 200), shown("a.svg", type="image/svg+xml")
    assert telling_image(replace(edition, images=(strip,))) == strip
    assert telling_image(replace(edition, images=(drawing,))) == drawing
    assert telling_image(replace(edition, images=(shown("banner.png"),))) is None


def test_a_picture_in_trouble_is_taken_last(edition: Edition) -> None:
    gone, strip = shown("gone.png", trouble="no such file"), shown("strip.png", 1000, 200)
    assert telling_image(replace(edition, images=(gone, strip))) == strip
    assert telling_image(replace(edition, images=(gone,))) == gone


def test_the_front_matter_has_the_first_word(edition: Edition) -> None:
    named = shown("logo.png", 10, 10)
    assert telling_image(replace(edition, image=named, images=(CHART,))) == named
    gone = replace(named, trouble="there is no such file")
    assert telling_image(replace(edition, image=gone, images=(CHART,))) == CHART
