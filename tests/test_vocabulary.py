"""Typing errors in the words of the emergency files: whatever is as few edits away as its length allows is found."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from bot.core.vocabulary import Vocabulary

WORDS = ("gun", "fire", "help", "burn", "house", "knife", "bleeding", "breathing", "ambulance", "unconscious", "ambush")
STEMS = ("suicid*", "strangl*", "hostage*")
KNOWN = Vocabulary({word: [word] for word in (*WORDS, *STEMS)}, ["ordinary", "hose"])
LETTERS = st.text(alphabet="abefgilnrsu" + string.ascii_lowercase, max_size=13)


def edits(word: str) -> int:
    """How many a word of this length may be away, by the measured table."""
    return 0 if len(word) < 4 else 1 if len(word) < 8 else 2


def found_one_by_one(word: str) -> set[str]:
    """The nearest words with the first letter of the typed one, each compared with it."""
    near = {known: OSA.distance(word, known) for known in WORDS if known[0] == word[0]}
    allowed = {known: away for known, away in near.items() if away <= min(edits(word), edits(known))}
    return {known for known, away in allowed.items() if away == min(allowed.values())}


@st.composite
def misspelt(draw: st.DrawFn) -> str:
    """A word with up to three slips behind its first letter."""
    word = draw(st.sampled_from(WORDS))
    for _ in range(draw(st.integers(0, 3))):
        at, letter = draw(st.integers(1, len(word))), draw(st.sampled_from(string.ascii_lowercase))
        slips = (word[:at] + letter + word[at:], word[:at] + word[at + 1 :], word[:at] + letter + word[at + 1 :])
        word = draw(st.sampled_from((*slips, word[:at] + word[at : at + 2][::-1] + word[at + 2 :])))
    return word


@given(misspelt() | LETTERS.map(lambda rest: f"b{rest}"))
def test_what_is_found_at_once_is_what_comparing_one_by_one_finds(word: str) -> None:
    found = {name for name in KNOWN.names(word) if name in WORDS and name[0] == word[0]}
    if word not in ("ordinary", "hose") and KNOWN.names(word) <= set(WORDS):
        assert found == found_one_by_one(word)


@pytest.mark.parametrize("word", ["suicidal", "suicdal", "suisidal", "strangeled", "stranglling", "hostagges"])
def test_an_inflected_form_is_found_by_its_stem_with_one_edit_in_it(word: str) -> None:
    assert [f"{name.rstrip('*')}*" for name in KNOWN.names(word)] == [stem for stem in STEMS if stem[:2] == word[:2]]


@pytest.mark.parametrize("word", ["ordinary", "hose", "gum", "12345", "zzzzzzzzzz", "a" * 30, "", "🔪", "\ud800bcdef"])
def test_ordinary_short_and_strange_words_stand_for_nothing(word: str) -> None:
    assert KNOWN.names(word) == frozenset()


def test_without_a_word_nothing_is_found() -> None:
    assert Vocabulary({}).names("bleeding") == frozenset()
