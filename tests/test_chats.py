"""Chats in memory and in the store: with one process memory is right, with several the store is."""

from bot.core.conversation import Conversation
from bot.core.message import Address, ChannelName
from bot.service.chats import Chats
from tests.builders import SOMEBODY

ENGLISH, SPANISH = Conversation("en", entry="fees"), Conversation("es", entry="hours")


class Store:
    """What is stored of one chat; `is_down`: nothing can be."""

    def __init__(self, kept: Conversation | None = None) -> None:
        self.kept, self.is_down, self.asked = kept, False, 0

    async def load(self) -> Conversation | None:
        self.asked += 1
        return None if self.is_down else self.kept

    async def save(self) -> bool:
        return not self.is_down


async def test_one_process_asks_the_store_only_for_what_it_does_not_know() -> None:
    chats, store = Chats(), Store(ENGLISH)
    assert await chats.recalled(SOMEBODY, store.load, is_shared=False) == ENGLISH
    await chats.save(SOMEBODY, SPANISH, store.save)
    assert await chats.recalled(SOMEBODY, store.load, is_shared=False) == SPANISH
    assert store.asked == 1


async def test_what_another_replica_went_on_with_counts() -> None:
    chats, store = Chats(), Store()
    await chats.save(SOMEBODY, ENGLISH, store.save)
    store.kept = SPANISH
    assert await chats.recalled(SOMEBODY, store.load, is_shared=True) == SPANISH


async def test_what_the_store_could_not_take_counts_until_it_could() -> None:
    chats, store = Chats(), Store(ENGLISH)
    store.is_down = True
    await chats.save(SOMEBODY, SPANISH, store.save)
    store.is_down = False
    assert await chats.recalled(SOMEBODY, store.load, is_shared=True) == SPANISH
    await chats.save(SOMEBODY, SPANISH, store.save)
    store.kept = ENGLISH
    assert await chats.recalled(SOMEBODY, store.load, is_shared=True) == ENGLISH


async def test_while_the_store_is_down_memory_goes_on() -> None:
    chats, store = Chats(), Store()
    await chats.save(SOMEBODY, ENGLISH, store.save)
    store.is_down = True
    assert await chats.recalled(SOMEBODY, store.load, is_shared=True) == ENGLISH
    stranger = Address(ChannelName.WEB, "a stranger")
    assert await chats.recalled(stranger, store.load, is_shared=True) == Conversation()


async def test_what_was_asked_stays_in_memory_as_long_as_nobody_went_on() -> None:
    chats, store = Chats(), Store(ENGLISH)
    asked = Conversation("en", entry="fees", asked="how much is it")
    await chats.save(SOMEBODY, asked, store.save)
    assert await chats.recalled(SOMEBODY, store.load, is_shared=True) is asked


async def test_a_911_reply_given_while_the_store_is_asked_is_not_forgotten() -> None:
    chats, store = Chats(), Store(ENGLISH)

    async def load() -> Conversation | None:
        await chats.save(SOMEBODY, SPANISH, store.save)
        return await store.load()

    for is_shared in (True, False):
        assert await chats.recalled(SOMEBODY, load, is_shared=is_shared) == SPANISH
