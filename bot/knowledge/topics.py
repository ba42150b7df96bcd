"""`topics.yaml`: what people may subscribe to, and the sentences with gaps that advisories are made of."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from bot.core.advisory import AdvisoryLevel, Area, Statement
from bot.core.entry import Knowledge
from bot.core.text import fold
from bot.core.topic import Alerting, Slot, SlotKind, Template, Topic
from bot.knowledge.about import About
from bot.knowledge.faults import Faults, single, with_wordings
from bot.knowledge.source import Node, Problem, Sources
from bot.knowledge.topic_forms import HeadForm, SlotForm, TemplateForm, TopicForm

F = TypeVar("F")

FILE = "topics.yaml"
STATEMENTS = ("source", "hazard", "place", "time", "action")
_LONGEST = 459  # characters of the five statements: three joined SMS
_GAP = 25  # characters that a filled gap is counted as: a street, or a day and an hour
_FEWEST_CHOICES = 2
_SLOT = re.compile(r"\{([a-z][a-z0-9_]*)\}")


def alerting(files: Mapping[str, Node], faults: Faults) -> Alerting | None:
    """What `topics.yaml` holds; every fault of it is noted. None when there is any, or no such file."""
    node = files.get(FILE)
    if node is None:
        return None
    before = len(faults.problems)
    fields = node.value if isinstance(node.value, dict) else {}
    lists = {key: fields.get(key) for key in ("topics", "templates")}
    head_node = Node({key: each for key, each in fields.items() if key not in lists}, node.place) if fields else node
    head = single(HeadForm, head_node, FILE, faults)
    spoken = tuple(head.languages) if head else ()
    topics = list(_each(TopicForm, lists["topics"], node, "topics", faults))
    templates = list(_each(TemplateForm, lists["templates"], None, "templates", faults))
    _once([item for item, _ in topics], faults)
    _once([item for item, _ in templates], faults)
    for item, topic in topics:
        _spoken(item, topic.wordings, spoken, "topic", faults)
    ids = {topic.id for _, topic in topics}
    for item, template in templates:
        if ids and template.topic not in ids:
            faults.add(item.at(("topic",)).place, f"there is no topic `{template.topic}`: {', '.join(sorted(ids))}")
        _spoken(item, template.wordings, spoken, "template", faults)
        _gaps(item, template, spoken, faults)
    if head is None or len(faults.problems) > before:
        return None
    if lacking := [language for language in spoken if language not in head.area.description]:
        faults.add(node.at(("area", "description")).place, f"`description` lacks {', '.join(lacking)}")
        return None
    return Alerting(
        prefix=head.prefix,
        sender=head.sender,
        languages=head.languages,
        area=Area(head.area.description, tuple(head.area.geocodes.items())),
        city_alerts=head.city_alerts,
        topics=tuple(_topic(form) for _, form in topics),
        templates=tuple(_template(form) for _, form in templates),
    )


def unsigned(sources: Sources) -> Iterator[tuple[str, str, Node]]:
    """Each template with the languages whose wording nobody has signed, and where it stands."""
    node = sources.files.get(FILE)
    for item in _items(node.at(("templates",))) if node and isinstance(node.value, dict) else ():
        wordings = with_wordings(item).get("wordings", {})
        open_in = [code for code, said in wordings.items() if isinstance(said, dict) and not said.get("approved_by")]
        if open_in:
            yield str(item.at(("id",)).value), " ".join(open_in), item.at(("id",))


def findings(knowledge: Knowledge, sources: Sources) -> Iterator[Problem]:
    """Words that two topics share, or a topic and a command: the bot would take one for the other."""
    node = sources.files.get(FILE)
    if node is None or not isinstance(node.value, dict):
        return
    said: dict[str, str] = {}
    for command in knowledge.commands:
        for phrases in (*command.says.values(), (command.name,)):
            said.update((fold(phrase).line, f"the command `{command.name}`") for phrase in phrases)
    for item in _items(node.at(("topics",))):
        topic = f"the topic `{item.at(('id',)).value}`"
        for text in _words(item):
            other = said.setdefault(fold(str(text.value)).line, topic)
            if other != topic:
                told = f"{text.value!r} of {topic} is also said for {other}: keep one"
                yield Problem(text.place, told, is_fault=False, about=About.TOPIC)
    lacking = [code for code in knowledge.department.languages if code not in node.at(("languages",)).plain()]
    if lacking:
        told = f"topics and templates are not written in {', '.join(lacking)}"
        yield Problem(node.at(("languages",)).place, told, is_fault=False, about=About.TOPIC)


def _words(topic: Node) -> Iterator[Node]:
    """The titles and says of a topic."""
    for key, wording in topic.value.items() if isinstance(topic.value, dict) else ():
        if key != "id":
            yield wording.at(("title",))
            yield from _items(wording.at(("says",)))


def _each(
    model: type[F], node: Node | None, within: Node | None, name: str, faults: Faults
) -> Iterator[tuple[Node, F]]:
    """Each item of a list with its form; those with faults are noted and left out. `within`: the list must be there."""
    if node is None:
        if within is not None:
            faults.add(within.place, f"`{name}` is missing: add it")
        return
    if not isinstance(node.value, list) or (within is not None and not node.value):
        faults.add(node.place, f"`{name}` must be a list: one item a line, each starting with `- `")
        return
    for item in node.value:
        if (form := faults.form(model, item, with_wordings(item))) is not None:
            yield item, form


def _items(node: Node) -> list[Node]:
    return node.value if isinstance(node.value, list) else []


def _once(items: list[Node], faults: Faults) -> None:
    first: dict[Any, Node] = {}
    for item in items:
        name = item.at(("id",))
        if (other := first.setdefault(name.value, name)) is not name:
            faults.add(name.place, f"`{name.value}` stands already at {other.place}: keep one")


def _spoken(node: Node, there: Mapping[str, Any], spoken: tuple[str, ...], what: str, faults: Faults) -> None:
    """Note the languages of the file that something lacks, and those that the file does not name."""
    if lacking := [code for code in spoken if code not in there]:
        faults.add(node.place, f"this {what} lacks {', '.join(lacking)}: every language of `languages` is needed")
    if spoken and (more := [code for code in there if code not in spoken]):
        faults.add(node.at((more[0],)).place, f"`{more[0]}` is not among `languages` above")


def _gaps(item: Node, template: TemplateForm, spoken: tuple[str, ...], faults: Faults) -> None:
    """Note gaps that nothing fills, slots that nothing uses, and texts that are too long to be read."""
    slots = item.at(("slots",))
    _once(_items(slots), faults)
    known = {slot.id for slot in template.slots}
    used: dict[str, set[str]] = defaultdict(set)
    for language, wording in template.wordings.items():
        length = 0
        for name in ("event", *STATEMENTS):
            text, place = getattr(wording, name), item.at((language, name)).place
            found = _SLOT.findall(text)
            used[language].update(found)
            if name == "event" and "{" in text:
                faults.add(place, "`event` has no gap: it names the hazard, and nothing else")
            for gap in dict.fromkeys(found):
                if gap not in known and name != "event":
                    has = ", ".join(sorted(known)) or "it has none"
                    faults.add(place, f"{{{gap}}} is no slot of this template: {has}")
            if set(_SLOT.sub("", text)) & set("{}"):
                faults.add(place, f"`{name}` has a brace that is no gap: write {{slot}}")
            length += len(_SLOT.sub("x" * _GAP, text)) if name in STATEMENTS else 0
        if length > _LONGEST:
            place = item.at((language,)).place
            faults.add(place, f"`{language}` is about {length} characters long: more than {_LONGEST} are not read")
    for at, slot in enumerate(template.slots):
        _slot_used(slots.at((at,)), slot, used, faults)
        _spoken(slots.at((at, "labels")), slot.labels, spoken, "list of labels", faults)
        for name, choice in slot.choices.items():
            _spoken(slots.at((at, "choices", name)), choice, spoken, "choice", faults)


def _slot_used(node: Node, slot: SlotForm, used: Mapping[str, set[str]], faults: Faults) -> None:
    without = [language for language, gaps in used.items() if slot.id not in gaps]
    if len(without) == len(used):
        told = f"write {{{slot.id}}} where it belongs, or take it out"
        faults.add(node.place, f"slot `{slot.id}` is used in no text: {told}")
    elif without:
        faults.add(node.place, f"slot `{slot.id}` is not used in {', '.join(without)}: all languages tell the same")
    if slot.kind == "choice" and len(slot.choices) < _FEWEST_CHOICES:
        faults.add(node.place, f"slot `{slot.id}` is a choice: give it at least {_FEWEST_CHOICES} `choices`")
    if slot.kind != "choice" and slot.choices:
        faults.add(node.at(("choices",)).place, f"slot `{slot.id}` is a {slot.kind}: only a choice has `choices`")


def _topic(form: TopicForm) -> Topic:
    titles = {language: wording.title for language, wording in form.wordings.items()}
    return Topic(form.id, titles, {language: tuple(wording.says) for language, wording in form.wordings.items()})


def _template(form: TemplateForm) -> Template:
    said = form.wordings
    return Template(
        id=form.id,
        topic=form.topic,
        level=AdvisoryLevel(form.level),
        category=form.category,
        event={language: wording.event for language, wording in said.items()},
        statements={
            language: Statement(**{name: getattr(wording, name) for name in STATEMENTS})
            for language, wording in said.items()
        },
        slots=tuple(
            Slot(slot.id, SlotKind(slot.kind), slot.labels, slot.choices, slot.optional) for slot in form.slots
        ),
        lasts=form.lasts,
        approved_by={language: wording.approved_by for language, wording in said.items() if wording.approved_by},
    )
