"""What the emergency check costs: rules, sentence encoder, and both with the net, beside each other in one run.

Processor time, not the clock on the wall: what else runs on the machine is not the bot's. Each figure is the best of
several rounds over the same messages.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from itertools import islice
from random import Random

from bot.core.emergency import Level, check
from bot.core.lookout import look
from bot.core.text import fold
from bot.knowledge.urgent import EmergencyFiles
from tests import real_emergency

_ROUNDS = 5


def milliseconds(work: Callable[[str], object], texts: Sequence[str]) -> tuple[float, float]:
    """Median and p99 of the best round."""
    rounds = []
    for _ in range(_ROUNDS):
        spent = []
        for text in texts:
            began = time.process_time()
            work(text)
            spent.append((time.process_time() - began) * 1000)
        rounds.append((statistics.median(spent), sorted(spent)[int(len(spent) * 0.99)]))
    return min(rounds)


def messages(files: EmergencyFiles) -> dict[str, list[str]]:
    """The kinds of text measured, made of the project's own examples."""
    chance = Random("the same texts in every run")
    ordinary = [lesson.text for lesson in files.lessons if lesson.level is Level.NONE]
    raising = [text for examples in files.examples.values() for text, must_raise, _ in examples if must_raise]
    words = " ".join(chance.sample(ordinary, 800)).split()
    cue_words = sorted(word for word in files.rules.vocabulary.words if word.isalpha())

    def long(parts: Sequence[str], between: str) -> str:
        return between.join(chance.choice(parts) for _ in range(1500))[:5000]

    return {
        "40 ordinary words": [" ".join(islice(words, at, at + 40)) for at in range(0, 4000, 40)],
        "40 words of emergencies": [" ".join(" ".join(chance.sample(raising, 9)).split()[:40]) for _ in range(100)],
        "5,000 characters, ordinary": [long(ordinary, ". ") for _ in range(30)],
        "5,000 characters of emergencies": [long(raising, " ") for _ in range(30)],
        "5,000 characters, cue words only": [long(cue_words, " ") for _ in range(30)],
        "5,000 letters without a space": [long(ordinary, "").replace(" ", "") for _ in range(30)],
    }


def show(name: str, found: tuple[float, float], beside: float | None = None) -> None:
    ratio = f", {found[0] / beside:.2f} x the encoder alone" if beside else ""
    print(f"{name}: median {found[0]:.2f} ms, p99 {found[1]:.2f} ms{ratio}")  # noqa: T201


def main() -> None:
    """Print every figure."""
    files, lookout = real_emergency.files(), real_emergency.lookout()
    assert lookout.embed
    texts = messages(files)
    for name, some in texts.items():
        show(f"rules, {name}", milliseconds(lambda text: check(fold(text), files.rules), some))
    for name in ("40 ordinary words", "5,000 characters, ordinary"):
        alone = milliseconds(lookout.embed, texts[name])
        show(f"encoder alone, {name}", alone)
        whole = milliseconds(lambda text: look(fold(text), files.rules, lookout), texts[name])
        show(f"rules, encoder and net, {name}", whole, alone[0])


if __name__ == "__main__":
    main()
