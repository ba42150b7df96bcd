"""The loop that fetches: it never spins, never shuts anybody out, and begins anew when Telegram does."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

from structlog.testing import capture_logs

from bot.channels.telegram_polling import MOST_UPDATES, Polling
from tests.telegram_emulator import QUICK, SOON, TINY


async def test_a_stuck_update_is_no_hot_loop() -> None:
    stopping, stuck, loop = asyncio.Event(), asyncio.Event(), asyncio.get_running_loop()
    asked_at: list[float] = []

    async def fetch(offset: int, hold: timedelta, stop: asyncio.Event) -> Sequence[object]:
        asked_at.append(loop.time())
        if len(asked_at) == 5:
            stop.set()
            stuck.set()
        return [{"update_id": 7}]

    async def attempt(update: object) -> timedelta | None:
        await stuck.wait()
        return None

    await asyncio.wait_for(Polling(fetch, attempt, replace(QUICK, look_again=TINY * 4)).run(stopping), SOON)
    gaps = [after - before for before, after in pairwise(asked_at)]
    assert min(gaps) >= (TINY * 3).total_seconds()  # clocks are coarse: a little under the time asked for


async def test_an_update_without_a_number_is_no_hot_loop() -> None:
    stopping, loop = asyncio.Event(), asyncio.get_running_loop()
    asked_at: list[float] = []

    async def fetch(offset: int, hold: timedelta, stop: asyncio.Event) -> Sequence[object]:
        asked_at.append(loop.time())
        if len(asked_at) == 3:
            stop.set()
        return ["what is this?"]

    async def attempt(update: object) -> timedelta | None:
        raise AssertionError

    await asyncio.wait_for(Polling(fetch, attempt, replace(QUICK, first=TINY * 4)).run(stopping), SOON)
    assert asked_at[2] - asked_at[0] >= (TINY * 6).total_seconds()


async def test_a_hundred_stuck_turns_do_not_shut_out_the_next_person() -> None:
    stopping, stuck = asyncio.Event(), asyncio.Event()
    pending = [{"update_id": at} for at in range(MOST_UPDATES + 1)]
    answered: list[object] = []

    async def fetch(offset: int, hold: timedelta, stop: asyncio.Event) -> Sequence[object]:
        return [update for update in pending if update["update_id"] >= offset][:MOST_UPDATES]

    async def attempt(update: object) -> timedelta | None:
        if update == pending[-1]:
            stuck.set()
            stopping.set()
        await stuck.wait()
        answered.append(update)
        return None

    with capture_logs() as logs:
        await asyncio.wait_for(Polling(fetch, attempt, QUICK).run(stopping), SOON)
    assert len(answered) == MOST_UPDATES + 1
    assert [(line["event"], line["open"]) for line in logs] == [("telegram overtaken", MOST_UPDATES)]


async def test_numbers_that_begin_anew_after_a_quiet_week_are_understood() -> None:
    stopping = asyncio.Event()
    batches = iter([[{"update_id": 9000}], [], [{"update_id": 5}]])
    seen: list[object] = []

    async def fetch(offset: int, hold: timedelta, stop: asyncio.Event) -> Sequence[object]:
        return next(batches)

    async def attempt(update: object) -> timedelta | None:
        seen.append(update)
        if len(seen) == 2:
            stopping.set()
        return None

    await asyncio.wait_for(Polling(fetch, attempt, QUICK).run(stopping), SOON)
    assert seen == [{"update_id": 9000}, {"update_id": 5}]
