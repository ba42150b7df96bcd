"""A folder that answers a public-records request: JSON, a page to read, tables; whole and redacted, with digests."""

import hashlib
import html
import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.core.redaction import redact
from bot.staff import csv_cells
from bot.store import private
from bot.store.record_rows import Kind, Rows

WHOLE, REDACTED = "unredacted", "redacted"
_MANIFEST = "manifest.json"
# Words that were published, numbers and days: what a redaction would only make unreadable.
_PUBLIC = ("content", "texts", "corrections", "replacements", "before", "after", "entry", "near", "topic", "file")
_PLAIN = ("number", "id", "at", "digest", "previous", "identifier", "version", "day", "hour", "deliveries")
_TIMES = ("_at", "_on")


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for, by whom it is answered; `ends` is the first moment that no longer belongs to it."""

    kinds: tuple[Kind, ...]
    begins: datetime
    ends: datetime
    by: str
    at: datetime
    department: str


def write(
    folder: Path, request: Request, records: Mapping[Kind, Rows], names: Sequence[str], forms: Sequence[str]
) -> str:
    """Put the answer into a new folder, whole or not at all, and return the digest of its manifest.

    Raises `FileExistsError` when the folder is there. `names` are the accounts', which a redacted form does not show.
    """
    if folder.exists():
        raise FileExistsError(f"{folder} is there already: name a new folder")
    draft = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700, parents=True)
    try:
        for form in forms:
            shown = records if form == WHOLE else {kind: redacted(rows, names) for kind, rows in records.items()}
            for name, content in _files(request, shown, form):
                private.create(draft / form / name, content)
        manifest = _manifest(draft, request, records)
        private.create(draft / _MANIFEST, manifest)
        private.sync_folder(draft)
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return hashlib.sha256(manifest).hexdigest()


def redacted(rows: Rows, names: Sequence[str]) -> Rows:
    """The rows without what tells of a person: staff are numbered, and what people typed goes through the redaction."""
    numbered = {name: f"staff {number}" for number, name in enumerate(names, 1)}
    listed = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    named = re.compile(rf"(?<![\w.-])(?:{listed})(?![\w-])") if names else None

    def without(text: str) -> str:
        if text in numbered:
            return numbered[text]
        return redact(named.sub(lambda found: numbered[found[0]], text) if named else text)

    return [{name: value if _is_kept(name) else _each(value, without) for name, value in row.items()} for row in rows]


def _is_kept(name: str) -> bool:
    return name in _PUBLIC or name in _PLAIN or name.endswith(_TIMES)


def _each(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {name: _each(inner, change) for name, inner in value.items()}
    if isinstance(value, list):
        return [_each(inner, change) for inner in value]
    return value


def _files(request: Request, records: Mapping[Kind, Rows], form: str) -> Iterator[tuple[str, bytes]]:
    for kind, rows in records.items():
        yield f"{kind}.json", json.dumps(rows, ensure_ascii=False, indent=1).encode() + b"\n"
        header = list(rows[0]) if rows else []
        yield f"{kind}.csv", csv_cells.table(header, ([_cell(row[name]) for name in header] for row in rows))
    yield "records.html", "".join(_page(request, records, form)).encode()


def _page(request: Request, records: Mapping[Kind, Rows], form: str) -> Iterator[str]:
    title = html.escape(f"Public records of the {request.department}")
    last = f"{request.begins:%Y-%m-%d %H:%M %Z} until {request.ends:%Y-%m-%d %H:%M %Z}"
    yield f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>\n'
    yield "<style>body{font:16px/1.5 sans-serif;margin:2rem}table{border-collapse:collapse}"
    yield "th,td{border:1px solid #777;padding:.3rem;text-align:left;vertical-align:top;white-space:pre-wrap}</style>"
    yield f"</head><body>\n<h1>{title}</h1>\n<p>From {html.escape(last)}; {form}.</p>\n"
    yield "<p>Messages of residents are not kept, nor who asked what; unanswered questions are kept redacted.</p>\n"
    for kind, rows in records.items():
        yield f"<h2>{html.escape(kind.capitalize())}: {len(rows):,}</h2>\n"
        if rows:
            yield "<table><thead><tr>" + "".join(f'<th scope="col">{html.escape(name)}</th>' for name in rows[0])
            yield "</tr></thead><tbody>\n"
            for row in rows:
                yield (
                    "<tr>" + "".join(f"<td>{html.escape(str(_cell(value)))}</td>" for value in row.values()) + "</tr>\n"
                )
            yield "</tbody></table>\n"
    yield "</body></html>\n"


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value


def _manifest(draft: Path, request: Request, records: Mapping[Kind, Rows]) -> bytes:
    files = {
        path.relative_to(draft).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(draft.rglob("*"))
        if path.is_file()
    }
    told = {
        "department": request.department,
        "from": request.begins.isoformat(),
        "until": request.ends.isoformat(),
        "made_at": request.at.isoformat(),
        "made_by": request.by,
        "records": {kind.value: len(rows) for kind, rows in records.items()},
        "sha256": files,
    }
    return json.dumps(told, ensure_ascii=False, indent=1).encode() + b"\n"
