"""The check itself: patterns, typing errors, context. What real cues reach is measured elsewhere."""

import string
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.emergency import Context, Cue, Level, Rules, check
from bot.core.floor import FLOOR_RULES
from bot.core.pattern import PatternError, parse
from bot.core.text import fold
from tests.builders import GUN, a_cue, rules


def level(text: str, given_rules: Rules) -> Level:
    return check(fold(text), given_rules).level


@pytest.mark.parametrize(
    "text",
    [
        "he has a gun",
        "HE HAS A GUN!!!",
        "ok so the thing is he really has the knife",
        "somebody has a knfie",
        "somebdy has a knife",
        "el tiene un cuchilo",
        "ela tem uma faca",
        "hehasagun",
        "i went to school and he has a gun " + "and then " * 800,
        "hello " * 900 + "he has a gun",
    ],
)
def test_a_situation_is_met_however_it_is_typed(text: str) -> None:
    found = rules(a_cue("has-weapon", "PERSON really? HAVE WEAPON", hard=True))
    assert level(text, found) is Level.EMERGENCY


@pytest.mark.parametrize("text", ["gun permit", "has he a gun safe", "he has fun", "the knife show", "", "🔪"])
def test_a_frightening_word_alone_is_not_a_situation(text: str) -> None:
    assert level(text, rules(GUN)) is Level.NONE


def test_an_ordinary_word_is_never_bent_into_a_cue_word() -> None:
    fire = a_cue("fire", "house .. flames")
    assert level("my house is in flame", rules(fire)) is Level.EMERGENCY
    assert level("my house is in flame", rules(fire, ordinary=("flame",))) is Level.NONE


def test_a_gap_spans_as_many_words_as_it_says() -> None:
    found = rules(a_cue("c", "smoke ..2 kitchen"))
    assert level("smoke in my kitchen", found) is Level.EMERGENCY
    assert level("smoke in my new kitchen", found) is Level.NONE


def test_anchors_hold_the_whole_clause() -> None:
    found = rules(a_cue("c", "^ fire $"))
    assert level("the fire", found) is Level.EMERGENCY
    assert level("hello. fire!", found) is Level.EMERGENCY
    assert level("fire report", found) is Level.NONE


def test_a_stem_covers_every_ending_and_its_misspellings() -> None:
    found = rules(a_cue("c", "apuñal*"))
    assert [level(word, found) for word in ("apuñalaron", "apunalado", "apuñlaron", "pañal")] == [2, 2, 2, 0]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("PERSON HAS GUN", "no class HAS"),
        (".. gun", "gap"),
        ("gun ..", "term after"),
        ("gun ..9 he", "at most"),
        ("gun?", "not optional"),
        ("can't breathe", "not one word"),
        ("", "not optional"),
    ],
)
def test_a_pattern_that_cannot_be_read_says_why(line: str, says: str) -> None:
    with pytest.raises(PatternError, match=says):
        parse(line, {"PERSON": ()})


CONTEXTS = {
    Context.NOW: ("right now", "still"),
    Context.PAST: ("last week",),
    Context.PAPERWORK: ("report",),
    Context.HYPOTHETICAL: ("what if",),
    Context.CLOSE: ("my",),
    Context.NOBODY_HURT: ("nobody hurt",),
    Context.RESOLVED: ("false alarm",),
    Context.FICTION: ("movie",),
    Context.IDIOM: ("gun show",),
}
SOFT = a_cue("soft", "somebody HAVE WEAPON")
LESS = a_cue("less", "strange noise", level=Level.CAUTION)


@pytest.mark.parametrize(
    ("text", "cue", "expected"),
    [
        ("somebody has a gun", SOFT, Level.EMERGENCY),
        ("last week somebody had a gun", SOFT, Level.CAUTION),
        ("last week somebody had a gun i need the report", SOFT, Level.NONE),
        ("last week somebody had a gun. i need the report", SOFT, Level.NONE),
        ("last week somebody had a gun and he still has it, report", SOFT, Level.EMERGENCY),
        ("last week somebody had a gun. right now he is outside", SOFT, Level.EMERGENCY),
        ("i was there last week. somebody has a gun", SOFT, Level.EMERGENCY),
        ("what if somebody has a gun", SOFT, Level.NONE),
        ("what if somebody has a gun in my house", SOFT, Level.CAUTION),
        ("what if somebody has a gun right now", SOFT, Level.EMERGENCY),
        ("somebody has a gun. nobody hurt", SOFT, Level.CAUTION),
        ("somebody had a gun. nobody hurt. i want the report", SOFT, Level.NONE),
        ("somebody has a gun, false alarm", SOFT, Level.NONE),
        ("in the movie somebody has a gun", SOFT, Level.NONE),
        ("somebody has a gun show ticket", SOFT, Level.NONE),
        ("somebody has a gun show ticket and somebody has a knife", SOFT, Level.EMERGENCY),
        ("somebody has a gun report", SOFT, Level.CAUTION),
        ("strange noise", LESS, Level.CAUTION),
        ("last week a strange noise", LESS, Level.CAUTION),
        ("false alarm he has a gun", GUN, Level.EMERGENCY),
        ("what if he has a gun", GUN, Level.EMERGENCY),
        ("last week he had a gun", GUN, Level.EMERGENCY),
        ("last week he had a gun. report", GUN, Level.NONE),
        ("in the movie he has a gun", GUN, Level.NONE),
    ],
)
def test_context_decides_and_danger_is_the_default(text: str, cue: Cue, expected: Level) -> None:
    assert level(text, rules(cue, contexts=CONTEXTS)) is expected


def test_unless_spares_in_its_own_clause_only() -> None:
    found = rules(a_cue("c", "strange smell", unless=("bakery",)))
    assert level("strange smell at the bakery", found) is Level.NONE
    assert level("nice bakery. strange smell", found) is Level.EMERGENCY


def test_the_most_serious_cue_wins_and_a_line_of_the_other_is_kept() -> None:
    found = rules(GUN, a_cue("sad", "so sad", level=Level.CAUTION, line="suicide"))
    verdict = check(fold("so sad. he has a gun"), found)
    assert (verdict.level, verdict.cue, verdict.line) == (Level.EMERGENCY, "has-weapon", "suicide")


@pytest.mark.parametrize("text", ["help", "ayuda", "socorro", "my house is on fire", "tiene una pistola", "911"])
def test_the_floor_raises_on_a_frightening_word(text: str) -> None:
    assert level(text, FLOOR_RULES) is Level.EMERGENCY


@given(st.text(max_size=400))
def test_no_text_makes_the_check_raise(text: str) -> None:
    assert check(fold(text), FLOOR_RULES).level in Level


@given(
    st.text(alphabet=string.ascii_lowercase + " ,", max_size=80),
    st.text(alphabet=string.ascii_lowercase + " ,", max_size=80),
)
def test_whatever_stands_around_a_hard_cue_it_is_an_emergency(before: str, after: str) -> None:
    assert level(f"{before}. he has a gun. {after}", rules(GUN)) is Level.EMERGENCY


@pytest.mark.parametrize("word", ["me ", "gun ", "he has a ", "has "])
def test_the_cost_of_a_check_grows_with_the_length_and_not_faster(word: str) -> None:
    """Words that are fillers and cue words at once made it quadratic: one message stopped the bot for 21 seconds."""
    found = rules(a_cue("c", "he|me HAVE|me ..5 WEAPON|me .. gun|me $", "^ me .. me ..8 me .. knife"))

    def steps(times: int) -> int:
        counted = 0

        def count(*_: object) -> None:
            nonlocal counted
            counted += 1

        sys.setprofile(count)
        try:
            check(fold(word * times), found)
        finally:
            sys.setprofile(None)
        return counted

    steps(10)
    assert steps(2000) < 2.6 * steps(1000)
