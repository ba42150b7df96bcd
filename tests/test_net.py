"""The net under the cues: it raises and never lowers, with a vector or without; and what the shipped one reaches."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.emergency import Level
from bot.core.net import BARS, NO_DANGER, Net, Reading, raised, settled
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


@given(LIKELY, LIKELY, st.booleans(), st.sampled_from(Level))
def test_the_net_never_lowers_what_the_cues_raised(one: float, other: float, is_whole: bool, found: Level) -> None:
    assert raised(Reading(one * other, one * (1 - other), is_whole), found) >= found


@given(LIKELY, LIKELY, LIKELY, st.booleans(), st.sampled_from(Level))
def test_more_danger_never_gives_less(low: float, high: float, share: float, is_whole: bool, found: Level) -> None:
    low, high = sorted((low, high))
    less, more = (Reading(danger * share, danger * (1 - share), is_whole) for danger in (low, high))
    assert raised(more, found) >= raised(less, found)


@pytest.mark.parametrize(("is_whole", "found"), list(product((True, False), (Level.NONE, Level.CAUTION))))
def test_the_net_raises_from_its_bars_on(is_whole: bool, found: Level) -> None:
    bar = BARS[found]
    assert raised(Reading(bar.emergency, 0.0, is_whole), found) is Level.EMERGENCY
    assert raised(Reading(0.0, bar.danger, is_whole), found) is Level.CAUTION
    assert raised(Reading(0.0, bar.danger - 0.01, is_whole), found) is found


def test_a_certain_emergency_is_raised_and_a_certain_nothing_is_not() -> None:
    for is_whole in (True, False):
        assert raised(Reading(1.0, 0.0, is_whole)) is Level.EMERGENCY
        assert raised(Reading(0.0, 0.0, is_whole)) is Level.NONE


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


@given(LIKELY, LIKELY, st.sampled_from(Level))
def test_the_net_never_lowers_what_a_hard_cue_raised(one: float, other: float, found: Level) -> None:
    assert settled(Reading(one * other, one * (1 - other)), found, is_hard=True) >= found


@given(LIKELY, LIKELY, st.sampled_from(Level))
def test_a_soft_cue_is_lowered_by_one_level_at_most(one: float, other: float, found: Level) -> None:
    assert settled(Reading(one * other, one * (1 - other)), found, is_hard=False) >= found - 1


def test_a_soft_cue_is_lowered_only_where_the_net_sees_next_to_nothing() -> None:
    seen = (Reading(0.0, 0.0), Reading(0.0, 0.5), Reading(0.0, 0.0, part_danger=0.5))
    assert [settled(each, Level.EMERGENCY, is_hard=False) for each in seen] == [1, 2, 2]
    assert [settled(each, Level.CAUTION, is_hard=False) for each in seen] == [0, 1, 1]
    assert settled(NO_DANGER, Level.NONE, is_hard=False) is Level.NONE
