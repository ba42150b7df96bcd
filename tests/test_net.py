"""The net under the cues: what it learns, with a vector or without, and how its reading is weighed with the cues."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.emergency import Level
from bot.core.features import Features, Sparse
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


@pytest.fixture
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


@pytest.mark.parametrize("has_vectors", [False, True])
@pytest.mark.parametrize(("danger", "none", "level"), [(1.0, 5.0, Level.NONE), (5.0, 1.0, Level.EMERGENCY)])
def test_an_example_that_counts_more_outweighs_another(
    danger: float, none: float, level: Level, has_vectors: bool
) -> None:
    levels, vectors = [Level.EMERGENCY, Level.NONE], np.ones((2, 3), np.float32) if has_vectors else None
    torn = Net.trained([fold("gun show").tokens] * 2, levels, [danger, none], vectors)
    assert best(torn, "gun show", (1, 1, 1)) is level


@dataclass(slots=True)
class Hears:
    """Features of which a message has one, by its first word's number; keeps what it is asked about."""

    count: int = 3
    asked: list[str] = field(default_factory=list)

    def of(self, words: Sequence[str]) -> Sparse:
        self.asked.append(" ".join(words))
        return Sparse(np.array([int(words[0]) if words[0].isdigit() else 0], np.int32), np.ones(1, np.float32))


def weights(*chances: Sequence[float]) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Weights under which each feature has its chances of nothing, caution and emergency."""
    return np.log(np.array(chances, np.float32))


ALONE = weights((0.5, 0.3, 0.2), (0.7, 0.2, 0.1), (0.1, 0.3, 0.6))
WHOLE = weights((0.4, 0.4, 0.2), (0.9, 0.1, 1e-9), (0.2, 0.2, 0.6), (0.25, 0.5, 0.25))


@pytest.mark.parametrize(
    ("text", "vector", "expected"),
    [
        ("0 is fine", None, (0.2, 0.3, False, 0, 0)),
        ("1 is fine. 2 is bad", None, (0.1, 0.2, False, 0.6, 0.9)),
        ("2 is bad. 1 is fine. 0 is fine", None, (0.6, 0.3, False, 0.6, 0.9)),
        ("0 is fine", (0.0,), (0.2, 0.35, True, 0, 0)),
        ("0 is fine", (1.0,), ((0.2 + 0.05 / 0.35) / 2, (0.3 + 0.2 / 0.35) / 2, True, 0, 0)),
        ("1 is fine. 2 is bad", (0.0,), (0.05, 0.15, True, 0.6, 0.9)),
    ],
)
def test_words_and_vector_are_averaged_and_the_worst_part_is_read_in_words(
    text: str, vector: tuple[float, ...] | None, expected: tuple[float, ...]
) -> None:
    net = Net(cast(Features, Hears()), ALONE, WHOLE)
    told = net.of(fold(text), None if vector is None else np.array(vector, np.float32))
    assert told.is_whole is expected[2]
    assert (told.emergency, told.caution) == pytest.approx(expected[:2], abs=1e-6)
    assert (told.part_emergency, told.part_danger) == pytest.approx(expected[3:], abs=1e-6)


def test_a_steep_net_reads_likelihoods_still() -> None:
    told = Net(cast(Features, Hears()), np.array([[0, 0, 200]], np.float32), None).of(fold("anything"))
    assert (told.emergency, told.caution) == (1.0, 0.0)


def counted(first: int, last: int) -> str:
    return " ".join(map(str, range(first, last)))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("he has a gun here", []),
        (counted(0, 15), []),
        (counted(0, 16), [counted(0, 12), counted(6, 16)]),
        (counted(0, 18), [counted(0, 12), counted(6, 18)]),
        (counted(0, 19), [counted(0, 12), counted(6, 18), counted(12, 19)]),
        ("0 1 2. ok fine. come now please", ["0 1 2", "come now please"]),
        (f"0 1 2. {counted(0, 16)}. 3 4 5", ["0 1 2", counted(0, 12), counted(6, 16), "3 4 5"]),
        (". ".join(["0 1 2"] * 5), ["0 1 2"] * 5),
        (". ".join(f"{n} 1 2" for n in range(17)), [f"{n} 1 2" for n in (*range(10), *range(11, 17))]),
    ],
)
def test_a_long_message_is_read_in_parts_that_overlap(text: str, parts: list[str]) -> None:
    heard = Hears()
    Net(cast(Features, heard), np.zeros((20, 3), np.float32), None).of(fold(text))
    assert heard.asked[1:] == parts


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


@pytest.mark.parametrize(
    ("reading", "level"),
    [
        (Reading(0.0, 0.0, False, 0.0, 0.95), Level.CAUTION),  # nothing around it keeps the 911 line away
        (Reading(0.0, 0.0, False, 0.0, 0.94), Level.NONE),
        (Reading(0.0, 0.4, False, 0.0, 0.1), Level.NONE),
        (Reading(0.0, 0.4, False, 0.0, 0.6), Level.CAUTION),
        (Reading(0.5, 0.0, False, 0.3, 0.3), Level.CAUTION),
        (Reading(0.5, 0.0, False, 0.7, 0.7), Level.EMERGENCY),
        (Reading(0.5, 0.0), Level.EMERGENCY),
    ],
)
def test_the_worst_part_adds_to_what_the_whole_says(reading: Reading, level: Level) -> None:
    assert settled(reading, Level.NONE, is_hard=False) is level


def test_a_part_weighs_less_than_the_whole() -> None:
    for scale in (EMERGENCY, DANGER):
        assert 0 < scale.part < scale.whole


@pytest.mark.parametrize(
    ("whole", "part", "found", "tips"),
    [
        (0.0, None, Level.NONE, False),
        (1.0, None, Level.NONE, True),
        (0.5, None, Level.NONE, True),
        (0.5, 0.49, Level.NONE, False),
        (0.6, 0.4, Level.NONE, False),
        (0.7, 0.4, Level.NONE, True),
        (0.02, None, Level.CAUTION, True),  # odds of 49: three times their logarithm is 11.7
        (0.018, None, Level.CAUTION, False),
        (0.0, None, Level.EMERGENCY, True),  # no likelihood is below one in a thousand, nor above
        (1.0, 0.0, Level.EMERGENCY, True),
    ],
)
def test_a_scale_adds_up_what_net_and_cues_say(whole: float, part: float | None, found: Level, tips: bool) -> None:
    scale = Scale(1.0, 2.0, {Level.NONE: 0.0, Level.CAUTION: 11.9, Level.EMERGENCY: 20.8})
    assert scale.tips(whole, part, found) is tips
    assert not Scale(1.0, 2.0, dict.fromkeys(Level, 20.7)).tips(0.0, None, found)


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
