"""The days and the part of the messages that figures are about, as the filter of the page says."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

LENGTHS = (7, 30, 90)  # days
_USUAL = 30
_LONGEST = 3 * 366  # days; nothing is kept longer


@dataclass(frozen=True, slots=True)
class Filter:
    """What is shown: both days count. `channel` and `language` None: every one; `days` None: the dates were typed.

    `fault` says what of the filter could not be used, "" when all of it could.
    """

    first: date
    last: date
    days: int | None
    channel: str | None = None
    language: str | None = None
    fault: str = ""

    @property
    def query(self) -> str:
        """The same filter in an address."""
        days = {"days": str(self.days)} if self.days else {"from": str(self.first), "to": str(self.last)}
        rest = {"channel": self.channel, "language": self.language}
        return urlencode({**days, **{name: value for name, value in rest.items() if value}})


def filter_of(query: Mapping[str, str], today: date) -> Filter:
    """The filter of an address; the last thirty days where it says nothing that can be used."""
    channel, language = query.get("channel") or None, query.get("language") or None
    days = query.get("days", "")
    begins, ends = query.get("from", "").strip(), query.get("to", "").strip()
    if days != "custom" and (days or not begins + ends):
        is_known = days.isdecimal() and int(days) in LENGTHS
        length = int(days) if is_known else _USUAL
        return Filter(today - timedelta(days=length - 1), today, length, channel, language)
    first, last, fault = _dates(begins, ends, today)
    if fault:
        return Filter(today - timedelta(days=_USUAL - 1), today, _USUAL, channel, language, fault)
    return Filter(first, last, None, channel, language)


def _dates(begins: str, ends: str, today: date) -> tuple[date, date, str]:
    """The two days, and what is wrong with them."""
    try:
        last = date.fromisoformat(ends) if ends else today
        first = date.fromisoformat(begins) if begins else last - timedelta(days=_USUAL - 1)
    except (ValueError, OverflowError):
        return today, today, "Write each day like 2026-11-22: year, month, day."
    if first > last:
        return today, today, "The first day is after the last one: change one of them."
    if (last - first).days >= _LONGEST:
        return today, today, "That is longer than three years: choose fewer days."
    return first, last, ""
