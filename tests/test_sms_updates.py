"""Twilio's forms, raw: what a resident sent, what Twilio answered itself, and what became of our own messages."""

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.sms_updates import Answered, Undelivered, decode, undelivered
from bot.core.channel import LaneClosed, OptedOut, Refused, SendFailed, TryLater, Unreachable
from bot.core.message import Address, ChannelName, Kind
from tests.builders import NOW
from tests.twilio_api import ADA, said


def raw(text: str = "", **more: str) -> bytes:
    return urlencode(said(text, **more)).encode()


MESSAGES = [
    ("an SMS", raw("how do i get a report"), "how do i get a report", Kind.TEXT),
    ("letters of every kind", raw("¿Dónde está ñandú? 🚓 50% + 2&3=5"), "¿Dónde está ñandú? 🚓 50% + 2&3=5", Kind.TEXT),
    ("a picture with a caption", raw("he has a gun", NumMedia="1", MediaUrl0="https://x"), "he has a gun", Kind.MEDIA),
    ("a picture alone", raw(NumMedia="1", MediaUrl0="https://x", MediaContentType0="image/jpeg"), "", Kind.MEDIA),
    ("a contact", raw(NumMedia="1", MediaUrl0="https://x", MediaContentType0="text/x-vcard"), "", Kind.MEDIA),
    ("a picture that is not counted", raw("look", MediaUrl0="https://x", NumMedia="0"), "look", Kind.MEDIA),
    ("of an unknown kind", raw(NumMedia="many"), "", Kind.MEDIA),
    ("nothing but blanks", raw(" \n "), " \n ", Kind.MEDIA),
    ("1,600 characters", raw("a" * 1_600), "a" * 1_600, Kind.TEXT),
    ("bytes that are no UTF-8", b"From=%2B12035550142&MessageSid=SM1&Body=help%FF%FE", "help\ufffd\ufffd", Kind.TEXT),
    ("no more than who and what", b"From=%2B12035550142&Body=gun", "gun", Kind.TEXT),
    ("a field that stands twice", b"From=%2B12035550142&Body=first&Body=second", "first", Kind.TEXT),
]


@pytest.mark.parametrize(("body", "text", "kind"), [row[1:] for row in MESSAGES], ids=[row[0] for row in MESSAGES])
def test_everything_a_person_sent_is_handed_over(body: bytes, text: str, kind: Kind) -> None:
    arrival = decode(body, NOW)
    assert arrival is not None
    message = arrival.message
    assert (message.sender, message.text, message.kind) == (Address(ChannelName.SMS, ADA), text, kind)
    assert (message.received_at, arrival.answered) == (NOW, None)


def test_a_message_is_told_from_every_other_by_twilios_id_and_without_one_by_all_of_it() -> None:
    ids = [
        arrival.message.id
        for body in (raw("a", sid="SM7"), b"From=%2B1&Body=a", b"From=%2B1&Body=b", b"From=%2B1&Body=a")
        if (arrival := decode(body, NOW))
    ]
    assert ids[0] == "SM7"
    assert ids[1] == ids[3] != ids[2]


def test_a_sender_is_kept_as_it_came() -> None:
    senders = ["+12035550142", "262966", "whatsapp:+12035550142", "rcs:ada"]
    arrivals = [decode(raw("hello", sender=sender), NOW) for sender in senders]
    assert [arrival.message.sender.id for arrival in arrivals if arrival] == senders


@pytest.mark.parametrize("body", [b"", b"{}", b"\xff" * 99, b"Body=he+has+a+gun", b"From=&Body=x", b"a=1&" * 501])
def test_a_form_that_does_not_tell_who_wrote_cannot_be_read(body: bytes) -> None:
    assert decode(body, NOW) is None


@given(st.binary(max_size=300))
def test_no_bytes_raise(body: bytes) -> None:
    decode(body, NOW)
    decode(b"From=%2B1&" + body, NOW)
    undelivered(b"To=%2B1&MessageStatus=failed&" + body)


@pytest.mark.parametrize(
    ("text", "told", "answered"),
    [
        ("STOP", "STOP", Answered.STOP),
        ("alto", "STOP", Answered.STOP),  # a word that the department added in Twilio's console
        ("Start", "START", Answered.START),
        ("HELP", "HELP", Answered.HELP),
        ("stop", "", Answered.STOP),  # without Advanced Opt-Out Twilio says nothing, and answers all the same
        (" Stop \n", "", Answered.STOP),
        ("REVOKE", "", Answered.STOP),
        ("unstop", "", Answered.START),
        ("help", "", None),  # may be a cry: better two replies than Twilio's alone, which does not name 911
        ("stop.", "", None),  # Twilio takes no other spelling, so the confirmation is ours
        ("opt out", "", None),
        ("stop all alerts", "", None),
        ("yes", "", None),
        ("Yes", "START", None),  # may be the answer to "do you want to stop?"
        ("how do i get a report", "ODD", None),
    ],
)
def test_what_twilio_has_answered_itself_is_known(text: str, told: str, answered: Answered | None) -> None:
    arrival = decode(raw(text, **({"OptOutType": told} if told else {})), NOW)
    assert arrival is not None
    assert (arrival.answered, arrival.message.text) == (answered, text)


STATUSES = [
    ("30003", Unreachable),
    ("30005", Unreachable),
    ("30006", Unreachable),
    ("21610", OptedOut),
    ("30007", Refused),
    ("30929", Refused),
    ("30034", Refused),
    ("30002", LaneClosed),
    ("30001", TryLater),
    ("", Refused),
    ("odd", Refused),
]


@pytest.mark.parametrize("status", ["failed", "undelivered"])
@pytest.mark.parametrize(("code", "kind"), STATUSES)
def test_a_message_that_did_not_arrive_is_told_with_its_reason(status: str, code: str, kind: type[SendFailed]) -> None:
    told = undelivered(urlencode({"MessageStatus": status, "To": ADA, "ErrorCode": code}).encode())
    assert isinstance(told, Undelivered)
    assert (told.to, type(told.failure)) == (Address(ChannelName.SMS, ADA), kind)
    assert ADA not in str(told.failure)


@pytest.mark.parametrize("status", ["queued", "sending", "sent", "delivered", "read", "received", ""])
def test_a_message_that_arrived_or_still_may_is_nothing_to_tell(status: str) -> None:
    assert undelivered(urlencode({"MessageStatus": status, "To": ADA, "ErrorCode": "30003"}).encode()) is None
