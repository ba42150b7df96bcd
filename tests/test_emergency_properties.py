"""The shipped cues under abuse: however an emergency is typed and whatever stands around it, the 911 line comes.

Where the rules alone keep every message, every message is asked for. Where they cannot, cues and net together must
reach a stated share of a fixed set, a little below what was measured, so that a drop is seen.
"""

import unicodedata
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.emergency import Level, check
from bot.core.text import fold
from tests import real_emergency
from tests.real_emergency import files, ordinary_text

Abuse = Callable[[str, Random], str]

_GREETINGS = ("hi ", "Hello, ", "good morning ", "hola ", "Buenas tardes, ", "oi ", "Bom dia, ", "hey hey ")
_QUESTIONS = ("what time do you close", "a que hora cierran", "que horas fecha")
_AFTER = (" 😭😭", "🙏", "!!! 🔥", " 😱", "...")
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
_LATIN, _ALIKE = "aeocpxyiABEHKMOPCTX", "аеосрхуіАВЕНКМОРСТХ"
_FULL_WIDTH = {code: code + 0xFEE0 for code in range(ord("!"), ord("~") + 1)} | {ord(" "): 0x3000}
_SLIPS: tuple[Callable[[str, int, str], str], ...] = (
    lambda word, at, _: word[:at] + word[at + 1 :],
    lambda word, at, _: word[:at] + word[at + 1] + word[at] + word[at + 2 :],
    lambda word, at, _: word[:at] + word[at] + word[at:],
    lambda word, at, other: word[:at] + other + word[at + 1 :],
)


def without_accents(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def mistyped(text: str, chance: Random) -> str:
    """One slip in every word of five letters or more, none in its first or last letter."""

    def slip(word: str) -> str:
        if len(word) < 5 or not word.isalpha():
            return word
        return chance.choice(_SLIPS)(word, chance.randrange(1, len(word) - 1), chance.choice("aeiostr"))

    return " ".join(map(slip, text.split()))


def without_stops(text: str) -> str:
    return text.translate(dict.fromkeys(map(ord, ".?!¿¡;\n"), None))


KEPT: dict[str, Abuse] = {
    "capitals": lambda text, _: text.upper(),
    "no apostrophes": lambda text, _: text.replace("'", "").replace("’", ""),
    "curly apostrophes": lambda text, _: text.replace("'", "’"),
    "no accents": lambda text, _: without_accents(text),
    "a greeting before": lambda text, chance: chance.choice(_GREETINGS) + text,
    "emoji after": lambda text, chance: text + chance.choice(_AFTER),
    "a question before": lambda text, chance: f"{chance.choice(_QUESTIONS)}? {text}",
    "a question after": lambda text, chance: f"{text}. {chance.choice(_QUESTIONS)}?",
    "at the end of 500 characters": lambda text, _: ordinary_text(500) + text,
    "at the end of 5,000 characters": lambda text, _: ordinary_text(5000) + text,
    "at the end of 5,000 without a stop": lambda text, _: without_stops(ordinary_text(5000)) + text,
    "invisible characters": lambda text, chance: chance.choice(_INVISIBLE).join(text),
    "marks of direction": lambda text, _: "\u202e" + text.replace(" ", "\u200f \u200e") + "\u202c",
    "letters that look alike": lambda text, _: text.translate(str.maketrans(_LATIN, _ALIKE)),
    "full-width letters": lambda text, _: text.translate(_FULL_WIDTH),
    "underscores": lambda text, _: text.replace(" ", "_"),
}
"""What the rules alone see through."""

# Short cries ("911", "help") are anchored to a whole clause: any word beside them ends them but a greeting, which is a
# filler, and most emoji. This number may only shrink.
WHOLE_CLAUSES = 10
# Asked for beside paperwork in the same message, a dated past is ordinary: the text has paperwork in it.
NOT_BEFORE_PAPERWORK = {"anoche me robaron el carro"}


@pytest.fixture(scope="module")
def messages() -> tuple[str, ...]:
    return real_emergency.raising(Level.EMERGENCY, Level.CAUTION)


def level(text: str) -> Level:
    return check(fold(text), files().rules).level


@pytest.fixture(scope="module")
def cries(messages: tuple[str, ...]) -> set[str]:
    """Messages that any word beside them ends."""
    return {text for text in messages if not level(f"lamp {text}") or not level(f"{text} lamp")}


@pytest.mark.parametrize("how", KEPT)
def test_the_rules_alone_keep_the_911_line(how: str, messages: tuple[str, ...], cries: set[str]) -> None:
    # A check of 5,000 characters is 50 times dearer: every tenth message then.
    asked = messages[:: 10 if "5,000" in how else 1]
    lost = {text for text in asked if level(KEPT[how](text, Random(text + how))) is Level.NONE}
    beside = how == "emoji after" or "without a stop" in how
    assert lost - (cries if beside else set()) - (NOT_BEFORE_PAPERWORK if "at the end" in how else set()) == set()


def test_few_messages_are_lost_beside_a_single_word(cries: set[str]) -> None:
    assert len(cries) <= WHOLE_CLAUSES


LIGHT = [how for how in KEPT if "at the end" not in how and how != "emoji after"]


@settings(derandomize=True, max_examples=150, deadline=None, database=None)
@given(st.data())
def test_abuses_on_top_of_each_other_change_nothing(data: st.DataObject) -> None:
    """Two at once, in either order: what one leaves, the other must not break."""
    text = data.draw(st.sampled_from(real_emergency.raising(Level.EMERGENCY)))
    one, other = data.draw(st.sampled_from(LIGHT)), data.draw(st.sampled_from(LIGHT))
    chance = Random(data.draw(st.integers(0, 5)))
    assert level(KEPT[other](KEPT[one](text, chance), chance)) is not Level.NONE


FLOORS: dict[str, tuple[Abuse, float, float]] = {
    "as they stand": (lambda text, _: text, 0.98, 0.99),
    "a slip in every long word": (mistyped, 0.94, 0.96),
    "no spaces": (lambda text, _: text.replace(" ", ""), 0.93, 0.95),
    "no spaces, capitals": (lambda text, _: text.replace(" ", "").upper(), 0.93, 0.95),
    "no spaces, a hashtag": (lambda text, _: "#" + "".join(word.capitalize() for word in text.split()), 0.93, 0.95),
    "a slip in every long word, no spaces": (lambda text, chance: mistyped(text, chance).replace(" ", ""), 0.35, 0.45),
    "a greeting before": (KEPT["a greeting before"], 0.95, 0.97),
    "emoji after": (KEPT["emoji after"], 0.95, 0.97),
    "a question before, no stop": (lambda text, chance: f"{chance.choice(_QUESTIONS)} {text}", 0.55, 0.72),
    "a question after, no stop": (lambda text, chance: f"{text} {chance.choice(_QUESTIONS)}", 0.65, 0.8),
    "at the end of 500 without a stop": (lambda text, _: without_stops(ordinary_text(500)) + text, 0.95, 0.97),
}
"""How it is abused; which share of the emergencies cues and net must send to 911, and which must get its line."""


@pytest.mark.parametrize("how", FLOORS)
def test_cues_and_net_together_reach_their_share(how: str) -> None:
    abuse, strict, safe = FLOORS[how]
    texts = real_emergency.raising(Level.EMERGENCY)[::3]
    got = real_emergency.levels([abuse(text, Random(text + how)) for text in texts])
    assert got.count(Level.EMERGENCY) >= strict * len(got)
    assert sum(map(bool, got)) >= safe * len(got)
