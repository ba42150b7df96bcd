"""Figures about advisories: who gets them, who came and left, what became of the last ones."""

from collections.abc import Mapping, Sequence
from datetime import date

from bot.core.delivery import State
from bot.core.entry import Knowledge
from bot.core.tallies import steps, summed
from bot.staff import charts
from bot.staff.advisories_shown import STATES
from bot.staff.charts import TONES, Head, Row, Series
from bot.staff.figures_drawn import Figure
from bot.staff.figures_words import channel_named, language_named
from bot.store.reached import Delivered, Movement, Subscribers

# The look of each state, the same in every chart.
_TONES = {
    State.SENT: 0,
    State.DUE: 4,
    State.SENDING: 1,
    State.UNDELIVERABLE: 2,
    State.OPTED_OUT: 3,
    State.WITHDRAWN: 6,
    State.EXPIRED: 5,
    State.UNCERTAIN: 7,
}


def by_topic(found: Subscribers, knowledge: Knowledge) -> Figure:
    """Subscribers of each topic by language."""
    titles = {topic.id: _first(topic.titles, knowledge) for topic in (knowledge.alerting.topics if knowledge.alerting
                                                                     else ())}  # fmt: skip
    languages = sorted({code for counts in found.topics.values() for code in counts})
    topics = sorted(found.topics, key=lambda topic: (-sum(found.topics[topic].values()), topic))
    says = f"{found.people:,} people get advisories; one may have several topics."
    head = Head("by-topic", "Subscribers by topic", says)
    series = [Series(language_named(code, knowledge), at % TONES, ()) for at, code in enumerate(languages)]
    counts = [(titles.get(topic, topic), [found.topics[topic].get(code, 0) for code in languages]) for topic in topics]
    chart = charts.bars(head, [Row(*each) for each in counts], series) if counts else None
    header = ("Topic", *(each.name for each in series), "All")
    return Figure("by-topic", head.title, says, chart, header, [(name, *its, sum(its)) for name, its in counts],
                  "How many people get each topic, in which language.")  # fmt: skip


def subscribed_where(found: Subscribers) -> Figure:
    """Subscribers by channel."""
    named = sorted(((channel_named(name), count) for name, count in found.channels.items()), key=lambda c: -c[1])
    says = f"{found.people:,} people on {len(named)} channel{'' if len(named) == 1 else 's'}."
    head = Head("subscribed-where", "Subscribers by channel", says)
    chart = charts.bars(head, [Row(name, (count,)) for name, count in named]) if named else None
    return Figure("subscribed-where", head.title, says, chart, ("Channel", "People"), named,
                  "On which channels people get advisories.")  # fmt: skip


def growth(found: Movement, first: date, last: date) -> Figure:
    """Who came and who left, in time."""
    periods = tuple(steps(first, last))
    came, left = summed(found.came, periods), summed(found.left, periods)
    labels = [f"{step.first:%b} {step.first.day}" for step in periods]
    says = f"{sum(came):,} signed up and {sum(left):,} stopped from {first} to {last}."
    head = Head("growth", "Signed up and stopped", says)
    series = (Series("Signed up", 0, came), Series("Stopped", 2, left))
    chart = charts.lines(head, labels, series) if sum(came) + sum(left) else None
    rows = [(step.first, step.last, came[at], left[at]) for at, step in enumerate(periods)]
    return Figure("growth", head.title, says, chart, ("From", "To", "Signed up", "Stopped"), rows,
                  "How many people sign up for advisories, and how many stop.")  # fmt: skip


def deliveries(found: Sequence[Delivered], knowledge: Knowledge) -> Figure:
    """What became of the advisories that went out last."""
    there = [state for state in _TONES if any(state in each.states for each in found)]
    names = [f"{each.advisory.number}. {_first(each.advisory.content.event, knowledge)}" for each in found]
    last = "The last advisory" if len(found) == 1 else f"The last {len(found)} advisories"
    says = f"{last} that went out{', the newest first' if len(found) > 1 else ''}."
    head = Head("deliveries", "Deliveries", says)
    series = [Series(_named(state), _TONES[state], ()) for state in there]
    counts = [[each.states.get(state, 0) for state in there] for each in found]
    chart = None
    if found:
        chart = charts.bars(head, [Row(*each) for each in zip(names, counts, strict=True)], series)
    rows = [
        (name, each.advisory.released_at and f"{each.advisory.released_at:%Y-%m-%d %H:%M} UTC",
         *(each.states.get(state, 0) for state in _TONES), each.advisory.audience)
        for name, each in zip(names, found, strict=True)
    ]  # fmt: skip
    header = ("Advisory", "Went out", *map(_named, _TONES), "Audience")
    links = {name: f"/advisories/{each.advisory.number}" for name, each in zip(names, found, strict=True)}
    return Figure("deliveries", head.title, says, chart, header, rows,
                  "What became of each advisory that went out.", links)  # fmt: skip


def _first(words: Mapping[str, str], knowledge: Knowledge) -> str:
    """The words in the department's first language, or in any."""
    return words.get(knowledge.department.languages[0]) or next(iter(words.values()), "")


def _named(state: State) -> str:
    return STATES[state][:1].upper() + STATES[state][1:]
