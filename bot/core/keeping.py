"""What of a resident's words may be kept for curators: a question, and nothing that tells of distress or a crime."""

from collections.abc import Iterable

from bot.core.command import NoteUnanswered
from bot.core.emergency import Level, Verdict, check
from bot.core.entry import Knowledge
from bot.core.match import Certainty, Match
from bot.core.text import fold

_MOST = 500  # characters of a question that are kept: three SMS of it tell a curator what was asked


def kept(text: str, verdict: Verdict, match: Match, knowledge: Knowledge) -> str:
    """As much of the text as may be kept; "" when nothing of it may, or there is no word in it.

    What meets a cue is a report or worse, though it be long ago or all over: it belongs to whoever takes reports, and
    nobody may read it here. The same holds for what comes near an answer for people in a crisis.
    """
    words = fold(text)
    if not words.tokens or verdict.level is not Level.NONE or check(words, knowledge.rules).why:
        return ""
    is_near = match.certainty is not Certainty.NOTHING and bool(match.candidates)
    return "" if is_near and match.candidates[0].entry.is_crisis else text[:_MOST]


def noted(question: str, language: str, near: Iterable[str]) -> tuple[NoteUnanswered, ...]:
    """The note for the curators; none of what may not be kept."""
    return (NoteUnanswered(question, language, tuple(near)),) if question else ()
