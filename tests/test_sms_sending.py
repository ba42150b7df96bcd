"""What goes to Twilio, and every way it may fail, against its API on loopback."""

import json
from pathlib import Path

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from bot.channels.sms_sending import cost, form, limits_of
from bot.channels.twilio_line import Account
from bot.core.channel import (
    LaneClosed,
    MayHaveArrived,
    OptedOut,
    Receipt,
    Refused,
    SendFailed,
    Sent,
    TryLater,
    Unreachable,
)
from bot.core.fit import fit
from bot.core.gsm import is_gsm, segments
from bot.core.message import Address, ChannelName, Choice, Part, Reply
from tests.twilio_api import ACCOUNT, ADA, BASIC, OURS, PUBLIC, SID, TOKEN, brought_status, sms, twilio_api

TO = Address(ChannelName.SMS, ADA)
CALLBACK = f"{PUBLIC}/webhooks/twilio/status"
PART = (Part("Road closed."),)


async def nobody(*_: object) -> Receipt:
    raise AssertionError


def test_the_form_names_both_ends_the_words_and_where_twilio_tells_what_became_of_it() -> None:
    assert form(TO, Part("Road closed."), ACCOUNT, CALLBACK) == {
        "To": ADA, "From": OURS, "Body": "Road closed.", "SmartEncoded": "false", "StatusCallback": CALLBACK,
    }  # fmt: skip


def test_a_messaging_service_stands_in_place_of_the_number() -> None:
    sent = form(TO, Part("Hi."), Account(SID, (TOKEN,), OURS, "MG" + "1" * 32), CALLBACK)
    assert (sent.get("From"), sent["MessagingServiceSid"]) == (None, "MG" + "1" * 32)


def test_typographic_characters_give_way_where_that_saves_a_segment_and_no_letter_ever_does() -> None:
    bodies = [
        form(TO, Part(text), ACCOUNT, CALLBACK)["Body"]
        for text in (
            "“Main St” – closed. " + "x" * 60,
            "“Main St” – closed.",
            "Mañana – " + "ñ" * 80,
            "“ã” " + "x" * 80,
        )
    ]
    assert bodies == [
        '"Main St" - closed. ' + "x" * 60,
        "“Main St” – closed.",
        "Mañana - " + "ñ" * 80,
        "“ã” " + "x" * 80,
    ]


async def test_a_message_is_handed_over_with_the_accounts_token_and_its_id_comes_back() -> None:
    async with twilio_api() as api, sms(api.url, nobody) as hook:
        assert await hook.channel.send(TO, (Part("First."), Part("Second."))) == "SM2"
        assert await hook.channel.announce(TO, PART) == Sent("SM3")
    assert (api.bodies, api.auth) == (["First.", "Second.", "Road closed."], {BASIC})


def gateway(status: int, text: str = "<html>no</html>") -> web.Response:
    return web.Response(status=status, text=text, content_type="text/html")


CODES: list[tuple[int, int, type[SendFailed]]] = [
    (400, 21610, OptedOut),
    (400, 21211, Unreachable), (400, 21614, Unreachable), (400, 21612, Unreachable),
    (400, 30003, Unreachable), (400, 30005, Unreachable), (400, 30006, Unreachable),
    (400, 30007, Refused), (400, 30929, Refused), (400, 30034, Refused), (400, 21617, Refused), (400, 21408, Refused),
    (401, 20003, LaneClosed), (403, 20003, LaneClosed), (404, 20404, LaneClosed), (400, 21606, LaneClosed),
    (403, 99999, LaneClosed), (400, 30002, LaneClosed),
    (429, 20429, TryLater), (429, 0, TryLater), (400, 30001, TryLater), (400, 21611, TryLater), (400, 63038, TryLater),
    (500, 20500, TryLater), (503, 20503, TryLater),
    (502, 20500, MayHaveArrived), (504, 20500, MayHaveArrived),
]  # fmt: skip


@pytest.mark.parametrize(("status", "code", "kind"), CODES)
async def test_every_number_of_twilios_is_told_in_the_words_of_the_port(
    status: int, code: int, kind: type[SendFailed]
) -> None:
    async with twilio_api() as api, sms(api.url, nobody) as hook:
        api.refuse(status, code)
        with pytest.raises(SendFailed) as failure:
            await hook.channel.announce(TO, PART)
    assert type(failure.value) is kind
    assert ADA not in str(failure.value)
    assert len(api.asked) == 1


ENDS: list[tuple[str, web.Response | None, type[SendFailed]]] = [
    ("a firewall's page", gateway(403), TryLater),
    ("a redirect", gateway(302), TryLater),
    ("a firewall's JSON", web.json_response({"error": "blocked"}, status=403), TryLater),
    ("a gateway's page", gateway(502), MayHaveArrived),
    ("nonsense for a fault", gateway(500), MayHaveArrived),
    ("a cut line", None, MayHaveArrived),
]


@pytest.mark.parametrize(("answer", "kind"), [row[1:] for row in ENDS], ids=[row[0] for row in ENDS])
async def test_what_is_not_twilios_own_word_says_nothing_about_the_person(
    answer: web.Response | None, kind: type[SendFailed]
) -> None:
    async with twilio_api() as api, sms(api.url, nobody) as hook:
        api.answers.append(answer)
        with pytest.raises(SendFailed) as failure:
            await hook.channel.announce(TO, PART)
    assert type(failure.value) is kind


async def test_a_message_that_was_taken_counts_as_sent_whatever_is_said_about_it() -> None:
    async with twilio_api() as api, sms(api.url, nobody) as hook:
        api.answers += [gateway(200), web.json_response({"sid": 7}, status=201), web.json_response([], status=201)]
        assert [(await hook.channel.announce(TO, PART)).id for _ in range(3)] == ["", "", ""]


async def test_nobody_at_the_address_means_that_nothing_left() -> None:
    async with sms("http://127.0.0.1:9", nobody) as hook:
        with pytest.raises(TryLater) as failure:
            await hook.channel.announce(TO, PART)
    assert type(failure.value) is TryLater
    assert "127.0.0.1" not in str(failure.value)


@pytest.mark.parametrize(("told", "seconds"), [("7", 7), ("", 2), ("soon", 2), ("-1", 2), ("999999", 300)])
async def test_twilio_may_say_how_long_to_wait(told: str, seconds: int) -> None:
    async with twilio_api() as api, sms(api.url, nobody) as hook:
        api.refuse(429, 20429, **{"Retry-After": told})
        with pytest.raises(TryLater) as failure:
            await hook.channel.announce(TO, PART)
    assert failure.value.after is not None
    assert failure.value.after.total_seconds() == seconds


async def test_an_announcement_whose_second_part_did_not_leave_may_have_arrived() -> None:
    async with twilio_api() as api, sms(api.url, nobody) as hook:
        api.answers.append(web.json_response({"sid": "SM1"}, status=201))
        api.refuse(503, 20503)
        with pytest.raises(MayHaveArrived):
            await hook.channel.announce(TO, (Part("First."), Part("Second.")))


async def test_one_lane_for_a_number_at_its_own_rate() -> None:
    async with sms("http://127.0.0.1:9", nobody) as hook:
        assert (hook.channel.lane, hook.channel.rate) == (f"sms:{OURS}", 1.0)
        assert TOKEN not in repr(ACCOUNT)


# What a reply may cost.


def page(source: str) -> str | None:
    return f"{PUBLIC}/answers/{source}" if source == "report" else None


LIMITS = limits_of(page)
LONG = "Report copy\n\n" + " ".join(f"Sentence number {n} says what to bring." for n in range(40))
SPANISH = "Copia de un reporte\n\n" + " ".join(f"La oración número {n} dice qué traer." for n in range(40))


@pytest.mark.parametrize("text", [LONG, SPANISH, LONG.replace(". ", ".\n\n"), LONG.replace(" ", "\u00a0"), "x" * 3_000])
def test_an_answer_takes_three_segments_and_a_link_to_the_rest(text: str) -> None:
    (part,) = fit(Reply(text, (Choice("Beside it", "=beside"),), "report", has_page=True), LIMITS)
    body = form(TO, part, ACCOUNT, CALLBACK)["Body"]
    head, _, link = part.text.rpartition(" ...\n")
    assert (link, segments(body), cost(part.text)) == (f"{PUBLIC}/answers/report", 3, 3)
    assert text.startswith(head)
    assert text[len(head)] in " \n\u00a0x"  # no word is cut, where there are words


def test_an_answer_that_would_fit_without_what_it_offers_beside_itself_is_whole() -> None:
    text, beside = "Report copy\n\n" + "x" * 400, tuple(Choice(f"Another title {n}", f"={n}") for n in range(3))
    assert fit(Reply(text, beside, "report", has_page=True), LIMITS) == (Part(text),)
    assert fit(Reply("Short.", beside[:1], "report", has_page=True), LIMITS) == (Part("Short.\n\n1. Another title 0"),)


def test_a_911_reply_is_never_shortened() -> None:
    text = "Llame al 911 ahora. " + "¿Está en peligro? " * 60
    parts = fit(Reply(text, source="report", urgent=True, has_page=True), LIMITS)
    assert "".join("".join(part.text for part in parts).split()) == "".join(text.split())
    assert all(part.urgent and cost(part.text) <= 10 for part in parts)


def test_the_911_line_over_an_answer_stays_whole_and_the_title_with_it() -> None:
    notice = "Si está en peligro, llame al 911. " * 3 + "\n\n" + "Para una crisis, llame al 988 a cualquier hora. " * 5
    reply = Reply(f"{notice}\n\n{SPANISH}", source="report", notice=notice, has_page=True)
    (part,) = fit(reply, LIMITS)
    assert part.text == f"{notice}\n\nCopia de un reporte ...\n{PUBLIC}/answers/report"


@pytest.mark.parametrize(("source", "has_page"), [(None, False), ("no-page", True), ("report", False)])
def test_what_has_no_page_is_told_whole_with_its_numbered_choices(source: str | None, has_page: bool) -> None:
    reply = Reply("Which? " + "a" * 600, (Choice("One", "=one"), Choice("Two", "=two")), source, has_page=has_page)
    (part,) = fit(reply, LIMITS)
    assert part.text.endswith("a\n\n1. One\n2. Two")


def test_an_order_that_can_be_picked_by_its_number_is_always_seen() -> None:
    choices = (Choice("Traffic", "/subscribe traffic"), Choice("Weather", "/subscribe weather"))
    (part,) = fit(Reply(LONG, choices, "report", has_page=True), LIMITS)
    assert part.text.endswith(f" ...\n{PUBLIC}/answers/report\n\n1. Traffic\n2. Weather")
    assert cost(part.text) == 3


def test_segments_are_counted_as_twilios_calculator_counts_them() -> None:
    """3,000 texts and what npm's `sms-segments-calculator` 1.3.0 said about them, without its own replacements.

    Emoji joined into one stand in none: the calculator keeps them in one message, at times for a segment more.
    """
    lines = (Path(__file__).parent / "data/sms/segments.jsonl").read_text(encoding="utf-8").splitlines()
    counted = [json.loads(line) for line in lines]
    ours = [[text, "GSM-7" if is_gsm(text) else "UCS-2", segments(text)] for text, _, _ in counted]
    assert len(counted) == 3_000
    assert [pair for pair in zip(ours, counted, strict=True) if pair[0] != pair[1]] == []


# What Twilio tells afterwards.


async def test_whoever_could_not_be_reached_after_all_is_reported() -> None:
    async with sms("http://127.0.0.1:9", nobody) as hook:
        for code in ("30003", "30005", "21610"):
            assert await brought_status(hook, "undelivered", code) == 200
        assert await brought_status(hook, "delivered") == 200
    assert [who for who, _ in hook.lost] == [TO] * 3
    assert [type(why) for _, why in hook.lost] == [Unreachable, Unreachable, OptedOut]


async def test_what_a_person_must_mend_is_said_without_a_number() -> None:
    with capture_logs() as logs:
        async with sms("http://127.0.0.1:9", nobody) as hook:
            for code in ("30034", "30001"):
                assert await brought_status(hook, "failed", code) == 200
    assert [(line["event"], line["log_level"], line["reason"]) for line in logs] == [
        ("sms undelivered", "error", "Twilio 30034"),
        ("sms undelivered", "warning", "Twilio 30001"),
    ]
    assert hook.lost == []
