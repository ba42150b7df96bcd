"""What an SMS costs: the alphabet, the seams between joined messages, and the cheaper spelling."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.gsm import cheapest, is_gsm, segments, units

# Counts as Twilio's public calculator gives them, and as 3GPP TS 23.038 and 23.040 say.
COSTS = [
    ("", 0, 1),
    ("Road closed", 11, 1),
    ("a" * 160, 160, 1),
    ("a" * 161, 161, 2),
    ("a" * 306, 306, 2),
    ("a" * 307, 307, 3),
    ("€" * 80, 160, 1),
    ("€" * 81, 162, 2),
    ("a" * 152 + "€" + "a" * 10, 164, 2),  # the euro would stand over the seam: it moves whole
    ("a" * 152 + "€" * 77, 306, 3),  # and costs the septet it leaves free
    ("ñ" * 160, 160, 1),
    ("é" * 160, 160, 1),
    ("Ç" * 160, 160, 1),
    ("á" * 70, 70, 1),
    ("á" * 71, 71, 2),
    ("ç" * 134, 134, 2),
    ("ã" * 135, 135, 3),
    ("🚓" * 35, 70, 1),
    ("🚓" * 36, 72, 2),
    ("á" * 66 + "🚓" * 34, 134, 3),  # no emoji is cut in two
    ("a" * 70 + "’", 71, 2),
]


@pytest.mark.parametrize(("text", "length", "parts"), COSTS, ids=lambda value: str(value)[:12])
def test_a_text_costs_what_the_network_counts(text: str, length: int, parts: int) -> None:
    assert (units(text), segments(text)) == (length, parts)


@pytest.mark.parametrize("character", "áíóúãõçâêôÁÍÓÚÃÕÂÊÔ’“–…")
def test_one_accent_that_gsm_lacks_makes_the_whole_text_ucs2(character: str) -> None:
    assert not is_gsm(f"Main St {character}")


@pytest.mark.parametrize(
    ("text", "spelt"),
    [
        ("Road closed – use “Main St”. " + "x" * 60, 'Road closed - use "Main St". ' + "x" * 60),
        ("Road closed – use “Main St”.", "Road closed – use “Main St”."),  # one message either way
        ("mañana – " + "n" * 80, "mañana - " + "n" * 80),
        ("Não há “perigo”. " + "x" * 80, "Não há “perigo”. " + "x" * 80),  # the ã stays, so nothing is saved
        ("x" * 155 + " a…", "x" * 155 + " a..."),
        ("x" * 158 + "……", "x" * 158 + "......"),
    ],
)
def test_typographic_characters_give_way_only_where_that_saves_a_message(text: str, spelt: str) -> None:
    assert cheapest(text) == spelt


@given(st.text(alphabet="ab ñÑáéçã€[“”–…’🚓\u00a0\t", max_size=400))
def test_the_cheaper_spelling_never_costs_more_and_loses_no_letter(text: str) -> None:
    spelt = cheapest(text)
    assert segments(spelt) <= segments(text)
    assert [c for c in spelt if c.isalpha() or c == "🚓"] == [c for c in text if c.isalpha() or c == "🚓"]
