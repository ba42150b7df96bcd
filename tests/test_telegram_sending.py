"""Every way Telegram may take or refuse what the bot sends."""

import json
import traceback
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from telegram.error import RetryAfter
from telegram.warnings import PTBDeprecationWarning

from bot.channels.telegram_sending import LIMITS, asked
from bot.core.channel import Channel, Receipt, Refused, SendFailed, TryLater, Unreachable
from bot.core.conversation import Conversation
from bot.core.message import Address, ChannelName, Choice, IncomingMessage, Part
from tests.telegram_emulator import GROUP, NOW, QUICK, TOKEN, Emulator, Sent, emulator, polling, said, telegram

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
        ("Unauthorized", 401, TryLater),
        ("Internal Server Error", 500, TryLater),
        ("Bad Gateway", 502, TryLater),
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


async def test_a_broken_connection_and_a_silent_server_are_for_later() -> None:
    async with emulator() as api:
        api.cut("sendMessage")
        with pytest.raises(TryLater):
            await send(api)
        api.hold("sendMessage")
        async with telegram(api.url, silent, QUICKER) as channel:
            with pytest.raises(TryLater):
                await channel.send(ADA, HELLO)


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


async def test_an_announcement_has_one_try_only() -> None:
    async with emulator() as api:
        api.refuse("sendMessage", "Bad Gateway", 502)
        with pytest.raises(TryLater):
            await send(api)
    assert len(api.asked("sendMessage refused")) == 1
    assert api.sent == []


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
