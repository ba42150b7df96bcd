"""BOT_* to one frozen Settings: every fault at once, unknown names refused, secrets that do not print themselves."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError
from rapidfuzz import process

PREFIX = "BOT_"
_TELEGRAM_TOKEN = re.compile(r"\d{3,20}:[A-Za-z0-9_-]{20,100}")
_META_TOKEN = re.compile(r"[A-Za-z0-9_|.-]{20,1000}")
_META_SECRET = re.compile(r"[0-9a-f]{32}")
_SHORTEST_VERIFY_TOKEN = 12  # characters; Meta shows it in plain text whenever it asks
_TWILIO_SECRET = re.compile(r"[!-+\--~]{16,200}")  # anything plain but the comma
_METRICS_TOKEN = re.compile(r"[A-Za-z0-9_-]{20,200}")
_META_WEBHOOK = ("meta_app_secret", "meta_verify_token")
# What is of no use without the others.
_NEEDS = {
    "whatsapp_token": ("whatsapp_number_id", *_META_WEBHOOK),
    "whatsapp_number_id": ("whatsapp_token",),
    "messenger_token": _META_WEBHOOK,
    "messenger_advisories": ("messenger_token",),
    "twilio_account_sid": ("twilio_auth_token", "public_url"),
    "twilio_auth_token": ("twilio_account_sid",),
    "twilio_number": ("twilio_account_sid",),
    "twilio_messaging_service": ("twilio_account_sid",),
}
_TWILIO_SENDERS = ("twilio_number", "twilio_messaging_service")


class SettingsInvalid(Exception):
    """Settings that cannot be used; the text names each variable and how to mend it, and shows no secret."""


def _origin(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must start with https:// and name a host")
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname}{port}"


def _base(text: str) -> str:
    _origin(text)
    return text.rstrip("/")


def _origins(text: str | tuple[str, ...]) -> tuple[str, ...]:
    listed = text.split(",") if isinstance(text, str) else text
    return tuple(_origin(each.strip()) for each in listed if each.strip())


def _token(secret: SecretStr) -> SecretStr:
    if not _TELEGRAM_TOKEN.fullmatch(secret.get_secret_value()):
        raise ValueError("is not a bot token: copy the whole line that BotFather gave you, digits, colon and all")
    return secret


def _meta_token(secret: SecretStr) -> SecretStr:
    if not _META_TOKEN.fullmatch(secret.get_secret_value()):
        raise ValueError("is not an access token of Meta: copy the whole of it, without quotes or spaces")
    return secret


def _meta_secrets(secret: SecretStr) -> SecretStr:
    if not all(_META_SECRET.fullmatch(each) for each in _listed(secret)):
        raise ValueError("must be the app secret, 32 characters from 0-9 and a-f; two of them parted by a comma")
    return secret


def _verify_token(secret: SecretStr) -> SecretStr:
    token = secret.get_secret_value()
    if len(token) < _SHORTEST_VERIFY_TOKEN or not token.isascii() or not token.isprintable():
        raise ValueError(f"must be {_SHORTEST_VERIFY_TOKEN} plain characters or more that you made up yourself")
    return secret


def _metrics_token(secret: SecretStr) -> SecretStr:
    if not _METRICS_TOKEN.fullmatch(secret.get_secret_value()):
        raise ValueError("must be 20 letters, digits, _ or - and more that you made up: openssl rand -hex 32")
    return secret


def _twilio_secrets(secret: SecretStr) -> SecretStr:
    if not all(_TWILIO_SECRET.fullmatch(each) for each in _listed(secret)):
        raise ValueError("must be the account's auth token; during a change the one in use first, then a comma")
    return secret


def _listed(secret: SecretStr | None) -> tuple[str, ...]:
    return tuple(each.strip() for each in secret.get_secret_value().split(",")) if secret else ()


class Settings(BaseModel):
    """What a department sets. Everything has a default: `serve` works without any of it."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    knowledge: Path | None = None
    """Folder of the curated YAML; None: `./knowledge`, else the copy installed with the package."""
    data: Path = Path("data")
    """Folder of the database, the last good knowledge and the generated keys."""
    database: str | None = None
    """SQLAlchemy URL of the store; None: SQLite in the data folder."""
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    """0 takes any free port."""
    public_url: Annotated[str, AfterValidator(_base)] | None = None
    """Where residents and providers reach this bot, such as https://ask.example.gov; turns webhooks on."""
    origins: Annotated[str | tuple[str, ...], AfterValidator(_origins)] = ()
    """Sites that may embed the chat, separated by commas."""
    telegram_token: Annotated[SecretStr, AfterValidator(_token)] | None = None
    telegram_api: Annotated[str, AfterValidator(_base)] = "https://api.telegram.org"
    whatsapp_token: Annotated[SecretStr, AfterValidator(_meta_token)] | None = None
    whatsapp_number_id: Annotated[str, Field(pattern=r"^[0-9]{5,20}$")] | None = None
    """Meta's id of the department's number, which is not the number itself."""
    messenger_token: Annotated[SecretStr, AfterValidator(_meta_token)] | None = None
    messenger_advisories: bool = False
    """Whether people may subscribe on Messenger, where only those who wrote within 24 hours can be told anything."""
    meta_app_secret: Annotated[SecretStr, AfterValidator(_meta_secrets)] | None = None
    """What proves a webhook of Meta; during a change the old and the new one, parted by a comma."""
    meta_verify_token: Annotated[SecretStr, AfterValidator(_verify_token)] | None = None
    meta_api: Annotated[str, AfterValidator(_base)] = "https://graph.facebook.com/v23.0"
    twilio_account_sid: Annotated[str, Field(pattern=r"^AC[0-9a-f]{32}$")] | None = None
    twilio_auth_token: Annotated[SecretStr, AfterValidator(_twilio_secrets)] | None = None
    """What opens Twilio's API and proves its webhooks; after a comma what a webhook may be signed with as well."""
    twilio_number: Annotated[str, Field(pattern=r"^(\+[1-9][0-9]{6,14}|[0-9]{5,6})$")] | None = None
    """The department's number as +12035550100."""
    twilio_messaging_service: Annotated[str, Field(pattern=r"^MG[0-9a-f]{32}$")] | None = None
    """The service that messages leave by, in place of one number; Advanced Opt-Out belongs to it."""
    twilio_api: Annotated[str, AfterValidator(_base)] = "https://api.twilio.com"
    sms_rate: Annotated[float, Field(gt=0, le=200)] = 1.0
    """Advisories a second by SMS: what the number may send, in segments, by the segments of an advisory."""
    keep_chats_days: Annotated[int, Field(ge=1, le=400)] = 30
    """How long a chat's language and last choices are kept."""
    keep_questions_days: Annotated[int, Field(ge=1, le=400)] = 180
    """How long a question without an answer is kept for the curators, redacted and without its asker."""
    keep_figures_days: Annotated[int, Field(ge=30, le=4_000)] = 1_100
    """How long the counts by the hour are kept; three years show what comes again every year."""
    backup: Path | None = None
    """Folder, best on another disk, that a backup is put into every night; None: none is made by itself."""
    backup_keep: Annotated[int, Field(ge=1, le=400)] = 14
    """How many backups stay; older ones are deleted."""
    backup_passphrase: Annotated[SecretStr, Field(min_length=16)] | None = None
    """What the keys are sealed with in a backup; None: they stay out of it and are to be kept apart."""
    proxies: Annotated[int, Field(ge=0, le=5)] = 0
    """How many proxies of our own stand in front: so many entries at the end of X-Forwarded-For are believed."""
    metrics_port: Annotated[int, Field(ge=1, le=65535)] | None = None
    """Port of `/metrics` alone, which then is not on the other one; None: it is there, for this machine only."""
    metrics_token: Annotated[SecretStr, AfterValidator(_metrics_token)] | None = None
    """What whoever reads `/metrics` from elsewhere must bring."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["text", "json"] = "text"

    @property
    def passphrase(self) -> str | None:
        """What the keys are sealed with in a backup."""
        return self.backup_passphrase.get_secret_value() if self.backup_passphrase else None

    @property
    def stays(self) -> Mapping[str, int]:
        """How many days, or of backups how many, are kept where that can be set, by the setting's name."""
        kept = ("keep_chats_days", "keep_questions_days", "keep_figures_days", "backup_keep")
        return {PREFIX + name.upper(): getattr(self, name) for name in kept}

    @property
    def meta_app_secrets(self) -> tuple[str, ...]:
        """Each secret that a webhook of Meta may be signed with."""
        return _listed(self.meta_app_secret)

    @property
    def twilio_auth_tokens(self) -> tuple[str, ...]:
        """What a webhook of Twilio may be signed with; the first opens its API."""
        return _listed(self.twilio_auth_token)


def read(environment: Mapping[str, str] = os.environ) -> Settings:
    """Settings of the environment. Raises `SettingsInvalid` with every fault, unknown BOT_* names among them."""
    known = {PREFIX + name.upper(): name for name in Settings.model_fields}
    faults = []
    for name in sorted(environment):
        if name.startswith(PREFIX) and name not in known:
            near = process.extractOne(name, list(known), score_cutoff=70)
            faults.append(f"{name} is not a setting" + (f": did you mean {near[0]}?" if near else ": remove it"))
    values = {field: environment[name] for name, field in known.items() if environment.get(name)}
    try:
        settings = Settings.model_validate(values)
    except ValidationError as e:
        for error in e.errors():
            name = PREFIX + str(error["loc"][0]).upper()
            faults.append(f"{name} {_explained(error['type'], error['msg'])}")
    faults += _half_set(values)
    if faults:
        raise SettingsInvalid("\n".join(faults))
    return settings


def names() -> tuple[str, ...]:
    """Every variable a department may set."""
    return tuple(PREFIX + name.upper() for name in Settings.model_fields)


def _half_set(values: Mapping[str, str]) -> list[str]:
    lacking = {name: [other for other in needs if other not in values] for name, needs in _NEEDS.items()}
    faults = [
        f"{PREFIX}{name.upper()} needs {' and '.join(PREFIX + other.upper() for other in others)} as well"
        for name, others in lacking.items()
        if name in values and others
    ]
    if "twilio_account_sid" in values and not any(name in values for name in _TWILIO_SENDERS):
        either = " or ".join(PREFIX + name.upper() for name in _TWILIO_SENDERS)
        faults.append(f"{PREFIX}TWILIO_ACCOUNT_SID needs {either} as well")
    return faults


def _explained(kind: str, message: str) -> str:
    if kind == "value_error":
        return message.removeprefix("Value error, ")
    return f"is not usable: {message[0].lower()}{message[1:]}"
