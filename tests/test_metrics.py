"""`/metrics`: what it tells, whom it tells, and that alarms and the dashboard ask for nothing that is not there."""

import json
import re
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext, suppress
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client.parser import text_string_to_metric_families

from bot import gauges, settings
from bot.channels.webhook import hook
from bot.core.channel import Receipt, SendFailed
from bot.core.message import Address, ChannelName, Part
from bot.house import House
from bot.public import metrics
from bot.public.health import Health
from bot.service.measures import BOUNDS, Measures
from bot.service.shedding import Way
from tests.builders import NOW, FakeChannel, a_message
from tests.fake_provider import FakeProvider, Fault, in_turn
from tests.test_reception import reception

DOCS = Path(__file__).parents[1] / ".docs"
TOKEN = "a-token-that-only-the-test-knows"
HEALTH = Health(True, "a1b2c3d4e5f6aaaa", (), True, {"web": "ready"}, is_encoding=True, knowledge_age=5.0,
                backup_age=60.0, unsent=3, unsent_age=7.5, rehearsal_age=30.0, is_rehearsal_sound=False)  # fmt: skip
NOTHING_KNOWN = Health(False, None, ("faqs/a.yaml:1: broken",), False)
PLATFORMS = ("telegram", "meta", "twilio")


def now() -> metrics.Now:
    return metrics.Now(waiting=2, lag=0.01, open_chats=4)


@asynccontextmanager
async def page(
    measures: Measures, health: Health = HEALTH, token: str | None = None, *, trusts_loopback: bool = True
) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    app = web.Application(middlewares=[metrics.counted(measures)])
    app.add_routes(metrics.routes(measures, lambda: health, now, token, trusts_loopback=trusts_loopback))
    app.add_routes([hook(f"/webhooks/{each}", is_genuine=lambda headers, _: "Proof" in headers,
                         decode=lambda _: [], turn=_never) for each in PLATFORMS])  # fmt: skip
    async with TestClient(TestServer(app)) as client:
        yield client


async def _never(_: object) -> Receipt:
    return Receipt.ANSWERED


async def told(measures: Measures, health: Health = HEALTH) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Every sample by its name and labels."""
    async with page(measures, health) as client, client.get(metrics.PATH) as answer:
        assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-store")
        assert answer.content_type == "text/plain"
        families = text_string_to_metric_families(await answer.text())
    return {
        (each.name, tuple(sorted(each.labels.items()))): each.value for family in families for each in family.samples
    }


def full() -> Measures:
    """Everything has happened once."""
    measures = Measures()
    measures.turn(ChannelName.SMS, "answered", Receipt.ANSWERED, 0.02)
    measures.turned_away(ChannelName.SMS, Way.BUSY)
    measures.turned_away(ChannelName.SMS, Way.LIMITED)
    measures.webhooks["twilio", 403] += 1
    measures.store_errors += 1
    return measures


async def test_turns_are_told_by_channel_and_outcome_with_their_time_and_verdicts() -> None:
    desk, via = reception(), FakeChannel()
    for number, text in enumerate(("how do i report a crime", "zebra xylophone", "he has a gun")):
        await desk.receive(a_message(text, str(number)), via)
    samples = await told(desk.measures)
    channel = ("channel", "terminal")
    assert {
        outcome: samples["bot_turns_total", (channel, ("outcome", outcome))]
        for outcome in ("answered", "emergency", "not_found")
    } == {"answered": 1, "emergency": 1, "not_found": 1}
    assert samples["bot_turn_seconds_count", (channel,)] == 3
    assert samples["bot_turn_seconds_bucket", (channel, ("le", "+Inf"))] == 3
    assert samples["bot_verdicts_total", (("verdict", "emergency"),)] == 1
    assert samples["bot_sends_total", (channel, ("end", "answered"), ("kind", "reply"))] == 3


async def test_the_state_is_told_as_numbers() -> None:
    samples = await told(full())
    assert {name: samples[name, ()] for name in (
        "bot_turns_waiting", "bot_loop_lag_seconds", "bot_web_chats_open", "bot_store_up", "bot_ready",
        "bot_knowledge_fault", "bot_encoder_up", "bot_knowledge_age_seconds", "bot_deliveries_unsent",
        "bot_oldest_unsent_seconds", "bot_backup_age_seconds", "bot_store_errors_total", "bot_rehearsal_age_seconds",
        "bot_rehearsal_sound",
    )} == {
        "bot_turns_waiting": 2, "bot_loop_lag_seconds": 0.01, "bot_web_chats_open": 4, "bot_store_up": 1,
        "bot_ready": 1, "bot_knowledge_fault": 0, "bot_encoder_up": 1, "bot_knowledge_age_seconds": 5,
        "bot_deliveries_unsent": 3, "bot_oldest_unsent_seconds": 7.5, "bot_backup_age_seconds": 60,
        "bot_store_errors_total": 1, "bot_rehearsal_age_seconds": 30, "bot_rehearsal_sound": 0,
    }  # fmt: skip
    assert samples["bot_knowledge_info", (("revision", "a1b2c3d4e5f6"),)] == 1
    assert samples["process_resident_memory_bytes", ()] > 1_000_000


async def test_what_is_not_known_is_left_out_and_a_fault_is_told() -> None:
    samples = await told(Measures(), NOTHING_KNOWN)
    names = {name for name, _ in samples}
    absent = {"bot_backup_age_seconds", "bot_deliveries_unsent", "bot_knowledge_age_seconds",
              "bot_oldest_unsent_seconds", "bot_rehearsal_age_seconds", "bot_rehearsal_sound"}  # fmt: skip
    assert names.isdisjoint(absent)
    assert (samples["bot_knowledge_fault", ()], samples["bot_store_up", ()], samples["bot_ready", ()]) == (1, 0, 0)


async def test_law_9_no_label_holds_a_person_an_address_or_a_text() -> None:
    desk, via = reception(), FakeChannel()
    person = Address(ChannelName.WEB, "0123456789abcdef")
    for number in range(30):
        await desk.receive(a_message("zebra at 5 Elm Street", str(number), sender=person, network="192.0.2.7"), via)
    async with page(desk.measures) as client, client.get(metrics.PATH) as answer:
        text = await answer.text()
    planted = ("0123456789abcdef", "zebra", "Elm", "192.0.2.7", desk.pseudonyms.of(person))
    assert [each for each in planted if each in text] == []
    names = {name for _, labels in await told(desk.measures) for name, _ in labels}
    assert names <= {"channel", "outcome", "verdict", "kind", "end", "platform", "status", "le", "revision"}


@pytest.mark.parametrize("platform", PLATFORMS)
async def test_a_webhook_without_proof_is_counted_and_no_other_address_is(platform: str) -> None:
    measures = Measures()
    async with page(measures) as client:
        for headers in ({}, {"Proof": "yes"}):
            async with client.post(f"/webhooks/{platform}", headers=headers):
                pass
        async with client.post("/webhooks/somebody-elses"), client.get("/nothing"):
            pass
    assert measures.webhooks == {(platform, 403): 1, (platform, 200): 1}


@pytest.mark.parametrize(
    ("fault", "end"),
    [(None, "sent"), (Fault.BLOCKED, "unreachable"), (Fault.REFUSED, "refused"), (Fault.BUSY, "try_later"),
     (Fault.CLOSED, "lane_closed"), (Fault.CUT, "may_have_arrived")],
)  # fmt: skip
async def test_announcements_are_counted_by_what_the_platform_said(fault: Fault | None, end: str) -> None:
    measures = Measures()
    announcer = measures.announcing(ChannelName.TELEGRAM, FakeProvider(lambda: NOW, in_turn(fault)))
    with suppress(SendFailed) if fault else nullcontext():
        await announcer.announce(Address(ChannelName.TELEGRAM, "1"), (Part("news"),))
    assert measures.sends == {(ChannelName.TELEGRAM, "announcement", end): 1}
    assert (announcer.lane, announcer.rate) == ("telegram:1", 29.0)


Reader = Callable[[TestClient[web.Request, web.Application]], Awaitable[int]]


def asking(**headers: str) -> Reader:
    async def ask(client: TestClient[web.Request, web.Application]) -> int:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with client.get(metrics.PATH, headers=named) as answer:
            return answer.status

    return ask


@pytest.mark.parametrize(
    ("reader", "token", "trusts_loopback", "status"),
    [
        (asking(), None, True, 200),
        (asking(), None, False, 403),  # a proxy may stand there: then all the world comes from this machine
        (asking(X_Forwarded_For="203.0.113.9"), None, True, 403),
        (asking(Forwarded="for=203.0.113.9"), None, True, 403),
        (asking(Via="1.1 proxy"), None, True, 403),
        (asking(), TOKEN, False, 401),
        (asking(Authorization=f"Bearer {TOKEN}"), TOKEN, False, 200),
        (asking(Authorization=f"Bearer {TOKEN}", X_Forwarded_For="203.0.113.9"), TOKEN, False, 200),
        (asking(Authorization=f"Bearer {TOKEN}x"), TOKEN, False, 401),
        (asking(Authorization="Bearer \xff"), TOKEN, False, 401),
        (asking(Authorization=TOKEN), TOKEN, False, 401),
        (asking(Authorization="Bearer None"), None, False, 403),
    ],
)
async def test_asvs_13_4_5_metrics_are_not_public(
    reader: Reader, token: str | None, trusts_loopback: bool, status: int
) -> None:
    async with page(Measures(), token=token, trusts_loopback=trusts_loopback) as client:
        assert await reader(client) == status


@pytest.mark.parametrize(
    ("peer", "is_here"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("::ffff:127.0.0.1", True), ("::1%lo", True),
     ("10.0.0.1", False), ("203.0.113.9", False), ("::2", False), ("", False), (None, False), ("localhost", False)],
)  # fmt: skip
def test_only_a_peer_on_this_machine_is_on_this_machine(peer: str | None, is_here: bool) -> None:
    assert metrics.is_loopback(peer) is is_here


def test_counting_a_turn_costs_less_than_twenty_microseconds() -> None:
    measures, often = Measures(), 2_000
    best = min(_time(measures, often) for _ in range(5))
    assert best / often < 20e-6


def _time(measures: Measures, often: int) -> float:
    began = time.perf_counter()
    for _ in range(often):
        measures.turn(ChannelName.WEB, "answered", Receipt.ANSWERED, 0.02)
    return time.perf_counter() - began


def test_a_time_stands_in_the_first_bucket_that_holds_it() -> None:
    measures = Measures()
    for seconds in (0.0, BOUNDS[0], BOUNDS[0] + 1e-9, 99.0):
        measures.turn(ChannelName.WEB, "answered", Receipt.ANSWERED, seconds)
    counts = measures.took[ChannelName.WEB].counts
    assert (counts[0], counts[1], counts[-1], sum(counts)) == (2, 1, 1, 4)


def alarms() -> list[dict[str, str]]:
    read = yaml.safe_load((DOCS / "alerts.yaml").read_text(encoding="utf-8"))
    return [rule for group in read["groups"] for rule in group["rules"]]


def asked_for() -> list[str]:
    """Every expression of the alarms and of the dashboard."""
    drawn = json.loads((DOCS / "grafana.json").read_text(encoding="utf-8"))
    targets = [target["expr"] for panel in drawn["panels"] for target in panel.get("targets", ())]
    return [*(rule["expr"] for rule in alarms()), *targets]


async def test_alarms_and_dashboard_ask_only_for_what_is_there() -> None:
    there = {name for name, _ in await told(full())}
    named = {name for each in asked_for() for name in re.findall(r"\b(?:bot|process)_[a-z_]+", each)}
    assert named - there == set()
    assert len(named) > 15


async def test_a_label_that_is_asked_for_exists() -> None:
    labels = {name for _, pairs in await told(full()) for name, _ in pairs}
    asked = {name for each in asked_for() for name in re.findall(r"([a-z_]+)\s*(?:=~|!~|!=|=)\s*\"", each)}
    assert asked <= labels | {"job"}


@pytest.mark.parametrize("rule", alarms(), ids=lambda rule: rule["alert"])
def test_each_alarm_says_what_it_means_and_what_to_do_first(rule: dict[str, dict[str, str]]) -> None:
    assert set(rule) >= {"alert", "expr", "labels", "annotations"}
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert all(len(rule["annotations"][part]) > 20 for part in ("summary", "first_step"))


async def test_the_page_stands_while_the_store_is_down() -> None:
    samples = await told(Measures(), replace(HEALTH, is_store_ok=False, unsent=None, unsent_age=None))
    assert samples["bot_store_up", ()] == 0


@pytest.mark.parametrize(
    ("set_to", "status"),
    [
        ({}, 200),
        ({"BOT_PUBLIC_URL": "https://ask.example.gov"}, 403),  # a proxy stands in front
        ({"BOT_PROXIES": "1"}, 403),
        ({"BOT_METRICS_PORT": "9"}, 404),  # there, and not here
        ({"BOT_METRICS_TOKEN": TOKEN, "BOT_PROXIES": "1"}, 401),
    ],
)
async def test_the_whole_house_tells_them_where_the_settings_say(
    set_to: dict[str, str], status: int, tmp_path: Path
) -> None:
    chosen = settings.read({"BOT_DATA": str(tmp_path)} | set_to)
    app = web.Application()
    gauges.setup(House.built(chosen, lambda: NOW), chosen, app)
    async with TestClient(TestServer(app)) as client, client.get(metrics.PATH) as answer:
        assert answer.status == status
        assert ("bot_ready 0.0" in await answer.text()) is (status == 200)


async def test_a_port_of_their_own_is_opened_and_a_busy_one_is_said(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        chosen = settings.read({"BOT_DATA": str(tmp_path), "BOT_METRICS_PORT": str(port)})
        house = House.built(chosen, lambda: NOW)
        async with AsyncExitStack() as rooms:
            with pytest.raises(OSError, match="address already in use"):
                await gauges.listen(house, chosen, rooms)
    async with AsyncExitStack() as rooms:
        await gauges.listen(house, chosen, rooms)
        client = await rooms.enter_async_context(ClientSession())
        async with client.get(f"http://127.0.0.1:{port}{metrics.PATH}") as answer:
            assert answer.status == 200
