"""Real words of the three languages: what shields an ordinary word from being bent into a rarer one that looks like it.

The words come with the package pyspellchecker, in the order of how often they are used; none is copied here.
"""

import gzip
import json
from functools import lru_cache
from heapq import nlargest
from importlib.resources import files

import structlog

from bot.core.text import fold

log = structlog.get_logger()

# The commonest of each language. Fewer let real words be bent; more bring in the misspellings themselves, which
# such lists hold by the thousand.
_MOST = 20_000


@lru_cache(maxsize=8)
def words(language: str) -> frozenset[str]:
    """The commonest words of the language, folded; none when the package or the language is missing.

    Takes a third of a second the first time: call it where nobody waits.
    """
    try:
        packed = (files("spellchecker") / "resources" / f"{language}.json.gz").read_bytes()
        counts: dict[str, int] = json.loads(gzip.decompress(packed))
    except (OSError, ValueError, ModuleNotFoundError) as e:
        log.warning("no lexicon", language=language, error=type(e).__name__)
        return frozenset()
    folded = (fold(word).tokens for word in nlargest(_MOST, counts, key=counts.__getitem__))
    return frozenset(tokens[0] for tokens in folded if len(tokens) == 1)
