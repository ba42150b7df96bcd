"""What goes to Twilio as an SMS: what it may cost, the form that leaves, and the ways out for replies and bulk."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.channels.sms_updates import Answered
from bot.channels.twilio_line import Account, TwilioLine
from bot.core.channel import Limits, MayHaveArrived, Sent, TryLater
from bot.core.gsm import cheapest, segments
from bot.core.message import Address, Part

MOST_SEGMENTS = 10  # in one message: Twilio takes 1,600 characters and advises against more segments than these
ANSWER_SEGMENTS = 3
_LABEL_UNITS = 60  # no button cuts a numbered line; longer ones would fill a segment

Page = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class SmsPace:
    """How long is waited, and for what."""

    answer: timedelta = timedelta(seconds=5)  # Twilio gives a webhook 15 seconds: two tries of a reply fit in
    bulk_answer: timedelta = timedelta(seconds=20)
    second_try: timedelta = timedelta(milliseconds=500)  # for a reply, inside its turn
    patience: timedelta = timedelta(seconds=3)  # the longest wait Twilio may ask for inside a turn


def cost(text: str) -> int:
    """How many segments the text is when it leaves."""
    return segments(cheapest(text))


def limits_of(page: Page) -> Limits:
    """An SMS's limits; `page` is where the rest of an answer stands, None for what has no page."""
    return Limits(
        MOST_SEGMENTS,
        0,
        _LABEL_UNITS,
        cost,
        announces=True,
        stop_silences=True,
        is_metered=True,
        answer_units=ANSWER_SEGMENTS,
        page=page,
    )


def form(to: Address, part: Part, account: Account, callback: str) -> dict[str, str]:
    """What Twilio's Messages resource takes for one part. The words are ours: Twilio is to change none of them."""
    sender = {"MessagingServiceSid": account.service} if account.service else {"From": account.number or ""}
    words = {"Body": cheapest(part.text), "SmartEncoded": "false"}
    return {"To": to.id, **sender, **words, "StatusCallback": callback}


class SmsSender:
    """The one road out: replies try twice, everything else once."""

    def __init__(self, line: TwilioLine, account: Account, callback: str, pace: SmsPace) -> None:
        self._line, self._account, self._callback, self._pace = line, account, callback, pace

    async def send(self, to: Address, parts: Sequence[Part]) -> str:
        """Send the parts once, in order, and return Twilio's id of the last one. Raises a `SendFailed` only."""
        return await self._deliver(to, parts, self._put)

    async def reply(self, to: Address, parts: Sequence[Part]) -> str:
        """The same for a reply, which is worth a second try."""
        return await self._deliver(to, parts, self._put_twice)

    async def announce(self, to: Address, parts: Sequence[Part]) -> Sent:
        """The same for an announcement.

        Once a part was taken, "not now" for a later one is told as `MayHaveArrived`: whoever tries again sends the
        first part a second time, and by the rules for that case this happens once at most and never unnoted.
        """
        taken = ""
        for at, part in enumerate(parts):
            try:
                taken = await self._put(to, part)
            except TryLater as failure:
                if at == 0:
                    raise
                raise MayHaveArrived(f"the first {at} of several parts arrived") from failure
        return Sent(taken)

    async def _deliver(self, to: Address, parts: Sequence[Part], put: Callable[[Address, Part], Awaitable[str]]) -> str:
        taken = ""
        for part in parts:
            taken = await put(to, part)
        return taken

    async def _put_twice(self, to: Address, part: Part) -> str:
        try:
            return await self._put(to, part)
        except TryLater as failure:
            wait = failure.after or self._pace.second_try
            if wait > self._pace.patience:
                raise
        await asyncio.sleep(wait.total_seconds())
        return await self._put(to, part)

    async def _put(self, to: Address, part: Part) -> str:
        return await self._line.send(form(to, part, self._account, self._callback))


class SmsVia:
    """The way back to one message. Where Twilio has answered it already only a 911 reply leaves: one reply, not two.

    The turn is made all the same, so that a STOP ends the subscription and an emergency is never silent.
    """

    def __init__(self, sender: SmsSender, limits: Limits, answered: Answered | None) -> None:
        self._sender = sender
        self._answered = answered
        # What nobody is shown must not be there to pick: after START the topics would be, by their numbers.
        self.limits = replace(limits, announces=False) if answered is Answered.START else limits

    async def send(self, to: Address, parts: Sequence[Part]) -> str:
        if self._answered is not None and not any(part.urgent for part in parts):
            return ""
        return await self._sender.reply(to, parts)
