"""Which place a message is about: what another town is asked, this department must not answer for it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from bot.core.text import fold

_Names = Mapping[str, Sequence[tuple[str, ...]]]


class Places:
    """Names of the department's own place and of others. Without any, every message is about its own."""

    def __init__(self, own: Iterable[str] = (), other: Iterable[str] = ()) -> None:
        """Take names as people write them, of one word or several."""
        self._own, self._other = _by_first_word(own), _by_first_word(other)

    def elsewhere(self, words: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """Other places that the words name; none when they name the department's own as well."""
        return () if any(_named(words, self._own)) else tuple(_named(words, self._other))


def _by_first_word(names: Iterable[str]) -> _Names:
    found: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for name in names:
        if words := fold(name).tokens:
            found[words[0]].append(words)
    return found


def _named(words: Sequence[str], names: _Names) -> Iterator[tuple[str, ...]]:
    for at, word in enumerate(words):
        yield from (name for name in names.get(word, ()) if tuple(words[at : at + len(name)]) == name)
