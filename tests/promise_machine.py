"""The promise on advisories as a state machine: whatever happens, in whatever order, its eight clauses hold."""

from collections.abc import Coroutine
from datetime import timedelta
from math import inf
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import seed as seeded
from hypothesis import strategies as some
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bot.core.advisory import AdvisoryKind, AdvisoryLevel, AdvisoryType
from bot.core.conversation import Conversation
from bot.core.delivery import not_sent
from bot.core.subscription import Reach
from bot.store.faults import WrongStage
from tests import promise_clauses as clauses
from tests.promise_books import TOPICS
from tests.promise_town import CHANNELS, FAILURES, RATE, End, Town, lane_of, pick, settlement

_ACTS = (*"approve release schedule discard pause resume".split(), "resume")
_SOON_SECONDS = (0.04, 1, 6, 31, 61, 121, 301)
picks = some.integers(0, 63)
follow_ups = some.sampled_from([AdvisoryType.UPDATE, AdvisoryType.CANCEL])
ends = some.sampled_from([End.TAKEN] * 6 + [End.HOLDS, End.HOLDS, End.LOST, End.DIES_AFTER] + list(End))
kinds = some.sampled_from([AdvisoryKind.LIVE, AdvisoryKind.LIVE, AdvisoryKind.LIVE, AdvisoryKind.EXERCISE])
levels = some.sampled_from(AdvisoryLevel)
topics = some.sampled_from([TOPICS[0], *TOPICS])
lives = some.sampled_from([timedelta(seconds=20), timedelta(minutes=4), timedelta(hours=6), timedelta(hours=6)])


class Promise(RuleBasedStateMachine):
    """Some minutes or hours of a town."""

    def __init__(self) -> None:
        super().__init__()
        self.town = Town()
        self.is_sound = True

    # What happens

    @initialize(seed=some.integers(0, 2**16), crowd=some.sampled_from([5, 12, 0]), level=levels, waits=some.booleans())
    def begins(self, seed: int, crowd: int, level: AdvisoryLevel, *, waits: bool) -> None:
        self.town.begin_anew(seed, crowd)
        if crowd:
            self.publish(AdvisoryKind.LIVE, level, TOPICS[0], timedelta(hours=6), 1 if waits else None)

    @rule(who=picks, wanted=some.sets(topics, min_size=1), reach=some.sampled_from([None, *Reach]), kind=kinds)
    def subscribe(self, who: int, wanted: set[str], reach: Reach | None, kind: AdvisoryKind) -> None:
        chat = self.town.chat(who)
        self.town.act(
            self.town.books.subscriptions.subscribe(chat, wanted, reach, "en", "/subscribe", self.town.now, kind)
        )
        self.town.model.subscribe(self.town.books.subscription(chat, kind), kind, chat, wanted, reach)

    @rule(who=picks, topic=some.sampled_from([None, None, *TOPICS]))
    def stop(self, who: int, topic: str | None) -> None:
        chat = self.town.chat(who)
        self.town.act(self.town.books.subscriptions.stop(chat, topic, self.town.now))
        if topic is None:
            self.town.model.know(chat, {kind: self.town.books.subscription(chat, kind) for kind in AdvisoryKind})
        self.town.model.stop(chat, topic)

    @rule(who=picks, reach=some.sampled_from(Reach))
    def set_reach(self, who: int, reach: Reach) -> None:
        chat = self.town.chat(who)
        self.town.act(self.town.books.subscriptions.set_reach(chat, reach, self.town.now))
        self.town.model.set_reach(chat, reach)

    @rule(who=picks)
    def writes_to_us(self, who: int) -> None:
        chat = self.town.chat(who)
        self.town.act(self.town.books.conversations.save(chat, Conversation(), self.town.now))
        self.town.model.revive(chat)

    @rule(kind=kinds, level=levels, topic=topics, life=lives, wait=some.sampled_from([None, None, None, 1, 121, inf]))
    def publish(
        self, kind: AdvisoryKind, level: AdvisoryLevel, topic: str, life: timedelta, wait: float | None
    ) -> None:
        """Write an advisory and let it go out, now or in so many seconds; `inf`: not yet."""
        notice = self.town.draft(kind, level, topic, life)
        if wait == inf:
            return
        if level is AdvisoryLevel.ALERT:
            self.town.approve(notice, "ben")
        self.town.release(notice, wait)

    @precondition(lambda self: self.town.model.notices)
    @rule(which=picks, how=follow_ups, level=levels, life=lives, goes_out=some.sampled_from([True, True, False]))
    def follow(self, which: int, how: AdvisoryType, level: AdvisoryLevel, life: timedelta, *, goes_out: bool) -> None:
        among = list(self.town.model.notices.values())
        before = pick([each for each in among if each.place is not None and not each.is_cancel] or among, which)
        try:
            notice = self.town.draft(before.kind, level, before.topic, life, how, before.number)
        except WrongStage:
            return
        if goes_out:
            self.town.approve(notice, "ben")
            self.town.release(notice, None)

    @precondition(lambda self: self.town.model.notices)
    @rule(which=picks, act=some.sampled_from(_ACTS))
    def staff(self, which: int, act: str) -> None:
        among = list(self.town.model.notices.values())
        if act in ("approve", "release", "schedule"):
            among = [each for each in among if each.place is None] or among
        notice, books = pick(among, which), self.town.books.advisories
        match act:
            case "approve":
                self.town.approve(notice, ("ada", "ben")[which % 2])
            case "release" | "schedule":
                self.town.release(notice, None if act == "release" else 121)
            case "discard":
                self.town.staff("discard", notice, books.discard(notice.number, "ada", self.town.now))
            case "pause":
                if self.town.staff("pause", notice, books.pause(notice.number, "ada", "a wrong street", self.town.now)):
                    notice.is_paused = True
            case "resume":
                if self.town.staff("resume", notice, books.resume(notice.number, "ada", self.town.now)):
                    notice.is_paused = False

    @rule(seconds=some.sampled_from(_SOON_SECONDS))
    def time_passes(self, seconds: float) -> None:
        self.town.begun = []
        self.town.now += timedelta(seconds=seconds)

    @rule(seconds=some.sampled_from((0.0, *_SOON_SECONDS)))
    def tick(self, seconds: float) -> None:
        self.town.now += timedelta(seconds=seconds)
        self.town.tick()

    @rule(comes=some.lists(ends, min_size=1, max_size=4), who=picks)
    def send(self, comes: list[End], who: int) -> None:
        self.town.send(CHANNELS[0], comes, who, is_night=False)

    @rule(comes=some.just([End.HOLDS] * 4) | some.lists(ends, min_size=2, max_size=4), who=picks)
    def send_more(self, comes: list[End], who: int) -> None:
        self.town.send(CHANNELS[0], comes, who, is_night=False)

    @rule(comes=some.lists(ends, min_size=1, max_size=4), who=picks, is_night=some.booleans())
    def send_there(self, comes: list[End], who: int, *, is_night: bool) -> None:
        self.town.send(CHANNELS[not is_night], comes, who, is_night=is_night)

    @precondition(lambda self: self.town.flights)
    @rule(which=picks, end=ends, who=picks)
    def ends(self, which: int, end: End, who: int) -> None:
        self.town.begun = []
        self.town.end(pick(self.town.flights, which), end, who)

    @precondition(lambda self: self.town.flights)
    @rule(sender=some.integers(0, 1), arrived=some.booleans())
    def crash(self, sender: int, arrived: bool) -> None:
        self.town.begun = []
        for flight in [each for each in self.town.flights if each.sender == sender]:
            self.town.end(flight, End.DIES_AFTER if arrived else End.DIES_BEFORE, 0)

    @precondition(lambda self: self.town.orphans)
    @rule(which=picks, end=some.sampled_from([End.TAKEN, End.CUT, End.BLOCKED]))
    def late_word(self, which: int, end: End) -> None:
        """A sender that was thought dead tells what it learned of a send before it fell asleep."""
        self.town.begun = []
        flight = pick(self.town.orphans, which)
        self.town.orphans.remove(flight)
        if flight.row.holder != flight.delivery.owner:
            before = self.town.books.dump()
            assert not self.town.settle(flight, settlement(flight, end, flight.delivery.to, self.town.now))
            assert self.town.books.dump() == before

    @rule(arrived=some.booleans())
    def power_is_cut(self, arrived: bool) -> None:
        self.town.begun = []
        for flight in list(self.town.flights):
            self.town.end(flight, End.DIES_AFTER if arrived else End.DIES_BEFORE, 0)
        self.town.books.database.lose_power()

    @rule(at=some.integers(0, 6), act=some.sampled_from(["claim", "tick", "stop", "subscribe", "settle"]), who=picks)
    def power_goes_in_the_middle(self, at: int, act: str, who: int) -> None:
        """Either all of it is stored or nothing."""
        self.town.begun = []
        chat, books = self.town.chat(who), self.town.books
        todo: dict[str, Coroutine[Any, Any, Any]] = {
            "claim": books.outbox.claim(CHANNELS[0], "lane telegram", RATE, set(AdvisoryLevel), self.town.now),
            "tick": books.outbox.tick(self.town.now),
            "stop": books.subscriptions.stop(chat, None, self.town.now),
            "subscribe": books.subscriptions.subscribe(chat, {"traffic"}, None, "en", "/subscribe", self.town.now),
        }
        if self.town.flights:
            flight = pick(self.town.flights, who)
            told = not_sent(flight.delivery, FAILURES[End.CLOSED], self.town.now)
            todo["settle"] = books.outbox.settle(
                flight.delivery, told, lane_of(flight.delivery.to.channel), self.town.now
            )
        books.fails(todo.pop(act if act in todo else "tick"), at)
        for other in todo.values():
            other.close()

    def teardown(self) -> None:
        if self.is_sound:
            self.town.come_to_an_end(self.holds)
            if self.town.says_the_rest():
                self.town.come_to_an_end(self.holds)
            self.town.figures.examples += 1
            self.town.figures.ended.update(kept.state for kept in self.town.books.look().rows.values())
        super().teardown()

    @invariant()
    def holds(self) -> None:
        self.is_sound = False
        for clause in clauses.CLAUSES:
            clause(self.town)
        self.is_sound = True
        self.town.figures.steps += 1


def hold(examples: int, steps: int, seed: int) -> None:
    """Let so many of them be made up and lived through; raises with the shortest story when one breaks the promise."""
    wanted = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(seeded(seed)(Promise), settings=wanted)
