"""Small real things for tests: build only what a test is about."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo

from bot.core.answer import Snapshot
from bot.core.channel import Limits, SendFailed
from bot.core.emergency import Context, Cue, EmergencyRules, Level, Rules
from bot.core.entry import (
    SENTENCES,
    Ask,
    CommandWords,
    Department,
    EmergencyReplies,
    Entry,
    EntryKind,
    Knowledge,
    Phrases,
    Place,
    Risk,
    Source,
    Wording,
)
from bot.core.message import Address, ChannelName, IncomingMessage, Kind, Part

NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
TODAY = NOW.date()
SOMEBODY = Address(ChannelName.TERMINAL, "somebody")
SOMEBODY_ELSE = Address(ChannelName.TERMINAL, "somebody else")
PLACE = Place("faqs/made.yaml", 1)
REAL_FOLDER = Path(__file__).parents[1] / "knowledge"
WEBSITE = "https://police.example"

_SENTENCES = (
    "greeting help which_language language_set ask_which none_of_these ask_this not_this none_noted not_found "
    "no_answer_yet who when where join phone address email url hours not_confirmed source checked overdue only_in "
    "contacts_intro programs_intro media sorry busy limited stopped emergency_closed not_found_unkept none_unkept "
    "withheld"
).split() + [name for name in SENTENCES if name.startswith(("advisory_", "button_", "feedback_"))]
_CLASSES = {
    "FILLER": ("a", "an", "the", "un", "una", "um", "uma"),
    "PERSON": ("he", "she", "somebody", "el", "ela", "ele"),
    "HAVE": ("has", "had", "tiene", "tem"),
    "WEAPON": ("gun", "knife", "cuchillo", "faca"),
}
GUN = Cue("has-weapon", "weapon", Level.EMERGENCY, ("PERSON HAVE WEAPON",), hard=True)


def a_cue(cue_id: str, *patterns: str, level: Level = Level.EMERGENCY, **rest: object) -> Cue:
    return Cue(cue_id, "made", level, patterns, **rest)  # type: ignore[arg-type]


def rules(*cues: Cue, contexts: dict[Context, tuple[str, ...]] | None = None, ordinary: Sequence[str] = ()) -> Rules:
    around = dict.fromkeys(Context, ()) | (contexts or {})
    return Rules(EmergencyRules(_CLASSES, tuple(ordinary), cues or (GUN,), around))


def an_entry(entry_id: str, *asks: str, es: Sequence[str] = (), answer: str | None = "", **rest: object) -> Entry:
    """An entry in English, and in Spanish when Spanish asks are given; its answer says its id unless told."""
    title = entry_id.replace("-", " ").capitalize()
    said = f"The answer about {entry_id}." if answer == "" else answer
    wordings = {"en": Wording(title, tuple(Ask(text, PLACE) for text in asks), said)}
    if es:
        wordings["es"] = Wording(f"{title} (es)", tuple(Ask(text, PLACE) for text in es), f"La respuesta: {entry_id}.")
    given: dict[str, object] = {
        "checked_on": date(2026, 11, 1),
        "source": Source("The source", f"{WEBSITE}/{entry_id}"),
        "risk": Risk.LOW,
    } | rest
    return Entry(entry_id, given.pop("kind", EntryKind.FAQ), wordings, PLACE, **given)  # type: ignore[arg-type]


def knowledge(*entries: Entry, cues: tuple[Cue, ...] = (), elsewhere: tuple[Entry, ...] = ()) -> Knowledge:
    texts = {name: {language: f"<{name} {language}>" for language in ("en", "es", "pt")} for name in _SENTENCES}
    texts["language_name"] = {"en": "English", "es": "Español", "pt": "Português"}
    texts["months"] = dict.fromkeys(("en", "es", "pt"), " ".join(f"m{n}" for n in range(1, 13)))
    texts["day_form"] = dict.fromkeys(("en", "es", "pt"), "{day} {month} {year}")
    texts["checked"] = dict.fromkeys(("en", "es", "pt"), "Checked on {day}.")
    texts["overdue"] = dict.fromkeys(("en", "es", "pt"), "Overdue since {day}.")
    texts["source"] = dict.fromkeys(("en", "es", "pt"), "Source: {title} {url}")
    texts["no_answer_yet"] = dict.fromkeys(("en", "es", "pt"), "Not said yet: {url}")
    texts["small_talk"] = {
        "en": "what where when how do you the police report is my of in and he has a gun",
        "es": "que donde cuando como hago la policía el reporte es mi de en y",
        "pt": "que onde quando como faço a polícia o boletim é meu de em e não",
    }
    names = "start help language contacts programs about privacy human stop subscribe".split()
    commands = [CommandWords(name, {"en": (name,)}) for name in names]
    commands += [CommandWords("spanish", {"es": ("en español por favor",)})]
    replies = EmergencyReplies(
        redirect={language: f"911 NOW {language}\nNobody has been alerted." for language in ("en", "es", "pt")},
        notice={language: f"911 notice {language}" for language in ("en", "es", "pt")},
        lines={"suicide": {"en": "988 en", "es": "988 es"}},
    )
    return Knowledge(
        revision="made",
        department=Department({"en": "Police"}, ZoneInfo("America/New_York"), ("en", "es", "pt"), {"website": WEBSITE}),
        phrases=Phrases(MappingProxyType(texts)),
        commands=tuple(commands),
        rules=rules(*cues),
        replies=replies,
        entries={entry.id: entry for entry in entries},
        elsewhere=elsewhere,
    )


def snapshot(*entries: Entry, **rest: object) -> Snapshot:
    return Snapshot.of(knowledge(*entries, **rest))  # type: ignore[arg-type]


def a_message(text: str, message_id: str = "1", sender: Address = SOMEBODY, **rest: object) -> IncomingMessage:
    return IncomingMessage(message_id, sender, text, NOW, **rest)  # type: ignore[arg-type]


def a_press(value: str, message_id: str = "1") -> IncomingMessage:
    return a_message(value, message_id, kind=Kind.BUTTON)


LIMITS = Limits(4096, 8, 60)


@dataclass(slots=True)
class FakeChannel:
    """Keeps what is sent; fails as told, once for each failure given."""

    failures: list[SendFailed] = field(default_factory=list)
    sent: list[tuple[Address, tuple[Part, ...]]] = field(default_factory=list)
    limits: Limits = LIMITS

    async def send(self, to: Address, parts: Sequence[Part]) -> str:
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append((to, tuple(parts)))
        return str(len(self.sent))

    @property
    def texts(self) -> list[str]:
        return ["\n\n".join(part.text for part in parts) for _, parts in self.sent]
