"""What is wrong with the account at Twilio, read from what its API tells: for `doctor`. Nothing is sent."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.channels.twilio_line import Account, TwilioLine

Fields = Mapping[str, Any]


async def faults(line: TwilioLine, account: Account, url: str) -> tuple[str, ...]:
    """All that a person must mend; `url` is where messages are to be brought.

    Raises a `SendFailed`: nothing is known.
    """
    found = account_faults(await line.account())
    if account.number:
        found += number_faults(await line.numbers(), url, account.service is not None)
    return found + (service_faults(await line.service(), url) if account.service is not None else ())


def account_faults(account: Fields) -> tuple[str, ...]:
    """What keeps the account from sending. That it could be read at all proves the token."""
    status, faults = account.get("status"), []
    if status != "active":
        faults.append(f"the account is {status}: ask Twilio's support why")
    if account.get("type") == "Trial":
        faults.append("a trial account writes to verified numbers only, and adds words of its own: upgrade it")
    return tuple(faults)


def number_faults(numbers: Fields, url: str, is_in_service: bool) -> tuple[str, ...]:
    """What is wrong with the number; `url` is where it must bring messages, save when a service does that for it."""
    listed = numbers.get("incoming_phone_numbers")
    if not isinstance(listed, Sequence) or not listed or not isinstance(listed[0], Mapping):
        return ("the account does not own BOT_TWILIO_NUMBER: buy it, or correct the setting",)
    number, faults = listed[0], []
    can = number.get("capabilities")
    if not isinstance(can, Mapping) or not (can.get("sms") or can.get("SMS")):
        faults.append("the number cannot send SMS: buy one that can")
    if not is_in_service:
        faults += _hook_faults(number.get("sms_url"), number.get("sms_method"), url)
    return tuple(faults)


def service_faults(service: Fields, url: str) -> tuple[str, ...]:
    """What is wrong with the messaging service; `url` is where it must bring messages."""
    if service.get("use_inbound_webhook_on_number"):
        return ("the service leaves incoming messages to each number: choose `Send a webhook` under Integration",)
    return tuple(_hook_faults(service.get("inbound_request_url"), service.get("inbound_method"), url))


def _hook_faults(found: object, method: object, url: str) -> list[str]:
    faults = []
    if not isinstance(found, str) or not found:
        faults.append(f"no webhook is set for incoming messages: paste {url}")
    elif found.partition("#")[0] != url.partition("#")[0]:
        faults.append(f"the webhook for incoming messages leads elsewhere: paste {url}")
    elif found != url:
        faults.append(f"the webhook lacks its ending, so that Twilio does not try again after a fault: paste {url}")
    if found and str(method or "POST").upper() != "POST":
        faults.append("the webhook's method must be HTTP POST")
    return faults
