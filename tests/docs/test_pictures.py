"""The pictures of the documentation are taken anew, and show the same pages."""

from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from tests.channels.browser import CHROMIUM
from tests.pictures import FOLDER, take_all


def difference(one: Path, other: Path) -> float:
    """The mean difference of a pixel, of 255: less than one for a page taken twice."""
    with Image.open(one) as here, Image.open(other) as there:
        found = ImageChops.difference(here.convert("L"), there.convert("L"))
    return float(ImageStat.Stat(found).mean[0])


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium")
def test_each_picture_is_most_like_the_page_it_is_said_to_show(tmp_path: Path) -> None:
    """Not pixel for pixel: a machine's fonts, and the time of day, are its own."""
    take_all(tmp_path)
    taken = sorted(tmp_path.iterdir())
    assert len(taken) >= 6
    for one in taken:
        kept = FOLDER / one.name
        with Image.open(one) as here, Image.open(kept) as there:
            assert here.size == there.size, f"{one.name}: `make pictures`, and look"
        nearest = min(taken, key=lambda other: difference(other, kept))
        assert nearest == one, f"{one.name} looks like {nearest.name}: `make pictures`, and look"
