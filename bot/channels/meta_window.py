"""The 24 hours after somebody's last message, in which a channel of Meta takes any words; and who knows about them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bot.core.message import Address

# Meta counts 24 hours from its own time of the person's last message; a minute is left for what is on the way.
WINDOW = timedelta(hours=24) - timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Contact:
    """What is known of somebody who is written to unasked. `last_inbound_at` None: it is not known when they wrote."""

    language: str
    last_inbound_at: datetime | None = None


class Contacts(Protocol):
    """Who knows them. None for somebody unknown; raises `TryLater`, and nothing else, when that cannot be told now."""

    async def __call__(self, person: Address, /) -> Contact | None: ...


def is_open(contact: Contact | None, now: datetime) -> bool:
    """Whether they wrote so lately that any words may go; not known counts as no."""
    return contact is not None and contact.last_inbound_at is not None and now - contact.last_inbound_at < WINDOW
