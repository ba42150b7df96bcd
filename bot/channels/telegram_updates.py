"""Telegram's updates, read field by field from the raw JSON: one odd field must not hide an emergency."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.core.message import Address, ChannelName, IncomingMessage, Kind

# What we ask Telegram for. Blocking, joining and channel posts need no answer, so they are not sent to us.
KINDS = ("message", "edited_message", "callback_query")

# Things Telegram says in the chat about the chat. Whatever is not listed was sent by a person, even of a kind that
# did not exist when this was written, and is answered as something the bot cannot take.
_SERVICE = frozenset((
    "new_chat_members", "new_chat_member", "new_chat_participant", "left_chat_member", "left_chat_participant",
    "new_chat_title", "new_chat_photo", "delete_chat_photo", "group_chat_created", "supergroup_chat_created",
    "channel_chat_created", "message_auto_delete_timer_changed", "migrate_to_chat_id", "migrate_from_chat_id",
    "pinned_message", "successful_payment", "refunded_payment", "users_shared", "user_shared", "chat_shared",
    "connected_website", "write_access_allowed", "passport_data", "proximity_alert_triggered", "boost_added",
    "chat_background_set", "checklist_tasks_done", "checklist_tasks_added", "forum_topic_created",
    "forum_topic_edited", "forum_topic_closed", "forum_topic_reopened", "general_forum_topic_hidden",
    "general_forum_topic_unhidden", "giveaway_created", "giveaway", "giveaway_winners", "giveaway_completed",
    "paid_message_price_changed", "direct_message_price_changed", "suggested_post_approved",
    "suggested_post_approval_failed", "suggested_post_declined", "suggested_post_paid", "suggested_post_refunded",
    "video_chat_scheduled", "video_chat_started", "video_chat_ended", "video_chat_participants_invited",
    "web_app_data", "gift", "unique_gift",
))  # fmt: skip
_COMMAND = re.compile(r"\s*/\w+(?:@(\w+))?")
_WHOLE = re.compile(r"[+-]?\d{1,19}")

Fields = Mapping[str, Any]
_NOTHING: Fields = {}


class Unreadable(ValueError):
    """Somebody may have written, and no chat can be read from the update: count it and go on."""


@dataclass(frozen=True, slots=True)
class Me:
    """The bot as Telegram knows it. `username` is None until Telegram has told it."""

    id: int
    username: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where in Telegram an address is. In a group everybody has their own conversation, in every topic of a forum.

    `person` is None in a private chat, `topic` None outside forums.
    """

    chat: int
    person: int | None = None
    topic: int | None = None

    @classmethod
    def of(cls, address: Address) -> "Place":
        """Raises ValueError when the address is not one of Telegram."""
        chat, *rest = address.id.split("/")
        person, topic = rest or ("", "")
        return cls(int(chat), int(person) if person else None, int(topic) if topic else None)

    @property
    def address(self) -> Address:
        inside = "" if self.person is None else f"/{self.person}/{'' if self.topic is None else self.topic}"
        return Address(ChannelName.TELEGRAM, f"{self.chat}{inside}")


@dataclass(frozen=True, slots=True)
class Arrival:
    """What a resident sent, and what its reply must know of Telegram.

    `answers` is the message that a reply in a group points at, None in a private chat. `press` is the button press
    whose spinner is to be stopped, None for anything else.
    """

    message: IncomingMessage
    answers: int | None = None
    press: str | None = None


def number(update: object) -> int | None:
    """Telegram's count of the update, None when it cannot be read."""
    return _whole(update.get("update_id")) if isinstance(update, Mapping) else None


def decode(update: object, me: Me, now: datetime) -> Arrival | None:
    """The message in an update; None when there is nothing for us in it.

    Raises `Unreadable` when somebody may have written but it is not known who.
    """
    if not isinstance(update, Mapping):
        raise Unreadable
    if update.get("callback_query") is not None:
        return _press(_fields(update, "callback_query"), update, now)
    for name in ("message", "edited_message"):
        if update.get(name) is not None:
            return _message(_fields(update, name), name == "edited_message", update, me, now)
    return None


def _message(body: Fields, is_edited: bool, update: Fields, me: Me, now: datetime) -> Arrival | None:
    # An anonymous admin, or somebody writing in the name of a channel, is known by that name only.
    place = _place(body, _fields(body, "sender_chat") or _fields(body, "from"))
    if _is_no_person(body):
        return None
    typed = next((body[name] for name in ("text", "caption") if isinstance(body.get(name), str)), None)
    # An edit without words is a live location moving on.
    if typed is None and (is_edited or not _SERVICE.isdisjoint(body)):
        return None
    kind = Kind.EDITED if is_edited else Kind.TEXT if isinstance(body.get("text"), str) else Kind.MEDIA
    is_addressed = place.person is None or _is_for(me, typed or "", body)
    at = _whole(body.get("message_id"))
    message = IncomingMessage(
        id=_id(place, at, body, update, is_edited, typed is None),
        sender=place.address,
        text=_without_name(typed or "", me),
        received_at=now,
        kind=kind,
        language=_language(_fields(body, "from")),
        is_addressed=is_addressed,
    )
    return Arrival(message, answers=None if place.person is None else at)


def _press(query: Fields, update: Fields, now: datetime) -> Arrival | None:
    """A pressed button. Its keyboard stays: the second guess is often the right one."""
    body, presser = _fields(query, "message"), _fields(query, "from")
    place = _place(body or {"chat": presser}, presser)
    data, press = query.get("data"), query.get("id")
    if not isinstance(data, str):
        return None
    message = IncomingMessage(
        id=f"press/{press}" if press is not None else f"{place.chat}/update/{number(update)}",
        sender=place.address,
        text=data,
        received_at=now,
        kind=Kind.BUTTON,
        language=_language(presser),
    )
    answers = None if place.person is None else _whole(body.get("message_id"))
    return Arrival(message, answers, None if press is None else str(press))


def _place(body: Fields, sender: Fields) -> Place:
    chat = _fields(body, "chat")
    where = _whole(chat.get("id"))
    if not where:
        raise Unreadable
    # Telegram's groups and channels have numbers below zero: good enough when the type is missing.
    if chat.get("type") == "private" or (chat.get("type") not in ("group", "supergroup", "channel") and where > 0):
        return Place(where)
    topic = _whole(body.get("message_thread_id")) if body.get("is_topic_message") is True else None
    return Place(where, _whole(sender.get("id")) or 0, topic)


def _is_no_person(body: Fields) -> bool:
    """Other bots (two could answer each other for ever), and what a channel posts, also into its own group."""
    is_bot = _fields(body, "from").get("is_bot") is True and "sender_chat" not in body
    return is_bot or body.get("is_automatic_forward") is True or _fields(body, "chat").get("type") == "channel"


def _is_for(me: Me, typed: str, body: Fields) -> bool:
    """Whether talk in a group is meant for the bot: it is named, commanded, or replied to."""
    if me.username and _name(me.username).search(typed):
        return True
    if command := _COMMAND.match(typed):
        return command[1] is None or (me.username is not None and command[1].lower() == me.username.lower())
    replied = _fields(body, "reply_to_message")
    # In a forum everything formally replies to the service message that opened the topic.
    return _whole(_fields(replied, "from").get("id")) == me.id and "forum_topic_created" not in replied


def _without_name(typed: str, me: Me) -> str:
    if not me.username:
        return typed
    text = re.sub(rf"(\A\s*/\w+)@{re.escape(me.username)}\b", r"\1", typed, flags=re.IGNORECASE)
    named = _name(me.username)
    return named.sub(" ", text).strip() if named.search(text) else text


def _name(username: str) -> re.Pattern[str]:
    return re.compile(rf"[ \t]*(?<![\w@])@{re.escape(username)}\b[ \t]*", re.IGNORECASE)


def _id(place: Place, at: int | None, body: Fields, update: Fields, is_edited: bool, is_wordless: bool) -> str:
    """What tells this message from every other: an edit is another message, the same update brought twice is not."""
    if at is None:
        return f"{place.chat}/update/{number(update)}"
    if is_edited:
        return f"{place.chat}/{at}/{_whole(body.get('edit_date')) or number(update)}"
    # Ten photos sent at once are ten messages; one answer is enough for those without a caption.
    if is_wordless and isinstance(body.get("media_group_id"), str):
        return f"{place.chat}/album/{body['media_group_id']}"
    return f"{place.chat}/{at}"


def _language(sender: Fields) -> str | None:
    code = sender.get("language_code")
    first = re.split(r"[-_]", code, maxsplit=1)[0].lower() if isinstance(code, str) else ""
    return first if re.fullmatch(r"[a-z]{2}", first) else None


def _fields(body: Fields, name: str) -> Fields:
    value = body.get(name)
    return value if isinstance(value, Mapping) else _NOTHING


def _whole(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return int(value) if isinstance(value, str) and _WHOLE.fullmatch(value) else None
