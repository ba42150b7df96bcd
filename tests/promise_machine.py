"""The promise on advisories as a state machine: whatever happens, in whatever order, its eight clauses hold.

The transactions are the store's own, one after the other as SQLite runs them. A sender is the rules of `core.delivery`
around `claim` and `settle`; what it is told, when it dies and how long it takes is drawn.
"""

from collections.abc import Coroutine
from datetime import datetime, timedelta
from enum import Enum, auto
from math import inf
from random import Random
from typing import Any, TypeVar

from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

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
from bot.core.conversation import Conversation
from bot.core.delivery import MOST_IN_FLIGHT, Settlement, State, not_sent, sent
from bot.core.message import Address, ChannelName
from bot.core.subscription import Reach
from bot.store.faults import WrongStage
from bot.store.outbox import Claimed, Wait
from tests.promise_books import TOPICS, PromiseBooks, books
from tests.promise_model import SOON, Begun, Flight, Model, Notice, Row, somebody
from tests.simulated_time import START

_T = TypeVar("_T")

RATE = 29.0
CHANNELS = (ChannelName.TELEGRAM, ChannelName.WEB)
_TEXTS = {"en": "Main Street is closed"}
_SOON_SECONDS = (0.04, 1, 6, 31, 61, 121, 301)
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
_FAILURES: dict[End, SendFailed] = {
    End.LOST: MayHaveArrived("lost"),
    End.CUT: MayHaveArrived("cut"),
    End.AWAY: TryLater("away"),
    End.BUSY: TryLater("busy", timedelta(seconds=30)),
    End.BLOCKED: Unreachable("blocked"),
    End.REFUSED: Refused("no"),
    End.CLOSED: LaneClosed("who are you"),
}
picks = some.integers(0, 63)
ends = some.sampled_from([End.TAKEN] * 6 + list(End))
kinds = some.sampled_from([AdvisoryKind.LIVE, AdvisoryKind.LIVE, AdvisoryKind.LIVE, AdvisoryKind.EXERCISE])
levels = some.sampled_from(AdvisoryLevel)
topics = some.sampled_from([TOPICS[0], *TOPICS])
lives = some.sampled_from([timedelta(seconds=20), timedelta(minutes=4), timedelta(hours=6), timedelta(hours=6)])


class Promise(RuleBasedStateMachine):
    """One town for some minutes or hours."""

    def __init__(self) -> None:
        super().__init__()
        self.books: PromiseBooks = books()
        self.model = Model()
        self.now = START
        self.flights: list[Flight] = []
        self.orphans: list[Flight] = []  # whose sender has died, or seems to have
        self.begun: list[Begun] = []  # in the last step
        self.chats = [somebody(number) for number in range(1, 15)]
        self.acts: list[tuple[str, str, str]] = []
        self.is_sound = True

    # What happens

    @initialize(seed=some.integers(0, 2**16), crowd=some.sampled_from([5, 12, 0]), level=levels, waits=some.booleans())
    def begins(self, seed: int, crowd: int, level: AdvisoryLevel, *, waits: bool) -> None:
        self.books.begin_anew(Random(seed), crowd)
        for number in range(1, crowd + 1):
            self.model.subscribe(number, AdvisoryKind.LIVE, somebody(number), set(TOPICS), None)
        if crowd:
            self.publish(AdvisoryKind.LIVE, level, TOPICS[0], timedelta(hours=6), 1 if waits else None)

    @rule(who=picks, wanted=some.sets(topics, min_size=1), reach=some.sampled_from([None, *Reach]), kind=kinds)
    def subscribe(self, who: int, wanted: set[str], reach: Reach | None, kind: AdvisoryKind) -> None:
        chat = self._chat(who)
        self._act(self.books.subscriptions.subscribe(chat, wanted, reach, "en", "/subscribe", self.now, kind))
        self.model.subscribe(self.books.subscription(chat, kind), kind, chat, wanted, reach)

    @rule(who=picks, topic=some.sampled_from([None, None, *TOPICS]))
    def stop(self, who: int, topic: str | None) -> None:
        chat = self._chat(who)
        self._act(self.books.subscriptions.stop(chat, topic, self.now))
        self.model.stop(chat, topic)

    @rule(who=picks, reach=some.sampled_from(Reach))
    def set_reach(self, who: int, reach: Reach) -> None:
        chat = self._chat(who)
        self._act(self.books.subscriptions.set_reach(chat, reach, self.now))
        self.model.set_reach(chat, reach)

    @rule(who=picks)
    def writes_to_us(self, who: int) -> None:
        chat = self._chat(who)
        self._act(self.books.conversations.save(chat, Conversation(), self.now))
        self.model.revive(chat)

    @rule(kind=kinds, level=levels, topic=topics, life=lives, wait=some.sampled_from([None, None, None, 1, 121, inf]))
    def publish(
        self, kind: AdvisoryKind, level: AdvisoryLevel, topic: str, life: timedelta, wait: float | None
    ) -> None:
        """Write an advisory and let it go out, now or in so many seconds; `inf`: not yet."""
        notice = self._draft(kind, level, topic, life)
        if wait == inf:
            return
        if level is AdvisoryLevel.ALERT:
            self._approve(notice, "ben")
        self._release(notice, wait)

    @precondition(lambda self: self.model.notices)
    @rule(
        which=picks, type=some.sampled_from([AdvisoryType.UPDATE, AdvisoryType.CANCEL]), level=levels, life=lives,
        goes_out=some.sampled_from([True, True, True, False]),
    )  # fmt: skip
    def follow(
        self, which: int, type: AdvisoryType, level: AdvisoryLevel, life: timedelta, *, goes_out: bool  # noqa: A002
    ) -> None:
        among = list(self.model.notices.values())
        before = _pick([each for each in among if each.place is not None and not each.is_cancel] or among, which)
        try:
            notice = self._draft(before.kind, level, before.topic, life, type, before.number)
        except WrongStage:
            return
        if goes_out:
            self._approve(notice, "ben")
            self._release(notice, None)

    @precondition(lambda self: self.model.notices)
    @rule(which=picks, act=some.sampled_from(["approve", "release", "schedule", "discard", "pause", "resume", "resume"]))
    def staff(self, which: int, act: str) -> None:
        among = list(self.model.notices.values())
        if act in ("approve", "release", "schedule"):
            among = [each for each in among if each.place is None] or among
        notice, books = _pick(among, which), self.books.advisories
        match act:
            case "approve":
                self._approve(notice, ("ada", "ben")[which % 2])
            case "release" | "schedule":
                self._release(notice, None if act == "release" else 121)
            case "discard":
                self._staff("discard", notice, books.discard(notice.number, "ada", self.now))
            case "pause":
                if self._staff("pause", notice, books.pause(notice.number, "ada", "a wrong street", self.now)):
                    notice.is_paused = True
            case "resume":
                if self._staff("resume", notice, books.resume(notice.number, "ada", self.now)):
                    notice.is_paused = False

    @rule(seconds=some.sampled_from(_SOON_SECONDS))
    def time_passes(self, seconds: float) -> None:
        self.begun = []
        self.now += timedelta(seconds=seconds)

    @rule(seconds=some.sampled_from((0.0, *_SOON_SECONDS)))
    def tick(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self._tick()

    @rule(comes=some.lists(ends, min_size=1, max_size=4), who=picks)
    def send(self, comes: list[End], who: int) -> None:
        self._send(CHANNELS[0], comes, who, is_night=False)

    @rule(comes=some.lists(ends, min_size=2, max_size=4), who=picks)
    def send_more(self, comes: list[End], who: int) -> None:
        self._send(CHANNELS[0], comes, who, is_night=False)

    @rule(comes=some.lists(ends, min_size=1, max_size=4), who=picks, is_night=some.booleans())
    def send_there(self, comes: list[End], who: int, *, is_night: bool) -> None:
        self._send(CHANNELS[not is_night], comes, who, is_night=is_night)

    def _send(self, channel: ChannelName, comes: list[End], who: int, *, is_night: bool) -> None:
        self.begun = []
        for end in comes:
            self.now += SOON
            if not (flight := self._claim(channel, who, is_night=is_night)):
                break
            self._end(flight, end, who)

    @precondition(lambda self: self.flights)
    @rule(which=picks, end=ends, who=picks)
    def ends(self, which: int, end: End, who: int) -> None:
        self.begun = []
        self._end(_pick(self.flights, which), end, who)

    @precondition(lambda self: self.flights)
    @rule(sender=some.integers(0, 1), arrived=some.booleans())
    def crash(self, sender: int, arrived: bool) -> None:
        self.begun = []
        for flight in [each for each in self.flights if each.sender == sender]:
            self._end(flight, End.DIES_AFTER if arrived else End.DIES_BEFORE, 0)

    @precondition(lambda self: self.orphans)
    @rule(which=picks, end=some.sampled_from([End.TAKEN, End.CUT, End.BLOCKED]))
    def late_word(self, which: int, end: End) -> None:
        """A sender that was thought dead tells what it learned of a send before it fell asleep."""
        self.begun = []
        flight = _pick(self.orphans, which)
        self.orphans.remove(flight)
        if flight.row.holder != flight.delivery.owner:
            before = self.books.dump()
            assert not self._settle(flight, _settlement(flight, end, flight.delivery.to, self.now))
            assert self.books.dump() == before

    @rule(arrived=some.booleans())
    def power_is_cut(self, arrived: bool) -> None:
        self.begun = []
        for flight in list(self.flights):
            self._end(flight, End.DIES_AFTER if arrived else End.DIES_BEFORE, 0)
        self.books.database.lose_power()

    @rule(at=some.integers(0, 6), act=some.sampled_from(["claim", "tick", "stop", "subscribe", "settle"]), who=picks)
    def power_goes_in_the_middle(self, at: int, act: str, who: int) -> None:
        """Either all of it is stored or nothing."""
        self.begun = []
        chat, books = self._chat(who), self.books
        todo: dict[str, Coroutine[Any, Any, Any]] = {
            "claim": books.outbox.claim(CHANNELS[0], "lane telegram", RATE, set(AdvisoryLevel), self.now),
            "tick": books.outbox.tick(self.now),
            "stop": books.subscriptions.stop(chat, None, self.now),
            "subscribe": books.subscriptions.subscribe(chat, {"traffic"}, None, "en", "/subscribe", self.now),
        }
        if self.flights:
            flight = _pick(self.flights, who)
            told = not_sent(flight.delivery, _FAILURES[End.CLOSED], self.now)
            todo["settle"] = books.outbox.settle(flight.delivery, told, _lane(flight.delivery.to.channel), self.now)
        books.fails(todo.pop(act if act in todo else "tick"), at)
        for other in todo.values():
            other.close()

    def teardown(self) -> None:
        if self.is_sound:
            self._everything_comes_to_an_end()
        super().teardown()

    # What holds, after every step

    @invariant()
    def complete(self) -> None:
        """Clause 1: the audience is frozen; each is in one state; finished is only what adds up."""
        self.is_sound = False
        ledger = self.books.look()
        assert set(ledger.rows) == set(self.model.rows)
        for notice in self.model.notices.values():
            told = ledger.notices[notice.number]
            assert (told.released_at is not None) == (notice.place is not None)
            if notice.place is not None:
                assert told.audience == len(notice.rows)
            if told.stage == "finished":
                assert all(State(ledger.rows[number].state).is_final for number in notice.rows)
        for number, row in self.model.rows.items():
            kept = ledger.rows[number]
            assert (kept.advisory, kept.subscription) == (row.notice.number, row.wish.number)
            state = State(kept.state)
            assert (state is State.SENDING) == (row.holder is not None)
            assert not state.is_final or self.model.explained(row, state, self.now), (state, row)
        self.is_sound = True

    @invariant()
    def at_least_once_and_at_most_one_extra_copy(self) -> None:
        """Clause 2: a copy more only for an unknown end, two at most; and whoever got one is not told otherwise."""
        ledger = self.books.look()
        for number, row in self.model.rows.items():
            kept = ledger.rows[number]
            assert row.copies <= min(2, 1 + row.unknowns)
            assert kept.unknowns == row.unknowns <= 2
            if row.copies and not row.unknowns and row.holder is None:
                assert kept.state == "sent"

    @invariant()
    def never_after_opt_out(self) -> None:
        """Clause 3: no send begins to who has stopped, or has stopped this topic; and their address is forgotten."""
        for begun in self.begun:
            assert begun.wish_state == "active"
            assert begun.is_wanted
            assert not begun.had_left
        assert all((kept.state == "stopped") == (kept.address is None) for kept in self.books.look().wishes.values())

    @invariant()
    def never_after_cancel_or_expiry(self) -> None:
        """Clause 4: none begins of what was withdrawn, has expired or is paused; and a withdrawal goes first."""
        for begun in self.begun:
            assert begun.ended is None
            assert begun.at < begun.row.notice.expires_at
            assert not begun.was_paused
            assert begun.row.notice.is_cancel or not begun.cancels_passed_over

    @invariant()
    def in_order_per_person(self) -> None:
        """Clause 5: one message of a thread at a time, none after a later one."""
        for begun in self.begun:
            assert not begun.newer
            assert begun.others == 0

    @invariant()
    def one_sender(self) -> None:
        """Clause 6: a row has one owner; three at most are under way; a lane keeps its pace and its rests."""
        for begun in self.begun:
            assert not begun.was_held
            assert begun.in_flight < MOST_IN_FLIGHT
            assert begun.rests_until is None or begun.rests_until <= begun.at
            assert begun.last_at is None or begun.at - begun.last_at >= timedelta(seconds=1 / RATE) - SOON / 1000
            assert begun.level_allowed
        held = {number: kept.owner for number, kept in self.books.look().rows.items() if kept.owner is not None}
        assert held == {row.number: row.holder for row in self.model.rows.values() if row.holder is not None}

    @invariant()
    def test_is_not_live(self) -> None:
        """Clause 7: an exercise addresses nobody but those who agreed to be in one."""
        for row in self.model.rows.values():
            assert row.notice.kind is row.wish.kind

    @invariant()
    def the_same_after_power_loss(self) -> None:
        """Clause 8: what was confirmed stands. That the disk has it is `synchronous=FULL`: see the database's tests."""
        wishes = self.books.look().wishes
        for wish in self.model.wishes.values():
            kept = wishes[wish.number]
            assert (kept.state, kept.topics, kept.level) == (wish.state, wish.topics, wish.reach.value)

    @invariant()
    def every_act_is_in_the_books(self) -> None:
        assert self.books.acts() == self.acts

    # How

    def _act(self, act: Coroutine[Any, Any, _T]) -> _T:
        self.begun = []
        return self.books.done(act)

    def _chat(self, who: int) -> Address:
        return _pick(self.chats, who)

    def _staff(self, act: str, notice: Notice, doing: Coroutine[Any, Any, Advisory], by: str = "ada") -> bool:
        """Whether it could be done; then it stands in the books."""
        try:
            self._act(doing)
        except (WrongStage, ReleaseRefused):
            return False
        self.acts.append((by, act, notice.name))
        return True

    def _draft(
        self,
        kind: AdvisoryKind,
        level: AdvisoryLevel,
        topic: str,
        life: timedelta,
        type: AdvisoryType = AdvisoryType.ALERT,  # noqa: A002 - CAP's word
        follows: int | None = None,
    ) -> Notice:
        content = Content(level, topic, {"en": "Road closed"}, {"en": Statement()}, Area({}), self.now + life)
        made = self._act(
            self.books.advisories.draft(content, kind, "ada", self.now, type=type, follows=follows, prefix="d")
        )
        self.acts.append(("ada", "draft", made.identifier))
        return self.model.draft(made)

    def _approve(self, notice: Notice, by: str) -> None:
        _, audience = self.model.audience(notice)
        doing = self.books.advisories.approve(notice.number, by, len(audience), _TEXTS, _TEXTS, None, self.now)
        if self._staff("approve", notice, doing, by):
            notice.approved_by = by

    def _release(self, notice: Notice, wait: float | None) -> None:
        starts_at = None if wait is None else self.now + timedelta(seconds=wait)
        doing = self.books.advisories.release(notice.number, "ada", _TEXTS, _TEXTS, None, starts_at, self.now)
        expected = self.model.audience(notice)
        if self._staff("release" if starts_at is None else "schedule", notice, doing):
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

    def _tick(self) -> None:
        self._act(self.books.outbox.tick(self.now))
        self.model.end_leases(self.now)
        for number, told in self.books.look().notices.items():
            notice = self.model.notices[number]
            if notice.place is None and told.released_at is not None:
                assert told.starts_at is not None
                assert told.starts_at <= self.now
                self._released(notice, *self.model.audience(notice))

    def _claim(self, channel: ChannelName, who: int, *, is_night: bool = False) -> Flight | None:
        allowed = {AdvisoryLevel.ALERT} if is_night else set(AdvisoryLevel)
        passed = self.books.ready_cancels(channel, allowed, self.now)
        found = self.books.done(self.books.outbox.claim(channel, _lane(channel), RATE, allowed, self.now))
        if isinstance(found, Wait):
            return None
        row = self.model.rows[found.delivery.id]
        assert found.delivery.to == row.wish.chat
        self._check_answers(found, row)
        is_allowed = row.notice.level in allowed
        begun = self.model.begins(row, found.delivery, _lane(channel), self.now, passed, allowed=is_allowed)
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

    def _end(self, flight: Flight, end: End, who: int) -> None:
        if end is End.HOLDS:
            return
        self.flights.remove(flight)
        if end in _ARRIVES:
            flight.row.copies += 1
        if end in (End.DIES_BEFORE, End.DIES_AFTER):
            self.orphans.append(flight)
            return
        known = [chat for chat in self.chats if chat.channel is flight.delivery.to.channel]
        fresh = Address(flight.delivery.to.channel, f"{flight.delivery.to.id}'")
        self._settle(flight, _settlement(flight, end, fresh if who % 2 else _pick(known, who), self.now))

    def _settle(self, flight: Flight, told: Settlement) -> bool:
        row, lane = flight.row, _lane(flight.delivery.to.channel)
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

    def _everything_comes_to_an_end(self) -> None:
        """Given time and a platform that works, each ends in a state that what has happened explains."""
        for flight in list(self.flights):
            self._end(flight, End.TAKEN, 0)
        for _ in range(_ENDS_AGAIN):
            for number, told in self.books.look().notices.items():
                notice = self.model.notices[number]
                if told.stage == "paused" and notice.place is not None:
                    self._staff("resume", notice, self.books.advisories.resume(number, "ada", self.now))
                    notice.is_paused = False
            self._tick()
            for channel in CHANNELS:
                self.now += SOON
                while flight := self._claim(channel, 0):
                    self._end(flight, End.TAKEN, 0)
                    self.now += SOON
            self._holds()
            if (next_at := self.books.next_event(self.now)) is None:
                break
            self.now = max(self.now + timedelta(seconds=1), next_at)
        ledger = self.books.look()
        for notice in self.model.notices.values():
            assert notice.place is None or ledger.notices[notice.number].stage == "finished", notice
        assert self.books.damages() == []

    def _holds(self) -> None:
        self.complete()
        self.at_least_once_and_at_most_one_extra_copy()
        self.never_after_opt_out()
        self.never_after_cancel_or_expiry()
        self.in_order_per_person()
        self.one_sender()


def _lane(channel: ChannelName) -> str:
    return f"lane {channel.value}"


def _pick(among: list[_T], which: int) -> _T:
    return among[which % len(among)]


def _settlement(flight: Flight, end: End, moved_to: Address, now: datetime) -> Settlement:
    delivery = flight.delivery
    if end in _FAILURES:
        return not_sent(delivery, _FAILURES[end], now)
    provider_id = f"{delivery.advisory}/{delivery.subscription}"
    return sent(delivery, provider_id, moved_to if end is End.MOVED else None)
