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

log = structlog.get_logger()

_ACCENTS = dict.fromkeys(range(0x300, 0x370))  # marks that NFKD has set apart

# The commonest of each language. Fewer let real words be bent; more bring in the misspellings themselves, which
# such lists hold by the thousand.
_COMMON = 20_000
_RARER = 60_000  # from here on the lists know no frequencies


@lru_cache(maxsize=8)
def language(code: str) -> Language | None:
    """The words of the language, folded; None when the package or the language is missing.

    Takes half a second the first time: call it where nobody waits.
    """
    try:
        packed = (files("spellchecker") / "resources" / f"{code}.json.gz").read_bytes()
        counts: dict[str, int] = json.loads(gzip.decompress(packed))
    except (OSError, ValueError, ModuleNotFoundError) as e:
        log.warning("no lexicon", language=code, error=type(e).__name__)
        return None
    every = sum(counts.values())
    shares: dict[str, float] = {}
    listed, times = list(counts), np.fromiter(counts.values(), np.int64, len(counts))
    ranked = [listed[at] for at in np.argsort(-times, kind="stable")[:_RARER]]
    for word in ranked[:_COMMON]:
        if folded := _one_word(word):
            shares[folded] = shares.get(folded, 0) + counts[word] / every
    return Language(shares, frozenset(_one_word(word) for word in ranked[_COMMON:] if len(word) >= SHORTEST))


def _one_word(word: str) -> str:
    """The word folded, short forms without their apostrophe; nothing when it is not one word."""
    if (short := word.replace("'", "")) in SHORT_FORMS:
        return short
    # As folded, but for a letter three times in a row: there are a quarter of a million, and time counts.
    plain = word if word.isascii() else normalize("NFKD", word).translate(_ACCENTS)
    if plain.isascii() and plain.isalpha():
        return plain.lower()
    tokens = fold(word).tokens
    return tokens[0] if len(tokens) == 1 else ""
