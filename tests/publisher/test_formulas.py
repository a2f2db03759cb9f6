"""No cell is a formula to a spreadsheet, and every cell comes back as it was."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.formulas import guarded, unguarded

BLANK = ' \t\r\n\u00a0\ufeff"'


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "  =1",
        "\u00a0=1",
        "\ufeff=1",
        "＝1",
        "＋1",
        "－1",
        "＠x",
        "=cmd|' /C calc'!A0",
    ],
)
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(cell: str) -> None:
    assert guarded(cell).startswith("'")


@pytest.mark.parametrize("cell", ["x;=1+1", "x,=1+1", "x\t=1", "x\n=1", "x| @y"])
def test_so_does_what_comes_after_another_separator(cell: str) -> None:
    assert "'" in guarded(cell)


@pytest.mark.parametrize("cell", ["", "Ann Lee", "ann@example.org", "O'Neil", "'tis", "a-b", "x=y"])
def test_plain_text_is_left_alone(cell: str) -> None:
    assert guarded(cell) == cell


ODD = st.text(alphabet="=+-@＝ '\";,|\t\r\n\u00a0\ufeffx1", max_size=12)


@given(ODD | st.text(max_size=20))
def test_what_was_guarded_comes_back_as_it_was(cell: str) -> None:
    assert unguarded(guarded(cell)) == cell


@given(st.lists(ODD, min_size=2, max_size=4), st.sampled_from(",;\t|"))
def test_no_program_finds_a_formula_in_a_guarded_row(cells: list[str], delimiter: str) -> None:
    out = io.StringIO()
    csv.writer(out).writerow([guarded(cell) for cell in cells])
    for row in csv.reader(io.StringIO(out.getvalue(), newline=""), delimiter=delimiter):
        for cell in row:
            assert not cell.strip(BLANK).startswith(tuple("=+-@＝"))
