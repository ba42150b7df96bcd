"""The words of an advisory as people get them, its prepared withdrawal, and what earlier messages then say.

Every form comes from the phrases, every fact from the advisory (law 2).
"""

import re
from dataclasses import dataclass

from bot.core.advisory import Advisory, AdvisoryKind, AdvisoryType, Content
from bot.core.entry import Knowledge
from bot.core.gsm import cheapest, is_gsm, segments, units

SHORTEST, LONGEST = 90, 360  # characters of a wireless emergency alert: the two lengths that phones everywhere show
_GAP = re.compile(r"\{([a-z]+)\}")


@dataclass(frozen=True, slots=True)
class Counters:
    """How long a text is. `sms` are the messages it takes by SMS in its cheapest spelling, `sms_units` their length."""

    characters: int
    fits_90: bool
    fits_360: bool
    sms: int
    sms_units: int
    is_gsm: bool


def counters(text: str) -> Counters:
    """The lengths that matter to whoever writes it."""
    spelt = cheapest(text)
    return Counters(
        len(text), len(text) <= SHORTEST, len(text) <= LONGEST, segments(spelt), units(spelt), is_gsm(spelt)
    )


def rendered(advisory: Advisory, language: str, knowledge: Knowledge, replaces: str | None = None) -> str:
    """The message in one language: level, source, hazard, place, time, action, and the number that tells copies apart.

    `replaces` is the identifier of the message that an Update stands in for; None: the first of its chain.
    """
    if advisory.type is AdvisoryType.CANCEL:
        return correction(advisory, language, knowledge, replaces or _first(advisory))
    content, phrases = advisory.content, knowledge.phrases
    said = content.statements[spoken(content, language, knowledge)]
    words = {
        "level": phrases(f"level_{content.level.value}", language),
        "source": _name(said.source),
        "id": replaces or _first(advisory),
    }
    is_update = advisory.type is AdvisoryType.UPDATE
    lines = [_filled(phrases("bulletin_update" if is_update else "bulletin_first", language), words)]
    if is_update:
        lines.append(_filled(phrases("bulletin_replaces", language), words))
    lines += [said.hazard, said.place, said.time, said.action]
    if content.web:
        lines.append(_filled(phrases("bulletin_more", language), {"url": content.web}))
    lines.append(_filled(phrases("bulletin_id", language), {"id": advisory.identifier}))
    if advisory.type is AdvisoryType.ALERT:
        lines.append(phrases("bulletin_stop", language))
    return _marked(lines, advisory.kind, language, knowledge)


def correction(advisory: Advisory, language: str, knowledge: Knowledge, withdraws: str | None = None) -> str:
    """The withdrawal that is ready before the first copy leaves. `withdraws` None: this advisory's own message."""
    content, phrases = advisory.content, knowledge.phrases
    said = content.statements[spoken(content, language, knowledge)]
    event = content.event.get(language) or next(iter(content.event.values()), "")
    words = {
        "id": withdraws or advisory.identifier,
        "source": _name(said.source),
        "event": event.strip(),
        "place": said.place.strip(),
    }
    lines = [_filled(phrases(name, language), words) for name in ("bulletin_cancel", "bulletin_withdraws")]
    return _marked(lines, advisory.kind, language, knowledge)


def superseded(update: Advisory, language: str, knowledge: Knowledge) -> str:
    """What the earlier message in a chat says once the Update has taken its place."""
    told = _filled(knowledge.phrases("bulletin_superseded", language), {"id": update.identifier})
    return _marked([told], update.kind, language, knowledge)


def withdrawn(kind: AdvisoryKind, language: str, knowledge: Knowledge) -> str:
    """What the earlier message in a chat says once it has been withdrawn."""
    return _marked([knowledge.phrases("bulletin_withdrawn", language)], kind, language, knowledge)


def spoken(content: Content, language: str, knowledge: Knowledge) -> str:
    """The language of the statement that somebody gets who reads this one: theirs, or else the department's first."""
    wanted = (language, *knowledge.department.languages, *content.statements)
    return next(each for each in wanted if each in content.statements)


def _name(source: str) -> str:
    """The source as the head of a message: a template may have written it as a sentence."""
    return source.strip().removesuffix(".")


def _first(advisory: Advisory) -> str:
    return advisory.identifier.rpartition(".")[0] + ".1"


def _marked(lines: list[str], kind: AdvisoryKind, language: str, knowledge: Knowledge) -> str:
    """One line after the other; those of an exercise between two that say so, whatever was cut off either end."""
    if kind is AdvisoryKind.EXERCISE:
        mark = knowledge.phrases("exercise_mark", language)
        lines = [mark, *lines, mark]
    return "\n".join(line.strip() for line in lines if line.strip())


def _filled(form: str, words: dict[str, str]) -> str:
    """In one pass: braces inside a word that goes in stay what they are."""
    return _GAP.sub(lambda gap: words.get(gap[1], gap[0]), form)
