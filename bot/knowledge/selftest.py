"""Meaning, not only form: every cue raises what it must, no cue swallows a question, every ask finds its own entry."""

from collections.abc import Iterator
from datetime import date

from bot.core import compose
from bot.core.answer import Snapshot
from bot.core.emergency import Level, Rules, check
from bot.core.entry import Entry, EntryKind, Knowledge, Place, fingerprint
from bot.core.match import Certainty
from bot.core.text import fold
from bot.knowledge.source import Problem
from bot.knowledge.urgent import EmergencyFiles

_LABEL_SHOWN = 20  # characters: the shortest button among the channels; titles must differ within it


def cues(files: EmergencyFiles) -> Iterator[Problem]:
    """Faults of cues whose examples do not come out as they must: such a folder must not go live."""
    for cue_id, examples in files.examples.items():
        wanted = files.rules.cues[cue_id].level
        for message, must_raise, place in examples:
            verdict = check(fold(message), files.rules)
            if must_raise and verdict.level < wanted:
                got = verdict.level.name.lower()
                yield Problem(place, f"cue `{cue_id}` must raise this to {wanted.name.lower()}, and it gets {got}")
            elif not must_raise and verdict.level is not Level.NONE:
                yield Problem(place, f"cue `{cue_id}` must spare this, and `{verdict.cue}` raises it")


def findings(snapshot: Snapshot, today: date) -> Iterator[Problem]:
    """What curators should look at; none of it keeps the folder from going live."""
    knowledge = snapshot.knowledge
    entries = [*knowledge.entries.values(), *knowledge.elsewhere]
    for entry in entries:
        yield from _swallowed(entry, knowledge.rules)
        yield from _not_found(entry, snapshot)
    for entry in knowledge.entries.values():
        yield from _unkept(entry, knowledge, today)
    yield from _alike(knowledge)


def questions(snapshot: Snapshot) -> Iterator[Problem]:
    """Questions that do not find their entry, and known misses that do: those leave their list."""
    for question in snapshot.knowledge.questions:
        match = snapshot.index.rank(fold(question.text))
        found = [
            candidate.entry.id for candidate in match.candidates if candidate.entry.id in snapshot.knowledge.entries
        ]
        if question.expect is None:
            first = match.candidates[0].entry if match.candidates else None
            is_right = match.certainty is not Certainty.SURE or first is None or first.kind is EntryKind.OUT_OF_SCOPE
        else:
            is_right = question.expect in found[:3] and match.certainty is not Certainty.NOTHING
        if is_right == question.is_known_miss:
            says = (
                "is answered right now: take it off this list" if is_right else f"finds {', '.join(found) or 'nothing'}"
            )
            yield Problem(question.place, f"{question.text!r} {says}", is_fault=False)


def _swallowed(entry: Entry, rules: Rules) -> Iterator[Problem]:
    for _, ask in entry.asks():
        verdict = check(fold(ask.text), rules)
        if verdict.level is Level.EMERGENCY:
            yield Problem(ask.place, f"{ask.text!r} is sent to 911 by cue `{verdict.cue}`", is_fault=False)
    value = check(fold(compose.ENTRY_MARK + entry.id), rules)
    if value.level is Level.EMERGENCY:
        yield Problem(entry.place, f"the button of `{entry.id}` is sent to 911 by cue `{value.cue}`", is_fault=False)


def _not_found(entry: Entry, snapshot: Snapshot) -> Iterator[Problem]:
    for _, ask in entry.asks():
        match = snapshot.index.rank(fold(ask.text))
        first = match.candidates[0] if match.candidates else None
        if first is None or first.entry.id != entry.id:
            other = f"`{first.entry.id}` through {first.ask.text!r} ({first.ask.place})" if first else "nothing"
            yield Problem(ask.place, f"{ask.text!r} of `{entry.id}` finds {other}", is_fault=False)


def _unkept(entry: Entry, knowledge: Knowledge, today: date) -> Iterator[Problem]:
    def finding(text: str) -> Problem:
        return Problem(entry.place, f"`{entry.id}` {text}", is_fault=False)

    missing = [name for name in ("owner", "checked_on", "review_every", "source") if getattr(entry, name) is None]
    if missing:
        yield finding(f"has no {', '.join(missing)}")
    if compose.is_overdue(entry, today):
        yield finding("is due for review")
    for other in entry.related:
        if other not in knowledge.entries:
            yield finding(f"names `{other}` as related, and there is no such entry")
    for language in knowledge.department.languages:
        if language not in entry.wordings:
            yield finding(f"has no `{language}`")
    original = next(iter(entry.wordings.values())).answer
    for language, wording in entry.wordings.items():
        if wording.translates and original and wording.translates != fingerprint(original):
            yield finding(f"`{language}` translates an older answer: compare, then write {fingerprint(original)}")
    if entry.source and not entry.source.url.startswith("https://"):
        yield finding("has a source that is not https")


def _alike(knowledge: Knowledge) -> Iterator[Problem]:
    seen: dict[tuple[str, str], Place] = {}
    for entry in knowledge.entries.values():
        for language, wording in entry.wordings.items():
            label = (language, wording.title[:_LABEL_SHOWN].casefold())
            if label in seen:
                text = (
                    f"`{language}` title {wording.title!r} looks like the one at {seen[label]} once a channel cuts it"
                )
                yield Problem(entry.place, text, is_fault=False)
            seen.setdefault(label, entry.place)
