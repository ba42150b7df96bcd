"""Raw bodies of Telegram in, messages out: the tables in `tests/data/telegram`."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot.channels.telegram_updates import Arrival, Me, Place, Unreadable, decode, number
from bot.core.message import Address, ChannelName, Kind
from tests.telegram_emulator import NOW

TABLES = Path(__file__).parent / "data" / "telegram"
ME = Me(123456, "our_bot")


def cases(*tables: str) -> list[Any]:
    rows = [row for table in tables for row in json.loads((TABLES / f"{table}.json").read_text("utf-8"))]
    return [pytest.param(row["update"], row.get("expect"), id=row["name"]) for row in rows]


def shown(arrival: Arrival | None) -> dict[str, Any] | None:
    if arrival is None:
        return None
    message = arrival.message
    assert message.sender.channel is ChannelName.TELEGRAM
    assert message.received_at == NOW
    return {
        "id": message.id,
        "sender": message.sender.id,
        "text": message.text,
        "kind": message.kind.value,
        "language": message.language,
        "is_addressed": message.is_addressed,
        "answers": arrival.answers,
        "press": arrival.press,
    }


@pytest.mark.parametrize(("update", "expect"), cases("messages", "groups", "presses", "odd"))
def test_an_update_says_who_wrote_what_and_where_the_reply_goes(update: Any, expect: dict[str, Any]) -> None:
    assert shown(decode(update, ME, NOW)) == expect


@pytest.mark.parametrize(("update", "_"), cases("nothing"))
def test_what_nobody_wrote_to_the_bot_is_nothing(update: Any, _: None) -> None:
    assert decode(update, ME, NOW) is None


@pytest.mark.parametrize(("update", "_"), cases("unreadable"))
def test_a_message_of_nobody_is_unreadable(update: Any, _: None) -> None:
    with pytest.raises(Unreadable):
        decode(update, ME, NOW)


@pytest.mark.parametrize(("update", "_"), cases("messages", "groups", "presses", "odd"))
def test_the_same_update_brought_twice_is_the_same_message(update: Any, _: Any) -> None:
    first, again = (shown(decode(json.loads(json.dumps(update)), ME, NOW)) for _ in range(2))
    assert first == again


@pytest.mark.parametrize(("update", "expect"), cases("messages", "groups", "odd"))
def test_a_reply_finds_its_way_back_from_the_address_alone(update: Any, expect: dict[str, Any]) -> None:
    address = Address(ChannelName.TELEGRAM, expect["sender"])
    assert Place.of(address).address == address


def test_before_the_bot_knows_its_name_a_group_is_heard_only_by_command_or_reply() -> None:
    unnamed = Me(123456)
    rows = {row.id: row.values[0] for row in cases("groups")}
    heard = {name for name, update in rows.items() if _is_addressed(update, unnamed)}
    assert heard == {
        "a command",
        "a reply to the bot",
        "a topic of a forum is another conversation",
        "a thread of replies outside a forum is none",
        "an anonymous admin is known as the group",
    }


def _is_addressed(update: Any, me: Me) -> bool:
    arrival = decode(update, me, NOW)
    assert arrival is not None
    return arrival.message.is_addressed


@pytest.mark.parametrize(
    ("update", "expect"),
    [({"update_id": 7}, 7), ({"update_id": "7"}, 7), ({"update_id": True}, None), ({}, None), ("7", None)],
)
def test_the_number_of_an_update_is_read_or_there_is_none(update: object, expect: int | None) -> None:
    assert number(update) == expect


_KEYS = some.sampled_from([
    "message", "edited_message", "callback_query", "chat", "from", "id", "type", "text", "caption", "data", "is_bot",
    "message_id", "edit_date", "sender_chat", "reply_to_message", "language_code", "media_group_id", "photo",
    "is_topic_message", "message_thread_id", "update_id",
])  # fmt: skip
_LEAVES = some.one_of(
    some.none(), some.booleans(), some.integers(), some.floats(), some.text(max_size=20),
    some.sampled_from(["private", "group", "supergroup", "channel", "/help@our_bot", "@our_bot", "42", "es-MX"]),
)  # fmt: skip
_BODIES = some.recursive(
    _LEAVES,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(_KEYS, inner, max_size=8),
    max_leaves=40,
)


@given(_BODIES)
def test_no_update_however_odd_raises_anything_else(update: object) -> None:
    try:
        decode(update, ME, NOW)
    except Unreadable:
        return


@given(some.dictionaries(_KEYS, _BODIES, max_size=8), some.sampled_from(["text", "caption"]))
def test_no_odd_field_hides_the_words_of_a_resident(odd: dict[str, object], where: str) -> None:
    """Whatever else stands in the message, words in a readable private chat are read."""
    words = {"chat": {"id": 42, "type": "private"}, "text": "my house is on fire"}
    if where == "caption":
        words["caption"] = words.pop("text")
        odd.pop("text", None)
    if isinstance(sender := odd.get("from"), dict):
        sender.pop("is_bot", None)
    arrival = decode({"update_id": 1, "message": {**odd, **words}}, ME, NOW)
    assert arrival is not None
    assert arrival.message.text == "my house is on fire"
    assert arrival.message.kind in (Kind.TEXT, Kind.MEDIA)
