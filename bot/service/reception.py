"""A message in, one reply out. The emergency check comes before the claim, the lock and the store (law 1)."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TypeVar

import structlog

from bot.core.answer import Snapshot, Turn, answer
from bot.core.channel import Channel, Receipt, SendFailed, TryLater
from bot.core.conversation import Conversation
from bot.core.emergency import Level, Verdict
from bot.core.floor import FLOOR_NOT_STOPPED, FLOOR_STOPPED
from bot.core.message import Address, IncomingMessage, Reply
from bot.core.subscribing import Done, Order, Unsubscribe
from bot.knowledge.live import Live
from bot.service.apology import failed, fitted, redirection, turned_away
from bot.service.chats import Chats
from bot.service.counting import Counting
from bot.service.measures import Measures
from bot.service.memory import Memory as Memory
from bot.service.memory import noted
from bot.service.orders import carried_out, is_stop, told
from bot.service.shedding import Shedding, Way
from bot.service.turns import OneByOne, Place, Turns
from bot.service.vetting import Vetting
from bot.store.faults import StoreDown
from bot.store.inbox import Claim
from bot.store.keys import Pseudonyms

log = structlog.get_logger()
T = TypeVar("T")

_LOADS_WITHIN = 20.0  # seconds; the first load takes two, on a slow disk more
_STORE_WITHIN = 2.0  # seconds; the store keeps to less by itself, unless it is stuck
_STORE_RESTS = 5.0  # seconds it is left alone after that: waits must not add up before a reply


class Reception:
    """Answers everything that comes in, on every channel. `memory` is None until the store is open."""

    def __init__(self, live: Live, pseudonyms: Pseudonyms, clock: Callable[[], datetime]) -> None:
        self._live, self.pseudonyms, self._clock = live, pseudonyms, clock
        self.memory: Memory | None = None
        self.counting: Counting | None = None
        self._store_rests_until, self._open = 0.0, 0
        self.shedding, self.measures = Shedding(), Measures()
        self._turns, self._one_by_one, self._vetting = Turns(), OneByOne(), Vetting()
        self._chats = Chats()
        self._quiet = asyncio.Event()
        self._quiet.set()

    async def receive(self, message: IncomingMessage, via: Channel) -> Receipt:
        """Answer the message. Raises nothing: whatever fails is logged, and the resident still gets a reply."""
        self._open += 1
        self.shedding.waiting += 1
        self._quiet.clear()
        try:
            with self._turns.place(message.sender) as place:
                return await self._receive(message, via, place)
        finally:
            self._open -= 1
            self.shedding.waiting -= 1
            if not self._open:
                self._quiet.set()

    async def _receive(self, message: IncomingMessage, via: Channel, place: Place) -> Receipt:
        """Only an answer waits for its place: neither 911 nor a notice does, and nobody waits for theirs."""
        began = time.perf_counter()
        snapshot, strain = self._live.current, self.shedding.strain()
        verdict = await self._vetting.verdict(message, snapshot, strain)
        if snapshot is None and not self._live.opened.is_set():
            # The floor sees danger in every "police": redirect at once, and answer as well if it was none.
            if verdict.level is Level.EMERGENCY:
                self.measures.verdicts[verdict.level] += 1
                receipt = await self._redirect(message, verdict, snapshot, via, began)
            snapshot = await self._loaded()
            before, verdict = verdict, await self._vetting.verdict(message, snapshot)
            if before.level is Level.EMERGENCY and (snapshot is None or verdict.level is Level.EMERGENCY):
                return receipt
        self.measures.verdicts[verdict.level] += 1
        if verdict.level is Level.EMERGENCY:
            place.leave()
            return await self._redirect(message, verdict, snapshot, via, began)
        if not message.is_addressed:
            return Receipt.IGNORED
        if (way := self.shedding.way(message, strain)) is not Way.ANSWER:
            place.leave()
            return await self._turned_away(way, message, verdict, snapshot, via, began)
        await place.first.wait()
        return await self._answer(message, verdict, snapshot, via, began)

    async def _loaded(self) -> Snapshot | None:
        """The first snapshot, waited for while it loads; the floor has seen no danger in the message."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_LOADS_WITHIN):
                await self._live.opened.wait()
        return self._live.current

    async def quiet(self, at_most: float) -> None:
        """Wait until no turn is open, at most so many seconds."""
        try:
            async with asyncio.timeout(at_most):
                await self._quiet.wait()
        except TimeoutError:
            log.warning("turns cut off", open=self._open)

    async def _redirect(
        self, message: IncomingMessage, verdict: Verdict, snapshot: Snapshot | None, via: Channel, began: float
    ) -> Receipt:
        """Send the 911 reply: no claim, no lock, no store. Delivered twice, it is answered twice."""
        reply = redirection(message, verdict, snapshot, self._chats.get(message.sender))
        receipt = await self._send(reply, message, via)
        await self._leave_open(message)
        spoken = self._chats.get(message.sender)
        self._count(receipt, lambda counting: counting.redirected(message, verdict, snapshot, spoken))
        self._log(message, "emergency", verdict.cue, receipt, began)
        return receipt

    async def _turned_away(
        self,
        way: Way,
        message: IncomingMessage,
        verdict: Verdict,
        snapshot: Snapshot | None,
        via: Channel,
        began: float,
    ) -> Receipt:
        """Say that there is no answer now, by no claim, lock or store."""
        await self._one_by_one()
        self.measures.turned_away(message.sender.channel, way)
        before = self._chats.get(message.sender)
        reply = turned_away(way, message, verdict, snapshot, before, self._clock())
        if isinstance(reply, Receipt):
            return reply
        receipt = await self._send(reply, message, via)
        self.shedding.ended(message, receipt)
        self._log(message, way.notice, None, receipt, began)
        return receipt

    async def _leave_open(self, message: IncomingMessage) -> None:
        """Remember that an emergency is open, after its reply has left: "hurry" alone must get 911 again."""
        opened = replace(await self._recalled(message.sender), emergency_at=self._clock())
        await self._save(message, opened)

    async def _answer(
        self, message: IncomingMessage, verdict: Verdict, snapshot: Snapshot | None, via: Channel, began: float
    ) -> Receipt:
        # Together, as what is stored below: in a surge each trip to the store takes as long as everything else.
        claim, before = await asyncio.gather(
            self._ask(lambda memory: memory.inbox.claim(message, self._clock()), Claim.NEW),
            self._recalled(message.sender),
        )
        if claim is not Claim.NEW:
            self._log(message, "duplicate", None, Receipt.DUPLICATE, began)
            return Receipt.DUPLICATE if claim is Claim.DONE else Receipt.NOT_SENT
        await self._one_by_one()
        turn = self._decided(message, verdict, snapshot, before, via)
        if turn is None or snapshot is None:
            reply = await self._stopped(message, via) or failed(message, snapshot)
            receipt = await self._send(reply, message, via)
            self._count(receipt, lambda counting: counting.failed(message, snapshot))
            outcome, source = "failed", None
        else:
            turn = await self._ordered(message, turn, snapshot, via)
            receipt = await self._send(turn.reply, message, via)
            self._count(receipt, partial(Counting.answered, message=message, turn=turn, snapshot=snapshot))
            outcome, source = turn.outcome.value, turn.reply.source
        if receipt is Receipt.NOT_SENT:
            self.shedding.ended(message, receipt)
            await self._ask(lambda memory: memory.inbox.release(message), None)
        else:
            await self._settle(message, turn)
        self._log(message, outcome, source, receipt, began)
        return receipt

    def _decided(
        self,
        message: IncomingMessage,
        verdict: Verdict,
        snapshot: Snapshot | None,
        before: Conversation,
        via: Channel,
    ) -> Turn | None:
        """The turn, or None when there is nothing to decide with or deciding failed."""
        if snapshot is None:
            return None
        try:
            return answer(message, verdict, snapshot, before, self._clock(), via.limits)
        except Exception:  # border: inbound message
            log.exception("turn failed", channel=message.sender.channel.value)
            return None

    async def _ordered(self, message: IncomingMessage, turn: Turn, snapshot: Snapshot, via: Channel) -> Turn:
        """The turn with its order, if it has one, carried out: stored first, then told (law 6)."""
        if turn.order is None:
            return turn
        done = await self._carried_out(turn.order, message, turn.language)
        return told(turn, done, snapshot, self._clock(), via.limits)

    async def _stopped(self, message: IncomingMessage, via: Channel) -> Reply | None:
        """STOP where nothing else can be decided, in the floor's words; None when the message is no STOP."""
        if not is_stop(message):
            return None
        done = await self._carried_out(Unsubscribe(), message, "") if via.limits.announces else Done(None, None)
        return Reply(FLOOR_STOPPED if done else FLOOR_NOT_STOPPED)

    async def _carried_out(self, order: Order, message: IncomingMessage, language: str) -> Done | None:
        """What the store made of the order; None when it could not, or nobody knows whether it could."""

        async def work(memory: Memory) -> Done | None:
            kept = memory.subscriptions
            return await carried_out(order, message, language, self._clock(), kept) if kept else None

        return await self._ask(work, None, rests=False)

    async def _recalled(self, person: Address) -> Conversation:
        is_shared = self.memory is not None and self.memory.is_shared
        load = partial(self._ask, lambda memory: memory.conversations.load(person), None)
        return await self._chats.recalled(person, load, is_shared=is_shared)

    async def _settle(self, message: IncomingMessage, turn: Turn | None) -> None:
        """Keep where the chat stands now that its reply has left, and that the message was answered.

        A process that is killed before it has neither: the message comes again, and means what it meant.
        """
        kept = [self._ask(lambda memory: memory.inbox.done(message, self._clock()), None)]
        if turn is not None:
            kept.append(self._save(message, turn.conversation))
            kept += [self._ask(partial(noted, note, message.sender, self._clock()), None) for note in turn.actions]
        with self.shedding.decided():
            await asyncio.gather(*kept)

    async def _save(self, message: IncomingMessage, conversation: Conversation) -> None:
        person, now = message.sender, self._clock()

        async def save(memory: Memory) -> bool:
            await memory.conversations.save(person, conversation, now, message.received_at)
            return True

        await self._chats.save(person, conversation, partial(self._ask, save, False))

    async def _ask(self, work: Callable[[Memory], Awaitable[T]], otherwise: T, *, rests: bool = True) -> T:
        """What the store says, or this instead when it is down: that may cost a duplicate, never a reply.

        `rests`: a store that was just stuck is not asked; somebody's STOP is worth the wait.
        """
        if self.memory is None or (rests and time.monotonic() < self._store_rests_until):
            return otherwise
        try:
            async with asyncio.timeout(_STORE_WITHIN):
                return await work(self.memory)
        except TimeoutError:
            self._store_rests_until = time.monotonic() + _STORE_RESTS
            log.warning("store down", reason="no answer in time")
        except StoreDown as e:
            log.warning("store down", reason=str(e))
        except Exception:  # border: inbound message
            log.exception("store failed")
        self.measures.store_errors += 1
        return otherwise

    async def _send(self, reply: Reply, message: IncomingMessage, via: Channel) -> Receipt:
        try:
            with self.shedding.decided():
                await via.send(message.sender, fitted(reply, via))
        except TryLater:
            return Receipt.NOT_SENT
        except SendFailed as e:
            log.warning("reply refused", channel=message.sender.channel.value, failure=type(e).__name__)
            return Receipt.UNDELIVERABLE
        except Exception:  # border: inbound message
            log.exception("send failed", channel=message.sender.channel.value)
            return Receipt.NOT_SENT
        return Receipt.ANSWERED

    def _count(self, receipt: Receipt, how: Callable[[Counting], None]) -> None:
        """Count what was answered; what the platform brings again is counted then."""
        if self.counting is not None and receipt is not Receipt.NOT_SENT:
            with suppress(Exception):  # border: inbound message; the reply has left, a count is lost
                how(self.counting)

    def _log(self, message: IncomingMessage, outcome: str, source: str | None, receipt: Receipt, began: float) -> None:
        self.measures.turn(message.sender.channel, outcome, receipt, time.perf_counter() - began)
        with suppress(Exception):  # border: inbound message; the reply has left, a line that cannot be written is lost
            log.info(
                "turn",
                channel=message.sender.channel.value,
                person=self.pseudonyms.of(message.sender),
                outcome=outcome,
                source=source,
                receipt=receipt.value,
                ms=round((time.perf_counter() - began) * 1000, 1),
            )
