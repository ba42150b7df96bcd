"""Law 6, consent: each of its sentences, with the store failing at every step.

Nobody gets an advisory they did not ask for. STOP (and what people really type for it, in three languages) takes
effect at once on every channel, and never stops a person from asking.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest
from cryptography.fernet import Fernet

from bot.core import subscribing
from bot.core.advisory import AdvisoryKind
from bot.core.answer import Snapshot
from bot.core.channel import Receipt, TryLater
from bot.core.floor import FLOOR_NOT_STOPPED, FLOOR_STOPPED
from bot.core.match import Index
from bot.core.message import Address, ChannelName, IncomingMessage, Kind
from bot.core.subscription import Reach, Subscription
from bot.knowledge.live import Live
from bot.service import orders as ordering
from bot.service import reception as desk_module
from bot.service.reception import Memory, Reception
from bot.store.conversations import Conversations
from bot.store.database import Database, in_file
from bot.store.faults import StoreDown
from bot.store.inbox import Inbox
from bot.store.journal import Journal
from bot.store.keys import Pseudonyms
from bot.store.sealed import Seal
from bot.store.subscriptions import Subscriptions
from tests import real_folder
from tests.builders import LIMITS, NOW, FakeChannel, a_message
from tests.test_reception import StillLive

PSEUDONYMS = Pseudonyms(b"k" * 32)
PERSON = Address(ChannelName.TELEGRAM, "4711008150")
HERE = replace(LIMITS, announces=True)
DANGER = "there is a man in my house with a gun"
STOPS = {
    "en": (
        "STOP",
        "stop.",
        "Unsubscribe",
        "please stop sending me alerts",
        "remove me from the list",
        "/stop",
        "ＳＴＯＰ",
    ),
    "es": ("ALTO", "parar", "ya no quiero avisos", "quiero darme de baja", "no más mensajes por favor"),
    "pt": ("SAIR", "pare", "não quero mais receber avisos", "me tira da lista", "cancelar inscrição"),
}
PARTS = ("inbox", "conversations", "journal", "subscriptions")


@pytest.fixture(scope="module")
def known() -> Snapshot:
    return real_folder.loaded().snapshot


@dataclass(slots=True)
class Chat:
    """One person's chat through the real reception and the real store."""

    desk: Reception
    memory: Memory
    live: StillLive
    via: FakeChannel = field(default_factory=lambda: FakeChannel(limits=HERE))
    number: int = 0

    async def says(self, text: str, **rest: Any) -> str:
        """What is answered to that."""
        self.number += 1
        self.receipt = await self.desk.receive(message(text, self.number, **rest), self.via)
        return self.via.texts[-1]

    async def mine(self) -> Subscription | None:
        assert self.memory.subscriptions is not None
        return await self.memory.subscriptions.of(PERSON)

    receipt: Receipt | None = None


def message(text: str, number: int = 1, **rest: Any) -> IncomingMessage:
    return a_message(text, str(number), sender=PERSON, **rest)


@asynccontextmanager
async def chat(folder: Path, known: Snapshot) -> AsyncIterator[Chat]:
    async with Database(in_file(folder / "bot.sqlite3")) as database:
        await database.open()
        live = StillLive(known)
        desk = Reception(cast(Live, live), PSEUDONYMS, lambda: NOW)
        seal = Seal([Fernet.generate_key()])
        desk.memory = Memory(
            Inbox(database, PSEUDONYMS),
            Conversations(database, PSEUDONYMS),
            Journal(database),
            Subscriptions(database, PSEUDONYMS, seal),
        )
        yield Chat(desk, desk.memory, live)


def files(folder: Path) -> bytes:
    """All that lies in the files of the database."""
    return b"".join(path.read_bytes() for path in folder.glob("bot.sqlite3*"))


class Down:
    """A part of the store that is down."""

    def __getattr__(self, name: str) -> Callable[..., Awaitable[None]]:
        async def fail(*_: object) -> None:
            raise StoreDown("the disk is gone")

        return fail


class Stuck:
    """A part of the store that never answers."""

    def __getattr__(self, name: str) -> Callable[..., Awaitable[None]]:
        async def wait(*_: object) -> None:
            await asyncio.Event().wait()

        return wait


# --- nobody gets an advisory they did not ask for -----------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["/start", "/subscribe", "quiero recibir avisos", "how do i sign up for alerts", "sign me up for classes",
     "what is a silver alert", "=subscribe-advisories", "/subscriptions", "/urgent", "/language es", "hello",
     "quisiera un reporte de accidente", "unstop"],
)  # fmt: skip
async def test_nobody_is_subscribed_who_did_not_name_what_they_want(text: str, tmp_path: Path, known: Snapshot) -> None:
    async with chat(tmp_path, known) as one:
        await one.says(text)
        assert one.receipt is Receipt.ANSWERED
        assert await one.mine() is None


@pytest.mark.parametrize(
    ("text", "language", "topics"),
    [
        ("subscribe me to traffic alerts", "en", {"traffic"}),
        ("quiero recibir avisos de tráfico", "es", {"traffic"}),
        ("me avise sobre neve e trânsito por favor", "pt", {"traffic", "weather"}),
    ],
)
async def test_who_asks_gets_what_they_named_in_their_language(
    text: str, language: str, topics: set[str], tmp_path: Path, known: Snapshot
) -> None:
    async with chat(tmp_path, known) as one:
        told = await one.says(text)
        assert await one.mine() == Subscription(frozenset(topics), Reach.EVERY, language)
        assert known.knowledge.phrases("advisory_every", language) in told
        assert "Danbury ALERT" in told
        assert "911" in told


async def test_a_whole_talk_about_advisories(tmp_path: Path, known: Snapshot) -> None:
    async with chat(tmp_path, known) as one:
        assert "STOP" in await one.says("/subscribe")
        assert "Roads and traffic" in await one.says("3")
        assert "only the urgent" in await one.says("Only urgent ones")
        assert await one.mine() == Subscription(frozenset({"traffic"}), Reach.URGENT, "en")
        await one.says("notify me about snow")
        assert "only the urgent" in await one.says("what am i subscribed to")
        await one.says("/language pt")
        assert await one.mine() == Subscription(frozenset({"traffic", "weather"}), Reach.URGENT, "pt")
        assert "Tempestades e neve" in await one.says("parar avisos de trânsito")
        assert await one.mine() == Subscription(frozenset({"weather"}), Reach.URGENT, "pt")
        await one.says("STOP")
        assert await one.mine() is None
        assert "Escolha um assunto" in await one.says("START")
        assert await one.mine() is None


async def test_talk_in_a_group_subscribes_nobody_unasked(tmp_path: Path, known: Snapshot) -> None:
    async with chat(tmp_path, known) as one:
        receipt = await one.desk.receive(message("subscribe me to traffic alerts", is_addressed=False), one.via)
        assert (receipt, await one.mine()) == (Receipt.IGNORED, None)


@pytest.mark.parametrize("state", ["down", "absent", "no key"])
async def test_what_could_not_be_stored_is_never_confirmed(state: str, tmp_path: Path, known: Snapshot) -> None:
    async with chat(tmp_path, known) as one:
        broken = {
            "down": replace(one.memory, subscriptions=cast(Subscriptions, Down())),
            "absent": None,
            "no key": replace(one.memory, subscriptions=None),
        }
        one.desk.memory = broken[state]
        phrases = known.knowledge.phrases
        for text, name in (
            ("/subscribe traffic", "advisory_failed"),
            ("/urgent", "advisory_failed"),
            ("/subscriptions", "advisory_failed"),
            ("STOP", "advisory_stop_failed"),
            ("/stop traffic", "advisory_stop_failed"),
        ):
            assert await one.says(text) == phrases(name, "en")


# --- STOP takes effect at once -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "text"), [(language, text) for language, said in STOPS.items() for text in said])
async def test_what_people_really_type_for_it_stops(language: str, text: str, tmp_path: Path, known: Snapshot) -> None:
    async with chat(tmp_path, known) as one:
        await one.says("/subscribe all")
        await one.says(f"/language {language}")
        assert await one.says(text) == known.knowledge.phrases("advisory_stopped", language)
        assert await one.mine() is None


@pytest.mark.parametrize("kind", list(Kind))
async def test_it_stops_however_it_comes(kind: Kind, tmp_path: Path, known: Snapshot) -> None:
    async with chat(tmp_path, known) as one:
        await one.says("/subscribe traffic")
        await one.says("STOP", kind=kind)
        assert await one.mine() is None


async def test_it_is_stored_before_it_is_confirmed(tmp_path: Path, known: Snapshot) -> None:
    async with chat(tmp_path, known) as one:
        await one.says("/subscribe traffic")
        seen: list[Subscription | None] = []

        @dataclass(slots=True)
        class Watching(FakeChannel):
            async def send(self, to: Address, parts: Any) -> str:
                seen.append(await one.mine())
                return await FakeChannel.send(self, to, parts)

        one.via = Watching(limits=HERE)
        await one.says("stop")
        assert seen == [None]


async def test_it_holds_though_its_confirmation_never_left(tmp_path: Path, known: Snapshot) -> None:
    async with chat(tmp_path, known) as one:
        await one.says("/subscribe traffic")
        one.via.failures = [TryLater("busy")]
        assert await one.desk.receive(message("stop", 9), one.via) is Receipt.NOT_SENT
        assert await one.mine() is None
        assert await one.desk.receive(message("stop", 9), one.via) is Receipt.ANSWERED
        assert one.via.texts[-1] == known.knowledge.phrases("advisory_stopped", "en")


@pytest.mark.parametrize("part", PARTS[:-1])
@pytest.mark.parametrize("trouble", [Down, Stuck])
async def test_it_needs_no_other_part_of_the_store(
    part: str, trouble: type, tmp_path: Path, known: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk_module, "_STORE_WITHIN", 0.2)
    async with chat(tmp_path, known) as one:
        await one.says("/subscribe traffic")
        one.desk.memory = replace(one.memory, **{part: cast(Any, trouble())})
        assert await one.says("stop") == known.knowledge.phrases("advisory_stopped", "en")
        assert await one.mine() is None


async def test_a_store_that_is_stuck_is_told_and_a_second_try_works(
    tmp_path: Path, known: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk_module, "_STORE_WITHIN", 0.2)
    async with chat(tmp_path, known) as one:
        await one.says("/subscribe traffic")
        one.desk.memory = replace(one.memory, subscriptions=cast(Subscriptions, Stuck()))
        assert await one.says("stop") == known.knowledge.phrases("advisory_stop_failed", "en")
        one.desk.memory = one.memory
        assert await one.says("stop") == known.knowledge.phrases("advisory_stopped", "en")
        assert await one.mine() is None


async def test_it_goes_before_a_pending_choice_and_before_any_match(tmp_path: Path, known: Snapshot) -> None:
    async with chat(tmp_path, known) as one:
        await one.says("/subscribe traffic")
        await one.says("permit")
        await one.says("stop")
        assert await one.mine() is None


async def test_it_ends_exercises_too(tmp_path: Path, known: Snapshot) -> None:
    async with chat(tmp_path, known) as one:
        kept = one.memory.subscriptions
        assert kept is not None
        await kept.subscribe(PERSON, ["safety"], None, "en", "a test", NOW, AdvisoryKind.EXERCISE)
        await one.says("stop")
        assert await kept.of(PERSON, AdvisoryKind.EXERCISE) is None


async def test_it_works_with_no_knowledge_at_all(tmp_path: Path, known: Snapshot) -> None:
    async with chat(tmp_path, known) as one:
        await one.says("/subscribe traffic")
        one.live.current = None
        assert await one.says("ya no quiero avisos") == FLOOR_STOPPED
        assert await one.mine() is None
        one.desk.memory = None
        assert await one.says("stop") == FLOOR_NOT_STOPPED


async def test_it_works_though_nothing_can_be_decided(tmp_path: Path, known: Snapshot) -> None:
    class Raises:
        def __getattr__(self, name: str) -> object:
            raise RuntimeError(f"{name} is broken")

    async with chat(tmp_path, known) as one:
        await one.says("/subscribe traffic")
        one.live.current = replace(known, orders=cast(Any, Raises()), index=cast(Index, Raises()))
        assert await one.says("stop") == FLOOR_STOPPED
        assert await one.mine() is None


async def test_it_is_confirmed_though_the_words_for_it_are_broken(
    tmp_path: Path, known: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("a fault in core")

    async with chat(tmp_path, known) as one:
        await one.says("/subscribe traffic")
        monkeypatch.setattr(ordering, "confirmed", fails)
        assert await one.says("stop") == FLOOR_STOPPED
        assert await one.mine() is None
        assert await one.says("/subscribe traffic") == known.knowledge.phrases("advisory_failed", "en")


async def test_where_the_floor_cannot_read_a_message_it_is_no_stop(
    tmp_path: Path, known: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("a fault in core")

    monkeypatch.setattr(ordering, "recognise_optout", fails)
    async with chat(tmp_path, known) as one:
        one.live.current = None
        assert "call 911" in await one.says("stop")


async def test_where_none_are_sent_it_is_answered_kindly_and_nothing_is_asked_of_the_store(
    tmp_path: Path, known: Snapshot
) -> None:
    async with chat(tmp_path, known) as one:
        one.via.limits = LIMITS
        one.desk.memory = replace(one.memory, subscriptions=cast(Subscriptions, Down()))
        assert await one.says("STOP") == known.knowledge.phrases("stopped", "en")
        one.live.current = None
        assert await one.says("STOP") == FLOOR_STOPPED


# --- and never stops a person from asking --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "asked", ["how do i get a copy of a police report", "como saco una copia de un reporte de policia"]
)
async def test_who_has_stopped_is_answered_as_before(asked: str, tmp_path: Path, known: Snapshot) -> None:
    async with chat(tmp_path, known) as one:
        before = await one.says(asked)
        await one.says("stop")
        assert await one.says(asked) == before


async def test_who_has_stopped_gets_911_first(tmp_path: Path, known: Snapshot) -> None:
    async with chat(tmp_path, known) as one:
        await one.says("stop")
        assert (await one.says(DANGER)).startswith(known.knowledge.replies.redirect["en"].splitlines()[0])


async def test_an_emergency_that_says_stop_is_an_emergency(tmp_path: Path, known: Snapshot) -> None:
    async with chat(tmp_path, known) as one:
        await one.says("/subscribe traffic")
        told = await one.says(f"stop! {DANGER}")
        assert told.startswith(known.knowledge.replies.redirect["en"].splitlines()[0])
        assert await one.mine() is not None


async def test_stop_in_an_open_emergency_stops_under_the_911_notice(tmp_path: Path, known: Snapshot) -> None:
    async with chat(tmp_path, known) as one:
        await one.says("/subscribe traffic")
        await one.says(DANGER)
        told = await one.says("STOP")
        assert told.startswith(known.knowledge.replies.notice["en"])
        assert told.endswith(known.knowledge.phrases("advisory_stopped", "en"))
        assert await one.mine() is None


@pytest.mark.parametrize("language", ["en", "es", "pt"])
def test_the_confirmation_says_that_one_may_go_on_asking_and_how_to_come_back(language: str, known: Snapshot) -> None:
    done = subscribing.Done(None, None)
    text = subscribing.confirmed(subscribing.Unsubscribe(), done, language, known.knowledge, HERE).text
    assert "/subscribe" in text
    assert "911" in text


# --- what is kept --------------------------------------------------------------------------------------------------


async def test_no_word_of_theirs_is_kept_as_their_consent(tmp_path: Path, known: Snapshot) -> None:
    async with chat(tmp_path, known) as one:
        await one.says("hello, please send me alerts about closed streets, thank you")
        assert await one.mine() is not None
    stored = files(tmp_path)
    assert b"text: /subscribe traffic" in stored
    assert b"closed streets" not in stored
    assert PERSON.id.encode() not in stored
