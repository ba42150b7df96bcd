"""A public-records request is answered with a folder: readable, with digests, noted; no resident can be found in it."""

import csv
import hashlib
import io
import json
import os
import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from bot import records, safekeeping
from bot.core.message import Address, ChannelName, IncomingMessage
from bot.records import Request
from bot.store.audit import Audit
from bot.store.figures import Figures
from bot.store.inbox import Inbox
from bot.store.journal import Journal
from bot.store.record_rows import Kind, rows
from tests.ledger import KEYED, NOON, Books, books_in, somebody

PHONE = Address(ChannelName.SMS, "+12035550142")
DAY = timedelta(days=1)
EVERYTHING = (NOON - DAY, NOON + DAY)


def request(*kinds: Kind) -> Request:
    return Request(kinds or tuple(Kind), NOON - DAY, NOON + DAY, "chief", NOON, "Danbury Police Department")


async def busy(books: Books) -> None:
    """A day on which residents and staff did everything that is recorded."""
    await books.subscribe(1)
    await books.subscriptions.subscribe(PHONE, ["traffic"], None, "en", "/subscribe traffic", NOON)
    await books.subscriptions.stop(somebody(1), None, NOON)
    await Inbox(books.database, KEYED).done(IncomingMessage("SM123", PHONE, "hello", NOON), NOON)
    await Journal(books.database).note_unanswered("my name is Jane Roe, call 203-555-0142", "en", ("a",), NOON)
    await books.released(override="ann alone on duty, reach me at 203-555-0111")
    await books.by_hand("INSERT INTO account (name, roles, password, created_at) VALUES ('ann', '[]', '', "
                        "'2026-11-01T00:00:00.000000+00:00')")  # fmt: skip
    # Somebody wrote a pseudonym where none belongs.
    await Audit(books.database).note("ann", "noted", KEYED.of(PHONE), {"why": f"about {KEYED.of(PHONE)}"}, NOON)


async def exported(books: Books, folder: Path, *kinds: Kind) -> None:
    found = {kind: await rows(books.database, kind, *EVERYTHING) for kind in request(*kinds).kinds}
    records.write(folder, request(*kinds), found, ["ann"], [records.WHOLE, records.REDACTED])


class Text(HTMLParser):
    """The words of a page, and the tags that are in it."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.tags = "", set[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.words += data + " "


async def test_it_holds_every_kind_as_json_table_and_page_in_both_forms(tmp_path: Path) -> None:
    async with books_in(tmp_path) as books:
        await busy(books)
        await exported(books, tmp_path / "request")
    for form in ("unredacted", "redacted"):
        names = {path.name for path in (tmp_path / "request" / form).iterdir()}
        assert names == {"records.html", *(f"{kind}.{end}" for kind in Kind for end in ("json", "csv"))}
        page = Text()
        page.feed((tmp_path / "request" / form / "records.html").read_text())
        assert "Danbury Police Department" in page.words
        assert "Road closure" in page.words
        assert "script" not in page.tags
        (advisory,) = json.loads((tmp_path / "request" / form / "advisories.json").read_text())
        assert (advisory["deliveries"], advisory["texts"]["en"]) == ({"due": 1}, "Main Street is closed.")


async def test_no_resident_can_be_found_in_it(tmp_path: Path) -> None:
    async with books_in(tmp_path) as books:
        await busy(books)
        await exported(books, tmp_path / "request")
    whole = "".join(path.read_text() for path in (tmp_path / "request").rglob("*") if path.is_file())
    planted = [PHONE.id, PHONE.id[1:], "555-0142", "Jane", "SM123", "gAAAA"]
    planted += [KEYED.of(PHONE), KEYED.of(somebody(1)), KEYED.of_message(PHONE.channel, "SM123")]
    assert [each for each in planted if each in whole] == []
    # 26 letters and digits as a pseudonym has them; a digest is longer and stands between quotes as well.
    assert re.findall(r"(?<![a-z0-9])[a-z2-7]{26}(?![a-z0-9])", whole) == []


async def test_the_redacted_form_names_nobody_and_no_number_that_staff_wrote_down(tmp_path: Path) -> None:
    async with books_in(tmp_path) as books:
        await busy(books)
        await exported(books, tmp_path / "request")
    (whole,) = json.loads((tmp_path / "request" / "unredacted" / "approvals.json").read_text())
    (shown,) = json.loads((tmp_path / "request" / "redacted" / "approvals.json").read_text())
    assert (whole["released_by"], whole["override"]) == ("ann", "ann alone on duty, reach me at 203-555-0111")
    assert (shown["released_by"], shown["override"]) == ("staff 1", "staff 1 alone on duty, reach me at [phone]")
    redacted = "".join(path.read_text() for path in (tmp_path / "request" / "redacted").iterdir())
    assert re.search(r"\bann\b", redacted) is None
    assert "Main Street" in redacted  # what was published stays readable


async def test_the_manifest_has_the_digest_of_every_file_and_counts_the_records(tmp_path: Path) -> None:
    async with books_in(tmp_path) as books:
        await busy(books)
        await exported(books, tmp_path / "request", Kind.AUDIT, Kind.QUESTIONS)
    folder = tmp_path / "request"
    told = json.loads((folder / "manifest.json").read_text())
    there = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    del there["manifest.json"]
    assert told["sha256"] == {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in there.items()}
    assert told["records"]["questions"] == 1
    assert told["made_by"] == "chief"
    assert {path.stat().st_mode & 0o777 for path in there.values()} == {0o600}


async def test_only_the_days_asked_for_are_in_it(tmp_path: Path) -> None:
    async with books_in(tmp_path) as books:
        await busy(books)
        for kind in Kind:
            assert await rows(books.database, kind, NOON + DAY, NOON + 2 * DAY) == []
            assert await rows(books.database, kind, NOON - 2 * DAY, NOON - DAY) == []
        assert len(await rows(books.database, Kind.QUESTIONS, *EVERYTHING)) == 1
        assert await Figures(books.database).forget(datetime(2000, 1, 1, tzinfo=UTC)) == 0


async def test_no_cell_of_a_table_is_a_formula(tmp_path: Path) -> None:
    async with books_in(tmp_path) as books:
        await Journal(books.database).note_unanswered("=HYPERLINK(bear)", "en", (), NOON)
        await exported(books, tmp_path / "request", Kind.QUESTIONS)
    text = (tmp_path / "request" / "unredacted" / "questions.csv").read_text(encoding="utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(text))
    assert row["question"].startswith("'=")


async def test_what_a_person_typed_is_text_on_the_page(tmp_path: Path) -> None:
    async with books_in(tmp_path) as books:
        await Journal(books.database).note_unanswered("<script>alert(1)</script> bear", "en", (), NOON)
        await exported(books, tmp_path / "request", Kind.QUESTIONS)
    page = Text()
    page.feed((tmp_path / "request" / "unredacted" / "records.html").read_text())
    assert "script" not in page.tags


def left(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if "other" in path.name]


async def test_a_folder_that_is_there_is_left_alone_and_a_full_disk_leaves_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with books_in(tmp_path) as books:
        (tmp_path / "request").mkdir()
        with pytest.raises(FileExistsError, match="name a new folder"):
            await exported(books, tmp_path / "request", Kind.AUDIT)

        def full(*_: object) -> None:
            raise OSError(28, os.strerror(28))

        monkeypatch.setattr(records, "_manifest", full)
        with pytest.raises(OSError, match="No space left"):
            await exported(books, tmp_path / "other", Kind.AUDIT)
    assert left(tmp_path) == []


def test_the_command_offers_every_kind_there_is() -> None:
    assert set(safekeeping.KINDS) == set(Kind)
