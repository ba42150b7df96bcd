"""`advise` as staff use it, on a real database, from the draft to the last person."""

import asyncio
import csv
import json
import re
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.core.advisory import AdvisoryKind, AdvisoryLevel
from bot.core.delivery import sent
from bot.core.message import Address, ChannelName
from bot.store.database import Database, in_file
from bot.store.keys import Pseudonyms
from bot.store.outbox import Claimed, Outbox
from bot.store.sealed import Seal
from bot.store.subscriptions import Subscriptions
from tests import small_folder
from tests.advisory_builders import NOW
from tests.test_staffing import Terminal

ROAD = ("road-closed", "street=Main Street", "from_street=West Street", "to_street=Elm Street", "reason=crash",
        "start=2026-11-24 12:00", "end=2026-11-24 18:00")  # fmt: skip
ALERT = {
    "level": "alert",
    "topic": "safety",
    "expires": "2026-11-24 18:00",
    "statements": {
        "en": {"event": "Gas leak", "source": "Danbury Police", "hazard": "A gas main is broken.",
               "place": "Main Street", "time": "Until 6 PM on November 24", "action": "Leave on foot."},
        "es": {"event": "Fuga de gas", "source": "Policía de Danbury", "hazard": "Se rompió una tubería de gas.",
               "place": "Main Street", "time": "Hasta las 18:00 del 24 de noviembre", "action": "Salga a pie."},
        "pt": {"event": "Vazamento de gás", "source": "Polícia de Danbury", "hazard": "Um cano de gás se rompeu.",
               "place": "Main Street", "time": "Até 18h de 24 de novembro", "action": "Saia a pé."},
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def department(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, dict[str, str], datetime]:
    """An announcer, an approver and a night sergeant who is both; two residents and a tester. Each test has a copy."""
    data, folder = tmp_path_factory.mktemp("data"), small_folder.write(tmp_path_factory.mktemp("knowledge"))
    made = Terminal({})
    with pytest.MonkeyPatch.context() as patch:
        made.sit_down(folder, data, patch)
        made.add("chief", "administrator")
        made.add("anna", "announcer", by="chief")
        made.add("otis", "approver", by="chief")
        made.add("night", "announcer", "approver", by="chief")
    asyncio.run(subscribe(data))
    return folder, data, made.secrets, made.now


@pytest.fixture
def desk(
    department: tuple[Path, Path, dict[str, str], datetime], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Terminal:
    folder, data, secrets, now = department
    shutil.copytree(data, tmp_path, dirs_exist_ok=True)
    made = Terminal(secrets, now)
    made.sit_down(folder, tmp_path, monkeypatch)
    return made


async def subscribe(data: Path) -> None:
    async with Database(in_file(data / "bot.sqlite3")) as database:
        await database.open()
        people = Subscriptions(database, Pseudonyms.kept_in(data), Seal.kept_in(data))
        for number, kind in enumerate((AdvisoryKind.LIVE, AdvisoryKind.LIVE, AdvisoryKind.EXERCISE)):
            person = Address(ChannelName.TELEGRAM, f"70000{number}")
            topics = ["traffic", "safety"]
            await people.subscribe(person, topics, None, ("en", "es", "pt")[number], "test", NOW, kind)


async def join(data: Path, code: str, now: datetime) -> None:
    async with Database(in_file(data / "bot.sqlite3")) as database:
        await database.open()
        people = Subscriptions(database, Pseudonyms.kept_in(data), Seal.kept_in(data))
        person = Address(ChannelName.TELEGRAM, "800001")
        assert await people.join_exercises(person, code, ["traffic"], "en", "text: /exercise", now) is not None


async def leave(data: Path, now: datetime) -> None:
    """The department's one tester leaves."""
    async with Database(in_file(data / "bot.sqlite3")) as database:
        await database.open()
        people = Subscriptions(database, Pseudonyms.kept_in(data), Seal.kept_in(data))
        await people.leave_exercises(Address(ChannelName.TELEGRAM, "700002"), now)


async def send_all(data: Path, clock: Terminal) -> int:
    """Send what is due to a platform that takes everything."""
    count = 0
    async with Database(in_file(data / "bot.sqlite3")) as database:
        await database.open()
        outbox = Outbox(database, Pseudonyms.kept_in(data), Seal.kept_in(data))
        for _ in range(60):
            clock.now += timedelta(seconds=1)
            await outbox.tick(clock.now)
            claimed = await outbox.claim(ChannelName.TELEGRAM, "lane", 29, tuple(AdvisoryLevel), clock.now)
            if isinstance(claimed, Claimed):
                count += 1
                await outbox.settle(claimed.delivery, sent(claimed.delivery, f"=message {count}"), "lane", clock.now)
    return count


def written(data: Path, **changed: object) -> str:
    path = data / "alert.json"
    path.write_text(json.dumps(ALERT | changed, ensure_ascii=False), encoding="utf-8")
    return str(path)


def drafted(desk: Terminal, *arguments: str, by: str = "anna") -> str:
    result = desk.act(by, "advise", "draft", *arguments)
    assert result.exit_code == 0, result.output
    found = re.search(r"^(\d+): ", result.output, re.MULTILINE)
    assert found
    return found[1]


def test_a_road_closure_goes_from_draft_to_the_last_person(desk: Terminal, tmp_path: Path) -> None:
    number = drafted(desk, *ROAD)
    shown = desk.run("advise", "preview", number).output
    assert "ADVISORY - Danbury Police Department\nROAD CLOSED because of a crash." in shown
    assert "AVISO - Departamento de Policía de Danbury" in shown
    assert "Até: 18h de terça-feira, 24 de novembro" in shown
    assert "CANCELADO - Departamento de Policía de Danbury" in shown
    assert "People: 2 (telegram in en 1, telegram in es 1)" in shown
    out = desk.act("anna", "advise", "publish", number, typed="2\n")
    assert out.exit_code == 0, out.output
    for line in (
        "LIVE, to subscribers", "People: 2", "Channels: telegram 2", "Languages: en 1, es 1",
        "First line: ADVISORY - Danbury Police Department", "goes out to 2 people",
    ):  # fmt: skip
        assert line in out.output
    assert "due 2" in desk.run("advise", "status", number).output
    assert asyncio.run(send_all(tmp_path, desk)) == 2
    watched = desk.run("advise", "status", number, "--watch").output
    assert re.fullmatch(r"\S+ finished: audience 2; sent 2; [\d.]+/s; left 0; over; limit: finished\n", watched)


def test_the_wrong_count_stops_it_and_says_both(desk: Terminal) -> None:
    number = drafted(desk, *ROAD)
    for typed, said in (("3\n", "you typed 3, and it goes to 2 people"), ("two\n", "`two` is no number"),
                        ("", "nothing was typed"), ("\n", "`` is no number")):  # fmt: skip
        result = desk.act("anna", "advise", "publish", number, typed=typed)
        assert (result.exit_code, said in result.output) == (1, True)
    assert "draft" in desk.run("advise", "show", number).output


def test_an_alert_needs_two_people_or_a_reason(desk: Terminal, tmp_path: Path) -> None:
    number = drafted(desk, "--file", written(tmp_path))
    assert "anna may not publish an Alert" in desk.act("anna", "advise", "publish", number, typed="2\n").output
    assert "anna may not approve" in desk.act("anna", "advise", "approve", number, typed="2\n").output
    assert "approval of a second person" in desk.act("otis", "advise", "publish", number, typed="2\n").output
    out = desk.act("otis", "advise", "approve", number, "--publish", typed="2\n")
    assert "is approved by otis for 2 people" in out.output
    assert "goes out to 2 people" in out.output
    lone = drafted(desk, "--file", written(tmp_path), by="night")
    assert "second person" in desk.act("night", "advise", "approve", lone, typed="2\n").output
    assert "says too little" in desk.act("night", "advise", "publish", lone, "--alone", "why not", typed="2\n").output
    out = desk.act("night", "advise", "publish", lone, "--alone", "nobody else on duty", typed="2\n")
    assert "goes out to 2 people" in out.output
    assert "Alone because: nobody else on duty" in desk.run("advise", "show", lone).output


def test_an_exercise_goes_to_testers_only(desk: Terminal) -> None:
    number = drafted(desk, *ROAD, "--exercise")
    out = desk.act("anna", "advise", "publish", number, typed="1\n").output
    assert "EXERCISE, to testers only" in out
    assert "First line: EXERCISE" in out
    assert "goes out to 1 people" in out
    assert "EXERCISE" in desk.run("advise", "list", "--exercises").output


def test_a_code_lets_a_tester_in_and_the_next_exercise_counts_them(desk: Terminal, tmp_path: Path) -> None:
    assert "Testers: 1 (telegram in pt 1)\n" in desk.act("otis", "advise", "testers").output
    out = desk.act("anna", "advise", "tester-code").output
    code = re.search(r"^/exercise (\d{8})$", out, re.MULTILINE)
    assert code is not None
    assert f"Code: {code[1]}\nGood once, for 10 minutes." in out
    asyncio.run(join(tmp_path, code[1], desk.now))
    told = desk.act("anna", "advise", "testers").output
    assert "Testers: 2 (telegram in en 1, telegram in pt 1)\n" in told
    assert "80000" not in told
    exercise = drafted(desk, *ROAD, "--exercise")
    assert "Testers: 2 (telegram in en 1, telegram in pt 1)\n" in desk.run("advise", "preview", exercise).output
    assert "\nPeople: 2 (" in desk.run("advise", "preview", drafted(desk, *ROAD)).output
    books = desk.run("staff", "audit").output
    assert re.search(r"anna tester code made code \w{6}\n", books)
    assert re.search(r"bot tester code used code \w{6} \(", books)
    assert code[1] not in books


def test_an_exercise_that_nobody_would_get_says_how_testers_come_in(desk: Terminal, tmp_path: Path) -> None:
    asyncio.run(leave(tmp_path, desk.now))
    shown = desk.run("advise", "preview", drafted(desk, *ROAD, "--exercise")).output
    assert "Testers: 0 (nobody)\nNobody would get it: danbury-bot advise tester-code lets somebody in\n" in shown


@pytest.mark.parametrize(("name", "may"), [("anna", True), ("otis", True), ("night", True), ("chief", False)])
def test_who_may_not_enrol_testers_gets_no_code_and_that_is_noted(desk: Terminal, name: str, may: bool) -> None:
    result = desk.act(name, "advise", "tester-code")
    assert (result.exit_code == 0, "/exercise" in result.output) == (may, may)
    noted = f"{name} turned away tester code (act enrol testers)" in desk.run("staff", "audit").output
    assert noted is not may


def test_it_is_paused_resumed_updated_and_withdrawn(desk: Terminal, tmp_path: Path) -> None:
    number = drafted(desk, *ROAD)
    desk.act("anna", "advise", "publish", number, typed="2\n")
    assert "is paused" in desk.act("anna", "advise", "pause", number, "--why", "wrong street").output
    assert "limit: paused: anna: wrong street" in desk.run("advise", "status", number).output
    assert "is sending again" in desk.act("anna", "advise", "resume", number).output
    asyncio.run(send_all(tmp_path, desk))
    later = (*ROAD[:-1], "end=2026-11-24 19:00")
    update = desk.act("anna", "advise", "update", number, *later)
    assert "update danbury-pd-2026-000001.2, draft" in update.output
    second = desk.run("advise", "preview", "danbury-pd-2026-000001.2").output
    assert "This replaces our message danbury-pd-2026-000001.1." in second
    assert "REPLACED. Follow our newer message danbury-pd-2026-000001.2." in second
    desk.act("anna", "advise", "publish", "2", typed="2\n")
    asyncio.run(send_all(tmp_path, desk))
    assert "withdraws it, before anything else, to 2 people" in desk.act("otis", "advise", "cancel", number).output
    assert asyncio.run(send_all(tmp_path, desk)) == 2
    assert "nothing follows a withdrawal" in desk.act("anna", "advise", "cancel", number).output
    assert "cancelled" in desk.run("advise", "list").output


def test_what_has_not_gone_out_is_discarded(desk: Terminal) -> None:
    number = drafted(desk, *ROAD)
    assert "is discarded" in desk.act("anna", "advise", "discard", number).output
    other = drafted(desk, *ROAD)
    assert "had not gone out to anybody; it is discarded" in desk.act("anna", "advise", "cancel", other).output
    assert desk.act("anna", "advise", "publish", number, typed="2\n").exit_code == 1


def test_it_can_be_changed_and_scheduled(desk: Terminal) -> None:
    number = drafted(desk, *ROAD)
    assert desk.act("anna", "advise", "change", number, *ROAD[:4], "reason=gas", *ROAD[5:]).exit_code == 0
    assert "a gas leak" in desk.run("advise", "show", number).output
    early = desk.act("anna", "advise", "publish", number, "--at", "2026-11-24 08:00", typed="2\n")
    assert "it would begin in the past" in early.output
    out = desk.act("anna", "advise", "publish", number, "--at", "2026-11-24 17:00", typed="2\n")
    assert "is scheduled for 2026-11-24 22:00 UTC" in out.output
    assert "limit: scheduled for 2026-11-24 17:00" in desk.run("advise", "status", number).output


def test_every_fault_of_a_draft_is_told_at_once(desk: Terminal) -> None:
    result = desk.act(
        "anna", "advise", "draft", "road-closed", "street={x}", "reason=aliens", "end=tonight", "colour=red"
    )
    assert result.exit_code == 1
    for name in ("colour:", "street:", "from_street:", "to_street:", "reason:", "start:", "end:"):
        assert name in result.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("road-open",), "there is no such template"),
        ((), "neither or both of a template and a file"),
        (("road-closed", "street"), "no gap and its value"),
        ((*ROAD, "--expires", "soon"), "a day and an hour are wanted"),
        ((*ROAD, "--only-in", "fr"), "it has no words in fr"),
    ],
)
def test_a_draft_that_cannot_be_is_one_clear_sentence(desk: Terminal, arguments: tuple[str, ...], said: str) -> None:
    result = desk.act("anna", "advise", "draft", *arguments)
    assert (result.exit_code, said in result.output) == (1, True)


def test_a_draft_in_one_language_goes_out_to_everybody_in_it(desk: Terminal) -> None:
    number = drafted(desk, *ROAD, "--only-in", "en")
    shown = desk.run("advise", "preview", number).output
    assert "AVISO - Danbury Police Department\nROAD CLOSED" in shown
    assert desk.act("anna", "advise", "publish", number, typed="2\n").exit_code == 0


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"level": "loud"}, "level"),
        ({"statements": {"en": {"event": "x"}}}, "statements.en.source"),
        ({"expires": "tonight"}, "expires: a day and an hour are wanted"),
        ({"colour": "red"}, "colour"),
        ({"topic": "roads"}, "nobody can subscribe to `roads`"),
    ],
)
def test_a_file_that_is_no_advisory_is_told(
    desk: Terminal, tmp_path: Path, changed: dict[str, object], said: str
) -> None:
    result = desk.act("anna", "advise", "draft", "--file", written(tmp_path, **changed))
    assert (result.exit_code, said in result.output) == (1, True)


def test_a_file_that_is_no_json_is_told(desk: Terminal, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_bytes(b"\xff{")
    assert desk.act("anna", "advise", "draft", "--file", str(tmp_path / "x.json")).exit_code == 1


def test_the_blank_form_is_a_file_to_fill_in(desk: Terminal) -> None:
    form = json.loads(desk.run("advise", "draft", "--blank").output)
    assert list(form["statements"]) == ["en", "es", "pt"]
    assert list(form["statements"]["en"]) == ["event", "source", "hazard", "place", "time", "action"]


def test_the_templates_are_listed_with_their_gaps(desk: Terminal) -> None:
    output = desk.run("advise", "templates").output
    assert "road-closed: road closed (advisory, traffic; approved in: none)" in output
    assert "  street: Street that is affected (as on the sign)" in output
    assert "  end: When it ends, or is looked at again (2026-11-24 18:00)" in output


def test_the_ledger_is_exported_without_people_or_formulas(desk: Terminal, tmp_path: Path) -> None:
    number = drafted(desk, *ROAD)
    desk.act("anna", "advise", "publish", number, typed="2\n")
    asyncio.run(send_all(tmp_path, desk))
    path = tmp_path / "ledger.csv"
    assert desk.run("advise", "export", number, "--csv", str(path)).exit_code == 0
    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    assert [(row["channel"], row["state"], row["attempts"]) for row in rows] == [("telegram", "sent", "1")] * 2
    assert {row["provider_id"] for row in rows} == {"'=message 1", "'=message 2"}
    assert "70000" not in path.read_text(encoding="utf-8")


def test_what_does_not_exist_is_told(desk: Terminal) -> None:
    for command in ("show", "preview", "status"):
        result = desk.run("advise", command, "99")
        assert (result.exit_code, result.output) == (
            1, "Error: there is no advisory 99: `advise list` shows those there are\n",
        )  # fmt: skip
    assert "No advisory yet" in desk.run("advise", "list").output


def test_others_alerts_become_drafts_and_nothing_goes_out(desk: Terminal, tmp_path: Path) -> None:
    zone = ZoneInfo("America/New_York")
    ends = (NOW + timedelta(hours=4)).astimezone(zone).isoformat(timespec="seconds")
    (tmp_path / "a.cap").write_text(f"""\
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>nws.1</identifier><sender>w-nws@noaa.gov</sender>
<sent>2026-11-24T11:00:00-05:00</sent><status>Actual</status><msgType>Alert</msgType><scope>Public</scope>
<info><language>en-US</language><category>Met</category><event>Flood Warning</event><urgency>Immediate</urgency>
<severity>Severe</severity><certainty>Likely</certainty><expires>{ends}</expires><senderName>NWS New York</senderName>
<headline>Flood Warning</headline><description>Still River is rising.</description><instruction>Move up.</instruction>
<area><areaDesc>Danbury</areaDesc><polygon>41.3,-73.5 41.4,-73.5 41.4,-73.4 41.3,-73.5</polygon></area></info></alert>
""")
    result = desk.act("anna", "advise", "import", str(tmp_path / "a.cap"), "--topic", "safety")
    assert result.exit_code == 0, result.output
    assert "1 drafted, 0 left out." in result.output
    assert "es: not written in this language" in result.output
    shown = desk.run("advise", "show", "1").output
    assert "alert, alert, safety, draft: Flood Warning" in shown
    assert "[en] NWS New York | Flood Warning | Danbury |  | Move up." in shown
    assert "en: write time" in result.output
    assert "not published" in desk.run("advise", "status", "1").output


def test_a_file_that_is_no_alert_is_told(desk: Terminal, tmp_path: Path) -> None:
    (tmp_path / "a.cap").write_text('<!DOCTYPE x [<!ENTITY a "b">]><alert>&a;</alert>')
    result = desk.act("anna", "advise", "import", str(tmp_path / "a.cap"), "--topic", "safety")
    assert result.exit_code == 1
    assert "Error:" in result.output
