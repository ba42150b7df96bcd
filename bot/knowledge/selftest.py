"""Meaning, not only form: every cue raises what it must, no cue swallows a question, every ask finds its own entry."""

from collections.abc import Iterator
from datetime import date

from bot.core import compose
from bot.core.answer import Snapshot
from bot.core.emergency import Level, Rules, check
from bot.core.entry import Entry, EntryKind
from bot.core.features import Vectors
from bot.core.match import Certainty, Index
from bot.core.text import fold
from bot.knowledge import upkeep
from bot.knowledge.about import About
from bot.knowledge.source import Problem
from bot.knowledge.urgent import EmergencyFiles

# Of the phrasings: those on a crisis have more that a help line is added to, on the registry of offenders a few less.
_IN_DISTRESS, _FEW_IN_DISTRESS = 0.1, 2


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


def findings(snapshot: Snapshot, vectors: Vectors | None, today: date) -> Iterator[Problem]:
    """What curators should look at; none of it keeps the folder from going live. `vectors` are those of its asks."""
    knowledge = snapshot.knowledge
    entries = [*knowledge.entries.values(), *knowledge.elsewhere]
    for entry in entries:
        yield from _swallowed(entry, knowledge.rules)
    yield from _collisions(snapshot.index, vectors)
    yield from upkeep.findings(knowledge, today)


def questions(snapshot: Snapshot) -> Iterator[Problem]:
    """Questions that do not find their entry, and known misses that do: those leave their list."""
    for question in snapshot.knowledge.questions:
        match = snapshot.index.rank(fold(question.text), snapshot.lookout.embed)
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
            yield Problem(question.place, f"{question.text!r} {says}", is_fault=False, about=About.QUESTION)


def _swallowed(entry: Entry, rules: Rules) -> Iterator[Problem]:
    in_distress, every = 0, 0
    for _, ask in entry.asks():
        verdict = check(fold(ask.text), rules)
        in_distress, every = in_distress + (verdict.line is not None), every + 1
        if verdict.level is Level.EMERGENCY:
            told = f"{ask.text!r} is sent to 911 by cue `{verdict.cue}`"
            yield Problem(ask.place, told, is_fault=False, about=About.SWALLOWED)
    is_ours = entry.kind is not EntryKind.OUT_OF_SCOPE
    if is_ours and not entry.is_crisis and in_distress >= max(_FEW_IN_DISTRESS, _IN_DISTRESS * every):
        told = f"`{entry.id}` has {in_distress} ask(s) that are met with a help line: whoever asks may be in distress"
        yield Problem(entry.place, told, is_fault=False, about=About.CRISIS)
    value = check(fold(compose.ENTRY_MARK + entry.id), rules)
    if value.level is Level.EMERGENCY:
        told = f"the button of `{entry.id}` is sent to 911 by cue `{value.cue}`"
        yield Problem(entry.place, told, is_fault=False, about=About.SWALLOWED)


def _collisions(index: Index, vectors: Vectors | None) -> Iterator[Problem]:
    phrasings = index.phrasings
    for label, ask, words, first in zip(
        phrasings.labels, phrasings.asks, phrasings.words, index.firsts(vectors), strict=True
    ):
        entry = phrasings.entries[label]
        is_heading = entry.kind is EntryKind.OUT_OF_SCOPE and ask.place == entry.place  # nobody is ever shown these
        if first is not entry and not is_heading:
            other = index.nearest(first, words)
            told = f"{ask.text!r} of `{entry.id}` finds `{first.id}`: {other.text!r} ({other.place})"
            yield Problem(ask.place, told, is_fault=False, about=About.COLLISION)
