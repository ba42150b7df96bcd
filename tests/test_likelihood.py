"""Counting which entries said what: likelier for their own features, not for their size or their order."""

import math

import numpy as np
import pytest

from bot.core.features import Floats, Ids, Sparse
from bot.core.likelihood import Likelihood


def said(*ids: int) -> Ids:
    return np.array(ids, np.int32)


def met(*ids: int, value: float = 1.0) -> Sparse:
    return Sparse(said(*ids), np.full(len(ids), value, np.float32))


def scores(message: Sparse, messages: list[Ids], labels: list[int], classes: int = 2) -> Floats:
    return Likelihood.counted(messages, labels, classes, width=6).of(message)


def test_two_phrasings_counted_by_hand() -> None:
    # Each entry is taken to have had one phrasing in the general way, and half of all phrasings say feature 1.
    found = scores(met(1), [said(1), said(2)], [0, 1])
    assert found == pytest.approx([math.log(3) - math.log(2), -math.log(2)])


def test_an_entry_is_likelier_for_what_its_phrasings_said() -> None:
    messages = [said(0, 1), said(0, 1, 3), said(0, 2), said(0, 2, 3)]
    assert scores(met(0, 1), messages, [0, 0, 1, 1]).argmax() == 0
    assert scores(met(0, 2), messages, [0, 0, 1, 1]).argmax() == 1


def test_what_every_entry_says_alike_tells_nothing() -> None:
    found = scores(met(0, 3), [said(0, 1, 3), said(0, 2, 3)], [0, 1])
    assert found[0] == pytest.approx(found[1])


def test_a_rare_feature_tells_more_than_a_common_one() -> None:
    messages = [said(1, 2), said(1), said(1), said(1)]
    common, rare = (scores(met(feature), messages, [0, 1, 2, 3], 4) for feature in (1, 2))
    assert rare[0] - rare[1] > common[0] - common[1]


def test_a_feature_nobody_said_counts_against_the_entry_with_more_phrasings() -> None:
    found = scores(met(5), [said(1), said(1), said(1), said(2)], [0, 0, 0, 1])
    assert found[0] < found[1] < 0


def test_a_feature_met_with_double_value_counts_twice() -> None:
    messages = [said(1), said(2)]
    assert scores(met(1, value=2.0), messages, [0, 1]) == pytest.approx(2 * scores(met(1), messages, [0, 1]))


def test_the_order_of_the_phrasings_changes_nothing() -> None:
    messages, labels = [said(1, 3), said(2), said(2, 3), said(4)], [0, 1, 1, 0]
    turned = scores(met(1, 2, 3), messages[::-1], labels[::-1])
    assert turned == pytest.approx(scores(met(1, 2, 3), messages, labels))


def test_an_entry_without_phrasings_scores_what_nothing_scores() -> None:
    found = scores(met(1), [said(1), said(1)], [0, 0], 2)
    assert found[1] == 0 < found[0]


def test_what_most_entries_say_is_added_up_as_what_few_say(monkeypatch: pytest.MonkeyPatch) -> None:
    messages, labels = [said(1, 2), said(1, 3), *[said(1)] * 10], list(range(12))
    by_rows = scores(met(1, 2, 3), messages, labels, 12)
    monkeypatch.setattr("bot.core.likelihood._COMMON", 1.0)
    assert scores(met(1, 2, 3), messages, labels, 12) == pytest.approx(by_rows)
