"""What `ask` prints about one message: the turn as public JSON or as words, with why it came out so."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.core.answer import Snapshot, Turn, answer
from bot.core.conversation import Conversation
from bot.core.diagnosis import weighed
from bot.core.emergency import Verdict
from bot.core.entry import EntryKind
from bot.core.first_look import looked
from bot.core.match import Candidate, Index, Match
from bot.core.message import Address, ChannelName, IncomingMessage
from bot.core.text import Words, fold

_ASKER = Address(ChannelName.TERMINAL, "ask")
_SHOWN = 3  # candidates


class BadLine(ValueError):
    """A line of a batch that is not a question; the message says which and how to mend it."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A message, what a resident would have got, and what the matcher thinks of it whatever the verdict."""

    id: str | None
    verdict: Verdict
    turn: Turn
    match: Match
    words: Words
    index: Index

    def candidates(self) -> tuple[Candidate, ...]:
        """Entries of the department's own, best first."""
        own = (c for c in self.match.candidates if c.entry.kind is not EntryKind.OUT_OF_SCOPE)
        return tuple(own)[:_SHOWN]

    def as_json(self, why: bool = False) -> str:
        """One line of the public form."""
        turn = self.turn
        shown: dict[str, Any] = {
            "id": self.id,
            "verdict": self.verdict.level.name.lower(),
            "outcome": turn.outcome.value,
            "entry": turn.entry,
            "candidates": [{"entry": c.entry.id, "score": round(c.score, 4)} for c in self.candidates()],
            "language": turn.language,
            "reply": turn.reply.text,
            "choices": [choice.label for choice in turn.reply.choices],
            "cue": self.verdict.cue,
        }
        if why:
            shown["why"] = list(self.why())
        return json.dumps(shown, ensure_ascii=False)

    def why(self) -> Iterator[str]:
        """Which cue, phrase and scores decided, one line each."""
        yield f"verdict: {self.verdict.level.name.lower()}, outcome: {self.turn.outcome.value}"
        yield from (f"cue {reason}" for reason in self.verdict.why)
        for each in weighed(self.match, self.words, self.index):
            yield f"{each.score:.2f} {each.entry.id}: {each.phrase.text!r} ({each.phrase.place})"


def diagnose(text: str, snapshot: Snapshot, now: datetime, number: str | None = None) -> Diagnosis:
    """Put the text through a whole turn as somebody's first message, and rank it whatever the verdict."""
    message = IncomingMessage(number or "1", _ASKER, text, now)
    words = fold(text)
    verdict = looked(text, snapshot)
    turn = answer(message, verdict, snapshot, Conversation(), now)
    match = turn.match if turn.match.candidates else snapshot.index.rank(words, snapshot.lookout.embed)
    return Diagnosis(number, verdict, turn, match, words, snapshot.index)


def questions(lines: Iterable[bytes]) -> Iterator[tuple[str | None, str] | BadLine]:
    """Id and text of each line of a batch; a `BadLine` for a line that holds none. Empty lines are skipped."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            item = json.loads(line.decode("utf-8-sig"))
        except UnicodeDecodeError:
            yield BadLine(f"line {number}: not UTF-8: save the file as UTF-8")
            continue
        except (ValueError, RecursionError):
            yield BadLine(f'line {number}: not JSON: write {{"id": "...", "text": "..."}} on one line')
            continue
        if not isinstance(item, dict) or not isinstance(item.get("text"), str):
            yield BadLine(f"line {number}: no `text`: each line is an object with a `text` that is a string")
            continue
        number_or_name = None if item.get("id") is None else str(item["id"])
        if number_or_name is not None and not number_or_name.isprintable():
            yield BadLine(f"line {number}: the `id` cannot be printed: use plain letters and digits")
            continue
        yield number_or_name, item["text"]
