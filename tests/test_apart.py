"""Words typed without spaces come apart; what is one word, a name or a code stays whole."""

import string
import sys
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.apart import Apart, Language
from bot.core.text import Words, fold
from tests.builders import rules
from tests.real_emergency import files


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("hehasagun", "he has a gun"),
        ("myhusbandishittingme", "my husband is hitting me"),
        ("MYHUSBANDISHITTINGME!!", "my husband is hitting me"),
        ("cantbreathe", "can not breathe"),
        ("miesposomequierematar", "mi esposo me quiere matar"),
        ("socorromeuvizinhotemumaarma", "socorro meu vizinho tem uma arma"),
        ("911mydadisnotbreathing", "911 my dad is not breathing"),
        ("please helpmydaughterisntbreathing now", "please help my daughter is not breathing now"),
    ],
)
def test_words_typed_without_spaces_come_apart(typed: str, read: str) -> None:
    assert files().rules.apart.message(fold(typed)).line == read


@pytest.mark.parametrize(
    "typed",
    "firearm headache afternoon questionnaire ciudadanos policiamento kowalczyk gunderson asdkjhqwe "
    "f3a9c2e81b7d4056 AKIAIOSFODNN7EXAMPLE aGVsbG8gd29ybGQhIQ".split(),
)
def test_real_words_names_and_codes_stay_whole(typed: str) -> None:
    words = fold(typed)
    assert files().rules.apart.message(words) is words


def test_clauses_stay_and_what_the_encoder_reads_is_apart_too() -> None:
    read = rules().apart.message(fold("hello. hehasagun"))
    assert read.clauses == (("hello",), ("he", "has", "a", "gun"))
    assert read.text == "hello. he has a gun"


@settings(derandomize=True, database=None, deadline=None)
@given(st.lists(st.text(alphabet=string.ascii_lowercase + "1", min_size=1, max_size=60), max_size=6))
def test_no_letter_is_lost_but_to_a_short_form(typed: list[str]) -> None:
    apart = Apart([Language({"he": 0.1, "has": 0.1, "a": 0.1, "gun": 0.01, "bee": 0.01})], (), lambda _: False)
    given_words = Words("", (tuple(typed),))
    assert "".join(apart.message(given_words).tokens) == "".join(typed)


def test_the_cost_grows_with_the_length_and_not_faster() -> None:
    apart, lots = rules().apart, Random("letters")

    def steps(letters: int) -> int:
        counted = 0

        def count(*_: object) -> None:
            nonlocal counted
            counted += 1

        sys.setprofile(count)
        try:
            apart.word("".join(lots.choices(string.ascii_lowercase, k=letters)))
        finally:
            sys.setprofile(None)
        return counted

    assert steps(20_000) < 2.6 * steps(10_000)


@pytest.mark.parametrize(
    ("around", "times"), [("{}x", 2_000), ("{}", 2_001), ("asdf{}asdf", 700), ("{}" + "ja" * 90, 90)]
)
def test_of_letters_that_come_again_and_again_two_rounds_are_read_and_hold_it_all(around: str, times: int) -> None:
    apart = Apart([Language({"he": 0.1, "has": 0.1, "a": 0.1, "gun": 0.01})], (), lambda _: False)
    once, often = (apart.word(around.format("hehasagun") * many) for many in (3, times))
    assert " ".join(once).count("he has a gun") >= 1 <= " ".join(often).count("he has a gun")
    assert len(often) < 180


def test_letters_that_nearly_come_again_are_read_to_the_last() -> None:
    apart = Apart([Language({"he": 0.1, "has": 0.1, "a": 0.1, "gun": 0.01})], (), lambda _: False)
    assert "he has a gun" in " ".join(apart.word("ja" * 3_000 + "hehasagun"))
