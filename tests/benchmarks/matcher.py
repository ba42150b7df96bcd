"""What the matcher costs: time a message, memory and start, at 1,500 and at 15,000 phrasings.

Each table row is a process of its own. Times are processor time, so that what else runs on the machine counts little;
a median is the best of several rounds, a p99 is the first round's, when no misspelt word has been met before. The start
on our own knowledge is by the clock: from the command to the answer that it prints, with bytecode, as where it is
installed.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Any

import structlog
from rapidfuzz import fuzz, process

from bot import asking
from bot.clock import utc_now
from bot.core.text import fold
from bot.knowledge import encoder, learned, live
from tests.benchmarks.command import labelled
from tests.benchmarks.foreign import Asked, Labelled, mistyped, write
from tests.benchmarks.foreign import labelled as foreign

_SIZES = (1_500, 15_000)
_MESSAGES = 400
_MISTYPED = 3  # one message in so many
_ROUNDS = 5
_STARTS = 5
_UNLIKE = ("a", "qwertz", "reprot", "zx")


@dataclass(frozen=True, slots=True)
class Row:
    """One process: seconds from its birth to a ready matcher and of the learned part, megabytes, milliseconds."""

    start: float
    matcher: float
    steady: float
    peak: float
    median: float = 0.0
    p99: float = 0.0
    alone: float = 0.0
    plain: float = 0.0


def own() -> Labelled:
    """The project's own phrasings, and what residents ask."""
    taught = defaultdict[str, list[str]](list)
    phrasings = live.load(live.SHIPPED).snapshot.index.phrasings
    for label, phrasing in zip(phrasings.labels, phrasings.asks, strict=True):
        taught[phrasings.entries[label].id].append(phrasing.text)
    return Labelled(taught, (), [Asked(message["text"], None) for message in labelled("questions_dev.jsonl")])


def enough(source: Labelled, phrasings: int) -> Labelled:
    """At least so many phrasings an entry: where there are fewer, the head of one and the tail of another."""
    chance, taught = Random("variations"), {}
    for entry, some in source.taught.items():
        known = dict.fromkeys(some)
        for _ in range(20 * phrasings):
            if len(known) >= phrasings:
                break
            one, other = (chance.choice(some).split() for _ in range(2))
            known[" ".join((*one[: len(one) // 2 + 1], *other[len(other) // 2 :]))] = None
        taught[entry] = list(known)
    return replace(source, taught=taught)


def seconds_to_answer(room: Path) -> float:
    """From `ask` to what it answers, by the clock; `room` keeps bytecode and what was learned from run to run."""
    surroundings = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    surroundings |= {"BOT_DATA": str(room / "data"), "PYTHONPYCACHEPREFIX": str(room / "bytecode")}
    began = time.monotonic()
    command = [sys.executable, "-m", "bot", "ask", "how do i get a copy of a police report"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=surroundings) as asked:
        if not (asked.stdout and asked.stdout.readline()):
            raise SystemExit("`ask` did not answer: nothing measured")
        return time.monotonic() - began


def memory(name: str) -> float:
    """Megabytes of this process: `VmRSS` now, `VmHWM` at most so far."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(name))


def milliseconds(works: Sequence[Callable[[str], object]], texts: Sequence[str]) -> list[tuple[float, float]]:
    """Of each work the median of the best round and the p99 of the first; they take turns, as the machine has moods."""
    rounds: list[list[list[float]]] = [[] for _ in works]
    for _ in range(_ROUNDS):
        for work, of_work in zip(works, rounds, strict=True):
            spent = []
            for text in texts:
                began = time.process_time()
                work(text)
                spent.append((time.process_time() - began) * 1000)
            of_work.append(spent)
    return [(min(map(statistics.median, each)), sorted(each[0])[int(len(texts) * 0.99)]) for each in rounds]


def run(folder: Path, data: Path, by_encoder: bool, texts: Sequence[str]) -> Row:
    """Start the matcher and, when there are `texts`, measure them."""
    structlog.configure(
        processors=[structlog.processors.JSONRenderer()], logger_factory=structlog.ReturnLoggerFactory()
    )
    loaded = live.load(folder)
    found = encoder.load() if by_encoder else None
    at = time.process_time()
    phrasings = loaded.snapshot.index.phrasings
    index = loaded.snapshot.index.knowing(learned.matcher(phrasings, found, data / live.CACHE))
    done = time.process_time()
    row = Row(done, done - at, memory("VmRSS"), memory("VmHWM"))
    if not texts:
        return row
    embed = found.vector if found else None
    some = [phrasing.text for phrasing in phrasings.asks[:: max(1, len(phrasings.asks) // _SIZES[0])]][: _SIZES[0]]
    works: list[Callable[[str], object]] = [
        lambda text: index.rank(fold(text), embed),
        lambda text: process.extractOne(text, some, scorer=fuzz.token_set_ratio),
    ]
    (median, p99), (plain, _), *encoded = milliseconds([*works, embed] if embed else works, texts)
    alone = encoded[0][0] if encoded else 0.0
    return replace(row, steady=memory("VmRSS"), median=median, p99=p99, alone=alone, plain=plain)


def monsters(word: str) -> dict[str, str]:
    """Input that nobody types, with a word in it that makes it another text."""
    return {
        "1 MB of text": f"{word} police report copy how much ".ljust(32) * 32_768,
        "4,000 emoji": word + "\N{FACE WITH TEARS OF JOY}" * 4_000,
        "one word of 100,000 letters": (word * 100_000)[:100_000],
        "100,000 letters, at random": "".join(Random(word).choices("abcdefghijklmnopqrstuvwxyz", k=100_000)),
    }


def hostile(folder: Path, data: Path) -> dict[str, float]:
    """Milliseconds of a whole turn: fold, look out for danger, rank, reply; the worst of a few unlike texts."""
    structlog.configure(
        processors=[structlog.processors.JSONRenderer()], logger_factory=structlog.ReturnLoggerFactory()
    )
    snapshot, now = live.taught(live.load(folder), data, encoder.load()), utc_now()
    asking.diagnose("how do i get a report", snapshot, now)
    spent = defaultdict[str, list[float]](list)
    for word in _UNLIKE:
        for name, text in monsters(word).items():
            began = time.process_time()
            asking.diagnose(text, snapshot, now)
            spent[name].append((time.process_time() - began) * 1000)
    return {name: max(some) for name, some in spent.items()}


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


def alone(work: Callable[..., Any], *given: object) -> Any:
    """The work in a process of its own: memory and start are nobody else's."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as others:
        return others.submit(work, *given).result()


def main() -> None:
    """Print every figure."""
    parser = argparse.ArgumentParser(description="Time, memory and start of the matcher.")
    parser.add_argument("file", type=Path, nargs="?", help="as tests.benchmarks.foreign; else the project's own asks")
    chosen = parser.parse_args()
    source = foreign(chosen.file, "oos", False) if chosen.file else own()
    asked = Random("who asks").sample([each.text for each in source.asked], min(_MESSAGES, len(source.asked)))
    texts = [text if at % _MISTYPED else mistyped(text, Random(text)) for at, text in enumerate(asked)]
    say(f"load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; {len(texts)} messages")
    with tempfile.TemporaryDirectory() as name:
        starts = sorted([seconds_to_answer(Path(name)) for _ in range(1 + _STARTS)][1:])
        say(f"own knowledge, cached start: answers after {starts[0]:.2f} to {starts[-1]:.2f} s, in {_STARTS} starts")
        say(
            "phrasings  encoder |  learning: seconds  peak MB |  cached start: s  of it learned  steady MB | "
            "rank: median ms   p99 ms  x encoder  x token_set_ratio"
        )
        for size in _SIZES:
            folder, phrasings = Path(name) / str(size), -(-size // len(source.taught))
            write(folder, enough(source, phrasings), phrasings, seed=0)
            for by_encoder in (True, False):
                data = Path(name) / f"{size} {by_encoder}"
                cold = alone(run, folder, data, by_encoder, ())
                warm = alone(run, folder, data, by_encoder, texts)
                ratio = f"{warm.median / warm.alone:.2f}" if by_encoder else "-"
                say(
                    f"{size:9,}  {'yes' if by_encoder else 'no':7} | {cold.matcher:18.1f} {cold.peak:8.0f} | "
                    f"{warm.start:16.2f} {warm.matcher:14.2f} {warm.steady:10.0f} | "
                    f"{warm.median:15.2f} {warm.p99:8.2f} {ratio:>10} {warm.median / warm.plain:18.2f}"
                )
        for kind, spent in alone(hostile, Path(name) / str(_SIZES[0]), Path(name) / f"{_SIZES[0]} True").items():
            say(f"{kind}: {spent:.1f} ms, whole turn")
    say(f"load of the machine {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
