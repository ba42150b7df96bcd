"""`/metrics` in the text form of Prometheus: figures of the whole bot, about nobody, and not for the public."""

import hmac
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from itertools import accumulate

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from prometheus_client import CollectorRegistry, ProcessCollector, exposition
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from bot.core.message import ChannelName
from bot.public.health import Health
from bot.service.measures import BOUNDS, Measures

PATH = "/metrics"
_HOOKS = "/webhooks/"
_FORWARDED = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP")
_FRESH = {"Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class Now:
    """What is at the moment of asking, beside the counts and the health."""

    waiting: int
    lag: float
    open_chats: int


class Figures(Collector):
    """Counts and state in the library's words, made at each asking."""

    def __init__(self, measures: Measures, health: Callable[[], Health], now: Callable[[], Now]) -> None:
        self._measures, self._health, self._now = measures, health, now

    def collect(self) -> Iterator[Metric]:
        yield from self._counted()
        yield from self._standing(self._health(), self._now())

    def _counted(self) -> Iterator[Metric]:
        counts = self._measures
        yield _counter("bot_turns", "Turns by the end they took.", ("channel", "outcome"), counts.turns.items())
        verdicts = [((level.name.lower(),), count) for level, count in counts.verdicts.items()]
        yield _counter("bot_verdicts", "What the 911 check said.", ("verdict",), verdicts)
        yield _counter("bot_turns_shed", "Told to ask again, as too many waited.", ("channel",), _single(counts.shed))
        limited = _single(counts.limited)
        yield _counter("bot_turns_limited", "Turned away, as somebody sent too much.", ("channel",), limited)
        ends = ("channel", "kind", "end")
        yield _counter("bot_sends", "Replies and announcements by what the platform said.", ends, counts.sends.items())
        asked = ("platform", "status")
        yield _counter(
            "bot_webhook_requests", "Webhooks by our answer; 403 is no proof.", asked, counts.webhooks.items()
        )
        errors = [((), counts.store_errors)]
        yield _counter("bot_store_errors", "Turns' questions to the store that it did not answer.", (), errors)
        took = HistogramMetricFamily("bot_turn_seconds", "From a message to its reply's end.", labels=("channel",))
        for channel, spread in counts.took.items():
            bounds = (*(str(bound) for bound in BOUNDS), "+Inf")
            buckets = list(zip(bounds, accumulate(spread.counts), strict=True))
            took.add_metric((channel.value,), buckets, spread.total)
        yield took

    def _standing(self, health: Health, now: Now) -> Iterator[Metric]:
        yield GaugeMetricFamily("bot_turns_waiting", "Turns that wait for their decision.", now.waiting)
        yield GaugeMetricFamily("bot_loop_lag_seconds", "How late the event loop is.", now.lag)
        yield GaugeMetricFamily("bot_web_chats_open", "Open sockets of the web chat.", now.open_chats)
        yield GaugeMetricFamily("bot_store_up", "Whether the store answered at the last look.", health.is_store_ok)
        yield GaugeMetricFamily("bot_ready", "Whether questions get answers.", health.can_answer)
        revision = {"revision": (health.revision or "none")[:12]}
        yield InfoMetricFamily("bot_knowledge", "The knowledge in use.", revision)
        fault = bool(health.faults)
        yield GaugeMetricFamily("bot_knowledge_fault", "Whether the newest edit cannot go live.", fault)
        yield GaugeMetricFamily("bot_encoder_up", "Whether the sentence encoder reads messages.", health.is_encoding)
        # What is not known, or is not there, has no line: an alarm on `absent` or a comparison then says which.
        known = (
            ("bot_knowledge_age_seconds", "Since the knowledge in use went live.", health.knowledge_age),
            ("bot_deliveries_unsent", "Deliveries of released advisories not yet sent.", health.unsent),
            ("bot_oldest_unsent_seconds", "Since the oldest advisory began that is unsent.", health.unsent_age),
            ("bot_backup_age_seconds", "Since the newest backup.", health.backup_age),
            ("bot_rehearsal_age_seconds", "Since a restore was last tried.", health.rehearsal_age),
            ("bot_rehearsal_sound", "Whether the restore last tried would do.", health.is_rehearsal_sound),
        )
        for name, told, value in known:
            if value is not None:
                yield GaugeMetricFamily(name, told, value)


def routes(
    measures: Measures,
    health: Callable[[], Health],
    now: Callable[[], Now],
    token: str | None,
    *,
    trusts_loopback: bool,
) -> list[web.RouteDef]:
    """The page, for whoever has the token, and for programs on this machine.

    `trusts_loopback` is False where a proxy of ours may stand on this machine: all the world comes from there then.
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Figures(measures, health, now))
    ProcessCollector(registry=registry)

    async def told(request: web.Request) -> web.Response:
        if not _may_read(request, token, trusts_loopback):
            asks = {"WWW-Authenticate": "Bearer"} if token else {}
            return web.Response(status=401 if token else 403, headers=_FRESH | asks)
        form, kind = exposition.choose_encoder(request.headers.get("Accept", ""))
        return web.Response(body=form(registry), headers=_FRESH | {"Content-Type": kind})

    return [web.get(PATH, told)]


def counted(measures: Measures) -> Middleware:
    """A middleware that counts webhooks by our answer."""

    @web.middleware
    async def count(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not request.path.startswith(_HOOKS) or request.match_info.route.resource is None:
            return await handler(request)
        status = 500
        try:
            answer = await handler(request)
            status = answer.status
            return answer
        except web.HTTPException as e:
            status = e.status
            raise
        finally:
            measures.webhooks[request.path.removeprefix(_HOOKS), status] += 1

    return count


def _may_read(request: web.Request, token: str | None, trusts_loopback: bool) -> bool:
    shown = request.headers.get("Authorization", "")
    if token is not None and hmac.compare_digest(shown.encode("utf-8", "replace"), f"Bearer {token}".encode()):
        return True
    was_forwarded = any(name in request.headers for name in _FORWARDED)
    return trusts_loopback and not was_forwarded and is_loopback(request.remote)


def is_loopback(peer: str | None) -> bool:
    """Whether the other end of the line is on this machine."""
    try:
        address = ip_address((peer or "").partition("%")[0])
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def _counter(
    name: str, told: str, labels: tuple[str, ...], counts: Iterable[tuple[tuple[object, ...], int]]
) -> CounterMetricFamily:
    family = CounterMetricFamily(name, told, labels=labels)
    for key, count in counts:
        family.add_metric([str(each) for each in key], count)
    return family


def _single(counts: Mapping[ChannelName, int]) -> list[tuple[tuple[object, ...], int]]:
    return [((channel,), count) for channel, count in counts.items()]
