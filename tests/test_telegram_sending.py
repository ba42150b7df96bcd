"""Every way Telegram may take or refuse what the bot sends."""

import asyncio
import json
import socket
import traceback
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import aiohttp
import pytest
from aiohttp import web
from structlog.testing import capture_logs
from telegram.error import NetworkError, RetryAfter
from telegram.warnings import PTBDeprecationWarning

from bot.channels.telegram_line import may_have_arrived
from bot.channels.telegram_sending import LIMITS, asked
from bot.core.channel import (
    Channel,
    Earlier,
    LaneClosed,
    MayHaveArrived,
    Receipt,
    Refused,
    SendFailed,
    TryLater,
    Unreachable,
)
from bot.core.channel import Sent as Announced
from bot.core.conversation import Conversation
from bot.core.message import Address, ChannelName, Choice, IncomingMessage, Part
from tests.telegram_emulator import (
    GROUP,
    NOW,
    QUICK,
    SOON,
    TOKEN,
    Emulator,
    Sent,
    emulator,
    listening,
    polling,
    said,
    telegram,
)

ADA = Address(ChannelName.TELEGRAM, "42")
IN_TOPIC = Address(ChannelName.TELEGRAM, "-1001/42/7")
HELLO = (Part("hello"),)
QUICKER = replace(QUICK, answer=timedelta(milliseconds=50))


async def silent(message: IncomingMessage, via: Channel) -> Receipt:
    return Receipt.IGNORED


async def send(api: Emulator, parts: Sequence[Part] = HELLO, to: Address = ADA) -> str:
    async with telegram(api.url, silent) as channel:
        return await channel.send(to, parts)


async def test_parts_arrive_in_order_as_plain_text_without_previews() -> None:
    async with emulator() as api:
        last = await send(api, [Part("see https://example.org"), Part("<b>two</b>", (Choice("One", "=one"),))])
    assert api.sent == [Sent(42, "see https://example.org"), Sent(42, "<b>two</b>", (("One", "=one"),))]
    assert last == "2"
    for fields in api.asked("sendMessage"):
        assert json.loads(fields["link_preview_options"]) == {"is_disabled": True}
        assert "parse_mode" not in fields


async def test_each_choice_has_a_row_of_its_own() -> None:
    async with emulator() as api:
        await send(api, [Part("which?", tuple(Choice(f"Choice {at}", f"={at}") for at in range(8)))])
    keyboard = json.loads(api.asked("sendMessage")[0]["reply_markup"])["inline_keyboard"]
    assert [len(row) for row in keyboard] == [1] * 8


async def test_the_longest_value_and_text_that_telegram_takes_are_sent_as_they_are() -> None:
    parts = [Part("🚓" * (LIMITS.text_units // 2), (Choice("One", "é" * 32),))]
    async with emulator() as api:
        await send(api, parts)
    assert api.sent == [Sent(42, parts[0].text, (("One", "é" * 32),))]


@pytest.mark.parametrize("value", ["é" * 33, ""])
async def test_a_value_that_no_button_can_hold_becomes_a_number_that_still_picks_it(value: str) -> None:
    choices = (Choice("Reports", "=reports"), Choice("Permits", value))
    async with emulator() as api:
        await send(api, [Part("which?", choices)])
    assert api.sent == [Sent(42, "which?\n\n1. Reports\n2. Permits")]
    assert Conversation().offering(choices, NOW).chosen("2", NOW) == value


async def test_in_a_forum_the_message_goes_to_the_topic() -> None:
    async with emulator() as api:
        await send(api, to=IN_TOPIC)
    assert api.sent == [Sent(-1001, "hello", topic=7)]


@pytest.mark.parametrize(
    ("words", "status", "kind"),
    [
        ("Forbidden: bot was blocked by the user", 403, Unreachable),
        ("Forbidden: user is deactivated", 403, Unreachable),
        ("Forbidden: bot was kicked from the group chat", 403, Unreachable),
        ("Bad Request: chat not found", 400, Unreachable),
        ("Bad Request: not enough rights to send text messages to the chat", 400, Unreachable),
        ("Bad Request: message text is empty", 400, Refused),
        ("Unauthorized", 401, LaneClosed),
        ("Not Found", 404, LaneClosed),
        ("Internal Server Error", 500, TryLater),
        ("Service Unavailable", 503, TryLater),
        ("Conflict: terminated by other getUpdates request", 409, TryLater),
        ("Bad Gateway", 502, MayHaveArrived),
        ("Gateway Timeout", 504, MayHaveArrived),
    ],
)
async def test_a_refusal_tells_what_to_do_about_it(words: str, status: int, kind: type[SendFailed]) -> None:
    async with emulator() as api:
        api.refuse("sendMessage", words, status)
        with pytest.raises(SendFailed) as failure:
            await send(api)
    assert type(failure.value) is kind
    assert len(api.asked("sendMessage refused")) == 1


async def test_a_flood_limit_says_how_long_to_wait() -> None:
    async with emulator() as api:
        api.refuse("sendMessage", "Too Many Requests: retry after 30", 429, retry_after=30)
        with pytest.raises(TryLater) as failure:
            await send(api)
    assert failure.value.after == timedelta(seconds=30)


async def test_the_delay_is_read_in_both_forms_of_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "1")
    assert asked(RetryAfter(30)) == timedelta(seconds=30)
    monkeypatch.setenv("PTB_TIMEDELTA", "0")
    with pytest.warns(PTBDeprecationWarning):
        assert asked(RetryAfter(30)) == timedelta(seconds=30)


async def test_nobody_knows_the_end_of_a_call_that_had_left_when_its_connection_broke() -> None:
    async with emulator() as api:
        api.cut("sendMessage")
        with pytest.raises(MayHaveArrived):
            await send(api)


async def test_nobody_knows_the_end_of_a_call_that_is_not_answered_in_time() -> None:
    async with emulator() as api:
        api.hold("sendMessage")
        async with telegram(api.url, silent, QUICKER) as channel:
            with pytest.raises(MayHaveArrived):
                await channel.announce(ADA, HELLO)


async def test_what_never_reached_telegram_has_not_arrived() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: the system refuses whoever comes
        port = taken.getsockname()[1]
        for nowhere in (f"http://127.0.0.1:{port}", "http://nobody.invalid"):
            async with telegram(nowhere, silent) as channel:
                with pytest.raises(TryLater) as failure:
                    await channel.announce(ADA, HELLO)
            assert type(failure.value) is TryLater


async def test_without_a_secure_connection_nothing_has_left() -> None:
    async with emulator() as api, telegram(api.url.replace("http:", "https:"), silent) as channel:
        with pytest.raises(TryLater) as failure:
            await channel.announce(ADA, HELLO)
    assert type(failure.value) is TryLater
    assert api.calls == []


@pytest.mark.parametrize(
    ("status", "kind"),
    [(302, TryLater), (403, TryLater), (404, TryLater), (413, TryLater), (500, MayHaveArrived), (503, MayHaveArrived)],
)
async def test_a_page_of_somebody_on_the_way_is_not_the_word_of_telegram(status: int, kind: type[SendFailed]) -> None:
    async def gateway(_: web.Request) -> web.Response:
        return web.Response(status=status, text="<html>bot was blocked by the user</html>", content_type="text/html")

    app = web.Application()
    app.router.add_route("*", "/{anything:.*}", gateway)
    async with listening(app) as url, telegram(url, silent) as channel:
        with pytest.raises(SendFailed) as failure:
            await channel.announce(ADA, HELLO)
    assert type(failure.value) is kind


@pytest.mark.parametrize("body", ["<html>", "[]", "null", '{"ok": true}', '{"ok": true, "result": 7}', ""])
async def test_an_accepted_call_has_arrived_whatever_its_answer_says(body: str) -> None:
    async def accept(_: web.Request) -> web.Response:
        return web.Response(text=body)

    app = web.Application()
    app.router.add_route("*", "/{anything:.*}", accept)
    async with listening(app) as url, telegram(url, silent) as channel:
        assert await channel.announce(ADA, HELLO) == Announced("")


@pytest.mark.parametrize("words", ["message to be replied not found", "message thread not found"])
async def test_a_reply_to_what_is_gone_is_sent_without_it(words: str) -> None:
    async def receive(message: IncomingMessage, via: Channel) -> Receipt:
        await via.send(message.sender, HELLO)
        return Receipt.ANSWERED

    async with emulator() as api, polling(api, receive):
        api.refuse("sendMessage", f"Bad Request: {words}", 400)
        await api.bring(said("/help", chat=GROUP, is_topic_message=True, message_thread_id=7))
        assert await api.replies(1) == [Sent(-1001, "hello")]


async def test_a_group_that_became_a_supergroup_is_followed() -> None:
    async with emulator() as api:
        api.refuse("sendMessage", "Bad Request: group chat was upgraded", 400, migrate_to_chat_id=-100777)
        await send(api, to=Address(ChannelName.TELEGRAM, "-5/42/"))
    assert api.sent == [Sent(-100777, "hello")]


async def test_the_refusal_after_a_detour_is_told_in_the_words_of_the_port() -> None:
    async with emulator() as api:
        api.refuse("sendMessage", "Bad Request: group chat was upgraded", 400, migrate_to_chat_id=-100777)
        api.refuse("sendMessage", "Forbidden: bot was kicked from the supergroup chat", 403)
        with pytest.raises(Unreachable):
            await send(api, to=Address(ChannelName.TELEGRAM, "-5/42/"))


async def test_an_address_of_another_platform_is_unreachable() -> None:
    async with emulator() as api:
        for foreign in ("ada@example.org", "", "1/2", "1/2/3/4", "+1 203"):
            with pytest.raises(Unreachable):
                await send(api, to=Address(ChannelName.TELEGRAM, foreign))
    assert api.calls == []


async def test_what_telegram_took_is_sent_even_when_its_answer_cannot_be_read() -> None:
    async with emulator() as api:
        api.garble("sendMessage")
        assert await send(api) == ""
    assert api.sent == [Sent(42, "hello")]


@pytest.mark.parametrize("failure", ["cut", "busy"])
async def test_a_reply_is_worth_a_second_try_that_goes_on_where_the_first_failed(failure: str) -> None:
    async def receive(message: IncomingMessage, via: Channel) -> Receipt:
        await via.send(message.sender, (Part("one"), Part("two")))
        return Receipt.ANSWERED

    async with emulator() as api, polling(api, receive):
        api.pass_by("sendMessage")
        if failure == "cut":
            api.cut("sendMessage")
        else:
            api.refuse("sendMessage", "Too Many Requests: retry after 1", 429, retry_after=1)
        await api.bring(said("hello"))
        await api.until(lambda: api.waiting == 0)
    assert [reply.text for reply in api.sent] == ["one", "two"]


async def announce(
    api: Emulator, parts: Sequence[Part] = HELLO, to: Address = ADA, after: Earlier | None = None
) -> Announced:
    async with telegram(api.url, silent) as channel:
        return await channel.announce(to, parts, after)


async def test_an_announcement_has_one_try_only() -> None:
    async with emulator() as api:
        api.refuse("sendMessage", "Internal Server Error", 500)
        with pytest.raises(TryLater):
            await announce(api)
    assert len(api.asked("sendMessage refused")) == 1
    assert api.sent == []


async def test_the_lane_names_the_bot_and_not_its_token() -> None:
    async with emulator() as api, telegram(api.url, silent) as channel:
        assert (channel.lane, channel.rate, channel.limits.announces) == ("telegram:123456", 29, True)


async def test_an_update_answers_the_earlier_message_and_that_one_says_so() -> None:
    async with emulator() as api:
        assert await announce(api) == Announced("1")
        assert await announce(api, (Part("over"),), after=Earlier("1", "superseded")) == Announced("2")
    assert api.sent == [Sent(42, "hello"), Sent(42, "over", answers=1)]
    (edit,) = api.asked("editMessageText")
    assert (edit["chat_id"], edit["message_id"], edit["text"]) == ("42", "1", "superseded")
    assert json.loads(api.asked("sendMessage")[1]["reply_parameters"])["allow_sending_without_reply"] is True


async def test_an_earlier_message_that_cannot_be_edited_fails_no_announcement() -> None:
    async with emulator() as api:
        api.refuse("editMessageText", "Bad Request: message can't be edited", 400)
        with capture_logs() as logs:
            assert await announce(api, after=Earlier("1", "superseded")) == Announced("1")
    assert logs == [{"event": "telegram edit failed", "error": "BadRequest", "log_level": "info"}]


async def test_an_edit_that_hangs_fails_no_announcement() -> None:
    async with emulator() as api:
        api.hold("editMessageText")
        async with telegram(api.url, silent, QUICKER) as channel:
            assert await channel.announce(ADA, HELLO, Earlier("1", "superseded")) == Announced("1")


async def test_an_earlier_message_without_a_number_is_left_alone() -> None:
    async with emulator() as api:
        assert await announce(api, after=Earlier("", "superseded")) == Announced("1")
    assert api.sent == [Sent(42, "hello")]
    assert api.asked("editMessageText") == []


async def test_an_announcement_to_a_group_that_moved_tells_where_it_is_now() -> None:
    async with emulator() as api:
        api.refuse("sendMessage", "Bad Request: group chat was upgraded", 400, migrate_to_chat_id=-100777)
        to = Address(ChannelName.TELEGRAM, "-5/42/")
        announced = await announce(api, (Part("one"), Part("two")), to, Earlier("9", "x"))
    assert announced == Announced("2", Address(ChannelName.TELEGRAM, "-100777/42/"))
    assert api.sent == [Sent(-100777, "one"), Sent(-100777, "two")]
    assert api.asked("editMessageText") == []  # the number was of the chat that is gone


@pytest.mark.parametrize("words", ["Too Many Requests: retry after 30", "Internal Server Error", "Unauthorized"])
async def test_a_later_part_that_does_not_leave_is_never_a_reason_to_send_the_first_again_unnoted(words: str) -> None:
    status = {"T": 429, "I": 500, "U": 401}[words[0]]
    async with emulator() as api:
        api.pass_by("sendMessage")
        api.refuse("sendMessage", words, status, retry_after=30)
        with pytest.raises(MayHaveArrived):
            await announce(api, (Part("one"), Part("two")))
    assert [sent.text for sent in api.sent] == ["one"]


async def test_whoever_blocks_the_bot_between_two_parts_is_unreachable() -> None:
    async with emulator() as api:
        api.pass_by("sendMessage")
        api.refuse("sendMessage", "Forbidden: bot was blocked by the user", 403)
        with pytest.raises(Unreachable):
            await announce(api, (Part("one"), Part("two")))


async def test_announcements_that_hang_leave_every_connection_of_the_replies_free() -> None:
    async with emulator() as api:
        gate = api.hold("sendMessage")
        async with telegram(api.url, silent) as channel:
            stuck = [asyncio.create_task(channel.announce(ADA, HELLO)) for _ in range(20)]
            await api.until(lambda: len(api.asked("sendMessage held")) == 8)
            reply = asyncio.create_task(channel.send(ADA, (Part("911"),)))
            await api.until(lambda: len(api.asked("sendMessage held")) == 9)
            gate.set()
            await asyncio.wait_for(asyncio.gather(reply, *stuck), SOON)
    assert [sent.text for sent in api.sent].count("911") == 1


@pytest.mark.parametrize(
    ("cause", "may_have"),
    [
        (aiohttp.ClientConnectorError, False),
        (aiohttp.ClientConnectorDNSError, False),
        (aiohttp.ConnectionTimeoutError, False),
        (aiohttp.SocketTimeoutError, True),
        (aiohttp.ServerDisconnectedError, True),
        (aiohttp.ClientOSError, True),
        (aiohttp.ClientPayloadError, True),
        (TimeoutError, True),
        (RuntimeError, True),
    ],
)
def test_only_what_surely_never_left_has_surely_not_arrived(cause: type[Exception], may_have: bool) -> None:
    error = NetworkError("as the library tells it")
    error.__cause__ = cause.__new__(cause)
    assert may_have_arrived(error) is may_have


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 500])
async def test_no_failure_quotes_the_token_an_address_or_a_number(status: int) -> None:
    secret = TOKEN.partition(":")[2]
    async with emulator() as api:
        api.refuse("sendMessage", f"refused at /bot{TOKEN}/sendMessage for 42", status)
        with pytest.raises(SendFailed) as failure:
            await send(api)
    told = "".join(traceback.format_exception(failure.value))
    assert secret not in told
    assert "for 42" not in told
