"""What wants a curator's care: each finding once, in its place, under its heading; and none where none is due."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.core.entry import (
    Ask,
    ContactKind,
    ContactValue,
    Entry,
    Knowledge,
    Place,
    Question,
    Risk,
    Source,
    Wording,
    fingerprint,
)
from bot.knowledge import upkeep
from bot.knowledge.about import About
from tests import builders
from tests.builders import PLACE, TODAY

GOOD = " ".join(["Ask at the desk for it."] * 8)


def an_entry(entry_id: str = "permit", answer: str | None = GOOD, **rest: object) -> Entry:
    """A whole entry that nothing is to be said about, unless the rest says otherwise."""
    asks = tuple(Ask(f"{entry_id} ask number {letter}", PLACE) for letter in "abcdefgh")
    wordings = {language: Wording(f"{entry_id} {language}", asks, answer) for language in ("en", "es", "pt")}
    whole = builders.an_entry(entry_id, owner="Records", review_every=timedelta(days=180))
    return replace(whole, wordings=wordings, **rest)  # type: ignore[arg-type]


def known(*entries: Entry, questions: int = 0) -> Knowledge:
    asked = tuple(Question(f"q {n}", "en", e.id, PLACE) for e in entries for n in range(questions))
    return replace(builders.knowledge(*entries), questions=asked)


def found(*entries: Entry, today: date = TODAY, questions: int = 0) -> list[tuple[About | None, str]]:
    return [(problem.about, problem.text) for problem in upkeep.findings(known(*entries, questions=questions), today)]


def said(entry: Entry, language: str, **rest: object) -> Entry:
    return replace(entry, wordings={**entry.wordings, language: replace(entry.wordings[language], **rest)})  # type: ignore[arg-type]


def test_a_whole_entry_needs_no_note() -> None:
    assert found(an_entry()) == []


@pytest.mark.parametrize(
    ("entry", "about", "says"),
    [
        (an_entry(owner=None, checked_on=None), About.FORM, "`permit` has no owner, checked_on"),
        (an_entry(related=("gone",)), About.RELATED, "names `gone` as related"),
        (an_entry(source=Source("x", "http://a.example")), About.LINK, "not https: http://a.example"),
        (an_entry(answer=f"{GOOD} See http://b.example today."), About.LINK, "not https: http://b.example"),
        (
            an_entry(channels=(ContactValue(ContactKind.URL, {"en": "http://c.example"}),)),
            About.LINK,
            "not https: http://c.example",
        ),
        (said(an_entry(), "es", translates="0" * 12), About.OLD, f"then write {fingerprint(GOOD)}"),
        (said(an_entry(), "es", asks=()), About.FEW, "has 0 ask(s) in `es`"),
        (said(an_entry(), "en", answer=" ".join(["word"] * 31)), About.LONG, "a sentence of 31 words: 'word word"),
        (
            said(an_entry(), "pt", answer="a b c d e f g h i j k l m n o p."),
            About.LONG,
            "`pt` has 16.0 words a sentence",
        ),
        (said(an_entry(), "en", answer="One two three. " * 44), About.LONG, "`en` has 132 words"),
    ],
)
def test_what_is_missing_old_or_hard_to_read_is_told(entry: Entry, about: About, says: str) -> None:
    assert any(kind is about and says in text for kind, text in found(entry))


def test_a_language_of_the_department_that_is_missing_is_told() -> None:
    entry = an_entry()
    some = replace(entry, wordings={"en": entry.wordings["en"]})
    assert [text for kind, text in found(some) if kind is About.LANGUAGE] == [
        "`permit` has no `es`",
        "`permit` has no `pt`",
    ]


def test_an_overdue_review_is_told_and_of_a_high_risk_that_it_is_no_longer_shown() -> None:
    late = TODAY + timedelta(days=400)
    assert found(an_entry(), today=late) == [(About.OVERDUE, "`permit` is due for review (checked on 2026-11-01)")]
    ((_, told),) = found(an_entry(risk=Risk.HIGH), today=late)
    assert told.endswith("being of high risk it is no longer shown")


def test_fewer_than_six_questions_are_told_where_the_folder_has_questions() -> None:
    assert found(an_entry(), questions=6) == []
    assert found(an_entry(), questions=5) == [(About.FEW, "`permit` has 5 question(s): 6 are few")]


def test_items_of_a_list_are_sentences_and_abbreviations_end_none() -> None:
    answer = "Do this:\n1. Go at 8 p. m. del lunes.\n- Bring ID. Then wait!\n\nSee https://a.example/b.c now"
    assert list(upkeep.sentences(answer)) == [
        "Do this:",
        "Go at 8 p. m. del lunes.",
        "Bring ID.",
        "Then wait!",
        "See https://a.example/b.c now",
    ]


def test_a_long_translation_of_a_short_answer_is_not_told_again() -> None:
    entry = said(an_entry(), "es", answer="Uno dos tres. " * 44)
    assert found(entry) == []


def test_titles_that_a_channel_cuts_to_the_same_are_told() -> None:
    one = said(an_entry("one"), "en", title="How to get a permit for a dog")
    two = said(an_entry("two"), "en", title="How to get a permit for a cat")
    ((about, told),) = found(one, two)
    assert about is About.LABEL
    assert told == "`two` `en` title 'How to get a permit for a cat' looks like that of `one` once a channel cuts it"


def test_an_ask_of_two_entries_is_told_with_both_places() -> None:
    one = said(
        an_entry("one"), "en", asks=(Ask("Where do I PAY?", Place("faqs/a.yaml", 4)), *an_entry().wordings["en"].asks)
    )
    two = said(
        an_entry("two"), "es", asks=(Ask("where do i pay", Place("faqs/b.yaml", 9)), *an_entry("x").wordings["en"].asks)
    )
    problems = list(upkeep.findings(known(one, two), TODAY))
    assert [(str(problem), problem.about) for problem in problems] == [
        (
            "faqs/b.yaml:9: 'where do i pay' of `two` is also an ask of `one`: 'Where do I PAY?' (faqs/a.yaml:4)",
            About.TWICE,
        )
    ]


def test_an_entry_without_an_answer_is_not_measured() -> None:
    assert found(an_entry(answer=None)) == []
