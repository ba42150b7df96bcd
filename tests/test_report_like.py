"""What reads like a report, a tip, a confession, a victim's account or a cry for help is not kept in any form."""

import hashlib
import time
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from bot.core.emergency import NOTHING, Level, Rules, Verdict
from bot.core.keeping import kept
from bot.core.match import NO_MATCH
from bot.core.redaction import redact
from bot.core.report_like import asks, reads_like_report
from bot.core.text import fold
from tests import real_folder
from tests.benchmarks.command import DATA
from tests.benchmarks.redaction import HALVES, shares, told
from tests.builders import FakeChannel, a_message, knowledge
from tests.test_reception import KNOWN, memory, reception

EMPTY = knowledge()


@pytest.mark.parametrize("told", [
    "someone stole my bike last night, what do i do",
    "i know who spray painted the underpass",
    "i took money from the register and i feel sick about it",
    "my husband hits me when he drinks",
    "i don't want to be here anymore, nobody would miss me",
    "me robaron la bicicleta, como lo reporto",
    "mi esposo me pega",
    "yo rompí el espejo de ese carro",
    "roubaram minha bicicleta, o que faço",
    "meu marido me bate",
    "não quero mais viver",
])  # fmt: skip
def test_whoever_tells_of_harm_or_distress_reads_like_a_report(told: str) -> None:
    assert reads_like_report(fold(told))
    assert kept(told, NOTHING, NO_MATCH, EMPTY) == ""


@pytest.mark.parametrize("asked", [
    "how do i report a stolen bike?",
    "what happens after i file a report",
    "if someone steals my package what do i do",
    "como reporto una bicicleta robada",
    "si me roban un paquete que hago",
    "o que acontece depois que faço o boletim",
    "mi hija adolescente quiere entrar a los cadetes",
])  # fmt: skip
def test_whoever_asks_about_reports_is_kept(asked: str) -> None:
    assert (reads_like_report(fold(asked)), kept(asked, NOTHING, NO_MATCH, EMPTY)) == (False, asked)


@pytest.mark.parametrize(
    "written", ["我想报告一个小偷", "меня ограбили вчера", "سرق أحدهم دراجتي", "어제 자전거를 도둑맞았어요"]
)
def test_what_nobody_here_can_read_is_not_kept(written: str) -> None:
    assert kept(written, NOTHING, NO_MATCH, EMPTY) == ""


@pytest.mark.parametrize("level", [Level.CAUTION, Level.EMERGENCY])
def test_what_gets_the_911_line_is_not_kept_however_it_reads(level: Level) -> None:
    assert kept("how do i get a permit", Verdict(level), NO_MATCH, EMPTY) == ""


SCORING = "02a7b19aa84b72839e7c4696cbd772d5c48909c131be10b2409a70d8e352509e"


def test_the_scoring_half_is_the_one_that_was_frozen() -> None:
    assert hashlib.sha256((DATA / "report_like_scoring.jsonl").read_bytes()).hexdigest() == SCORING
    assert sum(len(told(half)) for half in HALVES) >= 300
    assert {each.text for each in told("scoring")}.isdisjoint(each.text for each in told("tuning"))


@pytest.mark.parametrize("half", HALVES)
def test_report_like_texts_are_not_kept_and_questions_about_reports_are(half: str) -> None:
    right, of = shares(each for each in told(half) if each.kind == "report")
    assert right / of >= 0.95
    right, of = shares(each for each in told(half) if each.kind == "question")
    assert 1 - right / of <= 0.05


def test_ordinary_questions_of_the_knowledge_seldom_read_like_a_report() -> None:
    """Some of them are reports: of stolen cars, of fraud, of a neighbour who deals."""
    asked = [fold(question.text) for question in real_folder.loaded().snapshot.knowledge.questions]
    assert sum(map(reads_like_report, asked)) / len(asked) <= 0.05


class Unreadable:
    """Rules of which everything fails."""

    def __getattr__(self, name: str) -> object:
        raise RuntimeError("no rules")


@pytest.mark.parametrize("is_readable", [True, False])
async def test_when_it_cannot_be_decided_nothing_is_kept(tmp_path: Path, is_readable: bool) -> None:
    rules = KNOWN.knowledge.rules if is_readable else cast(Rules, Unreadable())
    async with memory(tmp_path) as store:
        desk, via = reception(replace(KNOWN, knowledge=replace(KNOWN.knowledge, rules=rules))), FakeChannel()
        desk.memory = store
        await desk.receive(a_message("turquoise umbrellas everywhere"), via)
        assert len(via.sent) == 1
        assert bool(await store.journal.unanswered(10)) is is_readable


def test_a_long_question_is_cut_where_no_half_of_a_number_is_left() -> None:
    for at in range(470, 500):
        long = "how do i get a permit " + "very " * 200
        planted = f"{long[:at]} 203 555 0142 or ann.lee@example.com 12 Oak Hill Road"
        question = redact(kept(planted, NOTHING, NO_MATCH, EMPTY))
        assert not set(question) & set("0123456789@")
        assert len(question) <= 500


def test_begins_as_a_question_does() -> None:
    assert asks(fold("hi, how do i get a permit"))
    assert not asks(fold("there is a man in the yard"))


@pytest.mark.parametrize("piece", ["a ", "my ", "someone ", "the man ", "my ex ", "some a ", "i have ", "hay ", "tem "])
def test_a_hostile_text_takes_time_in_proportion_to_its_length(piece: str) -> None:
    def spent(length: int) -> float:
        words = fold(piece * (length // len(piece)))
        started = time.process_time()
        reads_like_report(words)
        return time.process_time() - started

    shorter = min(spent(700) for _ in range(3))
    assert min(spent(7_000) for _ in range(3)) < 40 * shorter
