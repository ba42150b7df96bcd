"""What came of the load, in lines."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from bot.knowledge import live
from tests.benchmarks.load_platform import Platform

_LOOK = 0.25  # seconds
_REDIRECT = "911"


@dataclass(slots=True, eq=False)
class Phase:
    """A stretch of the schedule; `rate` is in questions a second."""

    name: str
    rate: float
    seconds: float
    began: float = 0.0


class Kind(Enum):
    """What is written."""

    QUESTION = "question"
    DANGER = "danger"
    STOP = "stop"


@dataclass(slots=True)
class Asked:
    """A question and its replies. `due` is when the schedule wanted it, `began` when it was really asked."""

    phase: Phase
    due: float
    kind: Kind
    is_web: bool
    began: float
    replies: list[tuple[float, str]] = field(default_factory=list)
    is_refused: bool = False
    brought_again: int = 0


@dataclass(slots=True)
class Sample:
    """The memory of the server, in MB, in each phase: after its first tenth, and at most."""

    pid: int
    phase: Phase | None = None
    early: dict[Phase, float] = field(default_factory=dict)
    most: dict[Phase | None, float] = field(default_factory=dict)
    cpu: dict[Phase | None, float] = field(default_factory=dict)

    async def run(self) -> None:
        """Look again and again."""
        while True:
            now = resident(self.pid)
            self.most[self.phase] = max(self.most.get(self.phase, 0), now)
            if self.phase and time.perf_counter() - self.phase.began > self.phase.seconds / 10:
                self.early.setdefault(self.phase, now)
            self.cpu.setdefault(self.phase, _cpu(self.pid))
            await asyncio.sleep(_LOOK)

    def cpu_of(self, phase: Phase) -> float:
        """Processor seconds that the server took from the start of the phase to the start of the next."""
        begun = list(self.cpu)
        after = begun[begun.index(phase) + 1 :]
        return (self.cpu[after[0]] if after else _cpu(self.pid)) - self.cpu[phase]


def resident(pid: int) -> float:
    """MB of memory that the process holds, and those it has begun: libraries that they share are counted twice."""
    lines = (line for each in _family(pid) for line in _told(each, "status").splitlines())
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


def _cpu(pid: int) -> float:
    told = (_told(each, "stat").rpartition(")")[2].split() for each in _family(pid))
    return sum(int(fields[11]) + int(fields[12]) for fields in told if fields) / 100


def _family(pid: int) -> list[int]:
    """The process, and the encoder's."""
    files = Path(f"/proc/{pid}/task").glob("*/children")  # by the thread that began it
    return [pid, *(int(child) for file in files for child in file.read_text().split())]


def _told(pid: int, what: str) -> str:
    try:
        return Path(f"/proc/{pid}/{what}").read_text()
    except OSError:  # it has ended
        return ""


def table(
    asked: Iterable[Asked], acknowledged: Sequence[tuple[Phase, float]], sample: Sample, platform: Platform
) -> str:
    """The figures of each phase; `lost` got no reply at all, `twice` the same one two times."""
    knowledge = live.load(live.default_folder()).snapshot.knowledge
    notices = tuple(text for name in ("busy", "limited") for text in knowledge.phrases.texts.get(name, {}).values())
    redirects = tuple(text.partition("\n")[0] for text in knowledge.replies.redirect.values())
    by_phase: dict[Phase, list[Asked]] = {}
    for each in asked:
        by_phase.setdefault(each.phase, []).append(each)
    heads = "asked/s  answered    shed  lost twice     p50     p95     p99     max   911 p99 STOP p99  ack p99"
    lines = [f"{'ms from the scheduled moment':28} {heads}  asker's lag p99  MB early  MB at most  CPU s"]
    for phase, questions in by_phase.items():
        replied = [each for each in questions if each.replies]
        shed = [each for each in replied if any(notice in each.replies[0][1] for notice in notices)]
        took = sorted((each.replies[0][0] - each.due) * 1000 for each in replied)
        danger, stops = (
            sorted((each.replies[0][0] - each.due) * 1000 for each in replied if each.kind is kind)
            for kind in (Kind.DANGER, Kind.STOP)
        )
        # An emergency that is delivered twice is answered twice (law 1).
        twice = sum(
            max(Counter(text for _, text in each.replies).values()) > 1
            for each in replied
            if not each.replies[0][1].startswith(redirects)
        )
        calls = sorted(seconds * 1000 for of, seconds in acknowledged if of is phase)
        lag = sorted((each.began - each.due) * 1000 for each in questions)
        lines.append(
            f"{phase.name:28} {len(questions) / phase.seconds:7.1f} {len(replied) - len(shed):9} {len(shed):7} "
            f"{len(questions) - len(replied):5} {twice:5} "
            f"{_share(took, 0.5)} {_share(took, 0.95)} {_share(took, 0.99)} {_share(took, 1)} "
            f"{_share(danger, 0.99)}  {_share(stops, 0.99)}  {_share(calls, 0.99)}  {_share(lag, 0.99)}        "
            f"{sample.early.get(phase, 0):8.0f}    {sample.most.get(phase, 0):8.0f}  "
            f"{sample.cpu_of(phase) if phase in sample.cpu else 0:5.1f}"
        )
    everything = [each for questions in by_phase.values() for each in questions]
    unsaid = [
        each
        for each in everything
        if each.kind is Kind.DANGER and not any(_REDIRECT in text for _, text in each.replies)
    ]
    lines += [
        f"calls for help without 911   {len(unsaid)} of {sum(each.kind is Kind.DANGER for each in everything)}",
        f"webhooks brought again       {sum(each.brought_again for each in everything)}",
        f"chats told to ask again      {sum(each.is_refused for each in everything)}",
        f"announced meanwhile          {platform.announced}",
        f"at {time.strftime('%Y-%m-%d %H:%M')}, load of the machine {_load()}",
    ]
    return "\n".join(lines)


def _share(among: Sequence[float], share: float) -> str:
    return f"{among[min(len(among) - 1, int(len(among) * share))]:7.0f}" if among else f"{'-':>7}"


def _load() -> str:
    return " ".join(Path("/proc/loadavg").read_text().split()[:3])
