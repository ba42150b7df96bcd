"""Raw webhooks of WhatsApp in, messages and reports out: Meta's sixteen samples, and a table of what they leave out."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot.channels.whatsapp_status import Progress, Status, Statuses
from bot.channels.whatsapp_updates import decode
from bot.core.channel import LaneClosed, OptedOut, Refused, TryLater, Unreachable
from bot.core.message import Address, ChannelName, Kind
from tests.meta_emulator import DATA, NOW, NUMBER, Body, Reports, said, whatsapp_webhook

SHEENA, US = "16505551234", "US.13491208655302741918"
SAMPLES: dict[str, Body] = json.loads((DATA / "webhook_samples.json").read_text("utf-8"))["samples"]

Row = tuple[str, str, Kind, bool]
ONE: dict[str, Row | None] = {
    "Text Message": (SHEENA, "Does it come in another color?", Kind.TEXT, True),
    "Text Message with Context (Product Inquiry)": (SHEENA, "Is this still available?", Kind.TEXT, True),
    "Text Message from Click to WhatsApp Ad": (SHEENA, "Hello! Can I get more info on this?", Kind.TEXT, True),
    "Reaction Message": (SHEENA, "👍", Kind.MEDIA, False),
    "Image Message": (SHEENA, "Taj Mahal", Kind.MEDIA, True),
    "Location Message": (SHEENA, "", Kind.MEDIA, True),
    "Contact Sharing Message": (SHEENA, "", Kind.MEDIA, True),
    "Unsupported Message": (SHEENA, "", Kind.MEDIA, True),
    "Button Message": (SHEENA, "Unsubscribe", Kind.BUTTON, True),
    "Interactive List Reply Message": (SHEENA, "Priority Mail Express\npriority_express", Kind.BUTTON, True),
    "Interactive Button Reply Message": (SHEENA, "Cancel\ncancel-button", Kind.BUTTON, True),
    "Order Message": (SHEENA, "", Kind.MEDIA, True),
    "System Message": None,
    "Group Create Message": None,
    "Group Settings Update": None,
    "Group Remove Participants": None,
}


def rows(payload: Any) -> list[Row]:
    batch = decode(payload, NUMBER, NOW)
    assert all(each.message.received_at <= NOW and each.message.language is None for each in batch.arrivals)
    assert all(each.message.sender.channel is ChannelName.WHATSAPP for each in batch.arrivals)
    messages = [each.message for each in batch.arrivals]
    return [(each.sender.id, each.text, each.kind, each.is_addressed) for each in messages]


def test_the_samples_are_all_sixteen() -> None:
    assert (set(ONE), len(SAMPLES)) == (set(SAMPLES), 16)


@pytest.mark.parametrize("name", ONE)
def test_metas_own_samples_are_read(name: str) -> None:
    expected = ONE[name]
    assert rows(SAMPLES[name]) == ([] if expected is None else [expected])
    assert decode(SAMPLES[name], NUMBER, NOW).unreadable == 0


def test_a_message_keeps_whatsapps_id_and_the_number_it_was_sent_to() -> None:
    (arrival,) = decode(SAMPLES["Text Message"], NUMBER, NOW).arrivals
    assert arrival.message.id == "wamid.HBgLMTY1MDM4Nzk0MzkVAgASGBQzQTRBNjU5OUFFRTAzODEwMTQ0RgA="
    assert arrival.number_id == NUMBER


WORDS = "my house is on fire"
CONTENT: dict[str, tuple[Body, Row]] = {
    "a voice note": (said("audio", {"id": "1", "voice": True}), (SHEENA, "", Kind.MEDIA, True)),
    "a sticker": (said("sticker", {"id": "1", "animated": True}), (SHEENA, "", Kind.MEDIA, True)),
    "a video with words": (said("video", {"id": "1", "caption": WORDS}), (SHEENA, WORDS, Kind.MEDIA, True)),
    "a document with words": (said("document", {"caption": WORDS, "filename": "a.pdf"}),
                              (SHEENA, WORDS, Kind.MEDIA, True)),
    "an order with a note": (said("order", {"text": WORDS, "product_items": []}), (SHEENA, WORDS, Kind.MEDIA, True)),
    "a choice of ours": (said("interactive", {"list_reply": {"id": "=report-copy", "title": "Copy of a report"}}),
                         (SHEENA, "=report-copy", Kind.BUTTON, True)),
    "a button of ours": (said("interactive", {"button_reply": {"id": "/subscribe all", "title": "All topics"}}),
                         (SHEENA, "/subscribe all", Kind.BUTTON, True)),
    "a button of a template": (said("button", {"payload": "STOP", "text": "STOP"}),
                               (SHEENA, "STOP", Kind.BUTTON, True)),
    "a button set up in Meta's pages": (said("button", {"payload": "P1", "text": WORDS}),
                                        (SHEENA, f"{WORDS}\nP1", Kind.BUTTON, True)),
    "a form sent back": (said("interactive", {"nfm_reply": {"name": "flow", "body": WORDS, "response_json": "{}"}}),
                         (SHEENA, WORDS, Kind.MEDIA, True)),
    "a first look": (said("request_welcome", None), (SHEENA, "/start", Kind.BUTTON, True)),
    "an edit": (said("edit", {"original_message_id": "w", "message": {"type": "text", "text": {"body": WORDS}}}),
                (SHEENA, WORDS, Kind.EDITED, True)),
    "an edited caption": (said("edit", {"message": {"type": "image", "image": {"caption": WORDS}}}),
                          (SHEENA, WORDS, Kind.EDITED, True)),
    "a reaction taken back": (said("reaction", {"message_id": "w"}), (SHEENA, "", Kind.MEDIA, False)),
    "talk in a group": (said("text", {"body": WORDS}, group_id="g"), (SHEENA, WORDS, Kind.TEXT, False)),
    "a kind of tomorrow": (said("hologram", {"body": WORDS}), (SHEENA, WORDS, Kind.MEDIA, True)),
    "a kind of tomorrow without words": (said("hologram", None), (SHEENA, "", Kind.MEDIA, True)),
    "words with a wrong kind": (said("image", None, text={"body": WORDS}), (SHEENA, WORDS, Kind.TEXT, True)),
    "words in an odd place": (said("text", None, text=WORDS), (SHEENA, WORDS, Kind.MEDIA, True)),
    "words and an error": (said("text", {"body": WORDS}, errors=[{"code": 1}]), (SHEENA, WORDS, Kind.TEXT, True)),
    "words under a photo that is quoted": (said("text", {"body": WORDS}, context={"caption": "old"}),
                                           (SHEENA, WORDS, Kind.TEXT, True)),
}  # fmt: skip


@pytest.mark.parametrize("name", CONTENT)
def test_everything_a_person_sends_is_handed_over(name: str) -> None:
    message, expected = CONTENT[name]
    assert rows(whatsapp_webhook(message | {"from": SHEENA})) == [expected]


@pytest.mark.parametrize("kind", ["system", "revoke"])
def test_what_whatsapp_says_about_a_person_is_no_message(kind: str) -> None:
    batch = decode(whatsapp_webhook(said(kind, {"body": "User Ann changed from 1 to 2"})), NUMBER, NOW)
    assert (batch.arrivals, batch.unreadable) == ((), 0)


@pytest.mark.parametrize(
    ("system", "expected"),
    [
        ({"type": "user_changed_number", "wa_id": "12195555358"}, "12195555358"),
        ({"type": "customer_changed_number", "new_wa_id": "12195555358"}, "12195555358"),
        ({"type": "user_changed_number"}, None),
        ({"type": "user_changed_number", "wa_id": "12035550100"}, None),
        ({"type": "user_changed_number", "wa_id": ["x"]}, None),
        ({"type": "customer_identity_changed", "wa_id": "12195555358"}, None),
    ],
)
def test_who_has_another_number_is_told_with_it(system: Body, expected: str | None) -> None:
    batch = decode(whatsapp_webhook(said("system", {"body": "x", **system})), NUMBER, NOW)
    assert [(move.who.id, move.to.id) for move in batch.moves] == ([("12035550100", expected)] if expected else [])
    assert (batch.arrivals, batch.unreadable) == ((), 0)


def test_metas_own_sample_of_a_new_number_is_read() -> None:
    (move,) = decode(SAMPLES["System Message"], NUMBER, NOW).moves
    assert (move.who.id, move.to.id) == ("16505551234", "12195555358")


@pytest.mark.parametrize(
    ("timestamp", "expected"),
    [
        (str(int(NOW.timestamp()) - 90), NOW - timedelta(seconds=90)),
        (int(NOW.timestamp()) - 90, NOW - timedelta(seconds=90)),
        (str(int(NOW.timestamp()) + 90), NOW),
        (None, NOW), ("soon", NOW), (True, NOW), ([1], NOW), ("9" * 30, NOW),
    ],
)  # fmt: skip
def test_a_message_that_is_brought_late_was_written_earlier(timestamp: object, expected: datetime) -> None:
    payload = whatsapp_webhook(said("text", {"body": "hi"}) | {"timestamp": timestamp})
    (arrival,) = decode(payload, NUMBER, NOW).arrivals
    assert arrival.message.received_at == expected


def with_contacts(message: Body, *contacts: Body) -> Body:
    payload = whatsapp_webhook(said("text", None))
    payload["entry"][0]["changes"][0]["value"] |= {"messages": [message], "contacts": list(contacts)}
    return payload


@pytest.mark.parametrize(
    ("message", "contacts", "expected"),
    [
        pytest.param({"from": SHEENA}, [{"wa_id": SHEENA}], SHEENA, id="a number only"),
        pytest.param({"from": SHEENA, "from_user_id": US}, [{"wa_id": SHEENA, "user_id": US}], US, id="both"),
        pytest.param({"from": SHEENA}, [{"wa_id": SHEENA, "user_id": US}], US, id="the id in the contact only"),
        pytest.param({"from_user_id": US}, [{"user_id": US, "profile": {}}], US, id="no number at all"),
        pytest.param({}, [{"user_id": US}], US, id="nobody in the message"),
        pytest.param({"from_user_id": "US.ENT.11815799212886844830"}, [], "US.ENT.11815799212886844830", id="linked"),
        pytest.param({"from": SHEENA}, [], SHEENA, id="no contact"),
        pytest.param({"from": 16505551234}, [], SHEENA, id="a number as a number"),
        pytest.param({"from": SHEENA}, [{"wa_id": "1999", "user_id": "US.9"}, {"wa_id": SHEENA, "user_id": US}], US,
                     id="their own contact among several"),
        pytest.param({"from": SHEENA}, [{"wa_id": "1999", "user_id": "US.9"}, {"wa_id": "1998", "user_id": "US.8"}],
                     SHEENA, id="contacts of others"),
    ],
)  # fmt: skip
def test_a_person_is_known_by_the_id_that_stays(message: Body, contacts: list[Body], expected: str) -> None:
    body = {name: value for name, value in said("text", {"body": "hi"}).items() if name != "from"} | message
    assert [row[0] for row in rows(with_contacts(body, *contacts))] == [expected]


@pytest.mark.parametrize("sender", [None, "", "with space", "x" * 200, [], {}, True, "\ud83d"])
def test_a_message_of_nobody_is_counted(sender: Any) -> None:
    batch = decode(with_contacts(said("text", {"body": "hi"}) | {"from": sender}), NUMBER, NOW)
    assert (batch.arrivals, batch.unreadable) == ((), 1)


def test_several_people_in_one_webhook_are_several_messages() -> None:
    payload = whatsapp_webhook(
        *(said("text", {"body": text}, person) for text, person in (("a", "10001"), ("b", "10002")))
    )
    assert [row[:2] for row in rows(payload)] == [("10001", "a"), ("10002", "b")]


def test_another_number_of_the_account_is_heard_for_an_emergency_only_and_answered_from_there() -> None:
    payload = whatsapp_webhook(said("text", {"body": "hi"}))
    payload["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"] = "999999"
    (arrival,) = decode(payload, NUMBER, NOW).arrivals
    assert (arrival.message.is_addressed, arrival.number_id) == (False, "999999")


def test_a_message_without_an_id_is_known_by_who_and_when() -> None:
    message = {name: value for name, value in said("text", {"body": "hi"}).items() if name != "id"}
    (arrival,) = decode(whatsapp_webhook(message), NUMBER, NOW).arrivals
    assert arrival.message.id == "12035550100/1795348800"


# Reports on our own messages.


def report(status: str, **more: object) -> Body:
    return {"id": "wamid.1", "status": status, "timestamp": "1750857384", "recipient_id": SHEENA, **more}


def reports(*bodies: Body) -> tuple[Status, ...]:
    batch = decode(whatsapp_webhook(statuses=bodies), NUMBER, NOW)
    assert (batch.arrivals, batch.unreadable) == ((), 0)
    return batch.statuses


def test_a_report_says_how_far_which_message_came() -> None:
    assert reports(report("delivered", conversation={"id": "c"}, pricing={"billable": True})) == (
        Status("wamid.1", Progress.DELIVERED, Address(ChannelName.WHATSAPP, SHEENA),
               datetime(2025, 6, 25, 13, 16, 24, tzinfo=UTC)),
    )  # fmt: skip


def test_a_report_names_the_person_as_their_messages_do() -> None:
    (status,) = reports(report("read", recipient_user_id=US))
    assert status.to == Address(ChannelName.WHATSAPP, US)


@pytest.mark.parametrize(
    ("code", "kind"),
    [(131026, Unreachable), (131047, Refused), (131049, Refused), (131050, OptedOut), (130472, Refused),
     (131051, Refused), (131056, TryLater), (131000, TryLater), (131042, LaneClosed), (None, Refused)],
)  # fmt: skip
def test_a_failure_is_told_in_the_words_of_the_port(code: int | None, kind: type[Exception]) -> None:
    (status,) = reports(report("failed", errors=[{"code": code, "title": "Message undeliverable"}]))
    assert status.progress is Progress.FAILED
    assert isinstance(status.failure, kind)
    assert "undeliverable" not in str(status.failure)


@pytest.mark.parametrize("odd", [report("played"), report("deleted"), report(""), {"status": "sent"}, {"id": 3},
                                 report("sent", id=""), report("sent", id="ñ")])  # fmt: skip
def test_a_report_that_says_nothing_we_keep_is_nothing(odd: Body) -> None:
    assert reports(odd) == ()


@pytest.mark.parametrize("time", [None, "soon", "9" * 40, [], "-1e9"])
def test_a_time_that_cannot_be_read_is_none(time: Any) -> None:
    assert [status.at for status in reports(report("sent", timestamp=time))] == [None]


@pytest.mark.parametrize(
    ("brought", "told"),
    [
        ("sent delivered read", "sent delivered read"),
        ("read delivered sent", "read"),
        ("delivered sent read delivered read", "delivered read"),
        ("sent sent sent", "sent"),
        ("sent failed failed", "sent failed"),
        ("delivered failed", "delivered"),
        ("failed delivered", "failed delivered"),
    ],
)
async def test_a_message_only_goes_forward(brought: str, told: str) -> None:
    kept = Reports()
    statuses = Statuses(kept)
    for name in brought.split():
        await statuses.take(Status("wamid.1", Progress[name.upper()]))
    assert " ".join(status.progress.name.lower() for status in kept.told) == told


async def test_a_report_that_could_not_be_kept_is_told_again() -> None:
    kept = Reports()
    statuses, status = Statuses(kept), Status("wamid.1", Progress.READ)
    kept.is_down = True
    with pytest.raises(RuntimeError):
        await statuses.take(status)
    kept.is_down = False
    await statuses.take(status)
    await statuses.take(status)
    assert kept.told == [status]


# Whatever comes.

_KEYS = some.sampled_from([
    "object", "entry", "changes", "value", "messages", "statuses", "contacts", "metadata", "from", "from_user_id", "id",
    "type", "text", "body", "caption", "interactive", "button", "edit", "message", "reaction", "errors", "wa_id",
    "user_id", "timestamp", "status", "image", "group_id", "phone_number_id",
])  # fmt: skip
_LEAVES = some.one_of(
    some.none(), some.booleans(), some.integers(), some.floats(), some.text(max_size=5),
    some.sampled_from(["text", "image", "edit", "reaction", "sent", "failed", SHEENA, US]),
)  # fmt: skip
_BODIES = some.recursive(
    _LEAVES,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=8,
)


@given(some.dictionaries(_KEYS, _BODIES, max_size=4))
def test_no_webhook_however_odd_raises(payload: Body) -> None:
    decode(payload, NUMBER, NOW)
    decode({"entry": [{"changes": [{"value": payload}]}]}, NUMBER, NOW)
    decode(with_contacts(payload), NUMBER, NOW)


@given(some.dictionaries(_KEYS, _BODIES, max_size=4), some.sampled_from(["text", "image"]))
def test_no_odd_field_hides_the_words_of_a_resident(odd: Body, where: str) -> None:
    """Whatever else stands in the message, words of a readable sender are read."""
    odd = {name: value for name, value in odd.items() if name not in ("interactive", "button", "from", "from_user_id")}
    content = {"body": WORDS} if where == "text" else {"caption": WORDS}
    message = {**odd, "id": "wamid.1", "from": SHEENA, "type": where, where: content}
    (row,) = rows(with_contacts(message, {"wa_id": SHEENA}))
    assert WORDS in row[1].split("\n")
