"""The net under the cues: what it and the cues find on labelled messages, how it bears abuse, and what it costs.

`--cross` adds a cross-validation over the examples, by message and by kind; that learns eight nets and takes minutes.
"""

import resource
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from random import Random

from bot.core.emergency import Level, Rules, check
from bot.core.entry import Place
from bot.core.lookout import Lookout, look
from bot.core.net import Net, settled
from bot.core.text import fold
from bot.knowledge import encoder, examples, live, source, trained, urgent
from bot.knowledge.encoder import Encoder
from bot.knowledge.examples import Example
from bot.knowledge.faults import Faults
from bot.knowledge.variants import mistyped
from bot.recall import interval
from tests.benchmarks.command import labelled

_FOLDS = 4
_WORST = 10  # kinds shown
_HARMLESS = ("what time do you close", "a que hora cierran", "que horas fecha")
_DEV = Place("emergency_dev.jsonl", 1)
Decide = Callable[[str], Level]


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


def figures(name: str, said: Iterable[tuple[Level, Level]]) -> None:
    """Recall and false alarms of pairs (what it is, what was found), with 95 % intervals."""
    found = defaultdict[Level, list[Level]](list)
    for right, got in said:
        found[right].append(got)
    cells = [
        ("strict", [got is Level.EMERGENCY for got in found[Level.EMERGENCY]]),
        ("safe", [got > Level.NONE for got in found[Level.EMERGENCY]]),
        ("none>emergency", [got is Level.EMERGENCY for got in found[Level.NONE]]),
        ("none>any", [got > Level.NONE for got in found[Level.NONE]]),
        ("caution>any", [got > Level.NONE for got in found[Level.CAUTION]]),
    ]
    shown = []
    for cell, hits in cells:
        low, high = interval(sum(hits), len(hits))
        shown.append(f"{cell} {sum(hits) / len(hits) if hits else 0:.3f} [{low:.3f}-{high:.3f}]")
    say(f"{name:28} {'  '.join(shown)}")


def by_language(name: str, dev: Sequence[Example], languages: Sequence[str], decide: Decide) -> None:
    """All languages together, then each."""
    got = [decide(example.text) for example in dev]
    for language in ("", *sorted(set(languages))):
        kept = [
            (example.level, level)
            for example, level, its in zip(dev, got, languages, strict=True)
            if language in ("", its)
        ]
        figures(f"{name} {language}", kept)


def worst(name: str, dev: Sequence[Example], decide: Decide) -> None:
    """The kinds of emergency that are missed most, and of harmless messages that are raised most."""
    for level, is_wrong in ((Level.EMERGENCY, lambda got: got is not Level.EMERGENCY), (Level.NONE, bool)):
        wrong = defaultdict[str, list[bool]](list)
        for example in dev:
            if example.level is level:
                wrong[example.kind].append(is_wrong(decide(example.text)))
        ranked = sorted(wrong.items(), key=lambda each: -sum(each[1]) / len(each[1]))[:_WORST]
        say(f"{name}, {level.name.lower()} wrong: " + ", ".join(f"{k} {sum(w)}/{len(w)}" for k, w in ranked))


def cross(lessons: Sequence[Example], found: Encoder | None, part: Callable[[Example], str]) -> list[Level]:
    """The net's level of each example, by a net that saw nothing of its part."""
    parts = [int(sha256(part(example).encode()).hexdigest(), 16) % _FOLDS for example in lessons]
    levels = [Level.NONE] * len(lessons)
    for fold_number in range(_FOLDS):
        net = trained.learn([e for e, its in zip(lessons, parts, strict=True) if its != fold_number], found)
        decide = by_net(net, found)
        for at, (example, its) in enumerate(zip(lessons, parts, strict=True)):
            if its == fold_number:
                levels[at] = decide(example.text)
    return levels


def by_net(net: Net, found: Encoder | None) -> Decide:
    return lambda text: settled(net.of(fold(text), found.vector(text) if found else None), Level.NONE, is_hard=False)


def together(rules: Rules, net: Net, found: Encoder | None) -> Decide:
    """Cues and net, as a message meets them."""
    lookout = Lookout(net, found.vector if found else None)
    return lambda text: look(fold(text), rules, lookout).level


def abused(text: str, how: str, chance: Random) -> str:
    match how:
        case "random typos":
            return mistyped(text, chance)
        case "capitals":
            return text.upper()
        case "no spaces":
            return text.replace(" ", "")
        case "no accents":
            return fold(text).line
        case "question before":
            return f"{chance.choice(_HARMLESS)}? {text}"
        case "question after":
            return f"{text}. {chance.choice(_HARMLESS)}?"
    return text


def milliseconds(work: Callable[[str], object], texts: Sequence[str]) -> str:
    spent = []
    for text in texts:
        began = time.perf_counter()
        work(text)
        spent.append((time.perf_counter() - began) * 1000)
    return f"median {statistics.median(spent):.2f} ms, p99 {sorted(spent)[int(len(spent) * 0.99)]:.2f} ms"


def memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Print every figure."""
    sources = source.read(live.SHIPPED, live.SHIPPED)
    rules = urgent.emergency(sources).rules
    lessons = examples.examples(sources, Faults())
    lines = labelled("emergency_dev.jsonl")
    dev = [Example(line["text"], Level[line["label"].upper()], line["category"], _DEV) for line in lines]
    languages = [line["lang"] for line in lines]
    texts = [example.text for example in dev]
    say(f"{len(lessons)} examples; peak {memory():.0f} MB before the encoder")
    began = time.perf_counter()
    found = encoder.load()
    say(f"encoder loaded in {time.perf_counter() - began:.2f} s, peak {memory():.0f} MB")
    with tempfile.TemporaryDirectory() as folder:
        for said in ("learned", "read from the cache"):
            began = time.perf_counter()
            net = trained.net(lessons, found, Path(folder))
            say(f"net {said} in {time.perf_counter() - began:.2f} s, peak {memory():.0f} MB")

    def cues(text: str) -> Level:
        return check(fold(text), rules).level

    for name, decide in (
        ("cues", cues),
        ("net", by_net(net, found)),
        ("net without encoder", by_net(net, None)),
        ("cues and net", together(rules, net, found)),
        ("cues and net, no encoder", together(rules, net, None)),
    ):
        by_language(name, dev, languages, decide)
    worst("cues and net", dev, together(rules, net, found))
    for how in ("random typos", "capitals", "no spaces", "no accents", "question before", "question after"):
        chance = Random(how)  # the same abuse in every run
        changed = [abused(text, how, chance) for text in texts]
        for name, decide in (("net", by_net(net, found)), ("cues and net", together(rules, net, found))):
            figures(f"{how}: {name}", [(e.level, decide(text)) for e, text in zip(dev, changed, strict=True)])
    words = {text: fold(text) for text in (*texts, *(" ".join(texts)[at : at + 5000] for at in range(0, 50_000, 5000)))}
    long = list(words)[len(set(texts)) :]
    say(f"net alone, folded words: {milliseconds(lambda text: net.of(words[text]), texts)}")
    say(f"net alone, 5,000 characters: {milliseconds(lambda text: net.of(words[text]), long)}")
    if found:
        say(f"encoder alone: {milliseconds(found.vector, texts)}")
        say(f"encoder and net: {milliseconds(lambda text: net.of(words[text], found.vector(text)), texts)}")
        say(f"encoder alone, 5,000 characters: {milliseconds(found.vector, long)}")
    if "--cross" in sys.argv:
        for name, part in (("by message", lambda e: e.text), ("by kind", lambda e: e.kind)):
            levels = cross(lessons, found, part)
            figures(f"cross-validated {name}", [(e.level, got) for e, got in zip(lessons, levels, strict=True)])


if __name__ == "__main__":
    main()
