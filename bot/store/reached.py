"""Whom advisories reach, in numbers: who gets which topic, who came and who left, what became of the last ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.advisory import Advisory, AdvisoryKind
from bot.core.delivery import State
from bot.store.contents import advisory_of
from bot.store.database import Database
from bot.store.schema import advisory, delivery, subscribed_topic, subscription
from bot.store.subscriptions import counted

_IS_LIVE = subscription.c.kind == AdvisoryKind.LIVE.value
_IS_ACTIVE = and_(_IS_LIVE, subscription.c.state == "active")


@dataclass(frozen=True, slots=True)
class Subscribers:
    """Who gets advisories now: by topic and language, by channel; everybody once in `people`."""

    people: int
    topics: Mapping[str, Mapping[str, int]]
    channels: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Movement:
    """How many came and how many left on each day that anybody did. Each person counts by their last time."""

    came: Mapping[date, int]
    left: Mapping[date, int]


@dataclass(frozen=True, slots=True)
class Delivered:
    """An advisory that went out, with its deliveries by state; one that nothing is in is absent."""

    advisory: Advisory
    states: Mapping[State, int]


class Reached:
    """The figures about advisories. Every method may raise `StoreDown`; those in exercises are never counted."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def subscribers(self) -> Subscribers:
        return await self._database.run(_subscribers)

    async def movement(self, first: date, last: date, zone: ZoneInfo) -> Movement:
        """Who came and left from the first day to the last, both whole in the zone."""
        begins = datetime.combine(first, time(), zone)
        ends = datetime.combine(last + timedelta(days=1), time(), zone)
        came, left = await self._database.run(_movement, begins, ends)
        return Movement(_by_day(came, zone), _by_day(left, zone))

    async def latest(self, most: int) -> tuple[Delivered, ...]:
        """The advisories that went out last, the newest first."""
        return await self._database.run(_latest, most)


async def _subscribers(connection: AsyncConnection) -> Subscribers:
    people = await counted(connection, _IS_ACTIVE)
    channels: dict[str, int] = {}
    for (channel, _), count in people.items():
        channels[channel.value] = channels.get(channel.value, 0) + count
    joined = subscribed_topic.join(subscription, subscribed_topic.c.subscription == subscription.c.id)
    groups = (subscribed_topic.c.topic, subscription.c.language)
    asked = select(*groups, func.count()).select_from(joined).where(_IS_ACTIVE).group_by(*groups).order_by(*groups)
    topics: dict[str, dict[str, int]] = {}
    for topic, language, count in await connection.execute(asked):
        topics.setdefault(topic, {})[language] = count
    return Subscribers(sum(people.values()), topics, channels)


async def _movement(
    connection: AsyncConnection, begins: datetime, ends: datetime
) -> tuple[Sequence[datetime], Sequence[datetime]]:
    when = subscription.c
    # Of somebody who stopped without ever having signed up no language is known.
    has_been = and_(_IS_LIVE, when.language != "")
    came = select(when.consented_at).where(has_been, when.consented_at >= begins, when.consented_at < ends)
    has_left = and_(has_been, when.state == "stopped", when.changed_at >= begins, when.changed_at < ends)
    left = select(when.changed_at).where(has_left)
    return (await connection.execute(came)).scalars().all(), (await connection.execute(left)).scalars().all()


async def _latest(connection: AsyncConnection, most: int) -> tuple[Delivered, ...]:
    is_out = and_(advisory.c.kind == AdvisoryKind.LIVE.value, advisory.c.released_at.is_not(None))
    asked = select(advisory).where(is_out).order_by(advisory.c.number.desc()).limit(most)
    found = [advisory_of(row) for row in await connection.execute(asked)]
    groups = (delivery.c.advisory, delivery.c.state)
    its = select(*groups, func.count()).where(delivery.c.advisory.in_([each.number for each in found]))
    states: dict[int, dict[State, int]] = {}
    for number, state, count in await connection.execute(its.group_by(*groups)):
        states.setdefault(number, {})[State(state)] = count
    return tuple(Delivered(each, states.get(each.number, {})) for each in found)


def _by_day(moments: Sequence[datetime], zone: ZoneInfo) -> dict[date, int]:
    days: dict[date, int] = {}
    for moment in moments:
        day = moment.astimezone(zone).date()
        days[day] = days.get(day, 0) + 1
    return days
