"""How much one person, or one network address, may ask at a time. Only what is no emergency is ever counted."""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from enum import Enum


class Taken(Enum):
    """What a message gets of an allowance."""

    FREE = "free"
    FIRST_OVER = "first over"  # the one that is told
    OVER = "over"


@dataclass(slots=True)
class _Purse:
    """`used` of the allowance at the moment `at`, in seconds of any clock that never jumps."""

    used: float
    at: float
    is_told: bool = False


class Allowance:
    """So many at once, and one more every so many seconds.

    Who goes over it is told once, and again only when half of it had come back in between. Of `most` the least
    recently seen is forgotten: a flood of names costs no memory.
    """

    def __init__(self, at_once: int, every: float, most: int = 10_000) -> None:
        self._at_once, self._every, self._most = at_once, every, most
        self._purses: OrderedDict[Hashable, _Purse] = OrderedDict()

    def __len__(self) -> int:
        return len(self._purses)

    def take(self, who: Hashable, at: float) -> Taken:
        """Use one of theirs, if there is one; what is over uses none."""
        purse = self._purses.setdefault(who, _Purse(0.0, at))
        self._purses.move_to_end(who)
        while len(self._purses) > self._most:
            self._purses.popitem(last=False)
        purse.used = max(0.0, purse.used - (at - purse.at) / self._every)
        purse.at = at
        if purse.used <= self._at_once / 2:
            purse.is_told = False
        if purse.used + 1 <= self._at_once:
            purse.used += 1
            return Taken.FREE
        if purse.is_told:
            return Taken.OVER
        purse.is_told = True
        return Taken.FIRST_OVER
