"""Advisories as staff's pages show them: words for stages and states, phones with bubbles, a bar of the deliveries."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.advisory import Advisory, AdvisoryKind, AdvisoryLevel, AdvisoryType, Ended, Stage
from bot.core.bulletin import Counters
from bot.core.cap import headline
from bot.core.channel import Limits
from bot.core.delivery import State
from bot.core.entry import Knowledge
from bot.core.fit import fit
from bot.core.gsm import cheapest
from bot.core.message import ChannelName, Reply
from bot.core.notice import SHAPES
from bot.core.staff import Account, Act
from bot.core.template import unfilled
from bot.service.advising import is_urgent
from bot.service.previewing import Preview

CHANNELS: Mapping[ChannelName, str] = {
    ChannelName.TERMINAL: "Terminal",
    ChannelName.WEB: "Web chat",
    ChannelName.TELEGRAM: "Telegram",
    ChannelName.WHATSAPP: "WhatsApp",
    ChannelName.MESSENGER: "Messenger",
    ChannelName.SMS: "SMS",
}
LEVELS: Mapping[AdvisoryLevel, tuple[str, str]] = {
    AdvisoryLevel.ALERT: ("Alert", "act now: goes out at any hour, needs a second person"),
    AdvisoryLevel.ADVISORY: ("Advisory", "be aware: waits for the morning in quiet hours"),
    AdvisoryLevel.COMMUNITY: ("Community", "events: waits for the morning in quiet hours"),
}
STATES: Mapping[State, str] = {
    State.SENT: "sent",
    State.SENDING: "being sent",
    State.DUE: "waiting",
    State.UNCERTAIN: "not certain",
    State.UNDELIVERABLE: "could not be delivered",
    State.OPTED_OUT: "unsubscribed before it",
    State.WITHDRAWN: "taken back before it",
    State.EXPIRED: "expired before it",
}
_BLANK = "____"
_UNRELEASED = (Stage.DRAFT, Stage.APPROVED, Stage.SCHEDULED)


@dataclass(frozen=True, slots=True)
class Phone:
    """What one person gets on these channels, message by message."""

    channels: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tongue:
    """All that leaves in one language. `banner` is its line over the web chat, "" when it has none."""

    code: str
    name: str
    people: int
    counters: Counters
    phones: tuple[Phone, ...]
    banner: str
    correction: str
    replacement: str
    parts: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Slice:
    """So many people in one state, and where they stand in a bar of 1,000 units."""

    state: State
    word: str
    count: int
    at: float
    width: float


@dataclass(frozen=True, slots=True)
class Choices:
    """What this person may do with it as it stands. `is_alone`: only with a reason, for want of a second person."""

    change: bool
    approve: bool
    publish: bool
    pause: bool
    resume: bool
    correct: bool
    cancel: bool
    discard: bool
    is_urgent: bool
    is_alone: bool


def tongues(preview: Preview, knowledge: Knowledge, limits: Mapping[ChannelName, Limits]) -> Iterator[Tongue]:
    """Every language, the department's first one first."""
    names, advisory = knowledge.phrases.texts["language_name"], preview.advisory
    people = preview.people(1)
    for code, text in preview.words.texts.items():
        has_banner = advisory.kind is AdvisoryKind.LIVE and code in advisory.content.statements
        is_told = has_banner and advisory.type is not AdvisoryType.CANCEL
        yield Tongue(
            code=code,
            name=names.get(code, code),
            people=people.get(code, 0),
            counters=preview.counters[code],
            phones=tuple(phones(text, limits)),
            banner=with_open_gaps(f"{SHAPES[advisory.content.level]} {headline(advisory, code)}") if is_told else "",
            correction=with_open_gaps(preview.words.corrections.get(code, "")),
            replacement=preview.words.replacements.get(code, ""),
            parts=tuple((CHANNELS[name], preview.parts[name, code]) for name in limits),
        )


def phones(text: str, limits: Mapping[ChannelName, Limits]) -> Iterator[Phone]:
    """The text as each channel shows it; channels that show it alike stand together."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for name, limit in limits.items():
        parts = tuple(with_open_gaps(part.text) for part in fit(Reply(text), limit))
        if name is ChannelName.SMS:
            parts = tuple(map(cheapest, parts))
        alike.setdefault(parts, []).append(CHANNELS[name])
    for parts, names in alike.items():
        yield Phone(", ".join(names), parts)


def with_open_gaps(text: str) -> str:
    """The text with a blank to be filled in where its template's gap stands open."""
    for name in unfilled(text):
        text = text.replace(f"{{{name}}}", _BLANK)
    return text


def slices(states: Mapping[State, int]) -> tuple[Slice, ...]:
    """The states that anybody is in, in the order of `STATES`."""
    whole, at, told = sum(states.values()), 0.0, []
    for state, word in STATES.items():
        if count := states.get(state, 0):
            width = 1_000 * count / whole
            told.append(Slice(state, word, count, round(at, 2), round(width, 2)))
            at += width
    return tuple(told)


def holds(advisory: Advisory, now: datetime) -> bool:
    """Whether it is out and still says how things are; an exercise too."""
    is_out = advisory.released_at is not None and advisory.ended is None and now < advisory.content.expires_at
    return is_out and advisory.type is not AdvisoryType.CANCEL


def is_on_its_way(advisory: Advisory) -> bool:
    """Whether people still wait for it."""
    is_out = advisory.released_at is not None and advisory.ended is None
    return is_out and advisory.stage in (Stage.SENDING, Stage.PAUSED)


def standing(advisory: Advisory, now: datetime) -> tuple[str, str]:
    """Where it stands in a word or two, and the tone of a badge for it."""
    match advisory.stage, advisory.ended:
        case Stage.DISCARDED, _:
            return "Discarded", "quiet"
        case _, Ended.CANCELLED:
            return "Withdrawn", "quiet"
        case _, Ended.SUPERSEDED:
            return "Replaced", "quiet"
        case Stage.DRAFT, _:
            return ("Waits for approval", "warn") if is_urgent(advisory) else ("Draft", "quiet")
        case Stage.APPROVED, _:
            return "Approved, not published", "warn"
        case Stage.SCHEDULED, _:
            return "Scheduled", "warn"
        case Stage.PAUSED, _:
            return "Paused", "warn"
        case Stage.SENDING, _:
            return "Going out", "good"
    if advisory.type is AdvisoryType.CANCEL:
        return "Withdrawal sent", "quiet"
    return ("In effect", "good") if holds(advisory, now) else ("Over", "quiet")


def title(advisory: Advisory) -> str:
    """What it is and where, in the first language it has; without a place in which gaps stand open."""
    code, said = next(iter(advisory.content.statements.items()))
    event = advisory.content.event.get(code, "")
    if unfilled(said.place) or not (said.place or event):
        return f"{event[:1].upper()}{event[1:]}" or "Nothing written yet"
    return headline(advisory, code)


def choices(advisory: Advisory, thread: Sequence[Advisory], account: Account) -> Choices:
    """What the page offers; whether it is done is the service's to say."""
    stage, urgent = advisory.stage, is_urgent(advisory)
    is_waiting = stage is Stage.PAUSED and advisory.released_at is None
    is_cancel = advisory.type is AdvisoryType.CANCEL
    is_out = advisory.released_at is not None
    is_withdrawn = any(each.ended is Ended.CANCELLED for each in thread)
    may_publish = account.may(Act.PUBLISH_ALERT if urgent else Act.PUBLISH)
    is_settled = not urgent or advisory.approved_by is not None
    author_approved = advisory.approved_by in (None, advisory.author)
    follows_on = is_out and not is_withdrawn and not is_cancel
    return Choices(
        change=account.may(Act.DRAFT) and not is_cancel and (is_waiting or stage in (Stage.DRAFT, Stage.APPROVED)),
        approve=account.may(Act.APPROVE) and not is_cancel and (is_waiting or stage is Stage.DRAFT),
        publish=may_publish and is_settled and not is_cancel and stage in (Stage.DRAFT, Stage.APPROVED),
        pause=account.may(Act.PAUSE) and stage in (Stage.SENDING, Stage.SCHEDULED),
        resume=may_publish and stage is Stage.PAUSED,
        correct=account.may(Act.DRAFT) and follows_on,
        cancel=account.may(Act.CANCEL) and follows_on,
        discard=account.may(Act.DISCARD) and not is_out and (is_waiting or stage in _UNRELEASED),
        is_urgent=urgent,
        is_alone=urgent and account.name == advisory.author and author_approved and not advisory.override,
    )
