"""What a department sets for SMS: all of it or nothing, and every fault named without the secret."""

import pytest

from bot import settings
from bot.settings import SettingsInvalid

SID, TOKEN, SERVICE = "AC" + "0" * 32, "t" * 32, "MG" + "1" * 32
ALL = {
    "BOT_PUBLIC_URL": "https://ask.example",
    "BOT_TWILIO_ACCOUNT_SID": SID,
    "BOT_TWILIO_AUTH_TOKEN": f"{TOKEN}, {'o' * 32}",
    "BOT_TWILIO_NUMBER": "+12035550100",
}


def test_a_whole_group_is_read_and_a_second_token_is_one_that_is_replaced() -> None:
    read = settings.read({**ALL, "BOT_SMS_RATE": "0.5"})
    assert (read.twilio_auth_tokens, read.sms_rate) == ((TOKEN, "o" * 32), 0.5)
    assert read.twilio_api == "https://api.twilio.com"
    assert TOKEN not in f"{read!r}"


def test_a_service_stands_in_place_of_a_number() -> None:
    rest = {name: value for name, value in ALL.items() if name != "BOT_TWILIO_NUMBER"}
    assert settings.read({**rest, "BOT_TWILIO_MESSAGING_SERVICE": SERVICE}).twilio_messaging_service == SERVICE


@pytest.mark.parametrize(
    ("missing", "told"),
    [
        ("BOT_PUBLIC_URL", "BOT_TWILIO_ACCOUNT_SID needs BOT_PUBLIC_URL as well"),
        ("BOT_TWILIO_AUTH_TOKEN", "BOT_TWILIO_ACCOUNT_SID needs BOT_TWILIO_AUTH_TOKEN as well"),
        ("BOT_TWILIO_ACCOUNT_SID", "BOT_TWILIO_AUTH_TOKEN needs BOT_TWILIO_ACCOUNT_SID as well"),
        ("BOT_TWILIO_NUMBER", "BOT_TWILIO_ACCOUNT_SID needs BOT_TWILIO_NUMBER or BOT_TWILIO_MESSAGING_SERVICE as well"),
    ],
)
def test_a_half_set_group_is_refused_with_what_is_missing(missing: str, told: str) -> None:
    with pytest.raises(SettingsInvalid) as refused:
        settings.read({name: value for name, value in ALL.items() if name != missing})
    assert told in str(refused.value).splitlines()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BOT_TWILIO_ACCOUNT_SID", "SK" + "0" * 32),
        ("BOT_TWILIO_AUTH_TOKEN", "short-secret"),
        ("BOT_TWILIO_AUTH_TOKEN", f"{TOKEN},"),
        ("BOT_TWILIO_NUMBER", "203-555-0100"),
        ("BOT_TWILIO_MESSAGING_SERVICE", "AC" + "0" * 32),
        ("BOT_SMS_RATE", "0"),
    ],
)
def test_a_value_that_cannot_be_right_is_refused_without_being_shown(name: str, value: str) -> None:
    with pytest.raises(SettingsInvalid) as refused:
        settings.read({**ALL, name: value})
    assert str(refused.value).startswith(name)
    assert value == "0" or value not in str(refused.value)
