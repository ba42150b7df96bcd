"""Law 6 where words, commands and buttons meet: which of them are a STOP, of what, and which are none."""

from dataclasses import replace

import pytest

from bot.core.command import Commands
from bot.core.conversation import Conversation
from bot.core.entry import CommandWords, Phrases
from bot.core.exercising import AskCode, JoinExercises, LeaveExercises
from bot.core.message import Choice
from bot.core.orders import Orders
from bot.core.subscribing import OFFER, AskStop, Offer, Subscribe, Unsubscribe, Wish
from bot.core.topic import Topic
from tests.advisory_builders import ALERTING
from tests.builders import knowledge

TOPICS = (
    Topic("traffic", {"en": "Traffic", "es": "Tráfico"}, {"en": ("roads", "road closures"), "es": ("calles",)}),
    Topic("weather", {"en": "Snow and storms", "es": "Nieve"}, {"en": ("snow",)}),
)
WORDS = [CommandWords(name, {"en": tuple(said.split(", "))}) for name, said in (
    ("start", "start, hello bot"), ("stop", "stop, leave us be, cancel that"), ("help", "help, turn it off"),
    ("unsubscribe", "nope"), ("none", "none of these"))]  # fmt: skip
SAID = {"order_fillers": {"en": "the, please, !", "es": "de"}, "order_alerts": {"en": "alerts, news from"}}
KNOWLEDGE = replace(knowledge(), alerting=replace(ALERTING, topics=TOPICS))
KNOWLEDGE = replace(KNOWLEDGE, phrases=Phrases({**KNOWLEDGE.phrases.texts, **SAID}))
OFFERED = Conversation(offered=(Choice("Help", "/help"), Choice("Sign up", OFFER)))
STOP, TRAFFIC, WEATHER = Unsubscribe(), Unsubscribe("traffic"), Unsubscribe("weather")
LONG = "because i have moved far away from the town and its roads long ago, and so has the snow, thank you all"


def opting_out(text: str, conversation: Conversation | None = None) -> Wish | None:
    return Orders(KNOWLEDGE, Commands(WORDS)).opting_out(text, conversation or Conversation())


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        # The command stops whatever stands after it: one topic that is named, else everything.
        ("/stop", STOP),
        (" /STOP@danbury_bot ", STOP),
        ("/unsubscribe", STOP),
        ("/stop traffic", TRAFFIC),
        ("/stop WEATHER ", WEATHER),
        ("/stop road closures", TRAFFIC),
        ("/stop calles", TRAFFIC),
        ("/stop snow", WEATHER),
        ("/stop nieve", WEATHER),
        ("/stop snow and storms", WEATHER),
        ("/stop roads snow", STOP),
        ("/stop roads traffic", TRAFFIC),
        ("/stop the traffic alerts please", TRAFFIC),
        ("/stop news from the roads", TRAFFIC),
        ("/stop the alerts", STOP),
        ("/stop news roads", STOP),
        ("/stop zebras", STOP),
        ("/stop roads zebras", STOP),
        ("/stop\nthese\nmessages", STOP),
        (f"/stop {LONG}", STOP),
        (f"/unsubscribe@danbury_bot {LONG * 100}", STOP),
        ("/stopper", None),
        ("/subscribe stop", None),
        ("/help stop", None),
        # Words, of the code or of the curators.
        ("stop", STOP),
        ("please stop texting me", STOP),
        ("stop snow", WEATHER),
        ("stop snow and roads", AskStop()),
        ("no snow", AskStop("weather")),
        ("enough", AskStop()),
        ("leave us be", STOP),
        ("stоp", AskStop()),
        ("cancel that", AskStop()),  # a word of the curators that the code doubts is asked about
        ("turn it off", None),  # unless it is another command
        ("none of these", None),
        ("nope", None),
        ("how do i get a report", None),
        # Begin again: "start" alone does so only under the offer.
        ("unstop", Offer()),
        ("start snow alerts", Subscribe(("weather",))),
        ("start snow and roads", Offer()),
        ("start", None),
        ("hello bot", None),
        # Exercises: one word leaves them, more stop everything.
        ("/exercise stop", LeaveExercises()),
        ("/exercise leave us be", STOP),
        ("/exercise stop texting me", STOP),
        ("/exercise stop snow", WEATHER),
        ("/exercise", None),
        ("/exercise 4821 0937", None),
        ("/exercise enough", None),
        ("/exercise help", None),
    ],
)
def test_law_6_what_is_a_stop_and_of_what(text: str, wish: Wish | None) -> None:
    assert opting_out(text) == wish


@pytest.mark.parametrize(("offered", "wish"), [(OFFERED, Offer()), (Conversation(offered=OFFERED.offered[:1]), None)])
def test_start_under_the_offer_takes_it(offered: Conversation, wish: Wish | None) -> None:
    assert opting_out("start", offered) == wish


def test_law_6_stop_needs_neither_knowledge_nor_topics() -> None:
    for orders in (Orders(None, Commands(())), Orders(knowledge(), Commands(()))):
        for text in ("/stop", "/stop traffic", "stop texting me", "STOP"):
            assert orders.opting_out(text, Conversation()) == STOP


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("/exercise 4821 0937", JoinExercises(("traffic", "weather"), "48210937")),
        ("/exercise 4821", AskCode()),
        ("/exercise enough", AskCode()),
        ("/exercise stop", LeaveExercises()),
    ],
)
def test_an_exercise_is_joined_with_a_code(text: str, wish: Wish) -> None:
    assert Orders(KNOWLEDGE, Commands(WORDS)).recognise(text) == wish
    assert Orders(None, Commands(())).recognise(text) == (wish if isinstance(wish, LeaveExercises) else AskCode())
