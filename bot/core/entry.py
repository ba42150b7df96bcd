"""What curators wrote, as values: entries, contact channels, the department, the bot's own sentences."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

from bot.core.emergency import Rules
from bot.core.topic import Alerting


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where in the knowledge folder something is written; `file` is relative to it, lines count from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class EntryKind(Enum):
    """The three forms of `topics.yaml`, and what the bot recognises as somebody else's."""

    FAQ = "faq"
    PROGRAM = "program"
    CONTACT = "contact"
    OUT_OF_SCOPE = "out_of_scope"


class Risk(Enum):
    """What a wrong answer costs: `HIGH` (fees, deadlines, legal steps) needs a surer match."""

    LOW = "low"
    HIGH = "high"


class ContactKind(Enum):
    """What a contact value is."""

    PHONE = "phone"
    ADDRESS = "address"
    EMAIL = "email"
    URL = "url"
    HOURS = "hours"


@dataclass(frozen=True, slots=True)
class Ask:
    """One way residents put the question."""

    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class Wording:
    """An entry in one language. `answer` None: the department has not said.

    `details` are a program's who, when, where and how to join, in that order. `translates` is the fingerprint of
    the answer this one was translated from, None on an original; `approved_by` None: nobody has signed it.
    """

    title: str
    asks: tuple[Ask, ...]
    answer: str | None
    details: Mapping[str, str] = field(default_factory=dict)
    translates: str | None = None
    approved_by: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """The page an answer rests on."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class ContactValue:
    """A phone number, address, ... by language; None: not confirmed, so not shown."""

    kind: ContactKind
    value: Mapping[str, str] | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing the department is asked. None for owner, dates or source: the curator has not said.

    `is_crisis`: whoever asks it may be in distress; nobody asks them whether the answer helped.
    """

    id: str
    kind: EntryKind
    wordings: Mapping[str, Wording]
    place: Place
    risk: Risk = Risk.LOW
    owner: str | None = None
    checked_on: date | None = None
    review_every: timedelta | None = None
    source: Source | None = None
    related: tuple[str, ...] = ()
    channels: tuple[ContactValue, ...] = ()
    is_crisis: bool = False

    def asks(self) -> Iterator[tuple[str, Ask]]:
        """Every phrasing with its language; the titles count, because people type what they read on a button."""
        for language, wording in self.wordings.items():
            yield language, Ask(wording.title, self.place)
            yield from ((language, ask) for ask in wording.asks)


@dataclass(frozen=True, slots=True)
class Department:
    """Whose bot this is. The first language is the default; `links` are named pages of the department.

    `own_places` are names of the town, `other_places` of towns and countries that it must not answer for.
    """

    name: Mapping[str, str]
    time_zone: ZoneInfo
    languages: tuple[str, ...]
    links: Mapping[str, str]
    own_places: tuple[str, ...] = ()
    other_places: tuple[str, ...] = ()


SENTENCES = tuple(
    """
    greeting help which_language language_set ask_which none_of_these ask_this not_this none_noted not_found
    no_answer_yet who when where join phone address email url hours not_confirmed source checked overdue withheld
    day_form months only_in language_name contacts_intro programs_intro emergency_closed media sorry busy limited
    stopped menu_start menu_help menu_language menu_contacts menu_programs menu_about menu_privacy web_title
    web_heading web_intro web_not_watched web_call_911 web_label web_send web_open web_close web_you web_bot
    web_conversation web_choices web_language web_skip web_connecting web_offline web_online web_waiting web_too_long
    web_new web_contact_heading web_thinking web_no_script web_overview_heading web_privacy_note nothing_more
    courtesies joining follow_up_openings follow_up_words yes_words no_words menu_subscribe menu_stop advisory_offer
    advisory_terms advisory_terms_silenced advisory_signed_up advisory_every advisory_urgent advisory_language
    advisory_nothing advisory_stopped advisory_stopped_topic advisory_failed advisory_stop_failed advisory_not_here
    advisory_telegram advisory_city advisory_ask_stop advisory_exercise_joined advisory_exercise_left
    advisory_exercise_member advisory_exercise_refused button_all_topics button_choices button_urgent button_every
    button_more_topics button_what_i_get button_stop_all button_stop_topic button_stop_yes button_stop_no
    button_sign_up button_try_again order_notify order_send order_alerts order_all order_only order_urgent
    order_fillers absolute_times bulletin_cancel bulletin_first bulletin_id bulletin_more bulletin_replaces
    bulletin_stop bulletin_superseded bulletin_update bulletin_withdrawn bulletin_withdraws clock_form clock_full
    clock_halves exercise_mark level_advisory level_alert level_community moment_form not_a_drill relative_times
    weekdays web_rating button_helped button_not_helped feedback_thanks feedback_sorry not_found_unkept none_unkept
    web_advisories web_advisories_all page_advisories page_skip page_live page_past page_none page_down page_missing
    page_not_watched page_get_heading page_feed page_cap page_issued page_in_effect page_begins page_expired
    page_updated page_withdrawn page_withdraws page_thread
    """.split()
)
"""Every sentence the bot may say: none may be missing from the phrases."""

COMMANDS = tuple(
    """
    start help language contacts programs about privacy human stop subscribe subscriptions urgent every
    """.split()
)
"""Every command that must have its words."""


@dataclass(frozen=True, slots=True)
class Phrases:
    """The bot's own sentences by name and language."""

    texts: Mapping[str, Mapping[str, str]]

    def __call__(self, name: str, language: str) -> str:
        """The sentence in the language, or in the first one it was written in."""
        wordings = self.texts[name]
        return wordings.get(language) or next(iter(wordings.values()))


@dataclass(frozen=True, slots=True)
class CommandWords:
    """How residents say a command: the name after a slash, and whole messages that mean the same, by language."""

    name: str
    says: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Question:
    """A question kept as a test: the entry it must find, None when it must find none."""

    text: str
    language: str
    expect: str | None
    place: Place
    is_known_miss: bool = False


@dataclass(frozen=True, slots=True)
class EmergencyReplies:
    """The fixed 911 texts, by language: `redirect` stands alone, `notice` on top of an answer, `lines` are added."""

    redirect: Mapping[str, str]
    notice: Mapping[str, str]
    lines: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Knowledge:
    """One sound state of the whole folder; replaced, never changed.

    `revision` names its content. `alerting` None: this department announces nothing.
    """

    revision: str
    department: Department
    phrases: Phrases
    commands: tuple[CommandWords, ...]
    rules: Rules
    replies: EmergencyReplies
    entries: Mapping[str, Entry]
    elsewhere: tuple[Entry, ...] = ()
    questions: tuple[Question, ...] = ()
    alerting: Alerting | None = None


def fingerprint(answer: str) -> str:
    """Short name of a text's exact words: what `translates` and the figures refer to."""
    return hashlib.sha256(answer.encode()).hexdigest()[:12]
