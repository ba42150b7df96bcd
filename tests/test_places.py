"""Which place a message is about: another town's business is told by its name, unless ours is named beside it."""

import pytest

from bot.core.places import Places
from bot.core.text import fold

PLACES = Places(own=("Danbury", "Hat City"), other=("Bethel", "New Fairfield", "São Paulo"))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("how do i report a crash in BETHEL", [("bethel",)]),
        ("is new fairfield covered", [("new", "fairfield")]),
        ("moro em sao paulo", [("sao", "paulo")]),
        ("from bethel to new fairfield", [("bethel",), ("new", "fairfield")]),
    ],
)
def test_another_place_is_found_by_its_whole_name(text: str, named: list[tuple[str, ...]]) -> None:
    assert list(PLACES.elsewhere(fold(text).tokens)) == named


@pytest.mark.parametrize("text", ["i need a new permit", "who patrols the fairfield", "paulo", "fairfield new", ""])
def test_a_part_of_a_name_is_no_place(text: str) -> None:
    assert PLACES.elsewhere(fold(text).tokens) == ()


@pytest.mark.parametrize("text", ["i live in bethel and was robbed in danbury", "hat city or bethel"])
def test_a_message_that_names_our_own_place_is_about_ours(text: str) -> None:
    assert PLACES.elsewhere(fold(text).tokens) == ()


def test_half_of_our_own_name_does_not_make_it_about_ours() -> None:
    assert PLACES.elsewhere(fold("a hat lost in bethel").tokens) == (("bethel",),)


def test_without_names_every_message_is_about_our_own_place() -> None:
    assert Places().elsewhere(fold("a crash in bethel").tokens) == ()


def test_a_name_without_words_names_nothing() -> None:
    assert Places(other=("...", "Bethel")).elsewhere(fold("... what").tokens) == ()
