"""What goes to Telegram, and every way it may fail, in the words of the port."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions, ReplyParameters
from telegram.error import (
    BadRequest,
    ChatMigrated,
    EndPointNotFound,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TelegramError,
)

from bot.channels.telegram_line import AnswerUnreadable, may_have_arrived
from bot.channels.telegram_polling import Pace
from bot.channels.telegram_updates import Place
from bot.core.channel import (
    Earlier,
    LaneClosed,
    Limits,
    MayHaveArrived,
    Refused,
    Sent,
    TryLater,
    Unreachable,
    utf16_units,
)
from bot.core.fit import fit
from bot.core.message import Address, Part, Reply

log = structlog.get_logger()

# A reply has at most a screenful of choices; longer labels are cut by the phone, not by Telegram.
LIMITS = Limits(text_units=4096, choices=8, label_units=60, measure=utf16_units, announces=True, takes_feedback=True)
_VALUE_BYTES = 64  # callback_data, by Telegram's documentation
_UNREADABLE = (AttributeError, KeyError, TypeError, ValueError)  # from the library, when an answer has an odd shape
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
# Telegram has no codes for these: its words are the only sign.
_GONE = ("chat not found", "user not found", "peer_id_invalid", "group chat was deactivated", "chat_write_forbidden",
         "not enough rights", "no rights to send")  # fmt: skip
_MISPLACED = ("replied not found", "reply message not found", "message to reply not found", "thread not found")


@dataclass(frozen=True, slots=True)
class _Taken:
    """Telegram's id of a message, "" when that could not be read, and the chat that it is in."""

    id: str
    place: Place


class Sender:
    """The one road out: replies try twice, everything else once."""

    def __init__(self, bot: Bot, pace: Pace) -> None:
        self._bot = bot
        self._pace = pace

    async def send(self, to: Address, parts: Sequence[Part]) -> str:
        """Send the parts once, in order, and return Telegram's id of the last one. Raises a `SendFailed` only."""
        return await self._deliver(to, parts, None, self._put)

    async def reply(self, to: Address, parts: Sequence[Part], answers: int | None) -> str:
        """The same for a reply, which is worth a second try; the first part points at the message it `answers`."""
        return await self._deliver(to, parts, answers, self._put_twice)

    async def announce(self, to: Address, parts: Sequence[Part], after: Earlier | None) -> Sent:
        """The same for an announcement, which answers the earlier one; that one then says what it shall say now.

        Once a part was taken, "not now" for a later one is told as `MayHaveArrived`: whoever tries again sends the
        first part a second time, and by the rules for that case this happens once at most and never unnoted.
        """
        home = _place(to)
        answers = int(after.id) if after and after.id.isdecimal() else None
        taken = _Taken("", home)
        for at, part in enumerate(_pressable(parts)):
            try:
                taken = await self._put(part, taken.place, answers if at == 0 else None)
            except TryLater as failure:
                if at == 0:
                    raise
                raise MayHaveArrived(f"the first {at} of several parts arrived") from failure
        has_moved = taken.place.chat != home.chat
        if after and after.text and answers is not None and not has_moved:
            await self._amend(home, answers, after.text)
        return Sent(taken.id, replace(home, chat=taken.place.chat).address if has_moved else None)

    async def _amend(self, place: Place, message: int, text: str) -> None:
        """Best effort: Telegram refuses what is unchanged, deleted or too old, and the announcement is out already."""
        try:
            async with asyncio.timeout(self._pace.answer.total_seconds()):
                await self._bot.edit_message_text(
                    text, chat_id=place.chat, message_id=message, link_preview_options=_NO_PREVIEW
                )
        except (TelegramError, TimeoutError, *_UNREADABLE) as error:
            log.info("telegram edit failed", error=type(error).__name__)

    async def _deliver(
        self, to: Address, parts: Sequence[Part], answers: int | None, put: Callable[..., Awaitable[_Taken]]
    ) -> str:
        taken = _Taken("", _place(to))
        for part in _pressable(parts):
            taken = await put(part, taken.place, answers)
            answers = None
        return taken.id

    async def _put_twice(self, part: Part, place: Place, answers: int | None) -> _Taken:
        try:
            return await self._put(part, place, answers)
        except TryLater as failure:
            wait = failure.after or self._pace.second_try
            if wait > self._pace.patience:
                raise
        await asyncio.sleep(wait.total_seconds())
        return await self._put(part, place, answers)

    async def _put(self, part: Part, place: Place, answers: int | None) -> _Taken:
        try:
            try:
                return await self._post(part, place, answers)
            except ChatMigrated as moved:
                return await self._post(part, replace(place, chat=moved.new_chat_id), None)
            except BadRequest as error:
                if not _says(error, _MISPLACED):
                    raise
                return await self._post(part, replace(place, topic=None), None)
        # From None: the library's text may quote the URL, and so the token.
        except (InvalidToken, EndPointNotFound) as error:
            raise LaneClosed(reason(error)) from None
        except Forbidden as error:
            raise Unreachable(reason(error)) from None
        except BadRequest as error:
            raise (Unreachable if _says(error, _GONE) else Refused)(reason(error)) from None
        except RetryAfter as error:
            raise TryLater(reason(error), asked(error)) from None
        except TelegramError as error:
            raise (MayHaveArrived if may_have_arrived(error) else TryLater)(reason(error)) from None

    async def _post(self, part: Part, place: Place, answers: int | None) -> _Taken:
        rows = [[InlineKeyboardButton(choice.label, callback_data=choice.value)] for choice in part.choices]
        try:
            sent = await self._bot.send_message(
                place.chat,
                part.text,
                message_thread_id=place.topic,
                link_preview_options=_NO_PREVIEW,
                reply_parameters=(
                    None if answers is None else ReplyParameters(answers, allow_sending_without_reply=True)
                ),
                reply_markup=InlineKeyboardMarkup(rows) if rows else None,
            )
        except (AnswerUnreadable, *_UNREADABLE):
            return _Taken("", place)  # Telegram took it; only what it said about it could not be read
        return _Taken(str(sent.message_id), place)


class Via:
    """The way back to one message: in a group the reply points at it. `asked` is the wait Telegram last demanded."""

    limits = LIMITS

    def __init__(self, sender: Sender, answers: int | None) -> None:
        self._sender = sender
        self._answers = answers
        self.asked = timedelta()

    async def send(self, to: Address, parts: Sequence[Part]) -> str:
        try:
            return await self._sender.reply(to, parts, self._answers)
        except TryLater as failure:
            self.asked = failure.after or timedelta()
            raise


def _place(to: Address) -> Place:
    try:
        return Place.of(to)
    except ValueError:
        raise Unreachable("not an address of Telegram") from None


def _pressable(parts: Sequence[Part]) -> Iterator[Part]:
    """The parts, with numbered lines in place of buttons that Telegram would refuse together with their text."""
    for part in parts:
        if all(1 <= len(choice.value.encode()) <= _VALUE_BYTES and choice.label for choice in part.choices):
            yield part
        else:
            yield from fit(Reply(part.text, part.choices), replace(LIMITS, choices=0))


def _says(error: TelegramError, words: Sequence[str]) -> bool:
    return any(word in error.message.lower() for word in words)


def reason(error: TelegramError) -> str:
    """The kind of failure, and Telegram's words when they are words only: no number, address or token."""
    words = error.message if re.fullmatch(r"[A-Za-z ,.:'_-]{1,100}", error.message) else ""
    return f"{type(error).__name__} {words}".strip()


def asked(error: RetryAfter) -> timedelta:
    after = error.retry_after
    return after if isinstance(after, timedelta) else timedelta(seconds=after)
