"""Features squeezed into few numbers: like stays like, nothing hangs on the order or number of other phrasings."""

import numpy as np
import pytest

from bot.core.features import Features, Floats, Shares
from bot.core.sketch import BESIDE, WIDTH, Sketch
from bot.core.text import fold

SAID = ("how do i get a copy of my report", "when may i renew my pistol permit", "who tows cars after a crash")
MORE = ("a brand new phrasing about bicycles", *SAID, "zebras zigzag")


def features(*texts: str) -> Features:
    return Features.learned([fold(text).tokens for text in texts], Shares(0.7, 0.7, 0.7, longest_run=4))


def sketch(text: str, known: Features) -> Floats:
    return Sketch(known).of(known.of(fold(text).tokens))


def likeness(one: Floats, other: Floats) -> float:
    return float(one @ other / (np.linalg.norm(one) * np.linalg.norm(other)))


@pytest.mark.parametrize("said", SAID)
def test_a_misspelt_phrasing_is_most_like_the_phrasing(said: str) -> None:
    known = features(*SAID)
    typed = sketch(said.replace("r", "", 1), known)
    assert max(SAID, key=lambda other: likeness(typed, sketch(other, known))) == said


def test_messages_that_share_nothing_are_hardly_alike() -> None:
    known = features(*SAID)
    assert abs(likeness(sketch("copy report", known), sketch("who tows", known))) < 0.1


def test_an_edit_of_other_phrasings_leaves_each_feature_its_place_and_sign() -> None:
    before, after = (np.sign(sketch("renew my pistol permit", features(*texts))) for texts in (SAID, MORE))
    assert np.array_equal(before, after)
    assert np.count_nonzero(before) > 10


def test_a_message_of_unknown_words_sketches_nothing() -> None:
    assert not sketch("0000 9999", features(*SAID)).any()


def test_half_unknown_is_weighed_down() -> None:
    known = features(*SAID)
    alone, among = (np.linalg.norm(sketch(text, known)) for text in ("pistol permit", "pistol permit 0000 9999"))
    assert among < alone


def test_beside_a_vector_the_vector_stays_as_it_is_and_the_sketch_is_folded() -> None:
    known = features(*SAID)
    met, vector = known.of(fold(SAID[0]).tokens), np.arange(7, dtype=np.float32)
    both, alone = Sketch(known).of(met, vector), Sketch(known).of(met)
    assert np.array_equal(both[:7], vector)
    assert len(alone) == WIDTH
    assert likeness(both[7:], alone.reshape(-1, BESIDE).sum(0)) == pytest.approx(1)


@pytest.mark.parametrize("has_vectors", [True, False])
def test_many_at_once_are_the_same_as_one_by_one(has_vectors: bool) -> None:
    known = features(*SAID)
    met = [known.of(fold(text).tokens) for text in SAID]
    vectors = np.eye(len(SAID), 5, dtype=np.float32) if has_vectors else None
    rows = Sketch(known).every(met, len(met), vectors)
    for at, each in enumerate(met):
        assert np.array_equal(rows[at], Sketch(known).of(each, None if vectors is None else vectors[at]))
