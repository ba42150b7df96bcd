import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.text import HEAD, TAIL, cut, fold


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("He CAN'T breathe!!", "he can not breathe"),
        ("he cant breathe", "he can not breathe"),
        ("im in the closet", "i am in the closet"),
        ("No puedo respirár, ayúdeme", "no puedo respirar ayudeme"),
        ("não consigo", "nao consigo"),
        ("heeeeelp meeee", "help me"),
        ("9-1-1", "911"),
        ("9 1 1", "911"),
        ("9️⃣1️⃣1️⃣", "911"),
        ("ｈｅ ｈａｓ ａ ｇｕｎ", "he has a gun"),
        ("𝐡𝐞 𝐡𝐚𝐬 𝐚 𝐠𝐮𝐧", "he has a gun"),
        ("hе hаs а gun", "he has a gun"),  # Cyrillic е and а
        ("h\u200be h\u200da\u2060s a g\u00adun", "he has a gun"),
        ("\u202ehe has a gun\u202c", "he has a gun"),
        ("1000 dollars", "1000 dollars"),
        ("my name_tag", "my name tag"),
        ("", ""),
        ("???", ""),
        ("🔥 help", "🔥 help"),
    ],
)
def test_typed_text_becomes_plain_words(typed: str, line: str) -> None:
    assert fold(typed).line == line


def test_sentence_marks_end_a_clause_and_commas_do_not() -> None:
    folded = fold("Hi. my dad, he fell! is st. james open\nthanks")
    assert [" ".join(clause) for clause in folded.clauses] == ["hi", "my dad he fell", "is st", "james open", "thanks"]


def test_of_a_very_long_text_the_beginning_and_the_end_are_read() -> None:
    text = "a " * HEAD + "middle " + "b " * TAIL + "he has a gun"
    assert len(cut(text)) == HEAD + TAIL + 1
    assert fold(text).line.endswith("he has a gun")


def test_a_text_up_to_the_limit_is_read_whole() -> None:
    text = "x" * (HEAD + TAIL)
    assert cut(text) == text


@given(st.text(max_size=300))
def test_anything_can_be_folded_and_folding_again_changes_nothing(text: str) -> None:
    once = fold(text).line
    assert fold(once).tokens == fold(fold(once).line).tokens


@given(st.text(alphabet="abc helpmno ", max_size=60), st.sampled_from("\u200b\u200c\u200d\u2060\ufeff\u200f\u202e"))
def test_invisible_characters_change_nothing(text: str, mark: str) -> None:
    assert fold(mark.join(text)).line == fold(text).line
