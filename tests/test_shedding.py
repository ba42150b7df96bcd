"""What overload and limits leave out, and what they never touch: 911 (law 1) and STOP (law 6)."""

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.allowance import Allowance, Taken
from bot.core.channel import Receipt, TryLater
from bot.core.emergency import Level
from bot.core.floor import FLOOR_TEXT
from bot.core.lookout import Embed, Lookout
from bot.core.message import Address, ChannelName, IncomingMessage
from bot.core.net import Net
from bot.service import shedding
from bot.service.reception import Reception
from bot.service.shedding import Shedding, Strain, Way, hurried
from tests.builders import FakeChannel, a_cue, a_message, snapshot
from tests.test_reception import KNOWN, memory, reception

DANGER = "he has a gun"
QUESTION = "how do i report a crime"
BUSY, LIMITED, REDIRECT = "<busy en>", "<limited en>", "911 NOW en\nNobody has been alerted."


@dataclass(slots=True)
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def swamped() -> Reception:
    desk = reception()
    desk.shedding.waiting = 1_000
    return desk


def busy() -> Reception:
    desk = reception()
    desk.shedding.waiting = shedding._MOST_WAITING
    return desk


async def limited(via: FakeChannel) -> Reception:
    """Somebody has used up all they may send."""
    desk = reception()
    for number in range(shedding._PERSON_AT_ONCE):
        await desk.receive(a_message(QUESTION, f"before {number}"), via)
    via.sent.clear()
    return desk


async def test_when_too_many_wait_a_question_gets_the_notice_and_never_silence() -> None:
    desk, via = busy(), FakeChannel()
    assert await desk.receive(a_message(QUESTION), via) is Receipt.ANSWERED
    assert via.texts == [BUSY]
    assert (desk.measures.shed[ChannelName.TERMINAL], desk.measures.turns[ChannelName.TERMINAL, "busy"]) == (1, 1)


@pytest.mark.parametrize("overload", [busy, swamped])
async def test_law_1_an_emergency_passes_every_overload(overload: Callable[[], Reception]) -> None:
    via = FakeChannel()
    assert await overload().receive(a_message(DANGER), via) is Receipt.ANSWERED
    assert via.texts == [REDIRECT]


async def test_law_1_an_emergency_passes_every_limit() -> None:
    via = FakeChannel()
    desk = await limited(via)
    for number in range(50):
        await desk.receive(a_message(QUESTION, f"over {number}"), via)
        await desk.receive(a_message(DANGER, f"danger {number}"), via)
    assert via.texts.count(REDIRECT) >= 50


@pytest.mark.parametrize("overload", [busy, swamped])
async def test_law_6_a_stop_passes_every_overload(overload: Callable[[], Reception]) -> None:
    via = FakeChannel()
    await overload().receive(a_message("STOP"), via)
    assert via.texts == ["<stopped en>"]


async def test_law_6_a_stop_passes_every_limit() -> None:
    via = FakeChannel()
    desk = await limited(via)
    await desk.receive(a_message("stop", "s"), via)
    assert via.texts == ["<stopped en>"]


async def test_whoever_sends_too_much_is_told_once_and_not_for_each_message() -> None:
    via = FakeChannel()
    desk = await limited(via)
    receipts = [await desk.receive(a_message(QUESTION, f"over {number}"), via) for number in range(30)]
    assert (via.texts, receipts[0], set(receipts[1:])) == ([LIMITED], Receipt.ANSWERED, {Receipt.IGNORED})
    assert desk.measures.limited[ChannelName.TERMINAL] == 30


async def test_one_persons_limit_is_nobody_elses() -> None:
    via = FakeChannel()
    desk = await limited(via)
    other = Address(ChannelName.TERMINAL, "another")
    await desk.receive(a_message(QUESTION, "1", sender=other), via)
    assert "The answer about report-crime." in via.texts[0]


async def test_many_people_behind_one_network_address_share_its_limit() -> None:
    desk, via = reception(), FakeChannel()
    desk.shedding._networks = Allowance(3, 1.0)
    for number in range(5):
        sender = Address(ChannelName.WEB, str(number))
        await desk.receive(a_message(QUESTION, str(number), sender=sender, network="192.0.2.1"), via)
    assert [text == LIMITED for text in via.texts] == [False, False, False, True]


async def test_a_copy_of_what_was_told_to_ask_again_gets_no_second_notice() -> None:
    desk, via = busy(), FakeChannel()
    message = a_message(QUESTION)
    assert await desk.receive(message, via) is Receipt.ANSWERED
    assert await desk.receive(message, via) is Receipt.DUPLICATE
    assert via.texts == [BUSY]


@pytest.mark.parametrize("first", [busy, reception])
async def test_what_did_not_leave_is_no_copy_when_it_comes_again_in_an_overload(first: Callable[[], Reception]) -> None:
    desk, via = first(), FakeChannel(failures=[TryLater("busy")])
    message = a_message(QUESTION)
    assert await desk.receive(message, via) is Receipt.NOT_SENT
    desk.shedding.waiting = shedding._MOST_WAITING
    assert await desk.receive(message, via) is Receipt.ANSWERED
    assert via.texts == [BUSY]


async def test_where_the_check_asks_for_the_911_line_nobody_is_ever_silenced() -> None:
    known = snapshot(cues=(a_cue("following", "somebody follows", level=Level.CAUTION),))
    desk, via = reception(known), FakeChannel()
    for number in range(shedding._PERSON_AT_ONCE + 3):
        await desk.receive(a_message("somebody follows", str(number)), via)
    assert via.texts[-3:] == [f"911 notice en\n\n{LIMITED}"] * 3


async def test_who_has_an_emergency_open_gets_911_again_however_much_they_send() -> None:
    desk, via = reception(), FakeChannel()
    await desk.receive(a_message(DANGER, "d"), via)
    for number in range(shedding._PERSON_AT_ONCE + 3):
        await desk.receive(a_message("hurry", str(number)), via)
    assert [text.splitlines()[0] for text in via.texts[-3:]] == ["911 NOW en"] * 3


async def test_without_knowledge_the_notice_is_the_floors() -> None:
    desk, via = reception(None), FakeChannel()
    desk.shedding.waiting = shedding._MOST_WAITING
    await desk.receive(a_message("good morning"), via)
    assert via.texts == [FLOOR_TEXT]


async def test_what_was_turned_away_is_asked_again_and_answered_once_the_overload_is_over(tmp_path: Path) -> None:
    async with memory(tmp_path) as store:
        desk, via = busy(), FakeChannel()
        desk.memory = store
        await desk.receive(a_message(QUESTION, "1"), via)
        desk.shedding.waiting = 0
        await desk.receive(a_message(QUESTION, "2"), via)
        assert via.texts[0] == BUSY
        assert "The answer about report-crime." in via.texts[1]
        assert desk.shedding.waiting == 0


def test_swamped_the_check_waits_for_no_encoder_and_goes_on_with_the_net() -> None:
    net, embed = cast(Net, object()), cast(Embed, lambda _: None)
    assert hurried(replace(KNOWN, lookout=Lookout(net, embed))).lookout == Lookout(net, None)


def test_strain_is_told_by_who_waits_and_by_how_late_the_loop_is_even_while_it_is_stuck() -> None:
    clock = Clock()
    keeper = Shedding(clock)
    assert keeper.strain() is Strain.CALM  # nobody ticks: nothing is known
    keeper.tick(0.0)
    clock.now = 0.3
    keeper.waiting = shedding._FEW_WAITING + 1
    assert keeper.strain() is Strain.CALM
    clock.now = 0.4
    assert keeper.strain() is Strain.BUSY  # the look that was due at 0.1 has not come
    clock.now = 1.2
    assert keeper.strain() is Strain.SWAMPED
    keeper.tick(0.1)
    assert keeper.lag == pytest.approx(1.1)
    clock.now = 1.3
    keeper.tick(1.3)
    assert keeper.strain() is Strain.CALM
    keeper.waiting = shedding._MOST_WAITING + 1
    assert keeper.strain() is Strain.BUSY


def test_a_few_are_answered_however_late_the_loop_was() -> None:
    clock = Clock()
    keeper = Shedding(clock)
    keeper.tick(0.0)
    clock.now = 30.0  # the machine slept
    keeper.waiting = shedding._FEW_WAITING
    assert keeper.strain() is Strain.CALM


async def test_a_turn_that_waits_for_its_platform_only_counts_as_no_work() -> None:
    desk, seen = reception(), list[int]()

    class Slow(FakeChannel):
        async def send(self, *_: object) -> str:
            seen.append(desk.shedding.waiting)
            return "1"

    await desk.receive(a_message(QUESTION), Slow())
    assert (seen, desk.shedding.waiting) == ([0], 0)


async def test_the_loops_time_is_kept_until_stopping_and_not_after() -> None:
    keeper, stopping = Shedding(), asyncio.Event()
    task = asyncio.create_task(keeper.run(stopping))
    await asyncio.sleep(0)
    assert keeper._tick_due is not None
    stopping.set()
    await task
    assert keeper.lag == keeper._lag


def test_a_flood_of_names_costs_no_memory() -> None:
    kept = Allowance(2, 1.0, most=100)
    for number in range(1_000):
        kept.take(number, 0.0)
    assert len(kept) == 100
    keeper = Shedding(Clock())
    for number in range(shedding._REMEMBERED + 50):
        keeper.way(a_message("x", str(number), sender=Address(ChannelName.WEB, str(number))), Strain.CALM)
    assert len(keeper._in_hand) == shedding._REMEMBERED


@given(st.lists(st.floats(0, 5), min_size=1, max_size=200), st.integers(1, 10), st.floats(0.1, 5))
def test_no_one_gets_more_than_the_allowance_and_what_has_come_back(
    gaps: list[float], at_once: int, every: float
) -> None:
    kept, now, free, told_at = Allowance(at_once, every), 0.0, 0, -math.inf
    for gap in gaps:
        now += gap
        taken = kept.take("somebody", now)
        free += taken is Taken.FREE
        if taken is Taken.FIRST_OVER:
            assert now - told_at >= (at_once / 2 - 1) * every - 1e-6  # half of it has come back
            told_at = now
    assert free <= at_once + now / every + 1e-6


def test_after_a_rest_the_whole_allowance_is_back_and_the_next_excess_is_told_again() -> None:
    kept = Allowance(2, 1.0)
    takes = [kept.take("a", 0.0) for _ in range(4)]
    assert takes == [Taken.FREE, Taken.FREE, Taken.FIRST_OVER, Taken.OVER]
    assert [kept.take("a", 10.0) for _ in range(3)] == [Taken.FREE, Taken.FREE, Taken.FIRST_OVER]


def test_each_way_names_its_notice() -> None:
    assert {way: way.notice for way in (Way.BUSY, Way.LIMITED, Way.NOTHING)} == {
        Way.BUSY: "busy", Way.LIMITED: "limited", Way.NOTHING: "limited",
    }  # fmt: skip


def test_a_message_does_not_show_where_it_came_from() -> None:
    assert "192.0.2.1" not in repr(a_message("x", network="192.0.2.1"))
    assert isinstance(a_message("x"), IncomingMessage)


@pytest.mark.parametrize("others", [reception, busy, swamped])
async def test_law_1_in_a_surge_a_call_for_help_waits_for_one_decision_and_not_for_all(
    others: Callable[[], Reception],
) -> None:
    desk, via = others(), FakeChannel()
    surge = [asyncio.create_task(desk.receive(a_message(QUESTION, str(n), sender=of(n)), via)) for n in range(50)]
    while not via.sent:  # noqa: ASYNC110 - round by round of the loop
        await asyncio.sleep(0)
    await desk.receive(a_message(DANGER, "help", sender=of(50)), via)
    assert via.texts.index(REDIRECT) <= 3
    await asyncio.gather(*surge)
    assert len(via.sent) == 51


def of(number: int) -> Address:
    return Address(ChannelName.TERMINAL, str(number))
