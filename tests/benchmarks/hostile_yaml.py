"""How long a broken or hostile file takes to be refused, beside a sound folder of the same size in the same run."""

import logging
import statistics
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import structlog

from bot.knowledge import live, schema, source
from bot.knowledge.source import KnowledgeInvalid
from tests import hostile_yaml, small_folder
from tests.hostile_yaml import Case

_SHOWN = 8
_AIM = 0.2  # seconds, from the issue


def refusal(folder: Path) -> float:
    """Seconds from the first look at the folder to the refusal, or to its end when it is sound."""
    started = time.perf_counter()
    with suppress(KnowledgeInvalid):
        schema.checked(source.read(folder, live.SHIPPED))
    return time.perf_counter() - started


def main(home: Path) -> None:
    """Measure each case alone in a sound small folder, and print the slowest."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    folder = hostile_yaml.write(home / "knowledge")
    live.SHIPPED = small_folder.write(home / "shipped")
    sound = statistics.median(refusal(folder) for _ in range(20))
    took: list[tuple[float, Case]] = []
    for case in hostile_yaml.cases():
        path = folder / case.file
        before = path.read_bytes() if path.exists() else None
        case.make(folder)
        took.append((min(refusal(folder) for _ in range(3)), case))
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
        if before is not None:
            path.write_bytes(before)
    took.sort(key=lambda pair: -pair[0])
    seconds = [each for each, _ in took]
    say = sys.stdout.write
    say(f"{len(took)} files refused; a sound folder of this size is read in {sound * 1000:.0f} ms\n")
    say(f"median {statistics.median(seconds) * 1000:.0f} ms, slowest {seconds[0] * 1000:.0f} ms, ")
    say(f"over {_AIM * 1000:.0f} ms: {sum(each > _AIM for each in seconds)}\n")
    for each, case in took[:_SHOWN]:
        say(f"{each * 1000:6.0f} ms, {each / sound:4.1f} times a sound folder: {source.shown(case.name)}\n")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        main(Path(name))
