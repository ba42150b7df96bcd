"""`doctor` beside the real house and providers on loopback: each fault named with how to mend it, nothing sent."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, web
from click.testing import CliRunner

from bot import doctor
from bot.channels import telegram_checks
from bot.channels.sms import OVERRIDES
from bot.channels.webhook_checks import clock_faults, door_faults, told_time
from bot.channels.whatsapp_checks import template_faults
from bot.channels.whatsapp_template import Template
from bot.cli import main
from bot.clock import utc_now
from bot.core.answer import Snapshot
from bot.doctor import Finding
from bot.link_checks import links, looked_up
from bot.store import backup
from bot.store.backup import Rehearsed
from tests import meta_emulator as meta
from tests import real_folder, small_folder
from tests import telegram_emulator as telegram
from tests import twilio_api as twilio
from tests.builders import NOW, an_entry, knowledge
from tests.test_sms_emulate import free_port
from tests.whole_house import Street, street

APP, ACCOUNT = "634974688087057", "102290129340398"
BODY = [{"type": "BODY", "text": "Notice: {{1}}\nDetails: {{2}}\nEnd."}]


@pytest.fixture(scope="module")
def known() -> Snapshot:
    return real_folder.loaded().snapshot


def template(code: str, **changed: Any) -> dict[str, Any]:
    return {"name": "department_advisory", "language": code, "status": "APPROVED", "category": "UTILITY",
            "components": BODY, **changed}  # fmt: skip


def hooks(url: str, about: str, *names: str) -> dict[str, Any]:
    return {"object": about, "callback_url": f"{url}/webhooks/meta", "active": True,
            "fields": [{"name": name, "version": "v23.0"} for name in names]}  # fmt: skip


def token(**changed: Any) -> dict[str, Any]:
    """What `debug_token` tells, as on Meta's page about permissions."""
    scopes = ["whatsapp_business_messaging", "whatsapp_business_management", "pages_messaging"]
    granted = [{"scope": "whatsapp_business_management", "target_ids": [ACCOUNT]}]
    told = {"app_id": APP, "type": "SYSTEM_USER", "expires_at": 0, "is_valid": True, "scopes": scopes}
    return {"data": told | {"granular_scopes": granted} | changed}


async def all_well(town: Street) -> None:
    """Everything registered, approved and paid for; as the guides say."""
    town.graph.told = {
        "debug_token": token(),
        meta.NUMBER: {"id": meta.NUMBER, "name_status": "APPROVED", "quality_rating": "GREEN"},
        f"{APP}/subscriptions": {"data": [
            hooks(town.url, "whatsapp_business_account", "messages"),
            hooks(town.url, "page", "messages", "messaging_postbacks"),
        ]},
        f"{ACCOUNT}/phone_numbers": {"data": [{"id": meta.NUMBER}]},
        f"{ACCOUNT}/subscribed_apps": {"data": [{"whatsapp_business_api_data": {"id": APP, "name": "Ask"}}]},
        f"{ACCOUNT}/message_templates": {"data": [template(code) for code in ("en_US", "es", "pt_BR")]},
        "me/subscribed_apps": {"data": [{"id": APP, "subscribed_fields": ["messages", "messaging_postbacks"]}]},
        "me/messenger_profile": {"data": [{"get_started": {"payload": "/start"}}]},
    }  # fmt: skip
    number = {"phone_number": twilio.OURS, "sms_url": f"{town.url}/webhooks/twilio{OVERRIDES}", "sms_method": "POST",
              "capabilities": {"sms": True}}  # fmt: skip
    town.twilio.told = {
        f"{twilio.SID}.json": {"status": "active", "type": "Full"},
        "IncomingPhoneNumbers.json": {"incoming_phone_numbers": [number]},
    }
    await registered(town)


async def registered(town: Street, url: str = "") -> None:
    """What `serve` does at its start, at Telegram."""
    told = {"url": f"{url or town.url}/webhooks/telegram", "secret_token": town.house.platforms.telegram_secret}
    async with town.client.post(f"{town.telegram.url}/bot{telegram.TOKEN}/setWebhook", json=told) as response:
        assert response.status == 200


async def found(town: Street, clock: Callable[[], datetime] = utc_now, **changed: Any) -> list[Finding]:
    folder = town.chosen.data / "small"  # what it says of the real folder is another test's
    if not folder.exists():
        small_folder.write(folder)
    backups, now = town.chosen.data / "backups", datetime.now(UTC)
    (whole := backups / f"bot-{now:%Y%m%dT%H%M%SZ}").mkdir(parents=True, exist_ok=True)
    (whole / "manifest.json").touch()
    backup.note_rehearsal(backups, Rehearsed(now, whole.name, 1.0))
    chosen = town.chosen.model_copy(update={"knowledge": folder, "backup": backups} | changed)
    return [each async for each in doctor.examined(chosen, clock, with_links=False)]


def wrong(findings: list[Finding]) -> dict[str, list[str]]:
    """What was told, by place."""
    told: dict[str, list[str]] = {}
    for each in findings:
        if each.told:
            told.setdefault(each.place, []).append(each.told)
    return told


async def test_where_all_is_well_each_place_says_so_and_nothing_is_sent(tmp_path: Path, known: Snapshot) -> None:
    async with street(tmp_path, known) as town:
        await all_well(town)
        findings = await found(town)
        assert wrong(findings) == {}
        assert [each.place for each in findings] == [
            "keys/pseudonyms", "keys/addresses", "store", "backup", "rehearsal", "knowledge", "clock",
            "telegram", "meta webhook", "whatsapp", "messenger", "sms",
        ]  # fmt: skip
        assert (town.graph.sent, town.twilio.asked, town.telegram.sent) == ([], [], [])
        by_app = {token for path, token in town.graph.asked_by if path.endswith("/subscriptions")}
        assert by_app == {f"{APP}|{meta.SECRETS[0]}"}


def changed_told(path: str, told: Any) -> Callable[[Street], None]:
    def change(town: Street) -> None:
        town.graph.told[path] = told

    return change


def changed_twilio(path: str, told: Any) -> Callable[[Street], None]:
    def change(town: Street) -> None:
        town.twilio.told[path] = told

    return change


SOON = int(datetime.now(UTC).timestamp()) + 86_400
META_FAULTS: list[tuple[Callable[[Street], None], str, str]] = [
    (changed_told("debug_token", 190), "whatsapp", "refuses the token"),
    (changed_told("debug_token", token(is_valid=False)), "messenger", "no longer takes the token"),
    (changed_told("debug_token", token(expires_at=SOON)), "whatsapp", "the token ends on"),
    (changed_told("debug_token", token(scopes=["pages_messaging"])), "whatsapp",
     "may not whatsapp_business_messaging, whatsapp_business_management"),
    (changed_told("debug_token", token(granular_scopes=[])), "whatsapp", "does not tell in which account"),
    (changed_told(meta.NUMBER, 100), "whatsapp", "does not open the number"),
    (changed_told(meta.NUMBER, {"quality_rating": "RED"}), "whatsapp", "RED"),
    (changed_told(meta.NUMBER, {"name_status": "DECLINED"}), "whatsapp", "display name"),
    (changed_told(f"{APP}/subscriptions", 190), "whatsapp", "BOT_META_APP_SECRET is another app's"),
    (changed_told(f"{APP}/subscriptions", {"data": []}), "messenger", "no webhook is set"),
    (changed_told(f"{ACCOUNT}/subscribed_apps", {"data": []}), "whatsapp", "not subscribed to the account"),
    (changed_told(f"{ACCOUNT}/phone_numbers", {"data": [{"id": "1"}]}), "whatsapp", "in which account"),
    (changed_told(f"{ACCOUNT}/message_templates", {"data": [template("en_US"), template("es")]}), "whatsapp",
     "department_advisory in pt_BR is missing"),
    (changed_told("me/subscribed_apps", {"data": []}), "messenger", "not subscribed to the page"),
    (changed_told("me/subscribed_apps", {"data": [{"id": APP, "subscribed_fields": ["messages"]}]}), "messenger",
     "does not bring messaging_postbacks"),
    (changed_told("me/subscribed_apps", 190), "messenger", "does not open the page"),
    (changed_told("me/messenger_profile", {"data": []}), "messenger", "Get Started"),
    (changed_twilio(f"{twilio.SID}.json", {"status": "suspended"}), "sms", "the account is suspended"),
    (changed_twilio("IncomingPhoneNumbers.json", {"incoming_phone_numbers": []}), "sms", "does not own"),
    (lambda town: town.twilio.told.clear(), "sms", "the token is refused"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "place", "words"), META_FAULTS, ids=[words for _, _, words in META_FAULTS])
async def test_what_a_person_must_mend_at_a_provider_is_named(
    change: Callable[[Street], None], place: str, words: str, tmp_path: Path, known: Snapshot
) -> None:
    async with street(tmp_path, known) as town:
        await all_well(town)
        change(town)
        told = wrong(await found(town))
        assert any(words in each for each in told[place]), told
        assert (town.graph.sent, town.twilio.asked, town.telegram.sent) == ([], [], [])


async def test_no_token_secret_or_number_of_a_person_is_told(tmp_path: Path, known: Snapshot) -> None:
    async with street(tmp_path, known) as town:  # nothing is registered anywhere
        town.twilio.told.clear()
        shown = "\n".join(map(str, await found(town)))
    secret = (meta.TOKEN, *meta.SECRETS, meta.VERIFY, twilio.TOKEN, twilio.OLD_TOKEN, telegram.TOKEN)
    assert [each for each in secret if each in shown] == []
    assert shown.count("FAULT") >= 4


async def test_a_webhook_that_nobody_answers_or_somebody_else_does_is_told(tmp_path: Path, known: Snapshot) -> None:
    async with street(tmp_path, known) as town:
        await all_well(town)
        nowhere = f"http://127.0.0.1:{free_port()}"
        told = wrong(await found(town, public_url=nowhere))
        assert all("nobody answers" in told[place][-1] for place in ("meta webhook", "sms"))
        assert any("leads elsewhere" in each for each in told["telegram"])
        assert any("leads elsewhere" in each for each in told["whatsapp"])
        other = town.chosen.model_copy(update={"meta_verify_token": town.chosen.messenger_token})
        shown = wrong([each async for each in doctor.examined(other, utc_now, with_links=False)])
        assert "another BOT_META_VERIFY_TOKEN" in shown["meta webhook"][0]


@pytest.mark.parametrize(
    ("status", "words"), [(404, "has no /x"), (301, "leads on"), (200, "answers HTTP 200"), (502, "answers HTTP 502")]
)
async def test_only_our_own_refusal_proves_that_a_door_is_ours(status: int, words: str) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Location": "https://else.example"} if status == 301 else {})

    app = web.Application()
    app.router.add_post("/x", answer)
    async with telegram.listening(app) as url, ClientSession() as client:
        assert words in (await door_faults(client, url, "/x"))[0]


async def test_providers_want_https() -> None:
    async with ClientSession() as client:
        faults = await door_faults(client, "http://ask.invalid", "/x")
    assert "https://" in faults[0]


async def test_a_clock_that_is_off_is_told_against_the_providers_own(tmp_path: Path, known: Snapshot) -> None:
    async with street(tmp_path, known) as town:
        await all_well(town)
        told = wrong(await found(town, lambda: utc_now() + timedelta(minutes=5)))
        assert "seconds fast" in told["clock"][0]
        async with ClientSession() as client:
            theirs = await told_time(client, town.graph.url)
            assert theirs is not None
            assert clock_faults(theirs, utc_now()) == ()
            assert await told_time(client, f"http://127.0.0.1:{free_port()}") is None
    assert "seconds slow" in clock_faults(NOW, NOW - timedelta(seconds=31))[0]
    assert clock_faults(NOW, NOW - timedelta(seconds=29)) == ()


def test_each_way_a_template_can_be_wrong_is_named() -> None:
    good = [template(code) for code in ("en_US", "es", "pt_BR")]
    languages = ("en", "es", "pt")
    assert template_faults(good, Template(), languages) == ()
    for changed, words in (
        ({"status": "PENDING"}, "is PENDING"),
        ({"category": "MARKETING"}, "category MARKETING"),
        ({"components": [{"type": "BODY", "text": "Only {{1}}."}]}, "other slots"),
        ({"components": [*BODY, {"type": "FOOTER", "text": "{{1}}"}]}, "other slots"),
    ):
        (fault,) = template_faults([*good[:2], template("pt_BR", **changed)], Template(), languages)
        assert "pt_BR" in fault
        assert words in fault


@pytest.mark.parametrize(
    ("told", "webhook", "words"),
    [
        ({"url": ""}, None, []),
        ({"url": "https://a/webhooks/telegram"}, None, ["a webhook is set"]),
        ({"url": "https://a/t"}, "https://a/t", []),
        ({"url": ""}, "https://a/t", ["no webhook is registered"]),
        ({"url": "https://b/t"}, "https://a/t", ["leads elsewhere"]),
        ({"url": "https://a/t", "last_error_date": int(NOW.timestamp()) - 60, "last_error_message": "502"},
         "https://a/t", ["could not bring a message (502)"]),
        ({"url": "https://a/t", "last_error_date": int(NOW.timestamp()) - 90_000}, "https://a/t", []),
        ({"url": "https://a/t", "pending_update_count": 500}, "https://a/t", ["500 messages wait"]),
    ],
)  # fmt: skip
def test_each_fault_of_telegrams_webhook_is_named(told: dict[str, Any], webhook: str | None, words: list[str]) -> None:
    faults = telegram_checks.webhook_faults(told, webhook, NOW)
    assert len(faults) == len(words)
    assert all(word in fault for word, fault in zip(words, faults, strict=True))


async def test_a_wrong_token_of_telegram_and_a_telegram_out_of_reach_are_told_apart(
    tmp_path: Path, known: Snapshot
) -> None:
    async with street(tmp_path, known) as town:
        await all_well(town)
        town.telegram.refuse("getMe", "Unauthorized", 401)
        told = wrong(await found(town))
        assert "the token is refused" in told["telegram"][0]
        told = wrong(await found(town, telegram_api=f"http://127.0.0.1:{free_port()}"))
        assert "out of reach" in told["telegram"][0]


# This machine.


def test_a_key_that_others_may_read_and_a_store_that_does_not_open_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    (data / "keys").mkdir(parents=True, mode=0o700)
    (data / "keys" / "pseudonyms").write_bytes(b"k" * 32)
    (data / "keys" / "pseudonyms").chmod(0o644)
    (data / "bot.sqlite3").mkdir()
    folder = small_folder.write(tmp_path / "knowledge")
    (folder / "faqs" / "a.yaml").write_text("- id: [")
    for name, value in (("BOT_DATA", data), ("BOT_KNOWLEDGE", folder)):
        monkeypatch.setenv(name, str(value))
    result = CliRunner().invoke(main, ["doctor", "--no-links"])
    lines = {line[7:].split(":")[0]: line for line in result.output.splitlines()}
    assert (result.exit_code, lines["keys/addresses"]) == (1, "ok     keys/addresses")
    assert "chmod 600" in lines["keys/pseudonyms"]
    assert lines["store"].startswith("FAULT")
    assert "danbury-bot check" in lines["knowledge"]
    assert result.output.splitlines()[-1] == "3 fault(s)"


def test_without_any_channel_all_may_be_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("BOT_KNOWLEDGE", str(small_folder.write(tmp_path / "knowledge")))
    result = CliRunner().invoke(main, ["doctor", "--no-links"])
    assert (result.exit_code, result.output.splitlines()[-1]) == (0, "All is well.")
    assert "look   clock: nobody could be asked for the time" in result.output


# Links.


async def test_a_dead_link_is_a_fault_and_one_that_shuts_programs_out_is_to_be_looked_at() -> None:
    statuses = {"/ok": 200, "/gone": 404, "/deleted": 410, "/broken": 500, "/shy": 403, "/busy": 429}

    async def answer(request: web.Request) -> web.Response:
        if request.path == "/moved":
            raise web.HTTPMovedPermanently("/ok")
        if request.path == "/round":
            raise web.HTTPFound("/round")
        return web.Response(status=statuses[request.path])

    app = web.Application()
    app.router.add_get("/{path}", answer)
    nowhere = f"http://127.0.0.1:{free_port()}/"
    async with telegram.listening(app) as url, ClientSession() as client:
        wanted = [*(f"{url}{path}" for path in (*statuses, "/moved", "/round")), nowhere]
        told = {each.link.removeprefix(url): each for each in await looked_up(client, wanted)}
    assert set(told) == {"/gone", "/deleted", "/broken", "/shy", "/busy", "/round", nowhere}
    assert {link for link, each in told.items() if not each.is_fault} == {"/shy", "/busy"}
    assert "does not answer" in told[nowhere].told


def test_every_link_that_a_resident_may_read_is_looked_up_once_with_its_place(known: Snapshot) -> None:
    found_links = links(known.knowledge)
    for entry in known.knowledge.entries.values():
        if entry.source:
            assert entry.source.url.split("#")[0] in found_links
    assert known.knowledge.department.links["website"] in found_links
    assert all(link.startswith("http") for link in found_links)
    mine = knowledge(an_entry("a", "how", answer="See https://x.example/a, or (https://x.example/b#part)."))
    assert {"https://x.example/a", "https://x.example/b"} <= set(links(mine))
