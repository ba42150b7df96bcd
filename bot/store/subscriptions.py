"""Who wants to be told what, and what is taken back with it: whoever leaves is not written to any more."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Row, ScalarSelect, and_, delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.advisory import AdvisoryKind, AdvisoryLevel, AdvisoryType
from bot.core.delivery import State
from bot.core.message import Address, ChannelName
from bot.core.subscription import Contact, Reach, Subscription
from bot.store.database import Database, insert
from bot.store.keys import Pseudonyms
from bot.store.schema import advisory, delivery, subscribed_topic, subscription
from bot.store.sealed import Seal
from bot.store.testers import forget, is_let_in

_KINDS = tuple(kind.value for kind in AdvisoryKind)


class Subscriptions:
    """Who gets advisories on which platform. Every method may raise `StoreDown`: nothing may be confirmed then."""

    def __init__(self, database: Database, pseudonyms: Pseudonyms, seal: Seal) -> None:
        self._database = database
        self._pseudonyms = pseudonyms
        self._seal = seal

    async def of(self, person: Address, kind: AdvisoryKind = AdvisoryKind.LIVE) -> Subscription | None:
        """What they get; None when they never subscribed, or have stopped."""
        return await self._database.run(_of, self._pseudonyms.of(person), kind)

    async def subscribe(
        self,
        person: Address,
        topics: Collection[str],
        reach: Reach | None,
        language: str,
        how: str,
        now: datetime,
        kind: AdvisoryKind = AdvisoryKind.LIVE,
    ) -> Subscription:
        """Add the topics to what they have and return all of it; `reach` None keeps theirs, every level at first.

        `how` is what they did to ask for it. Whoever has stopped begins anew, with nothing of before.
        """
        if not topics:
            raise ValueError("a subscription needs a topic")
        values = self._values(person, language, how)
        return await self._database.run(
            _subscribe, self._pseudonyms.of(person), kind, frozenset(topics), reach, values, now
        )

    async def join_exercises(
        self, person: Address, code: str, topics: Collection[str], language: str, how: str, now: datetime
    ) -> Subscription | None:
        """Let them into exercises on all these topics, at every level, for a code of staff's, which is used up by it.

        None for a code that does not hold, or not for them.
        """
        digest, values = self._pseudonyms.of_code(code), self._values(person, language, how)
        return await self._database.run(_join, self._pseudonyms.of(person), digest, frozenset(topics), values, now)

    async def leave_exercises(self, person: Address, now: datetime) -> None:
        """Send them no exercise any more; advisories go on as they were."""
        await self._database.run(_leave_exercises, self._pseudonyms.of(person), now)

    async def stop(self, person: Address, topic: str | None, now: datetime) -> Subscription | None:
        """Write nothing more to them of this topic, or nothing at all, and return what is left of the live kind.

        With the last topic everything stops: the address is forgotten. Holds for exercises as well, and for what still
        goes to an older name of this chat.
        """
        return await self._database.run(_stop, self._pseudonyms.of(person), person.channel, topic, now)

    async def set_reach(self, person: Address, reach: Reach, now: datetime) -> Subscription | None:
        """Let them have every level or only what is urgent; None when they are not subscribed."""
        return await self._database.run(_set_reach, self._pseudonyms.of(person), reach, now)

    async def set_language(self, person: Address, language: str, now: datetime) -> None:
        """Write to them in this language; nothing when they are not subscribed."""
        await self._database.run(_set_language, self._pseudonyms.of(person), language, now)

    async def audience(
        self, topic: str, level: AdvisoryLevel, kind: AdvisoryKind
    ) -> Mapping[tuple[ChannelName, str], int]:
        """How many people on each channel, in each language, want the topic at that level now."""
        return await self._database.run(_audience, topic, level, kind)

    async def testers(self) -> Mapping[tuple[ChannelName, str], int]:
        """How many people take part in exercises on each channel, in each language."""
        return await self._database.run(_testers)

    async def forget_codes(self, now: datetime) -> int:
        """Delete codes and wrong tries that have run out, and tell how many rows that were."""
        return await self._database.run(forget, now)

    async def contact(self, person: Address) -> Contact | None:
        """What a platform must know to write to them; None when they are to be sent nothing."""
        return await self._database.run(_contact, self._pseudonyms.of(person))

    async def counts(self) -> Mapping[str, int]:
        """How many people get each topic, those in exercises apart; a topic that nobody gets is absent."""
        return await self._database.run(_counts)

    def _values(self, person: Address, language: str, how: str) -> dict[str, Any]:
        return {
            "language": language,
            "consented_by": how,
            "address": self._seal.close(person),
            "channel": person.channel.value,
        }


def wanted(topic: ColumnElement[str] | str, *, is_urgent: bool) -> ColumnElement[bool]:
    """A subscription that gets messages of the topic; when they are not urgent, only if it gets every level."""
    takes = and_(subscribed_topic.c.subscription == subscription.c.id, subscribed_topic.c.topic == topic)
    is_wanted = and_(subscription.c.state == "active", exists().where(takes))
    return is_wanted if is_urgent else and_(is_wanted, subscription.c.level == Reach.EVERY.value)


async def leave(connection: AsyncConnection, ids: Collection[int], now: datetime) -> None:
    """Stop these subscriptions: no address, no topics, nothing due. The pseudonym stays, so that it is known."""
    stopped = {"state": "stopped", "address": None, "note": None, "last_inbound_at": None, "changed_at": now}
    await connection.execute(update(subscription).where(subscription.c.id.in_(ids)).values(stopped))
    await connection.execute(delete(subscribed_topic).where(subscribed_topic.c.subscription.in_(ids)))
    await opt_out(connection, delivery.c.subscription.in_(ids), now)


async def opt_out(connection: AsyncConnection, whose: ColumnElement[bool], now: datetime) -> None:
    """Send nothing of theirs that has not begun to be sent."""
    values = {"state": State.OPTED_OUT.value, "settled_at": now}
    await connection.execute(update(delivery).where(whose, delivery.c.state == State.DUE.value).values(values))


def belongs_to(person: str | ScalarSelect[str] | BindParameter[str]) -> ColumnElement[bool]:
    """Both kinds of subscription of one person; `kind` is named so that the key on both finds the row."""
    return and_(subscription.c.kind.in_(_KINDS), subscription.c.person == person)


async def _rows(connection: AsyncConnection, person: str) -> dict[str, Row[*tuple[Any, ...]]]:
    """Their subscriptions by kind, held until the transaction ends, stopped ones included."""
    # Not their key: a release holds the keys of its whole audience until it is stored, and a STOP must not wait for it.
    found = await connection.execute(select(subscription).where(belongs_to(person)).with_for_update(key_share=True))
    return {row.kind: row for row in found}


async def _of(connection: AsyncConnection, person: str, kind: AdvisoryKind) -> Subscription | None:
    row = (await _rows(connection, person)).get(kind.value)
    if row is None or row.state == "stopped":
        return None
    return await _subscription(connection, row.id, row.level, row.language)


async def _subscription(connection: AsyncConnection, number: int, level: str, language: str) -> Subscription:
    topics = select(subscribed_topic.c.topic).where(subscribed_topic.c.subscription == number)
    return Subscription(frozenset((await connection.execute(topics)).scalars()), Reach(level), language)


async def _subscribe(
    connection: AsyncConnection,
    person: str,
    kind: AdvisoryKind,
    topics: frozenset[str],
    reach: Reach | None,
    values: Mapping[str, Any],
    now: datetime,
) -> Subscription:
    before = (await _rows(connection, person)).get(kind.value)
    kept = before.level if before is not None and before.state != "stopped" else Reach.EVERY.value
    level = kept if reach is None else reach.value
    values = {**values, "level": level, "state": "active", "note": None, "consented_at": now, "changed_at": now}
    row = insert(connection, subscription).values(kind=kind.value, person=person, **values)
    keys = [subscription.c.kind, subscription.c.person]
    taken = row.on_conflict_do_update(index_elements=keys, set_=values).returning(subscription.c.id)
    number = (await connection.execute(taken)).scalar_one()
    wants = insert(connection, subscribed_topic).on_conflict_do_nothing()
    await connection.execute(wants, [{"subscription": number, "topic": topic} for topic in sorted(topics)])
    if level == Reach.URGENT.value:
        await _opt_out_of_the_rest(connection, [number], now)
    return await _subscription(connection, number, level, values["language"])


async def _join(
    connection: AsyncConnection,
    person: str,
    digest: str,
    topics: frozenset[str],
    values: Mapping[str, Any],
    now: datetime,
) -> Subscription | None:
    if not await is_let_in(connection, person, digest, values["channel"], now):
        return None
    return await _subscribe(connection, person, AdvisoryKind.EXERCISE, topics, Reach.EVERY, values, now)


async def _leave_exercises(connection: AsyncConnection, person: str, now: datetime) -> None:
    row = (await _rows(connection, person)).get(AdvisoryKind.EXERCISE.value)
    if row is not None and row.state != "stopped":
        await leave(connection, [row.id], now)


async def _stop(
    connection: AsyncConnection, person: str, channel: ChannelName, topic: str | None, now: datetime
) -> Subscription | None:
    rows = await _rows(connection, person)
    ids = [row.id for row in rows.values() if row.state != "stopped"]
    if topic is not None:
        left = subscribed_topic.c.subscription.in_(ids)
        await connection.execute(delete(subscribed_topic).where(left, subscribed_topic.c.topic == topic))
        await connection.execute(update(subscription).where(subscription.c.id.in_(ids)).values(changed_at=now))
        of_topic = select(advisory.c.number).where(advisory.c.topic == topic, _is_no_cancel())
        await opt_out(connection, delivery.c.subscription.in_(ids) & delivery.c.advisory.in_(of_topic), now)
        kept = set((await connection.execute(select(subscribed_topic.c.subscription).where(left))).scalars())
        ids = [number for number in ids if number not in kept]
    if ids:
        await leave(connection, ids, now)
    if topic is None:
        await _know_as_stopped(connection, person, channel, [kind for kind in _KINDS if kind not in rows], now)
    return await _of(connection, person, AdvisoryKind.LIVE)


async def _know_as_stopped(
    connection: AsyncConnection, person: str, channel: ChannelName, kinds: Collection[str], now: datetime
) -> None:
    """Remember a STOP of somebody who is not known: their chat may have moved, and nobody has told us yet."""
    told = {"person": person, "channel": channel.value, "language": "", "level": Reach.EVERY.value, "state": "stopped"}
    rows = [{**told, "kind": kind, "consented_at": now, "consented_by": "STOP", "changed_at": now} for kind in kinds]
    if rows:
        await connection.execute(insert(connection, subscription).on_conflict_do_nothing(), rows)


async def _set_reach(connection: AsyncConnection, person: str, reach: Reach, now: datetime) -> Subscription | None:
    ids = [row.id for row in (await _rows(connection, person)).values() if row.state != "stopped"]
    changed = update(subscription).where(subscription.c.id.in_(ids)).values(level=reach.value, changed_at=now)
    await connection.execute(changed)
    if reach is Reach.URGENT:
        await _opt_out_of_the_rest(connection, ids, now)
    return await _of(connection, person, AdvisoryKind.LIVE)


async def _opt_out_of_the_rest(connection: AsyncConnection, ids: Collection[int], now: datetime) -> None:
    """Take back what is due and no Alert; what follows an Alert in its thread goes on, as does every withdrawal."""
    first = advisory.alias()
    of_alert = exists().where(first.c.thread == advisory.c.thread, first.c.level == AdvisoryLevel.ALERT.value)
    rest = select(advisory.c.number).where(_is_no_cancel(), ~of_alert)
    await opt_out(connection, delivery.c.subscription.in_(ids) & delivery.c.advisory.in_(rest), now)


def _is_no_cancel() -> ColumnElement[bool]:
    return advisory.c.type != AdvisoryType.CANCEL.value


async def _set_language(connection: AsyncConnection, person: str, language: str, now: datetime) -> None:
    is_subscribed = and_(belongs_to(person), subscription.c.state != "stopped")
    await connection.execute(update(subscription).where(is_subscribed).values(language=language, changed_at=now))


async def _audience(
    connection: AsyncConnection, topic: str, level: AdvisoryLevel, kind: AdvisoryKind
) -> dict[tuple[ChannelName, str], int]:
    wants = wanted(topic, is_urgent=level is AdvisoryLevel.ALERT)
    return await counted(connection, and_(subscription.c.kind == kind.value, wants))


async def counted(connection: AsyncConnection, who: ColumnElement[bool]) -> dict[tuple[ChannelName, str], int]:
    """How many subscriptions those are on each channel, in each language."""
    groups = (subscription.c.channel, subscription.c.language)
    rows = await connection.execute(select(*groups, func.count()).where(who).group_by(*groups).order_by(*groups))
    return {(ChannelName(channel), language): count for channel, language, count in rows}


async def _contact(connection: AsyncConnection, person: str) -> Contact | None:
    known = select(subscription.c.language, subscription.c.last_inbound_at)
    is_subscribed = and_(belongs_to(person), subscription.c.state != "stopped")
    live_first = known.where(is_subscribed).order_by(subscription.c.kind.desc()).limit(1)
    row = (await connection.execute(live_first)).first()
    return None if row is None else Contact(row.language, row.last_inbound_at)


async def _testers(connection: AsyncConnection) -> dict[tuple[ChannelName, str], int]:
    is_in = and_(subscription.c.kind == AdvisoryKind.EXERCISE.value, subscription.c.state == "active")
    return await counted(connection, is_in)


async def _counts(connection: AsyncConnection) -> dict[str, int]:
    is_active = and_(subscription.c.state == "active", subscription.c.kind == AdvisoryKind.LIVE.value)
    joined = subscribed_topic.join(subscription, subscribed_topic.c.subscription == subscription.c.id)
    topics = select(subscribed_topic.c.topic, func.count()).select_from(joined).where(is_active)
    rows = await connection.execute(topics.group_by(subscribed_topic.c.topic).order_by(subscribed_topic.c.topic))
    return {row.topic: row[1] for row in rows}
