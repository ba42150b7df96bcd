"""What the department must still confirm before residents may rely on it: the list that a launch works through."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from urllib.parse import urlsplit

from bot.core.entry import Entry, Knowledge, Place
from bot.knowledge import facts, topics
from bot.knowledge.facts import Fact, Use
from bot.knowledge.faults import Faults
from bot.knowledge.source import Sources


class Kind(Enum):
    """What is open; the order is that of the list."""

    VALUE = "values to confirm"
    CHANNEL = "channels without a value"
    ANSWER = "answers the department has not given"
    SOURCE = "entries without a page of the department as source"
    TRANSLATION = "translations nobody has signed"
    TEMPLATE = "advisory wordings nobody has signed"


@dataclass(frozen=True, slots=True)
class Open:
    """One thing to confirm. Empty text: it does not apply to this kind."""

    kind: Kind
    entries: str
    what: str
    value: str
    source: str
    as_of: str
    place: Place


def still_open(knowledge: Knowledge, sources: Sources) -> tuple[Open, ...]:
    """Everything that is open, kind by kind."""
    entries = list(knowledge.entries.values())
    found: list[Open] = list(_values(sources))
    for entry in entries:
        found += _of_entry(entry, _hosts(knowledge))
    found += [
        Open(Kind.TEMPLATE, template, languages, "", "", "", node.place)
        for template, languages, node in topics.unsigned(sources)
    ]
    order = list(Kind)
    return tuple(sorted(found, key=lambda each: order.index(each.kind)))


def _values(sources: Sources) -> Iterator[Open]:
    """Each value of the department's own that nobody there has confirmed; every value when nothing is listed."""
    uses: dict[facts.Name, list[Use]] = defaultdict(list)
    for use in facts.used(sources):
        uses[use.value.name].append(use)
    listed = facts.listed(sources, Faults())
    known = {fact.value.name: fact for fact in listed}
    pages = {name for fact in listed for name in facts.names(fact.source)}
    for name, where in uses.items():
        fact = known.get(name)
        if (fact is None and name not in pages) or (fact is not None and fact.is_local and not fact.confirmed_by):
            yield _value(where, fact)


def _value(where: list[Use], fact: Fact | None) -> Open:
    first = where[0]
    return Open(
        Kind.VALUE,
        " ".join(dict.fromkeys(use.entry or use.place.file for use in where)),
        fact.what if fact else first.value.kind.value,
        first.value.shown,
        (fact.source or "") if fact else f"none: not listed in {facts.FILE}",
        (fact.as_of or "") if fact else "",
        first.place,
    )


def _of_entry(entry: Entry, hosts: set[str]) -> Iterator[Open]:
    source = entry.source.url if entry.source else ""
    as_of = f"checked on {entry.checked_on}" if entry.checked_on else ""
    for channel in entry.channels:
        if channel.value is None:
            yield Open(Kind.CHANNEL, entry.id, channel.kind.value, "", source, as_of, entry.place)
    unsaid = [language for language, wording in entry.wordings.items() if wording.answer is None]
    if unsaid:
        yield Open(Kind.ANSWER, entry.id, " ".join(unsaid), "", source, as_of, entry.place)
    if _host(source) not in hosts:
        yield Open(Kind.SOURCE, entry.id, "", "", source, as_of, entry.place)
    original, *others = entry.wordings
    for language in others:
        if entry.wordings[language].answer is not None and entry.wordings[language].approved_by is None:
            yield Open(Kind.TRANSLATION, entry.id, f"{original} to {language}", "", "", "", entry.place)


def _hosts(knowledge: Knowledge) -> set[str]:
    """Where the department publishes: the hosts of the links in `department.yaml`."""
    return {_host(url) for url in knowledge.department.links.values()}


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.")
