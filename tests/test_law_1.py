"""Law 1, 911 first: every door of every channel, with every part behind it made to fail, gives the same first reply."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import cast

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, web

from bot.channels.console import PERSON, Console
from bot.channels.web import WebChat
from bot.core import answer as answering
from bot.core import compose
from bot.core.command import Commands
from bot.core.emergency import Rules
from bot.core.floor import FLOOR_TEXT
from bot.core.language import Languages
from bot.core.lookout import Embed, Lookout
from bot.core.match import Index
from bot.core.message import Address, IncomingMessage, Kind
from bot.core.net import Net
from bot.knowledge.live import Live
from bot.service import reception as desk_module
from bot.service import vetting
from bot.service.reception import Memory, Reception
from bot.service.turns import Place
from bot.store.conversations import Conversations
from bot.store.inbox import Claim, Inbox
from bot.store.journal import Journal
from bot.store.keys import Pseudonyms
from tests import telegram_emulator as telegram
from tests.builders import GUN, NOW, a_message, an_entry, snapshot
from tests.test_reception import StillLive, broken

DANGER = "he has a gun"
KNOWN = snapshot(an_entry("report-copy", "how do i get a copy of my report"))
REDIRECT = "911 NOW en"  # the first line; below it, where nothing tells the language, stand the other languages' own
FLOOR = FLOOR_TEXT.splitlines()[0]


@dataclass(slots=True)
class Desk:
    """The real reception over a snapshot that a trouble may break."""

    live: StillLive = field(default_factory=lambda: StillLive(KNOWN))
    reception: Reception = field(init=False)
    expected: str = REDIRECT

    def __post_init__(self) -> None:
        self.reception = Reception(cast(Live, self.live), Pseudonyms(b"k" * 32), lambda: NOW)


# --- troubles: what is broken while the emergency comes in -------------------------------------------------------


class Raises:
    """Stands where a part of the bot stood; whatever is asked of it fails."""

    def __getattr__(self, name: str) -> object:
        raise RuntimeError(f"{name} is broken")


class Stuck:
    """A store that never answers."""

    def __getattr__(self, name: str) -> Callable[..., Awaitable[None]]:
        async def wait(*_: object) -> None:
            await asyncio.Event().wait()

        return wait


class Answered:
    """An inbox that has seen every message."""

    async def claim(self, *_: object) -> Claim:
        return Claim.DONE


def nothing(_: Desk, __: pytest.MonkeyPatch) -> None:
    """All is well."""


def store_down(desk: Desk, _: pytest.MonkeyPatch) -> None:
    desk.reception.memory = broken()


def store_stuck(desk: Desk, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(desk_module, "_STORE_WITHIN", 0.2)
    stuck = Stuck()
    desk.reception.memory = Memory(cast(Inbox, stuck), cast(Conversations, stuck), cast(Journal, stuck))


def answered_before(desk: Desk, _: pytest.MonkeyPatch) -> None:
    desk.reception.memory = replace(broken(), inbox=cast(Inbox, Answered()))


def no_knowledge(desk: Desk, _: pytest.MonkeyPatch) -> None:
    desk.live.current, desk.expected = None, FLOOR


def check_broken(desk: Desk, _: pytest.MonkeyPatch) -> None:
    desk.live.current = replace(KNOWN, knowledge=replace(KNOWN.knowledge, rules=cast(Rules, Raises())))


def net_broken(desk: Desk, _: pytest.MonkeyPatch) -> None:
    desk.live.current = replace(KNOWN, lookout=Lookout(cast(Net, Raises())))


def net_broken_over_a_soft_cue(desk: Desk, _: pytest.MonkeyPatch) -> None:
    """A soft cue asks the net, which fails: the cue stands alone."""
    soft = snapshot(cues=(replace(GUN, hard=False),))
    desk.live.current = replace(soft, lookout=Lookout(cast(Net, Raises()), cast(Embed, Raises())))


def language_broken(desk: Desk, _: pytest.MonkeyPatch) -> None:
    desk.live.current = replace(KNOWN, languages=cast(Languages, Raises()))


def matcher_broken(desk: Desk, _: pytest.MonkeyPatch) -> None:
    desk.live.current = replace(KNOWN, index=cast(Index, Raises()), commands=cast(Commands, Raises()))


def answer_broken(_: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "answer", Raises())
    monkeypatch.setattr(desk_module, "answer", Raises())


def replies_broken(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compose, "emergency", Raises())
    desk.expected = FLOOR


def person_busy(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """An earlier message of the same person never ends, whoever the person is."""
    taken = desk.reception._turns.place

    def behind(address: Address) -> Place:
        taken(address)
        return taken(address)

    monkeypatch.setattr(desk.reception._turns, "place", behind)


def load_running(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first load has not ended, and will not."""
    monkeypatch.setattr(desk_module, "_LOADS_WITHIN", 0.01)
    desk.live.opened.clear()
    desk.live.current, desk.expected = None, FLOOR


def log_broken(_: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Pseudonyms, "of", Raises().__getattr__)


Trouble = Callable[[Desk, pytest.MonkeyPatch], None]
TROUBLES: tuple[Trouble, ...] = (
    nothing, store_down, store_stuck, answered_before, no_knowledge, check_broken, net_broken,
    net_broken_over_a_soft_cue, language_broken, matcher_broken,
    answer_broken, replies_broken, person_busy, load_running, log_broken,
)  # fmt: skip


# --- doors: every way a message comes in -------------------------------------------------------------------------

House = Callable[[Desk, str], Awaitable[dict[str, str]]]
"""A channel with its doors: the message goes through each of them, and what came back first is told by door."""


async def terminal(desk: Desk, text: str) -> dict[str, str]:
    replies = {}
    for kind in Kind:
        written: list[str] = []
        message = a_message(text, kind.value, sender=PERSON, kind=kind, language="tlh")
        await desk.reception.receive(message, Console(written.append))
        replies[kind.value] = written[0]
    return replies


HELLO = '{"hello": {"session": null, "since": 0, "language": "en"}}'
FRAMES: dict[str, tuple[str | bytes, ...]] = {
    "text": (HELLO, '{"id": "a", "text": "TEXT"}'),
    "text before hello": ('{"id": "a", "text": "TEXT"}',),
    "choice": (HELLO, '{"id": "a", "choice": "TEXT"}'),
    "not JSON": (HELLO, "TEXT"),
    "JSON of no known form": (HELLO, '{"wrote": "TEXT"}'),
    "bytes": (HELLO, b'{"id": "a", "text": "TEXT"}'),
    "odd id and language": (HELLO, '{"id": 7, "text": "TEXT", "language": "klingon"}'),
}


async def web_chat(desk: Desk, text: str, doors: Iterable[str] = FRAMES) -> dict[str, str]:
    app = web.Application()
    app.add_routes(WebChat(desk.reception.receive, lambda: NOW).routes())
    replies = {}
    async with telegram.listening(app) as url, ClientSession() as client:
        for name in doors:
            async with client.ws_connect(f"{url}/chat") as socket:
                for frame in FRAMES[name]:
                    if isinstance(frame, bytes):
                        await socket.send_bytes(frame.replace(b"TEXT", text.encode()))
                    else:
                        await socket.send_str(frame.replace("TEXT", text))
                replies[name] = await _first(socket)
    return replies


async def _first(socket: ClientWebSocketResponse) -> str:
    """The first reply that is not the greeting."""
    while True:
        shown = await socket.receive_json(timeout=5)
        for frame in shown.get("frames", []):
            if frame["to"] != "start":
                return str(frame["text"])


def odd(text: str, person: telegram.Person) -> telegram.Body:
    """An update whose other fields nobody understands."""
    update = telegram.said(text, person)
    update["message"] |= {"date": "yesterday", "entities": "none", "forward_origin": [1, 2]}
    return update


UPDATES: dict[str, Callable[[str, telegram.Person], telegram.Body]] = {
    "text": telegram.said,
    "edited": lambda text, person: telegram.edited(telegram.said("hello", person), text),
    "button": telegram.pressed,
    "caption": telegram.photo,
    "group talk": lambda text, person: telegram.said(text, person, chat={**telegram.GROUP, "id": -person.id}),
    "reply": lambda text, person: telegram.said(text, person, reply_to_message=telegram.said("News.")["message"]),
    "odd fields": odd,
}


async def telegram_by(
    way: Callable[..., AbstractAsyncContextManager[object]], desk: Desk, text: str, doors: Iterable[str] = UPDATES
) -> dict[str, str]:
    people = {name: telegram.Person(100 + at, "tlh") for at, name in enumerate(doors)}
    async with telegram.emulator() as api, way(api, desk.reception.receive):
        for name, person in people.items():
            await api.bring(UPDATES[name](text, person))
        first: dict[int, str] = {}
        for sent in await api.replies(len(people)):
            first.setdefault(abs(sent.chat), sent.text)
    return {name: first[person.id] for name, person in people.items()}


HOUSES: dict[str, House] = {
    "terminal": terminal,
    "web": web_chat,
    "telegram by polling": partial(telegram_by, telegram.polling),
    "telegram by webhook": partial(telegram_by, telegram.webhook),
}


# --- the walk ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: trouble.__name__)
@pytest.mark.parametrize("house", HOUSES)
async def test_law_1_an_emergency_gets_911_through_every_door_whatever_is_broken(
    house: str, trouble: Callable[[Desk, pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk()
    trouble(desk, monkeypatch)
    async with asyncio.timeout(20):
        replies = await HOUSES[house](desk, DANGER)
    assert {door: reply for door, reply in replies.items() if reply.splitlines()[0] != desk.expected} == {}


@pytest.mark.parametrize("place", ["first", "last"])
async def test_law_1_no_length_is_too_long(place: str) -> None:
    talk = "and so on and on " * 5_900  # 100,000 characters: what the web chat sends at most
    text = f"{DANGER}. {talk}" if place == "first" else f"{talk}. {DANGER}"
    replies = [
        await terminal(Desk(), text),
        await web_chat(Desk(), text, ("text", "not JSON")),
        await telegram_by(telegram.webhook, Desk(), text, ("text", "caption")),
    ]
    assert {reply.splitlines()[0] for house in replies for reply in house.values()} == {REDIRECT}


@pytest.mark.parametrize("text", [f"/start {DANGER}", f"stop. {DANGER}", f"1. {DANGER}", f"/language es {DANGER}"])
async def test_law_1_it_wins_over_a_command_a_stop_and_a_pending_choice(text: str) -> None:
    replies = [
        await terminal(Desk(), text),
        await web_chat(Desk(), text, ("text", "choice")),
        await telegram_by(telegram.polling, Desk(), text, ("text", "button")),
    ]
    assert {reply.splitlines()[0] for house in replies for reply in house.values()} == {REDIRECT}


async def test_law_1_an_emergency_delivered_twice_is_answered_twice() -> None:
    desk, written = Desk(), list[str]()
    message = a_message(DANGER, sender=PERSON)
    for _ in range(2):
        await desk.reception.receive(message, Console(written.append))
    assert [reply.splitlines()[0] for reply in written] == [REDIRECT, REDIRECT]


async def test_law_1_when_even_the_floors_check_fails_911_is_sent_anyway(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("check", "glimpsed"):
        monkeypatch.setattr(vetting, name, Raises())
    written: list[str] = []
    await Desk().reception.receive(a_message(DANGER, sender=PERSON), Console(written.append))
    assert written[0].startswith("911 notice en")


async def test_law_1_a_hundred_ordinary_questions_do_not_hold_up_an_emergency() -> None:
    desk, written = Desk(), list[str]()
    slow = [
        asyncio.create_task(desk.reception.receive(a_message("my report", str(n)), Console(lambda _: None)))
        for n in range(100)
    ]
    began = time.perf_counter()
    await desk.reception.receive(IncomingMessage("e", PERSON, DANGER, NOW), Console(written.append))
    assert written[0].startswith(REDIRECT)
    assert sum(task.done() for task in slow) < len(slow) or time.perf_counter() - began < 1
    await asyncio.gather(*slow)
