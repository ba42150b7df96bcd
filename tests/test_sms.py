"""SMS as residents have it: the same conversation as everywhere, STOP answered once, and 911 whatever is broken."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from itertools import cycle
from pathlib import Path
from typing import cast

import pytest
from structlog.testing import capture_logs

from bot.channels.sms_sending import cost, limits_of
from bot.core import compose
from bot.core.answer import Snapshot
from bot.core.channel import Channel, Receipt
from bot.core.emergency import Level, Verdict
from bot.core.fit import fit
from bot.core.gsm import segments
from bot.core.message import Address, ChannelName, IncomingMessage
from bot.core.subscription import Subscription
from bot.knowledge.live import Live
from bot.service.reception import Memory, Reception
from bot.store.conversations import Conversations
from bot.store.inbox import Inbox
from bot.store.journal import Journal
from tests import real_folder, test_law_1
from tests.builders import NOW
from tests.ledger import KEYED, Books, books_in
from tests.sizes import IS_CI
from tests.test_reception import StillLive, broken
from tests.twilio_api import ADA, PUBLIC, Hook, TwilioApi, said, sms, twilio_api

DANGER = "there is a man in my house with a gun"
LUZ = "+12035550177"
TOO_LONG = "please tell me about parking " * 55  # 1,595 characters: as long as an SMS can be


@pytest.fixture(scope="module")
def known() -> Snapshot:
    return real_folder.loaded().snapshot


@dataclass
class Phone:
    """One phone, Twilio between, the real reception, the real store and the real knowledge behind."""

    api: TwilioApi
    hook: Hook
    desk: Reception
    books: Books
    number: int = 0

    async def texts(self, text: str, sender: str = ADA, **more: str) -> str:
        """What comes back to that; "" when nothing does. One answer is one message of Twilio's."""
        self.number += 1
        before = len(self.api.asked)
        assert await self.hook.post(said(text, sender, f"SM{self.number}", **more)) == 200
        assert all(form["To"] == sender for form in self.api.asked[before:])
        return "\n\n".join(self.api.bodies[before:])

    async def gets(self, sender: str = ADA) -> Subscription | None:
        return await self.books.subscriptions.of(Address(ChannelName.SMS, sender))


@asynccontextmanager
async def phone(folder: Path, known: Snapshot) -> AsyncIterator[Phone]:
    def page(source: str) -> str | None:
        return f"{PUBLIC}/answers/{source}" if source in known.knowledge.entries else None

    async with books_in(folder) as books, twilio_api() as api:
        desk = Reception(cast(Live, StillLive(known)), KEYED, lambda: NOW)
        stores = (Inbox(books.database, KEYED), Conversations(books.database, KEYED), Journal(books.database))
        desk.memory = Memory(*stores, books.subscriptions)
        async with sms(api.url, desk.receive, page=page) as hook:
            yield Phone(api, hook, desk, books)


async def test_a_question_is_answered_in_three_segments_with_a_link_to_the_rest(
    tmp_path: Path, known: Snapshot
) -> None:
    async with phone(tmp_path, known) as ada:
        entry = known.knowledge.entries["accident-report-copy"]
        asks = {language: wording.asks[0].text for language, wording in entry.wordings.items()}
        answers = [await ada.texts(ask, f"+1203555010{at}") for at, ask in enumerate(asks.values())]
    assert [answer.splitlines()[0] for answer in answers] == [entry.wordings[language].title for language in asks]
    assert all(answer.endswith(f" ...\n{PUBLIC}/answers/accident-report-copy") for answer in answers)
    assert all(segments(answer) <= 3 for answer in answers)


async def test_a_choice_is_a_numbered_line_and_its_number_picks_it(tmp_path: Path, known: Snapshot) -> None:
    async with phone(tmp_path, known) as ada:
        asked = await ada.texts("language")
        assert "\n1. English\n2. Español\n3. Português" in asked
        assert await ada.texts("2") == known.knowledge.phrases("language_set", "es")
        await ada.texts("SUBSCRIBE", LUZ)
        assert await ada.gets(LUZ) is None
        await ada.texts("1", LUZ)
        assert await ada.gets(LUZ) is not None


async def test_an_emergency_gets_911_whole_however_long_it_is(tmp_path: Path, known: Snapshot) -> None:
    async with phone(tmp_path, known) as ada:
        for text, language in ((DANGER, "en"), ("hay un hombre con una pistola en mi casa", "es")):
            reply = await ada.texts(text)
            whole = known.knowledge.replies.redirect[language]
            assert "".join(reply.split()).startswith("".join(whole.split()))


@pytest.mark.parametrize("more", [{}, {"NumMedia": "1", "MediaUrl0": "https://x"}, {"OptOutType": "STOP"}])
async def test_danger_gets_911_by_every_kind_of_message(more: dict[str, str], tmp_path: Path, known: Snapshot) -> None:
    async with phone(tmp_path, known) as ada:
        assert "911" in (await ada.texts(DANGER, **more)).splitlines()[0]
        assert "911" in (await ada.texts(DANGER, **more)).splitlines()[0]


async def test_a_picture_a_command_and_a_message_as_long_as_can_be(tmp_path: Path, known: Snapshot) -> None:
    phrases = known.knowledge.phrases
    async with phone(tmp_path, known) as ada:
        picture = await ada.texts("", NumMedia="1", MediaUrl0="https://x")
        assert phrases("media", "en").split("\n")[0].split(".")[0] in picture
        assert known.knowledge.replies.notice["en"] in picture
        assert phrases("help", "en") in await ada.texts("help")
        assert await ada.texts(TOO_LONG) != ""
        assert "911" in (await ada.texts(f"{TOO_LONG[: -len(DANGER)]}{DANGER}")).splitlines()[0]


async def test_what_twilio_brings_again_is_acknowledged_and_not_answered_again(tmp_path: Path, known: Snapshot) -> None:
    async with phone(tmp_path, known) as ada:
        form = said("how do i get a copy of my accident report", sid="SM7")
        assert [await ada.hook.post(form) for _ in range(3)] == [200, 200, 200]
        assert len(ada.api.asked) == 1


async def test_a_reply_that_did_not_leave_is_given_when_twilio_brings_the_message_again(
    tmp_path: Path, known: Snapshot
) -> None:
    async with phone(tmp_path, known) as ada:
        form = said("how do i get a copy of my accident report", sid="SM7")
        for _ in range(2):
            ada.api.refuse(503, 20503)
        assert [await ada.hook.post(form) for _ in range(2)] == [503, 200]
        ada.api.refuse(503, 20503)
        assert await ada.texts("hello") != ""  # a reply is worth a second try
        assert len(ada.api.asked) == 5


# STOP, START and HELP: Twilio's answer or ours, never both.


@pytest.mark.parametrize(("word", "told"), [("STOP", "STOP"), ("stop", ""), ("ALTO", "STOP"), ("Quit", "")])
async def test_a_stop_that_twilio_answers_ends_the_subscription_without_a_second_reply(
    word: str, told: str, tmp_path: Path, known: Snapshot
) -> None:
    async with phone(tmp_path, known) as ada:
        await ada.texts("/subscribe traffic")
        assert await ada.gets() is not None
        assert await ada.texts(word, **({"OptOutType": told} if told else {})) == ""
        assert await ada.gets() is None


async def test_a_stop_in_other_words_is_confirmed_by_us(tmp_path: Path, known: Snapshot) -> None:
    async with phone(tmp_path, known) as ada:
        await ada.texts("/subscribe traffic")
        reply = await ada.texts("please stop sending me alerts")
        assert reply.startswith(known.knowledge.phrases("advisory_stopped", "en")[:30])
        assert await ada.gets() is None


async def test_a_start_that_twilio_answers_leaves_no_unseen_topics_to_pick(tmp_path: Path, known: Snapshot) -> None:
    async with phone(tmp_path, known) as ada:
        await ada.texts("/subscribe traffic")
        await ada.texts("STOP", OptOutType="STOP")
        assert await ada.texts("START", OptOutType="START") == ""
        await ada.texts("1")
        assert await ada.gets() is None


async def test_yes_to_our_own_question_is_heard_and_answered(tmp_path: Path, known: Snapshot) -> None:
    async with phone(tmp_path, known) as ada:
        await ada.texts("/subscribe traffic")
        asked = await ada.texts("ЅТОР")  # Cyrillic letters
        assert "1. Yes" in asked
        assert await ada.texts("Yes", OptOutType="START") != ""
        assert await ada.gets() is None


async def test_help_that_twilio_answers_is_answered_once_and_a_cry_for_help_is_ours(
    tmp_path: Path, known: Snapshot
) -> None:
    async with phone(tmp_path, known) as ada:
        assert await ada.texts("HELP", OptOutType="HELP") == ""
        assert "911" in await ada.texts("help me he is breaking in", OptOutType="HELP")


async def test_whoever_has_stopped_at_twilio_gets_nothing_and_twilio_is_not_asked_to_try_again(
    tmp_path: Path, known: Snapshot
) -> None:
    async with phone(tmp_path, known) as ada:
        ada.api.refuse(400, 21610)
        assert await ada.texts("how do i get a copy of my accident report") != ""
        assert len(ada.api.asked) == 1


async def test_no_log_line_holds_a_number_a_text_or_a_token(tmp_path: Path, known: Snapshot) -> None:
    with capture_logs() as logs:
        async with phone(tmp_path, known) as ada:
            await ada.texts("my zebra xylophone")
            ada.api.refuse(400, 21211)
            await ada.texts("my zebra xylophone")
            await ada.hook.post(b"Body=zebra", headers={})
    assert logs
    assert not any(secret in str(logs) for secret in (ADA, ADA[1:], "zebra", "t" * 32, "SM1"))


# Law 1.


@pytest.mark.parametrize("trouble", test_law_1.TROUBLES, ids=lambda trouble: trouble.__name__)
async def test_law_1_an_emergency_by_sms_gets_911_whatever_is_broken(
    trouble: Callable[[test_law_1.Desk, pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = test_law_1.Desk()
    trouble(desk, monkeypatch)
    doors: list[dict[str, str]] = [
        {},
        {"NumMedia": "1"},
        {"OptOutType": "STOP"},
        {"OptOutType": "HELP"},
        {"FromCountry": "??", "To": ""},
    ]
    async with asyncio.timeout(20), twilio_api() as api, sms(api.url, desk.reception.receive) as hook:
        for at, more in enumerate(doors):
            form = said(test_law_1.DANGER, f"+1203555{at:04}", f"SM{at}", **more)
            await hook.post(form)
        first: dict[str, str] = {}
        for sent in api.asked:
            first.setdefault(sent["To"], sent["Body"].splitlines()[0])
    assert list(first.values()) == [desk.expected] * len(doors)


async def test_law_1_a_store_that_is_down_costs_no_reply(known: Snapshot) -> None:
    desk = Reception(cast(Live, StillLive(known)), KEYED, lambda: NOW)
    desk.memory = broken()
    async with twilio_api() as api, sms(api.url, desk.receive) as hook:
        assert await hook.says(DANGER, "SM1") == 200
        assert await hook.says("how do i get a copy of my accident report", "SM2") == 200
    assert "911" in api.bodies[0].splitlines()[0]
    assert len(api.bodies) >= 2


async def test_law_1_a_turn_that_raises_brings_the_message_again() -> None:
    async def fails(message: IncomingMessage, via: Channel) -> Receipt:
        raise RuntimeError

    async with sms("http://127.0.0.1:9", fails) as hook:
        assert await hook.says("hello", "SM1") == 503


# Every answer of the department.


def test_every_answer_fits_three_segments_in_every_language_and_names_its_title(known: Snapshot) -> None:
    knowledge = known.knowledge

    def page(source: str) -> str | None:
        return f"https://police.danbury.example/answers/{source}"

    limits = limits_of(page)
    over, lines = [], list(knowledge.replies.lines)
    around = cycle(lines)
    for language in knowledge.department.languages:
        for entry in knowledge.entries.values():
            reply = compose.answered(entry, language, knowledge, date(2026, 11, 23))
            (part,) = fit(reply, limits)
            if cost(part.text) > 3 or part.text.splitlines()[0] != reply.text.splitlines()[0]:
                over.append((language, entry.id))
            for line in lines if IS_CI else [next(around)]:
                cautious = compose.with_notice(reply, Verdict(Level.CAUTION, line=line), language, knowledge)
                told = "".join(each.text for each in fit(cautious, limits))
                assert told.startswith(cautious.notice)
    assert over == []
