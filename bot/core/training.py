"""Examples to weights, in numpy: a softmax regression, and the descent that finds it."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from bot.core.features import Floats, Ids, Places, Sparse

_KEPT_STEPS = 8  # of the descent; more cost memory and save no round
_HALVINGS = 12  # of a step that went too far
_ENOUGH = 1e-4  # of the fall that the slope promises; the usual constant of the line search
_AT_ONCE = 2_000  # vectors that are copied together


@dataclass(frozen=True, slots=True)
class Rows:
    """Many messages at once: their features end to end, and a dense vector each when there is an encoder.

    `chosen` says which row of `dense` is whose; None: they stand in order.
    """

    starts: Places
    owners: Ids
    ids: Ids
    values: Floats
    width: int
    dense: Floats | None = None
    chosen: Places | None = None

    @classmethod
    def of(
        cls, messages: Sequence[Sparse], width: int, dense: Floats | None = None, chosen: Places | None = None
    ) -> "Rows":
        """Join messages that have at least one feature each; `width` is how many features there are."""
        lengths = np.array([len(message.ids) for message in messages], np.int64)
        return cls(
            starts=np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)[:-1]]),
            owners=np.repeat(np.arange(len(messages), dtype=np.int32), lengths),
            ids=np.concatenate([message.ids for message in messages]),
            values=np.concatenate([message.values for message in messages]),
            width=width,
            dense=dense,
            chosen=chosen,
        )

    def scores(self, weights: Floats) -> Floats:
        """One row a class, one column a message."""
        sparse = [np.add.reduceat(self.values * one[self.ids], self.starts) for one in weights[:, : self.width]]
        scores = np.array(sparse, np.float32)
        for some, dense in self._vectors():
            scores[:, some] += weights[:, self.width :] @ dense.T
        return scores

    def gathered(self, slopes: Floats) -> Floats:
        """The slopes of the messages' scores, as slopes of the weights."""
        sparse = [np.bincount(self.ids, self.values * one[self.owners], self.width) for one in slopes]
        gathered = np.array(sparse, np.float32)
        if self.dense is None:
            return gathered
        each = [slopes[:, some] @ dense for some, dense in self._vectors()]
        return np.hstack([gathered, np.sum(each, axis=0, dtype=np.float32)])

    def _vectors(self) -> Iterator[tuple[slice, Floats]]:
        """The vectors of which messages; chosen ones few at a time, a copy of all would cost as much as they do."""
        if self.dense is not None and self.chosen is None:
            yield slice(None), self.dense
        elif self.dense is not None and self.chosen is not None:
            for at in range(0, len(self.chosen), _AT_ONCE):
                some = slice(at, at + _AT_ONCE)
                yield some, self.dense[self.chosen[some]]


def regression(
    rows: Rows, labels: Sequence[int], classes: int, counts: Sequence[float], freedom: float, rounds: int
) -> Floats:
    """Weights, one row a class, under which the labels are likeliest while the weights stay small.

    `counts` says how often each message is taken to have been seen; `freedom` how little the weights are held back.
    """
    right = np.asarray(labels), np.arange(len(labels))
    times = np.asarray(counts, np.float32)

    def steepness(weights: Floats) -> tuple[float, Floats]:
        scores = rows.scores(weights)
        scores -= scores.max(0)
        total = np.log(np.exp(scores).sum(0))
        loss = float((times * (total - scores[right])).sum(dtype=np.float64))
        slopes = np.exp(np.subtract(scores, total, out=scores), out=scores)
        slopes[right] -= 1
        slopes *= times
        held = float(np.vdot(weights, weights)) / (2 * freedom)
        return loss + held, rows.gathered(slopes) + weights / np.float32(freedom)

    width = rows.width + (0 if rows.dense is None else rows.dense.shape[1])
    return descended(steepness, np.zeros((classes, width), np.float32), rounds)


def descended(steepness: Callable[[Floats], tuple[float, Floats]], start: Floats, rounds: int) -> Floats:
    """Where a convex function is lowest, found from value and slope alone (L-BFGS), in at most so many rounds."""
    here, (value, slope) = start, steepness(start)
    steps: deque[tuple[Floats, Floats, float]] = deque(maxlen=_KEPT_STEPS)
    for _ in range(rounds):
        way = _way(slope, steps)
        falls, size = float(np.vdot(way, slope)), 1.0
        for _ in range(_HALVINGS):
            there = here - np.float32(size) * way
            new_value, new_slope = steepness(there)
            if new_value <= value - _ENOUGH * size * falls:
                break
            size /= 2
        else:
            return here
        moved, turned = there - here, new_slope - slope
        if (bend := float(np.vdot(moved, turned))) > 0:
            steps.append((moved, turned, 1 / bend))
        is_flat = abs(value - new_value) < 1e-5 * max(1.0, abs(value))
        here, value, slope = there, new_value, new_slope
        if is_flat:
            return here
    return here


def _way(slope: Floats, steps: deque[tuple[Floats, Floats, float]]) -> Floats:
    """The direction up, corrected by how the slope turned on the last steps."""
    way = slope.copy()
    shares: list[float] = []
    for moved, turned, scale in reversed(steps):
        shares.append(scale * float(np.vdot(moved, way)))
        way -= np.float32(shares[-1]) * turned
    if steps:
        _, turned, scale = steps[-1]
        way /= np.float32(scale * float(np.vdot(turned, turned)))
    else:
        way /= np.float32(max(1.0, float(np.abs(slope).max())))
    for (moved, turned, scale), share in zip(steps, reversed(shares), strict=True):
        way += np.float32(share - scale * float(np.vdot(turned, way))) * moved
    return way
