"""Trying the bot shows what a resident gets and why, and leaves no trace anywhere."""

import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.message import ChannelName
from bot.core.staff import Role
from bot.staff import trying_talk
from bot.staff.trying_talk import Talk, Talks
from tests.builders import NOW
from tests.staff_rooms import Answered, Clerk, Staffed, staffed


@dataclass
class Trier:
    """A clerk in front of the page, who goes on with the talk that is on it."""

    clerk: Clerk
    channel: str = "web"
    name: str = ""

    async def says(self, text: str, **rest: str) -> Answered:
        return self._seen(await self.clerk.post("/try", self._form(text=text, **rest)))

    async def presses(self, label: str, page: Answered) -> Answered:
        (value,) = re.findall(rf'name="press" value="([^"]+)"[^>]*>{re.escape(label)}<', page.text)
        return self._seen(await self.clerk.post("/try", self._form(press=value)))

    def _form(self, **typed: str) -> dict[str, str]:
        return {"channel": self.channel, "talk": self.name, **typed}

    def _seen(self, page: Answered) -> Answered:
        self.name = (re.findall(r'name="talk" value="([^"]+)"', page.text) or [self.name])[0]
        return page


async def a_trier(desk: Staffed, channel: str = "web") -> Trier:
    return Trier(await desk.signed_in(Role.VIEWER), channel)


def rows_in(folder: Path) -> dict[str, int]:
    """How many rows each table has, but for sessions, in which a visit is noted."""
    with closing(sqlite3.connect(folder / "data" / "bot.sqlite3")) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in names}


async def test_an_emergency_shows_the_cue_its_words_and_the_911_reply(tmp_path: Path) -> None:
    async with staffed(tmp_path) as desk:
        page = await (await a_trier(desk)).says("he has a gun")
    assert "Call 911 now." in page.words
    assert "Sent to 911" in page.words
    assert "The cue “has-weapon” was met by “he has a gun”" in page.words


async def test_an_open_emergency_stays_open_until_it_is_called_off(tmp_path: Path) -> None:
    async with staffed(tmp_path) as desk:
        trier = await a_trier(desk)
        await trier.says("he has a gun")
        hurry = await trier.says("main street please")
        over = await trier.says("no wrong")
    assert "An emergency is open in this chat" in hurry.words
    assert "They say that the emergency is over, or that there was none." in over.words


async def test_an_sms_says_how_many_it_is_and_in_which_letters(tmp_path: Path) -> None:
    async with staffed(tmp_path) as desk:
        page = await (await a_trier(desk, "sms")).says("how do i get a a")
    assert re.search(r"\d+ characters, \d+ units of plain letters: 1 SMS", page.words)


async def test_a_voice_note_gets_what_the_bot_says_to_one(tmp_path: Path) -> None:
    async with staffed(tmp_path) as desk:
        page = await (await a_trier(desk)).says("", kind="media")
    assert "It is no text: the bot says what it cannot take." in page.words
    assert "Caution" in page.words


async def test_nothing_typed_and_a_button_of_a_talk_that_is_over_are_told_in_words(tmp_path: Path) -> None:
    async with staffed(tmp_path) as desk:
        trier = await a_trier(desk)
        empty = await trier.says("  ")
        gone = await trier.clerk.post("/try", {"channel": "web", "talk": "gone", "press": "=a"})
    assert "Write a message first." in empty.words
    assert "That button belongs to a talk that is over." in gone.words


async def test_two_people_and_two_pages_of_one_never_share_a_talk(tmp_path: Path) -> None:
    async with staffed(tmp_path) as desk:
        first, other = await a_trier(desk), Trier(await desk.signed_in(Role.CURATOR))
        await first.says("he has a gun")
        other.name = first.name
        theirs = await other.says("main street")
        fresh = await (await a_trier(desk)).says("main street")
    assert "An emergency is open" not in theirs.words
    assert "An emergency is open" not in fresh.words


async def test_whatever_is_typed_stays_text(tmp_path: Path) -> None:
    async with staffed(tmp_path) as desk:
        page = await (await a_trier(desk)).says('<script>alert(1)</script>"><img src=x>')
    assert "<script>alert" not in page.text
    assert "<img src=x>" not in page.text


@pytest.mark.parametrize("form", [{"channel": "pigeon"}, {"device": "xx"}, {"talk": "x" * 500}, {"kind": "?"}])
async def test_a_form_that_nobody_sent_from_the_page_is_still_answered(tmp_path: Path, form: dict[str, str]) -> None:
    async with staffed(tmp_path) as desk:
        clerk = await desk.signed_in(Role.VIEWER)
        assert (await clerk.post("/try", {"text": "hello", **form})).status == 200


async def test_opening_the_page_asks_nothing_and_htmx_gets_the_talk_without_the_frame(tmp_path: Path) -> None:
    async with staffed(tmp_path) as desk:
        clerk = await desk.signed_in(Role.VIEWER)
        page = await clerk.get("/try?text=how+much&channel=sms")
        part = await clerk.post("/try", {"text": "hello"}, **{"HX-Request": "true"})
    assert ">how much</textarea>" in page.text
    assert '<option value="sms" selected>' in page.text
    assert "Why" not in page.words
    assert part.text.lstrip().startswith("<form")


async def test_whoever_may_not_see_cannot_try(tmp_path: Path) -> None:
    async with staffed(tmp_path) as desk:
        administrator = await desk.signed_in(Role.ADMINISTRATOR)
        assert (await administrator.get("/try")).status == 403
        assert (await administrator.post("/try", {"text": "hello"})).status == 403


async def test_a_question_gets_the_answer_that_a_resident_gets_with_its_scores_and_phrase(tmp_path: Path) -> None:
    async with staffed(tmp_path, small=False) as desk:
        page = await (await a_trier(desk)).says("fingerprinting")
    assert page.status == 200
    assert "No emergency" in page.words
    assert re.search(r"won.*Nearest phrase", page.words)
    assert 'href="/staff/knowledge/fingerprinting"' in page.text
    assert len(re.findall(r"\d\.\d\d is sure, 0\.06 is near", page.text)) == 10
    assert "Finding the answer" in page.words


async def test_a_choice_is_picked_by_its_number_where_there_are_no_buttons_and_by_a_press_elsewhere(
    tmp_path: Path,
) -> None:
    async with staffed(tmp_path, small=False) as desk:
        texting, chatting = await a_trier(desk, "sms"), await a_trier(desk, "telegram")
        asked = await texting.says("/language")
        picked = await texting.says("2")
        offered = await chatting.says("/language")
        pressed = await chatting.presses("Português", offered)
    assert 'name="press"' not in asked.text
    assert "They picked “Español” from the last reply." in picked.words
    assert "Español: they just asked for it." in picked.words
    assert "They picked “Português” from the last reply." in pressed.words


async def test_what_follows_an_answer_goes_on_from_it(tmp_path: Path) -> None:
    async with staffed(tmp_path, small=False) as desk:
        trier = await a_trier(desk)
        await trier.says("fingerprinting")
        page = await trier.says("and how much?")
    assert 'Answer: <a href="/staff/knowledge/fingerprinting">' in page.text


async def test_misspelt_words_are_shown_with_what_they_were_read_as(tmp_path: Path) -> None:
    async with staffed(tmp_path, small=False) as desk:
        page = await (await a_trier(desk)).says("fingerpritns appointment")
    assert "“fingerpritns” as “fingerprints”" in page.words


async def test_trying_stores_counts_notes_and_sends_nothing(tmp_path: Path) -> None:
    async with staffed(tmp_path, small=False) as desk:
        trier = await a_trier(desk, "telegram")
        before = rows_in(tmp_path)
        for text in ("xylophone lessons zzz", "he has a gun", "wrong number sorry", "/subscribe all", "/stop", "hello"):
            assert (await trier.says(text)).status == 200
        assert rows_in(tmp_path) == before


async def test_a_subscription_is_only_pretended_and_the_talk_goes_on_with_it(tmp_path: Path) -> None:
    async with staffed(tmp_path, small=False) as desk:
        trier = await a_trier(desk, "telegram")
        page = await trier.says("/subscribe traffic")
        mine = await trier.says("/subscriptions")
        stopped = await trier.says("STOP")
    assert "/subscribe traffic (only pretended here)" in page.words
    topics = desk.office.knowledge().alerting
    title = next(topic.titles["en"] for topic in (topics.topics if topics else ()) if topic.id == "traffic")
    assert title in page.words
    assert title in mine.words
    assert "/stop (only pretended here)" in stopped.words


def test_talks_are_forgotten_after_two_hours_and_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trying_talk, "_MOST_TALKS", 2)
    talks = Talks()
    for name in ("a", "b", "c"):
        talks.keep("me", name, Talk(last_at=NOW))
    assert [talks.of("me", name, NOW) is None for name in ("a", "b", "c")] == [True, False, False]
    assert talks.of("me", "b", NOW + timedelta(hours=3)) is None
    assert talks.of("somebody else", "b", NOW) is None


def test_every_channel_has_a_way_to_be_shown() -> None:
    assert set(trying_talk.STYLES) == set(ChannelName)
