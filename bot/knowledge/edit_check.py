"""A draft checked as the folder would be with it: its faults, what curators should look at, and where phrases collide.

Nothing goes live here and nothing of the folder is touched: the check reads a copy.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.core.answer import Snapshot
from bot.core.emergency import Level, check
from bot.core.entry import Entry, Knowledge, Place
from bot.core.match import Certainty
from bot.core.text import fold
from bot.knowledge import facts, live, source, topics, upkeep
from bot.knowledge.edit import Change
from bot.knowledge.live import Loaded
from bot.knowledge.source import KnowledgeInvalid, Problem, Sources


@dataclass(frozen=True, slots=True)
class Checked:
    """`faults` are the draft's own: with any of them it cannot be saved. `standing` are those that the folder has
    without it. `loaded` is the folder with the draft; None when either kind keeps it from going live."""

    faults: tuple[Problem, ...]
    standing: tuple[Problem, ...]
    loaded: Loaded | None

    @property
    def may_be_saved(self) -> bool:
        return not self.faults


@dataclass(frozen=True, slots=True)
class Collision:
    """A new phrase of an answer that something else has a claim to."""

    phrase: str
    place: Place
    entry: str
    told: str
    is_grave: bool


def checked(folder: Path, changes: tuple[Change, ...]) -> Checked:
    """The folder as it would be, with every fault. Takes as long as a reload: call it in a thread."""
    try:
        return Checked((), (), _loaded(folder, changes))
    except KnowledgeInvalid as e:
        faults = e.problems
    try:
        _loaded(folder, ())
        standing: tuple[Problem, ...] = ()
    except KnowledgeInvalid as e:
        known = {(problem.place.file, problem.text) for problem in e.problems}
        standing = tuple(sorted(problem for problem in faults if (problem.place.file, problem.text) in known))
    own = tuple(sorted(problem for problem in faults if problem not in standing))
    return Checked(own, standing, None)


def collisions(before: Snapshot, after: Knowledge) -> Iterator[Collision]:
    """What the phrases that are new in `after` collide with: another entry's words, a cue, what finds them today."""
    owners: dict[str, list[Entry]] = {}
    for entry in (*after.entries.values(), *after.elsewhere):
        for _, ask in entry.asks():
            found = owners.setdefault(fold(ask.text).line, [])
            if entry not in found:
                found.append(entry)
    for entry in (*after.entries.values(), *after.elsewhere):
        old = _entry(before.knowledge, entry.id)
        known = {ask.text for _, ask in old.asks()} if old else set()
        for _, ask in entry.asks():
            if ask.text not in known:
                for told, is_grave in _claims(ask.text, entry, owners, before, after):
                    yield Collision(ask.text, ask.place, entry.id, told, is_grave)


def notes(knowledge: Knowledge, sources: Sources, today: date) -> tuple[Problem, ...]:
    """What curators should look at in the whole folder, save what only the matcher can tell."""
    return (
        *sources.problems,
        *upkeep.findings(knowledge, today),
        *facts.findings(sources),
        *topics.findings(knowledge, sources),
    )


def fresh(before: tuple[Problem, ...], after: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """Those that were not there before; a line that has only moved makes no new one."""
    known = {(problem.place.file, problem.text) for problem in before}
    return tuple(sorted(problem for problem in after if (problem.place.file, problem.text) not in known))


def _claims(
    phrase: str, entry: Entry, owners: dict[str, list[Entry]], before: Snapshot, after: Knowledge
) -> Iterator[tuple[str, bool]]:
    words = fold(phrase)
    verdict = check(words, after.rules)
    if verdict.level is Level.EMERGENCY:
        yield "is sent to 911: nobody who writes it will get this answer", True
    others = [other for other in owners[words.line] if other is not entry]
    for other in others:
        yield f"stands word for word in `{other.id}` too: the bot cannot tell them apart", True
    if not others:
        match = before.rank(words)
        first = match.candidates[0].entry if match.candidates else None
        if first is not None and first.id != entry.id and match.certainty is Certainty.SURE:
            yield f"gets `{first.id}` today, surely: it will move here", False


def _entry(knowledge: Knowledge, entry: str) -> Entry | None:
    return knowledge.entries.get(entry) or next((each for each in knowledge.elsewhere if each.id == entry), None)


def _loaded(folder: Path, changes: tuple[Change, ...]) -> Loaded:
    with TemporaryDirectory(prefix="knowledge-") as made:
        copy = Path(made)
        texts = {name: path.read_bytes() for name, path in source.paths(folder, folder) if path.is_file()}
        for change in changes:
            if change.after is None:
                texts.pop(change.file, None)
            else:
                texts[change.file] = change.after.encode()
        for name, content in texts.items():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_bytes(content)
        return live.load(copy)
