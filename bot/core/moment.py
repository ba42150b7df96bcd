"""A day and an hour as staff type them, and as each language writes them out for residents: never "tonight"."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bot.core.entry import Phrases

FORM = "2026-11-24 18:00"  # how staff type a moment; shown wherever one is asked for
_TYPED = re.compile(r"(\d{4})-(\d{2})-(\d{2})[ T](\d{2}):(\d{2})")


class MomentUnclear(Exception):
    """What was typed is not one moment; the text says why and what to type instead."""


def moment(typed: str, zone: ZoneInfo) -> datetime:
    """The moment that was typed in the department's own time. Raises `MomentUnclear`.

    An hour that the clocks skip in spring, or pass twice in autumn, is refused: half the readers would take the other.
    So is midnight, which some count to the day before it and some to the day after.
    """
    found = _TYPED.fullmatch(typed.strip())
    if found is None:
        raise MomentUnclear(f"a day and an hour are wanted, such as {FORM}")
    year, month, day, hour, minute = map(int, found.groups())
    try:
        local = datetime(year, month, day, hour, minute, tzinfo=zone)
    except ValueError as e:
        raise MomentUnclear(f"there is no such day or hour; type it as {FORM}") from e
    if local.utcoffset() != local.replace(fold=1).utcoffset():
        goes_on = local.astimezone(UTC).astimezone(zone)
        if (goes_on.hour, goes_on.minute) != (hour, minute):
            raise MomentUnclear("the clocks go forward that night and skip this hour; type the hour after it")
        raise MomentUnclear("the clocks go back that night and pass this hour twice; type one an hour or two away")
    if hour == minute == 0:
        raise MomentUnclear("midnight may be read as either day's; type 23:59 or 00:01")
    return local


def in_words(at: datetime, language: str, phrases: Phrases) -> str:
    """The moment in its own zone as the language writes it: clock, day of the week, day and month."""
    filled = {
        "{weekday}": phrases("weekdays", language).split()[at.weekday()],
        "{month}": phrases("months", language).split()[at.month - 1],
        "{day}": str(at.day),
        "{clock}": clock(at, language, phrases),
    }
    return _filled(phrases("moment_form", language), filled)


def clock(at: datetime, language: str, phrases: Phrases) -> str:
    """The hour as the language writes it."""
    halves = [half.strip() for half in phrases("clock_halves", language).split(",")]
    filled = {
        "{hour12}": str((at.hour - 1) % 12 + 1),
        "{hour}": str(at.hour),
        "{minute}": f"{at.minute:02}",
        "{half}": halves[at.hour >= 12],
    }
    return _filled(phrases("clock_form" if at.minute else "clock_full", language), filled)


def _filled(form: str, words: dict[str, str]) -> str:
    for gap, word in words.items():
        form = form.replace(gap, word)
    return form
