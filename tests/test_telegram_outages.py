"""What happens to a message when the bot, the network or Telegram fails in the middle."""

import asyncio
import logging
import traceback
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import timedelta

import pytest
from aiohttp import ClientSession
from structlog.testing import capture_logs

from bot.core.channel import Channel, Receipt, TryLater
from bot.core.message import Address, ChannelName, IncomingMessage, Part
from tests.telegram_emulator import ADA, LUZ, QUICK, RUI, SOON, TOKEN, emulator, polling, said, telegram, webhook

A_MINUTE = timedelta(minutes=1)


async def echo(message: IncomingMessage, via: Channel) -> Receipt:
    try:
        await via.send(message.sender, (Part(message.text),))
    except TryLater:
        return Receipt.NOT_SENT
    return Receipt.ANSWERED


async def test_a_message_whose_turn_was_cut_off_comes_again() -> None:
    begun = asyncio.Event()

    async def never_ends(message: IncomingMessage, via: Channel) -> Receipt:
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError

    async with emulator() as api:
        async with telegram(api.url, never_ends) as channel:
            killed = asyncio.create_task(channel.poll(asyncio.Event()))
            await api.bring(said("are you there?"))
            await asyncio.wait_for(begun.wait(), SOON)
            fetched = len(api.asked("getUpdates"))
            await api.until(lambda: len(api.asked("getUpdates")) > fetched)
            killed.cancel()
            await asyncio.gather(killed, return_exceptions=True)
        async with polling(api, echo):
            await api.replies(1)
            await api.until(lambda: api.waiting == 0)
    assert [reply.text for reply in api.sent] == ["are you there?"]


async def test_a_turn_that_has_begun_is_finished_on_shutdown_and_not_told_again() -> None:
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def slow(message: IncomingMessage, via: Channel) -> Receipt:
        begun.set()
        await may_end.wait()
        return await echo(message, via)

    stopping = asyncio.Event()
    async with emulator() as api, telegram(api.url, slow) as channel:
        task = asyncio.create_task(channel.poll(stopping))
        await api.bring(said("hello"))
        await asyncio.wait_for(begun.wait(), SOON)
        stopping.set()
        may_end.set()
        await asyncio.wait_for(task, SOON)
        assert [reply.text for reply in api.sent] == ["hello"]
        assert api.waiting == 0


async def test_a_reply_that_never_leaves_is_given_up_after_five_tries_and_holds_up_nobody() -> None:
    tries: Counter[str] = Counter()

    async def receive(message: IncomingMessage, via: Channel) -> Receipt:
        tries[message.text] += 1
        return Receipt.NOT_SENT if message.sender.id == str(ADA.id) else await echo(message, via)

    with capture_logs() as logs:
        async with emulator() as api, polling(api, receive) as channel:
            await api.bring(said("lost", ADA))
            await api.bring(said("found", LUZ))
            await api.until(lambda: api.waiting == 0)
            assert channel.given_up == 1
    assert tries == {"lost": 5, "found": 1}
    assert [reply.text for reply in api.sent] == ["found"]
    (line,) = [line for line in logs if line["event"] == "telegram given up"]
    assert (line["log_level"], line["update"], line["tries"]) == ("error", 1, 5)


async def test_a_turn_that_raises_is_made_again() -> None:
    tries: Counter[str] = Counter()

    async def receive(message: IncomingMessage, via: Channel) -> Receipt:
        tries[message.text] += 1
        if tries[message.text] < 3:
            raise RuntimeError("the store is away")
        return await echo(message, via)

    with capture_logs() as logs:
        async with emulator() as api, polling(api, receive):
            await api.bring(said("hello"))
            await api.replies(1)
    assert tries == {"hello": 3}
    assert [line["event"] for line in logs if line["log_level"] == "error"] == ["turn failed"] * 2


async def test_one_person_is_answered_in_order_and_nobody_waits_for_another() -> None:
    locks: defaultdict[Address, asyncio.Lock] = defaultdict(asyncio.Lock)
    may_answer_ada = asyncio.Event()

    async def receive(message: IncomingMessage, via: Channel) -> Receipt:
        async with locks[message.sender]:  # as the reception does: before it waits for anything else
            if message.text == "1":
                await may_answer_ada.wait()
            return await echo(message, via)

    async with emulator() as api, polling(api, receive):
        for text in ("1", "2", "3"):
            await api.bring(said(text, ADA))
        await api.bring(said("Luz", LUZ))
        await api.replies(1)
        await api.bring(said("Rui", RUI))
        await api.replies(2)
        may_answer_ada.set()
        await api.replies(5)
    assert [reply.text for reply in api.sent] == ["Luz", "Rui", "1", "2", "3"]


async def test_an_emergency_does_not_wait_for_a_stuck_turn_of_the_same_person() -> None:
    stuck = asyncio.Event()

    async def receive(message: IncomingMessage, via: Channel) -> Receipt:
        if message.text != "fire":
            await stuck.wait()
        return await echo(message, via)

    async with emulator() as api, polling(api, receive):
        await api.bring(said("hello"))
        await api.bring(said("fire"))
        assert [reply.text for reply in await api.replies(1)] == ["fire"]
        stuck.set()


async def test_a_flood_limit_on_a_reply_is_waited_out_and_the_others_are_not_answered_twice() -> None:
    asked_to_wait = Counter[str]()

    async def receive(message: IncomingMessage, via: Channel) -> Receipt:
        receipt = await echo(message, via)
        asked_to_wait[message.text] += receipt is Receipt.NOT_SENT
        return receipt

    async with emulator() as api, polling(api, receive, replace(QUICK, patience=timedelta())):
        api.refuse("sendMessage", "Too Many Requests: retry after 1", 429, retry_after=1)
        await api.bring(said("first"))
        await api.until(lambda: len(api.asked("sendMessage refused")) == 1)
        await api.bring(said("second", LUZ))
        await api.replies(2)
        await api.until(lambda: api.waiting == 0)
    assert [reply.text for reply in api.sent] == ["second", "first"]
    assert asked_to_wait == {"first": 1, "second": 0}


async def test_a_second_program_with_our_token_is_said_clearly_and_outlived() -> None:
    with capture_logs() as logs:
        async with emulator() as api, ClientSession() as other:
            rival = asyncio.create_task(other.post(f"{api.url}/bot{TOKEN}/getUpdates", data={"timeout": 30}))
            await api.until(lambda: len(api.asked("getUpdates")) == 1)
            async with polling(api, echo):
                await api.until(lambda: len(api.asked("getUpdates")) == 3)
                rival.cancel()
                await asyncio.gather(rival, return_exceptions=True)
                await api.bring(said("hello"))
                await api.replies(1)
    (line, *_) = [line for line in logs if line["event"] == "telegram conflict"]
    assert (line["log_level"], line["hint"]) == ("error", "another program uses this token")


@pytest.mark.parametrize("method", ["getMe", "deleteWebhook", "getUpdates"])
async def test_a_network_that_is_down_is_tried_until_it_is_back(method: str) -> None:
    with capture_logs() as logs:
        async with emulator() as api:
            api.cut(method, times=3)
            async with polling(api, echo):
                await api.bring(said("hello"))
                await api.replies(1)
    assert [line["event"] for line in logs if line["log_level"] == "warning"] == ["telegram out of reach"] * 3


async def test_a_wrong_token_is_one_line_in_the_log_and_is_tried_again() -> None:
    with capture_logs() as logs:
        async with emulator() as api:
            api.refuse("getMe", "Unauthorized", 401)
            async with polling(api, echo):
                await api.bring(said("hello"))
                await api.replies(1)
    assert [line["event"] for line in logs if line["log_level"] == "error"] == ["telegram token refused"]


@pytest.mark.parametrize("failing", [None, "getMe", "deleteWebhook", "getUpdates"])
async def test_stopping_ends_it_within_a_second_whatever_it_waits_for(failing: str | None) -> None:
    stopping = asyncio.Event()
    patient = replace(QUICK, first=A_MINUTE, longest=A_MINUTE, refused=A_MINUTE, hold=timedelta(seconds=50))
    with capture_logs():
        async with emulator() as api, telegram(api.url, echo, patient) as channel:
            if failing:
                api.cut(failing)
            task = asyncio.create_task(channel.poll(stopping))
            await api.until(lambda: not api.cuts_left(failing) if failing else bool(api.asked("getUpdates")))
            stopping.set()
            await asyncio.wait_for(task, 1)


async def test_a_webhook_message_whose_reply_did_not_leave_is_brought_again_and_answered_once() -> None:
    async with emulator() as api, webhook(api, echo):
        api.refuse("sendMessage", "Bad Gateway", 502, times=2)
        await api.bring(said("hello"))
        assert (api.waiting, api.sent) == (1, [])
        await api.deliver_updates(token=TOKEN)
        assert (api.waiting, [reply.text for reply in api.sent]) == (0, ["hello"])


async def test_a_retry_is_left_for_the_next_start_when_the_bot_stops() -> None:
    async def receive(message: IncomingMessage, via: Channel) -> Receipt:
        tried.set()
        return Receipt.NOT_SENT

    tried, stopping = asyncio.Event(), asyncio.Event()
    async with emulator() as api, telegram(api.url, receive, replace(QUICK, tries=(A_MINUTE,))) as channel:
        task = asyncio.create_task(channel.poll(stopping))
        await api.bring(said("hello"))
        await asyncio.wait_for(tried.wait(), SOON)
        stopping.set()
        await asyncio.wait_for(task, 1)
        assert api.waiting == 1


async def test_the_token_and_the_words_are_in_no_log(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = TOKEN.partition(":")[2]
    with capture_logs() as logs:
        async with emulator() as api:
            api.refuse("getMe", "Unauthorized", 401)
            api.refuse("getMe", "Not Found", 404)
            api.refuse("getUpdates", "Conflict: terminated by other getUpdates request", 409)
            api.cut("getUpdates")
            api.refuse("sendMessage", "Bad Gateway", 502, times=2)
            api.refuse("answerCallbackQuery", "Bad Request: query is too old", 400)
            async with polling(api, echo):
                await api.bring(said("my very own words"))
                await api.replies(1)
    async with telegram("http://127.0.0.1:9", echo) as nowhere:
        with capture_logs() as more, pytest.raises(TryLater) as failure:
            await nowhere.send(Address(ChannelName.TELEGRAM, "42"), (Part("words of ours"),))
    told = "".join(traceback.format_exception(failure.value))
    everything = f"{logs} {more} {caplog.text} {capsys.readouterr()} {told}"
    assert {line["event"] for line in logs} >= {"telegram token refused", "telegram conflict", "telegram out of reach"}
    assert secret not in everything
    assert "very own words" not in everything
