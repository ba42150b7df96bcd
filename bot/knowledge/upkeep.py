"""What wants a curator's care though it works: what is missing, old, overdue, hard to read."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import date

from bot.core import compose
from bot.core.entry import ContactKind, Entry, Knowledge, Wording, fingerprint
from bot.core.text import fold
from bot.knowledge.about import About
from bot.knowledge.source import Problem

LABEL_SHOWN = 20  # characters: the shortest button among the channels; titles must differ within it
_FEWEST_ASKS = 8  # in each language: fewer leave too many ways of asking to chance
_FEWEST_QUESTIONS = 6  # over all languages
_SENTENCE = 30  # words; a longer one is read twice
_AVERAGE = 15  # words a sentence
_LONGEST = 130  # words: the 120 of the guide, and a line with a link
_ENDS = re.compile(r"(?<=[.!?…])[\"”»')]*\s+(?=[^a-zà-ÿ])")  # a small letter goes on: "8 p. m. del lunes"
_BULLET = re.compile(r"(?:[-*•]|\d{1,2}[.)])\s+")
_PLAIN_LINK = re.compile(r"\bhttp://\S+")


def findings(knowledge: Knowledge, today: date) -> Iterator[Problem]:
    """Everything of this module on every entry."""
    asked = Counter(question.expect for question in knowledge.questions)
    for entry in knowledge.entries.values():
        yield from _kept(entry, knowledge, today)
        yield from _few(entry, asked[entry.id] if knowledge.questions else None)
    for entry in (*knowledge.entries.values(), *knowledge.elsewhere):
        yield from _links(entry)
        for language, wording in entry.wordings.items():
            yield from _hard_to_read(entry, language, wording)
    yield from _alike(knowledge)
    yield from _twice(knowledge)


def sentences(answer: str) -> Iterator[str]:
    """The sentences as a reader counts them: an item of a list is one, whatever it ends with."""
    for line in answer.splitlines():
        item = _BULLET.sub("", line.strip(), count=1)
        yield from (sentence for sentence in _ENDS.split(item) if sentence.strip())


def _kept(entry: Entry, knowledge: Knowledge, today: date) -> Iterator[Problem]:
    missing = [name for name in ("owner", "checked_on", "review_every", "source") if getattr(entry, name) is None]
    if missing:
        yield _finding(entry, f"has no {', '.join(missing)}", About.FORM)
    if entry.checked_on and compose.is_overdue(entry, today):
        gives_way = ", and being of high risk it is no longer shown" if compose.gives_way(entry, today) else ""
        yield _finding(entry, f"is due for review (checked on {entry.checked_on}){gives_way}", About.OVERDUE)
    for other in entry.related:
        if other not in knowledge.entries:
            yield _finding(entry, f"names `{other}` as related, and there is no such entry", About.RELATED)
    for language in knowledge.department.languages:
        if language not in entry.wordings:
            yield _finding(entry, f"has no `{language}`", About.LANGUAGE)
    original = next(iter(entry.wordings.values())).answer
    for language, wording in entry.wordings.items():
        if wording.translates and original and wording.translates != fingerprint(original):
            told = f"`{language}` translates an older answer: compare, then write {fingerprint(original)}"
            yield _finding(entry, told, About.OLD)


def _few(entry: Entry, questions: int | None) -> Iterator[Problem]:
    """`questions` None: the folder holds none, and does not want any."""
    for language, wording in entry.wordings.items():
        if len(wording.asks) < _FEWEST_ASKS:
            told = f"has {len(wording.asks)} ask(s) in `{language}`: {_FEWEST_ASKS} are few"
            yield _finding(entry, told, About.FEW)
    if questions is not None and questions < _FEWEST_QUESTIONS:
        yield _finding(entry, f"has {questions} question(s): {_FEWEST_QUESTIONS} are few", About.FEW)


def _links(entry: Entry) -> Iterator[Problem]:
    if entry.source and not entry.source.url.startswith("https://"):
        yield _finding(entry, f"has a source that is not https: {entry.source.url}", About.LINK)
    said: dict[str, None] = {}
    for wording in entry.wordings.values():
        for text in (wording.answer or "", *wording.details.values()):
            said |= dict.fromkeys(_PLAIN_LINK.findall(text))
    for channel in entry.channels:
        for value in (channel.value or {}).values():
            if channel.kind is ContactKind.URL and not value.startswith("https://"):
                said[value] = None
    for link in said:
        yield _finding(entry, f"names a link that is not https: {link}", About.LINK)


def _hard_to_read(entry: Entry, language: str, wording: Wording) -> Iterator[Problem]:
    if wording.answer is None:
        return
    counted = [(len(sentence.split()), sentence) for sentence in sentences(wording.answer)]
    total, (most, longest) = sum(count for count, _ in counted), max(counted)
    if most > _SENTENCE:
        told = f"`{language}` has a sentence of {most} words: {_beginning(longest)!r}"
        yield _finding(entry, told, About.LONG)
    if total > _AVERAGE * len(counted):
        told = f"`{language}` has {total / len(counted):.1f} words a sentence, the longest {_beginning(longest)!r}"
        yield _finding(entry, told, About.LONG)
    # Of the original alone: the same said in Spanish has a sixth more words.
    if wording is next(iter(entry.wordings.values())) and total > _LONGEST:
        yield _finding(entry, f"`{language}` has {total} words: more than {_LONGEST} are not read", About.LONG)


def _alike(knowledge: Knowledge) -> Iterator[Problem]:
    seen: dict[tuple[str, str], Entry] = {}
    for entry in knowledge.entries.values():
        for language, wording in entry.wordings.items():
            other = seen.setdefault((language, wording.title[:LABEL_SHOWN].casefold()), entry)
            if other is not entry:
                told = f"`{language}` title {wording.title!r} looks like that of `{other.id}` once a channel cuts it"
                yield _finding(entry, told, About.LABEL)


def _twice(knowledge: Knowledge) -> Iterator[Problem]:
    """Asks of two entries that fold to the same words: the matcher cannot tell them apart."""
    seen: Mapping[str, list[Entry]] = defaultdict(list)
    places: dict[tuple[str, str], str] = {}
    for entry in (*knowledge.entries.values(), *knowledge.elsewhere):
        for _, ask in entry.asks():
            line = fold(ask.text).line
            places.setdefault((line, entry.id), f"{ask.text!r} ({ask.place})")
            others = seen[line]
            if entry not in others:
                for other in others:
                    told = f"{ask.text!r} of `{entry.id}` is also an ask of `{other.id}`: {places[line, other.id]}"
                    yield Problem(ask.place, told, is_fault=False, about=About.TWICE)
                others.append(entry)


def _beginning(sentence: str) -> str:
    words = sentence.split()
    return " ".join(words[:8]) + (" …" if len(words) > 8 else "")


def _finding(entry: Entry, text: str, about: About) -> Problem:
    return Problem(entry.place, f"`{entry.id}` {text}", is_fault=False, about=about)
