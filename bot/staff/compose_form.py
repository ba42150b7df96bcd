"""The form an advisory is written in: its fields, the content they make, and which fault belongs to which field."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta

from bot.core.advisory import AdvisoryLevel, Content, Statement
from bot.core.entry import Knowledge
from bot.core.moment import MomentUnclear, moment
from bot.core.problem import NotReady, Problem
from bot.core.template import unfilled
from bot.core.topic import Alerting, Slot, SlotKind, Template
from bot.service.composing import Begun, begun

OWN_LASTS = timedelta(hours=6)  # what is written by hand, until somebody says otherwise
ELEMENTS = tuple(each.name for each in fields(Statement))
_LONGEST = 2_000  # characters of a field; what may go out is held shorter elsewhere
_WIRE = "%Y-%m-%dT%H:%M"  # a moment as a browser's field for it holds it
WORDS = {
    "event": ("What it is", "Two or three words: road closed"),
    "source": ("Who says it", "The department"),
    "hazard": ("What happens", "What it is and what it can do to people"),
    "place": ("Where", "Streets as on their signs"),
    "time": ("When", "Days and hours, never tonight or soon"),
    "action": ("What to do", "What people should do now"),
}
"""What staff read beside each field of a text by hand, and under it."""
_PLACES = {"expiry": "Expires", "link": "The page that tells more", "effective": "When it begins to hold",
           "topic": "Topic", "level": "Level", "expires": "Expires", "only_in": "Languages"}  # fmt: skip
_RENAMED = {"expiry": "expires", "link": "web", "only-in": "only_in"}


@dataclass(frozen=True, slots=True)
class Form:
    """What the page asks for. `template` None: every sentence by hand. `typed` are the fields by name."""

    template: Template | None
    typed: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.typed.get(name, "")


def blank(template: Template | None, knowledge: Knowledge, now: datetime) -> Form:
    """A form that nobody has written in yet."""
    zone = knowledge.department.time_zone
    if template is not None:
        return Form(template, {"topic": template.topic, "level": template.level.value})
    ends = (now + OWN_LASTS).astimezone(zone).replace(minute=0)
    names = knowledge.department.name
    sources = {f"{code}.source": names.get(code, next(iter(names.values()))) for code in knowledge.department.languages}
    return Form(None, {"level": AdvisoryLevel.ADVISORY.value, "expires": ends.strftime(_WIRE), **sources})


def of_content(content: Content, knowledge: Knowledge, *, is_own: bool = False) -> Form:
    """The form with what an advisory says. `is_own`: its sentences as they stand, to be changed by hand."""
    alerting, zone = knowledge.alerting, knowledge.department.time_zone
    template = alerting.template(content.template) if alerting and content.template and not is_own else None
    typed = {
        "topic": content.topic,
        "level": content.level.value,
        "expires": content.expires_at.astimezone(zone).strftime(_WIRE),
        "web": content.web or "",
        "only_in": content.only_in or "",
    }
    if template is not None:
        slots = {name: _shown(template, name, value) for name, value in content.slots.items()}
        if typed["expires"] in slots.values():
            typed["expires"] = ""  # it ends with the last moment it names, also when that is put off
        return Form(template, typed | slots)
    for code, said in content.statements.items():
        typed |= {f"{code}.{name}": getattr(said, name) for name in ELEMENTS}
        typed[f"{code}.event"] = content.event.get(code, "")
    return Form(None, typed)


def read(typed: Mapping[str, str], template: Template | None, knowledge: Knowledge, now: datetime,
         base: Content | None = None) -> Begun:  # fmt: skip
    """The advisory that the form makes, as far as it goes; `base` is what it changes, for what no field holds.

    Raises `NotReady` for what cannot even be kept as a draft.
    """
    typed = {name: _clean(value) for name, value in typed.items()}
    if template is not None:
        typed |= {slot.id: typed.get(slot.id, "").replace("T", " ", 1) for slot in template.slots if _is_moment(slot)}
    alerting, refused = _alerting(knowledge), list(_unkept(typed, knowledge))
    ends, unclear = _moment(typed.get("expires", ""), knowledge)
    if unclear or (ends is None and template is None):
        refused.append(Problem("expires", unclear or "nothing typed", "give a day and an hour: then it ends"))
    if refused:
        raise NotReady(refused)
    level = AdvisoryLevel(typed["level"])
    web = typed.get("web") or None
    if template is None:
        made = Begun(_own(typed, knowledge, level, ends or now, web, base), ())
    else:
        made = begun(
            template, typed, area=alerting.area, phrases=knowledge.phrases, zone=knowledge.department.time_zone,
            now=now, expires_at=ends, web=web,
        )  # fmt: skip
    content = replace(made.content, topic=typed["topic"], level=level)
    only = typed.get("only_in", "")
    if only:
        said = content.statements.get(only, Statement())
        content = replace(content, statements={only: said}, only_in=only)
    return replace(made, content=content)


def by_field(problems: Iterable[Problem], form: Form, languages: Collection[str]) -> dict[str, list[Problem]]:
    """The problems by the field they are about; under "" those that are about none."""
    known = {"topic", "level", "expires", "web", "only_in"}
    if form.template is not None:
        known |= {slot.id for slot in form.template.slots}
    else:
        known |= {*languages, *(f"{code}.{name}" for code in languages for name in ("event", *ELEMENTS))}
    told: dict[str, list[Problem]] = {}
    for problem in problems:
        name = _RENAMED.get(problem.where, problem.where.replace(" ", "."))
        told.setdefault(name if name in known else "", []).append(problem)
    return told


def open_gaps(content: Content, knowledge: Knowledge) -> tuple[str, ...]:
    """What its template still asks for, in staff's words; nothing when every gap is filled or there is no template."""
    template = knowledge.alerting.template(content.template) if knowledge.alerting and content.template else None
    texts = (getattr(said, name) for said in content.statements.values() for name in ELEMENTS)
    names = dict.fromkeys(name for text in texts for name in unfilled(text))
    labels = {slot.id: label(slot) for slot in template.slots} if template else {}
    return tuple(labels.get(name, name) for name in names)


def closed(problems: Iterable[Problem], content: Content) -> tuple[Problem, ...]:
    """The problems without those of sentences in which gaps stand open: these will read otherwise."""
    is_open = {
        where
        for code, said in content.statements.items()
        for name in ELEMENTS
        if unfilled(getattr(said, name))
        for where in (f"{code} {name}", code)
    }
    return tuple(problem for problem in problems if problem.where not in is_open)


def in_words(problem: Problem, template: Template | None, knowledge: Knowledge) -> str:
    """The problem as a sentence, with the name of its place as staff know it."""
    names = knowledge.phrases.texts["language_name"]
    code, _, element = problem.where.partition(" ")
    slot = next((each for each in template.slots if each.id == problem.where), None) if template else None
    if slot is not None:
        place = label(slot)
    elif code in names:
        place = f"{names[code]}, {WORDS[element][0].lower()}" if element in WORDS else names[code]
    else:
        place = _PLACES.get(problem.where, problem.where)
    return sentence(f"{place}: {problem.what}; {problem.mend}")


def sentence(told: str) -> str:
    """The words with a capital letter and an end."""
    return f"{told[:1].upper()}{told[1:]}" + ("" if told.endswith((".", "?", "!")) else ".")


def label(slot: Slot) -> str:
    """What staff read beside the gap."""
    return slot.labels.get("en") or next(iter(slot.labels.values()), slot.id)


def _alerting(knowledge: Knowledge) -> Alerting:
    if knowledge.alerting is None:
        raise NotReady((Problem("topic", "this department announces nothing yet", "topics.yaml says what there is"),))
    return knowledge.alerting


def _unkept(typed: Mapping[str, str], knowledge: Knowledge) -> Iterator[Problem]:
    alerting = _alerting(knowledge)
    if alerting.topic(typed.get("topic", "")) is None:
        yield Problem("topic", "nobody can subscribe to that", "choose one of the list")
    if typed.get("level") not in [level.value for level in AdvisoryLevel]:
        yield Problem("level", "no such level", "choose one of the list")
    if typed.get("only_in", "") not in ("", *knowledge.department.languages):
        yield Problem("only_in", "not a language of the department", "choose one of the list")
    for name, value in typed.items():
        if len(value) > _LONGEST:
            yield Problem(name, f"{len(value):,} characters", f"at most {_LONGEST:,}")


def _own(
    typed: Mapping[str, str], knowledge: Knowledge, level: AdvisoryLevel, ends: datetime, web: str | None,
    base: Content | None,
) -> Content:  # fmt: skip
    languages = knowledge.department.languages
    said = {code: Statement(*(typed.get(f"{code}.{name}", "") for name in ELEMENTS)) for code in languages}
    event = {code: typed.get(f"{code}.event", "") for code in languages}
    written = {code: each for code, each in said.items() if event[code] or any(_texts(each))}
    written = written or {languages[0]: said[languages[0]]}
    content = Content(
        level=level,
        topic=typed["topic"],
        event={code: event[code] for code in written},
        statements=written,
        area=_alerting(knowledge).area,
        expires_at=ends,
        web=web,
    )
    if base is None:
        return content
    return replace(content, area=base.area, category=base.category, effective_at=base.effective_at,
                   original=base.original)  # fmt: skip


def _texts(said: Statement) -> Iterator[str]:
    """What somebody must have written: the source stands there before anybody writes."""
    return (getattr(said, name) for name in ELEMENTS if name != "source")


def _moment(typed: str, knowledge: Knowledge) -> tuple[datetime | None, str | None]:
    if not typed:
        return None, None
    try:
        return moment(typed, knowledge.department.time_zone), None
    except MomentUnclear as e:
        return None, str(e)


def _shown(template: Template, name: str, value: str) -> str:
    """A slot's value as its field holds it."""
    is_moment = any(slot.id == name and _is_moment(slot) for slot in template.slots)
    return value.replace(" ", "T", 1) if is_moment else value


def _is_moment(slot: Slot) -> bool:
    return slot.kind is SlotKind.MOMENT


def _clean(value: str) -> str:
    return value.replace("\r\n", "\n").strip()
