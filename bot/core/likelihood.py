"""How likely the phrasings of each entry make a message: learned by counting, so it is ready as soon as a folder is."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bot.core.features import Floats, Ids, Shares, Sparse, stretched

SHARES = Shares(words=0.7, pairs=0.7, runs=0.7, longest_run=4)
# Phrasings an entry is taken to have had in the general way before its own are counted, at most: where entries have
# fewer, so many. With few a single odd word decides; from 15 to 80 the first candidate of our own stays the same.
_MOST_PRIOR = 40.0
_COMMON = 0.2  # of the classes have said a feature: then all have a place in its row, which is added up at once
_NOUGHT = np.zeros(1, np.int64)


class Likelihood:
    """For each feature the classes that said it, and how much likelier they are for that. Built once, only read."""

    def __init__(self, starts: npt.NDArray[np.int64], owners: Ids, gains: Floats, unsaid: Floats) -> None:
        """Take the owners and gains of every feature end to end, and what each class loses by a feature not its own."""
        many = np.diff(starts)
        is_common = many > _COMMON * len(unsaid)
        row = np.cumsum(is_common, dtype=np.int32) - 1
        of_common = np.repeat(is_common, many)
        self._common = np.zeros((int(is_common.sum()), len(unsaid)), np.float32)
        self._common[np.repeat(row, many)[of_common], owners[of_common]] = gains[of_common]
        self._row = np.where(is_common, row, np.int32(-1))
        self._starts = np.concatenate([_NOUGHT, np.cumsum(np.where(is_common, 0, many))])
        self._owners, self._gains, self._unsaid = owners[~of_common], gains[~of_common], unsaid

    @classmethod
    def counted(cls, messages: Sequence[Ids], labels: Sequence[int], classes: int, width: int) -> "Likelihood":
        """Count the feature numbers of `messages` of so many classes; there are `width` numbers in all."""
        lengths = [len(message) for message in messages]
        said = np.concatenate([np.zeros(0, np.int32), *messages]).astype(np.int64)
        said *= classes  # in place: there are two million
        said += np.repeat(np.asarray(labels, np.int64), lengths)
        said.sort()
        is_first = np.ones(len(said), bool)
        np.not_equal(said[1:], said[:-1], out=is_first[1:])
        firsts = np.flatnonzero(is_first)
        times = np.diff(firsts, append=len(said))
        features, owners = np.divmod(said[firsts], classes)
        expected = (np.bincount(features, times, width) + 1) / (len(messages) + 2)
        prior = min(_MOST_PRIOR, max(1.0, len(messages) / max(1, classes)))
        gains = np.log1p(times / (prior * expected[features]))
        unsaid = np.log(prior / (np.bincount(np.asarray(labels, np.int64), minlength=classes) + prior))
        starts = np.searchsorted(features, np.arange(width + 1))
        return cls(starts, owners.astype(np.int32), gains.astype(np.float32), unsaid.astype(np.float32))

    def of(self, met: Sparse) -> Floats:
        """The log-likelihood ratio of each class against all phrasings together."""
        starts, row = self._starts[met.ids], self._row[met.ids]
        lengths, is_common = self._starts[met.ids + 1] - starts, row >= 0
        at = stretched(starts, lengths)
        gained = np.bincount(
            self._owners[at], self._gains[at] * np.repeat(met.values, lengths), minlength=len(self._unsaid)
        )
        scores: Floats = gained.astype(np.float32) + met.values[is_common] @ self._common[row[is_common]]
        scores += self._unsaid * met.values.sum()
        return scores
