"""How much one person, or one network address, may ask at a time. Only what is no emergency is ever counted."""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from enum import Enum

_WORTH_TELLING = 0.25  # of an allowance: whoever is asking no more than people do is in no book


class Taken(Enum):
    """What a message gets of an allowance."""

    FREE = "free"
    FIRST_OVER = "first over"  # the one that is told
    OVER = "over"


@dataclass(slots=True)
class _Purse:
    """`used` of the allowance at the moment `at`, in seconds of any clock that never jumps.

    `untold` of it the other replicas have not heard of.
    """

    used: float
    at: float
    is_told: bool = False
    untold: float = 0.0


class Allowance:
    """So many at once, and one more every so many seconds.

    Who goes over it is told once, and again only when half of it had come back in between. Of `most` the least
    recently seen is forgotten: a flood of names costs no memory. Replicas that tell each other what was taken count
    together: `untold` for them, and `hear` of them.
    """

    def __init__(self, at_once: int, every: float, most: int = 10_000) -> None:
        self._at_once, self.every, self._most = at_once, every, most
        self._purses: OrderedDict[Hashable, _Purse] = OrderedDict()
        self._came: dict[Hashable, None] = {}  # since `untold` was last asked, and who has used much

    def __len__(self) -> int:
        return len(self._purses)

    def take(self, who: Hashable, at: float) -> Taken:
        """Use one of theirs, if there is one; what is over uses none."""
        purse = self._purses.setdefault(who, _Purse(0.0, at))
        self._purses.move_to_end(who)
        self._came[who] = None
        while len(self._purses) > self._most:
            gone, _ = self._purses.popitem(last=False)
            self._came.pop(gone, None)
        self._come_back(purse, at)
        if purse.used <= self._at_once / 2:
            purse.is_told = False
        if purse.used + 1 <= self._at_once:
            purse.used += 1
            purse.untold += 1
            return Taken.FREE
        if purse.is_told:
            return Taken.OVER
        purse.is_told = True
        return Taken.FIRST_OVER

    def untold(self, at: float, most: int) -> dict[Hashable, float]:
        """How much each has taken here that the others have not heard of; of at most so many, the others next time.

        Whoever has used but little is left out, and whoever has used much stays in: others may tell of them.
        """
        came, self._came = self._came, {}
        told: dict[Hashable, float] = {}
        for who in came:
            purse = self._purses[who]
            self._come_back(purse, at)
            if purse.used >= self._at_once * _WORTH_TELLING:
                self._came[who] = None
                if len(told) < most:
                    told[who] = purse.untold
        for who in told:  # behind those who are yet to be told of
            self._came[who] = self._came.pop(who)
        return told

    def hear(self, who: Hashable, used: float, told: float, at: float) -> None:
        """So much of theirs is used by all replicas' count, what was `told` of it here included."""
        if (purse := self._purses.get(who)) is not None:
            self._come_back(purse, at)
            purse.untold = max(0.0, purse.untold - told)
            purse.used = max(purse.used, used + purse.untold)

    def _come_back(self, purse: _Purse, at: float) -> None:
        purse.used = max(0.0, purse.used - (at - purse.at) / self.every)
        purse.untold = min(purse.untold, purse.used)
        purse.at = at
