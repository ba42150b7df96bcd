"""A file for a spreadsheet computes nothing, whatever words are in it, and keeps every word."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.staff.csv_cells import cell, table


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "=cmd|' /C calc'!A0",
        "  =1",
        "\u00a0=1",
        "＝1",
        "＋1",
        "－1",
        "＠a",
    ],
)
def test_what_a_spreadsheet_would_compute_begins_with_an_apostrophe(text: str) -> None:
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize(
    ("value", "shown"),
    [("chickens", "chickens"), ("a=b", "a=b"), ("", ""), (None, ""), (-3, "-3"), (0.5, "0.5"), ("¿Cómo?", "¿Cómo?")],
)
def test_everything_else_stays_as_it_is(value: object, shown: str) -> None:
    assert cell(value) == shown


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n")), min_size=1, max_size=4))
def test_every_cell_comes_back_in_its_own_column_and_is_no_formula(texts: list[str]) -> None:
    (row,) = list(csv.reader(io.StringIO(table(texts, ()).decode("utf-8-sig"), newline="")))
    assert [read.removeprefix("'") if read != text else read for read, text in zip(row, texts, strict=True)] == texts
    assert not [read for read in row if read.lstrip(" \u00a0").startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_a_semicolon_parts_no_cell_and_excel_reads_the_letters() -> None:
    written = table(("a;=1", "ñ"), [("x", 1)])
    assert written == '\ufeff"a;=1","ñ"\r\n"x","1"\r\n'.encode()
