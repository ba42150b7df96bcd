"""`backup`, `restore`, `rehearse`, `hold`, `export`, `rotate-keys` as somebody types them; and the nightly backup."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs

from bot import nightly, safekeeping
from bot.core.staff import Role
from bot.doctor import examined
from bot.house import House
from bot.settings import Settings
from bot.store import backup, rotation
from bot.store.backup import Rehearsed
from bot.store.database import Database, in_file
from bot.store.holds import Holds, Record
from tests import small_folder
from tests.ledger import NOON
from tests.staff_rooms import staffed
from tests.test_staffing import Terminal

PASSPHRASE = "correct horse battery staple"
DANBURY = ZoneInfo("America/New_York")


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    made = Terminal({})
    made.sit_down(small_folder.write(tmp_path / "knowledge"), tmp_path / "data", monkeypatch)
    monkeypatch.setenv("BOT_BACKUP", str(tmp_path / "backups"))
    monkeypatch.setattr(safekeeping, "utc_now", made.clock)
    monkeypatch.setattr(rotation, "GONE_BY", timedelta())
    made.add("chief", "administrator")
    return made


def test_a_backup_is_taken_tried_and_put_back(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = terminal.run("backup")
    assert "The keys are not in it" in taken.output  # no passphrase yet
    assert terminal.run("rehearse").exit_code == 0
    monkeypatch.setenv("BOT_BACKUP_PASSPHRASE", PASSPHRASE)
    assert "The keys are not in it" not in terminal.run("backup").output
    newest = backup.found(tmp_path / "backups")[0].path
    refused = terminal.run("restore", str(newest))
    assert (refused.exit_code, "never replaces a store" in refused.output) == (1, True)
    assert "Nothing was restored." in refused.output
    (tmp_path / "data").rename(tmp_path / "aside")
    done = terminal.run("restore", str(newest), "--stops", str(newest / "manifest.json"))  # no line of it is one
    assert done.exit_code == 0, done.output
    assert "Opt-outs of since then that hold again: 0." in done.output
    assert "chief: administrator" in terminal.run("staff", "list").output
    assert (tmp_path / "data" / "knowledge-restored" / "faqs" / "a.yaml").exists()


def test_the_knowledge_goes_where_the_settings_say_when_nothing_is_there(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOT_BACKUP_PASSPHRASE", PASSPHRASE)
    terminal.run("backup")
    for name in ("data", "knowledge"):
        (tmp_path / name).rename(tmp_path / f"{name} aside")
    assert terminal.run("restore", str(backup.found(tmp_path / "backups")[0].path)).exit_code == 0
    assert (tmp_path / "knowledge" / "faqs" / "a.yaml").exists()


def test_a_backup_that_would_not_do_fails_with_what_is_wrong(terminal: Terminal, tmp_path: Path) -> None:
    assert "there is no backup to try" in terminal.run("rehearse").output
    terminal.run("backup")
    whole = backup.found(tmp_path / "backups")[0].path
    (whole / "bot.sqlite3").write_bytes(b"something else")
    tried = terminal.run("rehearse", str(whole))
    assert (tried.exit_code, "bot.sqlite3 is not what was backed up" in tried.output) == (1, True)
    told = backup.last_rehearsal(tmp_path / "backups")
    assert told is not None
    assert not told.is_sound


def test_without_a_folder_the_command_says_how_to_give_one(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BOT_BACKUP")
    assert "danbury-bot backup --to FOLDER" in terminal.run("backup").output


def test_holds_are_placed_listed_and_released_by_an_administrator(terminal: Terminal) -> None:
    terminal.add("anna", "curator", by="chief")
    refused = terminal.act("anna", "hold", "place", "questions", "--reason", "FOI 2026-118, the clerk")
    assert "that needs the role administrator" in refused.output
    assert "Hold 1" in terminal.act("chief", "hold", "place", "questions", "--reason", "FOI 2026-118, the clerk").output
    assert "give a reason" in terminal.act("chief", "hold", "release", "1", "--reason", "x").output
    listed = terminal.run("hold", "list").output
    assert "1 questions: FOI 2026-118, the clerk (chief," in listed
    assert "questions: 180 days (BOT_KEEP_QUESTIONS_DAYS)" in listed
    assert terminal.act("chief", "hold", "release", "1", "--reason", "answered since").exit_code == 0
    assert "FOI 2026-118" not in terminal.run("hold", "list").output
    assert "released by chief: answered since" in terminal.run("hold", "list", "--all").output


def test_an_export_is_written_for_an_administrator_and_noted(terminal: Terminal, tmp_path: Path) -> None:
    terminal.add("anna", "viewer", by="chief")
    asked = ("export", str(tmp_path / "request"), "--from", "2026-01-01", "--to", "2027-12-31")
    assert "that needs the role administrator" in terminal.act("anna", *asked).output
    assert not (tmp_path / "request").exists()
    done = terminal.act("chief", *asked, "--kind", "audit")
    assert done.exit_code == 0, done.output
    told = json.loads((tmp_path / "request" / "manifest.json").read_text())
    assert (told["made_by"], list(told["records"])) == ("chief", ["audit"])
    assert "chief records exported audit" in terminal.run("staff", "audit").output
    assert "name a new folder" in terminal.act("chief", *asked).output


def test_keys_are_rotated_by_an_administrator_and_the_codes_of_staff_still_work(
    terminal: Terminal, tmp_path: Path
) -> None:
    before = {path.name: path.read_bytes() for path in (tmp_path / "data" / "keys").iterdir()}
    done = terminal.act("chief", "rotate-keys")
    assert done.exit_code == 0, done.output
    assert "1 sealed with the new key" in done.output  # the second factor of the chief
    after = {path.name: path.read_bytes() for path in (tmp_path / "data" / "keys").iterdir()}
    assert after.keys() == before.keys()
    assert after["addresses"] != before["addresses"]
    assert after["pseudonyms"].startswith(before["pseudonyms"])
    assert terminal.act("chief", "staff", "enable", "chief").exit_code == 0


# By night.


@pytest.mark.parametrize(("last", "now", "is_due"), [
    (None, datetime(2026, 11, 23, 12, tzinfo=UTC), True),
    # Three o'clock in Danbury is eight in UTC in winter, seven in summer.
    (datetime(2026, 11, 22, 8, 1, tzinfo=UTC), datetime(2026, 11, 23, 7, 59, tzinfo=UTC), False),
    (datetime(2026, 11, 22, 8, 1, tzinfo=UTC), datetime(2026, 11, 23, 8, 0, tzinfo=UTC), True),
    (datetime(2026, 7, 22, 7, 1, tzinfo=UTC), datetime(2026, 7, 23, 7, 0, tzinfo=UTC), True),
    (datetime(2026, 11, 23, 8, 1, tzinfo=UTC), datetime(2026, 11, 23, 23, 0, tzinfo=UTC), False),
])  # fmt: skip
def test_a_backup_is_due_at_three_in_the_departments_night(last: datetime | None, now: datetime, is_due: bool) -> None:
    assert nightly.is_due(last, now, DANBURY) == is_due


async def test_the_bot_takes_one_a_night_tries_it_and_keeps_the_newest(tmp_path: Path) -> None:
    folder, clock = small_folder.write(tmp_path / "knowledge"), [NOON]
    chosen = Settings(data=tmp_path / "data", knowledge=folder, backup=tmp_path / "backups", backup_keep=2)
    house, tried, stopping = House.built(chosen, lambda: clock[0]), list[datetime](), asyncio.Event()

    async def rehearse() -> bool:
        tried.append(clock[0])
        return True

    async with Database(in_file(tmp_path / "data" / "bot.sqlite3")) as database:
        await database.open()
        house.join(database)
        for _ in range(3):
            assert await nightly.tend(house, chosen, stopping, rehearse)
            clock[0] += timedelta(hours=2)
            assert not await nightly.tend(house, chosen, stopping, rehearse)
            clock[0] += timedelta(days=1)
    assert len(tried) == 3
    assert [each.taken_at for each in backup.found(tmp_path / "backups")] == [tried[2], tried[1]]


async def test_of_two_replicas_one_takes_it(tmp_path: Path) -> None:
    chosen = Settings(data=tmp_path / "data", knowledge=small_folder.write(tmp_path / "k"), backup=tmp_path / "backups")
    houses = [House.built(chosen, lambda: NOON) for _ in range(2)]
    async with Database(in_file(tmp_path / "data" / "bot.sqlite3")) as database:
        await database.open()
        for house in houses:
            house.join(database)

        async def rehearse() -> bool:
            return True

        taken = await asyncio.gather(*(nightly.tend(each, chosen, asyncio.Event(), rehearse) for each in houses))
    assert sorted(taken) == [False, True]


async def test_nothing_is_taken_without_a_folder(tmp_path: Path) -> None:
    chosen = Settings(data=tmp_path / "data", knowledge=small_folder.write(tmp_path / "knowledge"))
    house = House.built(chosen, lambda: NOON)
    async with Database(in_file(tmp_path / "data" / "bot.sqlite3")) as database:
        await database.open()
        house.join(database)

        async def rehearse() -> bool:
            raise AssertionError

        assert not await nightly.tend(house, chosen, asyncio.Event(), rehearse)


async def test_one_that_fails_is_logged_and_the_bot_goes_on(tmp_path: Path) -> None:
    (tmp_path / "backups").write_text("no folder")
    chosen = Settings(data=tmp_path / "data", knowledge=small_folder.write(tmp_path / "k"), backup=tmp_path / "backups")
    house, stopping = House.built(chosen, lambda: NOON), asyncio.Event()
    async with Database(in_file(tmp_path / "data" / "bot.sqlite3")) as database:
        await database.open()
        house.join(database)
        with capture_logs() as logged:
            asyncio.get_running_loop().call_later(0.3, stopping.set)
            await nightly.run(house, chosen, stopping)
    assert [each["event"] for each in logged] == ["backup failed"]


# Where its age is shown.


async def test_the_first_page_shows_backups_and_holds_to_those_who_look_after_the_bot(tmp_path: Path) -> None:
    async with staffed(tmp_path, small=True) as desk:
        chief = await desk.signed_in(Role.ADMINISTRATOR)
        assert "Last backup none yet: set BOT_BACKUP" in (await chief.get("/")).words
        desk.office.backup = tmp_path / "backups"
        at = desk.now - timedelta(hours=5)
        whole = tmp_path / "backups" / f"bot-{at:%Y%m%dT%H%M%SZ}"
        whole.mkdir(parents=True)
        (whole / "manifest.json").touch()
        backup.note_rehearsal(tmp_path / "backups", Rehearsed(desk.now, whole.name, 2.0, ("it is damaged",)))
        await Holds(desk.office.database).place(Record.QUESTIONS, "FOI 2026-118, the clerk", "administrator", desk.now)
        words = (await chief.get("/")).words
        assert "Last backup 5 hours ago" in words
        assert "failed: danbury-bot rehearse says why" in words
        assert "questions: nothing is deleted. FOI 2026-118, the clerk" in words
        curator = await desk.signed_in(Role.CURATOR)
        assert "Last backup" not in (await curator.get("/")).words


async def test_doctor_tells_of_a_backup_that_is_missing_old_or_would_not_do(tmp_path: Path) -> None:
    folder = small_folder.write(tmp_path / "knowledge")

    async def found(with_backup: bool = True) -> dict[str, str | None]:
        where = tmp_path / "backups" if with_backup else None
        chosen = Settings(data=tmp_path / "data", knowledge=folder, backup=where)
        said = {}
        async for each in examined(chosen, lambda: NOON, with_links=False):
            said[each.place] = each.told
        return said

    assert "set BOT_BACKUP" in str((await found(with_backup=False))["backup"])
    assert "there is none yet" in str((await found())["backup"])
    whole = tmp_path / "backups" / "bot-20261123T080000Z"
    whole.mkdir(parents=True)
    (whole / "manifest.json").touch()
    assert ((await found())["backup"], "no restore was tried" in str((await found())["rehearsal"])) == (None, True)
    backup.note_rehearsal(tmp_path / "backups", Rehearsed(NOON, whole.name, 2.0))
    assert (await found())["rehearsal"] is None
    backup.note_rehearsal(tmp_path / "backups", Rehearsed(NOON, whole.name, 2.0, ("it is damaged",)))
    assert "it is damaged" in str((await found())["rehearsal"])
