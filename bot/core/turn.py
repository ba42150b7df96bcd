"""What a turn starts from and what it comes to: a snapshot of the knowledge, and the decision about one message."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import Enum

from bot.core.command import Commands, NoteUnanswered
from bot.core.conversation import Conversation
from bot.core.emergency import Verdict
from bot.core.entry import Entry, Knowledge
from bot.core.language import Languages
from bot.core.lookout import CUES_ALONE, Lookout
from bot.core.match import COUNTED, NO_MATCH, Index, Match, Phrasings
from bot.core.message import Reply
from bot.core.orders import FLOOR_ORDERS, Orders
from bot.core.places import Places
from bot.core.rating import NoteFeedback
from bot.core.subscribing import ChangeLanguage, Order
from bot.core.talk import SILENCE, Talk
from bot.core.text import Words

# Phrases that are lists of words for rules of ours: nobody says them in a sentence, so they teach no language.
_LISTS = ("order_", "relative_times", "absolute_times", "street_words", "not_a_drill", "clock_", "yes_", "no_words")


class Outcome(Enum):
    """What a message came to."""

    EMERGENCY = "emergency"
    COMMAND = "command"
    ANSWERED = "answered"
    ASKED_WHICH = "asked_which"
    OUT_OF_SCOPE = "out_of_scope"
    NOT_FOUND = "not_found"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One state of the knowledge with everything learned from it. A turn uses one from its start to its end."""

    knowledge: Knowledge
    index: Index
    commands: Commands
    languages: Languages
    lookout: Lookout = CUES_ALONE
    talk: Talk = SILENCE
    orders: Orders = FLOOR_ORDERS

    @classmethod
    def of(cls, knowledge: Knowledge, real_words: Collection[str] = frozenset()) -> "Snapshot":
        """Learn all that is counted; takes as long as the knowledge is large, so not on the event loop.

        `real_words` of its languages are never taken for misspelt words of the knowledge.
        """
        department = knowledge.department
        spoken = {language: list(_texts(knowledge, language)) for language in department.languages}
        phrasings = Phrasings((*knowledge.entries.values(), *knowledge.elsewhere))
        places = Places(department.own_places, department.other_places)
        index = Index(phrasings, COUNTED, real_words, places)
        talk = Talk(knowledge.phrases.texts)
        commands = Commands(knowledge.commands)
        orders = Orders(knowledge, commands)
        return cls(knowledge, index, commands, Languages(spoken), talk=talk, orders=orders)

    def rank(self, words: Words) -> Match:
        """Candidates for the words, with all that has been learned."""
        return self.index.rank(words, self.lookout.embed)


@dataclass(frozen=True, slots=True)
class Turn:
    """What was decided about a message; somebody else carries it out.

    `entry` is what was answered, None when no entry was. `match` is empty where nothing had to be looked up. `order`
    is what the store must do before anything is said; `reply` is then what to say when it cannot. None: nothing.
    """

    verdict: Verdict
    outcome: Outcome
    reply: Reply
    language: str
    conversation: Conversation
    entry: str | None = None
    actions: tuple[NoteUnanswered | NoteFeedback | ChangeLanguage, ...] = ()
    match: Match = NO_MATCH
    order: Order | None = None


def _texts(knowledge: Knowledge, language: str) -> Iterable[str]:
    """Everything the knowledge says in one language: what the language is learned from."""
    for name, wordings in knowledge.phrases.texts.items():
        if language in wordings and not name.startswith(_LISTS):
            yield wordings[language]
    entries: list[Entry] = [*knowledge.entries.values(), *knowledge.elsewhere]
    for wording in (entry.wordings[language] for entry in entries if language in entry.wordings):
        yield from (wording.title, *(ask.text for ask in wording.asks))
        if wording.answer:
            yield wording.answer
