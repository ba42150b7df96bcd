"""Opens the house in order and closes it in reverse. The port opens first: 911 waits for nothing else."""

import asyncio
import errno
import resource
import signal
import socket
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from datetime import datetime, timedelta

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from bot import every_answer, gauges, nightly
from bot.channels.telegram import Telegram
from bot.channels.telegram_polling import unless
from bot.clock import utc_now
from bot.core.floor import FLOOR_TEXT
from bot.house import House
from bot.public import metrics
from bot.service.broadcast import Broadcaster, Housekeeper
from bot.service.reception import Memory
from bot.settings import Settings
from bot.slow_lines import QUIET_AT_MOST, Lines
from bot.store import rotation
from bot.store.database import Database, in_file
from bot.store.faults import KeysForeign, StoreDown, StoreFromFuture
from bot.store.inbox import KEPT

log = structlog.get_logger()

_LAST_REPLIES = 10.0  # seconds that turns in flight get when the bot stops
_STORE_AGAIN = timedelta(seconds=15)  # between two tries to open a store that is down
_CLEAN_EVERY = timedelta(hours=1)
_PORTS_TRIED = 50
_AT_ONCE = ("/chat", "/healthz", "/readyz", "/metrics")


class PortBusy(Exception):
    """Somebody listens on the port already; the text names the next free one."""


async def serve(
    settings: Settings,
    say: Callable[[str], None],
    stopping: asyncio.Event | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> None:
    """Answer on every configured channel until stopped.

    Raises `PortBusy`, and `KeysForeign` when a store that others may use was written under other keys.
    """
    stopping = stopping or _on_signals()
    _room_for_sockets()
    house = House.built(settings, clock)
    store: asyncio.Task[KeysForeign | None] | None = None
    async with AsyncExitStack() as rooms:
        rooms.callback(house.live.close)
        await house.platforms.open(rooms)  # first: what is brought to an open port is answered at once
        port = await _listen(house, settings, rooms)
        await house.live.start()
        with suppress(OSError):  # whoever reads along may go away
            for line in house.first_words():
                say(line)
            say(f"Chat: http://{_reachable(settings.host)}:{port}/   (stop with Ctrl-C)")
        async with asyncio.TaskGroup() as tasks:
            database = await rooms.enter_async_context(
                Database(settings.database or in_file(settings.data / "bot.sqlite3"))
            )
            if house.pseudonyms:
                store = tasks.create_task(_keep_store(house, database, settings, stopping), name="store")
                tasks.create_task(_announce(house, database, stopping), name="advisories")
                tasks.create_task(house.limits(house.pseudonyms).run(stopping), name="limits")
            tasks.create_task(house.reception.shedding.run(stopping), name="shedding")
            tasks.create_task(house.vitals.run(stopping), name="vitals")
            tasks.create_task(house.live.watch(stopping), name="knowledge")
            tasks.create_task(house.board.keep(house.chat.tell, stopping), name="board")
            tasks.create_task(house.backstage.run(stopping), name="backstage")
            tasks.create_task(nightly.run(house, settings, stopping), name="nightly")
            if telegram := house.platforms.telegram:
                tasks.create_task(_telegram(telegram, house, settings, stopping), name="telegram")
            if messenger := house.platforms.messenger:
                tasks.create_task(unless(stopping, messenger.introduce()), name="messenger")
            await stopping.wait()
            log.info("stopping")
        await house.reception.quiet(_LAST_REPLIES)
        await house.backstage.close()
        await house.chat.close()
    log.info("stopped")
    if store is not None and (foreign := store.result()) is not None:
        raise foreign


async def _listen(house: House, settings: Settings, rooms: AsyncExitStack) -> int:
    """Open the port with everything that answers on it; returns the port."""

    @web.middleware
    async def when_loaded(request: web.Request, handler: Handler) -> web.StreamResponse:
        """Pages wait for the first load; what brings messages in, and who asks after our health, does not."""
        if request.method == "GET" and request.path not in _AT_ONCE:
            await house.live.opened.wait()
        try:
            return await handler(request)
        except web.HTTPException:
            raise
        except Exception as e:  # border: inbound message
            log.exception("page failed")
            raise web.HTTPInternalServerError(text=FLOOR_TEXT) from e

    lines = Lines()
    application = web.Application(middlewares=[lines.noted, metrics.counted(house.reception.measures), when_loaded])
    application.on_response_prepare.append(every_answer.said(settings))
    house.setup(application)
    gauges.setup(house, settings, application)
    runner = web.AppRunner(
        application, access_log=None, shutdown_timeout=_LAST_REPLIES, keepalive_timeout=QUIET_AT_MOST
    )
    await runner.setup()
    rooms.push_async_callback(runner.cleanup)
    rooms.enter_context(lines.watched(runner))
    site = web.TCPSite(runner, settings.host, settings.port)
    try:
        await site.start()
    except OSError as e:
        if e.errno != errno.EADDRINUSE:
            where = f"BOT_HOST={settings.host} BOT_PORT={settings.port}"
            raise PortBusy(f"{where} cannot be listened on: {e.strerror or 'no such address'}") from e
        free = _next_free(settings.host, settings.port)
        raise PortBusy(f"port {settings.port} is taken; {free} is free: BOT_PORT={free} danbury-bot serve") from e
    rooms.push_async_callback(site.stop)
    try:
        await gauges.listen(house, settings, rooms)
    except OSError as e:
        raise PortBusy(f"BOT_METRICS_PORT={settings.metrics_port} cannot be listened on: {e.strerror}") from e
    return int(runner.addresses[0][1])


async def _telegram(telegram: Telegram, house: House, settings: Settings, stopping: asyncio.Event) -> None:
    telegram.menus = house.menus()
    if house.platforms.telegram_secret and settings.public_url:
        await telegram.register(settings.public_url, house.platforms.telegram_secret, stopping)
    else:
        await telegram.poll(stopping)


async def _announce(house: House, database: Database, stopping: asyncio.Event) -> None:
    """Once the store is open, send what is due on every channel that announces, and keep the ledger's time."""
    outbox = house.outbox(database)
    await _either(house.stored, stopping)
    if outbox is None or stopping.is_set():
        return
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(Housekeeper(outbox, house.clock).run(stopping), name="ledger")
        for channel, announcer in house.platforms.announcing():
            counted = house.reception.measures.announcing(channel, announcer)
            sender = Broadcaster(counted, channel, outbox, house.clock, house.zone)
            tasks.create_task(sender.run(stopping), name=f"{channel.value} advisories")


async def _either(*events: asyncio.Event) -> None:
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


async def _keep_store(
    house: House, database: Database, settings: Settings, stopping: asyncio.Event
) -> KeysForeign | None:
    """Open the store, again while it is down, and delete from it what is past its time, until stopping.

    Of keys that are not the store's it tells whoever starts the bot, and stops it, where others answer in its place;
    a bot that is alone, or has been answering for a while, goes on without the store.
    """
    is_start = True
    while not stopping.is_set():
        wait = _CLEAN_EVERY
        try:
            if house.reception.memory is None:
                await database.open()
                await rotation.finish(database, settings.data, house.clock())
                house.join(database)
                await house.vitals.look()  # or a monitor is told for five seconds more that there is none
                log.info("store open")
            if house.reception.memory is not None:
                await _clean(house, house.reception.memory, settings)
        except StoreFromFuture as e:
            log.error("store from the future", reason=str(e))
            return None
        except KeysForeign as e:
            log.error("key unusable", reason=str(e))
            if not (is_start and database.is_shared):
                return None
            stopping.set()
            return e
        except StoreDown as e:
            log.error("store down", reason=str(e))
            wait = _STORE_AGAIN
        is_start = False
        try:
            async with asyncio.timeout(wait.total_seconds()):
                await stopping.wait()
        except TimeoutError:
            continue
    return None


async def _clean(house: House, memory: Memory, settings: Settings) -> None:
    now = house.clock()
    gone = await house.backstage.clean(settings, now)
    gone += await memory.inbox.forget(now - KEPT)
    gone += await memory.conversations.forget(now - timedelta(days=settings.keep_chats_days))
    gone += await memory.journal.forget(now - timedelta(days=settings.keep_questions_days))
    gone += await memory.subscriptions.forget_codes(now) if memory.subscriptions else 0
    if gone:
        log.info("store cleaned", rows=gone)


def _next_free(host: str, port: int) -> int:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for candidate in (*range(port + 1, min(port + _PORTS_TRIED, 65536)), 0):
        with suppress(OSError), socket.socket(family) as probe:
            probe.bind((host, candidate))
            return int(probe.getsockname()[1])
    return 0  # any


def _room_for_sockets() -> None:
    """As many open files as the system lets us have: a shell's usual thousand is a thousand chats."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _reachable(host: str) -> str:
    """The host as a browser on this machine can open it."""
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not listened on
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _on_signals() -> asyncio.Event:
    stopping = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, stopping.set)
    return stopping
