"""The check itself: typing errors, context, which cue wins. What real cues reach is measured elsewhere."""

import string
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.apart import Language
from bot.core.emergency import Context, Level, Rules, check, is_called_off
from bot.core.floor import FLOOR_RULES
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


def test_a_stem_covers_every_ending_and_its_misspellings() -> None:
    found = rules(a_cue("c", "apuñal*"))
    assert [level(word, found) for word in ("apuñalaron", "apunalado", "apuñlaron", "pañal")] == [2, 2, 2, 0]


CONTEXTS = {
    Context.NOW: ("right now", "still"),
    Context.PAST: ("last week",),
    Context.PAPERWORK: ("report",),
    Context.HYPOTHETICAL: ("what if",),
    Context.CLOSE: ("my",),
    Context.NOBODY_HURT: ("nobody hurt",),
    Context.RESOLVED: ("false alarm", "PERSON lied"),
    Context.FICTION: ("movie", "novel"),
    Context.IDIOM: ("gun show", "hey somebody", "toy gun"),
}
HARD = a_cue("hard", "he HAVE WEAPON", hard=True)
SOFT = a_cue("soft", "somebody HAVE WEAPON")
LESS = a_cue("less", "strange noise", level=Level.CAUTION)
OLD = a_cue("old", "strange smell", past=Level.NONE)
NEAR, FAR = " lamp" * 19, " lamp" * 20  # what stands beyond so many words is the twentieth, or one too many


@pytest.mark.parametrize(
    ("text", "expected", "reason"),
    [
        ("somebody has a gun", Level.EMERGENCY, "nothing stands it down"),
        ("strange noise", Level.CAUTION, "nothing stands it down"),
        ("last week somebody had a gun", Level.CAUTION, "dated past"),
        ("last week a strange noise", Level.CAUTION, "dated past"),
        ("last week a strange smell", Level.NONE, "dated past"),
        ("last week somebody had a gun i need the report", Level.NONE, "dated past with paperwork"),
        ("last week somebody had a gun. i need the report", Level.NONE, "dated past with paperwork"),
        ("last week somebody had a gun and he still has it, report", Level.EMERGENCY, "now"),
        ("last week somebody had a gun. right now he is outside", Level.EMERGENCY, "now"),
        ("right now it is quiet. last week somebody had a gun", Level.CAUTION, "dated past"),
        ("right now i need the report. last week somebody had a gun", Level.CAUTION, "dated past"),
        ("i was there last week. somebody has a gun", Level.EMERGENCY, "nothing stands it down"),
        ("what if somebody has a gun", Level.NONE, "hypothetical"),
        ("what if somebody has a gun in my house", Level.CAUTION, "hypothetical, but somebody near"),
        ("what if a strange noise in my house", Level.NONE, "hypothetical, but somebody near"),
        ("what if somebody has a gun right now", Level.EMERGENCY, "now"),
        ("what if it rains. somebody has a gun", Level.EMERGENCY, "nothing stands it down"),
        ("somebody has a gun. nobody hurt", Level.CAUTION, "nobody hurt"),
        ("somebody had a gun. nobody hurt. i want the report", Level.NONE, "nobody hurt, paperwork"),
        ("somebody has a gun, false alarm", Level.NONE, "resolved"),
        ("somebody has a gun. false alarm", Level.NONE, "resolved"),
        ("somebody has a gun. she lied", Level.NONE, "resolved"),
        ("false alarm. somebody has a gun", Level.NONE, "resolved"),
        ("false alarm. somebody has a gun. come", Level.EMERGENCY, "nothing stands it down"),
        ("in the movie somebody has a gun", Level.NONE, "fiction"),
        ("in the movie right now somebody has a gun", Level.NONE, "fiction"),
        ("after the movie. somebody has a gun", Level.EMERGENCY, "nothing stands it down"),
        ("somebody has a gun show ticket", Level.NONE, "idiom"),
        ("hey somebody has a gun", Level.NONE, "idiom"),
        ("in my house somebody has a gun show", Level.NONE, "idiom"),
        ("my gun show and somebody has a gun", Level.EMERGENCY, "nothing stands it down"),
        ("over. show somebody has a gun. show", Level.EMERGENCY, "nothing stands it down"),
        ("toy gun somebody has a gun show trial", Level.NONE, "idiom"),
        ("toy gun somebody has a gun", Level.EMERGENCY, "nothing stands it down"),
        ("somebody has a gun toy gun", Level.EMERGENCY, "nothing stands it down"),
        ("somebody has a gun show ticket and somebody has a knife", Level.EMERGENCY, "nothing stands it down"),
        ("somebody has a gun report", Level.CAUTION, "paperwork"),
        ("strange noise report", Level.NONE, "paperwork"),
        ("somebody has a gun. report", Level.EMERGENCY, "nothing stands it down"),
        ("strange shadow report", Level.NONE, "its `unless` is in the same clause"),
        ("strange shadow but no somebody", Level.NONE, "its `unless` is in the same clause"),
        ("strange shadow. report", Level.EMERGENCY, "nothing stands it down"),
        ("false alarm he has a gun", Level.EMERGENCY, "hard cue"),
        ("what if he has a gun", Level.EMERGENCY, "hard cue"),
        ("last week he had a gun", Level.EMERGENCY, "hard cue"),
        ("last week he had a gun. report", Level.NONE, "dated past with paperwork"),
        ("in the movie he has a gun", Level.NONE, "fiction"),
        # What stands a cue down must be near it, on either side; what keeps it up may stand anywhere in its clause.
        (f"movie{NEAR} somebody has a gun", Level.NONE, "fiction"),
        (f"movie somebody has a gun{FAR} novel", Level.NONE, "fiction"),
        (f"novel somebody has a gun{FAR} movie", Level.NONE, "fiction"),
        (f"movie{FAR} somebody has a gun", Level.EMERGENCY, "nothing stands it down"),
        (f"somebody has a gun{NEAR} movie", Level.NONE, "fiction"),
        (f"somebody has a gun{FAR} movie", Level.EMERGENCY, "nothing stands it down"),
        (f"strange shadow{NEAR} report", Level.NONE, "its `unless` is in the same clause"),
        (f"strange shadow{FAR} report", Level.EMERGENCY, "nothing stands it down"),
        (f"what if somebody has a gun{FAR} in my house", Level.CAUTION, "hypothetical, but somebody near"),
        (f"what if somebody has a gun{FAR} right now", Level.EMERGENCY, "now"),
        (f"last week somebody had a gun{FAR} report", Level.CAUTION, "dated past"),
        (f"last week somebody had a gun{FAR} report. report", Level.NONE, "dated past with paperwork"),
    ],
)
def test_context_decides_and_danger_is_the_default(text: str, expected: Level, reason: str) -> None:
    spared = a_cue("spared", "strange shadow", unless=("report", "no PERSON"))
    verdict = check(fold(text), rules(HARD, SOFT, LESS, OLD, spared, contexts=CONTEXTS))
    assert verdict.level is expected
    assert [why.rpartition(": ")[2] for why in verdict.why] == [f"{expected.name.lower()}, {reason}"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        # The most serious wins, of equals the first; a line of another is kept when the winner has none.
        ("so sad. he has a gun", (Level.EMERGENCY, "hard", "suicide", True)),
        ("he has a gun. so sad", (Level.EMERGENCY, "hard", "suicide", True)),
        ("so sad. took pills", (Level.EMERGENCY, "pills", "poison", False)),
        ("somebody has a gun. took pills", (Level.EMERGENCY, "soft", "poison", False)),
        ("took pills. somebody has a gun", (Level.EMERGENCY, "pills", "poison", False)),
        ("somebody has a gun. so sad. took pills", (Level.EMERGENCY, "soft", "suicide", False)),
        ("so sad", (Level.CAUTION, "sad", "suicide", False)),
        ("somebody has a gun", (Level.EMERGENCY, "soft", None, False)),
        # What was stood down counts for nothing.
        ("in the movie he has a gun. so sad", (Level.CAUTION, "sad", "suicide", False)),
        ("in the movie he took pills", (Level.NONE, None, None, False)),
        ("somebody has a gun report. he has a gun", (Level.EMERGENCY, "hard", None, True)),
        ("he called somebody", (Level.NONE, None, None, False)),
    ],
)
def test_a_verdict_names_the_gravest_cue_and_one_line(text: str, found: tuple[object, ...]) -> None:
    sad = a_cue("sad", "so sad", level=Level.CAUTION, line="suicide")
    pills = a_cue("pills", "took pills", line="poison")
    verdict = check(fold(text), rules(HARD, SOFT, sad, pills, contexts=CONTEXTS))
    assert (verdict.level, verdict.cue, verdict.line, verdict.is_hard) == found


@pytest.mark.parametrize(
    ("text", "whys"),
    [
        ("he has a gun and he has a knife. he had a gun. so sad", ["hard (he has a gun)", "sad (so sad)"]),
        (
            "somebody has a gun report. somebody has a knife",
            ["soft (somebody has a gun)", "soft (somebody has a knife)"],
        ),
        ("somebody has a gun show and somebody has a knife", ["soft (somebody has a knife)"]),
        ("somebody has a gun show", ["soft (somebody has a gun)"]),
        ("so far so sad", ["sad (so sad)"]),
        ("nothing at all", []),
    ],
)
def test_a_verdict_quotes_each_cue_once_it_is_met_until_it_is_raised_to_its_level(text: str, whys: list[str]) -> None:
    sad = a_cue("sad", "so sad", level=Level.CAUTION)
    verdict = check(fold(text), rules(HARD, SOFT, sad, contexts=CONTEXTS))
    assert [why.partition(":")[0] for why in verdict.why] == whys


@pytest.mark.parametrize(
    ("text", "is_off"),
    [
        ("no wrong", True),
        ("No, wrong! I need the report", True),
        ("sorry. no wrong", True),
        ("nowrongnumber", True),
        ("he is not wrong", False),
        ("and no wrong", False),
        ("false alarm", False),
        ("", False),
    ],
)
def test_who_says_it_was_none_calls_it_off(text: str, is_off: bool) -> None:
    told = rules(contexts=CONTEXTS | {Context.CALLED_OFF: ("^ no wrong", "wrong number")})
    assert is_called_off(fold(text), told) is is_off


def test_the_common_words_of_a_language_are_ordinary_and_stay_whole() -> None:
    source = rules(a_cue("fire", "house .. flames"), ordinary=("Zébra",)).source
    alone, told = Rules(source), Rules(source, (Language({"flame": 0.1, "househousehouse": 0.1}),))
    assert [level("my house is in flame", each) for each in (alone, told)] == [Level.EMERGENCY, Level.NONE]
    assert alone.apart.word("househousehouse") == ("house", "house", "house")
    assert told.apart.word("househousehouse") == ("househousehouse",)
    assert alone.apart.word("zebrahousehouse") == ("zebra", "house", "house")


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
