"""`doctor`: is each configured channel, key and link working; what is wrong, and how to mend it. Nothing is sent."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta

from aiohttp import ClientSession, ClientTimeout, TCPConnector

from bot import link_checks, platforms
from bot.channels import (
    messenger_checks,
    meta,
    meta_checks,
    sms,
    sms_checks,
    telegram,
    telegram_checks,
    webhook_checks,
    whatsapp_checks,
)
from bot.channels.meta_line import USER_AGENT, GraphRefused, Line, Pace
from bot.channels.twilio_line import TwilioLine
from bot.channels.whatsapp_template import Template
from bot.clock import utc_now
from bot.core.channel import LaneClosed, SendFailed
from bot.core.entry import Knowledge
from bot.knowledge import live, schema, source
from bot.knowledge.source import KnowledgeInvalid
from bot.settings import Settings
from bot.store import backup, key_prints
from bot.store.database import Database, in_file
from bot.store.faults import KeysForeign, KeyUnusable, StoreDown
from bot.store.keys import Pseudonyms
from bot.store.sealed import Seal

_ANSWERS_WITHIN = ClientTimeout(total=15, connect=5)
_CALL_WITHIN = timedelta(seconds=10)
_BACKUP_IS_OLD = timedelta(hours=26)  # a night's, and time to take it
_CONNECTIONS = 2  # one thing is asked after the other


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found in one place. `told` None: all is well; `is_fault` False: somebody should look at it."""

    place: str
    told: str | None = None
    is_fault: bool = True

    def __str__(self) -> str:
        mark = "ok" if self.told is None else "FAULT" if self.is_fault else "look"
        return f"{mark:5}  {self.place}" + (f": {self.told}" if self.told else "")


async def told(chosen: Settings, say: Callable[[str], None], *, with_links: bool) -> int:
    """Say each finding as soon as it is there, and return how many are faults."""
    count = 0
    async for found in examined(chosen, utc_now, with_links=with_links):
        say(str(found))
        count += found.told is not None and found.is_fault
    return count


async def examined(
    chosen: Settings, clock: Callable[[], datetime], *, with_links: bool = True
) -> AsyncIterator[Finding]:
    """Everything, in the order in which it is best mended."""
    for place, kept in (("keys/pseudonyms", Pseudonyms.kept_in), ("keys/addresses", Seal.kept_in)):
        yield await asyncio.to_thread(_key, place, lambda kept=kept: kept(chosen.data))  # type: ignore[misc]
    yield await _store(chosen)
    for found in await asyncio.to_thread(lambda: list(_backups(chosen, clock()))):
        yield found
    knowledge, finding = await asyncio.to_thread(_knowledge, chosen)
    yield finding
    listed = link_checks.links(knowledge) if knowledge else {}
    async with _client() as client, _client(link_checks.connector()) as outward:
        apis = _apis(chosen)
        asked = list(listed)[:1] if with_links and not apis else []
        yield await _clock(outward if asked else client, apis or asked, clock)
        for place, check in _channels(chosen, client, knowledge, clock):
            async for found in _checked(place, check):
                yield found
        if with_links and knowledge:
            wrong = await link_checks.looked_up(outward, listed)
            for each in wrong:
                yield Finding(f"link {each.link} ({listed[each.link]})", each.told, each.is_fault)
            if not wrong:
                yield Finding(f"links: {len(listed)}")


def _client(connector: TCPConnector | None = None) -> ClientSession:
    headers = {"User-Agent": USER_AGENT}
    return ClientSession(timeout=_ANSWERS_WITHIN, headers=headers, trust_env=False, connector=connector)


# This machine.


def _key(place: str, kept: Callable[[], object]) -> Finding:
    try:
        kept()
    except KeyUnusable as e:
        return Finding(place, str(e))
    return Finding(place)


async def _store(chosen: Settings) -> Finding:
    async with Database(chosen.database or in_file(chosen.data / "bot.sqlite3")) as database:
        try:
            await database.open()
            await database.run_long(key_prints.prove, chosen.data, utc_now())
        except KeysForeign as e:
            return Finding("store", str(e))
        except StoreDown as e:
            return Finding("store", f"{e}: look at the disk, BOT_DATA and BOT_DATABASE")
    return Finding("store")


def _backups(chosen: Settings, now: datetime) -> Iterable[Finding]:
    """When the last backup was taken and tried; that there is none is for somebody to look at."""
    if chosen.backup is None:
        yield Finding("backup", "none is made by itself: set BOT_BACKUP to a folder on another disk", is_fault=False)
        return
    taken, tried = backup.last_backup(chosen.backup), backup.last_rehearsal(chosen.backup)
    if taken is None or now - taken > _BACKUP_IS_OLD:
        told = "there is none yet" if taken is None else f"the last one is of {taken:%Y-%m-%d %H:%M} UTC"
        yield Finding("backup", f"{told}: look for `backup failed` in the log, or danbury-bot backup")
    else:
        yield Finding("backup")
    if tried is not None and not tried.is_sound:
        yield Finding("rehearsal", f"{tried.backup} would not do: {'; '.join(tried.faults)}")
    elif tried is None or now - tried.at > _BACKUP_IS_OLD:
        yield Finding("rehearsal", "no restore was tried within a day: danbury-bot rehearse", is_fault=False)
    else:
        yield Finding("rehearsal")


def _knowledge(chosen: Settings) -> tuple[Knowledge | None, Finding]:
    try:
        found = schema.checked(source.read(chosen.knowledge or live.default_folder(), live.SHIPPED))[0]
    except KnowledgeInvalid as e:
        return None, Finding("knowledge", f"{len(e.problems)} problem(s): danbury-bot check shows file and line")
    return found, Finding("knowledge")


async def _clock(client: ClientSession, apis: Iterable[str], clock: Callable[[], datetime]) -> Finding:
    for api in apis:
        if theirs := await webhook_checks.told_time(client, api):
            return Finding("clock", next(iter(webhook_checks.clock_faults(theirs, clock())), None))
    return Finding("clock", "nobody could be asked for the time", is_fault=False)


def _apis(chosen: Settings) -> list[str]:
    """The providers of the channels that are set."""
    asked = (
        (chosen.telegram_token, chosen.telegram_api),
        (chosen.meta_app_secret, chosen.meta_api),
        (chosen.twilio_account_sid, chosen.twilio_api),
    )
    return [api for is_set, api in asked if is_set]


# The channels. Each check yields faults; none: all is well.

Faults = AsyncIterator[str]


def _channels(
    chosen: Settings, client: ClientSession, knowledge: Knowledge | None, clock: Callable[[], datetime]
) -> Iterable[tuple[str, Callable[[], Faults]]]:
    languages = knowledge.department.languages if knowledge else ()
    if chosen.telegram_token:
        yield "telegram", lambda: _telegram(chosen, client, clock())
    if chosen.meta_app_secret and (chosen.whatsapp_token or chosen.messenger_token):
        yield "meta webhook", lambda: _meta_door(chosen, client)
    if chosen.whatsapp_token:
        yield "whatsapp", lambda: _whatsapp(chosen, languages, clock())
    if chosen.messenger_token:
        yield "messenger", lambda: _messenger(chosen, clock())
    if chosen.twilio_account_sid:
        yield "sms", lambda: _sms(chosen, client)


async def _checked(place: str, check: Callable[[], Faults]) -> AsyncIterator[Finding]:
    is_well = True
    try:
        async for fault in check():
            is_well = False
            yield Finding(place, fault)
    except LaneClosed as e:
        yield Finding(place, f"the token is refused ({e}): copy it again from the provider's pages")
    except GraphRefused as e:
        yield Finding(place, f"Meta refuses the token ({e}): copy it again, or make a new one of the system user")
    except SendFailed as e:
        yield Finding(place, f"the provider is out of reach ({e}): look at the network, and at its status page")
    else:
        if is_well:
            yield Finding(place)


async def _telegram(chosen: Settings, client: ClientSession, now: datetime) -> Faults:
    token = chosen.telegram_token.get_secret_value() if chosen.telegram_token else ""
    webhook = f"{chosen.public_url}{telegram.PATH}" if chosen.public_url else None
    for fault in await telegram_checks.faults(client, chosen.telegram_api, token, webhook, now):
        yield fault
    if chosen.public_url:
        for fault in await webhook_checks.door_faults(client, chosen.public_url, telegram.PATH):
            yield fault


async def _meta_door(chosen: Settings, client: ClientSession) -> Faults:
    if chosen.public_url is None:
        yield "BOT_PUBLIC_URL is not set: set it to where Meta reaches this bot, so that it can be looked at"
        return
    faults = await webhook_checks.door_faults(client, chosen.public_url, meta.PATH)
    verify = chosen.meta_verify_token.get_secret_value() if chosen.meta_verify_token else ""
    for fault in faults or await webhook_checks.handshake_faults(client, chosen.public_url, meta.PATH, verify):
        yield fault


async def _whatsapp(chosen: Settings, languages: Iterable[str], now: datetime) -> Faults:
    shown = chosen.whatsapp_token.get_secret_value() if chosen.whatsapp_token else ""
    number = chosen.whatsapp_number_id or ""
    async with AsyncExitStack() as rooms:
        line = await rooms.enter_async_context(_line(chosen, shown))
        token = await meta_checks.token(line, shown, whatsapp_checks.NEEDS, now)
        for fault in (*token.faults, *await whatsapp_checks.number_faults(line, number)):
            yield fault
        if token.app:
            about, fields = meta.WHATSAPP, whatsapp_checks.FIELDS
            for fault in await _subscription(chosen, rooms, token.app, about, fields):
                yield fault
            for fault in await whatsapp_checks.account_faults(
                line, token.accounts, number, token.app, Template(), languages
            ):
                yield fault


async def _messenger(chosen: Settings, now: datetime) -> Faults:
    shown = chosen.messenger_token.get_secret_value() if chosen.messenger_token else ""
    async with AsyncExitStack() as rooms:
        line = await rooms.enter_async_context(_line(chosen, shown))
        token = await meta_checks.token(line, shown, messenger_checks.NEEDS, now)
        for fault in (*token.faults, *await messenger_checks.page_faults(line, token.app)):
            yield fault
        if token.app:
            about, fields = meta.MESSENGER, messenger_checks.FIELDS
            for fault in await _subscription(chosen, rooms, token.app, about, fields):
                yield fault


async def _subscription(
    chosen: Settings, rooms: AsyncExitStack, app: str, about: str, fields: Iterable[str]
) -> tuple[str, ...]:
    """What is wrong with the app's webhook, asked with its own secret, which is so proved to be its own."""
    if chosen.public_url is None:
        return ()
    line = await rooms.enter_async_context(_line(chosen, f"{app}|{chosen.meta_app_secrets[0]}"))
    url = f"{chosen.public_url}{meta.PATH}"
    return await meta_checks.subscription_faults(line, app, about, url, tuple(fields))


async def _sms(chosen: Settings, client: ClientSession) -> Faults:
    account = platforms.account(chosen, chosen.twilio_account_sid or "")
    url = chosen.public_url or ""
    async with TwilioLine(account, chosen.twilio_api, _CONNECTIONS, _CALL_WITHIN) as line:
        for fault in await sms_checks.faults(line, account, f"{url}{sms.PATH}{sms.OVERRIDES}"):
            yield fault
    for path in (sms.PATH, sms.STATUS_PATH):
        for fault in await webhook_checks.door_faults(client, url, path):
            yield fault


def _line(chosen: Settings, token: str) -> Line:
    return Line(chosen.meta_api, token, _CONNECTIONS, Pace(answer=_CALL_WITHIN))
