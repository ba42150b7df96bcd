"""Charts say what they show without colour, hold together as XML, and let no word of anybody become markup."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from bot.staff import charts
from bot.staff.charts import TONES, Head, Row, Series

HEAD = Head("made", "A title", "What it shows.")
STEPS = ("Nov 1", "Nov 2", "Nov 3")
TWO = (Series("First", 0, (1, 2, 3)), Series("Second", 1, (3, 2, 1)))
NASTY = "<script>alert(1)</script>\"&'"
SVG = "{http://www.w3.org/2000/svg}"


def read(chart: Markup) -> ET.Element:
    return ET.fromstring(str(chart).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))


def drawn(head: Head, word: str) -> list[Markup]:
    named = [Series(word, at, each.values) for at, each in enumerate(TWO)]
    return [
        charts.bars(head, [Row(word, (3,)), Row("Other", (1,))]),
        charts.bars(head, [Row(word, (3, 1))], named),
        charts.columns(head, (word, word, word), named),
        charts.lines(head, (word, word, word), named, unit="%"),
        charts.heat(head, [word], [word] * 24, [list(range(24))]),
    ]


@pytest.mark.parametrize("at", range(5))
def test_a_chart_is_one_picture_with_a_name_and_a_description(at: int) -> None:
    chart = read(drawn(HEAD, "Label")[at])
    assert chart.get("role") == "img"
    assert chart.get("aria-labelledby") == "made-title made-says"
    assert [chart[0].get("id"), chart[0].text] == ["made-title", "A title"]
    assert [chart[1].get("id"), chart[1].text] == ["made-says", "What it shows."]


@pytest.mark.parametrize("at", range(5))
def test_no_word_becomes_markup_and_no_style_is_written_into_the_page(at: int) -> None:
    chart = drawn(Head("made", NASTY, NASTY), NASTY)[at]
    assert "script" not in {each.tag.removeprefix(SVG) for each in read(chart).iter()}
    assert "<script" not in chart
    assert "style=" not in chart


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn"]), max_size=60))
def test_any_label_leaves_the_chart_whole(word: str) -> None:
    for chart in drawn(Head("made", word, word), word):
        assert read(chart).tag == f"{SVG}svg"


def test_series_differ_in_pattern_dash_and_mark_not_in_colour_alone() -> None:
    every = [Series(f"Series {tone}", tone, (1, 2, 3)) for tone in range(TONES)]
    patterns = [ET.tostring(each) for each in read(charts.columns(HEAD, STEPS, every)).iter(f"{SVG}pattern")]
    shapes = {re.sub(rb' (id|class)="[^"]*"', b"", each) for each in patterns}
    lines = read(charts.lines(HEAD, STEPS, every))
    dashes = {each.get("stroke-dasharray") for each in lines.iter(f"{SVG}path") if each.get("stroke-dasharray")}
    marks = {each.get("d") for each in lines.iter(f"{SVG}path") if each.get("transform")}
    assert (len(shapes), len(dashes), len(marks)) == (TONES, TONES, TONES)


def test_several_series_are_named_in_a_legend_and_one_is_not() -> None:
    def words(chart: Markup) -> list[str | None]:
        return [each.text for each in read(chart).iter(f"{SVG}text")]

    assert {"First", "Second"} <= set(words(charts.columns(HEAD, STEPS, TWO)))
    assert "First" not in words(charts.columns(HEAD, STEPS, TWO[:1]))


def test_a_bar_is_as_long_as_its_value_says() -> None:
    chart = read(charts.bars(HEAD, [Row("All", (200,)), Row("Half", (100,)), Row("None", (0,))]))
    widths = [float(each.get("width", 0)) for each in chart.iter(f"{SVG}rect") if each.get("class") == "box"]
    assert widths == [360, 180]


def test_a_gap_breaks_a_line_and_is_no_nought() -> None:
    chart = read(charts.lines(HEAD, STEPS, [Series("Shares", 0, (50, None, 70)), TWO[0]], top=100))
    line = next(each.get("d", "") for each in chart.iter(f"{SVG}path") if each.get("class") == "line s0")
    assert (line.count("M"), line.count("L")) == (2, 0)


def test_the_more_came_in_an_hour_the_larger_its_square() -> None:
    chart = read(charts.heat(HEAD, ["Mon"], ["h"] * 24, [[0, 1, 5, 10] + [0] * 20]))
    squares = [each for each in chart.iter(f"{SVG}rect") if (each.get("class") or "").startswith("h")]
    sides = [float(each.get("width", 0)) for each in squares]
    assert sides[0] < sides[1] < sides[2] < sides[3]


@pytest.mark.parametrize(
    "draw",
    [
        lambda: charts.bars(HEAD, []),
        lambda: charts.columns(HEAD, [], []),
        lambda: charts.columns(HEAD, ["Nov 1"], [Series("First", 0, (0,))]),
        lambda: charts.lines(HEAD, ["Nov 1"], [Series("First", 0, (None,))]),
        lambda: charts.heat(HEAD, [], [], []),
    ],
)
def test_nothing_to_draw_is_still_a_chart(draw: Callable[[], Markup]) -> None:
    assert read(draw()).tag == f"{SVG}svg"


@pytest.mark.parametrize(("highest", "top"), [(0, "2"), (3, "4"), (11, "20"), (21, "40"), (41, "100"), (999, "1,000")])
def test_a_scale_ends_at_a_number_that_is_easily_read(highest: int, top: str) -> None:
    chart = read(charts.columns(HEAD, ["Nov 1"], [Series("First", 0, (highest,))]))
    assert top in [each.text for each in chart.iter(f"{SVG}text")]


def test_a_meter_says_its_score_and_both_bars() -> None:
    assert 'aria-label="0.81; 0.36 is sure, 0.06 is near"' in charts.meter(0.81, 0.36, 0.06)
