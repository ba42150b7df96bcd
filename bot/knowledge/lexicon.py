"""Real words of the three languages: what shields an ordinary word from being bent into a rarer one that looks like it.

The words come with the package pyspellchecker, in the order of how often they are used; none is copied here.
"""

import gzip
import json
import re
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from operator import and_
from unicodedata import normalize

import numpy as np
import structlog

from bot.core.apart import SHORTEST, Language
from bot.core.features import stretched
from bot.core.text import SHORT_FORMS, fold
from bot.knowledge.kept import DAMAGED

log = structlog.get_logger()

_ACCENTS = re.compile("[\u0300-\u036f]+")  # marks that NFKD has set apart

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
        ranked, times, every = _commonest(gzip.decompress(packed))
    except (*DAMAGED, ModuleNotFoundError) as e:
        log.warning("no lexicon", language=code, error=type(e).__name__)
        return None
    common, shares = ranked[:_COMMON], dict[str, float]()
    for many, folded in zip(times, _folded(common), strict=False):
        if folded:
            shares[folded] = shares.get(folded, 0) + many / every
    return Language(shares, frozenset(_folded([word for word in ranked[_COMMON:] if len(word) >= SHORTEST])))


def _commonest(listed: bytes) -> tuple[Sequence[str], Sequence[int], int]:
    """The words used most, first those used most; their counts; and the sum of all counts.

    The list is JSON with a word a line. The counts are read at once from the ends of the lines, and of 400,000 lines
    only the commonest words as JSON: that takes a tenth of the time.
    """
    letters = np.frombuffer(listed, np.uint8)
    ends = np.flatnonzero(letters == ord("\n"))
    if len(ends) < 2:
        raise ValueError("no list with a word a line")
    starts, last = ends[:-1] + 1, ends[1:] - 1
    last -= letters[last] == ord(",")
    times, at = np.zeros(len(last), np.int64), np.arange(len(last))
    colon = last - 1
    for place in range(_MOST_DIGITS):
        digits = letters[last[at] - place] - np.uint8(ord("0"))  # of what is no digit, above nine
        is_digit = digits <= 9
        at = at[is_digit]
        times[at] += digits[is_digit] * np.int64(10**place)
        colon[at] -= 1
    ranked = np.argsort(-times, kind="stable")[:_RARER]
    lengths = colon[ranked] + 1 - starts[ranked]
    if (lengths < 1).any() or (letters[colon[ranked]] != ord(":")).any():
        raise ValueError("no list with a count behind each word")
    words = letters[stretched(starts[ranked], lengths)]
    words[np.cumsum(lengths) - 1] = ord(",")
    return json.loads(b"[" + words[:-1].tobytes() + b"]"), times[ranked].tolist(), int(times.sum())


def _folded(words: Sequence[str]) -> Sequence[str]:
    """Each word folded, short forms without their apostrophe; empty for what is not one word.

    There are a hundred thousand, and time counts: accents are taken off all at once, a letter three times in a row
    stays, and only what is still no row of letters then is folded by itself.
    """
    found = _ACCENTS.sub("", normalize("NFKD", "\n".join(words))).lower().split("\n")
    is_plain = map(and_, map(str.isascii, found), map(str.isalpha, found))
    for at in [at for at, is_it in enumerate(is_plain) if not is_it] if words else ():
        found[at] = _one_word(words[at])
    return found if words else ()


def _one_word(word: str) -> str:
    short = word.replace("'", "")
    if short in SHORT_FORMS or (short.isascii() and short.isalpha() and word not in SHORT_FORMS):
        return short.lower()
    tokens = fold(word).tokens
    return tokens[0] if len(tokens) == 1 else ""
