"""The figures themselves: from counts to a chart, the sentence that says it, and the table behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from markupsafe import Markup

from bot.core.entry import Knowledge
from bot.core.tallies import Step, Tallies, steps, summed
from bot.core.tally import CAUTION, FAILED
from bot.core.turn import Outcome
from bot.staff import charts
from bot.staff.charts import Head, Row, Series
from bot.staff.figures_words import channel_named, kind_named, language_named, title_in

_MOST_BARS = 12  # of a chart; the table behind it has all
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_HOURS = tuple(f"{hour % 12 or 12} {'am' if hour < 12 else 'pm'}" for hour in range(24))

# How a message may end, in words for the page, and the look that it has in every chart.
ENDS = {
    Outcome.ANSWERED.value: ("Answered", 0),
    Outcome.ASKED_WHICH.value: ("Asked which", 1),
    Outcome.OUT_OF_SCOPE.value: ("Not ours", 3),
    Outcome.NOT_FOUND.value: ("Not known", 2),
    Outcome.COMMAND.value: ("Orders", 4),
    Outcome.EMERGENCY.value: ("Sent to 911", 5),
    FAILED: ("Failed", 6),
}
QUESTIONS = (Outcome.ANSWERED.value, Outcome.ASKED_WHICH.value, Outcome.OUT_OF_SCOPE.value, Outcome.NOT_FOUND.value)
"""Outcomes of what was a question; their shares add up to all."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing that is shown. `chart` None: there is nothing to show yet, and `empty` says what will stand there.

    `links` lead from the first cell of a row of the table to a page.
    """

    id: str
    title: str
    says: str
    chart: Markup | None
    header: Sequence[str]
    rows: Sequence[Sequence[object]]
    empty: str
    links: Mapping[str, str] = field(default_factory=dict)


def turns(tallies: Tallies) -> Tallies:
    """Those of the counts that are messages: what stood under the 911 notice is counted beside its own end."""
    return tallies.of(outcomes=tuple(ENDS))


def by_day(days: Mapping[str, Mapping[date, int]], first: date, last: date) -> Figure:
    """Messages in time, by how they ended. `days` has the counts of each day by outcome."""
    periods = tuple(steps(first, last))
    labels = [_label(step, periods) for step in periods]
    counts = {end: summed(days.get(end, {}), periods) for end in ENDS}
    series = [Series(ENDS[end][0], ENDS[end][1], its) for end, its in counts.items() if any(its)]
    total = sum(map(sum, counts.values()))
    says = f"{_many(total, 'message')} from {first} to {last}, {_each(periods)}, by how they ended."
    chart = charts.columns(Head("by-day", "Messages", says), labels, series) if total else None
    rows = [(step.first, step.last, *(its[at] for its in counts.values())) for at, step in enumerate(periods)]
    return Figure("by-day", "Messages", says, chart, ("From", "To", *(name for name, _ in ENDS.values())), rows,
                  "How many messages came on each day, and how they ended.")  # fmt: skip


def shares(days: Mapping[str, Mapping[date, int]], first: date, last: date) -> Figure:
    """How questions ended, as parts of a hundred; `days` as in `by_day`."""
    periods = tuple(steps(first, last))
    labels = [_label(step, periods) for step in periods]
    counts = {end: summed(days.get(end, {}), periods) for end in QUESTIONS}
    totals = [sum(its[at] for its in counts.values()) for at in range(len(periods))]
    parts = {end: [_percent(its[at], totals[at]) for at in range(len(periods))] for end, its in counts.items()}
    answered = _percent(sum(counts[Outcome.ANSWERED.value]), sum(totals))
    says = f"Of {_many(sum(totals), 'question')}, {answered or 0:g}% were answered; shares {_each(periods)}."
    series = [Series(*ENDS[end], its) for end, its in parts.items()]
    head = Head("shares", "How questions ended", says)
    chart = charts.lines(head, labels, series, top=100, unit="%") if sum(totals) else None
    rows = [(step.first, step.last, totals[at], *(its[at] for its in parts.values()))
            for at, step in enumerate(periods)]  # fmt: skip
    header = ("From", "To", "Questions", *(f"{ENDS[end][0]}, %" for end in parts))
    return Figure("shares", head.title, says, chart, header, rows,
                  "Which share of the questions was answered, and which was not known.")  # fmt: skip


def by_hour(tallies: Tallies) -> Figure:
    """Messages by weekday and hour of the day."""
    counts = tallies.by_hour()
    most, day, hour = max((count, -day, -hour) for day, row in enumerate(counts) for hour, count in enumerate(row))
    says = f"The busiest hour is {WEEKDAYS[-day]} {_HOURS[-hour]}, with {_many(most, 'message')} in all."
    head = Head("by-hour", "When people write", says)
    chart = charts.heat(head, WEEKDAYS, _HOURS, counts) if most else None
    rows = [(_HOURS[hour], *(counts[day][hour] for day in range(7))) for hour in range(24)]
    return Figure("by-hour", head.title, says, chart, ("Hour", *WEEKDAYS), rows,
                  "At which hours of the week people write.")  # fmt: skip


def by_channel(tallies: Tallies) -> Figure:
    named = {channel_named(name): count for name, count in tallies.by_channel().items()}
    return _ranked("by-channel", "Where people write", "Channel", named, "On which channels people write.")


def by_language(tallies: Tallies, knowledge: Knowledge) -> Figure:
    named = {language_named(code, knowledge): count for code, count in tallies.by_language().items()}
    return _ranked("by-language", "Languages", "Language", named, "In which languages people write.")


def top_answers(tallies: Tallies, knowledge: Knowledge) -> Figure:
    """What was answered most."""
    counts = tallies.of(outcomes=(Outcome.ANSWERED.value,)).by_subject()
    titles = {entry: title_of(entry, knowledge) for entry in counts}
    total = sum(counts.values())
    first = next((titles[entry] for entry in counts), "")
    says = f"{_many(len(counts), 'answer')} given {_many(total, 'time')}; most of all “{first}”." if total else ""
    head = Head("top-answers", "Most given answers", says)
    drawn = [Row(titles[entry], (count,)) for entry, count in list(counts.items())[:_MOST_BARS]]
    rows = [(titles[entry], entry, count, _percent(count, total)) for entry, count in counts.items()]
    links = {titles[entry]: f"/knowledge/{entry}" for entry in counts if entry in knowledge.entries}
    return Figure("top-answers", head.title, says, charts.bars(head, drawn) if total else None,
                  ("Answer", "Id", "Times", "%"), rows, "Which answers are given most.", links)  # fmt: skip


def emergencies(tallies: Tallies) -> Figure:
    """What was sent to 911, and what was answered under the 911 notice, by kind."""
    sent = tallies.of(outcomes=(Outcome.EMERGENCY.value,)).by_subject()
    noticed = tallies.of(outcomes=(CAUTION,)).by_subject()
    kinds = sorted({*sent, *noticed}, key=lambda kind: (-sent.get(kind, 0) - noticed.get(kind, 0), kind))
    rows = [(kind_named(kind), sent.get(kind, 0), noticed.get(kind, 0)) for kind in kinds]
    says = f"{_many(sum(sent.values()), 'message')} sent to 911, {sum(noticed.values()):,} answered under the 911 line."
    head = Head("emergencies", "Emergencies by kind", says)
    series = (Series("Sent to 911", 5, ()), Series("911 line on top", 2, ()))
    drawn = [Row(name, counts) for name, *counts in rows[:_MOST_BARS]]
    return Figure("emergencies", head.title, says, charts.bars(head, drawn, series) if rows else None,
                  ("Kind", "Sent to 911", "911 line on top"), rows,
                  "What kinds of emergencies people wrote about.")  # fmt: skip


def feedback(counts: Mapping[str, tuple[int, int]], knowledge: Knowledge) -> Figure:
    """What people said of answers: that they helped, or not."""
    helped, not_helped = (sum(column) for column in zip(*counts.values(), strict=True)) if counts else (0, 0)
    total = helped + not_helped
    says = f"Of {_many(total, 'answer')} that people rated, {_percent(helped, total) or 0:g}% helped."
    head = Head("feedback", "Did it help?", says)
    series = (Series("Helped", 0, ()), Series("Did not help", 2, ()))
    named = [(title_of(entry, knowledge), entry, *its) for entry, its in counts.items()]
    drawn = [Row(title, its) for title, _, *its in named[:_MOST_BARS]]
    rows = [(*each, _percent(each[2], each[2] + each[3])) for each in named]
    links = {title: f"/knowledge/{entry}" for title, entry, *_ in named if entry in knowledge.entries}
    return Figure("feedback", head.title, says, charts.bars(head, drawn, series) if total else None,
                  ("Answer", "Id", "Helped", "Did not help", "Helped, %"), rows,
                  "Which answers people said helped them, and which did not.", links)  # fmt: skip


def title_of(entry: str, knowledge: Knowledge) -> str:
    """The title in the department's first language; the id of what is no longer there."""
    known = knowledge.entries.get(entry)
    if known is None:
        return f"{entry} (no longer there)"
    return title_in(known, knowledge)


def _ranked(name: str, title: str, what: str, counts: Mapping[str, int], empty: str) -> Figure:
    total = sum(counts.values())
    first = next(iter(counts), "")
    says = f"{_percent(counts[first], total):g}% of {_many(total, 'message')}: {first}." if total else ""
    chart = charts.bars(Head(name, title, says), [Row(name, (count,)) for name, count in counts.items()])
    rows = [(name, count, _percent(count, total)) for name, count in counts.items()]
    return Figure(name, title, says, chart if total else None, (what, "Messages", "%"), rows, empty)


def _label(step: Step, periods: Sequence[Step]) -> str:
    is_long = periods[0].first.year != periods[-1].last.year
    return f"{step.first:%b} {step.first.day}{f', {step.first.year}' if is_long else ''}"


def _each(periods: Sequence[Step]) -> str:
    longest = max((step.last - step.first).days + 1 for step in periods)
    return "day by day" if longest == 1 else "week by week" if longest <= 7 else "month by month"


def _percent(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 1) if whole else None


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
