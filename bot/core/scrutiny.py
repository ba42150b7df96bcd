"""What is wrong with an advisory before anybody sees it: the five elements, absolute times, plain text, its life."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime

from bot.core.advisory import LONGEST_LIFE, AdvisoryKind, Content, Statement
from bot.core.bulletin import LONGEST
from bot.core.entry import Knowledge
from bot.core.moment import MomentUnclear, moment
from bot.core.problem import Problem
from bot.core.template import unfilled
from bot.core.text import fold

_MARKUP = re.compile(r"</?[A-Za-z][^>\n]{0,200}>|&(?:[a-z]{2,8}|#x?[0-9a-f]{1,6});", re.IGNORECASE)
_SCHEME = re.compile(r"\b([a-z][a-z0-9+.-]{1,20}):(?=//|\w*\()", re.IGNORECASE)
_SCRIPT = re.compile(r"\b(?:javascript|data|vbscript):", re.IGNORECASE)
_LINK = re.compile(r"https?://[^\s/$.?#][^\s]{2,}", re.IGNORECASE)
_SENTENCE = re.compile(r"[^.!?\n]+")
_SHOUTED = 4  # words in capitals in a row make a sentence that is hard to read; one or two are the hazard's name
_LONGEST_LINE = 600  # characters; the whole must fit one message of every platform


def problems(content: Content, kind: AdvisoryKind, knowledge: Knowledge, now: datetime) -> tuple[Problem, ...]:
    """All that keeps it from going out, and what its writer should look at; nothing when it is sound.

    Whether the languages agree on numbers, hours and streets is `bot.service.agreement`'s to tell.
    """
    return (
        *_languages(content, knowledge),
        *(each for language in content.statements for each in _statement(content, language, kind, knowledge)),
        *_life(content, knowledge, now),
        *_links(content),
    )


def _languages(content: Content, knowledge: Knowledge) -> Iterator[Problem]:
    wanted = (content.only_in,) if content.only_in else knowledge.department.languages
    for language in wanted:
        said = content.statements.get(language)
        if said is None:
            yield Problem(language, "not written in this language", "write it, or mark it as in one language only")
            continue
        if missing := said.missing():
            yield Problem(language, f"{', '.join(missing)} missing", "every warning tells all five")
        if not content.event.get(language, "").strip():
            yield Problem(language, "event missing", "name the hazard in two or three words")
        if not content.area.description.get(language, "").strip():
            yield Problem(language, "area missing", "say which part of the town it is for")
    seen: dict[str, str] = {}
    for language, said in content.statements.items():
        told = fold(f"{said.hazard} {said.action}").line
        if told and told in seen:
            yield Problem(language, f"the same words as in {seen[told]}", "translate it, or mark it as in one language")
        seen.setdefault(told, language)


def _statement(content: Content, language: str, kind: AdvisoryKind, knowledge: Knowledge) -> Iterator[Problem]:
    said = content.statements[language]
    for each in fields(Statement):
        text: str = getattr(said, each.name)
        where = f"{language} {each.name}"
        yield from _plain(where, text)
        if len(text) > _LONGEST_LINE:
            yield Problem(where, f"{len(text)} characters", f"at most {_LONGEST_LINE}; put the rest on a page")
    yield from _time(f"{language} time", said.time, language, knowledge)
    whole = " ".join(getattr(said, each.name) for each in fields(Statement))
    if len(whole) > LONGEST:
        yield Problem(language, f"{len(whole)} characters", f"phones show {LONGEST} at once", is_blocking=False)
    line = f" {fold(whole).line} "
    mark = fold(knowledge.phrases("exercise_mark", language)).line
    if kind is AdvisoryKind.LIVE and f" {mark} " in line:
        yield Problem(language, f"a live advisory that says {mark}", "draft it as an exercise, or use another word")
    if kind is AdvisoryKind.EXERCISE and (claim := _heard("not_a_drill", line, language, knowledge)):
        yield Problem(language, f"an exercise that says `{claim}`", "leave that out: Hawaii's drill of 2018 said so")


def _plain(where: str, text: str) -> Iterator[Problem]:
    if _MARKUP.search(text):
        yield Problem(where, "HTML in it", "write plain text: other systems show it as it stands")
    if gaps := unfilled(text):
        yield Problem(where, f"the gap {', '.join(gaps)} is not filled", "fill it, or take it out")
    elif set(text) & set("{}"):
        yield Problem(where, "a brace in it", "leave { } out")
    if any(unicodedata.category(character)[0] == "C" and character != "\n" for character in text):
        yield Problem(where, "an invisible character in it", "type it again instead of pasting it")
    for sentence in _SENTENCE.findall(text):
        words = [word for word in re.findall(r"[^\W\d_]+", sentence) if len(word) > 1]
        if len(words) >= _SHOUTED and all(word.isupper() for word in words):
            yield Problem(where, "a whole sentence in capitals", "capitals only for the hazard", is_blocking=False)
            break


def _time(where: str, text: str, language: str, knowledge: Knowledge) -> Iterator[Problem]:
    if not text.strip():
        return
    line = f" {fold(text).line} "
    for absolute in _listed("absolute_times", language, knowledge):
        line = line.replace(f" {absolute} ", " ")
    if relative := _heard("relative_times", line, language, knowledge):
        yield Problem(where, f"`{relative}` means another time to whoever reads it later", "name the day and the hour")
    elif not any(character.isdigit() for character in text):
        yield Problem(where, "neither a day nor an hour in it", "name the day and the hour")


def _life(content: Content, knowledge: Knowledge, now: datetime) -> Iterator[Problem]:
    expires_at = content.expires_at
    if expires_at <= now:
        yield Problem("expiry", "it is past", "give a later one: nothing is sent after it")
    if expires_at > now + LONGEST_LIFE:
        yield Problem("expiry", f"more than {LONGEST_LIFE.days} days away", "what holds longer is a page of the site")
    if content.effective_at and content.effective_at >= expires_at:
        yield Problem("effective", "not before the expiry", "give an earlier one, or none: from release")
    zone = knowledge.department.time_zone
    for name, typed in content.slots.items():
        try:
            named = moment(typed, zone)
        except MomentUnclear:
            continue
        if expires_at < named:
            yield Problem("expiry", f"before the moment it names ({name} {typed})", "let it last until then")
        if named < now:
            yield Problem(name, f"{typed} is past", "is that meant?", is_blocking=False)


def _links(content: Content) -> Iterator[Problem]:
    if content.web is not None and not _LINK.fullmatch(content.web):
        yield Problem("link", "not a page of the web", "start it with https://")
    for language, said in content.statements.items():
        for each in fields(Statement):
            text = getattr(said, each.name)
            schemes = {found[1].casefold() for found in _SCHEME.finditer(text)} - {"http", "https"}
            if schemes or _SCRIPT.search(text):
                yield Problem(f"{language} {each.name}", "a link that is not of the web", "only https:// links")


def _heard(name: str, line: str, language: str, knowledge: Knowledge) -> str | None:
    """The first phrase of a list that stands in the folded line, which begins and ends with a space."""
    listed = sorted(_listed(name, language, knowledge), key=len, reverse=True)
    return next((phrase for phrase in listed if f" {phrase} " in line), None)


def _listed(name: str, language: str, knowledge: Knowledge) -> list[str]:
    return [fold(phrase).line for phrase in knowledge.phrases(name, language).split(",") if phrase.strip()]
