"""Telegram end to end: the channel on python-telegram-bot, against a Bot API emulator that nobody here wrote."""

import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

import pytest
from structlog.testing import capture_logs

from bot.channels.telegram import Telegram
from bot.core.channel import Channel, Receipt, SendFailed, TryLater
from bot.core.fit import fit
from bot.core.message import Choice, IncomingMessage, Kind, Reply
from tests.telegram_emulator import (
    GROUP,
    LUZ,
    SECRET,
    SPEAKERS,
    edited,
    emulator,
    photo,
    polling,
    pressed,
    said,
    webhook,
)

CALL_911 = {"en": "Call 911 now.", "es": "Llame al 911 ahora.", "pt": "Ligue para o 911 agora."}
FIRE = {"en": "my house is on fire", "es": "mi casa está en llamas", "pt": "minha casa está pegando fogo"}
REPORT = Choice("Get a copy of an accident report", "=accident-report-copy")
Mode = Callable[..., AbstractAsyncContextManager[Telegram]]
both_ways = pytest.mark.parametrize("mode", [polling, webhook])


@dataclass
class Desk:
    """A reception of a few lines: what it was told, and one fixed line for each kind of message."""

    heard: list[IncomingMessage] = field(default_factory=list)

    async def receive(self, message: IncomingMessage, via: Channel) -> Receipt:
        self.heard.append(message)
        language = message.language or "en"
        if message.text in FIRE.values():
            reply = Reply(CALL_911[language])
        elif not message.is_addressed:
            return Receipt.IGNORED
        elif message.text.startswith("/start"):
            reply = Reply(f"welcome {message.text.removeprefix('/start').strip() or language}")
        else:
            reply = Reply(f"{message.kind.value} {language}", (REPORT,) if message.kind is Kind.TEXT else ())
        try:
            await via.send(message.sender, fit(reply, via.limits))
        except TryLater:
            return Receipt.NOT_SENT
        except SendFailed:
            return Receipt.UNDELIVERABLE
        return Receipt.ANSWERED


@both_ways
@pytest.mark.parametrize("language", ["en", "es", "pt"])
async def test_everything_a_resident_can_do_is_answered_in_their_language(mode: Mode, language: str) -> None:
    person = SPEAKERS[language]
    question = said("accident report?", person)
    async with emulator() as api, mode(api, Desk().receive):
        for update in (
            question,
            pressed("=accident-report-copy", person),
            edited(question, "a copy of an accident report"),
            said(FIRE[language], person),
            edited(question, FIRE[language]),
            photo(FIRE[language], person),
            pressed(FIRE[language], person),
            photo("what is this?", person),
            photo(None, person),
            said("/start", person),
        ):
            before = len(api.sent)
            await api.bring(update)
            await api.replies(before + 1)
        await api.until(lambda: api.waiting == 0 and len(api.asked("answerCallbackQuery")) == 2)
    assert {reply.chat for reply in api.sent} == {person.id}
    assert [reply.text for reply in api.sent] == [
        f"text {language}",
        f"button {language}",
        f"edited {language}",
        *[CALL_911[language]] * 4,
        f"media {language}",
        f"media {language}",
        f"welcome {language}",
    ]
    assert api.sent[0].buttons == ((REPORT.label, REPORT.value),)


@both_ways
async def test_a_deep_link_arrives_with_its_payload(mode: Mode) -> None:
    async with emulator() as api, mode(api, Desk().receive):
        await api.bring(said("/start es"))
        assert [reply.text for reply in await api.replies(1)] == ["welcome es"]


@both_ways
async def test_a_group_hears_the_bot_only_when_it_is_meant_or_in_an_emergency(mode: Mode) -> None:
    desk = Desk()
    async with emulator() as api, mode(api, desk.receive):
        await api.bring(said("anyone up for soccer?", chat=GROUP))
        await api.bring(said("/start@other_bot", chat=GROUP))
        fire = said(FIRE["en"], chat=GROUP)
        await api.bring(fire)
        await api.replies(1)
        asked = said("@our_bot how do I report a pothole", LUZ, chat=GROUP)
        await api.bring(asked)
        await api.replies(2)
    assert [message.is_addressed for message in desk.heard] == [False, False, False, True]
    assert [(reply.chat, reply.text, reply.answers) for reply in api.sent] == [
        (GROUP["id"], CALL_911["en"], fire["message"]["message_id"]),
        (GROUP["id"], "text es", asked["message"]["message_id"]),
    ]
    assert desk.heard[-1].text == "how do I report a pothole"
    assert len({message.sender for message in desk.heard}) == 2


@both_ways
async def test_text_in_an_update_that_the_library_cannot_parse_is_still_answered(mode: Mode) -> None:
    odd = said(FIRE["en"])
    odd["message"] |= {"date": "yesterday", "entities": 7, "from": {"id": "42", "language_code": "en"}}
    unpressable = pressed("=accident-report-copy")
    del unpressable["callback_query"]["chat_instance"]
    async with emulator() as api, mode(api, Desk().receive):
        await api.bring(odd)
        await api.bring(unpressable)
        assert {reply.text for reply in await api.replies(2)} == {CALL_911["en"], "button en"}


@both_ways
async def test_an_unreadable_update_is_counted_and_skipped(mode: Mode) -> None:
    with capture_logs() as logs:
        async with emulator() as api, mode(api, Desk().receive) as channel:
            await api.bring({"message": {"text": "my secret words", "chat": "?"}})
            await api.bring(said("hello"))
            await api.replies(1)
            await api.until(lambda: api.waiting == 0)
            assert channel.unreadable == 1
    seen = [line for line in logs if line["event"] == "telegram update unreadable"]
    assert [(line["update"], line["log_level"]) for line in seen] == [(1, "warning")]
    assert "secret" not in str(logs)


@both_ways
async def test_what_is_not_for_the_bot_is_acknowledged_in_silence(mode: Mode) -> None:
    desk = Desk()
    async with emulator() as api, mode(api, desk.receive):
        other_bot = said("from another bot")
        other_bot["message"]["from"]["is_bot"] = True
        await api.bring(other_bot)
        joined = said("", chat=GROUP, new_chat_members=[LUZ.user])
        del joined["message"]["text"]
        await api.bring(joined)
        await api.bring(said("hello"))
        await api.replies(1)
        await api.until(lambda: api.waiting == 0)
    assert [message.text for message in desk.heard] == ["hello"]


@both_ways
async def test_the_spinner_of_a_press_is_stopped_even_when_the_turn_fails(mode: Mode) -> None:
    async def broken(message: IncomingMessage, via: Channel) -> Receipt:
        raise RuntimeError

    with capture_logs() as logs:
        async with emulator() as api, mode(api, broken):
            await api.bring(pressed("=stop"))
            await api.until(lambda: len(api.asked("answerCallbackQuery")) >= 1)
    assert "turn failed" in [line["event"] for line in logs]


@both_ways
async def test_a_long_reply_arrives_whole_in_parts_with_the_buttons_under_the_last(mode: Mode) -> None:
    text = "\n\n".join(f"Paragraph {at}: " + "🚓 call " * 150 for at in range(6))

    async def receive(message: IncomingMessage, via: Channel) -> Receipt:
        await via.send(message.sender, fit(Reply(text, (REPORT,)), via.limits))
        return Receipt.ANSWERED

    async with emulator() as api, mode(api, receive):
        await api.bring(said("tell me everything"))
        await api.until(lambda: any(reply.buttons for reply in api.sent))
    assert len(api.sent) > 1
    assert " ".join(" ".join(reply.text for reply in api.sent).split()) == " ".join(text.split())
    assert [bool(reply.buttons) for reply in api.sent] == [False] * (len(api.sent) - 1) + [True]


@both_ways
async def test_a_blocked_bot_is_told_so_and_the_message_does_not_come_again(mode: Mode) -> None:
    desk = Desk()
    async with emulator() as api, mode(api, desk.receive):
        api.refuse("sendMessage", "Forbidden: bot was blocked by the user", 403)
        await api.bring(said("hello"))
        await api.bring(said("hello", LUZ))
        await api.replies(1)
        await api.until(lambda: api.waiting == 0)
    assert len(desk.heard) == 2


@both_ways
async def test_the_commands_are_shown_in_each_language_and_the_first_to_everybody_else(mode: Mode) -> None:
    menus = {"en": [("help", "What I can do")], "es": [("ayuda", "Lo que puedo hacer")]}
    async with emulator() as api, mode(api, Desk().receive, menus=menus):
        await api.until(lambda: len(api.asked("setMyCommands")) == 3)
    shown = [(fields.get("language_code"), json.loads(fields["commands"])) for fields in api.asked("setMyCommands")]
    english = [{"command": "help", "description": "What I can do"}]
    assert shown == [
        (None, english),
        ("en", english),
        ("es", [{"command": "ayuda", "description": "Lo que puedo hacer"}]),
    ]


@both_ways
async def test_a_menu_that_telegram_refuses_stops_nothing(mode: Mode) -> None:
    with capture_logs() as logs:
        async with emulator() as api:
            api.refuse("setMyCommands", "Bad Request: BOT_COMMAND_INVALID", 400, times=2)
            async with mode(api, Desk().receive, menus={"en": [("help", "What I can do")]}):
                await api.until(lambda: len(api.asked("setMyCommands refused")) == 2)
                await api.bring(said("hello"))
                await api.replies(1)
    assert [line["language"] for line in logs if line["event"] == "telegram menu refused"] == ["default", "en"]


async def test_the_webhook_is_registered_with_its_secret_and_stays_registered_on_shutdown() -> None:
    async with emulator() as api:
        async with webhook(api, Desk().receive):
            pass
        (asked,) = api.asked("setWebhook")
        assert asked["url"].endswith("/webhooks/telegram")
        assert asked["secret_token"] == SECRET
        assert json.loads(asked["allowed_updates"]) == ["message", "edited_message", "callback_query"]
        assert api.asked("deleteWebhook") == []


async def test_polling_takes_a_webhook_away_first() -> None:
    async with emulator() as api:
        async with webhook(api, Desk().receive):
            pass
        async with polling(api, Desk().receive):
            await api.bring(said("hello"))
            await api.replies(1)
