"""The net under the cues: what it learns, with a vector or without, and how its reading is weighed with the cues."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.emergency import Level
from bot.core.net import DANGER, EMERGENCY, NO_DANGER, Net, Reading, Scale, settled
from bot.core.text import fold

SAID = (
    (Level.EMERGENCY, "he has a gun", "somebody has a gun here", "my house is on fire", "the house is on fire help"),
    (Level.CAUTION, "was that a gunshot or not", "i heard a bang maybe", "was that a bang", "heard a shot maybe"),
    (Level.NONE, "gun permit form", "how do i get a permit", "fire report copy", "where do i get the report"),
)
TEXTS = [(text, level) for level, *texts in SAID for text in texts]
WORDS = [fold(text).tokens for text, _ in TEXTS]
LEVELS = [level for _, level in TEXTS]
ONES = [1.0] * len(TEXTS)
VECTORS = np.array([np.eye(3)[level] for level in LEVELS], np.float32)
LIKELY = st.floats(0, 1)


def best(net: Net, text: str, vector: tuple[float, ...] | None = None) -> Level:
    reading = net.of(fold(text), None if vector is None else np.array(vector, np.float32))
    likely = {Level.EMERGENCY: reading.emergency, Level.CAUTION: reading.caution, Level.NONE: 1 - reading.danger}
    return max(likely, key=lambda level: likely[level])


@pytest.fixture(scope="module")
def net() -> Net:
    return Net.trained(WORDS, LEVELS, ONES, VECTORS)


@pytest.mark.parametrize(("text", "level"), TEXTS)
def test_what_was_learned_is_told_apart_by_words_alone(net: Net, text: str, level: Level) -> None:
    assert best(net, text) is level


def test_a_vector_tells_what_the_words_do_not(net: Net) -> None:
    assert [best(net, "qqq", (0, 0, 1)), best(net, "qqq", (0, 1, 0)), best(net, "qqq", (1, 0, 0))] == [2, 1, 0]


def test_a_reading_says_whether_a_vector_was_read(net: Net) -> None:
    assert net.of(fold("gun"), np.zeros(3, np.float32)).is_whole
    assert not net.of(fold("gun")).is_whole


def test_a_net_learned_without_an_encoder_reads_words_and_passes_vectors_by() -> None:
    alone = Net.trained(WORDS, LEVELS, ONES, None)
    assert alone.of(fold("he has a gun"), np.ones(3, np.float32)) == alone.of(fold("he has a gun"))


@pytest.mark.parametrize("text", ["", "   ", "?!..."])
def test_a_message_without_words_is_no_danger(net: Net, text: str) -> None:
    assert net.of(fold(text), np.ones(3, np.float32)) == NO_DANGER


def test_the_same_examples_give_the_same_net(net: Net) -> None:
    again = Net.trained(WORDS, LEVELS, ONES, VECTORS)
    assert again.whole is not None
    assert net.whole is not None
    assert (again.whole == net.whole).all()


def reading(danger: float, share: float, part: float | None = None) -> Reading:
    """So much danger, so much of it emergency; with a part of its own danger, or in one piece."""
    part = 0.0 if part is None else max(part, 0.001)
    return Reading(danger * share, danger * (1 - share), False, part * share, part)


@given(LIKELY, LIKELY, LIKELY, st.none() | LIKELY, st.sampled_from(Level), st.booleans())
def test_more_danger_never_gives_less(
    one: float, other: float, share: float, part: float | None, found: Level, is_hard: bool
) -> None:
    low, high = sorted((one, other))
    assert settled(reading(high, share, part), found, is_hard) >= settled(reading(low, share, part), found, is_hard)


@given(LIKELY, LIKELY, LIKELY, LIKELY, st.sampled_from(Level))
def test_a_more_alarming_part_never_gives_less(
    danger: float, share: float, one: float, other: float, found: Level
) -> None:
    low, high = sorted((one, other))
    assert settled(reading(danger, share, high), found, False) >= settled(reading(danger, share, low), found, False)


@given(LIKELY, LIKELY, st.none() | LIKELY)
def test_what_more_the_cues_find_never_gives_less(danger: float, share: float, part: float | None) -> None:
    levels = [settled(reading(danger, share, part), found, False) for found in Level]
    assert levels == sorted(levels)


@given(LIKELY, LIKELY, st.none() | LIKELY, st.sampled_from(Level))
def test_the_net_never_lowers_what_a_hard_cue_raised(
    danger: float, share: float, part: float | None, found: Level
) -> None:
    assert settled(reading(danger, share, part), found, is_hard=True) >= found


@pytest.mark.parametrize("found", Level)
def test_a_certain_emergency_is_raised_whatever_the_cues_found(found: Level) -> None:
    assert settled(Reading(1.0, 0.0), found, is_hard=False) is Level.EMERGENCY


@pytest.mark.parametrize(
    ("found", "emergency", "caution", "level"),
    [
        (Level.NONE, 0.3, 0.0, Level.NONE),
        (Level.NONE, 0.9, 0.0, Level.EMERGENCY),
        (Level.CAUTION, 0.05, 0.05, Level.NONE),
        (Level.CAUTION, 0.2, 0.1, Level.CAUTION),
        (Level.EMERGENCY, 0.02, 0.0, Level.NONE),
        (Level.EMERGENCY, 0.05, 0.1, Level.CAUTION),
        (Level.EMERGENCY, 0.2, 0.1, Level.EMERGENCY),
    ],
)
def test_a_soft_cue_lowers_the_bar_and_next_to_no_danger_outweighs_it(
    found: Level, emergency: float, caution: float, level: Level
) -> None:
    assert settled(Reading(emergency, caution), found, is_hard=False) is level


def test_what_calls_for_caution_is_no_emergency() -> None:
    assert [settled(Reading(0.0, 0.9), found, is_hard=False) for found in Level] == [Level.CAUTION] * 3


def test_harmless_words_around_it_do_not_hide_an_alarming_part() -> None:
    assert settled(Reading(0.01, 0.0, False, 0.97, 0.97), Level.NONE, is_hard=False) is Level.CAUTION
    assert settled(Reading(0.4, 0.0, False, 0.97, 0.97), Level.NONE, is_hard=False) is Level.EMERGENCY
    assert settled(Reading(0.4, 0.0), Level.NONE, is_hard=False) is not Level.EMERGENCY


def test_a_part_weighs_less_than_the_whole() -> None:
    for scale in (EMERGENCY, DANGER):
        assert 0 < scale.part < scale.whole


def test_a_scale_bears_certainty() -> None:
    scale = Scale(1.0, 1.0, dict.fromkeys(Level, 0.0))
    assert [scale.tips(likely, None, Level.NONE) for likely in (0.0, 1.0)] == [False, True]


def test_danger_beside_harmless_words_is_seen_in_its_part(net: Net) -> None:
    harmless = "how do i get a permit, and where do i get the report"
    for text in (
        f"{harmless}? he has a gun",
        f"he has a gun. {harmless}",
        f"{harmless} my house is on fire {harmless}",
    ):
        reading = net.of(fold(text))
        assert reading.part_emergency > reading.emergency


def test_a_message_in_one_short_piece_has_no_parts(net: Net) -> None:
    reading = net.of(fold("he has a gun here"))
    assert (reading.part_emergency, reading.part_danger) == (0.0, 0.0)


def test_of_a_thousand_clauses_the_first_and_the_last_are_read(net: Net) -> None:
    filler = "so where do i get the form. " * 1000
    for text in (f"my house is on fire. {filler}", f"{filler} my house is on fire"):
        assert net.of(fold(text)).part_emergency > 0.5
