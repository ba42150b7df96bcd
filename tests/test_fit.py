from hypothesis import given
from hypothesis import strategies as st

from bot.core.channel import Limits, utf16_units
from bot.core.fit import fit
from bot.core.message import Choice, Part, Reply


def limits(units: int, choices: int = 8) -> Limits:
    return Limits(units, choices, 20, utf16_units)


def test_what_fits_stays_whole_and_carries_its_choices() -> None:
    choices = (Choice("One", "=one"),)
    assert fit(Reply("Short.", choices), limits(100)) == (Part("Short.", choices),)


def test_a_long_text_is_parted_between_paragraphs_first() -> None:
    assert [part.text for part in fit(Reply("First one.\n\nSecond one."), limits(15))] == ["First one.", "Second one."]


def test_then_between_sentences_then_between_words() -> None:
    assert [part.text for part in fit(Reply("First one. Second one."), limits(15))] == ["First one.", "Second one."]
    assert [part.text for part in fit(Reply("alpha beta gamma"), limits(11))] == ["alpha beta", "gamma"]


def test_without_buttons_choices_become_numbered_lines() -> None:
    reply = Reply("Which?", (Choice("One", "=one"), Choice("Two", "=two")))
    assert fit(reply, limits(100, choices=0)) == (Part("Which?\n\n1. One\n2. Two"),)


def test_choices_stand_under_the_last_part_only() -> None:
    parts = fit(Reply("First one.\n\nSecond one.", (Choice("One", "=one"),)), limits(15))
    assert [len(part.choices) for part in parts] == [0, 1]


def test_an_urgent_reply_is_urgent_in_every_part() -> None:
    assert all(part.urgent for part in fit(Reply("First one.\n\nSecond one.", urgent=True), limits(15)))


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=400), st.integers(2, 60))
def test_every_part_fits_and_nothing_but_white_space_is_lost(text: str, units: int) -> None:
    parts = fit(Reply(text), limits(units))
    assert all(utf16_units(part.text) <= units for part in parts)
    assert "".join("".join(part.text.split()) for part in parts) == "".join(text.split())
