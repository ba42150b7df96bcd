"""The page about OWASP ASVS 5 is whole: every item that bites here, each with a test that exists, and every table."""

import re

import pytest

from bot.store import asked_schema, records_schema, staff_schema
from bot.store.schema import metadata
from tests.named_tests import PAGES, known, named, rows

PAGE = "asvs.md"
ITEMS = """
    1.2.1 1.2.4 1.2.10 1.3.5 1.3.6 1.3.7 1.3.12 1.5.1 1.5.2
    2.2.1 2.2.2 2.2.3 2.3.1 2.3.3 2.3.5 2.4.1
    3.3.1 3.3.2 3.3.3 3.3.4 3.4.1 3.4.3 3.4.4 3.4.6 3.5.1 3.5.3 4.4.2
    5.2.1 5.3.2 5.4.1
    6.2.1 6.2.4 6.2.5 6.2.9 6.3.1 6.3.2 6.3.3 6.3.8 6.5.1
    7.2.3 7.2.4 7.3.1 7.3.2 7.4.1 7.4.2 7.4.5 7.5.3
    8.2.1 8.2.2 8.3.1 8.3.2
    13.2.4 13.2.5 13.3.1 13.4.2 13.4.5
    14.1.1 14.1.2 14.2.1 14.2.4 14.2.6 14.2.7 14.3.2
    15.1.3 15.2.2 15.3.2 15.3.4 15.4.2
    16.2.1 16.2.2 16.2.5 16.3.1 16.3.2 16.3.3 16.4.1 16.4.2 16.4.3 16.5.2 16.5.3
""".split()
_ITEM = re.compile(r"(\d+\.\d+\.\d+) \([123]\)")
HELD = {found[1]: row for row in rows(PAGE) if (found := _ITEM.fullmatch(row[0]))}
CLASSES = [row for row in rows(PAGE) if len(row) == 3]
NOT_MET = ["16.4.3"]


def test_every_item_is_there_once_and_no_other() -> None:
    listed = [found[1] for row in rows(PAGE) if (found := _ITEM.fullmatch(row[0]))]
    assert listed == ITEMS


@pytest.mark.parametrize("item", ITEMS)
def test_every_item_says_what_how_and_by_which_test(item: str) -> None:
    _, asks, how, by = HELD[item]
    assert len(asks) > 10
    assert len(how) > 3
    assert named(by) != ()
    assert [name for name in named(by) if name not in known()] == []


def test_what_is_not_met_is_said() -> None:
    assert [item for item, row in HELD.items() if "**not met**" in row[2]] == NOT_MET


def test_every_table_of_the_store_has_its_class() -> None:
    assert {asked_schema, records_schema, staff_schema}  # their tables are made by importing them
    listed = [name for row in CLASSES for name in re.findall(r"`(\w+)`", row[1])]
    assert sorted(listed) == sorted(metadata.tables)


def test_every_class_says_how_it_is_kept() -> None:
    assert len(CLASSES) == 6
    assert all(len(row[2]) > 10 for row in CLASSES)


def test_the_page_names_no_test_that_there_is_not() -> None:
    text = (PAGES / PAGE).read_text(encoding="utf-8")
    assert len(named(text)) == text.count("::")
    assert set(named(text)) <= known()
