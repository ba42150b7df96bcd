"""Raw webhooks of Messenger in, messages out, as tables."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot.channels.messenger_updates import decode
from bot.core.message import ChannelName, Kind
from tests.meta_emulator import NOW, PAGE, Body, event, page_webhook

ANN = "7000100"
WORDS = "my house is on fire"
IMAGE = {"type": "image", "payload": {"url": "https://cdn.example/1.jpg"}}
FALLBACK = {"type": "fallback", "title": "A page", "url": "https://example.org"}
OUR_ECHO = {"is_echo": True, "app_id": 1, "mid": "m_1", "text": WORDS}

Row = tuple[str, str, Kind, bool]


def rows(payload: Any) -> list[Row]:
    messages = decode(payload, NOW).messages
    assert all(each.received_at <= NOW and each.language is None for each in messages)
    assert all(each.sender.channel is ChannelName.MESSENGER and each.sender.id == ANN for each in messages)
    return [(each.id, each.text, each.kind, each.is_addressed) for each in messages]


EVENTS: dict[str, tuple[Body, Row]] = {
    "text": ({"message": {"mid": "m_1", "text": "hello"}}, ("m_1", "hello", Kind.TEXT, True)),
    "an answer to a message": ({"message": {"mid": "m_1", "text": "yes", "reply_to": {"mid": "m_0"}}},
                               ("m_1", "yes", Kind.TEXT, True)),
    "a quick reply of ours": ({"message": {"mid": "m_1", "text": "Es", "quick_reply": {"payload": "/language es"}}},
                              ("m_1", "/language es", Kind.BUTTON, True)),
    "a quick reply of somebody else's": ({"message": {"mid": "m_1", "text": WORDS, "quick_reply": {"payload": "P"}}},
                                         ("m_1", f"{WORDS}\nP", Kind.BUTTON, True)),
    "a photo": ({"message": {"mid": "m_1", "attachments": [IMAGE]}}, ("m_1", "", Kind.MEDIA, True)),
    "a photo with words": ({"message": {"mid": "m_1", "text": WORDS, "attachments": [IMAGE]}},
                           ("m_1", WORDS, Kind.TEXT, True)),
    "a shared page": ({"message": {"mid": "m_1", "attachments": [FALLBACK]}}, ("m_1", "", Kind.MEDIA, True)),
    "a thumb sent as a sticker": ({"message": {"mid": "m_1", "sticker_id": 369239263222822, "attachments": [IMAGE]}},
                                  ("m_1", "", Kind.MEDIA, True)),
    "a kind of tomorrow": ({"message": {"mid": "m_1", "hologram": {}}}, ("m_1", "", Kind.MEDIA, True)),
    "Get Started, as we set it": ({"postback": {"mid": "m_1", "title": "Get started", "payload": "/start"}},
                                  ("m_1", "/start", Kind.BUTTON, True)),
    "Get Started, as Meta sets it": ({"postback": {"mid": "m_1", "title": "Get Started", "payload": "GET_STARTED"}},
                                     ("m_1", "/start", Kind.BUTTON, True)),
    "a menu of ours": ({"postback": {"mid": "m_1", "title": "Help", "payload": "/help"}},
                       ("m_1", "/help", Kind.BUTTON, True)),
    "an ice breaker": ({"postback": {"mid": "m_1", "title": WORDS, "payload": "ICE_1"}},
                       ("m_1", f"{WORDS}\nICE_1", Kind.BUTTON, True)),
    "a postback without an id": ({"postback": {"title": "Help", "payload": "/help"}},
                                 (f"{ANN}/1795348800000", "/help", Kind.BUTTON, True)),
    "an edit": ({"message_edit": {"mid": "m_1", "text": WORDS, "num_edit": 2}}, ("m_1/2", WORDS, Kind.EDITED, True)),
    "an edit that is not counted": ({"message_edit": {"mid": "m_1", "text": WORDS}},
                                    ("m_1/1795348800000", WORDS, Kind.EDITED, True)),
    "a reaction": ({"reaction": {"reaction": "love", "emoji": "❤", "action": "react", "mid": "m_0"}},
                   (f"{ANN}/1795348800000", "❤", Kind.MEDIA, False)),
}  # fmt: skip


@pytest.mark.parametrize("name", EVENTS)
def test_everything_a_person_sends_is_handed_over(name: str) -> None:
    content, expected = EVENTS[name]
    assert rows(page_webhook(event(ANN, **content))) == [expected]


@pytest.mark.parametrize("name", EVENTS)
def test_while_somebody_else_has_the_conversation_only_an_emergency_is_answered(name: str) -> None:
    content, (*told, _) = EVENTS[name]
    assert rows(page_webhook(event(ANN, **content), name="standby")) == [(*told, False)]


@pytest.mark.parametrize(
    "content",
    [
        {"message": OUR_ECHO}, {"message": {"mid": "m_1", "is_deleted": True}}, {"delivery": {"mids": ["m_1"]}},
        {"read": {"watermark": 1}}, {"optin": {"type": "notification_messages"}}, {"referral": {"ref": "x"}},
        {"account_linking": {"status": "linked"}}, {"pass_thread_control": {"new_owner_app_id": 1}}, {"message": {}},
    ],
    ids=lambda content: "".join(content),
)  # fmt: skip
def test_echoes_and_reports_are_no_message(content: Body) -> None:
    batch = decode(page_webhook(event(ANN, **content)), NOW)
    assert (batch.messages, batch.unreadable) == ((), 0)


@pytest.mark.parametrize("sender", [None, {}, {"id": ""}, {"id": []}, {"id": "a b"}, {"id": True}])
def test_a_message_of_nobody_is_counted(sender: Any) -> None:
    batch = decode(page_webhook(event(ANN, message={"mid": "m", "text": "hi"}) | {"sender": sender}), NOW)
    assert (batch.messages, batch.unreadable) == ((), 1)


def test_several_messages_in_one_webhook_are_several_messages() -> None:
    events = [event(ANN, message={"mid": f"m_{n}", "text": str(n)}) for n in range(3)]
    payload = page_webhook(*events)
    payload["entry"].append({"id": PAGE, "messaging": [event(ANN, message={"mid": "m_9", "text": "9"})]})
    assert [row[1] for row in rows(payload)] == ["0", "1", "2", "9"]


_KEYS = some.sampled_from([
    "object", "entry", "messaging", "standby", "sender", "id", "message", "text", "mid", "is_echo", "quick_reply",
    "payload", "postback", "title", "message_edit", "num_edit", "reaction", "emoji", "attachments", "timestamp",
])  # fmt: skip
_LEAVES = some.one_of(
    some.none(), some.booleans(), some.integers(), some.floats(), some.text(max_size=5), some.just(ANN)
)
_BODIES = some.recursive(
    _LEAVES,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=8,
)


@given(some.dictionaries(_KEYS, _BODIES, max_size=4))
def test_no_webhook_however_odd_raises(payload: Body) -> None:
    decode(payload, NOW)
    decode(page_webhook(payload), NOW)


@given(some.dictionaries(_KEYS, _BODIES, max_size=4), some.dictionaries(_KEYS, _BODIES, max_size=4))
def test_no_odd_field_hides_the_words_of_a_resident(outside: Body, inside: Body) -> None:
    """Whatever else stands in the event, words of a readable sender are read."""
    inside = {name: value for name, value in inside.items() if name not in ("is_echo", "quick_reply")}
    message = {**inside, "mid": "m_1", "text": WORDS}
    (row,) = rows(page_webhook({**outside, "sender": {"id": ANN}, "message": message}))
    assert row[1] == WORDS


@pytest.mark.parametrize(
    ("timestamp", "expected"),
    [
        (int(NOW.timestamp() * 1000) - 90_000, NOW - timedelta(seconds=90)),
        (int(NOW.timestamp() * 1000) + 90_000, NOW),
        (None, NOW), ("1", NOW), (True, NOW), (10**40, NOW),
    ],
)  # fmt: skip
def test_a_message_that_is_brought_late_was_written_earlier(timestamp: object, expected: datetime) -> None:
    said = event(ANN, message={"mid": "m", "text": "hi"}) | {"timestamp": timestamp}
    (message,) = decode(page_webhook(said), NOW).messages
    assert message.received_at == expected
