"""The regression and its descent: the lowest point is found, held weights stay small, nothing hangs on order."""

import numpy as np
import pytest

from bot.core.features import Floats, Sparse
from bot.core.training import Rows, descended, regression


def row(*ids: int) -> Sparse:
    return Sparse(np.array((0, *ids), np.int32), np.ones(1 + len(ids), np.float32))


def steep(weights: Floats) -> tuple[float, Floats]:
    """A long narrow valley whose lowest point is (3, -2)."""
    off = weights - np.array([3, -2], np.float32)
    scale = np.array([1, 100], np.float32)
    return float((scale * off * off).sum()), 2 * scale * off


def test_the_lowest_point_is_found_in_a_narrow_valley() -> None:
    found = descended(steep, np.zeros(2, np.float32), 50)
    assert found == pytest.approx([3, -2], abs=0.01)


def test_a_start_at_the_lowest_point_stays_there() -> None:
    lowest = np.array([3, -2], np.float32)
    assert descended(steep, lowest, 50) == pytest.approx(lowest)


ROWS = Rows.of([row(1), row(1, 3), row(2), row(2, 3)], 4)


def test_what_was_learned_tells_the_labels_apart() -> None:
    weights = regression(ROWS, [0, 0, 1, 1], 2, [1, 1, 1, 1], freedom=10, rounds=50)
    assert list(ROWS.scores(weights).argmax(0)) == [0, 0, 1, 1]


def test_the_slope_vanishes_where_the_regression_ends() -> None:
    weights = regression(ROWS, [0, 0, 1, 1], 2, [1, 1, 1, 1], freedom=2, rounds=200)
    scores = ROWS.scores(weights)
    likely = np.exp(scores) / np.exp(scores).sum(0)
    slope = ROWS.gathered((likely - np.array([[1, 1, 0, 0], [0, 0, 1, 1]])).astype(np.float32)) + weights / 2
    assert np.abs(slope).max() < 0.02


def test_more_freedom_gives_larger_weights() -> None:
    sizes = [
        float(np.abs(regression(ROWS, [0, 0, 1, 1], 2, [1] * 4, freedom, rounds=100)).max()) for freedom in (0.1, 1, 10)
    ]
    assert sizes == sorted(sizes)


def test_a_message_counted_twice_weighs_as_much_as_two() -> None:
    once = Rows.of([row(1), row(1), row(2)], 4)
    told = Rows.of([row(1), row(2)], 4)
    twice = regression(once, [0, 0, 1], 2, [1, 1, 1], freedom=1, rounds=100)
    counted = regression(told, [0, 1], 2, [2, 1], freedom=1, rounds=100)
    assert counted == pytest.approx(twice, abs=0.02)


def test_a_dense_vector_is_learned_beside_the_features() -> None:
    dense = np.array([[1, 0], [1, 0], [0, 1], [0, 1]], np.float32)
    rows = Rows.of([row() for _ in range(4)], 4, dense)
    weights = regression(rows, [0, 0, 1, 1], 2, [1] * 4, freedom=10, rounds=50)
    assert weights.shape == (2, 6)
    assert list(rows.scores(weights).argmax(0)) == [0, 0, 1, 1]
