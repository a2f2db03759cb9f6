"""What a mail looks like in a browser, on a phone and a desk, by day and by night.

`GOLDEN=write pytest tests/channels/test_email_looks.py` takes the pictures anew: look at them.
"""

import io
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from channels.email import Email
from publisher.domain.issue import Edition
from tests.channels.browser import CHROMIUM, Browser, browsing
from tests.channels.rich import RICH, with_pictures_inside

GOLDEN = Path(__file__).parent / "golden"
FONT = "Liberation"
TALLER = 0.03  # of the height: another version of the font or of Chromium
BLOCK = 16  # pixels: one line of text more or less is no matter inside
FAR = 12.0  # of 255: the mean distance of all blocks
SHADES = 32  # values of a colour channel that count as the same
OTHERWISE = 0.015  # of the page that has other colours
READABLE = 4.5  # contrast, WCAG 2.2 §1.4.3

# The lowest contrast of any words on the page with what lies behind them, and those words.
LOWEST_CONTRAST = """(() => {
  const numbers = colour => colour.match(/[\\d.]+/g).map(Number);
  const luminance = rgb => rgb.slice(0, 3).map(c => c / 255)
    .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = element => {
    for (; element; element = element.parentElement) {
      const colour = numbers(getComputedStyle(element).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const found = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !element.getClientRects().length) continue;
    const ink = luminance(numbers(getComputedStyle(element).color));
    const ground = luminance(behind(element));
    const [dark, light] = [ink, ground].sort((a, b) => a - b);
    found.push([(light + 0.05) / (dark + 0.05), texts.currentNode.data.trim().slice(0, 60)]);
  }
  return found.sort((a, b) => a[0] - b[0])[0];
})()"""

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium")


def page(edition: Edition = RICH) -> str:
    mail = Email(host="127.0.0.1", from_="a@harbour.example", list_id="letter.harbour.example")
    return with_pictures_inside(mail.render(edition).html)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browsing(tmp_path_factory.mktemp("chromium")) as running:
        yield running


@pytest.fixture
def font() -> None:
    """The pictures were taken with this font; others are too wide or narrow to be compared."""
    match = shutil.which("fc-match")
    chosen = (
        subprocess.run([match, "Arial"], capture_output=True, text=True, check=True).stdout
        if match
        else ""
    )
    if FONT not in chosen:
        pytest.skip("needs the font Liberation Sans: apt-get install fonts-liberation")


def blocks(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Mean colours of squares, as many as a picture of `size` has."""
    return picture.convert("RGB").resize((size[0] // BLOCK, size[1] // BLOCK), Image.Resampling.BOX)


def distance(one: Image.Image, other: Image.Image) -> float:
    difference = ImageChops.difference(blocks(one, other.size), blocks(other, other.size))
    return max(ImageStat.Stat(difference).mean)


def shades(picture: Image.Image) -> dict[object, float]:
    """The share of each colour, wherever it is."""
    coarse = picture.convert("RGB").point(lambda value: value // SHADES * SHADES)
    counted = coarse.getcolors(picture.width * picture.height) or []
    return {colour: count / (picture.width * picture.height) for count, colour in counted}


def otherwise(one: Image.Image, other: Image.Image) -> float:
    """The share of the page that has other colours."""
    here, there = shades(one), shades(other)
    return sum(abs(here.get(c, 0) - there.get(c, 0)) for c in {*here, *there}) / 2


@pytest.mark.usefixtures("font")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("name", "width"), [("phone", 390), ("desk", 1000)])
def test_a_mail_looks_as_it_did(browser: Browser, name: str, width: int, scheme: str) -> None:
    browser.show(page(), width=width, scheme=scheme)
    taken = Image.open(io.BytesIO(browser.picture())).convert("RGB")
    file = GOLDEN / f"email-{name}-{scheme}.png"
    if os.environ.get("GOLDEN") == "write":
        taken.quantize(256, dither=Image.Dither.NONE).save(file, optimize=True)
    golden = Image.open(file)
    assert taken.width == golden.width
    assert abs(taken.height - golden.height) <= TALLER * golden.height
    assert distance(taken, golden) <= FAR
    assert otherwise(taken, golden) <= OTHERWISE


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_words_can_be_read(browser: Browser, scheme: str) -> None:
    browser.show(page(replace(RICH, lang="de")), width=390, scheme=scheme)
    contrast, said = browser.measure(LOWEST_CONTRAST)
    assert contrast >= READABLE, said


@pytest.mark.parametrize("width", [320, 390, 640, 1000])
def test_nothing_is_wider_than_the_window(browser: Browser, width: int) -> None:
    browser.show(page(), width=width)
    assert browser.measure("document.documentElement.scrollWidth") == width


def test_text_is_no_wider_than_the_column_and_stands_in_the_middle(browser: Browser) -> None:
    browser.show(page(), width=1000)
    box = "document.querySelector('.page').getBoundingClientRect()"
    assert browser.measure(f"[{box}.left, {box}.width]") == [180, 640]


def test_a_picture_keeps_its_proportions_on_a_phone(browser: Browser) -> None:
    browser.show(page(), width=320)
    box = "document.querySelector('img').getBoundingClientRect()"
    width, height = browser.measure(f"[{box}.width, {box}.height]")
    assert width < 320
    assert abs(width / height - 4) < 0.05


def test_the_preheader_takes_no_room(browser: Browser) -> None:
    browser.show(page(), width=390)
    tall = "document.documentElement.scrollHeight"
    with_it = browser.measure(tall)
    browser.show(page(replace(RICH, summary="")), width=390)
    assert browser.measure(tall) == with_it


@pytest.mark.parametrize(("scheme", "page_colour"), [("light", 255), ("dark", 22)])
def test_the_whole_window_takes_the_colour_of_the_page(
    browser: Browser, scheme: str, page_colour: int
) -> None:
    browser.show(page(), width=1000, scheme=scheme)
    picture = Image.open(io.BytesIO(browser.picture())).convert("RGB")
    corners = [(2, 2), (picture.width - 3, 2), (2, picture.height - 3)]
    assert [picture.getpixel(corner)[0] for corner in corners] == [page_colour] * 3  # type: ignore[index]


def test_a_letter_from_right_to_left_has_its_bullets_on_the_right(browser: Browser) -> None:
    browser.show(page(replace(RICH, lang="ar")), width=390)
    item, list_ = (
        f"document.querySelector('{name}').getBoundingClientRect()" for name in ("li", "ul")
    )
    assert browser.measure(f"{list_}.right - {item}.right") == 26
    assert browser.measure("document.documentElement.scrollWidth") == 390
