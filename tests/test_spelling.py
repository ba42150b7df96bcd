"""What a typed word was meant to be: slips of the finger, and letters written for others that sound the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from bot.core.spelling import Speller

REAL = frozenset(
    "accidente licencia vehiculo veiculo hacer taser ayudar saludar policia tambien llave gente queja huellas denuncia "
    "ocorrencia permiso accident report copy vaca baca abrir calle".split()
)
SAID = dict.fromkeys(REAL - {"vaca"}, 5) | {"acsidente": 1, "danbury": 9}
SPELLER = Speller(SAID, REAL)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("lisensia", "licencia"),
        ("beiculo", "veiculo"),
        ("aser", "hacer"),
        ("halludar", "ayudar"),
        ("polisia", "policia"),
        ("tanvien", "tambien"),
        ("yabe", "llave"),
        ("jente", "gente"),
        ("keja", "queja"),
        ("uellas", "huellas"),
        ("denunzia", "denuncia"),
        ("ocorensia", "ocorrencia"),
        ("permizo", "permiso"),
    ],
)
def test_letters_that_sound_the_same_are_written_for_each_other(typed: str, meant: str) -> None:
    assert SPELLER(typed) == meant


@pytest.mark.parametrize(("typed", "meant"), [("acident", "accident"), ("reprot", "report"), ("copyy", "copy")])
def test_a_slip_of_the_finger_is_undone(typed: str, meant: str) -> None:
    assert SPELLER(typed) == meant


def test_a_misspelling_that_some_phrasing_holds_is_taken_for_the_word_that_is_said() -> None:
    assert SPELLER("acsidente") == "accidente"


@pytest.mark.parametrize("word", ["vaca", "baca", "danbury", "qqqqq", "12345", "de", "x" * 30])
def test_real_words_names_and_what_is_like_nothing_stay_as_they_are(word: str) -> None:
    assert SPELLER(word) == word


def test_without_real_words_what_is_said_is_never_bent() -> None:
    speller = Speller({"baca": 1, "vaca": 9})
    assert (speller("baca"), speller("vaca")) == ("baca", "vaca")


LETTERS = st.text("abcdehlos", min_size=4, max_size=14)


@given(st.lists(LETTERS, min_size=1, max_size=30), LETTERS)
def test_what_is_told_by_letters_alone_leaves_out_no_word_that_is_near(words: list[str], typed: str) -> None:
    near = {word: OSA.normalized_similarity(typed, word) for word in words if abs(len(word) - len(typed)) <= 1}
    found = Speller(dict.fromkeys(words, 1))(typed)
    assert found in words or max(near.values(), default=0.0) < 0.72
