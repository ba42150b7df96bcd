"""The 24 hours after somebody's last message, in which a channel of Meta takes any words; and who knows about them."""

from datetime import datetime, timedelta
from typing import Protocol

from bot.core.message import Address
from bot.core.subscription import Contact as Contact

# Meta counts 24 hours from its own time of the person's last message; a minute is left for what is on the way.
WINDOW = timedelta(hours=24) - timedelta(minutes=1)


class Contacts(Protocol):
    """Who knows them. None for somebody unknown; raises `TryLater`, and nothing else, when that cannot be told now."""

    async def __call__(self, person: Address, /) -> Contact | None: ...


def is_open(contact: Contact | None, now: datetime) -> bool:
    """Whether they wrote so lately that any words may go; not known counts as no."""
    return contact is not None and contact.last_inbound_at is not None and now - contact.last_inbound_at < WINDOW
