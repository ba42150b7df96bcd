"""What is kept of a question nobody could answer: what the redaction takes out of the labelled lines, by kind and
language, with 95 % intervals, and what it costs; and which texts are not kept at all.

python -m tests.benchmarks.redaction

Each line of `tests/data/redaction_*.jsonl` names in `find` what of it must go and in `keep` what must stay; a line with
nothing to find must come out as it is. The patterns were made with the tuning half; the scoring half only scores.
Of `tests/data/report_like_*.jsonl` each line says whether it tells of a crime, a danger or distress. It goes through
the whole decision, with the verdict of cues and net.
"""

import re
import statistics
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from bot.core.emergency import Verdict
from bot.core.keeping import kept
from bot.core.match import NO_MATCH
from bot.core.redaction import redact
from bot.recall import interval
from tests import real_emergency, real_folder
from tests.benchmarks.command import labelled

HALVES = ("scoring", "tuning")
KINDS = ("ssn", "phone", "email", "card", "plate", "address", "dob", "name")
LANGUAGES = ("en", "es", "pt")
_MARKER = re.compile(r"\[[a-z ]+\]")
_TITLES = frozenset("mr mrs ms dr lic don doña dona seu señora".split())  # left before a name they tell nobody's


@dataclass(frozen=True, slots=True)
class Tried:
    """One thing to find and whether it is gone; of a clean line the kind is "clean", and it is to stay."""

    text: str
    language: str
    kind: str
    is_right: bool


@cache
def lines(half: str) -> tuple[dict[str, Any], ...]:
    return tuple(labelled(f"redaction_{half}.jsonl"))


@cache
def tried(half: str) -> tuple[Tried, ...]:
    """Everything that is to be found in the half, and every clean line, with what became of it."""
    return tuple(each for line in lines(half) for each in _tried(line))


def is_gone(value: str, text: str, redacted: str) -> bool:
    """Whether no word of the value is left: each as often in what came out as the rest of the text has it, at most."""
    left = Counter(_words(_MARKER.sub(" ", redacted)))
    beside = Counter(_words(text.replace(value, " ", 1)))
    return all(left[word] <= beside[word] for word in _words(value))


@cache
def told(half: str) -> tuple[Tried, ...]:
    """Texts that may be reports, and whether they are rightly kept or not; kinds are "report" and "question"."""
    knowledge = real_folder.loaded().snapshot.knowledge
    found = []
    every = labelled(f"report_like_{half}.jsonl")
    for line, level in zip(every, real_emergency.levels([line["text"] for line in every]), strict=True):
        text, is_report = str(line["text"]), bool(line["is_report"])
        is_kept = bool(kept(text, Verdict(level), NO_MATCH, knowledge))
        found.append(Tried(text, line["language"], "report" if is_report else "question", is_kept is not is_report))
    return tuple(found)


def shares(some: Iterable[Tried]) -> tuple[int, int]:
    """How many came out right, and of how many."""
    right = [each.is_right for each in some]
    return sum(right), len(right)


def milliseconds(rounds: int = 5) -> list[float]:
    """Processor time of each line of both halves, the best of several rounds."""
    texts = [line["text"] for half in HALVES for line in lines(half)]
    best = [float("inf")] * len(texts)
    for _ in range(rounds):
        for at, text in enumerate(texts):
            began = time.process_time()
            redact(text)
            best[at] = min(best[at], (time.process_time() - began) * 1000)
    return best


def _tried(line: dict[str, Any]) -> Iterator[Tried]:
    text, language = str(line["text"]), str(line["language"])
    redacted = redact(text)
    for kind, value in line["find"]:
        yield Tried(text, language, kind, is_gone(value, text, redacted))
    for number in line.get("keep", ()):
        yield Tried(text, language, "kept", number in redacted)
    if not line["find"]:
        yield Tried(text, language, "clean", redacted == text)


def _words(text: str) -> list[str]:
    return [word for word in re.findall(r"\w+", text.casefold()) if word not in _TITLES]


def _cell(some: Sequence[Tried]) -> str:
    right, of = shares(some)
    low, high = interval(right, of)
    return f"{right / of:.3f} [{low:.3f}-{high:.3f}] {right}/{of}" if of else "-"


def _show(title: str, every: Sequence[Tried], names: dict[str, str]) -> None:
    print(title.ljust(30) + "".join(f"{name:28}" for name in ("all", *LANGUAGES)))  # noqa: T201
    for kind, name in names.items():
        of_kind = [each for each in every if each.kind == kind]
        columns = [of_kind, *([each for each in of_kind if each.language == spoken] for spoken in LANGUAGES)]
        print(f"  {name:28}" + "".join(f"{_cell(some):28}" for some in columns))  # noqa: T201


def main() -> None:
    """Print every figure."""
    names = {kind: f"{kind} found" for kind in KINDS}
    names |= {"kept": "case number kept", "clean": "clean, left as it is"}
    for half in HALVES:
        _show(f"{half}: {len(lines(half))} lines", tried(half), names)
    for half in HALVES:
        several = told(half)
        _show(
            f"{half}: {len(several)} texts", several, {"report": "report-like, not kept", "question": "question, kept"}
        )
    spent = milliseconds()
    print(f"a line: median {statistics.median(spent):.3f} ms, the slowest {max(spent):.2f} ms of processor time")  # noqa: T201


if __name__ == "__main__":
    main()
