"""What the platforms ask of the store about the people behind them, and what they tell it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TypeVar

import structlog

from bot.channels.whatsapp_status import Status
from bot.core.channel import OptedOut, TryLater, Unreachable
from bot.core.message import Address
from bot.core.subscription import Contact
from bot.store.faults import StoreDown
from bot.store.outbox import Outbox
from bot.store.subscriptions import Subscriptions

log = structlog.get_logger()
T = TypeVar("T")


class AddressBook:
    """The store as the platforms use it: `open` it once it is there.

    Before that, and while it is down, everything raises `TryLater`: whoever asked or told does it again.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._subscriptions: Subscriptions | None = None
        self._outbox: Outbox | None = None

    def open(self, subscriptions: Subscriptions, outbox: Outbox) -> None:
        self._subscriptions, self._outbox = subscriptions, outbox

    async def contact(self, person: Address) -> Contact | None:
        """What a platform must know to write to them; None when they are to be sent nothing."""
        with _told():
            return await self._opened(self._subscriptions).contact(person)

    async def lost(self, person: Address, why: Unreachable) -> None:
        """A platform tells late that somebody cannot be reached, or has stopped us there."""
        has_opted_out = isinstance(why, OptedOut)
        with _told():
            await self._opened(self._outbox).lose(person, str(why), has_opted_out=has_opted_out, now=self._clock())

    async def moved(self, person: Address, to: Address) -> None:
        """Somebody is written to at another address from now on."""
        with _told():
            await self._opened(self._outbox).move(person, to, self._clock())

    async def reported(self, status: Status) -> None:
        """What became of a message of ours on WhatsApp: who cannot be reached is kept, any other failure is said."""
        match status.failure:
            case Unreachable() as why if status.to is not None:
                await self.lost(status.to, why)
            case failure if failure is not None:
                log.error("whatsapp undelivered", failure=type(failure).__name__, reason=str(failure))

    @staticmethod
    def _opened(books: T | None) -> T:
        if books is None:
            raise TryLater("the store is not open")
        return books


@contextmanager
def _told() -> Iterator[None]:
    """The store's failure in the words of the port."""
    try:
        yield
    except StoreDown as e:
        raise TryLater("store down") from e
