"""What people order about advisories, in commands, buttons and plain words, and what they are told about it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.core.answer import Outcome, Snapshot, Turn, answer
from bot.core.channel import Limits, utf16_units
from bot.core.conversation import Conversation
from bot.core.emergency import Level
from bot.core.first_look import looked
from bot.core.message import Choice
from bot.core.optout_words import CARRIER_STOP
from bot.core.orders import FLOOR_ORDERS
from bot.core.subscribing import (
    AskStop,
    ChangeLanguage,
    Done,
    Offer,
    Order,
    SetReach,
    ShowSubscription,
    Subscribe,
    Unsubscribe,
    Wish,
    confirmed,
    elsewhere,
    proposed,
    spelt,
)
from bot.core.subscription import Reach, Subscription
from tests import real_folder
from tests.builders import LIMITS, NOW, a_message, a_press

LANGUAGES = ("en", "es", "pt")
HERE = replace(LIMITS, announces=True)
SILENCED = replace(HERE, stop_silences=True)
LABELLED = Path(__file__).parent / "data"
ALL = ("safety", "traffic", "weather", "missing", "scams", "community")
MINE = Subscription(frozenset({"traffic", "weather"}), Reach.EVERY, "en")
TRAFFIC, WEATHER = Subscribe(("traffic",)), Subscribe(("weather",))
URGENT, EVERY = SetReach(Reach.URGENT), SetReach(Reach.EVERY)


@pytest.fixture(scope="module")
def known() -> Snapshot:
    return real_folder.loaded().snapshot


def labelled(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (LABELLED / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


def turn(text: str, known: Snapshot, before: Conversation | None = None, limits: Limits | None = HERE) -> Turn:
    message = a_message(text)
    return answer(message, looked(text, known), known, before or Conversation(), NOW, limits)


COMMANDS: list[tuple[str, Wish]] = [
    ("/subscribe", Offer()),
    ("/start subscribe", Offer()),
    ("/subscribe traffic", TRAFFIC),
    ("/SUBSCRIBE@danbury_bot Traffic", TRAFFIC),
    ("/subscribe traffic, weather", Subscribe(("traffic", "weather"))),
    ("/subscribe traffic urgent", Subscribe(("traffic",), Reach.URGENT)),
    ("/subscribe road closures", TRAFFIC),
    ("/subscribe tráfico", TRAFFIC),
    ("/subscribe all", Subscribe(ALL)),
    ("/subscribe todo", Subscribe(ALL)),
    ("/subscribe zebras", Offer()),
    ("/subscribe urgent", URGENT),
    ("/subscribe every", EVERY),
    ("/subscriptions", ShowSubscription()),
    ("/urgent", URGENT),
    ("/every", EVERY),
    ("/stop", Unsubscribe()),
    ("/stop traffic", Unsubscribe("traffic")),
    ("/stop tráfico", Unsubscribe("traffic")),
    ("/unsubscribe", Unsubscribe()),
    ("/stop everything now", Unsubscribe()),
    ("/stop zebras", Unsubscribe()),
]
WORDS: dict[str, list[tuple[str, Wish]]] = {
    "en": [
        ("subscribe", Offer()),
        ("sign me up", Offer()),
        ("I want to get alerts please", Offer()),
        ("subscribe me to traffic alerts", TRAFFIC),
        ("Please send me alerts about road closures", TRAFFIC),
        ("notify me about snow", WEATHER),
        ("keep me posted on road closures and storms", Subscribe(("traffic", "weather"))),
        ("subscribe me to everything", Subscribe(ALL)),
        ("I want all the alerts", Subscribe(ALL)),
        ("send me only urgent traffic alerts", Subscribe(("traffic",), Reach.URGENT)),
        ("only urgent", URGENT),
        ("urgent only please", URGENT),
        ("not only urgent ones", EVERY),
        ("what am I subscribed to?", ShowSubscription()),
        ("What am I signed up for", ShowSubscription()),
        ("STOP", Unsubscribe()),
        ("stop traffic alerts", Unsubscribe("traffic")),
    ],
    "es": [
        ("quiero suscribirme", Offer()),
        ("quiero recibir avisos", Offer()),
        ("quiero recibir avisos de tráfico", TRAFFIC),
        ("avíseme de nieve por favor", WEATHER),
        ("mándenme alertas de calles cerradas", TRAFFIC),
        ("suscríbame a todo", Subscribe(ALL)),
        ("quiero recibir solo avisos urgentes de tráfico", Subscribe(("traffic",), Reach.URGENT)),
        ("solo urgentes", URGENT),
        ("no solo los urgentes", EVERY),
        ("¿a qué estoy suscrito?", ShowSubscription()),
        ("ALTO", Unsubscribe()),
        ("ya no quiero avisos de tráfico", Unsubscribe("traffic")),
    ],
    "pt": [
        ("quero me inscrever", Offer()),
        ("quero receber os avisos", Offer()),
        ("quero receber avisos de trânsito", TRAFFIC),
        ("me avise sobre neve", WEATHER),
        ("me avisa quando tiver nevasca", WEATHER),
        ("quero receber todos os alertas", Subscribe(ALL)),
        ("só os urgentes", URGENT),
        ("não só urgentes", EVERY),
        ("em que estou inscrito?", ShowSubscription()),
        ("SAIR", Unsubscribe()),
        ("não quero mais avisos de trânsito", Unsubscribe("traffic")),
    ],
}


@pytest.mark.parametrize(("text", "wish"), COMMANDS)
def test_a_command_orders_what_it_says(text: str, wish: Wish, known: Snapshot) -> None:
    assert known.orders.ordered(text, Conversation()) == wish


@pytest.mark.parametrize(("text", "wish"), [case for cases in WORDS.values() for case in cases])
def test_plain_words_order_the_same(text: str, wish: Wish, known: Snapshot) -> None:
    assert known.orders.ordered(text, Conversation()) == wish


@pytest.mark.parametrize(
    "text",
    [
        "what is a silver alert",
        "how do i sign up for alerts",
        "can i get only the traffic alerts and skip the rest",
        "i want to report a scam",
        "sign me up for classes",
        "i want snow",
        "i need the traffic report",
        "tell me about parades",
        "give me the accident report",
        "send an officer to my street",
        "is the road closed",
        "quiero una copia del reporte de accidente",
        "me roubaram o carro",
        "traffic",
        "all",
        "urgent",
        "i do not want to be told but send me traffic alerts for my neighbor",
    ],
)
def test_nobody_is_signed_up_by_what_is_no_order(text: str, known: Snapshot) -> None:
    assert not isinstance(known.orders.ordered(text, Conversation()), Subscribe)


def test_no_labelled_question_about_anything_else_is_an_order(known: Snapshot) -> None:
    own = {"subscribe-advisories", "stop-advisories"}
    asked = [case for name in ("questions_dev", "questions_fresh") for case in labelled(name)]
    danger = [case for name in ("emergency_dev", "emergency_fresh") for case in labelled(name)]
    texts = [case["text"] for case in asked if not own & set(case["expect"] or ())]
    texts += [case["text"] for case in danger if case["label"] != "none"]
    orders = ((text, known.orders.ordered(text, Conversation())) for text in texts)
    assert [each for each in orders if isinstance(each[1], Subscribe | Unsubscribe)] == []


@pytest.mark.parametrize("text", ["ЅТОР", "enough", "no more"])
def test_what_may_mean_stop_is_asked_about(text: str, known: Snapshot) -> None:
    assert known.orders.ordered(text, Conversation()) == AskStop()
    asked = turn(text, known)
    assert (asked.order, asked.entry) == (None, "stop-advisories")
    assert [choice.value for choice in asked.reply.choices] == ["/stop", "/subscriptions"]
    assert turn(asked.reply.choices[0].label, known, asked.conversation).order == Unsubscribe()
    assert turn(asked.reply.choices[1].label, known, asked.conversation).order == ShowSubscription()


def test_start_begins_anew_save_under_the_offer_to_sign_up_again(known: Snapshot) -> None:
    assert turn("START", known).reply.text == known.knowledge.phrases("greeting", "en")
    stopped = confirmed(Unsubscribe(), Done(None, None), "en", known.knowledge, HERE)
    again = turn("START", known, Conversation().offering(stopped.choices, NOW))
    assert again.reply == replace(proposed(Offer(), "en", known.knowledge, HERE), language="en")
    assert turn("UNSTOP", known).reply == again.reply


def test_every_order_spelt_out_is_the_order(known: Snapshot) -> None:
    orders: list[Order] = [TRAFFIC, Subscribe(ALL, Reach.URGENT), Unsubscribe(), Unsubscribe("missing"), URGENT, EVERY]
    orders.append(ShowSubscription())
    assert [known.orders.ordered(spelt(order), Conversation()) for order in orders] == orders


def test_without_any_knowledge_stop_is_known_and_nothing_else() -> None:
    assert FLOOR_ORDERS.ordered("please stop sending me these alerts", Conversation()) == Unsubscribe()
    assert FLOOR_ORDERS.ordered("subscribe me to traffic alerts", Conversation()) is None


# --- the turn ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_order_names_its_entry_and_speaks_the_language_it_was_given_in(language: str, known: Snapshot) -> None:
    for text, wish in WORDS[language]:
        if text.isupper() or len(text.split()) < 3:  # one word tells no language
            continue
        done = turn(text, known)
        entry = "stop-advisories" if isinstance(wish, Unsubscribe) else "subscribe-advisories"
        assert (done.outcome, done.entry, done.language) == (Outcome.COMMAND, entry, language), text
        assert done.order == (None if wish == Offer() else wish)


def test_until_it_is_stored_an_orders_reply_claims_nothing(known: Snapshot) -> None:
    assert turn("/subscribe traffic", known).reply.text == known.knowledge.phrases("advisory_failed", "en")
    assert turn("STOP", known).reply.text == known.knowledge.phrases("advisory_stop_failed", "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_none_are_sent_the_reply_says_so_and_where_they_are(language: str, known: Snapshot) -> None:
    here = Conversation(language=language)
    told = turn("/subscribe traffic", known, here, limits=None)
    assert (told.outcome, told.entry, told.order) == (Outcome.COMMAND, "subscribe-advisories", None)
    assert "/advisories" in told.reply.text
    assert "https://www.danbury-ct.gov/174/Emergency-Management" in told.reply.text
    stopped = turn("stop", known, here, limits=None)
    assert (stopped.outcome, stopped.entry, stopped.order) == (Outcome.COMMAND, "stop-advisories", None)
    assert stopped.reply.text == known.knowledge.phrases("stopped", language)


def test_where_none_are_sent_a_doubtful_stop_is_an_ordinary_message(known: Snapshot) -> None:
    assert turn("wrong number", known, limits=None).outcome is not Outcome.COMMAND


def test_a_channel_that_the_department_names_is_named(known: Snapshot) -> None:
    links = {**known.knowledge.department.links, "telegram": "https://t.me/an_example_bot"}
    named = replace(known.knowledge, department=replace(known.knowledge.department, links=links))
    assert "https://t.me/an_example_bot" in elsewhere(Offer(), "en", named).text
    assert "Telegram" not in elsewhere(Offer(), "en", known.knowledge).text


def test_the_answer_about_advisories_carries_the_topics_where_they_can_be_sent(known: Snapshot) -> None:
    press = answer(a_press("=subscribe-advisories"), looked("x", known), known, Conversation(), NOW, HERE)
    values = [choice.value for choice in press.reply.choices]
    assert values == ["/subscribe all", *(f"/subscribe {topic}" for topic in ALL), "/subscriptions"]
    stop = answer(a_press("=stop-advisories"), looked("x", known), known, Conversation(), NOW, HERE)
    assert [choice.value for choice in stop.reply.choices] == ["/stop", "/subscriptions"]
    silent = answer(a_press("=subscribe-advisories"), looked("x", known), known, Conversation(), NOW)
    assert all(choice.value.startswith("=") for choice in silent.reply.choices)


def test_another_language_is_also_the_subscriptions(known: Snapshot) -> None:
    assert turn("/language es", known).actions == (ChangeLanguage("es"),)
    assert turn("in portuguese please", known).actions == (ChangeLanguage("pt"),)


def test_a_number_under_the_offer_picks_its_topic(known: Snapshot) -> None:
    offered = turn("/subscribe", known)
    assert turn("3", known, offered.conversation).order == TRAFFIC


def test_no_button_about_advisories_is_sent_to_911(known: Snapshot) -> None:
    values = [choice.value for choice in proposed(Offer(), "en", known.knowledge, HERE).choices]
    values += [f"/stop {topic}" for topic in ALL] + ["/stop", "/subscriptions", "/urgent", "/every"]
    assert [value for value in values if looked(value, known).level is not Level.NONE] == []


# --- what is said ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_offer_tells_all_that_somebody_must_know_before_signing_up(language: str, known: Snapshot) -> None:
    reply = proposed(Offer(), language, known.knowledge, HERE)
    assert "Danbury ALERT" in reply.text  # the system that the city runs
    assert "https://www.danbury-ct.gov/174/Emergency-Management" in reply.text
    assert "911" in reply.text
    assert "STOP" in reply.text
    assert [choice.value for choice in reply.choices] == ["/subscribe all", *(f"/subscribe {topic}" for topic in ALL)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_law_6_where_stop_lets_no_reply_through_the_terms_say_so_and_whom_to_call(
    language: str, known: Snapshot
) -> None:
    offer = proposed(Offer(), language, known.knowledge, SILENCED).text
    first = confirmed(TRAFFIC, Done(None, MINE), language, known.knowledge, SILENCED).text
    (line,) = (line for line in offer.splitlines() if line.startswith("- STOP"))
    assert ("911" in line, "START" in line, line in first) == (True, True, True)
    assert line not in proposed(Offer(), language, known.knowledge, HERE).text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_that_end_only_the_advisories_are_told_and_do_so(language: str, known: Snapshot) -> None:
    terms = known.knowledge.phrases("advisory_terms_silenced", language)
    words = {"en": "no more alerts", "es": "no más avisos", "pt": "não quero mais avisos"}[language]
    assert f": {words}." in terms
    assert turn(words, known, limits=SILENCED).order == Unsubscribe()
    assert words not in CARRIER_STOP


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_confirmation_tells_it_to_who_never_saw_the_offer(language: str, known: Snapshot) -> None:
    terms = proposed(Offer(), language, known.knowledge, HERE).text.split("\n\n", 1)[1]
    first = confirmed(TRAFFIC, Done(None, MINE), language, known.knowledge, HERE)
    assert first.text.endswith(terms)
    assert terms not in confirmed(TRAFFIC, Done(MINE, MINE), language, known.knowledge, HERE).text


def test_a_confirmation_says_what_one_gets_and_offers_what_fits(known: Snapshot) -> None:
    reply = confirmed(TRAFFIC, Done(MINE, MINE), "en", known.knowledge, HERE)
    assert reply.text == (
        "You are signed up for: Roads and traffic, Storms and snow.\nYou get all messages on these topics.\n"
        "Language of the messages: English. To change it, send /language."
    )
    assert [choice.value for choice in reply.choices] == ["/urgent", "/subscribe", "/subscriptions", "/stop"]
    urgent = replace(MINE, reach=Reach.URGENT, topics=frozenset(ALL))
    reply = confirmed(URGENT, Done(None, urgent), "en", known.knowledge, HERE)
    assert "only the urgent messages" in reply.text
    assert [choice.value for choice in reply.choices] == ["/every", "/subscriptions", "/stop"]


def test_what_one_gets_can_be_ended_topic_by_topic(known: Snapshot) -> None:
    reply = confirmed(ShowSubscription(), Done(MINE, MINE), "en", known.knowledge, HERE)
    assert [choice.value for choice in reply.choices] == ["/stop traffic", "/stop weather", "/urgent", "/stop"]
    nothing = confirmed(ShowSubscription(), Done(None, None), "en", known.knowledge, HERE)
    assert nothing.text == known.knowledge.phrases("advisory_nothing", "en")
    assert nothing.choices == (Choice("Sign up for advisories", "/subscribe"),)


def test_the_end_of_one_topic_tells_what_is_left(known: Snapshot) -> None:
    left = replace(MINE, topics=frozenset({"weather"}))
    text = confirmed(Unsubscribe("traffic"), Done(None, left), "en", known.knowledge, HERE).text
    assert text.startswith("It is done: no more messages on this topic: Roads and traffic.\n\n")
    assert "You are signed up for: Storms and snow." in text
    last = confirmed(Unsubscribe("weather"), Done(None, None), "en", known.knowledge, HERE).text
    assert known.knowledge.phrases("advisory_nothing", "en") in last


def test_every_choice_can_be_pressed_and_orders_something(known: Snapshot) -> None:
    whole = replace(MINE, topics=frozenset(ALL))
    orders = (TRAFFIC, Subscribe(ALL, Reach.URGENT), Unsubscribe(), Unsubscribe("traffic"), URGENT, ShowSubscription())
    for language in LANGUAGES:
        replies = [confirmed(order, done, language, known.knowledge, HERE) for order in orders for done in
                   (None, Done(None, None), Done(whole, whole))]  # fmt: skip
        for choice in (choice for reply in replies for choice in reply.choices):
            assert known.orders.ordered(choice.value, Conversation()) is not None
            assert len(choice.value.encode()) <= 64
            assert utf16_units(choice.label) <= 60
        assert all(len(reply.choices) <= 8 for reply in replies)


def test_a_department_that_announces_nothing_says_so_and_still_takes_a_stop(known: Snapshot) -> None:
    silent = replace(known.knowledge, alerting=None)
    assert proposed(Offer(), "en", silent, HERE) == elsewhere(Offer(), "en", silent)
    assert confirmed(Unsubscribe(), Done(None, None), "en", silent, HERE).choices == ()
    quiet = Snapshot.of(silent)
    assert turn("stop", quiet).order == Unsubscribe()
    assert turn("subscribe me to traffic alerts", quiet).order is None
