"""Accuracy on the labelled messages, through the product's own command, by language, with 95 % intervals."""

from collections.abc import Callable, Iterable
from typing import Any

from bot.core.answer import Outcome
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


def emergencies(name: str) -> None:
    """Recall and false alarms on the emergencies of a file."""
    messages = labelled(name)
    pairs = list(zip(messages, ask(messages), strict=True))
    urgent = [pair for pair in pairs if pair[0]["label"] == "emergency"]
    harmless = [pair for pair in pairs if pair[0]["label"] == "none"]
    careful = [pair for pair in pairs if pair[0]["label"] == "caution"]
    row("emergency found as emergency", urgent, lambda _, got: got["verdict"] == "emergency")
    row("emergency with any 911 line", urgent, lambda _, got: got["verdict"] != "none")
    row("caution with any 911 line", careful, lambda _, got: got["verdict"] != "none")
    row("none sent to 911", harmless, lambda _, got: got["verdict"] == "emergency")
    row("none with any 911 line", harmless, lambda _, got: got["verdict"] != "none")


def questions(name: str) -> None:
    """Answers on the questions of a file, beside what was expected."""
    messages = labelled(name)
    pairs = list(zip(messages, ask(messages), strict=True))
    inside = [pair for pair in pairs if pair[0]["kind"] == "in"]
    row("in scope: top-1", inside, lambda want, got: _first(got, 1) & set(want["expect"]) != set())
    row("in scope: top-3", inside, lambda want, got: _first(got, 3) & set(want["expect"]) != set())
    row("in scope: answered right", inside, lambda want, got: got["entry"] in want["expect"])
    row("in scope: right or offered", inside, _is_offered)
    row("in scope: answered wrong", inside, _is_wrong)
    row("in scope: sent to 911", inside, lambda _, got: got["verdict"] == "emergency")
    row("in scope: any 911 line", inside, lambda _, got: got["verdict"] != "none")
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
    emergencies("emergency_dev.jsonl")
    for file in (
        "questions_dev.jsonl",
        "questions_fresh.jsonl",
        "questions_fresh_2.jsonl",
        "questions_fresh_3.jsonl",
        "questions_fresh_4.jsonl",
        "questions_fresh_5.jsonl",
        "questions_fresh_6.jsonl",
        "questions_fresh_7.jsonl",
    ):
        print(file)  # noqa: T201
        questions(file)
