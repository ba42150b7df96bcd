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


META = {
    "BOT_WHATSAPP_TOKEN": "EAA" + "x" * 40,
    "BOT_WHATSAPP_NUMBER_ID": "106540352242922",
    "BOT_META_APP_SECRET": "0123456789abcdef" * 2,
    "BOT_META_VERIFY_TOKEN": "made-up-by-ourselves",
    "BOT_MESSENGER_TOKEN": "EAA" + "y" * 40,
}


def test_meta_is_off_until_it_is_set_and_its_secrets_do_not_print_themselves() -> None:
    assert settings.read({}).whatsapp_token is None
    read = settings.read(META)
    assert (read.meta_app_secrets, read.messenger_advisories) == (("0123456789abcdef" * 2,), False)
    assert not [name for name, value in META.items() if value in f"{read!r} {read}" and "NUMBER" not in name]


def test_two_app_secrets_are_parted_by_a_comma_while_one_is_replaced() -> None:
    both = f"{'a' * 32}, {'b' * 32}"
    assert settings.read(META | {"BOT_META_APP_SECRET": both}).meta_app_secrets == ("a" * 32, "b" * 32)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BOT_WHATSAPP_TOKEN", "short"),
        ("BOT_WHATSAPP_TOKEN", f"'{'x' * 40}'"),
        ("BOT_WHATSAPP_NUMBER_ID", "+1 203 555 0100"),
        ("BOT_META_APP_SECRET", "0" * 31),
        ("BOT_META_APP_SECRET", f"{'a' * 32},"),
        ("BOT_META_VERIFY_TOKEN", "secret"),
        ("BOT_META_VERIFY_TOKEN", "señal-de-nosotros"),
        ("BOT_MESSENGER_TOKEN", "a token"),
        ("BOT_META_API", "graph.facebook.com"),
    ],
)
def test_what_meta_never_gave_out_is_refused_without_showing_it(name: str, value: str) -> None:
    with pytest.raises(SettingsInvalid) as refused:
        settings.read(META | {name: value})
    assert str(refused.value).startswith(name)
    assert value not in str(refused.value)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            "WHATSAPP_TOKEN",
            "BOT_WHATSAPP_TOKEN needs BOT_WHATSAPP_NUMBER_ID and BOT_META_APP_SECRET and BOT_META_VERIFY_TOKEN as well",
        ),
        ("WHATSAPP_NUMBER_ID", "BOT_WHATSAPP_NUMBER_ID needs BOT_WHATSAPP_TOKEN as well"),
        ("MESSENGER_TOKEN", "BOT_MESSENGER_TOKEN needs BOT_META_APP_SECRET and BOT_META_VERIFY_TOKEN as well"),
    ],
)
def test_half_of_what_meta_needs_is_refused_with_the_other_half(given: str, told: str) -> None:
    with pytest.raises(SettingsInvalid) as refused:
        settings.read({f"BOT_{given}": META[f"BOT_{given}"]})
    assert str(refused.value) == told


def test_advisories_on_messenger_are_a_switch_of_their_own() -> None:
    assert settings.read(META | {"BOT_MESSENGER_ADVISORIES": "on"}).messenger_advisories
    with pytest.raises(SettingsInvalid, match="BOT_MESSENGER_ADVISORIES needs BOT_MESSENGER_TOKEN as well"):
        settings.read({"BOT_MESSENGER_ADVISORIES": "on"})


def test_a_token_of_metrics_that_can_be_guessed_is_refused_without_being_shown() -> None:
    with pytest.raises(SettingsInvalid, match="BOT_METRICS_TOKEN must be 20 letters") as refused:
        settings.read({"BOT_METRICS_TOKEN": "short-one"})
    assert "short-one" not in str(refused.value)
