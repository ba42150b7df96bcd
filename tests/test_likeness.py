"""Questions that are alike come together, others stay apart; measured on questions that no group was made with."""

import hashlib
import json
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from bot.core.features import Floats
from bot.core.likeness import ALIKE, ALIKE_BY_WORDS, Reader, Shelf, most_typical, named, read, written
from bot.core.text import fold
from bot.knowledge import encoder
from tests import real_folder

SAMPLE = Path(__file__).parent / "data" / "likeness.jsonl"


class Asked(NamedTuple):
    """A line of the sample: questions of one `group` ask the same; `half` says what it is for."""

    group: str
    language: str
    half: str
    text: str


def sample(half: str) -> list[Asked]:
    lines = (Asked(**json.loads(line)) for line in SAMPLE.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line.half == half]


def reader(meaning: int = 0) -> Reader:
    return Reader(real_folder.loaded().snapshot.index.phrasings.words, meaning)


def grouped(asked: list[Asked], reading: Reader, rows: list[Floats]) -> list[int]:
    """The group of each question, put there one after the other as they come in."""
    shelves: dict[str, Shelf] = {}
    sizes: dict[int, int] = {}
    found = []
    for at, (line, row) in enumerate(zip(asked, rows, strict=True), 1):
        shelf = shelves.setdefault(line.language, Shelf(reading.width))
        nearest = shelf.nearest(row)
        if nearest and nearest[1] >= reading.alike:
            group = nearest[0]
            sizes[group] += 1
            shelf.join(group, row, sizes[group])
        else:
            group = at
            sizes[group] = 1
            shelf.put(group, row)
        found.append(group)
    return found


def precision_and_recall(asked: list[Asked], found: list[int]) -> tuple[float, float]:
    """Of the pairs put together how many belong together, and of those that belong together how many were put so."""
    pairs = list(combinations(range(len(asked)), 2))
    together = {(one, other) for one, other in pairs if found[one] == found[other]}
    same = {(one, other) for one, other in pairs if asked[one].group == asked[other].group}
    right = len(together & same)
    return right / len(together), right / len(same)


def measured(half: str, reading: Reader, embed: Callable[[str], Floats] | None = None) -> tuple[float, float]:
    """Precision and recall over all pairs, the mean of five orders in which the questions may come in."""
    asked = sample(half)
    rows = [reading.row(fold(line.text), embed(line.text) if embed else None) for line in asked]
    found = []
    for seed in range(5):
        order = np.random.default_rng(seed).permutation(len(asked))
        shuffled = [asked[at] for at in order]
        found.append(precision_and_recall(shuffled, grouped(shuffled, reading, [rows[at] for at in order])))
    precision, recall = np.mean(found, 0).tolist()
    return precision, recall


# Measured: 0.96 and 0.60 on what the limits were chosen with, 1.00 and 0.50 on the other half.
@pytest.mark.parametrize(("half", "recall"), [("tune", 0.55), ("score", 0.45)])
def test_by_words_alone_nearly_all_that_is_put_together_belongs_together(half: str, recall: float) -> None:
    precision, found = measured(half, reader())
    assert precision >= 0.95
    assert found >= recall


# Measured: 0.89 and 0.67, and 1.00 and 0.67. What goes wrong is one word that is rarer than all others: to register a
# drone, and a drone over the yard.
@pytest.mark.parametrize(("half", "least", "recall"), [("tune", 0.85, 0.62), ("score", 0.97, 0.62)])
def test_with_the_encoder_more_of_what_belongs_together_is_found(half: str, least: float, recall: float) -> None:
    sentences = encoder.load()
    assert sentences is not None
    precision, found = measured(half, reader(encoder.WIDTH), sentences.vector)
    assert precision >= least
    assert found >= recall


def likeness(one: str, other: str) -> float:
    reading = reader()
    return float(reading.row(fold(one)) @ reading.row(fold(other)))


def test_case_accents_marks_and_order_of_the_words_change_nothing_much() -> None:
    assert likeness("¿Puedo tener gallinas?", "PUEDO TENER GALLINAS") == pytest.approx(1, abs=1e-5)
    assert likeness("chickens in my yard", "in my yard, chickens") == pytest.approx(1, abs=1e-5)


def test_a_slip_in_a_word_leaves_questions_alike() -> None:
    assert likeness("can i keep chickens in my yard", "can i keep chikcens in my yard") >= ALIKE_BY_WORDS


def test_words_that_everybody_says_bring_nothing_together() -> None:
    assert likeness("how do i get a unicorn", "how do i get a submarine") < ALIKE_BY_WORDS
    assert ALIKE_BY_WORDS < ALIKE


def test_what_has_no_word_is_like_nothing() -> None:
    assert likeness("???", "how do i get a unicorn") == 0


def test_where_the_encoder_fails_the_words_speak_for_a_question() -> None:
    reading = reader(encoder.WIDTH)
    without = reading.row(fold("can i keep chickens"))
    assert without.shape == (reading.width,)
    assert float(without @ without) == pytest.approx(1, abs=1e-5)


def made_up(at: int) -> str:
    """Words of their own, as no two towns ask for."""
    return " ".join(f"{hashlib.sha256(f'{at} {part}'.encode()).hexdigest()[:9]}" for part in range(3))


def test_a_group_keeps_its_number_while_it_grows_and_a_shelf_can_hold_many() -> None:
    reading, shelf = reader(), Shelf(reader().width)
    rows = [reading.row(fold(made_up(at))) for at in range(200)]
    for at, row in enumerate(rows, 1):
        shelf.put(at, row)
    assert len(shelf) == 200
    assert [shelf.nearest(row)[0] for row in rows] == list(range(1, 201))  # type: ignore[index]
    shelf.join(5, reading.row(fold(f"{made_up(4)} please")), 2)
    assert shelf.nearest(rows[4])[0] == 5  # type: ignore[index]


def test_a_group_that_is_renamed_is_found_by_its_new_number_and_a_forgotten_one_not_at_all() -> None:
    reading, shelf = reader(), Shelf(reader().width)
    row = reading.row(fold("can i keep chickens"))
    shelf.put(-1, row)
    shelf.rename(-1, 9)
    assert shelf.nearest(row)[0] == 9  # type: ignore[index]
    shelf.forget(9)
    assert 9 not in shelf
    assert shelf.nearest(row)[1] == 0  # type: ignore[index]
    assert Shelf(reading.width).nearest(row) is None


def test_the_question_most_like_the_others_stands_for_them() -> None:
    reading = reader()
    asked = ["chickens", "can i keep chickens in my yard", "may i keep chickens in the yard", "is a rooster loud"]
    assert most_typical([reading.row(fold(text)) for text in asked]) in (1, 2)


def test_a_row_that_was_kept_is_as_like_as_before() -> None:
    row = reader().row(fold("can i keep chickens in my yard"))
    assert float(read(written(row)) @ row) == pytest.approx(1, abs=1e-3)


def test_rows_of_different_encoders_go_by_different_names() -> None:
    one, other = np.full(512, 0.1, np.float32), np.full(512, 0.2, np.float32)
    assert len({named(None), named(one), named(other)}) == 3
    assert named(one) == named(one.copy())
