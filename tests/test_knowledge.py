"""The department's own knowledge: sound, findable, and what its questions promise."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.core.answer import Snapshot
from bot.core.emergency import Level, check
from bot.core.text import fold
from bot.knowledge import encoder, live, selftest, trained, upkeep
from bot.knowledge.about import About
from bot.knowledge.source import Problem
from tests import real_folder
from tests.sizes import some

TODAY = datetime(2026, 11, 22, tzinfo=UTC).date()
MOST_KNOWN_MISSES = 17  # may only shrink


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """With all that is learned. Loading raises when any cue misses one of its own examples."""
    return live.taught(real_folder.loaded(), tmp_path_factory.mktemp("data"), encoder.load())


@pytest.fixture(scope="module")
def findings(snapshot: Snapshot) -> list[Problem]:
    return list(upkeep.findings(snapshot.knowledge, TODAY))


def about(findings: list[Problem], *kinds: About) -> list[str]:
    return [str(problem) for problem in findings if problem.about in kinds]


def test_every_entry_is_whole_in_every_language(findings: list[Problem]) -> None:
    assert about(findings, About.FORM, About.LANGUAGE, About.RELATED, About.FEW) == []


def test_no_translation_is_older_than_its_original(findings: list[Problem]) -> None:
    assert about(findings, About.OLD) == []


def test_titles_stay_apart_when_a_channel_cuts_them(findings: list[Problem]) -> None:
    assert about(findings, About.LABEL) == []


def test_no_ask_stands_word_for_word_in_two_entries(findings: list[Problem]) -> None:
    assert about(findings, About.TWICE) == []


def test_nothing_is_overdue_on_the_day_it_was_written(findings: list[Problem]) -> None:
    assert about(findings, About.OVERDUE) == []


def test_no_button_is_sent_to_911(snapshot: Snapshot) -> None:
    values = [f"={entry}" for entry in snapshot.knowledge.entries]
    assert [value for value in values if check(fold(value), snapshot.knowledge.rules).level is Level.EMERGENCY] == []


def test_every_question_finds_its_entry_save_the_known_misses(snapshot: Snapshot) -> None:
    asked = replace(
        snapshot, knowledge=replace(snapshot.knowledge, questions=tuple(some(snapshot.knowledge.questions, 3)))
    )
    assert [str(problem) for problem in selftest.questions(asked)] == []
    misses = [question for question in snapshot.knowledge.questions if question.is_known_miss]
    assert len(misses) <= MOST_KNOWN_MISSES


def test_a_bare_911_and_a_bare_cry_for_help_never_stay_without_911(snapshot: Snapshot) -> None:
    rules = snapshot.knowledge.rules
    assert check(fold("911"), rules).level is Level.EMERGENCY
    for cry in ("help", "ayuda", "ajuda", "socorro", "HELP!!", "auxilio"):
        assert check(fold(cry), rules).level is not Level.NONE


def test_every_911_reply_begins_with_the_number_and_tells_that_nobody_was_alerted(snapshot: Snapshot) -> None:
    for text in snapshot.knowledge.replies.redirect.values():
        assert "911" in text.splitlines()[0]
        assert len(text.splitlines()[0]) <= 80  # what a phone's notification shows


def test_the_shipped_net_was_learned_from_the_shipped_examples() -> None:
    """Else every fresh clone would learn for a minute. To mend: start the bot once, copy `net.npz` from its cache."""
    lessons = real_folder.loaded().lessons
    assert trained.is_kept(lessons, encoder.load(), trained.SHIPPED)


def test_a_word_written_as_it_sounds_finds_what_it_says_though_some_phrasing_of_another_entry_has_it_so(
    snapshot: Snapshot,
) -> None:
    match = snapshot.rank(fold("como saco la copia del reporte de mi acsidente"))
    assert match.candidates[0].entry.id == "accident-report-copy"
