"""Examples as thumbs type them: slips, words run together, a harmless question beside. Made anew, always the same."""

from collections.abc import Iterator, Sequence
from random import Random

from bot.core.emergency import Level
from bot.knowledge.examples import Example

_SEED = 911  # any number: the same examples must give the same net
_LETTERS_A_SLIP = 12
_BESIDE = 0.25  # of the examples get a copy beside a harmless question
_KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_NEAR = {key: row[max(0, at - 1) : at] + row[at + 1 : at + 2] for row in _KEYS for at, key in enumerate(row)}


def variants(examples: Sequence[Example]) -> Iterator[tuple[str, Level]]:
    """A mistyped copy of each, and for some a copy before or after a harmless question: danger is danger beside it."""
    chance = Random(_SEED)  # noqa: S311 - nothing secret hangs on it
    harmless = [example.text for example in examples if example.level is Level.NONE]
    for example in examples:
        yield _mistyped(example.text, chance), example.level
        if harmless and chance.random() < _BESIDE:
            other = chance.choice(harmless)
            both = (example.text, other) if chance.random() < 0.5 else (other, example.text)
            yield ". ".join(both), example.level


def _mistyped(text: str, chance: Random) -> str:
    letters = list(text)
    for _ in range(max(1, len(letters) // _LETTERS_A_SLIP)):
        at, kind = chance.randrange(len(letters)), chance.randrange(5)
        here = letters[at]
        if not here.isalpha():
            letters[at] = "" if here == " " and kind == 0 else here
        elif kind == 0:
            letters[at] = ""
        elif kind == 1 and at + 1 < len(letters):
            letters[at], letters[at + 1] = letters[at + 1], here
        elif kind == 2:
            letters[at] = here * 2
        else:
            letters[at] = chance.choice(_NEAR.get(here.lower()) or here)
    return "".join(letters)
