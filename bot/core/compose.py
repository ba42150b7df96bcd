"""Outcomes to replies: the only place that picks what the bot says, and it only picks (law 2)."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from typing import Final

from bot.core.emergency import Verdict
from bot.core.entry import ContactValue, Entry, EntryKind, Knowledge, Risk, Source, fingerprint
from bot.core.message import Choice, Reply

NONE_OF_THESE: Final = "/none"
ENTRY_MARK: Final = "="  # before an entry's id in a choice's value: no resident types it, and it folds away
_MOST_MENU = 8  # titles under one reply: more do not fit a phone's screen
_MOST_RELATED = 3


def emergency(verdict: Verdict, language: str | None, knowledge: Knowledge) -> Reply:
    """The 911 redirect, with the line that fits.

    None: nothing tells the language, so it is the default one's, with the first line in every other one.
    """
    texts = knowledge.replies.redirect
    spoken = language if language and language in texts else _default(knowledge, texts)
    first, _, rest = texts[spoken].partition("\n")
    others = [] if spoken == language else [text.splitlines()[0] for other, text in texts.items() if other != spoken]
    paragraphs = ["\n".join(filter(None, (first, *others, rest)))]
    if verdict.line:
        lines = knowledge.replies.lines[verdict.line]
        paragraphs.append(lines.get(spoken) or next(iter(lines.values())))
    return Reply("\n\n".join(paragraphs), urgent=True, language=language if spoken == language else None)


def with_notice(reply: Reply, verdict: Verdict, language: str, knowledge: Knowledge) -> Reply:
    """The reply under the 911 notice that caution asks for."""
    notice = knowledge.replies.notice
    above = [notice.get(language) or notice[_default(knowledge, notice)]]
    if verdict.line:
        lines = knowledge.replies.lines[verdict.line]
        above.append(lines.get(language) or next(iter(lines.values())))
    said = "\n\n".join(above)
    return replace(reply, text=f"{said}\n\n{reply.text}", notice=said)


def answered(entry: Entry, language: str, knowledge: Knowledge, today: date) -> Reply:
    """The entry's approved answer, what it rests on, and the entries beside it as choices.

    Of an overdue entry of high risk none of that: a stale fee or deadline costs more than none.
    """
    if gives_way(entry, today):
        return _withheld(entry, language, knowledge, today)
    text = "\n\n".join(_paragraphs(entry, language, knowledge, today))
    related = (knowledge.entries[other] for other in entry.related if other in knowledge.entries)
    return Reply(text, _titles(related, language, _MOST_RELATED), entry.id, has_page=True)


def answered_again(entry: Entry, language: str, knowledge: Knowledge, today: date) -> Reply:
    """The answer for somebody who asked on: under the sentence that it is all, and where the official one is."""
    reply = answered(entry, language, knowledge, today)
    if gives_way(entry, today):
        return reply
    where = entry.source.url if entry.source else knowledge.department.links.get("website", "")
    told = knowledge.phrases("nothing_more", language).replace("{url}", where)
    return replace(reply, text=f"{told}\n\n{reply.text}")


def elsewhere(entry: Entry, language: str, knowledge: Knowledge) -> Reply:
    """The fixed line for something that is not the department's."""
    spoken = _spoken(entry, language, knowledge)
    return Reply(entry.wordings[spoken].answer or knowledge.phrases("not_found", language), source=entry.id)


def which(entries: Iterable[Entry], language: str, knowledge: Knowledge) -> Reply:
    """The titles that may be meant, and the way out."""
    titles = _titles(entries, language, 3)
    question, none = ("ask_which", "none_of_these") if len(titles) > 1 else ("ask_this", "not_this")
    way_out = Choice(knowledge.phrases(none, language), NONE_OF_THESE)
    return Reply(knowledge.phrases(question, language), (*titles, way_out))


def not_found(language: str, knowledge: Knowledge, name: str = "not_found") -> Reply:
    """That the bot does not know, in this sentence of its own, and whom to ask instead."""
    link = knowledge.department.links.get("website", "")
    text = "\n".join(filter(None, (knowledge.phrases(name, language), link)))
    return Reply(text, _titles(_contacts(knowledge), language, 2))


def sorry(language: str, knowledge: Knowledge, today: date) -> Reply:
    """What is said when an answer did not help: whom to ask instead, and where the official answers are."""
    shown = (entry for entry in _contacts(knowledge) if not gives_way(entry, today))
    ask = next((_listed(entry, language, knowledge) for entry in shown), "")
    link = knowledge.department.links.get("website", "")
    return Reply("\n".join(filter(None, (knowledge.phrases("feedback_sorry", language), ask, link))))


def version(entry: Entry, language: str, knowledge: Knowledge) -> str:
    """The fingerprint of what the entry says in the language, without the days on which it was checked."""
    spoken = _spoken(entry, language, knowledge)
    wording = entry.wordings[spoken]
    said = (wording.title, wording.answer or "", *wording.details.values(), *_channel_lines(entry, spoken, knowledge))
    return fingerprint("\n".join(said))


def sentence(name: str, language: str, knowledge: Knowledge) -> Reply:
    """One of the bot's own sentences, with the department's website where it names one."""
    return Reply(knowledge.phrases(name, language).replace("{url}", knowledge.department.links.get("website", "")))


def greeting(name: str, language: str, knowledge: Knowledge) -> Reply:
    """The start or help text, with what is asked most under it: what the entry about the bot calls related."""
    about = knowledge.entries.get("about-bot")
    first = (knowledge.entries[other] for other in (about.related if about else ()) if other in knowledge.entries)
    return Reply(knowledge.phrases(name, language), _titles(first, language, _MOST_MENU), about.id if about else None)


def languages(language: str, knowledge: Knowledge) -> Reply:
    """The question which language the resident wants."""
    names = knowledge.phrases.texts["language_name"]
    choices = (Choice(names.get(code, code), f"/language {code}") for code in knowledge.department.languages)
    return Reply(knowledge.phrases("which_language", language), tuple(choices))


def menu(kind: EntryKind, language: str, knowledge: Knowledge) -> Reply:
    """The contact channels with their confirmed values, or the programs; each title is a choice."""
    listed = [entry for entry in knowledge.entries.values() if entry.kind is kind]
    name = "contacts_intro" if kind is EntryKind.CONTACT else "programs_intro"
    lines = [knowledge.phrases(name, language)]
    lines += [f"- {_listed(entry, language, knowledge)}" for entry in listed]
    return Reply("\n".join(lines), _titles(listed, language, _MOST_MENU))


def day(value: date, language: str, knowledge: Knowledge) -> str:
    """The day as the language writes it; months come from the phrases."""
    month = knowledge.phrases("months", language).split()[value.month - 1]
    form = knowledge.phrases("day_form", language)
    return form.replace("{month}", month).replace("{day}", str(value.day)).replace("{year}", str(value.year))


def is_overdue(entry: Entry, today: date) -> bool:
    """Whether the entry's day of review has passed; False when it names none."""
    return bool(entry.checked_on and entry.review_every and entry.checked_on + entry.review_every < today)


def gives_way(entry: Entry, today: date) -> bool:
    """Whether the entry is not shown until somebody has compared it with its source again."""
    return entry.risk is Risk.HIGH and is_overdue(entry, today)


def marked(value: str, knowledge: Knowledge) -> Entry | None:
    """The entry whose choice has this value; None when none has."""
    return knowledge.entries.get(value.removeprefix(ENTRY_MARK)) if value.startswith(ENTRY_MARK) else None


def _withheld(entry: Entry, language: str, knowledge: Knowledge, today: date) -> Reply:
    """In place of an answer: since when nobody has checked it, where the official one is, and whom to ask."""
    title = entry.wordings[_spoken(entry, language, knowledge)].title
    checked_on = entry.checked_on and day(entry.checked_on, language, knowledge)
    told = sentence("withheld", language, knowledge).text.replace("{day}", checked_on or "")
    rests_on = _rests_on(entry.source, language, knowledge) if entry.source else ""
    others = [e for e in _contacts(knowledge) if e is not entry and not gives_way(e, today)]
    ask = _listed(others[0], language, knowledge) if others else ""
    text = "\n\n".join(filter(None, (title, told, ask, rests_on)))
    return Reply(text, _titles(others, language, 2), entry.id, has_page=True)


def _paragraphs(entry: Entry, language: str, knowledge: Knowledge, today: date) -> Iterator[str]:
    phrases = knowledge.phrases
    spoken = _spoken(entry, language, knowledge)
    wording = entry.wordings[spoken]
    yield wording.title
    if spoken != language:
        name = knowledge.phrases.texts["language_name"].get(spoken, spoken)
        yield phrases("only_in", language).replace("{language}", name)
    yield wording.answer or sentence("no_answer_yet", spoken, knowledge).text
    if details := [f"{phrases(name, spoken)} {text}" for name, text in wording.details.items()]:
        yield "\n".join(details)
    if entry.channels:
        yield "\n".join(_channel_lines(entry, spoken, knowledge))
    if rests_on := list(_checked(entry, spoken, knowledge, today)):
        yield "\n".join(rests_on)


def _channel_lines(entry: Entry, spoken: str, knowledge: Knowledge) -> Iterator[str]:
    for channel in entry.channels:
        label = knowledge.phrases(channel.kind.value, spoken)
        value = _value(channel, spoken) or sentence("not_confirmed", spoken, knowledge).text
        yield f"{label} {value}"


def _checked(entry: Entry, spoken: str, knowledge: Knowledge, today: date) -> Iterator[str]:
    if entry.source:
        yield _rests_on(entry.source, spoken, knowledge)
    if entry.checked_on:
        name = "overdue" if is_overdue(entry, today) else "checked"
        yield knowledge.phrases(name, spoken).replace("{day}", day(entry.checked_on, spoken, knowledge))


def _rests_on(source: Source, language: str, knowledge: Knowledge) -> str:
    return knowledge.phrases("source", language).replace("{title}", source.title).replace("{url}", source.url)


def _listed(entry: Entry, language: str, knowledge: Knowledge) -> str:
    """The entry in one line: its title, and the values of its channels that are confirmed."""
    spoken = _spoken(entry, language, knowledge)
    values = ", ".join(_values(entry.channels, spoken))
    return entry.wordings[spoken].title + (f": {values}" if values else "")


def _contacts(knowledge: Knowledge) -> list[Entry]:
    """Whom to ask instead, the way to a person first."""
    contacts = [entry for entry in knowledge.entries.values() if entry.kind is EntryKind.CONTACT]
    return sorted(contacts, key=lambda entry: entry.id != "talk-to-human")


def _titles(entries: Iterable[Entry], language: str, most: int) -> tuple[Choice, ...]:
    picked = list(entries)[:most]
    return tuple(
        Choice((entry.wordings.get(language) or next(iter(entry.wordings.values()))).title, ENTRY_MARK + entry.id)
        for entry in picked
    )


def _values(channels: Iterable[ContactValue], spoken: str) -> Iterator[str]:
    yield from (value for channel in channels if (value := _value(channel, spoken)))


def _value(channel: ContactValue, spoken: str) -> str | None:
    if channel.value is None:
        return None
    return channel.value.get(spoken) or next(iter(channel.value.values()))


def _spoken(entry: Entry, language: str, knowledge: Knowledge) -> str:
    """The language the entry is answered in: the resident's, the department's first, or the first it has."""
    return language if language in entry.wordings else _default(knowledge, entry.wordings)


def _default(knowledge: Knowledge, available: Iterable[str]) -> str:
    there = list(available)
    return next((language for language in knowledge.department.languages if language in there), there[0])
