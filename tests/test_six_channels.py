"""The same conversation on all six channels, through the house as `serve` builds it: the same words, cut to each."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.channels.sms_sending import ANSWER_SEGMENTS, cost
from bot.clock import utc_now
from bot.core import compose
from bot.core.answer import Snapshot, answer
from bot.core.channel import utf16_units
from bot.core.compose import ENTRY_MARK
from bot.core.conversation import Conversation
from bot.core.entry import EntryKind
from bot.core.first_look import looked
from bot.core.gsm import cheapest
from bot.core.message import Address, Reply
from tests import meta_emulator as meta
from tests import real_folder
from tests import test_law_1 as law_1
from tests.builders import a_message
from tests.test_reception import broken
from tests.whole_house import DOORS, HOOKS, MESSENGER, SMS, TELEGRAM, WHATSAPP, Door, Shown, Street, street

LANGUAGES = ("en", "es", "pt")
SAYS = {
    "en": ("how do i get a copy of a police report", "there is a man in my house with a gun"),
    "es": ("como saco una copia de un reporte de policia", "hay un hombre en mi casa con una pistola"),
    "pt": ("como tiro uma copia do boletim de ocorrencia", "tem um homem armado dentro da minha casa"),
}
PEOPLE = {"en": "12035550140", "es": "12035550141", "pt": "12035550142"}
# As long as an SMS can be.
TOO_LONG = {
    "en": ("please tell me about parking " * 60)[:1600],
    "es": ("por favor dígame algo sobre el estacionamiento " * 60)[:1600],
    "pt": ("por favor me fale sobre o estacionamento aqui " * 60)[:1600],
}
every = pytest.mark.parametrize("door", DOORS, ids=str)
hooks = pytest.mark.parametrize("door", HOOKS, ids=str)
in_each = pytest.mark.parametrize("language", LANGUAGES)


@pytest.fixture(scope="module")
def known() -> Snapshot:
    return real_folder.loaded().snapshot


@pytest.fixture
async def town(tmp_path: Path, known: Snapshot) -> AsyncIterator[Street]:
    async with street(tmp_path, known) as found:
        yield found


def squashed(text: str) -> str:
    return " ".join(text.split())


def has_the_words(shown: list[Shown], reply: Reply, door: Door) -> bool:
    """Whether somebody reads the reply's words from the beginning: all, but for an SMS that links to the rest."""
    seen = squashed("\n".join(each.text for each in shown))
    if door is not SMS:
        return seen.startswith(squashed(reply.text))
    words, _, page = seen.partition(" ... http")
    whole = squashed(reply.text) if words in squashed(reply.text) else squashed(cheapest(reply.text))
    return bool(words) and (whole.startswith(words) if page else words.startswith(whole))


def fits(shown: list[Shown], door: Door) -> bool:
    """Whether no message is longer than the platform takes, and no button's words."""
    sizes = [door.limits.measure(each.text) for each in shown]
    labels = [utf16_units(label) for each in shown for label, _ in each.choices]
    return max(sizes) <= door.limits.text_units and max(labels, default=0) <= door.limits.label_units


@every
@in_each
async def test_the_same_conversation_has_the_same_words(
    door: Door, language: str, town: Street, known: Snapshot
) -> None:
    """Question, choice, command, picture, a message that is too long, emergency."""
    knowledge, person = known.knowledge, PEOPLE[language]
    question, danger = SAYS[language]
    today = utc_now().astimezone(knowledge.department.time_zone).date()

    def about(entry: str) -> Reply:
        return compose.answered(knowledge.entries[entry], language, knowledge, today)

    shown = await door.bring(town, door.wrote(question, person))
    assert has_the_words(shown, about("police-report-copy"), door)
    assert fits(shown, door)

    first = about("police-report-copy").choices[0]
    if door is SMS:  # the titles beside an answer stand on its page, and its page is linked
        assert shown[-1].text.endswith("/answers/police-report-copy")
        assert sum(cost(each.text) for each in shown) <= ANSWER_SEGMENTS
    elif shown[-1].choices:
        assert first.value in [value for _, value in shown[-1].choices]
    chosen = await door.bring(town, door.pressed(1, first.label, first.value, person))
    assert has_the_words(chosen, about(first.value.removeprefix(ENTRY_MARK)), door)
    assert fits(chosen, door)

    listed = await door.bring(town, door.wrote("/contacts", person))
    assert has_the_words(listed, compose.menu(EntryKind.CONTACT, language, knowledge), door)
    assert fits(listed, door)

    if door.photo is not None:
        media = await door.bring(town, door.photo(None, person))
        told = f"{knowledge.replies.notice[language]}\n\n{knowledge.phrases('media', language)}"
        assert has_the_words(media, Reply(told), door)

    text = TOO_LONG[language]
    decided = answer(a_message(text), looked(text, known), known, Conversation(spoke=language), utc_now())
    long = await door.bring(town, door.wrote(text, person))
    assert has_the_words(long, decided.reply, door)
    assert fits(long, door)
    at_its_end = await door.bring(town, door.wrote(f"{text[: -len(danger)]}{danger}", person))
    assert at_its_end[0].text.splitlines()[0] == knowledge.replies.redirect[language].splitlines()[0]

    redirected = await door.bring(town, door.wrote(danger, person))
    assert squashed("\n".join(each.text for each in redirected)).startswith(
        squashed(knowledge.replies.redirect[language])
    )
    assert fits(redirected, door)


async def test_all_of_them_say_who_is_ready(town: Street) -> None:
    async with town.client.get(f"{town.url}/readyz") as response:
        state = await response.json()
    assert state["channels"] == {
        "web": "ready",
        "telegram": "webhook",
        "whatsapp": "webhook",
        "messenger": "webhook",
        "sms": "webhook",
    }


async def test_meta_shakes_hands_with_the_house(town: Street) -> None:
    asked = {"hub.mode": "subscribe", "hub.verify_token": meta.VERIFY, "hub.challenge": "1158201444"}
    async with town.client.get(f"{town.url}/webhooks/meta", params=asked) as response:
        assert (response.status, await response.text()) == (200, "1158201444")
    async with town.client.get(f"{town.url}/webhooks/meta", params=asked | {"hub.verify_token": "x"}) as response:
        assert response.status == 403


@hooks
async def test_what_is_not_proved_is_refused_with_no_work_done(door: Door, town: Street) -> None:
    asked: list[object] = []
    town.house.reception.receive = lambda *given: asked.append(given)  # type: ignore[method-assign,assignment]
    paths = {TELEGRAM: "/webhooks/telegram", SMS: "/webhooks/twilio"}
    body = door.wrote("there is a man with a gun", PEOPLE["en"])
    raw = "&".join(f"{name}={value}" for name, value in body.items()) if door is SMS else json.dumps(body)
    assert await town.post(paths.get(door, "/webhooks/meta"), raw.encode(), {}) == 403
    assert asked == []


# Duplicates and replays.


@hooks
async def test_a_replay_is_acknowledged_for_eight_days_and_an_emergency_is_answered_every_time(
    door: Door, tmp_path: Path, known: Snapshot
) -> None:
    """The bot is started again between; what it forgets it forgets at its start and every hour."""
    began, question = utc_now(), door.wrote(SAYS["en"][0], PEOPLE["en"])
    danger = door.wrote(SAYS["en"][1], PEOPLE["es"])
    counts, redirects = [], []
    for later in (timedelta(), timedelta(days=1), timedelta(days=7, hours=23), timedelta(days=8, hours=1)):
        async with street(tmp_path, known, clock=lambda later=later: began + later) as town:  # type: ignore[misc]
            memory = town.house.reception.memory
            assert memory is not None
            await town.cleaned()
            answered = [len(await door.bring(town, question)) > 0 for _ in range(2)]
            counts.append(answered)
            redirects.append([len(await door.bring(town, danger)) for _ in range(2)])
    assert counts == [[True, False], [False, False], [False, False], [True, False]]
    assert redirects == [[1, 1]] * 4


# Law 1.


def cut_broken(_: law_1.Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cuts a reply to the platform's size fails."""
    monkeypatch.setattr("bot.service.apology.fit", law_1.Raises())


@hooks
@pytest.mark.parametrize("trouble", [*law_1.TROUBLES, cut_broken], ids=lambda trouble: trouble.__name__)
async def test_law_1_every_webhook_of_the_house_gives_911_whatever_is_broken(
    door: Door, trouble: law_1.Trouble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with street(tmp_path, law_1.KNOWN, is_stored=False) as town:
        desk = law_1.Desk()
        desk.live, desk.reception = town.house.live, town.house.reception  # type: ignore[assignment]
        trouble(desk, monkeypatch)
        for body in (door.wrote(law_1.DANGER, PEOPLE["en"]), door.photo(law_1.DANGER, PEOPLE["es"])):  # type: ignore[misc]
            for _ in range(2):
                assert (await door.bring(town, body))[0].text.splitlines()[0] == desk.expected


@hooks
async def test_law_1_a_platform_that_asks_for_patience_gets_the_911_reply_at_the_second_try(
    door: Door, tmp_path: Path
) -> None:
    async with street(tmp_path, law_1.KNOWN) as town:
        town.house.reception.memory = broken()
        town.telegram.refuse("sendMessage", "Too Many Requests: retry after 0", 429, retry_after=0)
        town.graph.faults.append(meta.No(2, 500))
        town.twilio.refuse(503, 20503)
        shown = await door.bring(town, door.wrote(law_1.DANGER, PEOPLE["en"]))
        assert shown[-1].text.splitlines()[0] == law_1.REDIRECT


# What the platforms tell of people.


async def test_who_wrote_last_is_kept_for_those_who_get_advisories_and_goes_with_their_stop(town: Street) -> None:
    person = PEOPLE["en"]
    who = Address(WHATSAPP.channel, person)
    assert await town.house.book.contact(who) is None
    await WHATSAPP.bring(town, WHATSAPP.wrote("/subscribe traffic", person))
    first = await town.house.book.contact(who)
    assert first is not None
    assert first.last_inbound_at is not None
    assert abs(first.last_inbound_at - utc_now()) < timedelta(minutes=1)
    await WHATSAPP.bring(town, WHATSAPP.wrote("STOP", person))
    assert await town.house.book.contact(who) is None


async def test_a_new_number_on_whatsapp_takes_the_subscription_along(town: Street) -> None:
    old, new = PEOPLE["en"], "12035550199"
    await WHATSAPP.bring(town, WHATSAPP.wrote("/subscribe traffic", old))
    told = meta.said("system", {"body": "x", "wa_id": new, "type": "user_changed_number"}, old)
    assert await WHATSAPP.bring(town, meta.whatsapp_webhook(told)) == []
    assert await town.house.book.contact(Address(WHATSAPP.channel, old)) is None
    assert await town.house.book.contact(Address(WHATSAPP.channel, new)) is not None


@pytest.mark.parametrize(("words", "is_kept"), [("hello", True), ("STOP", False)])
async def test_law_6_whoever_subscribed_by_number_keeps_or_stops_it_under_the_id_that_replaces_it(
    words: str, is_kept: bool, town: Street
) -> None:
    """WhatsApp tells a business-scoped id beside the number from some day on, and later perhaps no number."""
    number, scoped = PEOPLE["en"], "US.13491208655302741918"
    await WHATSAPP.bring(town, WHATSAPP.wrote("/subscribe traffic", number))
    body = WHATSAPP.wrote(words, number)
    body["entry"][0]["changes"][0]["value"]["messages"][0]["from_user_id"] = scoped
    assert len(await WHATSAPP.bring(town, body)) > 0
    assert await town.house.book.contact(Address(WHATSAPP.channel, number)) is None
    assert (await town.house.book.contact(Address(WHATSAPP.channel, scoped)) is not None) is is_kept


async def test_somebody_lost_late_rests_and_somebody_who_stopped_at_the_platform_has_stopped(town: Street) -> None:
    for person in PEOPLE.values():
        await WHATSAPP.bring(town, WHATSAPP.wrote("/subscribe traffic", person))
    gone, stopped, _ = PEOPLE.values()
    for person, code in ((gone, 131026), (stopped, 131050)):
        error = {"code": code, "title": "x"}
        report = {"id": "wamid.9", "status": "failed", "timestamp": "1", "recipient_id": person, "errors": [error]}
        assert await WHATSAPP.bring(town, meta.whatsapp_webhook(statuses=(report | {"id": f"wamid.{code}"},))) == []
    found = [await town.state(Address(WHATSAPP.channel, person)) for person in PEOPLE.values()]
    assert found == ["suspended", "stopped", "active"]
    await WHATSAPP.bring(town, WHATSAPP.wrote("hello", gone))
    assert await town.state(Address(WHATSAPP.channel, gone)) == "active"


async def test_while_the_store_is_down_what_a_platform_tells_is_asked_for_again(
    tmp_path: Path, known: Snapshot
) -> None:
    async with street(tmp_path, known, is_stored=False) as town:
        error = {"code": 131026, "title": "x"}
        report = {"id": "wamid.9", "status": "failed", "timestamp": "1", "recipient_id": "1203", "errors": [error]}
        await WHATSAPP.bring(town, meta.whatsapp_webhook(statuses=(report | {"recipient_id": PEOPLE["en"]},)), 503)
        told = meta.said("system", {"body": "x", "wa_id": "12035550199", "type": "user_changed_number"})
        await WHATSAPP.bring(town, meta.whatsapp_webhook(told), 503)
        lost = {"MessageSid": "SM9", "MessageStatus": "undelivered", "To": f"+{PEOPLE['en']}", "ErrorCode": "30005"}
        assert await town.told_by_twilio(lost) == 503


@in_each
async def test_law_6_sms_says_what_stop_does_there_before_anybody_signs_up(
    language: str, town: Street, known: Snapshot
) -> None:
    phrases = known.knowledge.phrases
    person, (question, _) = PEOPLE[language], SAYS[language]
    for door, name in ((SMS, "advisory_terms_silenced"), (WHATSAPP, "advisory_terms"), (TELEGRAM, "advisory_terms")):
        await door.bring(town, door.wrote(question, person))
        for order in ("/subscribe", "/subscribe traffic"):
            seen = squashed("\n".join(each.text for each in await door.bring(town, door.wrote(order, person))))
            terms = phrases(name, language).splitlines()
            assert [squashed(line) for line in terms if "{" not in line and squashed(line) not in seen] == []


async def test_messenger_offers_no_subscription_until_it_is_switched_on(tmp_path: Path, known: Snapshot) -> None:
    for switch, is_offered in (("off", False), ("on", True)):
        async with street(tmp_path / switch, known, {"BOT_MESSENGER_ADVISORIES": switch}) as town:
            shown = await MESSENGER.bring(town, MESSENGER.wrote("/subscribe", "7000100"))
            assert any(value == "/subscribe traffic" for each in shown for _, value in each.choices) is is_offered
            announcing = [name for name, _ in town.house.platforms.announcing()]
            assert (MESSENGER.channel in announcing) is is_offered
