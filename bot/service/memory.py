"""The store as reception uses it: what it remembers of messages, chats, questions and subscriptions."""

from dataclasses import dataclass
from datetime import datetime

from bot.core.command import NoteUnanswered
from bot.core.message import Address
from bot.core.rating import NoteFeedback
from bot.core.subscribing import ChangeLanguage
from bot.store.conversations import Conversations
from bot.store.inbox import Inbox
from bot.store.journal import Journal
from bot.store.subscriptions import Subscriptions


@dataclass(frozen=True, slots=True)
class Memory:
    """Every part may fail with `StoreDown` and costs no reply (house promise 2).

    `subscriptions` None: they cannot be kept, as the key for addresses cannot be used. `is_shared`: other replicas may
    write to it.
    """

    inbox: Inbox
    conversations: Conversations
    journal: Journal
    subscriptions: Subscriptions | None = None
    is_shared: bool = False


async def noted(
    note: NoteUnanswered | NoteFeedback | ChangeLanguage, person: Address, now: datetime, memory: Memory
) -> None:
    """Write down what a turn asks for beside its reply."""
    match note:
        case NoteUnanswered(question, language, near, seen):
            await memory.journal.note_unanswered(question, language, near, now, seen)
        case NoteFeedback():
            await memory.journal.count_feedback(note, person.channel, now)
        case ChangeLanguage(language) if memory.subscriptions:
            await memory.subscriptions.set_language(person, language, now)
