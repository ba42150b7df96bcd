"""WhatsApp by Meta's Cloud API: what comes in, what goes out, and the 24 hours in which words are free."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import Self

import structlog

from bot.channels.meta import Turn
from bot.channels.meta_fields import Fields, items, words
from bot.channels.meta_line import API, Body, GraphRefused, Line, Pace, twice
from bot.channels.meta_window import Contacts, is_open
from bot.channels.whatsapp_failures import PairBusy, WindowClosed, failure_of
from bot.channels.whatsapp_sending import LIMITS, replies, templates
from bot.channels.whatsapp_status import OnStatus, Status, Statuses
from bot.channels.whatsapp_template import Template
from bot.channels.whatsapp_updates import Arrival, Move, decode
from bot.core.channel import Earlier, MayHaveArrived, Receipt, Receive, Sent, TryLater
from bot.core.message import Address, Part

log = structlog.get_logger()

_REMEMBERED = 10_000  # people; whoever is forgotten is looked up once more

OnMove = Callable[[Address, Address], Awaitable[None]]
"""Who writes to somebody at their new number from now on. Raises `TryLater` when it cannot: then it is told again."""


class WhatsApp:
    """The channel, and the port that announcements leave by.

    `lane` names the department's number by Meta's id of it. `opener` gives the words on the button that opens a list
    of choices. Messages are not marked as read: nobody at the department has read them (law 5). `unreadable` counts
    messages of which it is not known who wrote them.
    """

    limits = LIMITS
    rate = 40.0  # a second; WhatsApp takes 80 of one number, and half are for people who ask

    def __init__(
        self,
        token: str,
        number_id: str,
        receive: Receive,
        *,
        clock: Callable[[], datetime],
        contacts: Contacts,
        opener: Callable[[], str],
        on_status: OnStatus | None = None,
        on_move: OnMove | None = None,
        template: Template | None = None,
        api: str = API,
        pace: Pace | None = None,
    ) -> None:
        self._number_id = number_id
        self._receive = receive
        self._clock = clock
        self._contacts = contacts
        self._opener = opener
        self._statuses = Statuses(on_status) if on_status else None
        self._on_move = on_move
        self._renamed: OrderedDict[Address, None] = OrderedDict()
        self._template = template or Template()
        self._pace = pace or Pace()
        # A thousand residents who are told something never stand in the way of one who asks.
        self._line, self._bulk = (Line(api, token, most, self._pace) for most in (128, 8))
        self._open = AsyncExitStack()
        self.lane = f"whatsapp:{number_id}"
        self.unreadable = 0

    async def __aenter__(self) -> Self:
        for line in (self._line, self._bulk):
            await self._open.enter_async_context(line)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()

    def turns(self, payload: Fields) -> Sequence[Turn]:
        """What a webhook about WhatsApp asks for: a turn for each message, and reports to be kept."""
        batch = decode(payload, self._number_id, self._clock())
        if batch.unreadable:
            self.unreadable += batch.unreadable
            log.warning("whatsapp message unreadable", count=batch.unreadable)
        reports: list[Turn] = [partial(self._note, self._statuses, status) for status in batch.statuses
                               if self._statuses]  # fmt: skip
        moves = [partial(self._take, move) for move in batch.moves]
        return [*(partial(self._answer, arrival) for arrival in batch.arrivals), *reports, *moves]

    async def send(self, to: Address, parts: Sequence[Part]) -> str:
        """Send the parts in order, each tried twice, and return WhatsApp's id of the last. Raises a `SendFailed`."""
        return await self.reply(to, parts, self._number_id)

    async def reply(self, to: Address, parts: Sequence[Part], number_id: str) -> str:
        """The same from the number of the department's that the person wrote to."""
        last = ""
        for body in replies(to, parts, self._opener()):
            last = await twice(partial(self._post, self._line, number_id, body), self._pace)
        return last

    async def announce(self, to: Address, parts: Sequence[Part], after: Earlier | None = None) -> Sent:
        """Send the parts in order, on connections of their own, in a template when the last message is too long ago.

        WhatsApp lets nobody change a message that was sent: the earlier one is pointed at, and stays as it is.
        """
        known = await self._contacts(to)
        answers = after.id if after and after.id else None
        in_template = partial(
            templates, to, parts, self._template, known.language if known else next(iter(self._template.codes)), answers
        )
        if not is_open(known, self._clock()):
            return await self._announce(in_template())
        try:
            return await self._announce(replies(to, parts, self._opener(), answers))
        except WindowClosed:
            return await self._announce(in_template())  # by Meta's clock it was longer ago; nothing has arrived

    async def _announce(self, bodies: Sequence[Body]) -> Sent:
        last = ""
        for at, body in enumerate(bodies):
            try:
                last = await self._post(self._bulk, self._number_id, body)
            except (TryLater, WindowClosed) as failure:
                if at:
                    raise MayHaveArrived(f"the first {at} of several parts arrived") from failure
                if isinstance(failure, PairBusy):
                    raise TryLater(str(failure)) from None  # everybody else need not wait with them
                raise
        return Sent(last)

    async def _post(self, line: Line, number_id: str, body: Body) -> str:
        try:
            said = await line.post(f"{number_id}/messages", body)
        except GraphRefused as error:
            raise failure_of(error) from None
        return words(next(items(said, "messages"), {}), "id")

    async def _answer(self, arrival: Arrival) -> Receipt:
        """Answer; then whoever was known by their number is known by the id that stays, STOP and all (law 6)."""
        receipt = await self._receive(arrival.message, Via(self, arrival.number_id or self._number_id))
        if arrival.formerly is None or arrival.formerly in self._renamed:
            return receipt
        if await self._take(Move(arrival.formerly, arrival.message.sender)) is Receipt.NOT_SENT:
            return Receipt.NOT_SENT
        self._renamed[arrival.formerly] = None
        while len(self._renamed) > _REMEMBERED:
            self._renamed.popitem(last=False)
        return receipt

    @staticmethod
    async def _note(statuses: Statuses, status: Status) -> Receipt:
        try:
            await statuses.take(status)
        except TryLater:
            return Receipt.NOT_SENT
        return Receipt.IGNORED

    async def _take(self, move: Move) -> Receipt:
        try:
            if self._on_move:
                await self._on_move(move.who, move.to)
        except TryLater:
            return Receipt.NOT_SENT
        return Receipt.IGNORED


class Via:
    """The way back to one message: from the number it was sent to."""

    limits = LIMITS

    def __init__(self, channel: WhatsApp, number_id: str) -> None:
        self._channel = channel
        self._number_id = number_id

    async def send(self, to: Address, parts: Sequence[Part]) -> str:
        """Raises a `SendFailed`, and nothing else."""
        return await self._channel.reply(to, parts, self._number_id)
