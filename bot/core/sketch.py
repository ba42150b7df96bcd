"""A message's features squeezed into few numbers, for the regression: alone, or beside a sentence vector."""

from collections.abc import Iterable
from zlib import crc32

import numpy as np

from bot.core.features import Features, Floats, Sparse, Vectors

# With half as many, one question in a hundred is lost; learning takes as many times as long.
WIDTH = 1_536
BESIDE = 512  # numbers beside a vector, which says most itself: 1,024 and 2,048 find nothing more
_SHARE = 0.4  # of their weight, where a vector's is one; from 0.25 to 0.5 the figures stay within half a hundredth
_WEIGHTS = (0.5, 0.75, 1.5)  # of words, pairs and runs: of a misspelt word the runs are left


class Sketch:
    """Each feature has a place and a sign, by lot: sketches of like messages are alike, whatever shares a place.

    The lot hangs on the feature's name and not on its number: when phrasings are edited, what was learned from them
    before still reads the same.
    """

    def __init__(self, features: Features) -> None:
        """Draw the lots of the features; the same every time."""
        drawn = (crc32(name.encode(), block) for block, names in enumerate(features.blocks) for name in names)
        lots = np.array([0, *drawn], np.int64)
        weights = np.repeat(np.array([0.0, *_WEIGHTS], np.float32), [1, *map(len, features.blocks)])
        self._places = lots % WIDTH
        self._signs = np.where(lots // WIDTH % 2, weights, -weights)

    def of(self, met: Sparse, vector: Floats | None = None) -> Floats:
        """What the regression reads of a message: its sketch, or its vector with the sketch beside it, folded."""
        found: Floats = np.bincount(self._places[met.ids], met.values * self._signs[met.ids], WIDTH).astype(np.float32)
        if vector is None:
            return found
        return np.concatenate([vector, np.float32(_SHARE) * found.reshape(-1, BESIDE).sum(0)])

    def every(self, messages: Iterable[Sparse], many: int, vectors: Vectors | None = None) -> Floats:
        """The same of so many messages, one a row."""
        found = np.empty((many, WIDTH if vectors is None else vectors.shape[1] + BESIDE), np.float32)
        for at, met in enumerate(messages):
            found[at] = self.of(met, None if vectors is None else vectors[at].astype(np.float32))
        return found
