"""The whole examination of a folder: its faults, or else all that curators should look at."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bot.knowledge import encoder, facts, learned, live, selftest, topics
from bot.knowledge.live import Loaded
from bot.knowledge.source import KnowledgeInvalid, Problem


@dataclass(frozen=True, slots=True)
class Examined:
    """`problems` in the order of their places; `loaded` None when a fault keeps the folder from going live."""

    problems: tuple[Problem, ...]
    loaded: Loaded | None


def examine(folder: Path, data: Path, today: date) -> Examined:
    """Everything `check` reports on a folder: faults alone when there are any, else the findings.

    What is learned for it is kept under the data folder.
    """
    try:
        loaded = live.load(folder)
    except KnowledgeInvalid as e:
        return Examined(tuple(sorted(e.problems)), None)
    found = encoder.load()
    snapshot = live.taught(loaded, data, found)
    vectors = learned.vectors(snapshot.index.phrasings, found, data / live.CACHE) if found else None
    met = (
        *loaded.sources.problems,
        *selftest.findings(snapshot, vectors, today),
        *selftest.questions(snapshot),
        *facts.findings(loaded.sources),
        *topics.findings(snapshot.knowledge, loaded.sources),
    )
    return Examined(tuple(sorted(met)), loaded)
