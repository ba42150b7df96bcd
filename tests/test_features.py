"""Words to numbers: what counts, how much, and what a long message costs."""

from itertools import pairwise

import numpy as np
import pytest

from bot.core.features import Features, Shares
from bot.core.text import fold

SHARES = Shares(words=0.5, pairs=0.25, runs=1.0, longest_run=4)
SAID = ("he has a gun", "she has a knife", "a permit please")


def learned(*texts: str, shares: Shares = SHARES) -> Features:
    return Features.learned([fold(text).tokens for text in texts], shares)


def test_each_block_is_as_long_as_its_share_says() -> None:
    features = learned(*SAID)
    found = features.of(fold("he has a gun").tokens)
    ends = np.cumsum([1, *map(len, features.blocks)])
    lengths = [np.linalg.norm(found.values[(found.ids >= low) & (found.ids < high)]) for low, high in pairwise(ends)]
    assert lengths == pytest.approx([0.5, 0.25, 1.0])


def test_unknown_words_weigh_a_message_down() -> None:
    features = learned(*SAID)
    alone, among_others = (features.of(fold(text).tokens).values.sum() for text in ("gun", "gun qqq www zzz"))
    assert among_others < alone


def test_how_much_of_a_message_is_unknown_counts_rare_words_more_and_what_is_known_not_at_all() -> None:
    features = learned(*SAID)
    nothing, of_common, of_rare, half, all_of_it = (
        features.unknown(fold(text).tokens) for text in ("", "a qqq", "gun qqq", "gun qqq gun qqq", "qqq www")
    )
    assert features.unknown(fold("he has a gun").tokens) == nothing == 0
    assert 0.5 == pytest.approx(of_rare) == pytest.approx(half)
    assert 0.5 < of_common < all_of_it == 1


def test_a_rare_word_weighs_more_than_a_common_one() -> None:
    features = learned(*SAID)
    words = {name: features.rarity[number] for number, name in enumerate(features.blocks[0], 1)}
    assert words["gun"] > words["has"] > words["a"]


def test_a_misspelling_shares_runs_of_letters_with_what_was_meant() -> None:
    features = learned("ambulance", "permit")
    meant, typed, other = (set(features.of((word,)).ids) for word in ("ambulance", "ambulence", "permit"))
    assert len(meant & typed) > 10 > len(meant & other)


def test_a_feature_of_too_few_messages_is_not_learned() -> None:
    features = learned(*SAID, shares=Shares(0.5, 0.25, 1.0, longest_run=4, seen_in=2))
    assert set(features.blocks[0]) == {"a", "has"}


@pytest.mark.parametrize("text", ["", "   ", "?!", "日本語"])
def test_a_message_without_a_known_feature_still_has_the_one_that_is_always_met(text: str) -> None:
    found = learned(*SAID).of(fold(text).tokens)
    assert (list(found.ids), list(found.values)) == ([0], [1.0])


def test_of_a_long_message_both_ends_are_read() -> None:
    features = learned(*SAID)
    for text in ("gun " + "and so on " * 500, "and so on " * 500 + "gun"):
        assert features.blocks[0].index("gun") + 1 in features.of(fold(text).tokens).ids


def test_the_numbers_of_a_message_are_those_of_its_features_whether_it_was_learned_from_or_not() -> None:
    said = [f"banana {n} {n % 7} banana" for n in range(2_500)]
    features = learned(*said)
    for text in (said[0], said[1_500], said[-1], "banana 3 something", "nothing alike", ""):
        tokens = fold(text).tokens
        assert sorted(features.numbers(tokens)) == sorted(features.of(tokens).ids)


def test_what_a_message_has_twice_is_counted_once() -> None:
    features = learned("banana banana", "gun")
    assert len(set(features.rarity[1:].tolist())) == 1  # everything is in one message of two


def test_of_a_pasted_page_only_the_two_ends_are_read() -> None:
    page = [f"word{n}" for n in range(3000)]
    features = learned(*(" ".join(page[at : at + 100]) for at in range(0, 3000, 100)))
    assert set(features.of(page).ids) == set(features.of([*page[:80], *page[-40:]]).ids)
