"""Accuracy on the labelled messages, through the product's own command, by language, with 95 % intervals."""

from collections.abc import Callable, Iterable
from typing import Any

from bot.core.answer import Outcome
from bot.knowledge import live
from bot.recall import interval
from tests.benchmarks.command import ask, labelled

Pair = tuple[dict[str, Any], dict[str, Any]]


def row(name: str, pairs: Iterable[Pair], is_hit: Callable[[dict[str, Any], dict[str, Any]], bool]) -> None:
    """Print one figure: all languages together, then each."""
    kept = list(pairs)
    cells = []
    for language in (None, "en", "es", "pt"):
        some = [pair for pair in kept if language is None or pair[0]["lang"] == language]
        hits = sum(is_hit(*pair) for pair in some)
        low, high = interval(hits, len(some))
        share = hits / len(some) if some else float("nan")
        cells.append(f"{share:.3f} [{low:.3f}-{high:.3f}] {hits}/{len(some)}".rjust(29))
    print(f"{name:38}" + " ".join(cells))  # noqa: T201


def emergencies() -> None:
    """Recall and false alarms on `emergency_dev.jsonl`."""
    messages = labelled("emergency_dev.jsonl")
    pairs = list(zip(messages, ask(messages), strict=True))
    urgent = [pair for pair in pairs if pair[0]["label"] == "emergency"]
    harmless = [pair for pair in pairs if pair[0]["label"] == "none"]
    careful = [pair for pair in pairs if pair[0]["label"] == "caution"]
    row("emergency found as emergency", urgent, lambda _, got: got["verdict"] == "emergency")
    row("emergency with any 911 line", urgent, lambda _, got: got["verdict"] != "none")
    row("caution with any 911 line", careful, lambda _, got: got["verdict"] != "none")
    row("none sent to 911", harmless, lambda _, got: got["verdict"] == "emergency")
    row("none with any 911 line", harmless, lambda _, got: got["verdict"] != "none")


def questions() -> None:
    """Answers on `questions_dev.jsonl`: all of it, and the part whose entry the knowledge has."""
    known = set(live.load(live.default_folder())[0].knowledge.entries)
    messages = labelled("questions_dev.jsonl")
    pairs = list(zip(messages, ask(messages), strict=True))
    inside = [pair for pair in pairs if pair[0]["kind"] == "in"]
    for name, some in (("all", inside), ("its entry exists", [p for p in inside if known & set(p[0]["expect"])])):
        row(f"in scope, {name}: top-1", some, lambda want, got: _first(got, 1) & set(want["expect"]) != set())
        row(f"in scope, {name}: top-3", some, lambda want, got: _first(got, 3) & set(want["expect"]) != set())
        row(f"in scope, {name}: answered right", some, lambda want, got: got["entry"] in want["expect"])
        row(f"in scope, {name}: right or offered", some, _is_offered)
        row(f"in scope, {name}: answered wrong", some, _is_wrong)
        row(f"in scope, {name}: any 911 line", some, lambda _, got: got["verdict"] != "none")
    outside = [pair for pair in pairs if pair[0]["kind"] == "out"]
    row("out of scope: answered", outside, lambda _, got: got["outcome"] == Outcome.ANSWERED.value)
    row("language right", pairs, lambda want, got: got["language"] == want["lang"])


def _first(got: dict[str, Any], most: int) -> set[str]:
    return {candidate["entry"] for candidate in got["candidates"][:most]}


def _is_offered(want: dict[str, Any], got: dict[str, Any]) -> bool:
    asked = got["outcome"] == Outcome.ASKED_WHICH.value
    return got["entry"] in want["expect"] or (asked and bool(_first(got, 3) & set(want["expect"])))


def _is_wrong(want: dict[str, Any], got: dict[str, Any]) -> bool:
    return got["outcome"] == Outcome.ANSWERED.value and got["entry"] not in want["expect"]


if __name__ == "__main__":
    print(f"{'':38}" + " ".join(name.rjust(29) for name in ("all", "en", "es", "pt")))  # noqa: T201
    emergencies()
    questions()
