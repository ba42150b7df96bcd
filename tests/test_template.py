"""Gaps to statements: every language at once, every fault at once, moments that mean one moment."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.advisory import Content
from bot.core.moment import MomentUnclear, clock, in_words, moment
from bot.core.problem import NotReady
from bot.core.template import filled, unfilled
from bot.core.topic import Template
from tests.advisory_builders import AREA, NOW
from tests.staff_builders import ROAD, TYPED, announcing

ZONE = ZoneInfo("America/New_York")
PHRASES = announcing().phrases
HIDDEN = "more than plain words on one line; type it on one line, without tabs or hidden marks"


def fill(template: Template = ROAD, **typed: str) -> Content:
    return filled(template, TYPED | typed, area=AREA, phrases=PHRASES, zone=ZONE, now=NOW)


def faults(**typed: str) -> list[str]:
    with pytest.raises(NotReady) as refused:
        fill(ROAD, **typed)
    return [str(problem) for problem in refused.value.problems]


def test_one_set_of_values_fills_every_language() -> None:
    told = fill(near="near West Street").statements
    assert told["en"].hazard == "Main Street is closed: a crash."
    assert told["es"].hazard == "Main Street está cerrada: un choque."
    assert told["pt"].hazard == "Main Street está fechada: uma batida."
    assert {said.place for said in told.values()} == {"Main Street near West Street"}
    assert told["en"].time == "Until: 6:00 PM on Tuesday, November 24"
    assert told["es"].time == "Hasta: 6:00 p. m. del martes 24 de noviembre"
    assert told["pt"].time == "Até: 18h de terça-feira, 24 de novembro"


def test_an_optional_gap_leaves_no_hole() -> None:
    assert fill().statements["en"].place == "Main Street"


def test_what_was_typed_is_kept_beside_the_words() -> None:
    content = fill(street="  Main   Street ")
    assert (content.template, content.level, content.topic) == ("road-closed", ROAD.level, "traffic")
    assert content.slots == TYPED


def test_it_lasts_until_the_last_moment_to_come_or_as_long_as_the_template_says() -> None:
    assert fill().expires_at == datetime(2026, 11, 24, 23, 0, tzinfo=UTC)
    assert fill(end="2026-11-24 08:00").expires_at == NOW + timedelta(hours=6)
    soon = NOW + timedelta(hours=1)
    told = filled(ROAD, TYPED, area=AREA, phrases=PHRASES, zone=ZONE, now=NOW, expires_at=soon)
    assert told.expires_at == soon


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"street": ""}, 'street: nothing typed; give What it is as street="..."'),
        ({"street": "Main\nStreet"}, f"street: {HIDDEN}"),
        ({"street": "Main\u202eStreet"}, f"street: {HIDDEN}"),
        ({"street": "Main {reason}"}, "street: a brace or an angle bracket in it; leave { } < > out"),
        ({"street": "<b>Main</b>"}, "street: a brace or an angle bracket in it; leave { } < > out"),
        ({"street": "x" * 121}, "street: 121 characters; at most 120: name the place, not the story"),
        ({"minutes": "ten"}, "minutes: not a number; type digits only, at most nine"),
        ({"minutes": "-3"}, "minutes: not a number; type digits only, at most nine"),
        ({"reason": "aliens"}, "reason: not one of the choices; choose crash | flood"),
        ({"end": "tonight"}, "end: not a clear moment; a day and an hour are wanted, such as 2026-11-24 18:00"),
        ({"colour": "red"}, "colour: `road-closed` has no such gap; it has street, reason, end, minutes, near"),
    ],
)  # fmt: skip
def test_a_value_that_does_not_fit_is_told_with_what_is_wanted(typed: dict[str, str], said: str) -> None:
    assert faults(**typed) == [said]


def test_every_fault_is_told_at_once() -> None:
    told = faults(street="", minutes="ten", reason="aliens", end="tonight", colour="red")
    assert [line.split(":")[0] for line in told] == ["colour", "street", "reason", "end", "minutes"]


@pytest.mark.parametrize("typed", ["crash", "CRASH", "a crash", "Un choque", "uma batida"])
def test_a_choice_is_known_by_its_name_or_its_words_in_any_language(typed: str) -> None:
    assert fill(reason=typed).statements["pt"].hazard.endswith("uma batida.")


def test_what_stands_in_one_gap_is_never_read_as_another() -> None:
    sly = replace(ROAD, statements={"en": replace(ROAD.statements["en"], place="{near} {street}")})
    assert fill(sly, near="100% $& \\1").statements["en"].place == "100% $& \\1 Main Street"


def test_a_gap_that_no_slot_fills_stays_to_be_seen() -> None:
    odd = replace(ROAD, statements={"en": replace(ROAD.statements["en"], place="{street} {nowhere}")})
    assert unfilled(fill(odd).statements["en"].place) == ("nowhere",)


@pytest.mark.parametrize(
    ("typed", "en", "es", "pt"),
    [
        ("2026-11-24 18:00", "6:00 PM", "6:00 p. m.", "18h"),
        ("2026-11-24 18:30", "6:30 PM", "6:30 p. m.", "18h30"),
        ("2026-11-24 00:05", "12:05 AM", "12:05 a. m.", "0h05"),
        ("2026-11-24 12:00", "12:00 PM", "12:00 p. m.", "12h"),
        ("2026-11-24 09:07", "9:07 AM", "9:07 a. m.", "9h07"),
        ("2026-11-24T13:00", "1:00 PM", "1:00 p. m.", "13h"),
    ],
)
def test_an_hour_is_written_as_each_language_writes_it(typed: str, en: str, es: str, pt: str) -> None:
    at = moment(typed, ZONE)
    assert [clock(at, language, PHRASES) for language in ("en", "es", "pt")] == [en, es, pt]


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("2027-03-14 02:30", "clocks go forward that night and skip this hour"),
        ("2026-11-01 01:30", "clocks go back that night and pass this hour twice"),
        ("2026-11-24 00:00", "midnight may be read as either day's"),
        ("2026-02-30 18:00", "there is no such day or hour"),
        ("2026-11-24 24:00", "there is no such day or hour"),
        ("6 PM", "a day and an hour are wanted"),
        ("2026-11-24 18:00Z", "a day and an hour are wanted"),
        ("", "a day and an hour are wanted"),
    ],
)
def test_what_is_not_one_moment_is_refused_with_what_to_type(typed: str, why: str) -> None:
    with pytest.raises(MomentUnclear, match=why):
        moment(typed, ZONE)


@pytest.mark.parametrize("typed", ["2027-03-14 01:59", "2027-03-14 03:00", "2026-11-01 00:59", "2026-11-01 02:00"])
def test_the_hours_beside_a_change_of_the_clocks_are_fine(typed: str) -> None:
    assert moment(typed, ZONE).strftime("%Y-%m-%d %H:%M") == typed


@given(st.integers(0, 2 * 365 * 24 * 60))
def test_every_moment_that_is_taken_reads_back_as_itself(minutes: int) -> None:
    typed = (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)).strftime("%Y-%m-%d %H:%M")
    try:
        taken = moment(typed, ZONE)
    except MomentUnclear:
        return
    assert taken.astimezone(UTC).astimezone(ZONE).strftime("%Y-%m-%d %H:%M") == typed
    assert all(in_words(taken, language, PHRASES) for language in ("en", "es", "pt"))
