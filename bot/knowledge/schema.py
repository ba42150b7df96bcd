"""Nodes to Knowledge: every breach of the forms in one pass, each with its file and line."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from zoneinfo import ZoneInfo

from bot.core.entry import (
    COMMANDS,
    SENTENCES,
    Ask,
    CommandWords,
    ContactKind,
    ContactValue,
    Department,
    Entry,
    EntryKind,
    Knowledge,
    Phrases,
    Place,
    Question,
    Risk,
    Source,
    Wording,
)
from bot.knowledge import facts, topics
from bot.knowledge.faults import Faults, items, single
from bot.knowledge.forms import DepartmentForm, EntryForm, PhrasesForm, QuestionForm, WordingForm
from bot.knowledge.source import KnowledgeInvalid, Node, Sources
from bot.knowledge.urgent import EmergencyFiles, emergency_files

KNOWN_MISSES = "questions/known_misses.yaml"
_MOST_NAMED = 40  # sentences that are missing; who lacks more copies the whole file


def knowledge(sources: Sources) -> Knowledge:
    """The whole folder. Raises `KnowledgeInvalid` with every fault of every file, if there are any."""
    return checked(sources)[0]


def checked(sources: Sources) -> tuple[Knowledge, EmergencyFiles]:
    """The whole folder, and its emergency files with their examples. Raises as `knowledge` does."""
    faults = Faults([problem for problem in sources.problems if problem.is_fault])
    urgent = emergency_files(sources, faults)
    whole = _whole(sources, urgent, faults)
    facts.listed(sources, faults)
    if whole is None or urgent is None or faults.problems:
        also = (problem for problem in sources.problems if not problem.is_fault)
        raise KnowledgeInvalid(tuple(sorted((*faults.problems, *also))))
    return whole, urgent


def salvaged(sources: Sources, urgent: EmergencyFiles) -> Knowledge | None:
    """Whatever of a broken folder is sound, with these emergency files; None when it lacks phrases or department."""
    return _whole(sources, urgent, Faults())


def _whole(sources: Sources, urgent: EmergencyFiles | None, faults: Faults) -> Knowledge | None:
    files = sources.files
    department = _department(files.get("department.yaml"), faults)
    words = single(PhrasesForm, files.get("phrases.yaml"), "phrases.yaml", faults)
    if words is not None and not _complete(words, files["phrases.yaml"], faults):
        words = None
    entries = tuple(_entries(files, faults))
    elsewhere = tuple(_listed(files, "out_of_scope.yaml", EntryKind.OUT_OF_SCOPE, faults))
    questions = tuple(_questions(files, faults))
    alerting = topics.alerting(files, faults)
    _unique((*entries, *elsewhere), faults)
    if not entries and not faults.problems:
        faults.add(Place("faqs", 1), "holds no entry: add at least one, see README.md beside it")
    if urgent is None or department is None or words is None:
        return None
    commands = tuple(
        CommandWords(name, {language: tuple(said) for language, said in says.items()})
        for name, says in words.commands.items()
    )
    return Knowledge(
        revision=sources.revision,
        department=department,
        phrases=Phrases(MappingProxyType(dict(words.sentences))),
        commands=commands,
        rules=urgent.rules,
        replies=urgent.replies,
        entries=MappingProxyType({entry.id: entry for entry in entries}),
        elsewhere=elsewhere,
        questions=questions,
        alerting=alerting,
    )


def _complete(words: PhrasesForm, node: Node, faults: Faults) -> bool:
    """Whether every sentence and command is there; what is missing is noted."""
    for kind, needed, there in (("sentences", SENTENCES, words.sentences), ("commands", COMMANDS, words.commands)):
        if missing := [name for name in needed if name not in there]:
            more = f" and {len(missing) - _MOST_NAMED} more" if len(missing) > _MOST_NAMED else ""
            told = f"`{kind}` lacks {', '.join(missing[:_MOST_NAMED])}{more}: copy them from the project's own"
            faults.add(node.at((kind,)).place, told)
    short = [code for code, names in words.sentences.get("months", {}).items() if len(names.split()) != 12]
    if short:
        faults.add(node.at(("sentences", "months")).place, f"`months` must be twelve words in {', '.join(short)}")
    return not short and set(SENTENCES) <= set(words.sentences) and set(COMMANDS) <= set(words.commands)


def _department(node: Node | None, faults: Faults) -> Department | None:
    form = single(DepartmentForm, node, "department.yaml", faults)
    if form is None:
        return None
    return Department(
        form.name,
        ZoneInfo(form.time_zone),
        tuple(form.languages),
        form.links,
        tuple(form.own_places),
        tuple(form.other_places),
    )


def _entries(files: Mapping[str, Node], faults: Faults) -> Iterator[Entry]:
    for name in files:
        if name.startswith("faqs/"):
            yield from _listed(files, name, EntryKind.FAQ, faults)
        elif name.startswith("programs/"):
            yield from _listed(files, name, EntryKind.PROGRAM, faults)
    yield from _listed(files, "contacts.yaml", EntryKind.CONTACT, faults)


def _listed(files: Mapping[str, Node], name: str, kind: EntryKind, faults: Faults) -> Iterator[Entry]:
    for item, form in items(EntryForm, files.get(name), name, faults):
        wordings = {language: _wording(said, item.at((language,))) for language, said in form.wordings.items()}
        yield Entry(
            id=form.id,
            kind=kind,
            wordings=wordings,
            place=item.at(("id",)).place,
            risk=Risk(form.risk),
            owner=form.owner,
            checked_on=form.checked_on,
            review_every=form.review_every,
            source=Source(form.source.title, form.source.url) if form.source else None,
            related=tuple(form.related),
            channels=tuple(_contact(each.kind, each.value, tuple(wordings)) for each in form.channels),
            is_crisis=form.crisis,
        )


def _wording(form: WordingForm, node: Node) -> Wording:
    details = {key: text for key in ("who", "when", "where", "join") if (text := getattr(form, key))}
    asks = tuple(Ask(text, node.at(("asks", at)).place) for at, text in enumerate(form.asks))
    return Wording(form.title, asks, form.answer, details, form.translates, form.approved_by)


def _contact(kind: str, value: str | dict[str, str] | None, languages: tuple[str, ...]) -> ContactValue:
    spoken = dict.fromkeys(languages, value) if isinstance(value, str) else value
    return ContactValue(ContactKind(kind), spoken)


def _questions(files: Mapping[str, Node], faults: Faults) -> Iterator[Question]:
    for name, node in files.items():
        if name.startswith("questions/"):
            for item, form in items(QuestionForm, node, name, faults):
                yield Question(form.ask, form.language, form.expect, item.place, name == KNOWN_MISSES)


def _unique(entries: tuple[Entry, ...], faults: Faults) -> None:
    first: dict[str, Entry] = {}
    for entry in entries:
        if entry.id in first:
            faults.add(entry.place, f"entry `{entry.id}` stands already at {first[entry.id].place}: keep one")
        first.setdefault(entry.id, entry)
