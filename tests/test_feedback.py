"""Residents are asked whether an answer helped: once. What they say disturbs nothing and names nobody."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import URL, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.channels import messenger_sending, sms_sending, telegram_sending, web, whatsapp_sending
from bot.channels.console import Console
from bot.core import compose, rating
from bot.core.answer import Outcome, answer
from bot.core.channel import Limits
from bot.core.command import NoteUnanswered
from bot.core.compose import ENTRY_MARK
from bot.core.conversation import Conversation
from bot.core.emergency import Level
from bot.core.entry import EntryKind, Risk
from bot.core.first_look import looked
from bot.core.fit import fit
from bot.core.message import Choice, Kind, Reply
from bot.core.rating import MOST_SHOWN, NoteFeedback
from bot.core.turn import Snapshot, Turn
from bot.knowledge.upkeep import sentences
from bot.store.asked_schema import feedback
from bot.store.database import Database, in_file
from tests import real_folder
from tests.builders import (
    LIMITS,
    NOW,
    FakeChannel,
    a_cue,
    a_message,
    a_press,
    an_entry,
    snapshot,
)
from tests.test_reception import memory, reception
from tests.test_store import everything_in

ASKS = replace(LIMITS, takes_feedback=True)
KNOWN = snapshot(
    an_entry("report-copy", "how do i get a copy of my report", "copy of a report", related=("fees", "hours")),
    an_entry("fees", "what does a copy cost", "how much is a copy"),
    an_entry("hours", "when are you open"),
    an_entry("abuse-help", "help for people who are abused", is_crisis=True),
    an_entry("stale", "what is the fine for parking", risk=Risk.HIGH, review_every=timedelta(days=1)),
    an_entry("silent", "where is the impound lot", answer=None),
    an_entry("desk", "front desk", kind=EntryKind.CONTACT),
    cues=(a_cue("weapon", "PERSON HAVE WEAPON", hard=True), a_cue("prowler", "stranger", level=Level.CAUTION)),
)


class Chat:
    """Somebody's chat, turn by turn."""

    def __init__(self, known: Snapshot = KNOWN, limits: Limits | None = ASKS) -> None:
        self.known, self.limits, self.conversation, self.said = known, limits, Conversation(), 0

    def say(self, text: str, kind: Kind = Kind.TEXT) -> Turn:
        self.said += 1
        message = a_message(text, str(self.said), kind=kind)
        turn = answer(message, looked(text, self.known), self.known, self.conversation, NOW, self.limits)
        self.conversation = turn.conversation
        return turn

    def press(self, choice: Choice) -> Turn:
        return self.say(choice.value, Kind.BUTTON)


def is_asked(turn: Turn) -> bool:
    return bool(turn.reply.rating)


# Where it is asked.


def test_under_an_answer_it_is_asked_with_words_on_the_buttons() -> None:
    turn = Chat().say("how do i get a copy of my report")
    assert [choice.label for choice in turn.reply.rating] == ["<button_helped en>", "<button_not_helped en>"]


@pytest.mark.parametrize(
    "text",
    [
        "help for people who are abused",  # a crisis
        "how do i get a copy of my report, a stranger is here",  # under the 911 notice
        "he has a gun",
        "what is the fine for parking",  # withheld
        "where is the impound lot",  # the department has not said
        "zebra xylophone",
        "help",
        "/about",
        "contacts",
    ],
)
def test_elsewhere_it_is_not_asked(text: str) -> None:
    assert not is_asked(Chat().say(text))


def test_where_a_tap_costs_something_it_is_not_asked() -> None:
    assert not is_asked(Chat(limits=LIMITS).say("how do i get a copy of my report"))
    assert not is_asked(Chat(limits=None).say("how do i get a copy of my report"))


def test_while_an_emergency_is_open_it_is_not_asked() -> None:
    chat = Chat()
    chat.say("he has a gun")
    turn = chat.say(f"{ENTRY_MARK}report-copy", Kind.BUTTON)
    assert (turn.outcome, is_asked(turn)) == (Outcome.ANSWERED, False)


def test_the_same_answer_is_asked_about_once_in_a_chat_and_another_one_anew() -> None:
    chat = Chat()
    asked = [is_asked(chat.say(text)) for text in ("copy of a report", "copy of a report", "when are you open")]
    assert asked == [True, False, True]


def test_a_language_changed_after_an_answer_shows_it_again_without_asking() -> None:
    chat = Chat()
    chat.say("copy of a report")
    turn = chat.say("/language es")
    assert (turn.outcome, is_asked(turn)) == (Outcome.ANSWERED, False)


@pytest.mark.parametrize(
    ("limits", "takes"),
    [
        (telegram_sending.LIMITS, True),
        (web.LIMITS, True),
        (messenger_sending.LIMITS, True),
        (whatsapp_sending.LIMITS, True),
        (sms_sending.limits_of(lambda entry: None), False),
        (Console.limits, False),
    ],
)
def test_it_is_asked_where_there_are_buttons_and_messages_are_free(limits: Limits, takes: bool) -> None:
    assert limits.takes_feedback == takes


# How it leaves.

RATING = rating.buttons("bcdfghjk", "This helped", "This did not help")
RELATED = (Choice("Fees", "=fees"), Choice("Hours", "=hours"))


def test_the_buttons_stand_last_under_the_last_part() -> None:
    reply = Reply("word " * 2_000, RELATED, rating=RATING)
    *before, last = fit(reply, replace(ASKS, text_units=4_096))
    assert [part.choices for part in before] == [()] * len(before)
    assert last.choices == (*RELATED, *RATING)


def test_without_room_beside_the_choices_it_is_not_asked() -> None:
    limits = replace(ASKS, choices=3)
    assert fit(Reply("text", RELATED, rating=RATING), limits)[-1].choices == RELATED
    assert fit(Reply("text", RELATED[:1], rating=RATING), limits)[-1].choices == (*RELATED[:1], *RATING)


def test_choices_that_become_numbered_lines_leave_the_buttons_without_numbers() -> None:
    reply = Reply("text", RELATED * 5, rating=RATING)
    (part,) = fit(reply, replace(ASKS, choices=8))
    assert part.choices == RATING
    assert "This helped" not in part.text


def test_where_labels_are_cut_beside_long_ones_it_is_not_asked() -> None:
    long = Choice("A title that is longer than twenty letters", "=fees")
    reply = Reply("text", (long,), rating=RATING)
    assert fit(reply, messenger_sending.LIMITS)[-1].choices == (long,)
    assert fit(Reply("text", rating=RATING), messenger_sending.LIMITS)[-1].choices == RATING


def test_a_911_reply_and_a_channel_that_takes_none_carry_no_buttons() -> None:
    assert fit(Reply("text", rating=RATING, urgent=True), ASKS)[-1].choices == ()
    assert fit(Reply("text", rating=RATING), LIMITS)[-1].choices == ()


def test_every_value_fits_the_shortest_of_all_channels() -> None:
    assert max(len(choice.value.encode()) for choice in RATING) <= 64


# Law 1: a press is checked like everything.


@given(st.text(max_size=60))
def test_a_key_is_the_same_for_a_message_answered_twice_and_reads_back(message_id: str) -> None:
    key = rating.key_of(message_id)
    assert key == rating.key_of(message_id)
    yes, no = rating.buttons(key, "yes", "no")
    assert [rating.read(choice.value) for choice in (yes, no)] == [rating.Press(key, True), rating.Press(key, False)]


@pytest.mark.parametrize("text", ["/useful", "/useful maybe bcdfghjk", "/useful yes", "/useful yes bcd", "helped", ""])
def test_what_is_no_press_is_read_as_before(text: str) -> None:
    assert rating.read(text) is None


def test_law_1_no_press_is_taken_for_an_emergency_whatever_its_key() -> None:
    known = real_folder.loaded().snapshot
    for number in range(500):
        for choice in rating.buttons(rating.key_of(str(number)), "yes", "no"):
            assert looked(choice.value, known).level is Level.NONE


def test_law_1_an_emergency_wins_over_everything_that_looks_like_a_press() -> None:
    turn = Chat().say("/useful no he has a gun", Kind.BUTTON)
    assert turn.outcome is Outcome.EMERGENCY


async def test_law_1_a_press_that_holds_an_emergency_is_sent_to_911_through_the_whole_reception() -> None:
    desk, via = reception(KNOWN), FakeChannel(limits=ASKS)
    await desk.receive(a_press("/useful no he has a gun"), via)
    (text,) = via.texts
    assert text.startswith("911 NOW")


def test_law_1_while_an_emergency_is_open_a_press_is_thanked_for_under_the_911_notice() -> None:
    chat = Chat()
    (yes, _) = chat.say("copy of a report").reply.rating
    chat.say("he has a gun")
    turn = chat.press(yes)
    assert turn.reply.text == "911 notice en\n\n<feedback_thanks en>"
    assert turn.conversation.has_open_emergency(NOW)


# What a press comes to.


def test_yes_is_thanked_for_and_no_told_whom_to_ask() -> None:
    chat = Chat()
    yes, no = chat.say("copy of a report").reply.rating
    assert chat.press(yes).reply.text == "<feedback_thanks en>"
    sorry = chat.press(no).reply
    assert sorry.text.startswith("<feedback_sorry en>\nDesk")
    assert sorry.choices == ()


def test_a_press_is_counted_once_for_each_answer_shown() -> None:
    chat = Chat()
    yes, no = chat.say("copy of a report").reply.rating
    counted = [[type(note) for note in chat.press(choice).actions] for choice in (yes, yes, no)]
    assert counted == [[NoteFeedback], [], []]


def test_of_no_the_question_is_noted_with_the_words_that_were_seen() -> None:
    chat = Chat()
    _, no = chat.say("how do i get a copy of my report").reply.rating
    counted, noted = chat.press(no).actions
    assert isinstance(counted, NoteFeedback)
    assert isinstance(noted, NoteUnanswered)
    assert (counted.seen.entry, counted.has_helped) == ("report-copy", False)
    assert (noted.question, noted.seen, noted.near) == ("how do i get a copy of my report", counted.seen, ())


@pytest.mark.parametrize("way", ["pressed", "1", "the label"])
def test_after_which_of_these_the_question_before_it_is_noted(way: str) -> None:
    chat = Chat()
    which = chat.say("open copy")
    assert which.outcome is Outcome.ASKED_WHICH
    first = which.reply.choices[0]
    picked = chat.press(first) if way == "pressed" else chat.say(first.label if way == "the label" else way)
    _, no = picked.reply.rating
    assert [note.question for note in chat.press(no).actions if isinstance(note, NoteUnanswered)] == ["open copy"]


def test_after_a_yes_to_the_only_title_the_question_before_it_is_noted() -> None:
    texts = {**KNOWN.knowledge.phrases.texts, "yes_words": {"en": "yes"}}
    phrases = replace(KNOWN.knowledge.phrases, texts=texts)
    known = Snapshot.of(replace(KNOWN.knowledge, phrases=phrases))
    chat = Chat(known)
    only = compose.which([known.knowledge.entries["report-copy"]], "en", known.knowledge)
    chat.conversation = Conversation(asked="open copy").offering(only.choices, NOW)
    _, no = chat.say("yes").reply.rating
    assert [note.question for note in chat.press(no).actions if isinstance(note, NoteUnanswered)] == ["open copy"]


def test_after_a_button_nobody_typed_anything_so_it_is_only_counted() -> None:
    chat = Chat()
    _, no = chat.say(f"{ENTRY_MARK}hours", Kind.BUTTON).reply.rating
    assert [type(note) for note in chat.press(no).actions] == [NoteFeedback]


def test_a_press_on_an_answer_of_long_ago_is_thanked_for_and_counts_nothing() -> None:
    chat = Chat()
    yes, _ = chat.say("copy of a report").reply.rating
    chat.conversation = Conversation()
    turn = chat.press(yes)
    assert (turn.reply.text, turn.actions) == ("<feedback_thanks en>", ())


def test_only_the_last_few_answers_are_remembered() -> None:
    known = snapshot(*(an_entry(f"entry-{at}", f"zorblax{at} quimble{at}") for at in range(8)))
    chat = Chat(known)
    for at in range(8):
        chat.say(f"{ENTRY_MARK}entry-{at}", Kind.BUTTON)
    assert [shown.seen.entry for shown in chat.conversation.shown] == [f"entry-{at}" for at in range(8 - MOST_SHOWN, 8)]


def test_pending_choices_and_what_is_talked_about_stay_as_they_were() -> None:
    chat = Chat()
    yes, _ = chat.say("copy of a report").reply.rating
    before = chat.conversation
    chat.press(yes)
    kept = replace(chat.conversation, shown=before.shown)
    assert (kept, kept.replied_at) == (before, before.replied_at)
    assert chat.say("2").entry == "hours"


def test_and_how_much_after_a_press_is_still_about_the_answer() -> None:
    known = real_folder.loaded().snapshot
    for text in ("how do i get a copy of a police report",):
        with_press, without = Chat(known), Chat(known)
        turn = with_press.say(text)
        without.say(text)
        assert is_asked(turn)
        with_press.press(turn.reply.rating[0])
        told, expected = with_press.say("and how much?"), without.say("and how much?")
        assert (told.outcome, told.entry, told.reply.text) == (expected.outcome, expected.entry, expected.reply.text)


def test_none_of_these_after_a_press_still_notes_the_question() -> None:
    chat = Chat()
    yes, _ = chat.say("when are you open").reply.rating
    chat.say("open copy")
    chat.press(yes)
    turn = chat.say("/none", Kind.BUTTON)
    assert [note.question for note in turn.actions if isinstance(note, NoteUnanswered)] == ["open copy"]


def test_the_reply_to_a_press_is_in_the_language_spoken_before() -> None:
    known = snapshot(an_entry("report-copy", "copy of a report", es=("quiero una copia de mi reporte",)))
    chat = Chat(known)
    yes, _ = chat.say("quiero una copia de mi reporte").reply.rating
    assert chat.press(yes).reply.text == "<feedback_thanks es>"


# The words of the version.


def test_the_version_is_that_of_the_words_and_not_of_the_day_they_were_checked() -> None:
    entry = an_entry("fees", "what does a copy cost")
    told = [
        Chat(snapshot(each)).say("what does a copy cost").conversation.shown[0].seen.version
        for each in (
            entry,
            replace(entry, checked_on=NOW.date()),
            replace(entry, wordings={"en": replace(entry.wordings["en"], answer="Another answer.")}),
        )
    ]
    assert told[0] == told[1]
    assert told[0] != told[2]


# Law 2 and reading ease: approved words, short.


@pytest.mark.parametrize("name", ["feedback_thanks", "feedback_sorry", "button_helped", "button_not_helped"])
@pytest.mark.parametrize("language", ["en", "es", "pt"])
def test_law_2_what_is_said_stands_in_the_phrase_file_in_short_sentences(name: str, language: str) -> None:
    text = real_folder.loaded().snapshot.knowledge.phrases.texts[name][language]
    assert max(len(sentence.split()) for sentence in sentences(text)) <= 10
    if name.startswith("button_"):
        assert len(text) <= 20  # Messenger's and WhatsApp's buttons


# Law 9: nobody's name, nothing of a crisis.


async def test_law_9_feedback_is_stored_without_whoever_gave_it(tmp_path: Path) -> None:
    async with memory(tmp_path) as store:
        desk, via = reception(KNOWN), FakeChannel(limits=ASKS)
        desk.memory = store
        asked = "how do i get a copy of my report, my name is Ann Smith 203-555-0142"
        await desk.receive(a_message(asked), via)
        no = next(choice for choice in via.sent[0][1][-1].choices if choice.value.startswith("/useful no"))
        for at in range(3):
            await desk.receive(a_press(no.value, f"press {at}"), via)
        (kept,) = await store.journal.unanswered(10)
        assert kept.seen is not None
        assert "[name]" in kept.question
        assert await rows(in_file(tmp_path / "bot.sqlite3")) == [("terminal", "en", "report-copy", 0, 1)]
    written = everything_in(tmp_path)
    assert [secret in written for secret in (b"Ann Smith", b"555-0142", b"somebody")] == [False] * 3


async def rows(where: URL) -> list[tuple[object, ...]]:
    async def counted(connection: AsyncConnection) -> list[tuple[object, ...]]:
        kept = feedback.c
        columns = select(kept.channel, kept.language, kept.entry, kept.helped, kept.not_helped)
        return [tuple(row) for row in await connection.execute(columns)]

    async with Database(where) as database:
        await database.open()
        return await database.run(counted)


async def test_double_taps_count_once_over_a_restart_and_at_the_same_moment(store: URL) -> None:
    async with memory(store) as kept:
        desk, via = reception(KNOWN), FakeChannel(limits=ASKS)
        desk.memory = kept
        await desk.receive(a_message("how do i get a copy of my report"), via)
        yes = next(choice for choice in via.sent[0][1][-1].choices if choice.value.startswith("/useful yes"))
        await asyncio.gather(*(desk.receive(a_press(yes.value, f"press {at}"), via) for at in range(4)))
        restarted = reception(KNOWN)
        restarted.memory = kept
        await restarted.receive(a_press(yes.value, "later"), via)
        assert await rows(store) == [("terminal", "en", "report-copy", 1, 0)]


async def test_after_a_restart_a_press_is_counted_though_the_question_is_gone(store: URL) -> None:
    async with memory(store) as kept:
        desk, via = reception(KNOWN), FakeChannel(limits=ASKS)
        desk.memory = kept
        await desk.receive(a_message("how do i get a copy of my report"), via)
        no = next(choice for choice in via.sent[0][1][-1].choices if choice.value.startswith("/useful no"))
        restarted = reception(KNOWN)
        restarted.memory = kept
        await restarted.receive(a_press(no.value, "later"), via)
        assert await rows(store) == [("terminal", "en", "report-copy", 0, 1)]
        assert await kept.journal.unanswered(10) == ()


@pytest.mark.parametrize(
    "text",
    [
        "zebra xylophone a stranger is here",  # under the 911 notice
        "open copy a stranger comes",
    ],
)
def test_law_9_what_tells_of_danger_is_not_kept_and_is_not_said_to_be(text: str) -> None:
    chat = Chat()
    turn = chat.say(text)
    after = turn if turn.outcome is Outcome.NOT_FOUND else chat.say("/none", Kind.BUTTON)
    assert after.actions == ()
    assert chat.conversation.asked is None
    assert "unkept" in after.reply.text


def test_law_9_a_cue_that_was_stood_down_is_a_report_still_and_not_kept() -> None:
    known = real_folder.loaded().snapshot
    text = "zebra xylophone somebody robbed me with a knife last year, i need the report"
    turn = Chat(known).say(text)
    assert not [note for note in turn.actions if isinstance(note, NoteUnanswered)]


def test_law_9_what_comes_near_an_answer_for_people_in_a_crisis_is_not_kept() -> None:
    known = snapshot(
        an_entry("abuse-help", "help for people who are abused at home", is_crisis=True),
        an_entry("hours", "when are you open"),
    )
    chat = Chat(known)
    turn = chat.say("abused when")
    assert turn.outcome is Outcome.ASKED_WHICH
    assert chat.conversation.asked is None


def test_a_plain_question_is_kept_and_said_to_be() -> None:
    turn = Chat().say("zebra xylophone")
    assert [note.question for note in turn.actions if isinstance(note, NoteUnanswered)] == ["zebra xylophone"]
    assert turn.reply.text.startswith("<not_found en>")


# The knowledge says which answers are for people in a crisis.


def test_answers_for_people_in_a_crisis_are_marked_in_the_real_knowledge() -> None:
    entries = real_folder.loaded().snapshot.knowledge.entries
    marked = {entry.id for entry in entries.values() if entry.is_crisis}
    wanted = {"crisis-intervention", "domestic-violence", "special-victims", "victim-services", "missing-person"}
    assert wanted <= marked
    assert len(marked) < len(entries) / 5


def test_law_9_question_of_a_shown_answer_is_not_printed() -> None:
    chat = Chat()
    chat.say("how do i get a copy of my report")
    assert "copy" not in repr(chat.conversation.shown[0]).replace("report-copy", "")
