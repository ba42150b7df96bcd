"""What residents do in a conversation: they ask on, ask two things at once, change the language, and are polite.

The real folder answers with what is counted of it: what is learned by descent takes minutes on a fresh clone.
"""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from bot.core import compose, together
from bot.core.answer import Outcome, Snapshot, Turn, answer
from bot.core.conversation import Conversation
from bot.core.emergency import Level, check
from bot.core.entry import Knowledge
from bot.core.first_look import looked
from bot.core.lookout import Lookout
from bot.core.match import Candidate, Certainty, Match
from bot.core.net import Net
from bot.core.talk import Opening, Talk
from bot.core.text import Words, fold
from bot.store.conversations import Conversations
from bot.store.database import Database, in_file
from bot.store.keys import Pseudonyms
from tests import real_folder
from tests.builders import NOW, SOMEBODY, TODAY, a_message, a_press, an_entry, knowledge

LISTS = {
    "courtesies": {"en": "hi, thank you, thanks, please, can you tell me", "es": "hola, gracias, buenos días"},
    "joining": {"en": "and also, and", "es": "y"},
    "follow_up_openings": {"en": "and, what about", "es": "y"},
    "follow_up_words": {"en": "and, how, much, is, it, where, that, not", "es": "y, cuánto, cuesta, dónde, queda, eso"},
    "no_words": {"en": "no, not that", "es": "no"},
    "withheld": {"en": "Not shown since {day}: {url}"},
    "nothing_more": {"en": "All I have: {url}", "es": "Todo lo que tengo: {url}"},
}
TALK = Talk(LISTS)


def talkative() -> Knowledge:
    made = knowledge(
        an_entry(
            "prints", "where do i get fingerprints", "i need fingerprints", es=("necesito huellas",), related=("desk",)
        ),
        an_entry("desk", "where is the front desk", "front desk hours on saturday"),
        an_entry("parking", "where do i pay a parking fine", "pay my parking fine"),
    )
    return replace(made, phrases=replace(made.phrases, texts={**made.phrases.texts, **LISTS}))


KNOWN = Snapshot.of(talkative())


def said(*texts: str, known: Snapshot = KNOWN, before: Conversation | None = None, minutes: int = 0) -> Turn:
    """The last turn of a chat in which these were said, the last one so many minutes after the others."""
    conversation = before or Conversation()
    for number, text in enumerate(texts, 1):
        now = NOW + timedelta(minutes=minutes if number == len(texts) else 0)
        turn = answer(a_message(text), check(fold(text), known.knowledge.rules), known, conversation, now)
        conversation = turn.conversation
    return turn


def came_to(turn: Turn) -> tuple[str, str | None, str]:
    return turn.outcome.value, turn.entry, turn.language


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("hi", "hi"),
        ("Thanks!", "Thanks!"),
        ("hi, can you tell me where it is? thank you", "where it is"),
        ("HOLA buenos dias: ¿dónde queda? Gracias.", "dónde queda"),
        ("hiking trails", "hiking trails"),
        ("who pleased him", "who pleased him"),
        ("", ""),
        ("🙂" * 2000, "🙂" * 2000),
    ],
)
def test_courtesies_around_a_question_are_left_out_and_nothing_else(text: str, bare: str) -> None:
    assert TALK.bare(text) == bare


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("where is it. i lost my dog", ("where is it", "i lost my dog")),
        ("i lost my dog and also my cat", ("i lost my dog", "my cat")),
        ("perdí mi perro y quiero un permiso", ("perdí mi perro", "quiero un permiso")),
        ("sand and water", ()),
        ("one question only", ()),
        ("a b? c d? e f? g h? i j?", ("a b", "c d", "e f")),
        ("my first thing. and how much is it", ()),
    ],
)
def test_a_message_is_taken_apart_at_its_sentences_and_joints_into_three_parts_at_most(
    text: str, parts: tuple[str, ...]
) -> None:
    talk = Talk(LISTS | {"follow_up_openings": {}, "follow_up_words": {"en": "and, how, much, is, it"}})
    assert talk.parts(text) == parts


@pytest.mark.parametrize(
    ("text", "opening"),
    [
        ("and how much?", Opening.BARE),
        ("¿Y CUANTO CUESTA?", Opening.BARE),
        ("what about my lawyer", Opening.LINKED),
        ("y para mi abogado", Opening.LINKED),
        ("android phones", None),
        ("not that", None),
        ("and " + "very " * 9 + "long", None),
        ("", None),
    ],
)
def test_a_message_goes_on_when_it_names_nothing_or_opens_like_one_that_does(
    text: str, opening: Opening | None
) -> None:
    assert TALK.opening(fold(text)) is opening


def test_asking_on_shows_the_answer_again_word_for_word_under_where_the_official_one_is() -> None:
    first, again = said("i need fingerprints"), said("i need fingerprints", "and how much is it?")
    assert came_to(again) == ("answered", "prints", "en")
    assert again.reply.text == f"All I have: https://police.example/prints\n\n{first.reply.text}"


def test_without_an_answer_before_it_the_same_words_find_nothing() -> None:
    assert said("and how much is it?").outcome is not Outcome.ANSWERED


def test_asking_on_reaches_an_entry_beside_the_answer() -> None:
    turn = said("i need fingerprints", "and front desk on saturday")
    assert came_to(turn) == ("answered", "desk", "en")
    assert "All I have" not in turn.reply.text


def test_what_goes_on_and_is_not_clear_is_asked_about() -> None:
    turn = said("i need fingerprints", "and zebras")
    assert turn.outcome is Outcome.ASKED_WHICH
    assert [choice.value for choice in turn.reply.choices] == ["=prints", "=desk", "/none"]


def test_a_sure_question_of_its_own_stays_one() -> None:
    assert said("i need fingerprints", "and where do i pay a parking fine").entry == "parking"


@pytest.mark.parametrize(("minutes", "goes_on"), [(10, True), (11, False)])
def test_an_answer_is_gone_on_from_for_ten_minutes(minutes: int, goes_on: bool) -> None:
    turn = said("i need fingerprints", "and how much is it?", minutes=minutes)
    assert (turn.entry == "prints") is goes_on


def test_after_something_that_was_not_found_nothing_is_gone_on_from() -> None:
    assert said("i need fingerprints", "zebra xylophone", "and how much is it?").entry is None


def test_an_open_choice_comes_before_asking_on() -> None:
    offered = said("i need fingerprints").conversation
    assert came_to(said("1", before=offered)) == ("answered", "desk", "en")


def test_while_an_emergency_is_open_nothing_is_gone_on_from() -> None:
    chat = replace(said("i need fingerprints").conversation, emergency_at=NOW)
    assert said("where is that", before=chat).outcome is Outcome.EMERGENCY


@pytest.mark.parametrize("number", ["1", " 2. ", "12"])
def test_the_number_of_a_choice_is_read_by_the_cues_alone(number: str) -> None:
    class Fails:
        def of(self, *_: object) -> None:
            raise AssertionError("the net was asked")

    assert looked(number, replace(KNOWN, lookout=Lookout(cast(Net, Fails())))).level is Level.NONE


async def test_a_restart_does_not_end_what_was_gone_on_from(tmp_path: Path) -> None:
    chat = said("i need fingerprints").conversation
    async with Database(in_file(tmp_path / "bot.sqlite3")) as database:
        await database.open()
        chats = Conversations(database, Pseudonyms(bytes(32)))
        await chats.save(SOMEBODY, chat, NOW)
        kept = await chats.load(SOMEBODY)
    assert came_to(said("and how much?", before=kept)) == ("answered", "prints", "en")


def test_danger_in_words_that_go_on_is_an_emergency() -> None:
    assert said("i need fingerprints", "and he has a gun").outcome is Outcome.EMERGENCY


@pytest.mark.parametrize("order", ["en español por favor", "thanks! en español por favor", "/language es"])
def test_another_language_after_an_answer_says_it_in_that_language_from_then_on(order: str) -> None:
    turn = said("i need fingerprints", order)
    assert came_to(turn) == ("answered", "prints", "es")
    shown = compose.answered(KNOWN.knowledge.entries["prints"], "es", KNOWN.knowledge, TODAY)
    assert turn.reply.text == f"<language_set es>\n\n{shown.text}"
    assert came_to(said("where is the front desk", before=turn.conversation))[2] == "es"


def test_another_language_without_an_answer_is_only_an_order() -> None:
    assert came_to(said("en español por favor")) == ("command", None, "es")


def test_two_questions_are_both_offered_in_their_order() -> None:
    turn = said("i need fingerprints and where do i pay a parking fine")
    assert turn.outcome is Outcome.ASKED_WHICH
    assert [choice.value for choice in turn.reply.choices] == ["=prints", "=parking", "/none"]
    assert said("2", before=turn.conversation).entry == "parking"


def test_a_second_question_that_stands_under_the_answer_as_a_choice_is_not_asked_about() -> None:
    prints, desk, parking = KNOWN.knowledge.entries.values()
    whole = Match(Certainty.SURE, (Candidate(prints, 0.8),))

    def rank(words: Words) -> Match:
        entry = {"the prints": prints, "the desk": desk, "the parking": parking}[words.line]
        return Match(Certainty.SURE, (Candidate(entry, 0.9),))

    assert together.asked(("the prints", "the desk"), whole, rank) == ()
    assert together.asked(("the prints", "the parking"), whole, rank) == (prints, parking)
    assert together.asked(("the desk", "the parking"), whole, rank) == ()  # the whole knows better


def test_overdue_and_of_high_risk_an_answer_is_not_shown_again_either() -> None:
    fees = an_entry("fees", "how much", checked_on=NOW.date() - timedelta(days=90), review_every=timedelta(days=30))
    known = replace(talkative(), entries={"fees": fees})
    late = replace(fees, risk=type(fees.risk).HIGH)
    assert compose.answered_again(late, "en", known, TODAY) == compose.answered(late, "en", known, TODAY)
    assert compose.answered_again(fees, "en", known, TODAY).text.startswith("All I have: ")


# From here on the department's own folder.


@pytest.fixture(scope="module")
def real() -> Snapshot:
    return real_folder.loaded().snapshot


CHATS = [
    (("how do i get a copy of a police report", "and how much?"), "police-report-copy", "en"),
    (("how do i get a copy of a police report", "what about weekends"), "police-report-copy", "en"),
    (("how do i get a copy of a police report", "thanks", "how much is it?"), "police-report-copy", "en"),
    (("how do i get a copy of a police report", "y en español?"), "police-report-copy", "es"),
    (("where can i get fingerprinted", "how long does it take"), "fingerprinting", "en"),
    (("where can i get fingerprinted", "in portuguese please"), "fingerprinting", "pt"),
    (("necesito huellas digitales", "y los sábados?"), "fingerprinting", "es"),
    (("necesito huellas digitales", "y cuanto cuesta"), "fingerprinting", "es"),
    (("necesito huellas digitales", "gracias", "qué llevo?"), "fingerprinting", "es"),
    (("necesito huellas digitales", "now in english please", "do i need an appointment"), "fingerprinting", "en"),
    (("como faço pra tirar minhas impressões digitais", "e quanto custa"), "fingerprinting", "pt"),
    (("como faço pra tirar minhas impressões digitais", "e no sábado?"), "fingerprinting", "pt"),
    (("como faço pra tirar minhas impressões digitais", "e em espanhol"), "fingerprinting", "es"),
]


@pytest.mark.parametrize(("texts", "entry", "language"), CHATS, ids=lambda value: str(value)[:60])
def test_residents_who_ask_on_are_answered_about_the_same(
    real: Snapshot, texts: tuple[str, ...], entry: str, language: str
) -> None:
    assert came_to(said(*texts, known=real)) == ("answered", entry, language)


@pytest.mark.parametrize("text", ["and the weather?", "y la basura?", "e o lixo?"])
def test_what_is_another_offices_stays_so_after_an_answer(real: Snapshot, text: str) -> None:
    assert said("necesito huellas digitales", text, known=real).outcome is not Outcome.ANSWERED


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("where do i pay a parking ticket and do you do fingerprints", {"=parking-ticket", "=fingerprinting"}),
        ("quiero copia del reporte policial. tambien necesito huellas", {"=police-report-copy", "=fingerprinting"}),
        (
            "como tiro copia do boletim de ocorrencia e onde pago a multa de estacionamento",
            {"=police-report-copy", "=parking-ticket"},
        ),
    ],
)
def test_both_of_two_questions_are_offered(real: Snapshot, text: str, entries: set[str]) -> None:
    turn = said(text, known=real)
    assert turn.outcome is Outcome.ASKED_WHICH
    assert entries <= {choice.value for choice in turn.reply.choices}


@pytest.mark.parametrize(
    ("texts", "language"),
    [
        (("can you speak portuguese", "how do i get fingerprints"), "pt"),
        (("en español por favor", "how do i get fingerprints"), "es"),
        (("¿hablan español?", "obrigado"), "es"),
        (("só falo português", "huellas"), "pt"),
        (("english please", "necesito huellas digitales", "gracias"), "en"),
        (("/language es", "thanks"), "es"),
        (("huellas",), "es"),
        (("gracias",), "es"),
        (("obrigada",), "pt"),
        (("boletim",), "pt"),
        (("fingerprints",), "en"),
        (("thanks",), "en"),
        (("necesito huellas digitales", "ok"), "es"),
        (("preciso de uma cópia do boletim", "report"), "pt"),
        (("necesito un police report por favor",), "es"),
        (("where do i get my huellas",), "en"),
    ],
)
def test_the_reply_is_in_the_residents_language(real: Snapshot, texts: tuple[str, ...], language: str) -> None:
    assert said(*texts, known=real).language == language


AROUND = {
    "en": (
        (
            "hi ",
            "hello, good morning! ",
            "excuse me, can you tell me ",
            "hi, i have a question: ",
            "thanks in advance, ",
        ),
        (" please", " thanks", "? thank you so much!", " asap thx", " lol"),
    ),
    "es": (
        ("hola ", "buenos días, ", "disculpe, ", "hola, una pregunta: ", "buenas tardes, quisiera saber "),
        (" por favor", " gracias", "? muchas gracias!", " porfa", " saludos"),
    ),
    "pt": (
        ("oi ", "olá, bom dia! ", "com licença, ", "oi, tudo bem? ", "boa tarde, gostaria de saber "),
        (" por favor", " obrigado", "? muito obrigada!", " valeu", " desde já agradeço"),
    ),
}


def asked(known: Snapshot, language: str) -> list[str]:
    """Twenty questions of the folder's own tests in the language that are answered, spread over all of them."""
    own = [each for each in known.knowledge.questions if each.language == language and each.expect]
    answered = [each.text for each in own if said(each.text, known=known).outcome is Outcome.ANSWERED]
    return answered[:: len(answered) // 20][:20]


@pytest.mark.parametrize("language", AROUND)
def test_greetings_thanks_and_filler_do_not_change_what_is_answered(real: Snapshot, language: str) -> None:
    before, after = AROUND[language]
    questions, changed = asked(real, language), []
    assert len(questions) == 20
    for question in questions:
        plain = said(question, known=real)
        around = [f"{one}{question}" for one in before] + [f"{question}{one}" for one in after]
        around += [f"{one}{question}{other}" for one, other in zip(before, after, strict=True)]
        for text in around:
            verdict = check(fold(text), real.knowledge.rules)
            turn = said(text, known=real)
            if verdict.level is not Level.EMERGENCY and (turn.outcome, turn.entry) != (plain.outcome, plain.entry):
                changed.append((text, turn.outcome, turn.entry))
    assert changed == []


def test_a_page_of_marks_or_of_joints_costs_next_to_nothing(real: Snapshot) -> None:
    for text in ("🙂" * 4000, "y " * 2000, "hola " * 800, "a. " * 1300):
        assert real.talk.bare(text)
        assert len(real.talk.parts(text)) <= 3


def test_a_press_is_no_way_of_asking_on(real: Snapshot) -> None:
    chat = said("necesito huellas digitales", known=real).conversation
    turn = answer(a_press("=hours-location"), check(fold(""), real.knowledge.rules), real, chat, NOW)
    assert turn.entry == "hours-location"
