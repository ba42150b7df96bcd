"""Cues and net together: the net raises what the cues missed, is weighed with soft ones, never lowers a hard one."""

from dataclasses import dataclass, field, replace
from typing import cast

import pytest

from bot.core.emergency import Level, Rules
from bot.core.lookout import CUES_ALONE, Embed, Lookout, look, sighted, weighed
from bot.core.net import Net, Reading
from bot.core.text import Words, fold
from tests import real_emergency
from tests.builders import GUN, a_cue, rules

SOFT = a_cue("soft", "strange man")
MILD = a_cue("mild", "odd noise", level=Level.CAUTION, line="suicide")
RULES = rules(GUN, SOFT, MILD)


@dataclass(slots=True)
class Reads:
    """A net that reads the same in every message; keeps what it is asked about."""

    reading: Reading
    asked: list[tuple[str, object]] = field(default_factory=list)

    def of(self, words: Words, vector: object = None) -> Reading:
        self.asked.append((words.line, vector))
        return self.reading


def lookout(emergency: float, caution: float) -> Lookout:
    return Lookout(cast(Net, Reads(Reading(emergency, caution, is_whole=True))))


@pytest.mark.parametrize(
    ("text", "emergency", "caution", "level"),
    [
        ("nothing was met", 0.9, 0.05, Level.EMERGENCY),
        ("nothing was met", 0.2, 0.7, Level.CAUTION),
        ("nothing was met", 0.01, 0.01, Level.NONE),
        ("odd noise", 0.9, 0.05, Level.EMERGENCY),
        ("odd noise", 0.03, 0.3, Level.CAUTION),
        ("odd noise", 0.01, 0.01, Level.NONE),
        ("strange man", 0.4, 0.1, Level.EMERGENCY),
        ("strange man", 0.02, 0.15, Level.CAUTION),
        ("strange man", 0.005, 0.005, Level.NONE),
        ("he has a gun", 0.0, 0.0, Level.EMERGENCY),
        ("strange man. he has a gun", 0.0, 0.0, Level.EMERGENCY),
    ],
)
def test_the_net_raises_and_doubts_and_a_hard_cue_stands(
    text: str, emergency: float, caution: float, level: Level
) -> None:
    assert look(fold(text), RULES, lookout(emergency, caution)).level is level


def test_a_hard_cue_replies_without_calling_the_net() -> None:
    net = Reads(Reading(0.0, 0.0))
    look(fold("he has a gun"), RULES, Lookout(cast(Net, net)))
    assert net.asked == []


def test_a_hard_cue_stands_even_where_the_net_is_asked() -> None:
    sight = replace(sighted(fold("he has a gun"), RULES, CUES_ALONE), is_final=False)
    assert weighed(sight, lookout(0.0, 0.0)).level is Level.EMERGENCY


@pytest.mark.parametrize("text", ["strange man here", "he walks, strangemanhas"])
def test_the_net_reads_the_words_that_the_cues_read_and_their_vector(text: str) -> None:
    net, vectors = Reads(Reading(0.0, 0.0)), {"strange man here": 1, "he walks strange man has": 2}
    words = RULES.apart.message(fold(text))
    look(fold(text), RULES, Lookout(cast(Net, net), cast(Embed, lambda told: vectors[told])))
    assert net.asked == [(words.line, vectors[words.line])]


def test_without_an_encoder_the_net_reads_words_alone() -> None:
    net = Reads(Reading(0.0, 0.0))
    look(fold("strange man here"), RULES, Lookout(cast(Net, net)))
    assert net.asked == [("strange man here", None)]


@pytest.mark.parametrize(
    ("text", "is_asked"),
    [
        ("lamp", False),
        ("a lamp", False),
        ("no in", False),
        ("a lamp again", True),
        ("he", True),
        ("lamp gun", True),
        ("strange man", True),
        ("", False),
    ],
)
def test_of_two_words_the_net_is_asked_only_when_a_cue_could_use_one(text: str, is_asked: bool) -> None:
    net = Reads(Reading(0.0, 0.0))
    classes = {**RULES.source.classes, "FILLER": ("a", "no"), "NOT": ("no",), "IN": ("in",)}
    look(fold(text), Rules(replace(RULES.source, classes=classes)), Lookout(cast(Net, net)))
    assert bool(net.asked) is is_asked


def test_without_a_net_the_cues_stand_alone() -> None:
    assert look(fold("strange man"), RULES, CUES_ALONE).level is Level.EMERGENCY


@pytest.mark.parametrize(
    ("text", "likely", "cue", "why"),
    [
        ("nothing was met", (0.9, 0.05), "net", ("net: emergency 0.90, caution 0.05",)),
        ("nothing was met", (0.01, 0.02), None, ("net: emergency 0.01, caution 0.02",)),
        (
            "odd noise",
            (0.9, 0.05),
            "mild",
            ("mild (odd noise): caution, nothing stands it down", "net: emergency 0.90, caution 0.05"),
        ),
    ],
)
def test_what_the_net_read_is_told(text: str, likely: tuple[float, float], cue: str | None, why: tuple[str]) -> None:
    verdict = look(fold(text), RULES, lookout(*likely))
    assert (verdict.cue, verdict.why) == (cue, why)


def test_a_raised_cue_keeps_its_name_and_its_line() -> None:
    verdict = look(fold("odd noise"), RULES, lookout(0.9, 0.05))
    assert (verdict.cue, verdict.line) == ("mild", "suicide")


@pytest.fixture(scope="module")
def real_rules() -> Rules:
    return real_emergency.files().rules


@pytest.mark.parametrize(
    "cry",
    [
        "911",
        "socorro",
        "help me please",
        "this is an emergency",
        "es una emergencia",
        "police now",
        "call the police for me",
        "preciso de um policial aqui urgente",
        "he has a knife",
        "tiene un cuchillo",
        "they got guns",
        "estan disparando",
        "tem uma bomba na igreja",
        "i was just raped",
        "me acaban de violar",
        "she is not breathing",
        "no respira",
        "i want to kill myself",
        "minha casa ta pegando fogo",
    ],
)
def test_a_short_cry_stands_whatever_the_net_reads(cry: str, real_rules: Rules) -> None:
    assert look(fold(cry), real_rules, lookout(0.0, 0.0)).level is Level.EMERGENCY


@pytest.mark.parametrize("text", ["no", "y", "por favor", "sim", "ok", "si", "yes please", "?", "oi", "thanks"])
def test_of_one_or_two_words_that_say_nothing_the_net_is_not_asked(text: str, real_rules: Rules) -> None:
    assert look(fold(text), real_rules, lookout(0.99, 0.0)).level is Level.NONE
