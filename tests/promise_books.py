"""The real store of the promise's state machine, and looks at its tables that go past its code."""

import sqlite3
from collections.abc import Collection, Coroutine
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from random import Random
from typing import Any, TypeVar

import pytest
from cryptography.fernet import Fernet

from bot.core.advisory import AdvisoryKind, AdvisoryLevel
from bot.core.message import Address, ChannelName
from bot.store.advisories import Advisories
from bot.store.chain import Link, Reading
from bot.store.conversations import Conversations
from bot.store.faults import StoreDown
from bot.store.keys import Pseudonyms
from bot.store.outbox import Outbox
from bot.store.sealed import Seal
from bot.store.subscriptions import Subscriptions
from tests.memory_database import MemoryDatabase, done
from tests.promise_model import somebody
from tests.simulated_time import START

_T = TypeVar("_T")

TOPICS = ("traffic", "weather")
_TABLES = ("subscription", "subscribed_topic", "advisory", "delivery", "lane", "audit", "conversation")


@dataclass(frozen=True, slots=True)
class KeptRow:
    """A delivery."""

    advisory: int
    subscription: int
    state: str
    unknowns: int
    owner: str | None


@dataclass(frozen=True, slots=True)
class KeptNotice:
    """An advisory."""

    stage: str
    audience: int | None
    released_at: datetime | None
    starts_at: datetime | None


@dataclass(frozen=True, slots=True)
class KeptWish:
    """A subscription."""

    state: str
    address: str | None
    level: str
    topics: set[str]


@dataclass(frozen=True, slots=True)
class Ledger:
    """What stands in the tables, by number."""

    rows: dict[int, KeptRow]
    notices: dict[int, KeptNotice]
    wishes: dict[int, KeptWish]


class PromiseBooks:
    """The store, in memory, and its raw tables."""

    def __init__(self) -> None:
        pseudonyms, seal = Pseudonyms(bytes(32)), Seal([Fernet.generate_key()])
        self.database = MemoryDatabase()
        self._pseudonyms = pseudonyms
        self.subscriptions = Subscriptions(self.database, pseudonyms, seal)
        self.advisories = Advisories(self.database)
        self.outbox = Outbox(self.database, pseudonyms, seal)
        self.conversations = Conversations(self.database, pseudonyms)
        self._crowds: dict[int, sqlite3.Connection] = {}
        self._looked: tuple[int, Ledger] | None = None

    @property
    def _raw(self) -> sqlite3.Connection:
        return self.database.raw

    def done(self, act: Coroutine[Any, Any, _T]) -> _T:
        """What the act comes to."""
        return done(act)

    def begin_anew(self, chance: Random, crowd: int) -> None:
        """New books in which somebody 1 to so many want everything."""
        if crowd not in self._crowds:
            self.database.begin_anew(chance)
            for number in range(1, crowd + 1):
                done(self.subscriptions.subscribe(somebody(number), TOPICS, None, "en", "/subscribe", START))
            self._crowds[crowd] = self.database.copy()
        self.database.begin_anew(chance, self._crowds[crowd])
        self._looked = None

    def look(self) -> Ledger:
        """The tables as they are."""
        if self._looked is None or self._looked[0] != self._raw.total_changes:
            self._looked = self._raw.total_changes, self._read()
        return self._looked[1]

    def _read(self) -> Ledger:
        rows = self._raw.execute("SELECT id, advisory, subscription, state, unknowns, owner FROM delivery")
        notices = self._raw.execute("SELECT number, stage, audience, released_at, starts_at FROM advisory")
        wishes = self._raw.execute("SELECT id, state, address, level FROM subscription")
        ledger = Ledger(
            {number: KeptRow(*kept) for number, *kept in rows},
            {n: KeptNotice(stage, size, _moment(out), _moment(at)) for n, stage, size, out, at in notices},
            {number: KeptWish(state, address, level, set()) for number, state, address, level in wishes},
        )
        for number, topic in self._raw.execute("SELECT subscription, topic FROM subscribed_topic"):
            ledger.wishes[number].topics.add(topic)
        return ledger

    def subscription(self, chat: Address, kind: AdvisoryKind) -> int:
        its = "SELECT id FROM subscription WHERE kind = ? AND person = ?"
        found: int = self._raw.execute(its, (kind.value, self._pseudonyms.of(chat))).fetchone()[0]
        return found

    def planned(self, number: int) -> dict[int, int]:
        """The subscriptions of an advisory's ledger, by delivery."""
        return dict(self._raw.execute("SELECT id, subscription FROM delivery WHERE advisory = ?", (number,)))

    def ready_cancels(self, channel: ChannelName, levels: Collection[AdvisoryLevel], now: datetime) -> int:
        """How many withdrawals could go out now and wait for nothing: as none of ten is the first batch held."""
        at = now.isoformat(timespec="microseconds")
        marks = ", ".join("?" * len(levels))
        found = self._raw.execute(
            f"""SELECT count(*) FROM delivery AS d JOIN advisory AS a ON a.number = d.advisory
                JOIN subscription AS s ON s.id = d.subscription
                WHERE a.type = 'cancel' AND a.stage = 'sending' AND a.ended IS NULL AND a.expires_at > ?
                AND a.level IN ({marks}) AND d.channel = ? AND d.state = 'due' AND d.due_at <= ? AND s.state = 'active'
                AND EXISTS (SELECT * FROM delivery AS o WHERE o.thread = d.thread AND o.subscription = d.subscription
                            AND o.state = 'sent')
                AND NOT EXISTS (SELECT * FROM delivery AS o WHERE o.thread = d.thread
                                AND o.subscription = d.subscription AND o.state = 'sending')
                AND (SELECT count(*) FROM delivery AS o WHERE o.advisory = d.advisory AND o.state != 'due') < 10""",
            (at, *(level.value for level in levels), channel.value, at),
        )
        count: int = found.fetchone()[0]
        return count

    def next_event(self, now: datetime) -> datetime | None:
        """When something may happen again; None when everything has come to its end."""
        at = now.isoformat(timespec="microseconds")
        going = "stage IN ('sending', 'scheduled') OR (stage = 'paused' AND released_at IS NOT NULL)"
        if not self._raw.execute(f"SELECT count(*) FROM advisory WHERE {going}").fetchone()[0]:
            return None
        moments = """SELECT min(at) FROM (
            SELECT d.due_at AS at FROM delivery AS d JOIN advisory AS a ON a.number = d.advisory WHERE d.state = 'due'
            UNION ALL SELECT lease_until FROM delivery UNION ALL SELECT paused_until FROM lane
            UNION ALL SELECT starts_at FROM advisory WHERE stage = 'scheduled') WHERE at > ?"""
        return _moment(self._raw.execute(moments, (at,)).fetchone()[0]) or now

    def acts(self) -> list[tuple[str, str, str]]:
        """What staff did: who, what, to which; the bot's own acts left out."""
        return self._raw.execute("SELECT who, act, subject FROM audit WHERE who != 'bot' ORDER BY number").fetchall()

    def damages(self) -> list[Any]:
        """Where the chain of the books does not hold."""
        kept = "SELECT number, at, who, act, subject, details, previous, digest FROM audit ORDER BY number"
        reading = Reading(None)
        reading.read([Link(*row) for row in self._raw.execute(kept)])
        return list(reading.damages())

    def dump(self) -> list[list[Any]]:
        """Every row."""
        return [self._raw.execute(f"SELECT * FROM {table}").fetchall() for table in _TABLES]

    def fails(self, act: Coroutine[Any, Any, Any], at: int) -> None:
        """The power goes before that statement of the act, or before its commit: nothing of it is stored."""
        before = self.dump()
        self.database.fails_at = at
        with pytest.raises(StoreDown):
            self.done(act)
        assert self.dump() == before


def _moment(kept: str | None) -> datetime | None:
    return None if kept is None else datetime.fromisoformat(kept)


@cache
def books() -> PromiseBooks:
    """One for all examples of a process: to make an engine takes longer than to run an example."""
    return PromiseBooks()
