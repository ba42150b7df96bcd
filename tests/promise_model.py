"""What was promised to whom, in plain Python beside the store: wishes, notices, and what a platform took."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.core.advisory import Advisory, AdvisoryKind, AdvisoryLevel, AdvisoryType
from bot.core.delivery import LEASE, Delivery, State
from bot.core.message import Address, ChannelName
from bot.core.subscription import Reach


@dataclass(slots=True, eq=False)
class Wish:
    """A subscription. `number` is the store's; it goes along when a chat moves."""

    number: int
    kind: AdvisoryKind
    chat: Address
    topics: set[str]
    reach: Reach
    state: str = "active"


@dataclass(slots=True, eq=False)
class Notice:
    """An advisory. `place` counts releases, None before its own; `ended` is how it was taken back, None: it was not."""

    number: int
    name: str
    kind: AdvisoryKind
    type: AdvisoryType
    thread: int
    level: AdvisoryLevel
    topic: str
    expires_at: datetime
    author: str
    approved_by: str | None = None
    place: int | None = None
    ended: State | None = None
    is_paused: bool = False
    rows: dict[int, "Row"] = field(default_factory=dict, repr=False)  # by delivery

    @property
    def is_cancel(self) -> bool:
        return self.type is AdvisoryType.CANCEL


@dataclass(slots=True, eq=False)
class Row:
    """One of a notice's audience. `holder` is the claim under way, None: none; `may_be`: ends with a reason."""

    number: int
    notice: Notice
    wish: Wish
    begun: int = 0
    copies: int = 0
    unknowns: int = 0
    holder: str | None = None
    lease_until: datetime | None = None
    may_be: set[State] = field(default_factory=set)
    has_left: bool = False  # stopped while nothing was under way: never again

    def is_held(self, now: datetime) -> bool:
        return self.lease_until is not None and self.lease_until > now

    def has_ended(self) -> None:
        self.holder = self.lease_until = None


@dataclass(frozen=True, slots=True)
class Begun:
    """A send that began: what the model knew at that moment, before it."""

    row: Row
    at: datetime
    attempt: int
    wish_state: str
    is_wanted: bool
    had_left: bool
    ended: State | None
    was_paused: bool
    newer: bool  # something later of its thread was out
    others: int  # sends of its thread to the same person under way
    was_held: bool
    in_flight: int
    rests_until: datetime | None
    second_last_at: datetime | None  # on its lane
    cancels_passed_over: int
    level_allowed: bool


@dataclass(slots=True, eq=False)
class Flight:
    """A send under way, as its sender knows it."""

    row: Row
    delivery: Delivery
    sender: int


class Model:
    """Everything that the promise speaks of."""

    def __init__(self) -> None:
        self.wishes: dict[tuple[AdvisoryKind, Address], Wish] = {}
        self.notices: dict[int, Notice] = {}
        self.rows: dict[int, Row] = {}
        self.rests: dict[str, datetime] = {}
        self.begun_at: dict[str, list[datetime]] = defaultdict(list)
        self._places = 0

    def of(self, chat: Address) -> list[Wish]:
        """Both kinds, those that have stopped left out."""
        found = (self.wishes.get((kind, chat)) for kind in AdvisoryKind)
        return [wish for wish in found if wish is not None and wish.state != "stopped"]

    def rows_of(self, wish: Wish) -> list[Row]:
        return [row for row in self.rows.values() if row.wish is wish]

    def thread(self, notice: Notice) -> list[Notice]:
        return [each for each in self.notices.values() if each.thread == notice.thread]

    def is_urgent(self, notice: Notice) -> bool:
        out = (each for each in self.thread(notice) if each.place is not None or each is notice)
        return any(each.level is AdvisoryLevel.ALERT for each in out)

    def wants(self, wish: Wish, notice: Notice) -> bool:
        if notice.is_cancel:
            return True
        return notice.topic in wish.topics and (wish.reach is Reach.EVERY or self.is_urgent(notice))

    # What people do

    def subscribe(self, number: int, kind: AdvisoryKind, chat: Address, topics: set[str], reach: Reach | None) -> None:
        wish = self.wishes.setdefault((kind, chat), Wish(number, kind, chat, set(), Reach.EVERY))
        if wish.state == "stopped":
            wish.reach = Reach.EVERY
        wish.state, wish.topics, wish.reach = "active", wish.topics | topics, reach or wish.reach
        if wish.reach is Reach.URGENT:
            self._without_the_rest(wish)

    def stop(self, chat: Address, topic: str | None) -> None:
        for wish in self.of(chat):
            if topic is None:
                self.leave(wish)
                continue
            wish.topics.discard(topic)
            for row in self.rows_of(wish):
                if row.notice.topic == topic and not row.notice.is_cancel:
                    self._opt_out(row)
            if not wish.topics:
                self.leave(wish)

    def know(self, chat: Address, numbers: dict[AdvisoryKind, int]) -> None:
        """A STOP is remembered of everybody, by these subscriptions: their chat may have moved, and nobody told us."""
        for kind, number in numbers.items():
            self.wishes.setdefault((kind, chat), Wish(number, kind, chat, set(), Reach.EVERY, state="stopped"))

    def leave(self, wish: Wish) -> None:
        wish.state, wish.topics = "stopped", set()
        for row in self.rows_of(wish):
            self._opt_out(row)

    def set_reach(self, chat: Address, reach: Reach) -> None:
        for wish in self.of(chat):
            wish.reach = reach
            if reach is Reach.URGENT:
                self._without_the_rest(wish)

    def revive(self, chat: Address) -> None:
        for wish in self.of(chat):
            wish.state = "active"

    def suspend(self, wish: Wish) -> None:
        if wish.state == "active":
            wish.state = "suspended"
        for row in self.rows_of(wish):
            row.may_be.add(State.UNDELIVERABLE)

    def move(self, chat: Address, to: Address) -> None:
        if chat == to:
            return
        for wish in self.of(chat):
            if (wish.kind, to) in self.wishes:
                self.leave(wish)
            else:
                del self.wishes[wish.kind, chat]
                wish.chat, self.wishes[wish.kind, to] = to, wish

    @staticmethod
    def _opt_out(row: Row) -> None:
        row.may_be.add(State.OPTED_OUT)
        row.has_left |= row.holder is None

    def _without_the_rest(self, wish: Wish) -> None:
        for row in self.rows_of(wish):
            if not row.notice.is_cancel and not self.is_urgent(row.notice):
                row.may_be.add(State.OPTED_OUT)

    # What staff do

    def draft(self, made: Advisory) -> Notice:
        notice = self.notices[made.number] = Notice(
            made.number, made.identifier, made.kind, made.type, made.thread, made.content.level, made.content.topic,
            made.content.expires_at, made.author,
        )  # fmt: skip
        return notice

    def audience(self, notice: Notice) -> tuple[set[int], set[int]]:
        """The subscriptions that a release now must address, and those that it may."""
        active = [w for w in self.wishes.values() if w.kind is notice.kind and w.state == "active"]
        if not notice.is_cancel:
            wanting = {wish.number for wish in active if self.wants(wish, notice)}
            return wanting, wanting
        theirs = [row for each in self.thread(notice) for row in each.rows.values()]
        got = {row.wish.number for row in theirs if row.copies or row.holder is not None}
        tried = {row.wish.number for row in theirs if row.begun}
        numbers = {wish.number for wish in active}
        return got & numbers, tried & numbers

    def release(self, notice: Notice, planned: dict[int, int]) -> None:
        """It is out, to these subscriptions by delivery."""
        self._places += 1
        by_number = {wish.number: wish for wish in self.wishes.values()}
        for other in self.thread(notice):
            if other is not notice and notice.type is not AdvisoryType.ALERT:
                if other.place is not None and (other.ended is None or notice.is_cancel):
                    other.ended = State.WITHDRAWN
                for row in other.rows.values():
                    row.may_be.add(State.WITHDRAWN)
        notice.place = self._places
        for number, subscription in planned.items():
            notice.rows[number] = self.rows[number] = Row(number, notice, by_number[subscription])

    # What a sender does

    def begins(self, row: Row, delivery: Delivery, lane: str, now: datetime, passed: int, *, allowed: bool) -> Begun:
        thread = self.thread(row.notice)
        place = row.notice.place or 0
        mates = [each for notice in thread for each in notice.rows.values() if each.wish is row.wish]
        flying = [r for r in self.rows.values() if r.is_held(now) and r.wish.chat.channel is row.wish.chat.channel]
        begun = Begun(
            row=row,
            at=now,
            attempt=row.begun + 1,
            wish_state=row.wish.state,
            is_wanted=self.wants(row.wish, row.notice),
            had_left=row.has_left,
            ended=row.notice.ended,
            was_paused=row.notice.is_paused,
            newer=any((each.place or 0) > place for each in thread),
            others=sum(each.holder is not None for each in mates if each is not row),
            was_held=row.holder is not None,
            in_flight=len(flying),
            rests_until=self.rests.get(lane),
            second_last_at=next(iter(self.begun_at[lane][-2:-1]), None),
            cancels_passed_over=passed,
            level_allowed=allowed,
        )
        row.begun += 1
        row.holder, row.lease_until = delivery.owner, now + LEASE
        self.begun_at[lane].append(now)
        return begun

    def end_leases(self, now: datetime) -> list[Row]:
        """Whose sender has died, by the clock of the ledger."""
        lost = [row for row in self.rows.values() if row.lease_until is not None and row.lease_until <= now]
        for row in lost:
            row.has_ended()
            row.unknowns += 1
        return lost

    def explained(self, row: Row, state: State, now: datetime) -> bool:
        """Whether what has happened allows the row to end like that."""
        match state:
            case State.SENT:
                return row.copies > 0
            case State.UNCERTAIN:
                return row.unknowns > 0
            case State.EXPIRED:
                return row.notice.expires_at <= now
            case State.WITHDRAWN if row.notice.is_cancel:
                mates = [each for other in self.thread(row.notice) for each in other.rows.values()]
                return not any(each.copies for each in mates if each.wish is row.wish)
        return state in row.may_be


def somebody(number: int) -> Address:
    """Every sixth is on another platform."""
    return Address(ChannelName.WEB if number % 6 == 0 else ChannelName.TELEGRAM, str(number))


SOON = timedelta(seconds=1 / 29 + 0.000_01)  # when a lane of 29 a second has its next turn
