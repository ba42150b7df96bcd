"""What others read of an advisory: CAP 1.2 that its own schema takes, and Atom that a feed reader takes."""

from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import feedparser
import pytest
import xmlschema
from hypothesis import given, settings
from hypothesis import strategies as some

from bot.core.advisory import Advisory, AdvisoryKind, AdvisoryLevel, AdvisoryType, Area, Statement
from bot.core.cap import CAP, atom, cap_xml
from bot.core.cap_reader import read
from tests.advisory_builders import ALERTING, NOW, STATEMENTS, an_advisory, some_content
from tests.benchmarks.cap import breaches

ZONE = ZoneInfo("America/New_York")
PAGE = "https://ask.example.gov/advisories/danbury-pd-2026-000001.1"
LANGUAGES = ("en", "es", "pt")
SITE = "https://a.example/"
LINKS = {"self": f"{SITE}advisories.atom", "home": SITE, "page": f"{SITE}advisories/"}


@cache
def cap_schema() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(Path(__file__).parent / "data" / "cap" / "CAP-v1.2.xsd")


def written(advisory: Advisory, thread: Sequence[Advisory] = ()) -> ElementTree.Element:
    return ElementTree.fromstring(cap_xml(advisory, thread, ALERTING, ZONE, PAGE))


def texts(alert: ElementTree.Element, path: str) -> list[str]:
    return [each.text or "" for each in alert.findall("/".join(f"{{{CAP}}}{step}" for step in path.split("/")))]


def test_an_advisory_is_valid_cap_with_a_block_for_every_language() -> None:
    alert = written(an_advisory())
    cap_schema().validate(alert)
    assert texts(alert, "info/language") == ["en-US", "es-US", "pt-BR"]
    assert texts(alert, "info/event") == ["Road closed", "Calle cerrada", "Rua fechada"]
    assert len(set(texts(alert, "info/category"))) == 1  # the same in all blocks


def test_times_have_a_numeric_offset_and_no_fractions() -> None:
    released = NOW.replace(microsecond=123456)
    assert texts(written(an_advisory(released_at=released)), "sent") == ["2026-11-24T12:00:00-05:00"]
    in_utc = cap_xml(an_advisory(released_at=released), (), ALERTING, ZoneInfo("UTC"), PAGE)
    assert "<sent>2026-11-24T17:00:00-00:00</sent>" in in_utc


def test_an_exercise_says_so_in_its_status() -> None:
    alert = written(an_advisory(kind=AdvisoryKind.EXERCISE))
    cap_schema().validate(alert)
    assert (texts(alert, "status"), texts(alert, "note")) == (["Exercise"], ["EXERCISE - EXERCISE - EXERCISE"])


@pytest.mark.parametrize("level", AdvisoryLevel)
def test_urgency_severity_and_certainty_follow_from_the_level(level: AdvisoryLevel) -> None:
    alert = written(an_advisory(content=some_content(level=level)))
    cap_schema().validate(alert)
    expected = {"alert": "Immediate", "advisory": "Expected", "community": "Future"}[level.value]
    assert texts(alert, "info/urgency") == [expected] * 3


def test_an_update_names_every_earlier_message_and_never_itself_or_a_later_one() -> None:
    chain = [an_advisory(1), an_advisory(2, thread=1), an_advisory(3, thread=1)]
    assert texts(written(chain[0], chain), "references") == []
    assert texts(written(chain[1], chain), "references") == [
        "danbury-ct.gov,danbury-pd-2026-000001.1,2026-11-24T12:01:00-05:00"
    ]
    assert texts(written(chain[2], chain), "references") == [
        " ".join(f"danbury-ct.gov,danbury-pd-2026-000001.{n},2026-11-24T12:0{n}:00-05:00" for n in (1, 2))
    ]


def test_of_messages_that_have_run_out_only_the_last_is_named() -> None:
    old = some_content(expires_at=NOW + timedelta(minutes=2))
    chain = [an_advisory(1, content=old), an_advisory(2, thread=1, content=old)]
    late = an_advisory(3, thread=1, released_at=NOW + timedelta(hours=1))
    assert texts(written(late, [*chain, late]), "references") == [
        "danbury-ct.gov,danbury-pd-2026-000001.2,2026-11-24T12:02:00-05:00"
    ]


def test_a_withdrawal_says_that_it_is_over_and_asks_for_nothing() -> None:
    words = {"en": "CANCELLED. Main Street is open.", "es": "CANCELADO.", "pt": "CANCELADO."}
    cancel = an_advisory(2, thread=1, type=AdvisoryType.CANCEL, texts=words)
    alert = written(cancel, [an_advisory(1)])
    cap_schema().validate(alert)
    assert texts(alert, "info/description")[0] == "CANCELLED. Main Street is open."
    assert (texts(alert, "info/urgency"), texts(alert, "info/instruction")) == (["Past"] * 3, [])


def test_what_was_never_released_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="never released"):
        written(an_advisory(released_at=None))


def test_characters_that_xml_forbids_are_left_out() -> None:
    odd = {**STATEMENTS, "en": Statement("Police", "Road\x00 closed\x0b & <flooded>", "Main\ud800 St", "6 PM", "Go")}
    alert = written(an_advisory(content=some_content(statements=odd)))
    assert texts(alert, "info/description")[0] == "Road closed & <flooded> Main St 6 PM"


def test_the_feed_is_read_by_a_feed_reader_without_complaint() -> None:
    newest = an_advisory(2)
    feed: Any = feedparser.parse(atom([newest, an_advisory(1)], ("en", "Advisories"), LINKS, ZONE))
    assert not feed.bozo
    assert [entry.title for entry in feed.entries] == ["Road closed: Main Street, from West Street to Elm Street"] * 2
    assert feed.entries[0].link == "https://a.example/advisories/danbury-pd-2026-000002.1"
    assert feed.feed.updated == "2026-11-24T12:02:00-05:00"
    related = [link for link in feed.entries[0].links if link.rel == "related"]
    assert [(link.type, link.href.endswith(".cap")) for link in related] == [("application/cap+xml", True)]


def test_a_feed_of_nothing_is_still_a_feed() -> None:
    feed: Any = feedparser.parse(atom([], ("es", "Avisos"), LINKS, ZONE))
    assert (feed.bozo, feed.entries, feed.feed.title) == (False, [], "Avisos")


def test_the_figures_for_the_readme_notice_what_breaks_the_rules() -> None:
    chain = [an_advisory(1), an_advisory(2, thread=1)]
    update = written(chain[1], chain)
    assert chain[0].released_at is not None
    assert breaches(update, {chain[0].identifier: chain[0].released_at}, 3) == []
    assert breaches(update, {}, 3) == ["a reference to itself, to a later message or to none"]
    assert "a language is missing or double" in breaches(update, {}, 2)
    orphan = written(chain[1])
    assert "references on an Alert, or none on an Update or Cancel" in breaches(orphan, {}, 3)


words = some.text(some.characters(exclude_categories=["Cs"]), max_size=60).map("{}.".format)
moments = some.integers(0, 100_000_000).map(lambda seconds: NOW + timedelta(seconds=seconds))
corner = some.tuples(some.floats(41, 42), some.floats(-74, -73))


@some.composite
def chains(draw: some.DrawFn) -> list[Advisory]:
    """An Alert, then updates and perhaps a cancel, each in three languages."""
    began = draw(moments)
    level, kind = draw(some.sampled_from(AdvisoryLevel)), draw(some.sampled_from(AdvisoryKind))
    chain: list[Advisory] = []
    for number in range(1, draw(some.integers(1, 4)) + 1):
        statements = {language: Statement(*(draw(words) for _ in range(5))) for language in LANGUAGES}
        first = draw(corner)
        ring = (first, *draw(some.lists(corner, min_size=2, max_size=5)), first) if draw(some.booleans()) else ()
        content = some_content(
            level=level,
            statements=statements,
            event={language: draw(words) for language in LANGUAGES},
            area=Area({language: draw(words) for language in LANGUAGES}, (("SAME", "009001"),), ring),
            expires_at=began + timedelta(hours=draw(some.integers(1, 100))),
            effective_at=draw(some.none() | moments),
            category=draw(some.sampled_from(["Safety", "Transport", "Met"])),
        )
        follows = draw(some.sampled_from([AdvisoryType.UPDATE, AdvisoryType.CANCEL]))
        message = AdvisoryType.ALERT if number == 1 else follows
        released = began + timedelta(minutes=number)
        chain.append(an_advisory(number, thread=1, type=message, kind=kind, content=content, released_at=released))
    return chain


@given(chains())
@settings(max_examples=60, deadline=None)
def test_whatever_is_announced_is_valid_keeps_the_rules_of_references_and_is_read_back(chain: list[Advisory]) -> None:
    known: list[str] = []
    for advisory in chain:
        xml = cap_xml(advisory, chain, ALERTING, ZONE, PAGE)
        cap_schema().validate(xml)
        (back,) = read(xml.encode())
        assert (back.identifier, back.sent, len(back.infos)) == (advisory.identifier, advisory.released_at, 3)
        assert set(back.references) <= set(known)
        assert bool(back.references) == (advisory.type is not AdvisoryType.ALERT)
        known.append(f"{ALERTING.sender},{back.identifier},{texts(ElementTree.fromstring(xml), 'sent')[0]}")
