"""Law 6: people are left alone in whatever words they ask for it, and only when they ask."""

import json
import unicodedata
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.optout import Doubtful, OptOut, Start, Stop, recognise_optout
from bot.core.optout_clause import Topics
from bot.core.optout_orders import BARE, WORDS
from bot.core.optout_words import CARRIER_START, CARRIER_STOP
from bot.core.text import fold
from tests.sizes import some

_DATA = Path(__file__).parent / "data"
_KNOWLEDGE = Path(__file__).parents[1] / "knowledge"
_LINES: list[dict[str, Any]] = [json.loads(line) for line in (_DATA / "stop_words.jsonl").read_text().splitlines()]
TOPICS = Topics.of(
    {
        "traffic": {
            "en": ["traffic", "roads", "road closures"],
            "es": ["tráfico", "tránsito", "cierres de calles"],
            "pt": ["trânsito", "ruas", "ruas fechadas"],
        },
        "weather": {
            "en": ["weather", "snow", "storm", "storms"],
            "es": ["clima", "nieve", "tormentas"],
            "pt": ["tempo", "neve", "tempestades"],
        },
        "missing": {
            "en": ["missing people", "missing persons", "amber alerts"],
            "es": ["personas desaparecidas", "desaparecidos"],
            "pt": ["pessoas desaparecidas", "desaparecidos"],
        },
        "events": {"en": ["community events", "events"], "es": ["eventos"], "pt": ["eventos"]},
    }
)
# Whole messages elsewhere in the knowledge that are as likely an answer to an advisory: the bot asks.
ASKED = {"perdon numero equivocado"}
_EN_ES_PT = """
    stop stopall unsubscribe cancel end quit revoke optout alto parar baja cancelar detener salir pare sair descadastrar
""".split()
_MANY_WORDS = (
    "opt out", "stop all", "remove me", "take me off this list", "stop texting me", "no more messages",
    "dar de baja", "no me manden mas avisos", "ya no quiero recibir mensajes", "cancelar suscripcion",
    "nao quero mais receber avisos", "para de mandar mensagem", "me tira dessa lista", "cancelar inscricao",
)  # fmt: skip
_EMOJI = "🛑🙏😡👍✋🚫"
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad"


def meant(text: str) -> OptOut | None:
    return recognise_optout(fold(text), TOPICS)


def labelled(found: OptOut | None) -> str | None:
    match found:
        case Stop(topic=None):
            return "all"
        case Stop(topic=topic):
            return f"topic:{topic}"
        case Start():
            return "start"
        case Doubtful():
            return "ask"
        case _:
            return None


def lines(*kinds: str | None, language: str | None = None) -> list[dict[str, Any]]:
    """Lines labelled so; "topic" stands for every topic."""
    return [
        line
        for line in _LINES
        if (line["means"] or "").partition(":")[0] in {kind or "" for kind in kinds}
        and language in (None, line["language"])
    ]


def ordinary_asks() -> Iterator[str]:
    """Everything the knowledge is asked about anything but advisories."""
    for file in _KNOWLEDGE.rglob("*.yaml"):
        if file.name != "phrases.yaml" and "emergency" not in file.parts:
            yield from _asks(yaml.load(file.read_text(), yaml.CSafeLoader), "")


def _asks(node: object, entry: str) -> Iterator[str]:
    if isinstance(node, list):
        for item in node:
            yield from _asks(item, entry)
    if isinstance(node, dict):
        entry = str(node.get("id", node.get("expect", entry)))
        for key, value in node.items():
            if key == "asks" and entry != "stop-advisories":
                yield from value
            elif key == "ask" and entry != "stop-advisories":
                yield value
            else:
                yield from _asks(value, entry)


@pytest.mark.parametrize("language", ["en", "es", "pt"])
def test_law_6_ninety_nine_of_a_hundred_stops_are_recognised(language: str) -> None:
    wanted = lines("all", "topic", language=language)
    missed = [line["text"] for line in wanted if labelled(meant(line["text"])) != line["means"]]
    assert len({line["text"].casefold() for line in wanted}) >= 60
    assert len(missed) <= len(wanted) / 100, missed


@pytest.mark.parametrize("line", lines(None, "start", "ask"), ids=lambda line: ascii(line["text"]))
def test_law_6_nothing_else_is_a_stop(line: dict[str, Any]) -> None:
    assert labelled(meant(line["text"])) == line["means"]


@pytest.mark.parametrize("file", ["questions_dev.jsonl", "questions_fresh.jsonl"])
def test_law_6_no_ordinary_question_stops_anything(file: str) -> None:
    questions = [json.loads(line) for line in (_DATA / file).read_text().splitlines()]
    ordinary = [question["text"] for question in questions if "stop-advisories" not in question["expect"]]
    assert [text for text in ordinary if meant(text)] == []


def test_law_6_no_ask_of_another_entry_stops_anything() -> None:
    asks = some(list(ordinary_asks()), 7)
    assert len(asks) > 1_000
    assert {text for text in asks if isinstance(meant(text), Stop | Start)} == set()
    assert {text for text in asks if meant(text)} <= ASKED


@pytest.mark.parametrize("word", sorted(CARRIER_STOP))
def test_law_6_what_the_carrier_stops_at_stops_everywhere(word: str) -> None:
    assert meant(word) == Stop()


@pytest.mark.parametrize("word", sorted(CARRIER_START - {"yes"}))
def test_what_the_carrier_starts_again_at_starts_again(word: str) -> None:
    assert meant(word) == Start()


def test_yes_starts_nothing_by_itself() -> None:
    assert meant("yes") is None


@pytest.mark.parametrize("line", [line for line in f"{WORDS}{BARE}".splitlines() if line])
def test_law_6_every_bare_word_of_the_floor_stops(line: str) -> None:
    typed = [" ".join(words) for words in product(*(term.split("|") for term in line.split()))]
    assert [text for text in typed if meant(text) != Stop()] == []


def test_law_6_a_stop_needs_no_knowledge() -> None:
    assert recognise_optout(fold("STOP")) == Stop()
    assert recognise_optout(fold("stop traffic")) is None


_WAYS = st.sampled_from([*_EN_ES_PT, *_MANY_WORDS])


@settings(max_examples=300, deadline=None)
@given(
    word=_WAYS,
    capital=st.lists(st.booleans(), min_size=1, max_size=8),
    before=st.text(alphabet=" .!,?\"'“”«»()-¡¿*" + _EMOJI, max_size=6),
    after=st.text(alphabet=" .!,?\"'“”«»()-…*" + _EMOJI + "\n", max_size=6),
    inside=st.text(alphabet=_INVISIBLE, max_size=3),
    is_wide=st.booleans(),
)
def test_law_6_no_way_of_typing_a_word_hides_it(
    word: str, capital: list[bool], before: str, after: str, inside: str, *, is_wide: bool
) -> None:
    typed = "".join(c.upper() if capital[at % len(capital)] else c for at, c in enumerate(word))
    if is_wide:
        typed = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else "\u3000" for c in typed)
    assert meant(f"{before}{inside.join(['', *typed, '']) if inside else typed}{after}") == Stop()


@given(word=st.sampled_from(_EN_ES_PT), at=st.integers(0, 20), times=st.integers(3, 12))
def test_law_6_a_stretched_letter_hides_no_word(word: str, at: int, times: int) -> None:
    at %= len(word)
    assert meant(word[:at] + word[at] * times + word[at + 1 :]) == Stop()


@given(word=st.sampled_from(_EN_ES_PT), accent=st.sampled_from("\u0301\u0303\u0308\u0336"))
def test_law_6_accents_hide_no_word(word: str, accent: str) -> None:
    assert meant(unicodedata.normalize("NFC", accent.join(word))) == Stop()


@pytest.mark.parametrize("text", ["ЅТОР", "stоp", "SТOP", "unѕubscribe", "pаrar", "sаir", "stop texting mе"])
def test_law_6_look_alike_letters_are_asked_about_not_obeyed(text: str) -> None:
    assert meant(text) == Doubtful(Stop())


def test_two_topics_at_once_are_asked_about() -> None:
    assert meant("stop traffic and snow") == Doubtful(Stop())


def test_a_stop_and_a_start_together_are_asked_about() -> None:
    assert meant("start. no, stop") == Doubtful(Stop())


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("stop he is hitting me", None),
        ("stop! he is hitting me", None),
        ("para, me está pegando", None),
        ("He will not leave me in peace. stop texting me", Doubtful(Stop())),
        ("my ex writes every day. what do i do", None),
        ("stop texting me. what are your hours?", Stop()),
        ("stop. what are your hours?", Doubtful(Stop())),
        ("cancel. what are your hours?", None),
        ("too many alerts. cancel", Doubtful(Stop())),
        ("stop at school crossing not working", None),
        ("stop or yield sign missing", None),
        ("stop too many speeding cars", None),
        ("stop driving drunk", None),
        ("alto, son muchos carros", None),
        ("pare, muito barulho", None),
        ("stop, im at work", Stop()),
        ("make it stop", None),
        ("i want to end it", None),
        ("i do not want contact", None),
        ("start. what are your hours?", None),
        ("start sending snow alerts again", Start("weather")),
    ],
)
def test_what_stands_beside_decides(text: str, found: OptOut | None) -> None:
    assert meant(text) == found


def ordinary_text(length: int) -> str:
    questions = (json.loads(line)["text"] for line in (_DATA / "questions_dev.jsonl").read_text().splitlines())
    return "? ".join(questions)[:length]


def test_law_6_a_long_message_that_opens_with_an_order_is_one() -> None:
    assert meant("Stop texting me. " + ordinary_text(5000)) == Stop()
    assert meant("STOP! " + ordinary_text(500)) in (Doubtful(Stop()), None)
    assert meant("STOP " * 200) == Stop()


def test_an_order_deep_in_a_long_message_is_none() -> None:
    assert meant(ordinary_text(5000) + " stop texting me") is None


@pytest.mark.parametrize(
    "text",
    ["", " ", "!!!", "🛑", "\ud83d", "stop\x00", "\u202estop\u202c", pytest.param("a" * 30_000, id="one word")],
)
def test_hostile_text_is_read_without_complaint(text: str) -> None:
    assert meant(text) in (None, Stop())


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    assert isinstance(meant(text), Stop | Start | Doubtful | None)
