"""The little language of the emergency files and of STOP: what each of its signs meets, and what it refuses."""

import pytest

from bot.core.pattern import Clause, PatternError, parse
from bot.core.text import fold
from tests.builders import a_cue, rules


def met(line: str, text: str) -> list[str]:
    """The words of every place in the text that fulfils the line."""
    read = rules(a_cue("c", line))
    clause = Clause.of(fold(text).tokens, read.vocabulary)
    places = [place for _, its in read.raising.found_in(clause) for place in its]
    return [" ".join(clause.words[first : last + 1]) for first, last in places]


@pytest.mark.parametrize(
    ("line", "text", "places"),
    [
        ("smoke kitchen", "big smoke kitchen there", ["smoke kitchen"]),
        ("smoke kitchen", "kitchen smoke", []),
        ("smoke kitchen", "smoke in kitchen", []),
        ("PERSON|dog HAVE", "she has, dog had", ["she has", "dog had"]),
        ("PERSON? smoke", "she smoke", ["she smoke", "smoke"]),
        ("really? smoke", "really smoke", ["really smoke", "smoke"]),
        # Fillers count for nothing: before a term, after it, several at once, and an emoji that means nothing.
        ("smoke kitchen", "smoke the a the kitchen", ["smoke the a the kitchen"]),
        ("smoke kitchen", "smoke 🙏 kitchen", ["smoke 🙏 kitchen"]),
        ("smoke kitchen", "smoke 🔥 in kitchen", []),
        ("smoke kitchen", "smoke over there the kitchen", []),
        ("a smoke", "a the smoke", ["a the smoke"]),
        # Gaps: three words unless told, and fillers free of charge.
        ("smoke .. kitchen", "smoke in my own kitchen", ["smoke in my own kitchen"]),
        ("smoke .. kitchen", "smoke in my own new kitchen", []),
        ("smoke ..1 kitchen", "smoke the my the kitchen", ["smoke the my the kitchen"]),
        ("smoke ..1 kitchen", "smoke in my kitchen", []),
        ("smoke ..0 kitchen", "smoke in kitchen", []),
        ("smoke ..8 kitchen", "smoke 1 2 3 4 5 6 7 8 kitchen", ["smoke 1 2 3 4 5 6 7 8 kitchen"]),
        ("smoke ..2 my? kitchen", "smoke in there my kitchen", ["smoke in there my kitchen"]),
        ("smoke ..2 my? kitchen", "smoke in kitchen", []),
        ("smoke my? ..2 kitchen", "smoke in there kitchen", ["smoke in there kitchen"]),
        # Every place is told, each from the nearest first word.
        ("smoke", "smoke and smoke", ["smoke", "smoke"]),
        ("he|she ..3 smoke", "he she smoke smoke", ["she smoke", "she smoke smoke"]),
        ("he|smoke smoke", "he smoke", ["he smoke"]),
        ("he ..1 she ..1 smoke", "he he she she smoke", ["he she she smoke"]),
        # Anchors: fillers may stand before the first word and after the last.
        ("^ smoke", "smoke here", ["smoke"]),
        ("^ smoke", "the a smoke here", ["smoke"]),
        ("^ smoke", "big smoke", []),
        ("^ smoke", "big the smoke", []),
        ("^ a smoke", "the a smoke", ["a smoke"]),
        ("smoke $", "big smoke", ["smoke"]),
        ("smoke $", "big smoke the 🙏", ["smoke"]),
        ("smoke $", "smoke big", []),
        ("smoke $", "smoke the big", []),
        ("smoke a $", "smoke a the", ["smoke a"]),
        ("^ a $", "the a the", ["a"]),
        ("^ smoke $", "smoke", ["smoke"]),
        ("^ smoke $", "smoke smoke", []),
        # A star is any ending, none too.
        ("smok*", "smok smoke smoking mok", ["smok", "smoke", "smoking"]),
    ],
)  # fmt: skip
def test_a_line_meets_what_it_says(line: str, text: str, places: list[str]) -> None:
    assert met(line, text) == places


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("PERSON HAS GUN", "no class HAS in words.yaml: 'PERSON HAS GUN'"),
        ("gun|HAS? he", "no class HAS "),
        ("H2O", "no class H2O "),
        (".. gun", "a gap stands between two terms"),
        ("^ .. gun", "a gap stands between two terms"),
        ("gun ..", "a gap needs a term after it"),
        ("gun ..2 $", "a gap needs a term after it"),
        ("gun ..9 he", "spans at most 8 words: 'gun ..9 he'"),
        ("gun?", "a term that is not optional"),
        ("gun? he?", "a term that is not optional"),
        ("", "a term that is not optional"),
        ("^ $", "a term that is not optional"),
        ("can't breathe", r"\"can't\" is not one word once folded \(can not\): \"can't breathe\""),
        ("gun ... he", r"'\.\.\.' is not one word once folded \(nothing\)"),
        ("gun|*", r"'\*' is not one word"),
        ("gun||he", r"'' is not one word"),
    ],
)
def test_a_line_that_cannot_be_read_says_why(line: str, says: str) -> None:
    with pytest.raises(PatternError, match=says):
        parse(line, {"PERSON": ()})


def test_words_are_folded_as_messages_are() -> None:
    assert met("Está|FOGÃO aquí", "esta aqui") == ["esta aqui"]
