"""What stands a cue down never silences an emergency: each phrase of the list beside each kind of emergency."""

from collections.abc import Iterator
from itertools import cycle, islice

import pytest

from bot.core.emergency import Context, Level, check
from bot.core.pattern import Clause, is_class
from bot.core.text import fold
from tests import real_emergency
from tests.builders import a_cue, rules
from tests.real_emergency import files

# What the design lets erase a soft cue: in its own clause a story, a question what would be, word that it is over; and
# word that it is over in the only other sentence. A hard cue nothing erases but a story in its own clause.
# Apart from this a cue names its own exceptions: an `unless` met in its clause spares it, whatever the phrase.
ERASES_IN_ITS_CLAUSE = {Context.FICTION, Context.HYPOTHETICAL, Context.RESOLVED}
ERASES_BESIDE_IT = {Context.RESOLVED}
ERASES_A_HARD_CUE = {Context.FICTION}
# These raise, or are read only after a 911 reply.
NOT_STANDING_DOWN = {Context.NOW, Context.CLOSE, Context.CALLED_OFF}
STANDING_DOWN = [context for context in Context if context not in NOT_STANDING_DOWN]

_BESIDE_EACH = 8  # emergencies beside each phrase: other ones beside the next
_OWN_CLAUSE = ("{phrase}. {emergency}", "{emergency}. {phrase}")
_SAME_CLAUSE = ("{phrase}, {emergency}", "{emergency}, {phrase}", "{phrase} {emergency}", "{emergency} {phrase}")


def phrases(context: Context) -> Iterator[str]:
    """An instance of each pattern: of every term its first word."""
    classes = files().rules.source.classes
    for line in files().rules.source.contexts[context]:
        terms = [term.removesuffix("?").split("|")[0] for term in line.split() if not term.startswith("..")]
        words = [classes[term][0] if is_class(term) else term for term in terms if term not in "^$"]
        yield " ".join(word.rstrip("*") for word in words)


def contexts(phrase: str) -> set[Context]:
    """All that the phrase is read as: "crash course" is an idiom, and a course is no emergency."""
    rules = files().rules
    clauses = (Clause.of(clause, rules.vocabulary) for clause in fold(phrase).clauses)
    return {Context[name] for clause in clauses for name in rules.around.ends_in(clause)}


def is_silenced(text: str) -> bool:
    """Whether not even the 911 line is left, and no `unless` of a cue is the reason."""
    verdict = check(fold(text), files().rules)
    return not verdict.level and not any("`unless`" in reason for reason in verdict.why)


def silenced(
    context: Context, shapes: tuple[str, ...], emergencies: list[str], erasing: set[Context]
) -> set[tuple[str, str]]:
    """Phrases of a section, but for those that may erase, each with an emergency that it silences."""
    turn = cycle(emergencies)
    return {
        (phrase, emergency)
        for phrase in phrases(context)
        if not contexts(phrase) & erasing
        for emergency in islice(turn, _BESIDE_EACH)
        if any(is_silenced(shape.format(phrase=phrase, emergency=emergency)) for shape in shapes)
    }


@pytest.fixture(scope="module")
def emergencies() -> list[str]:
    return list(real_emergency.raising(Level.EMERGENCY))


@pytest.fixture(scope="module")
def situations(emergencies: list[str]) -> list[str]:
    """Emergencies but for the short cries, which are the whole of their clause: any word beside them ends them."""
    return [text for text in emergencies if check(fold(f"lamp, {text}, lamp"), files().rules).level]


@pytest.fixture(scope="module")
def hard(emergencies: list[str]) -> list[str]:
    return [text for text in emergencies if check(fold(f"lamp, {text}, lamp"), files().rules).is_hard]


@pytest.mark.parametrize("context", STANDING_DOWN)
def test_a_phrase_in_a_sentence_of_its_own_leaves_at_least_the_911_line(
    context: Context, emergencies: list[str]
) -> None:
    assert silenced(context, _OWN_CLAUSE, emergencies, ERASES_BESIDE_IT) == set()


@pytest.mark.parametrize("context", STANDING_DOWN)
def test_a_phrase_in_the_same_sentence_leaves_at_least_the_911_line(context: Context, situations: list[str]) -> None:
    assert silenced(context, _SAME_CLAUSE, situations, ERASES_IN_ITS_CLAUSE) == set()


@pytest.mark.parametrize("context", STANDING_DOWN)
def test_a_hard_cue_survives_every_phrase_but_a_story(context: Context, hard: list[str]) -> None:
    assert silenced(context, _OWN_CLAUSE + _SAME_CLAUSE, hard, ERASES_A_HARD_CUE) == set()


def test_every_pattern_of_the_list_is_met_by_the_phrase_made_of_it() -> None:
    """Else the tests above would prove nothing about it."""
    unmet = {phrase for context in STANDING_DOWN for phrase in phrases(context) if context not in contexts(phrase)}
    assert unmet == set()


@pytest.mark.parametrize(
    "text",
    [
        "report, i was just raped behind the station",
        "report, a man raped me at the park",
        "who do i call, a baby is locked in a hot car",
        "is it legal, a baby is locked in a hot car",
        "who do i call, a man is trapped under the truck",
        "is it legal, my son is trapped in the elevator",
        "pistol permit, he has a gun and he is shouting",
        "my uncle has a knife at her throat, pistol permit",
        "gas station, there is a bomb in the bathroom",
    ],
)
def test_an_exception_of_a_cue_does_not_erase_what_stands_beside_it(text: str) -> None:
    """What spares "where do i report" and "a pistol permit" once spared these too: a comma ends no clause."""
    assert check(fold(text), files().rules).level


def test_a_page_without_a_stop_stands_nothing_down_from_afar() -> None:
    """One sentence of 5,000 characters was one clause, and any word of a story in it silenced every cue."""
    cue = a_cue("soft", "PERSON HAVE WEAPON")
    told = rules(cue, contexts={Context.FICTION: ("movie",)})
    assert check(fold("movie " + "lamp " * 10 + "he has a gun"), told).level is Level.NONE
    assert check(fold("movie " + "lamp " * 900 + "he has a gun"), told).level is Level.EMERGENCY


def test_an_idiom_beside_a_cue_does_not_reach_into_it() -> None:
    """Of several first words the nearest counts: "me" of the idiom began what "somebody has a gun" ends."""
    cue = a_cue("gun", "me|PERSON ..3 HAVE WEAPON")
    told = rules(cue, contexts={Context.IDIOM: ("killing me",)})
    assert check(fold("the queue is killing me"), told).level is Level.NONE
    assert check(fold("the queue is killing me and somebody has a gun"), told).level is Level.EMERGENCY
