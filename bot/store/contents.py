"""An advisory as a row of the books, and back."""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from bot.core.advisory import (
    Advisory,
    AdvisoryKind,
    AdvisoryLevel,
    AdvisoryType,
    Area,
    Content,
    Ended,
    Stage,
    Statement,
)


def columns_of(content: Content) -> dict[str, Any]:
    """What a row keeps of it: all of it as JSON, and apart what rows are chosen by."""
    return {
        "level": content.level.value,
        "topic": content.topic,
        "expires_at": content.expires_at,
        "content": written(_parts(content)),
    }


def written(value: Mapping[str, Any]) -> str:
    """JSON that keeps the order of the keys: the first language is the department's own."""
    return json.dumps(value, ensure_ascii=False, default=_plain)


def advisory_of(row: Row[*tuple[Any, ...]]) -> Advisory:
    """The advisory that the row holds."""
    return Advisory(
        number=row.number,
        identifier=row.identifier,
        kind=AdvisoryKind(row.kind),
        type=AdvisoryType(row.type),
        thread=row.thread,
        stage=Stage(row.stage),
        content=_content(json.loads(row.content)),
        author=row.author,
        created_at=row.created_at,
        texts=json.loads(row.texts or "{}"),
        corrections=json.loads(row.corrections or "{}"),
        replacements=json.loads(row.replacements or "{}"),
        approved_by=row.approved_by,
        approved_at=row.approved_at,
        approved_count=row.approved_count,
        override=row.override,
        released_by=row.released_by,
        released_at=row.released_at,
        starts_at=row.starts_at,
        audience=row.audience,
        paused_for=row.paused_for,
        ended=None if row.ended is None else Ended(row.ended),
        ended_at=row.ended_at,
    )


def _parts(value: Any) -> dict[str, Any]:
    return {each.name: getattr(value, each.name) for each in fields(value)}


def _plain(value: object) -> Any:
    if is_dataclass(value):
        return _parts(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, AdvisoryLevel):
        return value.value
    raise TypeError(f"{type(value).__name__} cannot be kept")


def _content(kept: dict[str, Any]) -> Content:
    area, begins = kept["area"], kept["effective_at"]
    read = {
        "level": AdvisoryLevel(kept["level"]),
        "statements": {language: Statement(**told) for language, told in kept["statements"].items()},
        "area": Area(
            area["description"],
            tuple((name, value) for name, value in area["geocodes"]),
            tuple((latitude, longitude) for latitude, longitude in area["polygon"]),
        ),
        "expires_at": datetime.fromisoformat(kept["expires_at"]),
        "effective_at": None if begins is None else datetime.fromisoformat(begins),
    }
    return Content(**{**kept, **read})
