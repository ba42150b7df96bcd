"""The same conversation on both channels of Meta, through the real reception; law 1 with every part made to fail."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from bot.channels import messenger_sending, whatsapp_sending
from bot.core.answer import Snapshot
from bot.core.channel import Limits
from bot.core.compose import ENTRY_MARK
from bot.core.fit import fit
from bot.core.message import Address, ChannelName, Reply
from bot.knowledge.live import Live
from bot.service.reception import Reception
from tests import meta_emulator as meta
from tests import real_folder
from tests.meta_emulator import NOW, Body, Bring, Fault, Graph, No, buttons
from tests.test_law_1 import DANGER, TROUBLES, Desk
from tests.test_reception import PSEUDONYMS, Broken, StillLive, broken, memory

LANGUAGES = ("en", "es", "pt")


@dataclass(frozen=True)
class Platform:
    """One of the two: how it is joined to a reception, what people do on it, what it takes at once."""

    open: Callable[..., AbstractAsyncContextManager[Bring]]
    wrote: Callable[..., Body]
    pressed: Callable[..., Body]
    photo: Callable[..., Body]
    limits: Limits
    people: dict[str, str]
    others: dict[str, Callable[[str, str], Body]]  # further doors that words come in by

    def __str__(self) -> str:
        return self.open.__name__


def of_page(**content: Any) -> Callable[[str, str], Body]:
    def build(text: str, person: str) -> Body:
        filled = json.loads(json.dumps(content).replace("TEXT", text))
        return meta.page_webhook(meta.event(person, **filled))

    return build


def of_whatsapp(kind: str, **content: Any) -> Callable[[str, str], Body]:
    def build(text: str, person: str) -> Body:
        filled = json.loads(json.dumps(content).replace("TEXT", text))
        return meta.whatsapp_webhook(meta.said(kind, filled, person))

    return build


def in_group(text: str, person: str) -> Body:
    return meta.whatsapp_webhook(meta.said("text", {"body": text}, person, group_id="g"))


def without_number(text: str, person: str) -> Body:
    message = meta.said("text", {"body": text}) | {"from_user_id": f"US.{person}"}
    del message["from"]
    return meta.whatsapp_webhook(message)


def on_standby(text: str, person: str) -> Body:
    event = meta.event(person, message={"mid": "m_9", "text": text})
    return meta.page_webhook(event, name="standby")


WHATSAPP = Platform(
    meta.whatsapp, meta.wrote, meta.pressed, meta.sent_photo, whatsapp_sending.LIMITS,
    {"en": "12035550100", "es": "12035550101", "pt": "12035550102"},
    {
        "a button of a template": of_whatsapp("button", payload="P", text="TEXT"),
        "a choice": of_whatsapp("interactive", list_reply={"id": "x", "title": "TEXT"}),
        "an edit": of_whatsapp("edit", message={"type": "text", "text": {"body": "TEXT"}}),
        "a note on an order": of_whatsapp("order", text="TEXT"),
        "a form": of_whatsapp("interactive", nfm_reply={"body": "TEXT"}),
        "a reaction": of_whatsapp("reaction", emoji="TEXT"),
        "a kind of tomorrow": of_whatsapp("hologram", caption="TEXT"),
        "a group": in_group,
        "nobody's number": without_number,
    },
)  # fmt: skip
MESSENGER = Platform(
    meta.messenger, meta.page_wrote, meta.page_pressed, meta.page_photo, messenger_sending.LIMITS,
    {"en": "7000100", "es": "7000101", "pt": "7000102"},
    {
        "a quick reply": of_page(message={"mid": "m", "text": "TEXT", "quick_reply": {"payload": "P"}}),
        "a postback": of_page(postback={"mid": "m", "title": "TEXT", "payload": "P"}),
        "an edit": of_page(message_edit={"mid": "m", "text": "TEXT", "num_edit": 1}),
        "standby": on_standby,
    },
)  # fmt: skip
PLATFORMS = (WHATSAPP, MESSENGER)
both = pytest.mark.parametrize("platform", PLATFORMS, ids=str)


@pytest.fixture(scope="module")
def known() -> Snapshot:
    return real_folder.loaded().snapshot


@asynccontextmanager
async def talking(platform: Platform, desk: Reception) -> AsyncIterator[tuple[Graph, Bring]]:
    async with meta.graph() as api, platform.open(api, desk.receive) as bring:
        yield api, bring


def reception(snapshot: Snapshot) -> Reception:
    return Reception(cast(Live, StillLive(snapshot)), PSEUDONYMS, lambda: NOW)


SAYS = {
    "en": ("how do i get a copy of a police report", "there is a man in my house with a gun",
           "and i do not know what else to say "),
    "es": ("como saco una copia de un reporte de policia", "hay un hombre en mi casa con una pistola",
           "y ya no sé qué más decir "),
    "pt": ("como tiro uma copia do boletim de ocorrencia", "tem um homem armado dentro da minha casa",
           "e eu não sei mais o que dizer "),
}  # fmt: skip


@both
@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_same_conversation_has_the_same_words(
    platform: Platform, language: str, known: Snapshot, tmp_path: Path
) -> None:
    """Question, choice, command, media, too long, emergency: what is said is the folder's, cut to the platform."""
    knowledge, person = known.knowledge, platform.people[language]
    question, danger, more = SAYS[language]
    phrases, redirect = knowledge.phrases, knowledge.replies.redirect[language].splitlines()[0]
    desk = reception(known)
    async with memory(tmp_path) as desk.memory, talking(platform, desk) as (api, bring):

        async def told(payload: Body) -> list[Body]:
            before = len(api.sent)
            assert await bring(payload) == 200
            return api.sent[before:]

        answer = await told(platform.wrote(question, person))
        report = knowledge.entries["police-report-copy"].wordings[language]
        assert meta.shown(answer[0]).startswith(f"{report.title}\n\n{report.answer}")

        title, value = next(each for each in buttons(answer[-1]) if each[1].startswith(ENTRY_MARK))
        chosen = knowledge.entries[value.removeprefix(ENTRY_MARK)].wordings[language]
        assert meta.shown((await told(platform.pressed(value, title, person)))[0]).startswith(chosen.title)

        contacts = "\n\n".join(meta.shown(body) for body in await told(platform.wrote("/contacts", person)))
        assert phrases("contacts_intro", language) in contacts

        media = "\n".join(meta.shown(body) for body in await told(platform.photo(None, person)))
        assert phrases("media", language) in media
        assert media.startswith(knowledge.replies.notice[language])

        question_again = platform.wrote(question, person)
        assert len(await told(question_again)) == len(answer)
        assert await told(question_again) == []  # brought twice by Meta: answered before

        long = f"{danger}. " + more * 2000
        for payload in (platform.wrote(danger, person), platform.photo(danger, person), platform.wrote(long, person)):
            for _ in range(2):  # an emergency is answered every time
                assert meta.shown((await told(payload))[0]).startswith(redirect)


@both
async def test_a_reply_too_long_for_one_message_arrives_whole(platform: Platform) -> None:
    text = "\n\n".join(f"Paragraph {n} of the department's words. " + "More of them. " * 20 for n in range(30))
    async with meta.graph() as api:
        if platform is WHATSAPP:
            async with meta.whatsapp_channel(api.url) as whatsapp:
                await whatsapp.send(_address(platform), fit(Reply(text), platform.limits))
        else:
            async with meta.messenger_channel(api.url) as messenger:
                await messenger.send(_address(platform), fit(Reply(text), platform.limits))
    assert len(api.sent) > 1
    assert " ".join("\n\n".join(api.texts).split()) == " ".join(text.split())


def _address(platform: Platform) -> Address:
    name = ChannelName.WHATSAPP if platform is WHATSAPP else ChannelName.MESSENGER
    return Address(name, platform.people["en"])


@both
async def test_whoever_starts_is_told_that_it_is_a_bot(platform: Platform, known: Snapshot) -> None:
    started = (
        meta.whatsapp_webhook(meta.said("request_welcome", None))
        if platform is WHATSAPP
        else of_page(postback={"mid": "m", "title": "Get started", "payload": "/start"})("", platform.people["en"])
    )
    async with talking(platform, reception(known)) as (api, bring):
        assert await bring(started) == 200
    assert api.texts[0].startswith(known.knowledge.phrases("greeting", "en")[:40])


@both
async def test_a_thumb_under_an_answer_is_not_answered(platform: Platform, known: Snapshot) -> None:
    thumb = (
        of_whatsapp("reaction", emoji="TEXT")("👍", platform.people["en"])
        if platform is WHATSAPP
        else of_page(reaction={"emoji": "TEXT", "action": "react", "mid": "m_1"})("👍", platform.people["en"])
    )
    async with talking(platform, reception(known)) as (api, bring):
        assert await bring(thumb) == 200
    assert api.sent == []


# Law 1.


@both
@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: trouble.__name__)
async def test_law_1_an_emergency_gets_911_through_every_door_whatever_is_broken(
    platform: Platform, trouble: Callable[[Desk, pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk()
    trouble(desk, monkeypatch)
    doors: dict[str, Callable[[str, str], Body]] = {
        "text": platform.wrote,
        "caption": platform.photo,
        **platform.others,
    }
    people = {name: str(12035550200 + at) for at, name in enumerate(doors)}
    async with asyncio.timeout(20), talking(platform, desk.reception) as (api, bring):
        for name, build in doors.items():
            assert await bring(build(DANGER, people[name])) == 200
    first: dict[str, str] = {}
    for body in api.sent:
        to = body.get("to") or body["recipient"]
        first.setdefault(
            (to["id"] if isinstance(to, dict) else to).removeprefix("US."), meta.shown(body).splitlines()[0]
        )
    assert {name: first.get(people[name]) for name in doors} == dict.fromkeys(doors, desk.expected)


@both
async def test_law_1_with_the_store_down_an_emergency_asks_it_nothing_before_its_reply_has_left(
    platform: Platform,
) -> None:
    desk = Desk()
    desk.reception.memory = broken()
    asked_at_send: list[int] = []
    inbox = cast(Broken, desk.reception.memory.inbox)
    async with talking(platform, desk.reception) as (api, bring):
        for _ in range(3):
            assert await bring(platform.wrote(DANGER, platform.people["en"])) == 200
            asked_at_send.append(inbox.asked)
        assert await bring(platform.wrote("how do i get a copy of my report", platform.people["es"])) == 200
    assert (asked_at_send, len(api.sent)) == ([0, 0, 0], 4)


@both
@pytest.mark.parametrize("odd", ["\ud83d", "\u0000", "\u200b\u202e", "�" * 300])
async def test_law_1_half_characters_and_hidden_ones_hide_nothing(platform: Platform, odd: str) -> None:
    """Meta writes JSON in ASCII: half of an emoji arrives as an escape, and becomes a character that no store takes."""
    desk = Desk()
    async with talking(platform, desk.reception) as (api, bring):
        assert await bring(platform.wrote(f"{odd} {DANGER} {odd}", platform.people["en"])) == 200
    assert api.texts[0].splitlines()[0] == desk.expected


@both
async def test_law_1_one_emergency_among_many_messages_of_a_webhook_is_answered(platform: Platform) -> None:
    """One webhook with fifty messages, forty-nine of which cannot be answered just now."""
    desk = Desk()
    bodies = [platform.wrote("my report" if n else DANGER, str(12035550300 + n)) for n in range(50)]
    merged = bodies[0] | {"entry": [entry for body in reversed(bodies) for entry in body["entry"]]}
    async with talking(platform, desk.reception) as (api, bring):
        assert await bring(merged) == 200
    urgent = [text for text in api.texts if text.splitlines()[0] == desk.expected]
    assert (len(urgent), len({meta.addressee(body) for body in api.sent})) == (1, 50)


@both
@pytest.mark.parametrize("fault", [Fault.CUT, Fault.GATEWAY, Fault.FIREWALL, No(190, 401), No(131000, 500), No(2, 500)])
async def test_law_1_a_911_reply_that_did_not_leave_brings_the_message_again(
    platform: Platform, fault: Fault | No
) -> None:
    desk, payload = Desk(), platform.wrote(DANGER, platform.people["en"])
    async with talking(platform, desk.reception) as (api, bring):
        api.faults.extend([fault, fault])  # both tries
        assert await bring(payload) == 503
        assert api.sent == []
        assert await bring(payload) == 200
    assert api.texts[0].splitlines()[0] == desk.expected


@both
async def test_somebody_who_cannot_be_written_to_is_not_brought_for_ever(platform: Platform) -> None:
    async with talking(platform, Desk().reception) as (api, bring):
        api.faults.append(No(131026 if platform is WHATSAPP else 551))
        assert await bring(platform.wrote(DANGER, platform.people["en"])) == 200


async def test_reports_are_kept_and_brought_again_when_they_cannot_be() -> None:
    told = meta.Reports()
    status = {"id": "wamid.1", "status": "delivered", "timestamp": "1750857384", "recipient_id": "12035550100"}
    payload = meta.whatsapp_webhook(statuses=(status,))
    async with meta.graph() as api, meta.whatsapp(api, meta.nobody, on_status=told) as bring:
        told.is_down = True
        assert await bring(payload) == 503
        told.is_down = False
        assert [await bring(payload), await bring(payload)] == [200, 200]
    assert [status.id for status in told.told] == ["wamid.1"]


async def test_without_a_ledger_reports_are_acknowledged() -> None:
    payload = meta.whatsapp_webhook(statuses=({"id": "wamid.1", "status": "read"},))
    async with meta.graph() as api, meta.whatsapp(api, meta.nobody) as bring:
        assert await bring(payload) == 200
    assert api.calls == []
