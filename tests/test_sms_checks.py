"""What `doctor` reads from Twilio about the account, its number and its service."""

from typing import Any

import pytest

from bot.channels.sms import OVERRIDES, PATH
from bot.channels.sms_checks import account_faults, number_faults, service_faults
from bot.channels.twilio_line import Account
from bot.core.channel import LaneClosed, Receipt
from tests.twilio_api import OURS, PUBLIC, SID, TOKEN, sms, twilio_api

URL = f"{PUBLIC}{PATH}{OVERRIDES}"
NUMBER: dict[str, Any] = {
    "phone_number": OURS, "sms_url": URL, "sms_method": "POST", "capabilities": {"sms": True, "mms": True},
}  # fmt: skip
SERVICE = {"inbound_request_url": URL, "inbound_method": "POST", "use_inbound_webhook_on_number": False}


def of(**changed: object) -> dict[str, Any]:
    return {"incoming_phone_numbers": [NUMBER | changed]}


def test_what_is_as_it_should_be_is_no_fault() -> None:
    assert account_faults({"status": "active", "type": "Full"}) == ()
    assert number_faults(of(), URL, is_in_service=False) == ()
    assert number_faults(of(sms_url=""), URL, is_in_service=True) == ()
    assert service_faults(SERVICE, URL) == ()


@pytest.mark.parametrize(
    ("numbers", "word"),
    [
        ({"incoming_phone_numbers": []}, "does not own"),
        ({}, "does not own"),
        ({"incoming_phone_numbers": [7]}, "does not own"),
        (of(capabilities={"sms": False}), "cannot send SMS"),
        (of(sms_url=""), "no webhook"),
        (of(sms_url=f"{PUBLIC}{PATH}"), "lacks its ending"),
        (of(sms_url="https://demo.twilio.com/welcome/sms/reply"), "leads elsewhere"),
        (of(sms_method="GET"), "HTTP POST"),
    ],
)
def test_each_fault_of_the_number_is_named(numbers: dict[str, Any], word: str) -> None:
    (fault,) = number_faults(numbers, URL, is_in_service=False)
    assert word in fault


def test_each_fault_of_account_and_service_is_named() -> None:
    assert [fault.split(":")[0] for fault in account_faults({"status": "suspended", "type": "Trial"})] == [
        "the account is suspended", "a trial account writes to verified numbers only, and adds words of its own",
    ]  # fmt: skip
    assert "each number" in service_faults(SERVICE | {"use_inbound_webhook_on_number": True}, URL)[0]
    assert "no webhook" in service_faults(SERVICE | {"inbound_request_url": None}, URL)[0]


async def nobody(*_: object) -> Receipt:
    raise AssertionError


async def test_the_channel_asks_for_number_and_service_and_sends_nothing() -> None:
    service = "MG" + "1" * 32
    async with twilio_api() as api, sms(api.url, nobody, Account(SID, (TOKEN,), OURS, service)) as hook:
        api.told = {f"{SID}.json": {"status": "active"}, "IncomingPhoneNumbers.json": of(), service: SERVICE}
        assert await hook.channel.faults() == ()
        api.told[service] = SERVICE | {"inbound_request_url": ""}
        assert await hook.channel.faults() == (f"no webhook is set for incoming messages: paste {URL}",)
        api.told = {}
        with pytest.raises(LaneClosed):
            await hook.channel.faults()
    assert api.asked == []
