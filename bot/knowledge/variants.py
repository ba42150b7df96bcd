"""Examples as thumbs type them: slips, and words run together. Made anew each time, and always the same."""

from collections.abc import Iterator, Sequence
from random import Random

from bot.core.emergency import Level
from bot.knowledge.examples import Example

_COPIED = 0.5  # of the examples
_LETTERS_A_SLIP = 12
_KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_NEAR = {key: row[max(0, at - 1) : at] + row[at + 1 : at + 2] for row in _KEYS for at, key in enumerate(row)}


def variants(examples: Sequence[Example]) -> Iterator[tuple[str, Level]]:
    """A mistyped copy of every second example: one of each finds no more and takes twice as long to learn."""
    for example in examples:
        chance = Random(example.text)  # noqa: S311 - the same example must give the same copy
        if chance.random() < _COPIED:
            yield mistyped(example.text, chance), example.level


def mistyped(text: str, chance: Random) -> str:
    """The text with a slip every dozen letters: one left out, doubled, swapped, a neighbouring key, a lost space."""
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
