"""The books of what staff did: whatever is changed in them afterwards is found, and called what it is."""

import hashlib
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import URL, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import audit
from bot.store import chain as chains
from bot.store.audit import Audit, Noted, note
from bot.store.chain import FIRST, MOST_SUSPECTS, Anchor, Damage, Harm, Link, Reading, digest_of
from bot.store.database import Database
from bot.store.schema import inbox
from tests.ledger import HOUR, NOON, by_hand

Tamper = Callable[[list[Link], int], list[Link]]


def chain(length: int) -> list[Link]:
    links: list[Link] = []
    previous = FIRST
    for number in range(1, length + 1):
        at = f"2026-11-23T17:00:{number % 60:02}.000000+00:00"
        link = Link(number, at, "ann", "draft", f"dpd-2026-{number:06}.1", "{}", previous)
        links.append(replace(link, digest=digest_of(link)))
        previous = links[-1].digest
    return links


def found(links: list[Link], anchor: Anchor | None = None) -> tuple[Damage, ...]:
    reading = Reading(anchor)
    reading.read(sorted(links, key=lambda link: link.number))
    return reading.damages()


def anchored(links: list[Link]) -> Anchor:
    return Anchor(links[-1].number, links[-1].digest)


def altered(links: list[Link], at: int) -> list[Link]:
    return [*links[:at], replace(links[at], who="eve"), *links[at + 1 :]]


def altered_with_a_digest_of_its_own(links: list[Link], at: int) -> list[Link]:
    forged = replace(links[at], who="eve")
    return [*links[:at], replace(forged, digest=digest_of(forged)), *links[at + 1 :]]


def deleted(links: list[Link], at: int) -> list[Link]:
    return links[:at] + links[at + 1 :]


def deleted_and_closed_up(links: list[Link], at: int) -> list[Link]:
    return links[:at] + [replace(link, number=link.number - 1) for link in links[at + 1 :]]


def inserted(links: list[Link], at: int) -> list[Link]:
    forged = replace(links[at], who="eve", previous=links[at - 1].digest if at else FIRST)
    after = [replace(link, number=link.number + 1) for link in links[at:]]
    return [*links[:at], replace(forged, digest=digest_of(forged)), *after]


def added_before_the_first(links: list[Link], at: int) -> list[Link]:
    forged = replace(links[at], number=0, who="eve", previous=FIRST)
    return [replace(forged, digest=digest_of(forged)), *links]


def swapped(links: list[Link], at: int) -> list[Link]:
    other = (at + 1 + at % (len(links) - 1)) % len(links)
    changed = list(links)
    changed[at] = replace(links[other], number=links[at].number)
    changed[other] = replace(links[at], number=links[other].number)
    return changed


TAMPERS: dict[Tamper, Harm] = {
    altered: Harm.ALTERED,
    altered_with_a_digest_of_its_own: Harm.ALTERED,
    deleted: Harm.DELETED,
    deleted_and_closed_up: Harm.DELETED,
    inserted: Harm.INSERTED,
    added_before_the_first: Harm.INSERTED,
    swapped: Harm.REORDERED,
}


def test_books_that_nobody_touched_hold() -> None:
    assert [found(chain(length)) for length in (0, 1, 2, 50)] == [(), (), (), ()]
    assert found(chain(50), anchored(chain(20))) == ()


@pytest.mark.parametrize("tamper", TAMPERS, ids=lambda tamper: tamper.__name__)
def test_each_harm_is_found_where_it_was_done_and_called_by_its_name(tamper: Tamper) -> None:
    links = chain(30)
    for at in range(1, 28):
        damages = found(tamper(links, at))
        assert {damage.harm for damage in damages} == {TAMPERS[tamper]}
        assert (0 if tamper is added_before_the_first else at + 1) in {damage.number for damage in damages}


@settings(max_examples=150, deadline=None)
@given(st.integers(2, 40), st.randoms(use_true_random=False))
def test_no_harm_goes_unfound(length: int, chance: random.Random) -> None:
    links, at = chain(length), chance.randrange(length)
    tamper = chance.choice(list(TAMPERS))
    damages = found(tamper(links, at), anchored(links))
    assert damages != ()


def with_an_end_of_its_own(links: list[Link], at: int) -> list[Link]:
    """A whole line behind the others that names `at` as the one before it."""
    forged = replace(links[-1], number=links[-1].number + 1, previous=links[at].digest)
    return [*links, replace(forged, digest=digest_of(forged))]


def moved(links: list[Link], number: int, to: int) -> list[Link]:
    return [replace(link, number=to) if link.number == number else link for link in links if link.number != to]


@pytest.mark.parametrize(("links", "damages"), [
    (altered(deleted(chain(60), 40), 9), {10: Harm.ALTERED, 41: Harm.DELETED}),
    (deleted(deleted(chain(30), 20), 9), {10: Harm.DELETED, 21: Harm.DELETED}),
    (altered(added_before_the_first(chain(30), 3), 9), {0: Harm.INSERTED, 9: Harm.ALTERED}),
    (swapped(swapped(chain(30), 2), 20), dict.fromkeys((3, 6, 12, 21), Harm.REORDERED)),
    (swapped(deleted_and_closed_up(chain(30), 20), 2), {3: Harm.REORDERED, 6: Harm.REORDERED, 21: Harm.DELETED}),
    (swapped(inserted(chain(30), 20), 2), {3: Harm.REORDERED, 6: Harm.REORDERED, 21: Harm.INSERTED}),
    (moved(chain(30), 7, 31), {31: Harm.REORDERED}),
    (moved(chain(30), 8, 7), {7: Harm.REORDERED}),
    (moved(moved(chain(30), 8, 7), 20, 31), {7: Harm.REORDERED, 31: Harm.REORDERED}),
    (with_an_end_of_its_own(chain(30), 29), {}),  # nobody can tell it from a line of ours, but by an anchor
    (with_an_end_of_its_own(chain(30), 9), {31: Harm.INSERTED}),
    (with_an_end_of_its_own(deleted_and_closed_up(chain(30), 6), 28), {30: Harm.INSERTED}),
])  # fmt: skip
def test_harms_done_at_once_are_all_found_and_nothing_else_is_said(links: list[Link], damages: dict[int, Harm]) -> None:
    assert {damage.number: damage.harm for damage in found(links)} == damages


def test_a_digest_is_over_all_of_a_line_as_json() -> None:
    """As any other program works it out, to the byte."""
    link = Link(7, "2026-11-23T17:00:00.000000+00:00", "ann", "draft", "dpd", '{"why":"señal"}', FIRST)
    told = f'[7,"2026-11-23T17:00:00.000000+00:00","ann","draft","dpd","{{\\"why\\":\\"señal\\"}}","{FIRST}"]'
    assert digest_of(link) == hashlib.sha256(told.encode()).hexdigest()


def test_an_end_cut_off_shows_against_an_anchor_kept_elsewhere_only() -> None:
    links = chain(20)
    assert found(links[:15]) == ()
    assert [(damage.number, damage.harm) for damage in found(links[:15], anchored(links))] == [(20, Harm.TRUNCATED)]
    assert [damage.harm for damage in found([], anchored(links))] == [Harm.TRUNCATED]


def test_books_written_anew_from_the_first_line_show_against_the_anchor() -> None:
    anew: list[Link] = []
    for link in chain(20):
        forged = replace(link, who="eve", previous=anew[-1].digest if anew else FIRST)
        anew.append(replace(forged, digest=digest_of(forged)))
    assert (found(anew), [damage.harm for damage in found(anew, anchored(chain(20)))]) == ((), [Harm.ALTERED])


def test_books_broken_all_over_are_not_read_to_the_end() -> None:
    reading = Reading()
    reading.read(replace(link, who="eve") for link in chain(MOST_SUSPECTS + 1))
    assert reading.is_hopeless
    assert {damage.harm for damage in reading.damages()} == {Harm.ALTERED}


def worn(false: int, loose: int, gaps: int, early: int) -> list[Link]:
    """So many lines of each kind that do not fit, and as many that do."""
    links = [Link(-number, "", "", "", "", "", "") for number in range(early)]
    number, previous = 0, FIRST
    for kind in ["false"] * false + ["loose"] * loose + ["gap"] * gaps + ["sound"] * MOST_SUSPECTS:
        number += 2 if kind == "gap" else 1
        link = Link(number, "", "ann", "", "", "{}", "another" if kind == "loose" else previous)
        previous = digest_of(link)
        links.append(replace(link, who="eve" if kind == "false" else "ann", digest=previous))
    return links


@pytest.mark.parametrize(("counts", "is_hopeless"), [
    ((0, 0, 0, 0), False), ((50, 50, 50, 50), False), ((51, 50, 50, 50), True), ((50, 51, 50, 50), True),
    ((50, 50, 51, 50), True), ((50, 50, 50, 51), True),
])  # fmt: skip
def test_every_line_that_does_not_fit_counts_whatever_is_wrong_with_it(
    counts: tuple[int, int, int, int], is_hopeless: bool
) -> None:
    assert sum(counts) - is_hopeless in (0, MOST_SUSPECTS)
    reading = Reading()
    reading.read(worn(*counts))
    assert reading.is_hopeless is is_hopeless


# In the database.


@pytest.fixture
async def database(store: URL) -> AsyncIterator[Database]:
    async with Database(store) as database:
        await database.open()
        yield database


async def written(database: Database, lines: int) -> Audit:
    async def write(connection: AsyncConnection) -> None:
        for number in range(lines):
            await note(connection, "ann", "draft", f"dpd-2026-{number:06}.1", {"words": "á", "count": number}, NOON)

    await database.run_long(write)
    return Audit(database)


async def test_what_is_noted_is_read_again_and_holds(database: Database) -> None:
    books = await written(database, 3)
    await books.note("bob", "sign in", "bob", {}, NOON + HOUR)
    newest = await books.newest(2)
    assert newest == (
        Noted(4, NOON + HOUR, "bob", "sign in", "bob", {}),
        Noted(3, NOON, "ann", "draft", "dpd-2026-000002.1", {"words": "á", "count": 2}),
    )
    assert (await books.verify(), await books.verify(await books.anchor())) == ((), ())


async def test_books_without_a_line_hold_and_have_no_anchor(database: Database) -> None:
    books = Audit(database)
    assert (await books.verify(), await books.anchor(), await books.newest(5)) == ((), None, ())


async def test_an_act_and_its_line_are_stored_together_or_not_at_all(database: Database) -> None:
    async def half(connection: AsyncConnection) -> None:
        await connection.execute(insert(inbox).values(message="a" * 26, channel="web", claimed_at=NOON))
        await note(connection, "ann", "draft", "dpd", {}, NOON)
        raise KeyError("in the middle")

    with pytest.raises(KeyError):
        await database.run(half)
    assert await Audit(database).newest(5) == ()


@pytest.mark.parametrize(("done", "harm"), [
    ("UPDATE audit SET who = 'eve' WHERE number = 7", Harm.ALTERED),
    ("UPDATE audit SET details = '{}' WHERE number = 7", Harm.ALTERED),
    ("UPDATE audit SET at = '2026-11-23T17:00:00.000001+00:00' WHERE number = 7", Harm.ALTERED),
    ("UPDATE audit SET previous = digest WHERE number = 7", Harm.ALTERED),
    ("UPDATE audit SET digest = 'no' WHERE number = 7", Harm.ALTERED),
    ("DELETE FROM audit WHERE number = 7", Harm.DELETED),
    ("DELETE FROM audit WHERE number >= 19", Harm.TRUNCATED),
    ("UPDATE audit SET number = 25 WHERE number = 7", Harm.REORDERED),
    ("INSERT INTO audit SELECT 21, at, 'eve', act, subject, details, previous, 'no' FROM audit WHERE number = 7",
     Harm.ALTERED),
])  # fmt: skip
async def test_what_is_done_to_the_tables_by_hand_is_found(database: Database, done: str, harm: Harm) -> None:
    books = await written(database, 20)
    anchor = await books.anchor()
    await by_hand(database, done)
    damages = await books.verify(anchor)
    assert harm in {damage.harm for damage in damages}
    assert {damage.harm for damage in damages} <= {harm, Harm.DELETED}


async def test_books_longer_than_one_reading_hold_across_its_seams(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "AT_ONCE", 7)
    books = await written(database, 21)
    heard: list[int] = []
    assert await books.verify(await books.anchor(), heard.append) == ()
    assert heard == [7, 14, 21]
    await by_hand(database, "DELETE FROM audit WHERE number = 8")
    assert await books.verify() == (Damage(8, Harm.DELETED),)
    monkeypatch.setattr(chains, "MOST_SUSPECTS", 3)
    await by_hand(database, "UPDATE audit SET who = 'eve'")
    heard.clear()
    assert {damage.harm for damage in await books.verify(None, heard.append)} == {Harm.ALTERED}
    assert heard == [7]  # nothing new would be said by reading on
