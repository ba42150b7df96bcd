"""Messenger, the chat of the department's Facebook page: answers within 24 hours of a question, and nothing unasked."""

from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import Self

import structlog

from bot.channels.messenger_sending import LIMITS, failure_of, requests
from bot.channels.messenger_updates import START, decode
from bot.channels.meta import Turn
from bot.channels.meta_fields import Fields, words
from bot.channels.meta_line import API, Body, GraphRefused, Line, Pace, twice
from bot.channels.meta_window import Contacts, is_open
from bot.core.channel import Earlier, MayHaveArrived, Receive, Refused, SendFailed, Sent, TryLater
from bot.core.message import Address, Part

log = structlog.get_logger()


class Messenger:
    """The channel. It announces only when it is given `contacts`, and then within the 24 hours that Meta allows.

    Nobody can subscribe without them. Messages are not marked as seen: nobody at the department has read them (law 5).
    `unreadable` counts messages of which it is not known who wrote them.
    """

    lane = "messenger"
    rate = 20.0  # a second; Meta takes more of a page, and half are for people who ask

    def __init__(
        self,
        token: str,
        receive: Receive,
        *,
        clock: Callable[[], datetime],
        contacts: Contacts | None = None,
        api: str = API,
        pace: Pace | None = None,
    ) -> None:
        self._receive = receive
        self._clock = clock
        self._contacts = contacts
        self._pace = pace or Pace()
        self._line, self._bulk = (Line(api, token, most, self._pace) for most in (128, 8))
        self._open = AsyncExitStack()
        self.limits = replace(LIMITS, announces=contacts is not None)
        self.unreadable = 0

    async def __aenter__(self) -> Self:
        for line in (self._line, self._bulk):
            await self._open.enter_async_context(line)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()

    async def introduce(self) -> None:
        """Put our value behind the page's Get Started button, so that the first thing anybody reads is the greeting.

        When Messenger does not take it, that is logged: whoever writes is answered all the same.
        """
        try:
            await self._call(self._line, "me/messenger_profile", {"get_started": {"payload": START}})
        except SendFailed as failure:
            log.warning("messenger profile refused", error=type(failure).__name__, reason=str(failure))

    def turns(self, payload: Fields) -> Sequence[Turn]:
        """What a webhook about the page asks for: a turn for each message."""
        batch = decode(payload, self._clock())
        if batch.unreadable:
            self.unreadable += batch.unreadable
            log.warning("messenger message unreadable", count=batch.unreadable)
        return [partial(self._receive, message, self) for message in batch.messages]

    async def send(self, to: Address, parts: Sequence[Part]) -> str:
        """Send the parts in order, each tried twice, and return Messenger's id of the last. Raises a `SendFailed`."""
        last = ""
        for body in requests(to, parts):
            last = await twice(partial(self._post, self._line, body), self._pace)
        return last

    async def announce(
        self,
        to: Address,
        parts: Sequence[Part],
        after: Earlier | None = None,  # noqa: ARG002 - a page can neither answer nor change its own message
    ) -> Sent:
        """Send the parts in order, on connections of their own, to somebody who wrote within the last 24 hours.

        Everybody else is refused: Meta allows a page no such message, and reaching for one of its tags costs the page.
        """
        if self._contacts is None or not is_open(await self._contacts(to), self._clock()):
            raise Refused("more than 24 hours after their last message")
        last = ""
        for at, body in enumerate(requests(to, parts, is_answer=False)):
            try:
                last = await self._post(self._bulk, body)
            except TryLater as failure:
                if at == 0:
                    raise
                raise MayHaveArrived(f"the first {at} of several parts arrived") from failure
        return Sent(last)

    async def _post(self, line: Line, body: Body) -> str:
        return words(await self._call(line, "me/messages", body), "message_id")

    @staticmethod
    async def _call(line: Line, path: str, body: Body) -> Fields:
        try:
            return await line.post(path, body)
        except GraphRefused as error:
            raise failure_of(error) from None
