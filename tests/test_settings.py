import pytest

from bot import settings
from bot.settings import SettingsInvalid

TOKEN = "123456789:" + "A" * 35


def test_nothing_has_to_be_set() -> None:
    read = settings.read({})
    assert (read.host, read.port, read.telegram_token, read.knowledge) == ("127.0.0.1", 8080, None, None)


def test_an_empty_value_is_no_value() -> None:
    assert settings.read({"BOT_TELEGRAM_TOKEN": "", "BOT_PORT": ""}).port == 8080


def test_every_fault_is_told_at_once_and_unknown_names_are_refused() -> None:
    environment = {
        "BOT_PORT": "http",
        "BOT_PUBLIC_URL": "ask.example",
        "BOT_TELEGRAM_TOKEN": "secret-thing",
        "BOT_ORIGIN": "https://x.example",
        "BOT_NONSENSE_NAME": "1",
        "BOT_LOG_LEVEL": "LOUD",
        "PATH": "/bin",
    }
    with pytest.raises(SettingsInvalid) as refused:
        settings.read(environment)
    text = str(refused.value)
    assert "BOT_ORIGIN is not a setting: did you mean BOT_ORIGINS?" in text
    assert "BOT_NONSENSE_NAME is not a setting: remove it" in text
    assert "BOT_PUBLIC_URL must start with https://" in text
    assert "BOT_TELEGRAM_TOKEN is not a bot token" in text
    assert all(name in text for name in ("BOT_PORT", "BOT_LOG_LEVEL"))
    assert "secret-thing" not in text


def test_a_secret_does_not_print_itself() -> None:
    read = settings.read({"BOT_TELEGRAM_TOKEN": TOKEN})
    assert TOKEN not in f"{read!r} {read}"
    assert read.telegram_token is not None
    assert read.telegram_token.get_secret_value() == TOKEN


def test_origins_are_listed_with_commas_and_reduced_to_scheme_and_host() -> None:
    read = settings.read({"BOT_ORIGINS": "https://a.example/page, http://localhost:3000"})
    assert read.origins == ("https://a.example", "http://localhost:3000")


def test_a_public_url_loses_its_last_slash() -> None:
    assert settings.read({"BOT_PUBLIC_URL": "https://ask.example/"}).public_url == "https://ask.example"
