"""Outcomes to replies: the only place that picks what the bot says, and it only picks (law 2)."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from typing import Final

from bot.core.emergency import Verdict
from bot.core.entry import ContactValue, Entry, EntryKind, Knowledge
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
    return Reply("\n\n".join(paragraphs), urgent=True)


def with_notice(reply: Reply, verdict: Verdict, language: str, knowledge: Knowledge) -> Reply:
    """The reply under the 911 notice that caution asks for."""
    notice = knowledge.replies.notice
    above = [notice.get(language) or notice[_default(knowledge, notice)]]
    if verdict.line:
        lines = knowledge.replies.lines[verdict.line]
        above.append(lines.get(language) or next(iter(lines.values())))
    return replace(reply, text="\n\n".join((*above, reply.text)))


def answered(entry: Entry, language: str, knowledge: Knowledge, today: date) -> Reply:
    """The entry's approved answer, what it rests on, and the entries beside it as choices."""
    text = "\n\n".join(_paragraphs(entry, language, knowledge, today))
    related = (knowledge.entries[other] for other in entry.related if other in knowledge.entries)
    return Reply(text, _titles(related, language, _MOST_RELATED), entry.id)


def elsewhere(entry: Entry, language: str, knowledge: Knowledge) -> Reply:
    """The fixed line for something that is not the department's."""
    spoken = _spoken(entry, language, knowledge)
    return Reply(entry.wordings[spoken].answer or knowledge.phrases("not_found", language), source=entry.id)


def which(entries: Iterable[Entry], language: str, knowledge: Knowledge) -> Reply:
    """The titles that may be meant, and the way out."""
    none = Choice(knowledge.phrases("none_of_these", language), NONE_OF_THESE)
    return Reply(knowledge.phrases("ask_which", language), (*_titles(entries, language, 3), none))


def not_found(language: str, knowledge: Knowledge) -> Reply:
    """That the bot does not know, and whom to ask instead."""
    contacts = [e for e in knowledge.entries.values() if e.kind is EntryKind.CONTACT]
    contacts.sort(key=lambda entry: entry.id != "talk-to-human")
    link = knowledge.department.links.get("website", "")
    text = "\n".join(filter(None, (knowledge.phrases("not_found", language), link)))
    return Reply(text, _titles(contacts, language, 2))


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
    for entry in listed:
        spoken = _spoken(entry, language, knowledge)
        values = ", ".join(_values(entry.channels, spoken))
        lines.append(f"- {entry.wordings[spoken].title}" + (f": {values}" if values else ""))
    return Reply("\n".join(lines), _titles(listed, language, _MOST_MENU))


def day(value: date, language: str, knowledge: Knowledge) -> str:
    """The day as the language writes it; months come from the phrases."""
    month = knowledge.phrases("months", language).split()[value.month - 1]
    form = knowledge.phrases("day_form", language)
    return form.replace("{month}", month).replace("{day}", str(value.day)).replace("{year}", str(value.year))


def is_overdue(entry: Entry, today: date) -> bool:
    """Whether the entry's day of review has passed; False when it names none."""
    return bool(entry.checked_on and entry.review_every and entry.checked_on + entry.review_every < today)


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
        line = knowledge.phrases("source", spoken)
        yield line.replace("{title}", entry.source.title).replace("{url}", entry.source.url)
    if entry.checked_on:
        name = "overdue" if is_overdue(entry, today) else "checked"
        yield knowledge.phrases(name, spoken).replace("{day}", day(entry.checked_on, spoken, knowledge))


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
