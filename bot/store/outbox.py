"""The ledger of every advisory: who is next, what became of each send, and what time does to the rest."""

from collections.abc import AsyncIterator, Collection
from dataclasses import replace
from datetime import datetime

from bot.core.advisory import AdvisoryLevel
from bot.core.delivery import Delivery, Settlement
from bot.core.message import Address, ChannelName
from bot.store.claiming import Claimed, Wait, claim
from bot.store.database import Database
from bot.store.grouped import Grouped
from bot.store.keys import Pseudonyms
from bot.store.progress import LedgerRow, Progress, progress, some_rows
from bot.store.sealed import Seal
from bot.store.settling import Move, lose, move_to, settle
from bot.store.timekeeping import start, tick

__all__ = ["Claimed", "LedgerRow", "Outbox", "Progress", "Wait"]


class Outbox:
    """Deliveries on their way. Every method may raise `StoreDown`; a send whose end was not stored ends unknown."""

    def __init__(self, database: Database, pseudonyms: Pseudonyms, seal: Seal, grouped: Grouped | None = None) -> None:
        """`grouped` puts claims and settlements into one transaction with whatever else is written; None: each has its
        own."""
        self._database = database
        self._often = grouped.run if grouped else database.run_whole
        self._pseudonyms = pseudonyms
        self._seal = seal

    async def claim(
        self, channel: ChannelName, lane: str, rate: float, levels: Collection[AdvisoryLevel], now: datetime
    ) -> Claimed | Wait:
        """The next delivery of that channel, to be sent at once, or until when there is none and why.

        The lane's next send is put off by one over `rate` seconds, across all replicas. Whoever has a delivery settles
        it within `LEASE`, or somebody else gets it. `levels` are those that may go out at this hour.
        """
        return await self._often(claim, self._seal, channel, lane, rate, frozenset(levels), now)

    async def settle(self, delivery: Delivery, settlement: Settlement, lane: str, now: datetime) -> bool:
        """Write down what became of the send; False, and nothing changed, when the lease was lost meanwhile."""
        move = None if settlement.moved_to is None else self._move(delivery.to, settlement.moved_to)
        return await self._often(settle, replace(settlement, moved_to=None), delivery, lane, move, now)

    async def lose(self, who: Address, why: str, *, has_opted_out: bool, now: datetime) -> None:
        """Take note of what a platform tells late: they cannot be reached, or have stopped us there.

        `why` holds no address. What was sent to them stays sent.
        """
        await self._database.run(lose, self._pseudonyms.of(who), why, has_opted_out=has_opted_out, now=now)

    async def move(self, who: Address, to: Address, now: datetime) -> None:
        """Write to them there from now on; where they have a subscription of its own, or have stopped, that counts."""
        await self._database.run(move_to, self._move(who, to), now)

    async def tick(self, now: datetime) -> None:
        """What time brings, to be called every second by any number of replicas.

        Sends whose lease ran out ended unknown; what has expired is not sent; what was scheduled begins; what has
        nobody left is finished, when its deliveries add up to the audience.
        """
        for number in await self._database.run_whole(tick, now):
            await self._database.run_long(start, number, now)

    async def progress(self, number: int) -> Progress:
        """How far an advisory has come. Raises `NoSuchAdvisory`."""
        return await self._database.run(progress, number)

    async def rows(self, number: int) -> AsyncIterator[LedgerRow]:
        """Every delivery of an advisory, by subscription: for an export that names nobody."""
        last = 0
        while some := await self._database.run(some_rows, number, last):
            for row in some:
                yield row
            last = some[-1].subscription

    def _move(self, who: Address, to: Address) -> Move:
        return Move(self._pseudonyms.of(who), self._pseudonyms.of(to), to.channel, self._seal.close(to))
