"""`/exercise`: into the exercises with a code and out again, in three languages, and nothing learned by guessing."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from bot.core.advisory import AdvisoryKind
from bot.core.answer import Snapshot
from bot.core.conversation import Conversation
from bot.core.emergency import Level
from bot.core.exercising import AskCode, JoinExercises, LeaveExercises
from bot.core.first_look import looked
from bot.core.message import Kind
from bot.core.subscribing import Unsubscribe, Wish, spelt
from bot.house import _MENU
from bot.store.subscriptions import Subscriptions
from bot.store.testers import FORGIVEN, LASTS, MOST_WRONG
from tests import real_folder
from tests.builders import LIMITS
from tests.test_law_6 import DANGER, Down, files
from tests.town import Town, town

LANGUAGES = ("en", "es", "pt")
MARKS = {"en": "EXERCISE", "es": "SIMULACRO", "pt": "SIMULADO"}
ALL = ("safety", "traffic", "weather", "missing", "scams", "community")
JOIN = JoinExercises(ALL, "48210937")
ORDERS: list[tuple[str, Wish]] = [
    ("/exercise 48210937", JOIN),
    ("/EXERCISE@danbury_bot 48210937", JOIN),
    ("  /exercise 4821 0937 ", JOIN),
    ("/exercise 4821-0937", JOIN),
    ("/exercise\n48210937", JOIN),
    ("/exercise", AskCode()),
    ("/exercise 4821093", AskCode()),
    ("/exercise 482109370", AskCode()),
    ("/exercise ٤٨٢١٠٩٣٧", AskCode()),
    ("/exercise all", AskCode()),
    ("/exercise subscribe all", AskCode()),
    ("/exercise how do i get a police report", AskCode()),
    ("/exercise stop", LeaveExercises()),
    ("/exercise STOP.", LeaveExercises()),
    ("/exercise unsubscribe", LeaveExercises()),
    ("/exercise parar", LeaveExercises()),
    ("/exercise sair", LeaveExercises()),
    ("/exercise stop all", Unsubscribe()),
    ("/exercise dar de baja", Unsubscribe()),
    ("/exercise please stop sending me alerts", Unsubscribe()),
]


@pytest.fixture(scope="module")
def known() -> Snapshot:
    return real_folder.loaded().snapshot


@pytest.fixture
async def here(tmp_path: Path, known: Snapshot) -> AsyncIterator[Town]:
    async with town(tmp_path, known) as made:
        yield made


@pytest.mark.parametrize(("text", "wish"), ORDERS)
def test_the_command_orders_what_it_says(text: str, wish: Wish, known: Snapshot) -> None:
    assert known.orders.ordered(text, Conversation()) == wish


@pytest.mark.parametrize("text", ["exercise", "exercises", "/exercises", "join the exercise 48210937", "48210937"])
def test_nothing_else_does(text: str, known: Snapshot) -> None:
    assert known.orders.ordered(text, Conversation()) is None


@pytest.mark.parametrize("code", ["48210937", "91191191", "00000911", "91100000", "98898898", "00000000"])
def test_no_code_is_sent_to_911(code: str, known: Snapshot) -> None:
    assert looked(f"/exercise {code}", known).level is Level.NONE


async def test_danger_after_the_command_is_danger_first(here: Town, known: Snapshot) -> None:
    redirect = known.knowledge.replies.redirect["en"].splitlines()[0]
    assert (await here.says(f"/exercise {DANGER}")).startswith(redirect)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_somebody_with_a_code_gets_in_is_told_what_comes_and_gets_out(
    language: str, here: Town, known: Snapshot
) -> None:
    phrases = known.knowledge.phrases
    await here.says(f"/language {language}")
    joined = await here.says(f"/exercise {await here.code()}")
    assert joined == phrases("advisory_exercise_joined", language).strip().replace("{mark}", MARKS[language])
    assert all(word in joined for word in (MARKS[language], "/exercise stop", "STOP", "911"))
    member = await here.gets()
    assert member is not None
    assert (member.topics, member.language) == (frozenset(ALL), language)
    mine = await here.says("/subscriptions")
    assert mine.startswith(phrases("advisory_nothing", language))
    assert phrases("advisory_exercise_member", language).replace("{mark}", MARKS[language]) in mine
    assert await here.says("/exercise stop") == phrases("advisory_exercise_left", language)
    assert await here.gets() is None
    assert await here.says("/subscriptions") == phrases("advisory_nothing", language)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_stop_ends_exercises_and_advisories_and_leaving_exercises_only_those(
    language: str, here: Town, known: Snapshot
) -> None:
    await here.says(f"/language {language}")
    await here.says("/subscribe traffic")
    await here.says(f"/exercise {await here.code()}")
    assert MARKS[language] in await here.says("/subscriptions")
    await here.says("/exercise stop")
    assert (await here.gets(), await here.gets(kind=AdvisoryKind.LIVE) is not None) == (None, True)
    await here.says(f"/exercise {await here.code()}")
    assert await here.says("STOP") == known.knowledge.phrases("advisory_stopped", language)
    assert (await here.gets(), await here.gets(kind=AdvisoryKind.LIVE)) == (None, None)


@pytest.mark.parametrize("kind", list(Kind))
async def test_leaving_works_however_it_comes(kind: Kind, here: Town) -> None:
    await here.says(f"/exercise {await here.code()}")
    await here.says("/exercise stop", kind=kind)
    assert await here.gets() is None


@pytest.mark.parametrize("language", LANGUAGES)
async def test_no_code_a_wrong_an_old_a_used_one_and_too_many_are_told_the_same(
    language: str, here: Town, known: Snapshot
) -> None:
    refused = known.knowledge.phrases("advisory_exercise_refused", language)
    old, used = await here.code(), await here.code()
    await here.says(f"/exercise {used}", who=2)
    here.books.now += LASTS
    await here.says(f"/language {language}")
    for told in ("", "1234", "00000000", old, used, *["99999999"] * MOST_WRONG):
        assert await here.says(f"/exercise {told}") == refused
        assert here.values() == []
    good = await here.code()
    assert await here.says(f"/exercise {good}") == refused
    here.books.now += FORGIVEN
    assert (await here.says(f"/exercise {good}"), await here.gets()) == (refused, None)
    assert await here.says(f"/exercise {await here.code()}") != refused


async def test_where_nothing_is_announced_every_code_gets_the_same_fixed_line(here: Town, known: Snapshot) -> None:
    here.via.limits = LIMITS
    good = await here.code()
    fixed = known.knowledge.phrases("advisory_not_here", "en")
    for told in (good, "00000000", ""):
        assert (await here.says(f"/exercise {told}")).startswith(fixed)
    assert await here.says("/exercise stop") == known.knowledge.phrases("stopped", "en")
    assert await here.gets() is None
    here.via.limits = replace(LIMITS, announces=True)
    await here.says(f"/exercise {good}")
    assert await here.gets() is not None


async def test_a_store_that_is_down_is_told_and_no_button_keeps_the_code(here: Town, known: Snapshot) -> None:
    assert here.desk.memory is not None
    here.desk.memory = replace(here.desk.memory, subscriptions=cast(Subscriptions, Down()))
    failed = known.knowledge.phrases("advisory_failed", "en")
    assert (await here.says("/exercise 48210937"), here.values()) == (failed, [])
    assert (await here.says("/exercise stop"), here.values()) == (failed, ["/exercise stop"])


async def test_neither_the_code_nor_the_person_is_kept_or_shown(here: Town, tmp_path: Path) -> None:
    code = await here.code()
    await here.says(f"/exercise {code}")
    await here.says("/exercise 4821 0937 please", who=2)
    kept = files(tmp_path)
    assert b"text: /exercise" in kept
    assert not any(each.encode() in kept for each in (code, "48210937", "4821 0937"))
    assert (code in repr(JoinExercises((), code)), spelt(JOIN)) == (False, "/exercise")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_no_menu_names_it(language: str, here: Town) -> None:
    await here.says(f"/language {language}")
    told = [await here.says(text) for text in ("/start", "/help", "/subscribe", "/subscriptions", "/about")]
    assert not any("/exercise" in text for text in told)
    assert "exercise" not in _MENU
