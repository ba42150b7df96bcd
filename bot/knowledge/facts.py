"""`facts.yaml` and what it answers for: every value that the knowledge says to a resident, with its source (law 3)."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import islice

from bot.core.entry import Place
from bot.knowledge.about import About
from bot.knowledge.faults import Faults, items
from bot.knowledge.forms import FactForm
from bot.knowledge.source import Node, Problem, Sources
from bot.knowledge.values import Kind, Value, values

FILE = "facts.yaml"
_MOST_UNREAD = 15  # values in which none is found, or several: to look takes some milliseconds each
_SPOKEN = ("title", "answer", "who", "when", "where", "join")
_TRANSLATED = ("answer", "who", "when", "where", "join")  # a title may name a form in one language only
# A day or a section in the name of a page is the page's own; a number to call would be a claim there too.
_OF_A_PAGE = (Kind.DATE, Kind.PERIOD, Kind.PERCENT, Kind.NUMBER)

Name = tuple[Kind, str]


@dataclass(frozen=True, slots=True)
class Fact:
    """A value and what it rests on.

    `source` None: it is our own, an example or a setting of the bot. `is_local`: it is this department's or town's, so
    the department must confirm it; `confirmed_by` None: nobody there has.
    """

    value: Value
    what: str
    source: str | None
    as_of: str | None
    read_on: date | None
    is_local: bool
    confirmed_by: str | None
    place: Place


@dataclass(frozen=True, slots=True)
class Use:
    """A value where the knowledge says it. `entry` and `language` are None outside entries and translated texts."""

    value: Value
    place: Place
    entry: str | None
    language: str | None
    is_translated: bool = False


@dataclass(frozen=True, slots=True)
class _Text:
    """A text that a resident may read. `is_translated`: its values must be in every language of the entry."""

    text: Node
    entry: str | None = None
    language: str | None = None
    is_translated: bool = False
    names_a_page: bool = False


def listed(sources: Sources, faults: Faults) -> tuple[Fact, ...]:
    """The facts of `facts.yaml`, in its order; what is wrong with them is noted. Empty when there is no such file."""
    found: dict[Name, Fact] = {}
    unread = 0
    for item, form in items(FactForm, sources.files.get(FILE), FILE, faults):
        place = item.at(("value",)).place
        if len(read := list(islice(values(form.value), 2))) != 1:
            many = "several values are" if read else "no value is"
            faults.add(place, f"{many} found in {form.value!r}: write one, a phone number or a fee, as it is said")
            unread += 1
            if unread == _MOST_UNREAD:
                faults.add(place, "not read from here on: mend the values above first")
                break
            continue
        if (same := found.get(read[0].name)) is not None:
            faults.add(place, f"{form.value!r} stands already at {same.place}: keep one")
            continue
        if form.source is None and form.local:
            faults.add(place, "a value of the department has a source: name it, or take the value out")
        found[read[0].name] = Fact(
            read[0], form.what, form.source, form.as_of, form.read_on, form.local, form.confirmed_by, place
        )
    return tuple(found.values())


def used(sources: Sources) -> Iterator[Use]:
    """Every value of every text that a resident may read, with the line it stands in."""
    for name, node in sources.files.items():
        lines = sources.contents[name].decode("utf-8-sig").splitlines()
        for said in _texts(name, node):
            for value in values(str(said.text.value)):
                if not (said.names_a_page and value.kind in _OF_A_PAGE):
                    place = _line_of(value, said.text.place, lines)
                    yield Use(value, place, said.entry, said.language, said.is_translated)


def findings(sources: Sources) -> Iterator[Problem]:
    """What has no source, what nothing uses, and translations with other values; nothing in a folder without facts."""
    if FILE not in sources.files:
        return
    facts = listed(sources, Faults())
    known = {fact.value.name for fact in facts} | {name for fact in facts for name in names(fact.source)}
    uses = list(used(sources))
    for use in uses:
        if use.value.name not in known:
            told = f"{use.value.kind.value} {use.value.shown!r} is not listed in {FILE}"
            yield Problem(use.place, told, is_fault=False, about=About.UNTRACED)
    needed = {use.value.name for use in uses}
    for fact in facts:
        if fact.value.name not in needed:
            yield Problem(fact.place, f"nothing uses {fact.value.shown!r}", is_fault=False, about=About.UNUSED)
    yield from _different(sources, uses)


def _different(sources: Sources, uses: list[Use]) -> Iterator[Problem]:
    """Translations that do not say the same values as the original, which is the first language of the entry."""
    said: dict[tuple[str, str], dict[Name, str]] = defaultdict(dict)
    for use in uses:
        if use.is_translated and use.entry and use.language:
            said[use.entry, use.language][use.value.name] = use.value.shown
    for name, node in sources.files.items():
        for entry, languages in _wordings(name, node):
            first, *others = [language for language, wording in languages.items() if _is_answered(wording)] or [""]
            for language in others:
                here, there = said[entry, first], said[entry, language]
                lacks = [shown for value, shown in here.items() if value not in there]
                adds = [shown for value, shown in there.items() if value not in here]
                told = [f"lacks {', '.join(lacks)}"] * bool(lacks) + [f"adds {', '.join(adds)}"] * bool(adds)
                if told:
                    text = f"`{entry}` in `{language}` {' and '.join(told)}, compared with `{first}`"
                    yield Problem(languages[language].place, text, is_fault=False, about=About.DIFFERENT)


def _texts(name: str, node: Node) -> Iterator[_Text]:
    """What residents may read of a file."""
    fields = _fields(node)
    match name:
        case "phrases.yaml":
            yield from map(_Text, _leaves(fields.get("sentences")))
        case "department.yaml":
            yield from map(_Text, (*_leaves(fields.get("name")), *_leaves(fields.get("links"))))
        case "topics.yaml":
            yield from map(_Text, _leaves(fields.get("city_alerts")))
            templates = fields["templates"].value if "templates" in fields else None
            for item in templates if isinstance(templates, list) else ():
                said = (wording for key, wording in _fields(item).items() if len(key) == 2 and key != "id")
                yield from (_Text(text) for wording in said for text in _leaves(wording))
        case "emergency/replies.yaml":
            yield from map(_Text, _leaves(node))
        case _ if name.startswith(("faqs/", "programs/")) or name in ("contacts.yaml", "out_of_scope.yaml"):
            for item in node.value if isinstance(node.value, list) else ():
                yield from _of_entry(item)


def _of_entry(item: Node) -> Iterator[_Text]:
    fields = _fields(item)
    entry = str(fields["id"].value) if "id" in fields else None
    yield from (_Text(text, entry) for text in _leaves(fields.get("channels")))
    for key, text in _fields(fields["source"]).items() if "source" in fields else ():
        yield _Text(text, entry, names_a_page=key == "title")
    for language, wording in fields.items():
        if len(language) == 2 and language != "id":
            for key, text in _fields(wording).items():
                if key in _SPOKEN and isinstance(text.value, str):
                    yield _Text(text, entry, language, is_translated=key in _TRANSLATED)


def _wordings(name: str, node: Node) -> Iterator[tuple[str, Mapping[str, Node]]]:
    if name.startswith(("faqs/", "programs/")) or name in ("contacts.yaml", "out_of_scope.yaml"):
        for item in node.value if isinstance(node.value, list) else ():
            fields = _fields(item)
            spoken = {key: value for key, value in fields.items() if len(key) == 2 and key != "id"}
            if "id" in fields:
                yield str(fields["id"].value), spoken


def _is_answered(wording: Node) -> bool:
    answer = _fields(wording).get("answer")
    return answer is not None and answer.value is not None


def _leaves(node: Node | None) -> Iterator[Node]:
    if node is None:
        return
    match node.value:
        case str():
            yield node
        case list(each):
            for item in each:
                yield from _leaves(item)
        case dict(fields):
            for value in fields.values():
                yield from _leaves(value)


def _fields(node: Node) -> Mapping[str, Node]:
    return node.value if isinstance(node.value, dict) else {}


def names(text: str | None) -> Iterator[Name]:
    """What the values of the text are called."""
    yield from (value.name for value in values(text or ""))


def _line_of(value: Value, start: Place, lines: list[str]) -> Place:
    """The line of the value, which in a text of several lines is not that of the text; its own when it is broken up."""
    for number in range(start.line, len(lines) + 1):
        if value.shown in lines[number - 1]:
            return Place(start.file, number)
    return start
