"""The editors' page of shortcodes."""

import pytest

from publisher.rendering.shortcodes.built_in import BUILT_IN
from publisher.rendering.shortcodes.expanding import VARIABLES
from tests.docs.pages import ROOT

PAGE = (ROOT / "docs" / "shortcodes.md").read_text()


@pytest.mark.parametrize("name", [*BUILT_IN, *VARIABLES])
def test_every_name_that_is_known_is_described(name: str) -> None:
    assert f"`{name}`" in PAGE
