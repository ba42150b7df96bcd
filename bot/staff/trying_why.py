"""Why the bot answered as it did, in words for a clerk."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from bot.core.answer import Outcome, Snapshot
from bot.core.channel import Limits
from bot.core.compose import ENTRY_MARK
from bot.core.diagnosis import ByCue, ByNet, Heard, State, Weighed, heard, ranked, reasons, states, weighed
from bot.core.emergency import Level
from bot.core.entry import EntryKind
from bot.core.gsm import cheapest, is_gsm, segments, units
from bot.core.match import Certainty
from bot.core.message import Kind
from bot.core.shown import Bubble
from bot.core.subscribing import spelt
from bot.core.text import fold
from bot.staff.figures_words import language_named, title_in
from bot.staff.trying_talk import Exchange, Step

_CANDIDATES = 10

_VERDICTS = {
    Level.EMERGENCY: ("Emergency", "bad", "Only the 911 reply was given."),
    Level.CAUTION: ("Caution", "warn", "The 911 line stands above the answer."),
    Level.NONE: ("No emergency", "good", "Nothing in it asks for 911."),
}
_OUTCOMES = {
    Outcome.EMERGENCY: "Sent to 911",
    Outcome.COMMAND: "Took it as an order",
    Outcome.ANSWERED: "Answered",
    Outcome.ASKED_WHICH: "Asked which was meant",
    Outcome.OUT_OF_SCOPE: "Said that it is not ours",
    Outcome.NOT_FOUND: "Did not know",
}
_LOOKED_UP = (Outcome.ANSWERED, Outcome.OUT_OF_SCOPE, Outcome.NOT_FOUND)
_HEARD = {
    Heard.ASKED_FOR: "they asked for it earlier",
    Heard.MESSAGE: "the message is written in it",
    Heard.BEFORE: "they wrote in it before",
    Heard.DEVICE: "their phone speaks it",
    Heard.NOTHING: "nothing told it, so it is the department's first",
}
_STATES = {
    State.OVERDUE: ("Due for review", "warn"),
    State.WITHHELD: ("Overdue, and so not shown", "bad"),
    State.UNCONFIRMED: ("The department has not confirmed all of it", "warn"),
    State.NOT_TRANSLATED: ("Not written in this language", "warn"),
    State.OLD_TRANSLATION: ("Translates an older text", "warn"),
    State.UNAPPROVED: ("Nobody has signed this translation", "warn"),
}
# What the emergency rules say decided, in words that need no knowledge of them.
_REASONS = {
    "hard cue": "so clear that only a story or a closed case would change it",
    "now": "the words say that it happens now",
    "nothing stands it down": "nothing around it says that it is harmless",
    "its `unless` is in the same clause": "other words beside it give it another meaning",
    "idiom": "a figure of speech",
    "fiction": "a story, a film or a game",
    "dated past with paperwork": "long past, and about paperwork",
    "dated past": "it is past",
    "resolved": "they say that it is over",
    "hypothetical": "they ask what would be",
    "hypothetical, but somebody near": "they ask what would be, but about somebody near",
    "nobody hurt, paperwork": "nobody is hurt, and it is about paperwork",
    "nobody hurt": "they say that nobody is hurt",
    "paperwork": "it is about paperwork",
}


@dataclass(frozen=True, slots=True)
class Signal:
    """A reason of the verdict, as it is read; `level` is "" when it is none by itself."""

    says: str
    level: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """An answer that may have been meant. `note` says what became of it: "won", "nearly won", "offered", ""."""

    id: str
    title: str
    score: float
    sure: float
    near: float
    phrase: str
    place: str
    note: str
    is_ours: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """The entry that was answered, and what to know of it."""

    id: str
    title: str
    states: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Measure:
    """How long a message is as the channel counts it; `segments` None where nobody pays for them."""

    characters: int
    units: int
    most: int
    segments: int | None
    alphabet: str


@dataclass(frozen=True, slots=True)
class Why:
    """Everything that is said about one exchange."""

    verdict: tuple[str, str, str]
    outcome: str
    decided: str
    signals: tuple[Signal, ...]
    language: str
    corrections: tuple[tuple[str, str], ...]
    order: str
    answer: Answer | None
    candidates: tuple[Candidate, ...]
    measures: tuple[Measure, ...]
    steps: tuple[Step, ...]


def why(exchange: Exchange, snapshot: Snapshot, limits: Limits, now: datetime) -> Why:
    """What to say about the exchange."""
    turn, knowledge, text = exchange.turn, snapshot.knowledge, exchange.message.text
    picked = picked_of(exchange, now)
    is_typed = exchange.message.kind is Kind.TEXT and picked is None
    words = fold(text)
    today = now.astimezone(knowledge.department.time_zone).date()
    answered = None
    if entry := knowledge.entries.get(turn.entry or ""):
        known = tuple(_STATES[state] for state in states(entry, turn.language, knowledge, today))
        answered = Answer(entry.id, title_in(entry, knowledge), known)
    found = weighed(ranked(text, turn, snapshot, _CANDIDATES), words, snapshot.index) if is_typed else ()
    return Why(
        _VERDICTS[turn.verdict.level],
        _OUTCOMES[turn.outcome],
        _decided(exchange, found, now),
        tuple(_signals(exchange, snapshot)),
        _language(exchange, snapshot),
        snapshot.index.corrections(words) if is_typed else (),
        _order(exchange, snapshot),
        answered,
        tuple(_candidates(exchange, found, snapshot)),
        tuple(_measured(bubble, limits) for bubble in exchange.bubbles),
        exchange.steps,
    )


def picked_of(exchange: Exchange, now: datetime) -> str | None:
    """What was picked from the reply before, by its button, number or words; None when nothing was."""
    if exchange.message.kind is Kind.BUTTON:
        return exchange.label
    value = exchange.before.chosen(exchange.message.text, now)
    return next((choice.label for choice in exchange.before.offered if choice.value == value), None)


def _signals(exchange: Exchange, snapshot: Snapshot) -> Iterator[Signal]:
    verdict = exchange.turn.verdict
    asked_net = False
    for reason in reasons(verdict):
        match reason:
            case ByCue(cue, words, level, because):
                yield Signal(f"The cue “{cue}” was met by “{words}”: {_REASONS.get(because, because)}.", level)
            case ByNet(emergency, caution):
                asked_net = True
                said = f"by likeness to known messages: {emergency:.0%} an emergency, {caution:.0%} a reason for care"
                yield Signal(f"The learned net finds, {said}.", "")
            case str(said):
                yield Signal(f"{said[:1].upper()}{said[1:]}.", "")
    if snapshot.lookout.net is None:
        yield Signal("The learned net is still being made ready: the cues decide alone.", "")
    elif not asked_net:
        decided = "a cue so clear is not weighed against it" if verdict.is_hard else "it reads no orders, picks or bits"
        yield Signal(f"The learned net was not asked: {decided}.", "")


def _decided(exchange: Exchange, found: tuple[Weighed, ...], now: datetime) -> str:
    """What of the turn decided, in a sentence."""
    turn, before = exchange.turn, exchange.before
    if turn.outcome is Outcome.EMERGENCY:
        is_open = any("open" in str(reason) for reason in turn.verdict.why)
        return (
            "An emergency is open in this chat, and this may belong to it." if is_open else "911 goes before all else."
        )
    if exchange.message.kind is Kind.MEDIA:
        return "It is no text: the bot says what it cannot take."
    if picked := picked_of(exchange, now):
        return f"They picked “{picked}” from the last reply."
    if before.has_open_emergency(now) and turn.conversation.emergency_at is None:
        return "They say that the emergency is over, or that there was none."
    if turn.outcome is Outcome.COMMAND:
        return "All of the message is an order that the bot knows."
    first = found[0] if found else None
    if first is None:
        return "No word in it is known."
    if turn.outcome is Outcome.ANSWERED and turn.entry != first.entry.id:
        return "By itself it would mean something else: it goes on from the answer before."
    if turn.outcome in (Outcome.ANSWERED, Outcome.OUT_OF_SCOPE):
        return f"The first candidate is sure: {first.score:.2f}, and {first.sure:.2f} is needed."
    if turn.outcome is Outcome.ASKED_WHICH and turn.match.certainty is Certainty.SURE:
        return "It asks more than one thing, or goes on from an answer in more than one way."
    if turn.outcome is Outcome.ASKED_WHICH and first.score >= first.sure:
        return (
            f"The first candidate has {first.score:.2f}, but shares only one telling word with the message, or another "
            "town is named: so the bot asks."
        )
    if turn.outcome is Outcome.ASKED_WHICH:
        return f"The first candidate has {first.score:.2f}: not the {first.sure:.2f} to answer, enough to be offered."
    return f"No answer of ours reaches {first.near:.2f}."


def _language(exchange: Exchange, snapshot: Snapshot) -> str:
    turn, told = exchange.turn, heard(exchange.message, snapshot, exchange.before)
    name = language_named(turn.language, snapshot.knowledge)
    if turn.conversation.language == turn.language != exchange.before.language:
        return f"{name}: they just asked for it."
    return f"{name}: {_HEARD[told]}."


def _order(exchange: Exchange, snapshot: Snapshot) -> str:
    """The order or command that was recognised, as it is spelt with a slash; "" for none."""
    if exchange.turn.order is not None:
        return f"{spelt(exchange.turn.order)} (only pretended here)"
    command = snapshot.commands.recognise(exchange.message.text)
    if command is None or exchange.turn.outcome is Outcome.EMERGENCY:
        return ""
    return " ".join(filter(None, (f"/{command.name}", command.argument)))


def _candidates(exchange: Exchange, found: tuple[Weighed, ...], snapshot: Snapshot) -> Iterator[Candidate]:
    won = exchange.turn.entry or exchange.turn.reply.source
    offered = {choice.value.removeprefix(ENTRY_MARK) for choice in exchange.turn.reply.choices}
    is_asked = exchange.turn.outcome is Outcome.ASKED_WHICH
    others = [each.entry.id for each in found if each.entry.id != won and each.score >= each.near]
    second = others[0] if others and exchange.turn.outcome in _LOOKED_UP else None
    for each in found:
        note = "won" if each.entry.id == won else "nearly won" if each.entry.id == second else ""
        if is_asked:
            note = "offered" if each.entry.id in offered else ""
        is_ours, title = each.entry.kind is not EntryKind.OUT_OF_SCOPE, title_in(each.entry, snapshot.knowledge)
        yield Candidate(
            each.entry.id,
            title if is_ours else f"Not ours: {title}",
            each.score,
            each.sure,
            each.near,
            each.phrase.text,
            str(each.phrase.place),
            note,
            is_ours,
        )


def _measured(bubble: Bubble, limits: Limits) -> Measure:
    text = cheapest(bubble.text) if limits.is_metered else bubble.text
    alphabet = "" if not limits.is_metered else "plain letters" if is_gsm(text) else "letters that take more room"
    count = units(text) if limits.is_metered else limits.measure(text)
    paid = segments(text) if limits.is_metered else None
    return Measure(len(text), count, limits.text_units, paid, alphabet)
