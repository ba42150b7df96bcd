"""Counts of turns in columns, so that a year of them is summed up any way in milliseconds."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

_DAY = 24 * 60  # minutes
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_DAY = _EPOCH.date()
_SUNDAY = 6  # what weekday() says of one


class Names:
    """Numbers for words that come again and again, the same in every stretch."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self.words: list[str] = []

    def numbers(self, words: Iterable[str]) -> list[int]:
        """The number of each word; one that is new gets the next."""
        listed = list(words)
        for word in sorted(set(listed) - self._numbers.keys()):
            self._numbers[word] = len(self.words)
            self.words.append(word)
        return [self._numbers[word] for word in listed]

    def known(self, words: Iterable[str]) -> list[int]:
        """The numbers of those words that have one."""
        return [self._numbers[word] for word in words if word in self._numbers]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A few days of counts.

    `local` is the minute that the town's clocks showed when the hour began, counted as they show it from 1970; the
    others are numbers of names.
    """

    local: npt.NDArray[np.int32]
    channels: npt.NDArray[np.int32]
    languages: npt.NDArray[np.int32]
    outcomes: npt.NDArray[np.int32]
    subjects: npt.NDArray[np.int32]
    counts: npt.NDArray[np.int32]

    @classmethod
    def of(
        cls,
        hours: Sequence[datetime],
        words: Sequence[Sequence[str]],
        counts: Sequence[int],
        names: Names,
        zone: ZoneInfo,
    ) -> "Stretch":
        """Take the hours, the four columns of words in the order above, and the counts."""
        shown = {hour: _shown(hour, zone) for hour in set(hours)}
        columns = ([shown[hour] for hour in hours], *(names.numbers(column) for column in words), counts)
        return cls(*(np.array(column, np.int32) for column in columns))


@dataclass(frozen=True, slots=True)
class Tallies:
    """Counts of a period, in the columns of its stretches."""

    names: Names
    local: Ints = field(repr=False)
    channels: Ints = field(repr=False)
    languages: Ints = field(repr=False)
    outcomes: Ints = field(repr=False)
    subjects: Ints = field(repr=False)
    counts: Ints = field(repr=False)

    @classmethod
    def over(cls, stretches: Sequence[Stretch], names: Names, first: date, last: date) -> "Tallies":
        """Those of the days from `first` to `last`, both whole, as the town's calendar has them."""

        def joined(columns: Iterable[npt.NDArray[np.int32]]) -> Ints:
            return np.concatenate([np.empty(0, np.int64), *columns])

        local = joined(each.local for each in stretches)
        days = local // _DAY
        within = (days >= _number(first)) & (days <= _number(last))
        return cls(
            names,
            local[within],
            joined(each.channels for each in stretches)[within],
            joined(each.languages for each in stretches)[within],
            joined(each.outcomes for each in stretches)[within],
            joined(each.subjects for each in stretches)[within],
            joined(each.counts for each in stretches)[within],
        )

    def of(
        self, channel: str | None = None, language: str | None = None, outcomes: Collection[str] | None = None
    ) -> "Tallies":
        """Those of this channel, this language and one of these outcomes; None: of any."""
        wanted = ((self.channels, channel and [channel]), (self.languages, language and [language]))
        kept: npt.NDArray[np.bool_] | None = None
        for column, words in (*wanted, (self.outcomes, outcomes)):
            if words is not None:
                is_wanted = np.zeros(len(self.names.words), np.bool_)
                is_wanted[self.names.known(words)] = True
                kept = is_wanted[column] if kept is None else kept & is_wanted[column]
        if kept is None:
            return self
        columns = (self.local, self.channels, self.languages, self.outcomes, self.subjects, self.counts)
        return Tallies(self.names, *(column[kept] for column in columns))

    @property
    def total(self) -> int:
        return int(self.counts.sum())

    def by_channel(self) -> dict[str, int]:
        return self._named(self.channels)

    def by_language(self) -> dict[str, int]:
        return self._named(self.languages)

    def by_outcome(self) -> dict[str, int]:
        return self._named(self.outcomes)

    def by_subject(self) -> dict[str, int]:
        """Counts by subject, the most first."""
        return self._named(self.subjects)

    def by_day(self) -> dict[str, dict[date, int]]:
        """Counts of the days that have any, by outcome."""
        if not len(self.counts):
            return {}
        days = self.local // _DAY
        first, width = int(days.min()), len(self.names.words)
        sums = np.bincount((days - first) * width + self.outcomes, self.counts).astype(np.int64)
        found: dict[str, dict[date, int]] = {}
        for at in np.flatnonzero(sums):
            day, outcome = divmod(int(at), width)
            found.setdefault(self.names.words[outcome], {})[_day(first + day)] = int(sums[at])
        return found

    def by_hour(self) -> list[list[int]]:
        """Counts by weekday, Monday first, and hour of the day."""
        # 1970 began on a Thursday.
        weekdays = (self.local // _DAY + _FIRST_DAY.weekday()) % 7
        places = weekdays * 24 + self.local % _DAY // 60
        sums = np.bincount(places, self.counts, minlength=7 * 24).astype(np.int64)
        return [[int(count) for count in row] for row in sums.reshape(7, 24)]

    def _named(self, column: Ints) -> dict[str, int]:
        sums = np.bincount(column, self.counts).astype(np.int64)
        order = sorted(np.flatnonzero(sums), key=lambda at: (-sums[at], self.names.words[at]))
        return {self.names.words[at]: int(sums[at]) for at in order}


@dataclass(frozen=True, slots=True)
class Step:
    """Some days that stand together in a chart, the first and the last of them."""

    first: date
    last: date

    def holds(self, day: date) -> bool:
        return self.first <= day <= self.last


_MOST_DAYS, _MOST_WEEKS = 45, 400  # days of a period: more columns than about fifty cannot be told apart on a phone


def steps(first: date, last: date) -> Iterator[Step]:
    """The period in days, in weeks from Sunday, or in months, as long as it is; cut at its ends."""
    length, begins = (last - first).days + 1, first
    while begins <= last:
        if length <= _MOST_DAYS:
            ends = begins
        elif length <= _MOST_WEEKS:
            ends = begins + timedelta(days=(_SUNDAY - 1 - begins.weekday()) % 7)
        else:
            ends = (begins.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        yield Step(begins, min(ends, last))
        begins = ends + timedelta(days=1)


def summed(by_day: Mapping[date, int], periods: Sequence[Step]) -> list[int]:
    """The counts of each of the periods, which follow each other without a gap."""
    sums, at = [0] * len(periods), 0
    for day, count in sorted(by_day.items()):
        while at < len(periods) and day > periods[at].last:
            at += 1
        if at < len(periods) and periods[at].holds(day):
            sums[at] += count
    return sums


def _shown(hour: datetime, zone: ZoneInfo) -> int:
    return (hour.astimezone(zone).replace(tzinfo=UTC) - _EPOCH) // timedelta(minutes=1)


def _number(day: date) -> int:
    return (day - _FIRST_DAY).days


def _day(number: int) -> date:
    return _FIRST_DAY + timedelta(days=number)
