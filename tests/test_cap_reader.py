"""Alerts from outside: every wrapper and every language is read, what is broken or hostile is refused with its line."""

import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from bot.core.cap_doubts import corners, doubts
from bot.core.cap_draft import drafted
from bot.core.cap_reader import CapUnreadable, Imported, ImportedArea, read
from tests import hostile_cap
from tests.advisory_builders import ALERTING
from tests.hostile_cap import SAMPLES, SOUND, Case

CASES = hostile_cap.cases()
NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
# Each sample with the languages of each alert in it, block by block; + stands before one of which only an index came.
READ = {
    "atom_with_alerts": ("en-US es-US", "+en-US"),
    "atom_with_escaped_alerts": ("en-US es-US", "en-US es-US"),
    "byte_order_mark": ("en-US es-US pt-BR",),
    "canada_two_languages": ("en-CA en-CA fr-CA fr-CA",),
    "cancel_without_text": ("",),
    "cap_1_0": ("en-US",),
    "cap_1_1": ("en-US",),
    "comments_everywhere": ("en-US",),
    "exercise": ("en-US",),
    "inmet_brazil": ("pt-BR",),
    "ipaws_distribution": ("en-US es-US", "en-US es-US", "en-US es-US"),
    "ipaws_test": ("en-US es-US",),
    "latin_1": ("en-US es-US pt-BR",),
    "meteoalarm_index": ("+en-US",),
    "meteoalarm_portugal": ("pt en-GB",),
    "mexico_prefixed": ("es-MX",),
    "nws_alert": ("en-US",),
    "nws_old_index": ("+en-US", "+en-US"),
    "restricted": ("en-US",),
    "rss_that_links": ("+en-US", "+en-US"),
    "sweden_list": ("sv-SE en-GB", "sv-SE en-GB", "sv-SE en-GB"),
    "three_languages": ("en-US es-US pt-BR",),
    "update_of_a_flood": ("en-US",),
    "utf_16": ("en-US es-US pt-BR",),
    "windows_1252": ("en-US es-US pt-BR",),
}


def sample(name: str) -> tuple[Imported, ...]:
    return read((SAMPLES / f"{name}.xml").read_bytes())


def one(name: str) -> Imported:
    (alert,) = sample(name)
    return alert


def altered(*changes: tuple[str, str]) -> Imported:
    """The sound sample with something changed in it."""
    text = SOUND
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (alert,) = read(text.encode())
    return alert


def test_there_are_twenty_samples_and_each_is_in_the_table() -> None:
    assert {path.stem for path in SAMPLES.glob("*.xml")} == READ.keys()
    assert len(READ) >= 20


@pytest.mark.parametrize("name", READ)
def test_every_alert_of_every_wrapper_is_read_with_every_language(name: str) -> None:
    found = sample(name)
    told = [("+" if alert.is_part else "") + " ".join(info.language for info in alert.infos) for alert in found]
    assert tuple(told) == READ[name]
    assert all(alert.sent is not None and alert.sent.tzinfo is not None for alert in found)


def test_an_alert_is_kept_whole_and_reads_the_same_from_what_was_kept() -> None:
    for name in READ:
        for alert in sample(name):
            if not alert.is_part:
                (again,) = read(alert.original.encode())
                assert replace(again, original="") == replace(alert, original="")


def test_what_an_alert_says_is_taken_as_it_stands() -> None:
    alert = one("nws_alert")
    (info,) = alert.infos
    assert (alert.identifier, alert.status, alert.type) == (
        "urn:oid:2.49.0.1.840.0.made-for-tests.001.1", "Actual", "Alert",
    )  # fmt: skip
    assert (info.event, info.urgency, info.severity, info.certainty) == (
        "Winter Storm Warning", "Expected", "Severe", "Likely",
    )  # fmt: skip
    assert "8 and 12 inches.\n\n* WHERE" in info.description
    assert info.expires == datetime(2026, 11, 25, 4, 15, tzinfo=UTC)
    assert ("eventEndingTime", "2026-11-26T01:00:00-05:00") in info.parameters
    (area,) = info.areas
    assert area.geocodes == (("SAME", "009001"), ("UGC", "CTZ005"), ("UGC", "CTZ006"))
    assert corners(area.polygons[0]) == ((41.5, -73.6), (41.5, -73.2), (41.2, -73.2), (41.2, -73.6), (41.5, -73.6))


def test_texts_are_whole_whatever_stands_between_their_letters() -> None:
    alert = one("comments_everywhere")
    (info,) = alert.infos
    assert (alert.identifier, alert.status, alert.type) == ("comments-1", "Actual", "Alert")
    assert (info.event, info.description) == ("A & B <C> é", "One <two> three")
    assert [area.circles for area in info.areas] == [("41.4,-73.45 2", "41.5,-73.5 0.5"), ()]
    (mexico,) = one("mexico_prefixed").infos
    assert mexico.headline == 'Lluvias fuertes & "norte" con rachas > 80 km/h'
    assert mexico.instruction == "Extreme precauciones y atienda a Protección Civil."


@pytest.mark.parametrize("name", ["utf_16", "latin_1", "windows_1252", "byte_order_mark"])
def test_letters_are_the_same_in_every_encoding(name: str) -> None:
    here, there = one(name).infos, one("three_languages").infos
    assert here[1:] == there[1:]
    assert here[1].instruction == "Use West Street, por favor: ¿alternativa? Elm."


def test_of_an_index_the_link_the_words_and_the_status_are_kept() -> None:
    flood, wind = sample("nws_old_index")
    assert (flood.link, flood.status) == ("https://alerts.weather.example/cap/wwacapget.php?x=CT1", "Actual")
    assert (flood.infos[0].event, wind.type, wind.infos[0].severity) == ("Flood Watch", "Update", "Minor")
    storm, road = sample("rss_that_links")
    assert (storm.sent, road.sent) == (
        datetime(2026, 11, 24, 14, 30, tzinfo=UTC), datetime(2026, 11, 24, 14, 45, tzinfo=UTC),
    )  # fmt: skip
    assert (storm.status, storm.infos[0].categories) == ("", ("Met",))


def test_references_name_every_message_they_are_about() -> None:
    assert [each.split(",")[1] for each in one("canada_two_languages").references] == [
        "2.49.0.1.124.made-for-tests.2025", "2.49.0.1.124.made-for-tests.2024",
    ]  # fmt: skip
    assert one("cancel_without_text").note == "sent by mistake"


def test_there_are_at_least_sixty_hostile_cases() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 60


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name[:60])
def test_it_is_refused_with_its_line_and_the_reason(case: Case) -> None:
    with pytest.raises(CapUnreadable) as refused:
        read(case.data)
    problems = refused.value.problems
    assert any(problem.startswith(f"line {case.line}") and case.reason in problem for problem in problems), problems
    assert len(problems) <= 101
    assert max(map(len, problems)) < 300  # no name of a megabyte


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(CapUnreadable) as refused:
        altered(("<scope>Public</scope>", ""), (">Moderate<", ">Bad<"), ("three-languages-1", "a b"))
    assert {problem.partition(" must")[0] for problem in refused.value.problems} == {
        "line 2: `scope` in `alert`",
        "line 3: `identifier` in `alert` holds a space, comma, < or &: references could not name it",
        "line 14: `severity` in `info`",
        "line 28: `severity` in `info`",
        "line 42: `severity` in `info`",
    }


def spent(data: bytes) -> float:
    """Seconds of work, other people's on this machine not counted."""
    started = time.process_time()
    with suppress(CapUnreadable):
        read(data)
    return time.process_time() - started


def test_no_hostile_file_costs_much_more_than_the_largest_honest_one() -> None:
    most = 4 * min(spent(hostile_cap.honest()) for _ in range(3))
    large = [case for case in CASES if len(case.data) > 50_000]
    assert len(large) >= 20
    assert [case.name for case in large if spent(case.data) > most and spent(case.data) > most] == []


WATCHED = """
import sys, socket
from pathlib import Path
from bot.core.cap_draft import drafted
from bot.core.cap_reader import CapUnreadable, read
from tests import hostile_cap
files = [path.read_bytes() for path in sorted(hostile_cap.SAMPLES.glob("*.xml"))]
files += [case.data for case in hostile_cap.cases()]
seen = []
WATCH = ("open", "socket", "subprocess", "os.", "urllib", "import", "ctypes", "exec", "shutil", "tempfile")
sys.addaudithook(lambda event, args: seen.append((event, repr(args)[:80])) if event.startswith(WATCH) else None)
open(__file__).close()
is_watching = bool(seen)
seen.clear()
refused = 0
for data in files:
    try:
        read(data)
    except CapUnreadable:
        refused += 1
told = list(seen)
print(is_watching, len(files) - refused, refused, told)
"""


def test_reading_opens_no_file_and_no_connection_and_imports_nothing(tmp_path: Path) -> None:
    script = tmp_path / "watched.py"
    script.write_text(WATCHED)
    run = [sys.executable, "-c", f"__file__ = {str(script)!r}\n{WATCHED}"]
    done = subprocess.run(run, capture_output=True, text=True, cwd=Path(__file__).parents[1], check=False, timeout=60)
    assert (done.stdout.strip(), done.stderr) == (f"True {len(READ)} {len(CASES)} []", "")


FILES = [(SAMPLES / f"{name}.xml").read_bytes() for name in READ]
PIECES = [
    *b'< > & \0 \xff " , \r'.split(b" "),
    *b"&lt; ]]> <!-- --> <?x?> <![CDATA[ <!DOCTYPE\ta> </info> <info> <alert> </alert> <entry> xmlns=''".split(b" "),
    *b"encoding='utf-16' 9999-12-31T23:59:59-14:00 0001-01-01T00:00:00Z Update Exercise \xf0\x9f\x9a\xa8".split(b" "),
]


@given(some.data())
@settings(max_examples=250, deadline=None)
def test_whatever_is_done_to_an_alert_it_is_read_or_refused(data: some.DataObject) -> None:
    file = data.draw(some.sampled_from(FILES))
    for _ in range(data.draw(some.integers(1, 6))):
        at = data.draw(some.integers(0, len(file)))
        gone = data.draw(some.integers(0, 40))
        put = data.draw(some.sampled_from(PIECES) | some.binary(max_size=6) | some.just(file[at : at + 200]))
        file = file[:at] + put + file[at + gone :]
    alerts, problems = read_or_refused(file)
    assert bool(alerts) is not bool(problems)
    assert all(problem.startswith("line ") or problem == "and more" for problem in problems)
    for alert in alerts:
        assert all(doubts(alert, NOW))
        drafted(alert, ALERTING, NOW)


def read_or_refused(data: bytes) -> tuple[tuple[Imported, ...], tuple[str, ...]]:
    try:
        return read(data), ()
    except CapUnreadable as e:
        return (), e.problems


@given(some.binary(max_size=300))
@settings(max_examples=100, deadline=None)
def test_bytes_of_any_kind_are_refused_in_words(data: bytes) -> None:
    with pytest.raises(CapUnreadable):
        read(data)


def update_of(reference: str) -> list[tuple[str, str]]:
    return [("<msgType>Alert", f"<references>{reference}</references><msgType>Update")]


AREA = "<area><areaDesc>Main Street</areaDesc>"
DOUBTS = [
    (update_of("a,three-languages-1,2026-11-24T11:00:00-05:00"), "it refers to itself"),
    (update_of("a,t-1,2026-11-24T13:00:00-05:00"), "it refers to a message that was sent after it"),
    (update_of("t-1"), "a reference is not sender,identifier,sent"),
    (update_of("a,t-1,noon"), "a reference has no time with its offset"),
    ([("<sent>2026-11-24T12", "<sent>2026-11-24T17")], "it was sent in the future"),
    ([("<expires>2026-11-24T18", "<expires>2026-11-24T11")], "it expires before it was sent"),
    ([("<expires>2026-11-24T18", "<expires>2026-11-24T14")], "it has expired"),
    ([("<expires>2026-11-24T18:00:00-05:00</expires>", "")], "it does not say when it expires"),
    ([("<senderName>", "<onset>2026-11-25T18:00:00-05:00</onset><senderName>")],
     "it begins after it expires: `expires` may be the life of the message, not of the danger"),
    ([("Main Street está cerrada", "Main Street is closed"),
      ("Un árbol cayó en Main Street.", "A tree fell on Main Street."),
      ("Use West Street, por favor: ¿alternativa? Elm.", "Use West Street.")],
     "en-US and es-US have the same text: one is not translated"),
    ([("A tree fell", "A &lt;b&gt;tree&lt;/b&gt; fell")], "the en-US text holds HTML"),
    ([("Use a West", "Use &amp;nbsp; a West")], "the pt-BR text holds HTML"),
    ([(AREA, f"{AREA}<polygon>41.4,-73.4 41.5,-73.4 41.5,-73.5</polygon>")], "a polygon is not closed"),
    ([(AREA, f"{AREA}<polygon>41.4,-73.4 41.5,-73.5 41.5,-73.4 41.4,-73.5 41.4,-73.4</polygon>")],
     "a polygon crosses itself"),
    ([(AREA, f"{AREA}<polygon>-73.4,41.4 -73.4,41.5 -73.5,41.5 -73.4,41.4</polygon>")],
     "a place is in Antarctica: latitude and longitude may be swapped"),
    ([(AREA, f"{AREA}<polygon>101.7,3.1 101.8,3.1 101.8,3.2 101.7,3.1</polygon>")],
     "a point is not on the earth: latitude and longitude may be swapped"),
    ([(AREA, f"{AREA}<polygon>somewhere</polygon>")], "a polygon is not a list of latitude,longitude"),
    ([(AREA, f"{AREA}<circle>41.4,-73.4</circle>")], "a circle is not latitude,longitude radius"),
    ([(AREA, f"{AREA}<circle>-73.4,41.4 2</circle>")],
     "a place is in Antarctica: latitude and longitude may be swapped"),
    ([(f"{AREA}</area>", "")], "it names no area"),
    ([("<category>Transport</category>\n      <event>Rua", "<category>Met</category>\n      <event>Rua")],
     "en-US and pt-BR have different categories"),
    ([("<scope>Public", "<scope>Restricted")], "its scope is Restricted: it was not meant for the public"),
    ([("Main Street is closed", "TEST: Main Street is closed")],
     "its status is Actual, but its words speak of a test or an exercise"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "told"), DOUBTS, ids=[told for _, told in DOUBTS])
def test_what_is_odd_about_an_alert_is_told(changes: list[tuple[str, str]], told: str) -> None:
    assert told in doubts(altered(*changes), NOW)


def test_an_alert_with_nothing_odd_raises_no_doubt() -> None:
    assert doubts(one("three_languages"), NOW) == ()
    ring = f"{AREA}<polygon>41.4,-73.4 41.5,-73.4 41.5,-73.5 41.4,-73.5 41.4,-73.4</polygon><circle>41,-73 2.5</circle>"
    assert doubts(altered((AREA, ring)), NOW) == ()
    assert doubts(altered(("<sent>2026-11-24T12", "<sent>2026-11-24T15")), NOW - timedelta(minutes=4)) == ()


def test_of_an_index_it_is_said_that_the_rest_is_missing() -> None:
    first = sample("rss_that_links")[0]
    assert doubts(first, NOW)[:2] == (
        "only an index entry of it came: the whole alert is at https://cap.example/alerts/1.xml",
        "the index does not say whether it is a test",
    )


def test_an_area_keeps_what_was_written() -> None:
    assert one("canada_two_languages").infos[0].areas[1] == ImportedArea(
        "Vaudreuil area",
        (),
        (
            "45.80,-74.60 45.80,-74.10 45.60,-74.10 45.60,-74.60 45.80,-74.60",
            "45.50,-74.60 45.50,-74.50 45.40,-74.50 45.50,-74.60",
        ),
        (),
    )
