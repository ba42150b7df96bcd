"""The order of a turn, and what each outcome says."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.core import compose
from bot.core.answer import Outcome, Turn, answer
from bot.core.command import NoteUnanswered
from bot.core.conversation import Conversation
from bot.core.emergency import Level, check
from bot.core.entry import ContactKind, ContactValue, EntryKind, Wording
from bot.core.message import IncomingMessage, Kind
from bot.core.text import fold
from tests.builders import GUN, NOW, PLACE, TODAY, WEBSITE, a_cue, a_message, a_press, an_entry, knowledge, snapshot

COPY = an_entry(
    "report-copy",
    "how do i get a copy of my report",
    "i need a copy of a report",
    es=("cómo saco una copia de mi reporte", "quiero copia del reporte"),
    related=("report-crime", "gone"),
)
CRIME = an_entry("report-crime", "how do i report a crime", "i want to report a theft")
TRASH = an_entry("trash", "when is my trash picked up", kind=EntryKind.OUT_OF_SCOPE, answer="Dial 311.")
KNOWN = snapshot(
    COPY, CRIME, elsewhere=(TRASH,), cues=(GUN, a_cue("sad", "so sad", level=Level.CAUTION, line="suicide"))
)


def turn(message: str | IncomingMessage, conversation: Conversation | None = None) -> Turn:
    incoming = a_message(message) if isinstance(message, str) else message
    verdict = check(fold(incoming.text), KNOWN.knowledge.rules)
    return answer(incoming, verdict, KNOWN, conversation or Conversation(), NOW)


def test_a_question_is_answered_word_for_word_with_its_source_and_the_day_it_was_checked() -> None:
    result = turn("how do i get a copy of my report")
    assert (result.outcome, result.entry) == (Outcome.ANSWERED, "report-copy")
    assert result.reply.text == (
        "Report copy\n\nThe answer about report-copy.\n\n"
        f"Source: The source {WEBSITE}/report-copy\nChecked on 1 m11 2026."
    )


def test_related_entries_that_exist_are_offered() -> None:
    assert [choice.value for choice in turn("how do i get a copy of my report").reply.choices] == ["=report-crime"]


def test_the_reply_is_in_the_language_of_the_message() -> None:
    result = turn("como saco una copia de mi reporte")
    assert result.language == "es"
    assert "La respuesta: report-copy." in result.reply.text


def test_an_entry_without_the_language_is_answered_in_the_one_it_has_and_says_so() -> None:
    result = turn("how do i report a crime", Conversation(language="pt"))
    assert "<only_in pt>" in result.reply.text
    assert "The answer about report-crime." in result.reply.text


def test_the_language_asked_for_sticks() -> None:
    result = turn("en español por favor")
    assert (result.outcome, result.entry, result.reply.text) == (Outcome.COMMAND, None, "<language_set es>")
    assert turn("how do i report a crime", result.conversation).language == "es"


def test_an_emergency_wins_over_a_command_a_choice_and_a_perfect_match() -> None:
    entry = an_entry("guns", "he has a gun")
    known = snapshot(entry)
    offered = turn("my report").conversation
    verdict = check(fold("he has a gun"), known.knowledge.rules)
    result = answer(a_message("he has a gun"), verdict, known, offered, NOW)
    assert result.outcome is Outcome.EMERGENCY
    assert result.reply.text.startswith("911 NOW en\n")
    assert result.conversation.offered == offered.offered


def test_caution_puts_the_notice_and_its_line_on_top_of_the_answer() -> None:
    result = turn("so sad. how do i get a copy of my report")
    assert result.reply.text.startswith("911 notice en\n\n988 en\n\nReport copy\n\n")
    assert result.outcome is Outcome.ANSWERED


def test_below_the_bar_it_asks_which_with_at_most_three_titles_and_a_way_out() -> None:
    result = turn("my report")
    assert result.outcome is Outcome.ASKED_WHICH
    assert [choice.value for choice in result.reply.choices][-1] == "/none"
    assert len(result.reply.choices) <= 4


def test_a_number_picks_what_was_offered() -> None:
    asked = turn("my report")
    first = asked.reply.choices[0].value.removeprefix("=")
    picked = turn("1", asked.conversation)
    assert (picked.outcome, picked.entry) == (Outcome.ANSWERED, first)


def test_none_of_these_keeps_the_question_with_its_near_misses() -> None:
    asked = turn("my report")
    missed = turn(a_press("/none"), asked.conversation)
    assert missed.outcome is Outcome.NOT_FOUND
    near = tuple(choice.value.removeprefix("=") for choice in asked.reply.choices[:-1])
    assert missed.actions == (NoteUnanswered("my report", "en", near),)


def test_a_press_on_an_entry_answers_it_even_when_nothing_is_remembered() -> None:
    assert turn(a_press("=report-crime")).entry == "report-crime"


def test_what_is_not_known_is_said_noted_and_sent_to_the_department() -> None:
    result = turn("zebra xylophone")
    assert (result.outcome, result.reply.text) == (Outcome.NOT_FOUND, f"<not_found en>\n{WEBSITE}")
    assert next(note for note in result.actions if isinstance(note, NoteUnanswered)).question == "zebra xylophone"


@pytest.mark.parametrize("text", ["", "???", "   ", "ask johnsmithofelevenrosestreettelephone5550142 about zebras"])
def test_nothing_to_read_is_not_kept_for_the_curators_nor_words_run_together(text: str) -> None:
    assert turn(text).actions == ()


@pytest.mark.parametrize("where", ["{} " + "and so on and on " * 600, "and so on and on " * 600 + " {}"])
def test_of_a_page_both_ends_are_looked_up(where: str) -> None:
    assert turn(where.format("copy of my report")).match.candidates[0].entry.id == "report-copy"


def test_what_is_another_offices_gets_its_fixed_line_and_names_no_entry() -> None:
    result = turn("when is my trash picked up")
    assert (result.outcome, result.entry, result.reply.text) == (Outcome.OUT_OF_SCOPE, None, "Dial 311.")


@pytest.mark.parametrize("caption", ["", "look at this"])
def test_a_photo_or_voice_note_gets_caution_and_what_the_bot_cannot_take(caption: str) -> None:
    result = turn(a_message(caption, kind=Kind.MEDIA))
    assert (result.outcome, result.verdict.level) == (Outcome.OUT_OF_SCOPE, Level.CAUTION)
    assert result.reply.text == "911 notice en\n\n<media en>"


def test_a_caption_in_danger_is_an_emergency() -> None:
    assert turn(a_message("he has a gun", kind=Kind.MEDIA)).outcome is Outcome.EMERGENCY


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("/start", "<greeting en>"),
        ("/help", "<help en>"),
        ("/language", "<which_language en>"),
        ("stop", "<stopped en>"),
        ("/contacts", "<contacts_intro en>"),
        ("/programs", "<programs_intro en>"),
        ("/about", "<help en>"),
    ],
)
def test_commands(text: str, says: str) -> None:
    result = turn(text)
    assert (result.outcome, result.reply.text) == (Outcome.COMMAND, says)


def test_a_command_names_its_entry_where_the_catalogue_has_one() -> None:
    known = snapshot(an_entry("about-bot", "who are you"), an_entry("stop-advisories", "stop texting me"))
    for text, entry in (("/about", "about-bot"), ("/stop", "stop-advisories"), ("/contacts", None)):
        message = a_message(text)
        assert answer(message, check(fold(text), known.knowledge.rules), known, Conversation(), NOW).entry == entry


def test_a_link_can_start_the_chat_in_a_language() -> None:
    result = turn("/start es")
    assert (result.reply.text, result.conversation.language) == ("<greeting es>", "es")


def test_no_answer_yet_says_where_the_official_one_is_published() -> None:
    entry = an_entry("fees", "how much", answer=None)
    reply = compose.answered(entry, "en", knowledge(entry), TODAY)
    assert f"Not said yet: {WEBSITE}" in reply.text


def test_a_contact_shows_confirmed_values_and_says_what_is_not_confirmed() -> None:
    channels = (ContactValue(ContactKind.ADDRESS, {"en": "1 Main Street"}), ContactValue(ContactKind.PHONE, None))
    entry = an_entry("desk", "where is the desk", kind=EntryKind.CONTACT, channels=channels)
    text = compose.answered(entry, "en", knowledge(entry), TODAY).text
    assert "<address en> 1 Main Street\n<phone en> <not_confirmed en>" in text
    assert "- Desk: 1 Main Street" in compose.menu(EntryKind.CONTACT, "en", knowledge(entry)).text


def test_a_programs_details_follow_its_answer() -> None:
    entry = an_entry("cadets", "cadets")
    wording = Wording("Cadets", (), "A program.", {"who": "Ages 13 to 21.", "join": "Ask."})
    entry = replace(entry, wordings={"en": wording})
    assert "<who en> Ages 13 to 21.\n<join en> Ask." in compose.answered(entry, "en", knowledge(entry), TODAY).text


def test_an_answer_past_its_review_says_so() -> None:
    entry = an_entry("old", "old", checked_on=date(2026, 1, 1), review_every=timedelta(days=30))
    assert "Overdue since 1 m1 2026." in compose.answered(entry, "en", knowledge(entry), TODAY).text


def test_a_911_reply_in_an_unknown_language_starts_with_every_languages_first_line() -> None:
    verdict = check(fold("he has a gun"), KNOWN.knowledge.rules)
    text = compose.emergency(verdict, None, KNOWN.knowledge).text
    assert text == "911 NOW en\n911 NOW es\n911 NOW pt\nNobody has been alerted."


def test_the_place_of_an_ask_is_kept() -> None:
    assert KNOWN.index.rank(fold("i want to report a theft")).candidates[0].entry.place == PLACE
