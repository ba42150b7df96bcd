"""What a resident has asked to be told, as the bot remembers it."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from bot.core.advisory import AdvisoryLevel


class Reach(Enum):
    """Which levels somebody wants: all of their topics, or of those only what is urgent."""

    EVERY = "every"
    URGENT = "urgent"

    def wants(self, level: AdvisoryLevel) -> bool:
        return self is Reach.EVERY or level is AdvisoryLevel.ALERT


@dataclass(frozen=True, slots=True)
class Subscription:
    """What one person gets on one platform, in which language. `topics` are ids; an empty set gets nothing."""

    topics: frozenset[str]
    reach: Reach
    language: str


@dataclass(frozen=True, slots=True)
class Contact:
    """What is known of somebody who is written to unasked. `last_inbound_at` None: it is not known when they wrote."""

    language: str
    last_inbound_at: datetime | None = None
