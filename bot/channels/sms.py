"""SMS through Twilio: what comes in by webhook, what goes out by the REST API, what may go wrong."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import Self

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from bot.channels import sms_checks
from bot.channels.sms_sending import Page, SmsPace, SmsSender, SmsVia, limits_of
from bot.channels.sms_updates import Arrival, Undelivered, decode, fields, undelivered
from bot.channels.twilio_line import API, Account, TwilioLine
from bot.channels.twilio_proof import is_signed
from bot.channels.webhook import hook
from bot.core.channel import Earlier, LaneClosed, Receipt, Receive, Refused, SendFailed, Sent, TryLater, Unreachable
from bot.core.message import Address, Part

log = structlog.get_logger()

PATH = "/webhooks/twilio"
STATUS_PATH = "/webhooks/twilio/status"
OVERRIDES = "#rc=2&rp=all"
"""Behind the address in Twilio's console: else what we answered with 503 would not be brought again."""

_NO_REPLY = '<?xml version="1.0" encoding="UTF-8"?><Response/>'

Lost = Callable[[Address, Unreachable], Awaitable[None]]
"""Who is told that somebody cannot be reached. Raises `TryLater` when it cannot keep that: Twilio may tell it again."""


class Sms:
    """The channel: a reply tries twice. It also is the port that announcements leave by, at their own pace.

    `lane` names the number or the service. `lost` is told of whom Twilio could not reach after all. `unreadable`
    counts forms that nothing could be read from.
    """

    def __init__(
        self,
        account: Account,
        receive: Receive,
        *,
        clock: Callable[[], datetime],
        public_url: str,
        page: Page,
        lost: Lost,
        api: str = API,
        rate: float = 1.0,
        pace: SmsPace | None = None,
    ) -> None:
        pace = pace or SmsPace()
        self._account = account
        self._receive = receive
        self._clock = clock
        self._lost = lost
        self._url = public_url.rstrip("/")
        # A thousand residents who are told something never stand in the way of one who asks.
        self.line = TwilioLine(account, api, 64, pace.answer)
        self._bulk_line = TwilioLine(account, api, 4, pace.bulk_answer)
        callback = f"{self._url}{STATUS_PATH}"
        self._sender = SmsSender(self.line, account, callback, pace)
        self._bulk = SmsSender(self._bulk_line, account, callback, pace)
        self._opened = AsyncExitStack()
        self.limits = limits_of(page)
        self.lane = f"sms:{account.sender}"
        self.rate = rate
        self.unreadable = 0

    async def __aenter__(self) -> Self:
        for line in (self.line, self._bulk_line):
            await self._opened.enter_async_context(line)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._opened.aclose()

    def routes(self) -> list[web.RouteDef]:
        """Where Twilio brings messages, and tells what became of ours."""
        messages = hook(PATH, is_genuine=partial(self._is_genuine, PATH), decode=self._decode, turn=self._turn)
        statuses = hook(
            STATUS_PATH, is_genuine=partial(self._is_genuine, STATUS_PATH), decode=_statuses, turn=self._hear
        )
        return [web.post(route.path, _acknowledged(route.handler)) for route in (messages, statuses)]

    async def faults(self) -> tuple[str, ...]:
        """What a person must mend at Twilio, for `doctor`; nothing is sent. Raises a `SendFailed`: nothing is known."""
        return await sms_checks.faults(self.line, self._account, f"{self._url}{PATH}{OVERRIDES}")

    async def send(self, to: Address, parts: Sequence[Part]) -> str:
        """Send the parts in order and return Twilio's id of the last one. Raises a `SendFailed`, nothing else."""
        return await self._sender.send(to, parts)

    async def announce(self, to: Address, parts: Sequence[Part], after: Earlier | None = None) -> Sent:  # noqa: ARG002
        """Send the parts in order, on connections of their own. Raises a `SendFailed`, nothing else.

        An SMS that has arrived can be neither answered nor changed: what replaces it says so itself.
        """
        return await self._bulk.announce(to, parts)

    def _is_genuine(self, path: str, headers: Mapping[str, str], body: bytes) -> bool:
        return is_signed(f"{self._url}{path}", fields(body), headers, self._account.secrets)

    def _decode(self, body: bytes) -> list[Arrival]:
        arrival = decode(body, self._clock())
        if arrival is None:
            self.unreadable += 1
            log.warning("sms unreadable")
        return [] if arrival is None else [arrival]

    async def _turn(self, arrival: Arrival) -> Receipt:
        return await self._receive(arrival.message, SmsVia(self._sender, self.limits, arrival.answered))

    async def _hear(self, told: Undelivered) -> Receipt:
        """Whoever cannot be reached is reported; what a person of the department must mend is said."""
        match told.failure:
            case Unreachable() as failure:
                try:
                    await self._lost(told.to, failure)
                except TryLater:
                    return Receipt.NOT_SENT
            case Refused() | LaneClosed() as failure:
                log.error("sms undelivered", reason=str(failure))
            case SendFailed() as failure:
                log.warning("sms undelivered", reason=str(failure))
        return Receipt.ANSWERED


def _statuses(body: bytes) -> list[Undelivered]:
    told = undelivered(body)
    return [] if told is None else [told]


def _acknowledged(handler: Handler) -> Handler:
    """With the words Twilio wants under a 200: it reports anything else, nothing too, as a fault of ours."""

    async def on_post(request: web.Request) -> web.StreamResponse:
        response = await handler(request)
        return web.Response(text=_NO_REPLY, content_type="text/xml") if response.status == 200 else response

    return on_post
