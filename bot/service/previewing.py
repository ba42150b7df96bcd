"""What goes out, before it does: the words in every language, whom they reach, what they cost, what is wrong."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.core import bulletin
from bot.core.advisory import Advisory, AdvisoryType
from bot.core.bulletin import Counters
from bot.core.channel import Limits
from bot.core.entry import Knowledge
from bot.core.fit import fit
from bot.core.message import ChannelName, Reply
from bot.core.problem import Problem
from bot.core.scrutiny import problems
from bot.service.agreement import disagreements


@dataclass(frozen=True, slots=True)
class Seen:
    """What somebody had before their eyes when they said yes: how many people, which words, about what, how long."""

    count: int
    words: str


@dataclass(frozen=True, slots=True)
class Words:
    """All that leaves for an advisory, by language: its message, its withdrawal, what an earlier message then says."""

    texts: Mapping[str, str]
    corrections: Mapping[str, str]
    replacements: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Preview:
    """An advisory as its approver sees it.

    `parts`: messages that one person gets, by channel and language; those that are paid for, where each is.
    """

    advisory: Advisory
    words: Words
    audience: Mapping[tuple[ChannelName, str], int]
    counters: Mapping[str, Counters]
    parts: Mapping[tuple[ChannelName, str], int]
    problems: tuple[Problem, ...]

    @property
    def count(self) -> int:
        """How many people it would go to now."""
        return sum(self.audience.values())

    @property
    def first_line(self) -> str:
        """What stands first on people's phones, in the department's first language."""
        return next(iter(self.words.texts.values()), "").partition("\n")[0]

    @property
    def blocking(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.is_blocking)

    @property
    def seen(self) -> Seen:
        words, content = self.words, self.advisory.content
        shown = [dict(words.texts), dict(words.corrections), dict(words.replacements)]
        about = [content.topic, content.level.value, content.expires_at.astimezone(UTC).isoformat()]
        told = json.dumps([*shown, *about], ensure_ascii=False)
        return Seen(self.count, hashlib.sha256(told.encode()).hexdigest()[:16])

    def people(self, what: int) -> Mapping[str, int]:
        """The audience by channel (0) or by language (1)."""
        counts: dict[str, int] = {}
        for key, count in self.audience.items():
            counts[str(key[what])] = counts.get(str(key[what]), 0) + count
        return counts


def preview(
    advisory: Advisory,
    thread: Iterable[Advisory],
    audience: Mapping[tuple[ChannelName, str], int],
    limits: Mapping[ChannelName, Limits],
    knowledge: Knowledge,
    now: datetime,
) -> Preview:
    """As it would go out now: with the words that were approved, or else as they would be rendered."""
    words = words_of(advisory, thread, knowledge)
    is_cancel = advisory.type is AdvisoryType.CANCEL
    found = () if is_cancel else problems(advisory.content, advisory.kind, knowledge, now)
    return Preview(
        advisory,
        words,
        audience,
        {language: bulletin.counters(text) for language, text in words.texts.items()},
        {
            (channel, language): _messages(text, limit)
            for channel, limit in limits.items()
            for language, text in words.texts.items()
        },
        found if is_cancel else (*found, *disagreements(advisory.content)),
    )


def _messages(text: str, limits: Limits) -> int:
    parts = fit(Reply(text), limits)
    return sum(limits.measure(part.text) for part in parts) if limits.is_metered else len(parts)


def words_of(advisory: Advisory, thread: Iterable[Advisory], knowledge: Knowledge) -> Words:
    """The frozen words, or new ones for one that nobody has approved."""
    if advisory.texts:
        return Words(advisory.texts, advisory.corrections, advisory.replacements)
    languages = knowledge.department.languages
    before = newest_out(thread, advisory)
    replaces = before.identifier if before else None
    texts = {each: bulletin.rendered(advisory, each, knowledge, replaces) for each in languages}
    match advisory.type:
        case AdvisoryType.ALERT:
            replacements = {}
        case AdvisoryType.UPDATE:
            replacements = {each: bulletin.superseded(advisory, each, knowledge) for each in languages}
        case AdvisoryType.CANCEL:
            replacements = {each: bulletin.withdrawn(advisory.kind, each, knowledge) for each in languages}
            prepared = before.corrections if before else {}
            return Words(prepared or texts, {}, replacements)
    return Words(texts, {each: bulletin.correction(advisory, each, knowledge) for each in languages}, replacements)


def newest_out(thread: Iterable[Advisory], than: Advisory) -> Advisory | None:
    """The last message of the thread that went out before that one; None when there is none."""
    out = [each for each in thread if each.released_at is not None and each.number < than.number]
    return out[-1] if out else None
