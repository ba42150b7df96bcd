"""How the console shows and finds: differences by lines and words, likeness, states."""

from dataclasses import replace
from datetime import date

import pytest

from bot.core.entry import ContactKind, ContactValue, Risk, Wording, fingerprint
from bot.staff.knowledge_difference import Line, Sort, difference
from bot.staff.knowledge_search import State, like, plain, states
from tests.builders import TODAY, an_entry, snapshot


def shown(lines: tuple[Line, ...]) -> list[str]:
    marks = {Sort.SAME: "{}", Sort.GONE: "[-{}-]", Sort.NEW: "[+{}+]"}
    return ["".join(marks[part.sort].format(part.text) for part in line.stretches) for line in lines]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("a\nb\nc\nd\ne\n", "a\nb\nc\nd\ne\n", []),
        ("a\nb\nc\nd\ne\n", "a\nb\nX\nc\nd\ne\n", [(1, ["a", "b", "[+X+]", "c", "d"])]),
        ("a\nb\nask at the desk\n", "a\nb\nask at the door\n", [(1, ["a", "b", "ask at the [-desk-][+door+]"])]),
        ("one two three\n", "quite another line\n", [(1, ["[-one two three-]", "[+quite another line+]"])]),
        (None, "new\n", [(1, ["[+new+]"])]),
        ("gone\n", None, [(1, ["[-gone-]"])]),
        ("a\nb\nc\nd\ne\nf\ng\n", "A\nb\nc\nd\ne\nf\n", [(1, ["[-a-]", "[+A+]", "b", "c"]), (5, ["e", "f", "[-g-]"])]),
    ],
)  # fmt: skip
def test_a_difference_shows_changed_words_in_their_lines_with_two_around(
    before: str | None, after: str | None, expected: list[tuple[int, list[str]]]
) -> None:
    found = [(hunk.number, shown(hunk.lines)) for hunk in difference(before, after)]
    assert found == expected


def test_a_change_deep_in_a_long_file_is_numbered_as_the_file_is() -> None:
    lines = [f"line {at}\n" for at in range(1, 3001)]
    (hunk,) = difference("".join(lines), "".join([*lines[:2000], "here\n", *lines[2001:]]))
    assert (hunk.number, shown(hunk.lines)[2:4]) == (1999, ["[-line 2001-]", "[+here+]"])


def test_an_answer_like_the_text_comes_first_with_its_nearest_phrase_and_the_list_is_filled_up() -> None:
    known = snapshot(
        an_entry("keys", "i lost my keys", "keys gone"),
        an_entry("dogs", "my dog ran away"),
        an_entry("fees", "what does it cost"),
    )
    found = like(known, "lost keys", most=3)
    assert (found[0].entry.id, found[0].phrase) == ("keys", "i lost my keys")
    assert {each.entry.id for each in found} == {"keys", "dogs", "fees"}
    assert len(like(known, "zzz", most=2)) == 2


def test_each_state_is_told_of_what_it_is_about() -> None:
    sound = an_entry("a", "x")
    assert states(sound, TODAY) == frozenset()
    spanish = Wording("T", (), "R", translates=fingerprint(sound.wordings["en"].answer or ""), approved_by="Ana")
    both = replace(sound, wordings={**sound.wordings, "es": spanish})
    assert states(both, TODAY) == frozenset()
    for state, changed in (
        (State.UNSIGNED, replace(both, wordings={**both.wordings, "es": replace(spanish, approved_by=None)})),
        (State.STALE, replace(both, wordings={**both.wordings, "es": replace(spanish, translates="0" * 12)})),
        (State.NO_SOURCE, replace(sound, source=None)),
        (State.HIGH, replace(sound, risk=Risk.HIGH)),
        (State.UNCONFIRMED, replace(sound, channels=(ContactValue(ContactKind.PHONE, None),))),
        (State.SILENT, an_entry("a", "x", answer=None)),
        (State.OVERDUE, replace(sound, checked_on=date(2020, 1, 1), review_every=TODAY - date(2026, 1, 1))),
    ):
        assert states(changed, TODAY) == {state}


def test_a_search_minds_no_case_and_no_accent() -> None:
    assert plain("Às PÉRDIDAS ñandú") == "as perdidas nandu"
