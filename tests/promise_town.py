"""A town whose store is the real one: what people, staff and senders do there, told to the store and to the model.

The transactions are the store's own, one after the other as SQLite runs them. A sender is the rules of `core.delivery`
around `claim` and `settle`; what it is told, when it dies and how long it takes is asked for.
"""

from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto
from random import Random
from typing import Any, TypeVar

from bot.core.advisory import (
    Advisory,
    AdvisoryKind,
    AdvisoryLevel,
    AdvisoryType,
    Area,
    Content,
    ReleaseRefused,
    Statement,
)
from bot.core.channel import LaneClosed, MayHaveArrived, Refused, SendFailed, TryLater, Unreachable
from bot.core.delivery import Settlement, State, not_sent, sent
from bot.core.message import Address, ChannelName
from bot.store.faults import WrongStage
from bot.store.outbox import Claimed, Wait
from tests.promise_books import TOPICS, PromiseBooks, books
from tests.promise_model import SOON, Begun, Flight, Model, Notice, Row, somebody
from tests.simulated_time import START

_T = TypeVar("_T")

RATE = 29.0
CHANNELS = (ChannelName.TELEGRAM, ChannelName.WEB)
_TEXTS = {"en": "Main Street is closed"}
_ENDS_AGAIN = 400  # rounds until everything must have come to an end


class End(Enum):
    """What may become of a send that has begun. `HOLDS`: not yet."""

    TAKEN = auto()
    LOST = auto()
    CUT = auto()
    AWAY = auto()
    BUSY = auto()
    BLOCKED = auto()
    REFUSED = auto()
    CLOSED = auto()
    MOVED = auto()
    DIES_BEFORE = auto()
    DIES_AFTER = auto()
    HOLDS = auto()


_ARRIVES = {End.TAKEN, End.LOST, End.MOVED, End.DIES_AFTER}
FAILURES: dict[End, SendFailed] = {
    End.LOST: MayHaveArrived("lost"),
    End.CUT: MayHaveArrived("cut"),
    End.AWAY: TryLater("away"),
    End.BUSY: TryLater("busy", timedelta(seconds=30)),
    End.BLOCKED: Unreachable("blocked"),
    End.REFUSED: Refused("no"),
    End.CLOSED: LaneClosed("who are you"),
}


@dataclass(slots=True)
class Figures:
    """How much was tried, so that nobody takes an idle machine for a promise kept."""

    examples: int = 0
    steps: int = 0
    releases: Counter[str] = field(default_factory=Counter)
    sends: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        told = [f"examples              {self.examples}, {self.steps} steps"]
        for name in ("releases", "sends", "ended"):
            counted: Counter[str] = getattr(self, name)
            kinds = ", ".join(f"{kind} {number}" for kind, number in counted.most_common())
            told.append(f"{name:21} {counted.total()}: {kinds}")
        return "\n".join(told)


class Town:
    """One town for some minutes or hours. `begun` are the sends of the last step."""

    figures = Figures()

    def __init__(self) -> None:
        self.books: PromiseBooks = books()
        self.model = Model()
        self.now = START
        self.flights: list[Flight] = []
        self.orphans: list[Flight] = []  # whose sender has died, or seems to have
        self.begun: list[Begun] = []
        self.chats = [somebody(number) for number in range(1, 15)]
        self.acts: list[tuple[str, str, str]] = []

    def begin_anew(self, seed: int, crowd: int) -> None:
        """With that many people who want everything."""
        self.books.begin_anew(Random(seed), crowd)
        for number in range(1, crowd + 1):
            self.model.subscribe(number, AdvisoryKind.LIVE, somebody(number), set(TOPICS), None)

    def send(self, channel: ChannelName, comes: list[End], who: int, *, is_night: bool) -> None:
        self.begun = []
        for end in comes:
            self.now += SOON if who % 4 else timedelta()
            if not (flight := self.claim(channel, who, is_night=is_night)):
                break
            self.end(flight, end, who)

    def act(self, act: Coroutine[Any, Any, _T]) -> _T:
        self.begun = []
        return self.books.done(act)

    def chat(self, who: int) -> Address:
        return pick(self.chats, who)

    def staff(self, act: str, notice: Notice, doing: Coroutine[Any, Any, Advisory], by: str = "ada") -> bool:
        """Whether it could be done; then it stands in the books."""
        try:
            self.act(doing)
        except (WrongStage, ReleaseRefused):
            return False
        self.acts.append((by, act, notice.name))
        return True

    def draft(
        self,
        kind: AdvisoryKind,
        level: AdvisoryLevel,
        topic: str,
        life: timedelta,
        type: AdvisoryType = AdvisoryType.ALERT,  # noqa: A002 - CAP's word
        follows: int | None = None,
    ) -> Notice:
        content = Content(level, topic, {"en": "Road closed"}, {"en": Statement()}, Area({}), self.now + life)
        made = self.act(
            self.books.advisories.draft(content, kind, "ada", self.now, type=type, follows=follows, prefix="d")
        )
        self.acts.append(("ada", "draft", made.identifier))
        return self.model.draft(made)

    def approve(self, notice: Notice, by: str) -> None:
        _, audience = self.model.audience(notice)
        doing = self.books.advisories.approve(notice.number, by, len(audience), _TEXTS, _TEXTS, None, self.now)
        if self.staff("approve", notice, doing, by):
            notice.approved_by = by
            notice.is_paused = False  # of what had not gone out yet: it waits for a release now

    def release(self, notice: Notice, wait: float | None) -> None:
        starts_at = None if wait is None else self.now + timedelta(seconds=wait)
        doing = self.books.advisories.release(notice.number, "ada", _TEXTS, _TEXTS, None, starts_at, self.now)
        expected = self.model.audience(notice)
        if self.staff("release" if starts_at is None else "schedule", notice, doing):
            is_lone = notice.approved_by in (None, notice.author)
            is_alert = notice.level is AdvisoryLevel.ALERT and not notice.is_cancel
            assert not (is_lone and is_alert and notice.kind is AdvisoryKind.LIVE)
            assert notice.expires_at > self.now
            assert not any(each.place is not None and each.is_cancel for each in self.model.thread(notice))
            if starts_at is None:
                self._released(notice, *expected)

    def _released(self, notice: Notice, must: set[int], may: set[int]) -> None:
        planned = self.books.planned(notice.number)
        assert must <= set(planned.values()) <= may
        self.model.release(notice, planned)
        self.figures.releases[notice.type.value] += 1

    def tick(self) -> None:
        self.act(self.books.outbox.tick(self.now))
        self.model.end_leases(self.now)
        for number, told in self.books.look().notices.items():
            notice = self.model.notices[number]
            if notice.place is None and told.released_at is not None:
                assert told.starts_at is not None
                assert told.starts_at <= self.now
                self._released(notice, *self.model.audience(notice))

    def claim(self, channel: ChannelName, who: int, *, is_night: bool = False) -> Flight | None:
        allowed = {AdvisoryLevel.ALERT} if is_night else set(AdvisoryLevel)
        passed = self.books.ready_cancels(channel, allowed, self.now)
        found = self.books.done(self.books.outbox.claim(channel, lane_of(channel), RATE, allowed, self.now))
        if isinstance(found, Wait):
            return None
        row = self.model.rows[found.delivery.id]
        assert found.delivery.to == row.wish.chat
        self._check_answers(found, row)
        is_allowed = row.notice.level in allowed
        begun = self.model.begins(row, found.delivery, lane_of(channel), self.now, passed, allowed=is_allowed)
        self.begun.append(begun)
        flight = Flight(row, found.delivery, who % 2)
        self.flights.append(flight)
        return flight

    def _check_answers(self, found: Claimed, row: Row) -> None:
        """What it answers in the chat is a message of its thread that went out there."""
        thread = {each.number for each in self.model.thread(row.notice)}
        if found.earlier is not None:
            advisory, subscription = found.earlier.id.split("/")
            assert int(advisory) in thread - {row.notice.number}
            assert int(subscription) == row.wish.number

    def end(self, flight: Flight, end: End, who: int) -> None:
        if end is End.HOLDS:
            return
        self.figures.sends[end.name.lower()] += 1
        self.flights.remove(flight)
        if end in _ARRIVES:
            flight.row.copies += 1
        if end in (End.DIES_BEFORE, End.DIES_AFTER):
            self.orphans.append(flight)
            return
        known = [chat for chat in self.chats if chat.channel is flight.delivery.to.channel]
        fresh = Address(flight.delivery.to.channel, f"{flight.delivery.to.id}'")
        self.settle(flight, settlement(flight, end, fresh if who % 2 else pick(known, who), self.now))

    def settle(self, flight: Flight, told: Settlement) -> bool:
        row, lane = flight.row, lane_of(flight.delivery.to.channel)
        is_ours = row.holder == flight.delivery.owner
        assert self.books.done(self.books.outbox.settle(flight.delivery, told, lane, self.now)) == is_ours
        if not is_ours:
            return False
        row.has_ended()
        row.unknowns = told.unknowns
        if told.state is State.UNDELIVERABLE:
            row.may_be.add(State.UNDELIVERABLE)
        if told.suspends:
            self.model.suspend(row.wish)
        if told.lane_until is not None:
            self.model.rests[lane] = max(told.lane_until, self.model.rests.get(lane, told.lane_until))
        if told.moved_to is not None:
            self.model.move(row.wish.chat, told.moved_to)
            if told.moved_to not in self.chats:
                self.chats.append(told.moved_to)
        return True

    def send_next(self, channel: ChannelName) -> bool:
        """The platform takes what is due next; False when nothing is."""
        flight = self.claim(channel, 0)
        if flight is not None:
            self.end(flight, End.TAKEN, 0)
        return flight is not None

    def says_the_rest(self) -> bool:
        """What follows something and was only written goes out, the last that was written first; False when none is."""
        waiting = [each for each in self.model.notices.values() if each.place is None]
        for notice in reversed(waiting):
            if notice.type is not AdvisoryType.ALERT:
                self.release(notice, None)
        return any(notice.place is not None for notice in waiting)

    def come_to_an_end(self, holds: Callable[[], None]) -> None:
        """Given time and a platform that works, each ends in a state that what has happened explains."""
        for flight in list(self.flights):
            self.end(flight, End.TAKEN, 0)
        for _ in range(_ENDS_AGAIN):
            for number, told in self.books.look().notices.items():
                notice = self.model.notices[number]
                if told.stage == "paused" and notice.place is not None:
                    self.staff("resume", notice, self.books.advisories.resume(number, "ada", self.now))
                    notice.is_paused = False
            self.tick()
            for channel in CHANNELS:
                self.now += SOON
                while self.send_next(channel):
                    self.now += SOON
            holds()
            if (next_at := self.books.next_event(self.now)) is None:
                break
            self.now = max(self.now + timedelta(seconds=1), next_at)
        ledger = self.books.look()
        for notice in self.model.notices.values():
            assert notice.place is None or ledger.notices[notice.number].stage == "finished", notice
        assert self.books.damages() == []


def lane_of(channel: ChannelName) -> str:
    return f"lane {channel.value}"


def pick(among: list[_T], which: int) -> _T:
    return among[which % len(among)]


def settlement(flight: Flight, end: End, moved_to: Address, now: datetime) -> Settlement:
    delivery = flight.delivery
    if end in FAILURES:
        return not_sent(delivery, FAILURES[end], now)
    provider_id = f"{delivery.advisory}/{delivery.subscription}"
    return sent(delivery, provider_id, moved_to if end is End.MOVED else None)
