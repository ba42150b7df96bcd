"""What leaves for Messenger, by the rules of its pages, and what every answer of Meta means."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some
from structlog.testing import capture_logs

from bot.channels.messenger_sending import LIMITS, requests
from bot.channels.meta_line import Body
from bot.channels.meta_window import Contact
from bot.core.channel import LaneClosed, MayHaveArrived, Refused, SendFailed, TryLater, Unreachable
from bot.core.fit import fit
from bot.core.message import Address, ChannelName, Choice, Part, Reply
from tests.meta_emulator import (
    NOW,
    TOKEN,
    Book,
    Fault,
    No,
    buttons,
    graph,
    messenger_channel,
    messenger_faults,
    shown,
)

ANN = Address(ChannelName.MESSENGER, "7000100")
HI = (Part("Hi."),)
NOWHERE = "http://127.0.0.1:9"


def bodies(text: str, *labels: str, value: str = "=entry-") -> list[Body]:
    choices = tuple(Choice(label, f"{value}{number}") for number, label in enumerate(labels))
    made = requests(ANN, fit(Reply(text, choices), LIMITS))
    assert [messenger_faults(body) for body in made] == [[]] * len(made)
    return made


def test_an_answer_says_that_it_is_one() -> None:
    assert bodies("Hello.") == [
        {"recipient": {"id": "7000100"}, "messaging_type": "RESPONSE", "message": {"text": "Hello."}}
    ]


def test_choices_are_quick_replies() -> None:
    (body,) = bodies("Which?", "Copy of a report", "Traffic fines")
    assert shown(body) == "Which?"
    assert body["message"]["quick_replies"] == [
        {"content_type": "text", "title": "Copy of a report", "payload": "=entry-0"},
        {"content_type": "text", "title": "Traffic fines", "payload": "=entry-1"},
    ]


def test_titles_that_would_be_cut_stand_whole_in_the_text_under_the_same_numbers() -> None:
    (body,) = bodies("Which?", "Getting a copy of a police report", "Fines")
    assert shown(body) == "Which?\n\n1. Getting a copy of a police report\n2. Fines"
    assert buttons(body) == [("1. Getting a copy o…", "=entry-0"), ("2. Fines", "=entry-1")]


def test_titles_that_are_the_same_are_numbered() -> None:
    (body,) = bodies("Which?", "Fines", "fines")
    assert [title for title, _ in buttons(body)] == ["1. Fines", "2. fines"]


def test_more_than_thirteen_choices_are_numbered_lines() -> None:
    (body,) = bodies("Which?", *(str(n) for n in range(14)))
    assert (buttons(body), shown(body).count("\n")) == ([], 15)


def test_a_choice_that_messenger_would_refuse_is_a_numbered_line() -> None:
    (body,) = bodies("Which?", "this", value="=" * 1000)
    assert (buttons(body), shown(body)) == ([], "Which?\n\n1. this")


@given(
    some.text(min_size=1, max_size=5000).filter(str.strip),
    some.lists(some.text(min_size=1, max_size=40).filter(str.strip), max_size=15),
)
def test_whatever_is_said_messenger_takes_it(text: str, labels: list[str]) -> None:
    assert bodies(text.encode("utf-8", "ignore").decode(), *labels)


@pytest.mark.parametrize("to", [Address(ChannelName.WHATSAPP, "7000100"), Address(ChannelName.MESSENGER, "a b"),
                                Address(ChannelName.MESSENGER, "")])  # fmt: skip
def test_what_is_no_address_of_messenger_is_nobody(to: Address) -> None:
    with pytest.raises(Unreachable):
        requests(to, HI)


async def test_a_reply_gives_messengers_id_of_its_last_part() -> None:
    async with graph() as api, messenger_channel(api.url) as channel:
        assert await channel.send(ANN, (Part("One."), Part("Two."))) == "m_2"
    assert [path for path, _ in api.calls] == ["me/messages"] * 2


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (No(10, 403, 2018278), Refused), (No(100), Refused), (No(551), Unreachable),
        (No(100, 400, 2018001), Unreachable),
        (No(10, 403, 1893015), Unreachable), (No(200, 403, 1545041), Unreachable), (No(190, 401), LaneClosed),
        (No(10, 403), LaneClosed), (No(230, 403), LaneClosed), (No(613), TryLater), (No(4, 403), TryLater),
        (No(1200), TryLater), (No(2, 500), TryLater), (No(9, 429), TryLater), (No(9, 500), MayHaveArrived),
        (Fault.CUT, MayHaveArrived), (Fault.GATEWAY, MayHaveArrived), (Fault.FIREWALL, TryLater),
    ],
)  # fmt: skip
async def test_a_failure_is_told_in_the_words_of_the_port(fault: No | Fault, kind: type[SendFailed]) -> None:
    async with graph() as api, messenger_channel(api.url) as channel:
        api.faults.extend([fault, fault])
        with pytest.raises(SendFailed) as caught:
            await channel.send(ANN, HI)
    assert type(caught.value) is kind
    assert not any(secret in str(caught.value) for secret in (TOKEN, ANN.id, "Hi.", "555 0100"))


async def test_a_reply_is_worth_a_second_try() -> None:
    async with graph() as api, messenger_channel(api.url) as channel:
        api.faults.append(Fault.CUT)
        assert await channel.send(ANN, HI) == "m_1"


def wrote(ago: timedelta | None) -> Book:
    return Book({ANN: Contact("en", None if ago is None else NOW - ago)})


def test_nobody_can_subscribe_unless_the_department_has_decided_so() -> None:
    assert not messenger_channel(NOWHERE).limits.announces
    assert messenger_channel(NOWHERE, book=Book()).limits.announces


async def test_without_that_decision_nobody_is_told_anything_unasked() -> None:
    async with graph() as api, messenger_channel(api.url) as channel:
        with pytest.raises(Refused):
            await channel.announce(ANN, HI)
    assert api.calls == []


async def test_with_it_whoever_wrote_within_24_hours_is_told() -> None:
    async with graph() as api, messenger_channel(api.url, book=wrote(timedelta(hours=23))) as channel:
        assert (await channel.announce(ANN, HI)).id == "m_1"
    assert [body["messaging_type"] for body in api.sent] == ["UPDATE"]


@pytest.mark.parametrize("ago", [None, timedelta(hours=24), timedelta(days=3)])
async def test_with_it_nobody_else_is_written_to(ago: timedelta | None) -> None:
    async with graph() as api, messenger_channel(api.url, book=wrote(ago)) as channel:
        with pytest.raises(Refused, match="24 hours"):
            await channel.announce(ANN, HI)
    assert api.calls == []


@pytest.mark.parametrize(("before", "kind"), [((), TryLater), ((Fault.NONE,), MayHaveArrived)])
async def test_an_announcement_is_tried_once(before: tuple[Fault, ...], kind: type[SendFailed]) -> None:
    async with graph() as api, messenger_channel(api.url, book=wrote(timedelta())) as channel:
        api.faults.extend([*before, No(2, 500)])
        with pytest.raises(SendFailed) as caught:
            await channel.announce(ANN, (Part("One."), Part("Two.")))
    assert (type(caught.value), len(api.sent)) == (kind, len(before))


async def test_the_page_gets_our_value_behind_its_first_button() -> None:
    async with graph() as api, messenger_channel(api.url) as channel:
        await channel.introduce()
    assert api.calls == [("me/messenger_profile", {"get_started": {"payload": "/start"}})]


async def test_a_page_that_does_not_take_it_is_said_and_answers_all_the_same() -> None:
    with capture_logs() as logs:
        async with graph() as api, messenger_channel(api.url) as channel:
            api.faults.append(No(200, 403))
            await channel.introduce()
            assert await channel.send(ANN, HI) == "m_1"
    assert [(line["event"], line["error"]) for line in logs] == [("messenger profile refused", "LaneClosed")]


async def test_where_nobody_listens_nothing_left() -> None:
    async with messenger_channel(NOWHERE) as channel:
        with pytest.raises(TryLater):
            await channel.send(ANN, HI)
