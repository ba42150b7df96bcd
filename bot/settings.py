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
    keep_chats_days: Annotated[int, Field(ge=1, le=400)] = 30
    """How long a chat's language and last choices are kept."""
    keep_questions_days: Annotated[int, Field(ge=1, le=400)] = 180
    """How long a question without an answer is kept for the curators, redacted and without its asker."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["text", "json"] = "text"


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
    if faults:
        raise SettingsInvalid("\n".join(faults))
    return settings


def names() -> tuple[str, ...]:
    """Every variable a department may set."""
    return tuple(PREFIX + name.upper() for name in Settings.model_fields)


def _explained(kind: str, message: str) -> str:
    if kind == "value_error":
        return message.removeprefix("Value error, ")
    return f"is not usable: {message[0].lower()}{message[1:]}"
