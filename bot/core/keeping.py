"""What of a resident's words may be kept for curators: a question, and nothing that tells of distress or a crime."""

from collections.abc import Iterable

from bot.core.command import NoteUnanswered
from bot.core.emergency import Level, Verdict, check
from bot.core.entry import Knowledge
from bot.core.match import Certainty, Match
from bot.core.report_like import asks, reads_like_report
from bot.core.text import Words, fold

_MOST = 500  # characters of a question that are kept: three SMS of it tell a curator what was asked
_LONGEST_WORD = 40  # letters: more are words run together, in which no name and no number is recognised
_WORDS_AT_CUT = 6  # of an address, a spoken number
_OF_NUMBERS = "0123456789 +-./()#,"


def kept(text: str, verdict: Verdict, match: Match, knowledge: Knowledge) -> str:
    """As much of the text as may be kept; "" when nothing of it may, or there is no word in it.

    A report, a tip, a confession, a victim's account or a cry for help belongs to whoever takes those, and nobody may
    read it here, though it be long ago or all over. The same holds for what comes near an answer for people in a
    crisis. Whoever cannot decide raises, and then nothing is kept.
    """
    words = fold(text)
    if not words.tokens or max(map(len, words.tokens)) > _LONGEST_WORD:
        return ""
    if verdict.level is not Level.NONE or _tells(words, knowledge):
        return ""
    is_near = match.certainty is not Certainty.NOTHING and bool(match.candidates)
    return "" if is_near and match.candidates[0].entry.is_crisis else _cut(text)


def _tells(words: Words, knowledge: Knowledge) -> bool:
    """Whether the text tells of something; what meets a cue does, however it stands down, unless it is a question."""
    return reads_like_report(words) or (not asks(words) and bool(check(words, knowledge.rules).why))


def _cut(text: str) -> str:
    """The beginning of a long text, without the words at its cut: half a number or half a street is not recognised."""
    if len(text) <= _MOST:
        return text
    whole = text[:_MOST].split()[:-_WORDS_AT_CUT]
    return " ".join(whole).rstrip(_OF_NUMBERS)


def noted(question: str, language: str, near: Iterable[str]) -> tuple[NoteUnanswered, ...]:
    """The note for the curators; none of what may not be kept."""
    return (NoteUnanswered(question, language, tuple(near)),) if question else ()
