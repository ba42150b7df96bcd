"""Law 8: a test cannot reach a resident. Every way to sign up, and every way to let an exercise go out.

An exercise goes to those who came in with a code of staff's, and to nobody else; to them alone goes nothing live.
"""

from collections.abc import AsyncIterator, Awaitable, Iterable
from contextlib import suppress
from itertools import cycle
from pathlib import Path

import pytest

from bot.core.advisory import Advisory, AdvisoryKind, AdvisoryLevel, AdvisoryType, ReleaseRefused
from bot.core.answer import Snapshot
from bot.core.channel import Unreachable
from bot.core.message import Kind
from bot.core.problem import NotReady
from bot.core.staff import Account, NotAllowed, Role
from bot.core.subscribing import Subscribe
from bot.store.faults import WrongStage
from bot.store.outbox import Claimed
from tests import real_folder
from tests.advisory_builders import some_content
from tests.test_law_6 import STOPS
from tests.test_subscribing import ALL, COMMANDS, WORDS
from tests.town import Town, town

EXERCISE, LIVE = AdvisoryKind.EXERCISE, AdvisoryKind.LIVE
TESTER = 9_001
EVERYBODY = Account("everybody", frozenset(Role))
STAFF = [Account(role.value, frozenset({role})) for role in Role] + [EVERYBODY]
REASON = "alone on duty, and it cannot wait"
SAID = [*COMMANDS, *(case for cases in WORDS.values() for case in cases)]
SIGNING_UP = [text for text, wish in SAID if isinstance(wish, Subscribe)]
WITHOUT_A_CODE = [
    *(text for text, _ in SAID),
    *(text for said in STOPS.values() for text in said),
    "/exercise", "/exercise all", "/exercise stop", "/exercise 00000000", "/exercise traffic", "/subscribe exercise",
    "/start exercise", "exercise", "sign me up for exercises", "quiero participar en los simulacros",
    "quero participar dos simulados", "send me exercise alerts", "=subscribe-advisories", "/subscribe all urgent",
]  # fmt: skip


@pytest.fixture(scope="module")
def known() -> Snapshot:
    return real_folder.loaded().snapshot


@pytest.fixture
async def here(tmp_path: Path, known: Snapshot) -> AsyncIterator[Town]:
    async with town(tmp_path, known) as made:
        await made.says(f"/exercise {await made.code()}", TESTER)
        yield made


async def tried(acts: Iterable[Awaitable[Advisory]]) -> list[Advisory]:
    """What came of those acts that were not refused."""
    done = []
    for act in acts:
        with suppress(NotAllowed, ReleaseRefused, NotReady, WrongStage):
            done.append(await act)
    return done


async def out(here: Town, topic: str, level: AdvisoryLevel, kind: AdvisoryKind) -> Advisory:
    drafted = await here.advising.draft(EVERYBODY, some_content(topic=topic, level=level), kind)
    return await here.release(drafted.number, EVERYBODY, REASON)


async def test_law_8_whatever_residents_say_or_press_takes_nobody_into_exercises(here: Town) -> None:
    pressed: set[str] = set()
    for who, text in enumerate(WITHOUT_A_CODE):
        await here.says(text, who)
        for value in set(here.values()) - pressed:
            await here.says(value, who, kind=Kind.BUTTON)
            pressed.add(value)
        assert await here.gets(who) is None, text
    assert {"/subscribe all", "/subscribe traffic", "/urgent", "/subscriptions", "/stop"} <= pressed
    assert sum((await here.books.subscriptions.testers()).values()) == 1


async def test_law_8_no_exercise_reaches_a_subscriber_and_no_advisory_a_tester(here: Town) -> None:
    for who, text in enumerate(SIGNING_UP):
        await here.says(text, who)
    residents = {str(who) for who, _ in enumerate(SIGNING_UP)}
    assert len(residents) > 20
    for topic, level in zip(ALL, cycle(AdvisoryLevel), strict=False):
        exercise = await out(here, topic, level, EXERCISE)
        assert (exercise.audience, await here.sent()) == (1, {str(TESTER)})
    reached = set()
    for topic in ALL:
        await out(here, topic, AdvisoryLevel.ALERT, LIVE)
        reached |= await here.sent()
    assert reached == residents


@pytest.mark.parametrize("by", STAFF, ids=lambda account: account.name)
async def test_law_8_whoever_drafts_approves_or_releases_it_an_exercise_goes_to_testers(
    by: Account, here: Town
) -> None:
    await here.says("/subscribe all")
    released = []
    for level in AdvisoryLevel:
        content = some_content(level=level)
        drafts = [await here.advising.draft(EVERYBODY, content, EXERCISE)]
        drafts += await tried([here.advising.draft(by, content, EXERCISE)])
        for draft in drafts:
            await tried([here.approve(draft.number, by), here.approve(draft.number, by, REASON)])
            released += await tried([here.release(draft.number, by), here.release(draft.number, by, REASON)])
    may_release = not by.roles.isdisjoint({Role.ANNOUNCER, Role.APPROVER})
    assert (await here.sent(), bool(released)) == (({str(TESTER)}, True) if may_release else (set(), False))
    assert {each.kind for each in released} <= {EXERCISE}


async def test_law_8_what_follows_an_exercise_is_one(here: Town) -> None:
    await here.says("/subscribe all")
    first = await out(here, "traffic", AdvisoryLevel.ADVISORY, EXERCISE)
    gone = await here.sent()
    update = await here.advising.update(first.number, EVERYBODY, some_content())
    update = await here.advising.change(update.number, EVERYBODY, some_content(level=AdvisoryLevel.COMMUNITY))
    await here.release(update.number, EVERYBODY)
    gone |= await here.sent()
    cancel = await here.advising.cancel(first.number, EVERYBODY)
    gone |= await here.sent()
    assert (update.kind, cancel.kind, cancel.type, gone) == (EXERCISE, EXERCISE, AdvisoryType.CANCEL, {str(TESTER)})


async def test_law_8_a_tester_gets_nothing_live_by_anything_but_signing_up(here: Town) -> None:
    for text in ("/urgent", "/every", "/subscriptions", "/language es", "/subscribe", "/start", "START", "unstop"):
        await here.says(text, TESTER)
    await here.says(f"/exercise {await here.code()}", TESTER)
    await out(here, "traffic", AdvisoryLevel.ALERT, EXERCISE)
    blocked = await here.books.take()
    await here.books.settle(blocked, Unreachable("bot was blocked by the user"))
    await here.says("hello", TESTER)  # back again
    for topic in ALL:
        assert (await out(here, topic, AdvisoryLevel.ALERT, LIVE)).audience == 0
    assert (await here.gets(TESTER) is not None, await here.gets(TESTER, LIVE)) == (True, None)
    assert await here.sent() == set()


async def test_law_8_who_wants_both_gets_each_as_what_it_is(here: Town) -> None:
    await here.says("/subscribe all", TESTER)
    texts = {}
    for kind in AdvisoryKind:
        await out(here, "traffic", AdvisoryLevel.ADVISORY, kind)
        (claimed,) = await here.books.send()
        texts[kind] = claimed.text
    assert texts[EXERCISE].splitlines()[0] == texts[EXERCISE].splitlines()[-1] == "EXERCISE"
    assert "EXERCISE" not in texts[LIVE]


@pytest.mark.parametrize("text", ["STOP", "/exercise stop"])
async def test_law_8_who_has_left_gets_no_exercise_that_was_already_due(text: str, here: Town) -> None:
    await out(here, "traffic", AdvisoryLevel.ALERT, EXERCISE)
    await here.says(text, TESTER)
    assert not isinstance(await here.books.claim(), Claimed)
    assert (await out(here, "traffic", AdvisoryLevel.ALERT, EXERCISE)).audience == 0
