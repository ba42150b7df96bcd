"""Real words of the three languages: what shields an ordinary word from being bent into a rarer one that looks like it.

The words come with the package pyspellchecker, in the order of how often they are used; none is copied here.
"""

import gzip
import json
from functools import lru_cache
from importlib.resources import files
from unicodedata import normalize

import numpy as np
import structlog

from bot.core.apart import SHORTEST, Language
from bot.core.text import SHORT_FORMS, fold
from bot.knowledge.kept import DAMAGED

log = structlog.get_logger()

_ACCENTS = dict.fromkeys(range(0x300, 0x370))  # marks that NFKD has set apart

# The commonest of each language. Fewer let real words be bent; more bring in the misspellings themselves, which
# such lists hold by the thousand.
_COMMON = 20_000
_MOST_DIGITS = 12  # of a count; today's have eight
_RARER = 60_000  # from here on the lists know no frequencies


@lru_cache(maxsize=8)
def language(code: str) -> Language | None:
    """The words of the language, folded; None when the package or the language is missing.

    Takes a fifth of a second the first time: call it where nobody waits.
    """
    try:
        packed = (files("spellchecker") / "resources" / f"{code}.json.gz").read_bytes()
        counts, every = _commonest(gzip.decompress(packed))
    except (*DAMAGED, ModuleNotFoundError) as e:
        log.warning("no lexicon", language=code, error=type(e).__name__)
        return None
    shares: dict[str, float] = {}
    ranked = list(counts)
    for word in ranked[:_COMMON]:
        if folded := _one_word(word):
            shares[folded] = shares.get(folded, 0) + counts[word] / every
    return Language(shares, frozenset(_one_word(word) for word in ranked[_COMMON:] if len(word) >= SHORTEST))


def _commonest(listed: bytes) -> tuple[dict[str, int], int]:
    """The words used most, first those used most, with their counts; and the sum of all counts.

    The list is JSON with a word a line. The counts are read at once from the ends of the lines, and of 400,000 lines
    only the commonest as JSON: that takes a fifth of the time.
    """
    letters = np.frombuffer(listed, np.uint8)
    ends = np.flatnonzero(letters == ord("\n"))
    if len(ends) < 2:
        raise ValueError("no list with a word a line")
    starts, last = ends[:-1] + 1, ends[1:] - 1
    last -= letters[last] == ord(",")
    times = np.zeros(len(last), np.int64)
    for place in range(_MOST_DIGITS):
        digits = letters[last].astype(np.int64) - ord("0")
        is_digit = (digits >= 0) & (digits <= 9)
        times += digits * is_digit * 10**place
        last -= is_digit  # in front of the number it stays where it is
    lines = (listed[starts[at] : ends[at + 1]].rstrip(b",") for at in np.argsort(-times, kind="stable")[:_RARER])
    counts: dict[str, int] = json.loads(b"{" + b",".join(lines) + b"}")
    return counts, int(times.sum())


def _one_word(word: str) -> str:
    """The word folded, short forms without their apostrophe; nothing when it is not one word."""
    short = word.replace("'", "")
    if short in SHORT_FORMS or (short.isascii() and short.isalpha() and word not in SHORT_FORMS):
        return short.lower()
    # As folded, but for a letter three times in a row: there are a quarter of a million, and time counts.
    plain = normalize("NFKD", word).translate(_ACCENTS)
    if plain.isascii() and plain.isalpha():
        return plain.lower()
    tokens = fold(word).tokens
    return tokens[0] if len(tokens) == 1 else ""
