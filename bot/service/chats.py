"""What each chat of late is about, in memory, in front of the store."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import replace

from bot.core.conversation import Conversation
from bot.core.message import Address

_REMEMBERED = 10_000  # conversations; the store keeps the rest


class Chats:
    """The chats of late. Where other replicas write too, the store's word counts before memory's, which is for when it
    is down, and for what it could not take."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Address, Conversation] = OrderedDict()
        self._unsaved: set[Address] = set()

    def get(self, person: Address) -> Conversation | None:
        """The chat as this process knows it, without a wait; None when it knows of none."""
        return self._kept.get(person)

    async def recalled(
        self, person: Address, load: Callable[[], Awaitable[Conversation | None]], *, is_shared: bool
    ) -> Conversation:
        """The chat as it stands; `load` asks the store, and None of it means that there is none, or that it is down.

        `is_shared`: other replicas may have gone on with it since.
        """
        before = self._kept.get(person)
        if before is not None and not (is_shared and person not in self._unsaved):
            return before
        stored = await load()
        meanwhile = self._kept.get(person)  # a 911 reply waits for nobody, and notes that it was given
        if meanwhile is not before:
            stored = meanwhile
        elif before is not None and stored == replace(before, asked=None):
            stored = before  # nobody went on with it; what was asked is in memory alone
        return stored or meanwhile or Conversation()

    async def save(self, person: Address, chat: Conversation, save: Callable[[], Awaitable[bool]]) -> None:
        """Keep the chat; `save` has the store do so too, and tells whether it did."""
        self._kept[person] = chat
        self._kept.move_to_end(person)
        while len(self._kept) > _REMEMBERED:
            self._unsaved.discard(self._kept.popitem(last=False)[0])
        self._unsaved.add(person)
        if await save() and self._kept.get(person) is chat:
            self._unsaved.discard(person)
