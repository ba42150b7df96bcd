"""The advisories in the books: from draft to release, each act of staff noted in the transaction that does it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.advisory import Advisory, AdvisoryKind, AdvisoryType, Content, ReleaseRefused, Stage
from bot.core.message import ChannelName
from bot.store.audit import in_turn, note
from bot.store.contents import advisory_of, columns_of, written
from bot.store.database import Database
from bot.store.faults import NoSuchAdvisory, WrongStage
from bot.store.planning import audience_of, continuing, freeze, refusals, thread_of
from bot.store.schema import advisory as table
from bot.store.subscriptions import counted

_UNAPPROVED = {"approved_by": None, "approved_at": None, "approved_count": None, "override": None, "texts": None,
               "corrections": None, "replacements": None, "paused_for": None}  # fmt: skip
_NOTHING: Mapping[str, str] = {}


class Advisories:
    """What the department announces. Every method may raise `StoreDown`.

    Those that name an advisory raise `NoSuchAdvisory`, those that change one `WrongStage` when it is too late for that.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def draft(
        self,
        content: Content,
        kind: AdvisoryKind,
        author: str,
        now: datetime,
        *,
        type: AdvisoryType = AdvisoryType.ALERT,  # noqa: A002 - CAP's word
        follows: int | None = None,
        prefix: str,
    ) -> Advisory:
        """Put a new one into the books; an Update or Cancel names any message of the thread that it `follows`."""
        return await self._database.run(_draft, content, kind, author, now, type, follows, prefix)

    async def change(self, number: int, content: Content, by: str, now: datetime) -> Advisory:
        """Give an unreleased one other content: it is a draft of whoever changed it, and nobody has approved it."""
        return await self._database.run(_change, number, content, by, now)

    async def approve(
        self,
        number: int,
        by: str,
        count: int,
        texts: Mapping[str, str],
        corrections: Mapping[str, str],
        override: str | None,
        now: datetime,
        *,
        replacements: Mapping[str, str] = _NOTHING,
    ) -> Advisory:
        """Freeze the words that go out, for an audience of `count` people; again when that has changed."""
        words = _frozen(texts, corrections, replacements)
        return await self._database.run(_approve, number, by, count, words, override, now)

    async def release(
        self,
        number: int,
        by: str,
        texts: Mapping[str, str],
        corrections: Mapping[str, str],
        override: str | None,
        starts_at: datetime | None,
        now: datetime,
        *,
        replacements: Mapping[str, str] = _NOTHING,
    ) -> Advisory:
        """Freeze the audience and let it go out, or at `starts_at` when that is yet to come.

        The words count only when nobody has approved any. Raises `ReleaseRefused` with every reason against it.
        """
        words = _frozen(texts, corrections, replacements)
        return await self._database.run_long(_release, number, by, words, override, starts_at, now)

    async def pause(self, number: int, by: str, why: str, now: datetime) -> Advisory:
        """Start no send of it until it is resumed."""
        return await self._database.run(_pause, number, by, why, now)

    async def resume(self, number: int, by: str, now: datetime) -> Advisory:
        """Go on where it was paused; one whose time has come meanwhile goes out now."""
        return await self._database.run(_resume, number, by, now)

    async def discard(self, number: int, by: str, now: datetime) -> Advisory:
        """Never release it. What has been released is withdrawn by a Cancel instead."""
        return await self._database.run(_discard, number, by, now)

    async def find(self, name: int | str) -> Advisory | None:
        """By number or identifier."""
        is_it = table.c.number == name if isinstance(name, int) else table.c.identifier == name
        return next(iter(await self._database.run(_select, is_it)), None)

    async def newest(self, most: int, kind: AdvisoryKind | None = None) -> tuple[Advisory, ...]:
        """At most so many, the newest first; `kind` None: both kinds."""
        return await self._database.run(_select, true() if kind is None else table.c.kind == kind.value, most)

    async def live(self, now: datetime) -> tuple[Advisory, ...]:
        """What the public is to be shown, the newest first."""
        out = table.c.stage.in_([Stage.SENDING.value, Stage.PAUSED.value, Stage.FINISHED.value])
        holds = out & table.c.ended.is_(None) & (table.c.expires_at > now)
        return tuple(each for each in await self._database.run(_select, holds) if each.is_live(now))

    async def thread(self, number: int) -> tuple[Advisory, ...]:
        """Every message of that one's thread, drafts included, in order."""
        return await self._database.run(_thread, number)

    async def audience(self, number: int) -> Mapping[tuple[ChannelName, str], int]:
        """How many people on each channel, in each language, it would address if it were released now."""
        return await self._database.run(_audience, number)


def _frozen(*words: Mapping[str, str]) -> dict[str, str | None]:
    return {name: written(each) for name, each in zip(("texts", "corrections", "replacements"), words, strict=True)}


async def held(connection: AsyncConnection, number: int) -> Advisory:
    """The advisory, unchanged by others until the transaction ends. Raises `NoSuchAdvisory`."""
    row = (
        await connection.execute(select(table).where(table.c.number == number).with_for_update(key_share=True))
    ).one_or_none()
    if row is None:
        raise NoSuchAdvisory(f"there is no advisory {number}")
    return advisory_of(row)


async def _draft(
    connection: AsyncConnection,
    content: Content,
    kind: AdvisoryKind,
    author: str,
    now: datetime,
    kind_of_message: AdvisoryType,
    follows: int | None,
    prefix: str,
) -> Advisory:
    await in_turn(connection)
    number = (await connection.execute(select(func.coalesce(func.max(table.c.number), 0) + 1))).scalar_one()
    thread, place = number, 1
    if (follows is None) != (kind_of_message is AdvisoryType.ALERT):
        raise WrongStage("an Update or Cancel follows an advisory, and nothing else does")
    if follows is not None:
        before = await thread_of(connection, await held(connection, follows))
        _check_same_thread(before, content, kind)
        thread, place = before[0].number, len(before) + 1
    values = {"number": number, "thread": thread, "kind": kind.value, "type": kind_of_message.value, "author": author}
    values |= {"identifier": f"{prefix}-{now.year}-{thread:06d}.{place}", "stage": Stage.DRAFT.value, "created_at": now}
    await connection.execute(insert(table).values({**values, **columns_of(content)}))
    return await _noted(connection, author, "draft", number, now)


def _check_same_thread(thread: tuple[Advisory, ...], content: Content, kind: AdvisoryKind) -> None:
    reasons = continuing(thread)
    if thread[0].kind is not kind:
        reasons.append(f"what it follows is {thread[0].kind.value}, and both address the same people")
    if thread[0].content.topic != content.topic:
        reasons.append(f"what it follows is about {thread[0].content.topic}, and both address the same people")
    if reasons:
        raise WrongStage("; ".join(reasons))


async def _change(connection: AsyncConnection, number: int, content: Content, by: str, now: datetime) -> Advisory:
    await in_turn(connection)
    advisory = _unreleased(await held(connection, number), "changed")
    if advisory.type is not AdvisoryType.ALERT:
        _check_same_thread(await thread_of(connection, advisory), content, advisory.kind)
    # Whoever has changed it is its author: else they could approve their own words.
    values = {"stage": Stage.DRAFT.value, "author": by, "starts_at": None, "audience": None, **_UNAPPROVED}
    await _set(connection, number, {**values, **columns_of(content)})
    return await _noted(connection, by, "change", number, now)


async def _approve(
    connection: AsyncConnection,
    number: int,
    by: str,
    count: int,
    words: Mapping[str, Any],
    override: str | None,
    now: datetime,
) -> Advisory:
    await in_turn(connection)
    _unreleased(await held(connection, number), "approved", Stage.SCHEDULED)
    values = {"stage": Stage.APPROVED.value, "approved_by": by, "approved_at": now, "approved_count": count}
    values |= {"override": override, "paused_for": None, "starts_at": None, "audience": None}
    await _set(connection, number, {**values, **words})
    return await _noted(connection, by, "approve", number, now, count=count, override=override)


async def _release(
    connection: AsyncConnection,
    number: int,
    by: str,
    words: Mapping[str, Any],
    override: str | None,
    starts_at: datetime | None,
    now: datetime,
) -> Advisory:
    await in_turn(connection)
    advisory = await held(connection, number)
    values: dict[str, Any] = {} if advisory.approved_by is not None else dict(words)
    values |= {"released_by": by, "starts_at": starts_at or now, "override": override or advisory.override}
    if advisory.stage in (Stage.DRAFT, Stage.APPROVED):  # else the refusal below says where it is
        await _set(connection, number, values)
        advisory = await held(connection, number)
    if reasons := await refusals(connection, advisory, by, now):
        raise ReleaseRefused(reasons)
    told = {"type": advisory.type.value, "kind": advisory.kind.value, "override": advisory.override}
    if starts_at is not None and starts_at > now:
        count = sum((await counted(connection, await audience_of(connection, advisory))).values())
        await _set(connection, number, {"stage": Stage.SCHEDULED.value, "audience": count})
        return await _noted(connection, by, "schedule", number, now, audience=count, at=starts_at.isoformat(), **told)
    count = await freeze(connection, advisory, now)
    return await _noted(connection, by, "release", number, now, audience=count, **told)


async def _pause(connection: AsyncConnection, number: int, by: str, why: str, now: datetime) -> Advisory:
    await in_turn(connection)
    advisory = await held(connection, number)
    if advisory.stage not in (Stage.SENDING, Stage.SCHEDULED):
        raise _too_late(advisory, "paused")
    await _set(connection, number, {"stage": Stage.PAUSED.value, "paused_for": why})
    return await _noted(connection, by, "pause", number, now, why=why)


async def _resume(connection: AsyncConnection, number: int, by: str, now: datetime) -> Advisory:
    await in_turn(connection)
    advisory = await held(connection, number)
    if advisory.stage is not Stage.PAUSED:
        raise _too_late(advisory, "resumed")
    values: dict[str, Any] = {"stage": Stage.SCHEDULED.value, "paused_for": None}
    if advisory.released_at is not None:
        values |= {"stage": Stage.SENDING.value, "starts_at": now}  # what was refused before then is forgiven
    await _set(connection, number, values)
    return await _noted(connection, by, "resume", number, now)


async def _discard(connection: AsyncConnection, number: int, by: str, now: datetime) -> Advisory:
    await in_turn(connection)
    _unreleased(await held(connection, number), "discarded", Stage.SCHEDULED)
    await _set(connection, number, {"stage": Stage.DISCARDED.value, "paused_for": None})
    return await _noted(connection, by, "discard", number, now)


def _unreleased(advisory: Advisory, done: str, *also: Stage) -> Advisory:
    is_waiting = advisory.stage is Stage.PAUSED and advisory.released_at is None
    if not is_waiting and advisory.stage not in (Stage.DRAFT, Stage.APPROVED, *also):
        raise _too_late(advisory, done)
    return advisory


def _too_late(advisory: Advisory, done: str) -> WrongStage:
    return WrongStage(f"{advisory.identifier} is {advisory.stage.value}: it cannot be {done}")


async def _set(connection: AsyncConnection, number: int, values: Mapping[str, Any]) -> None:
    await connection.execute(update(table).where(table.c.number == number).values(dict(values)))


async def _noted(
    connection: AsyncConnection, who: str, act: str, number: int, now: datetime, **details: Any
) -> Advisory:
    advisory = await held(connection, number)
    await note(connection, who, act, advisory.identifier, details, now)
    return advisory


async def _select(connection: AsyncConnection, which: Any, most: int | None = None) -> tuple[Advisory, ...]:
    rows = await connection.execute(select(table).where(which).order_by(table.c.number.desc()).limit(most))
    return tuple(advisory_of(row) for row in rows)


async def _thread(connection: AsyncConnection, number: int) -> tuple[Advisory, ...]:
    return await thread_of(connection, await held(connection, number))


async def _audience(connection: AsyncConnection, number: int) -> dict[tuple[ChannelName, str], int]:
    return await counted(connection, await audience_of(connection, await held(connection, number)))
