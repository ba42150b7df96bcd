"""What leaves for WhatsApp, against Meta's own schemas, and what every answer of Meta means."""

import re
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some
from structlog.testing import capture_logs

from bot.channels.meta_line import Body
from bot.channels.meta_window import Contact
from bot.channels.whatsapp import WhatsApp
from bot.channels.whatsapp_sending import LIMITS, replies, templates
from bot.channels.whatsapp_template import Template
from bot.core.channel import (
    Earlier,
    LaneClosed,
    MayHaveArrived,
    OptedOut,
    Refused,
    SendFailed,
    TryLater,
    Unreachable,
    utf16_units,
)
from bot.core.fit import fit
from bot.core.labels import cut
from bot.core.message import Address, ChannelName, Choice, Part, Reply
from tests.meta_emulator import (
    NOW,
    NUMBER,
    QUICK,
    TOKEN,
    Book,
    Fault,
    Graph,
    No,
    buttons,
    graph,
    shown,
    whatsapp_channel,
    whatsapp_faults,
)

ANN = Address(ChannelName.WHATSAPP, "12035550100")
SCOPED = Address(ChannelName.WHATSAPP, "US.13491208655302741918")
OPENER = "See / Ver"
HI = (Part("Hi."),)


def requests(text: str, *labels: str, values: Sequence[str] = ()) -> list[Body]:
    """The requests for a reply with these choices, each of which Meta would take."""
    named = values or [f"=entry-{number}" for number in range(len(labels))]
    choices = tuple(Choice(label, value) for label, value in zip(labels, named, strict=True))
    bodies = replies(ANN, fit(Reply(text, choices), LIMITS), OPENER)
    assert [whatsapp_faults(body) for body in bodies] == [[]] * len(bodies)
    return bodies


def test_words_go_as_text_without_a_preview_of_their_links() -> None:
    assert requests("See https://danbury.example/fees") == [
        {
            "messaging_product": "whatsapp", "recipient_type": "individual", "to": "12035550100", "type": "text",
            "text": {"body": "See https://danbury.example/fees", "preview_url": False},
        }
    ]  # fmt: skip


def test_a_scoped_id_goes_where_whatsapp_does_not_drop_it() -> None:
    (body,) = replies(SCOPED, HI, OPENER)
    assert (body["recipient"], "to" in body) == (SCOPED.id, False)
    assert whatsapp_faults(body) == []


@pytest.mark.parametrize("to", [Address(ChannelName.SMS, ANN.id), Address(ChannelName.WHATSAPP, "ann"),
                                Address(ChannelName.WHATSAPP, ""), Address(ChannelName.WHATSAPP, "+1")])  # fmt: skip
def test_what_is_no_address_of_whatsapp_is_nobody(to: Address) -> None:
    with pytest.raises(Unreachable) as failure:
        replies(to, HI, OPENER)
    assert to.id not in str(failure.value) or not to.id


def test_up_to_three_short_choices_are_buttons() -> None:
    (body,) = requests("Which?", "Copy of a report", "Traffic fines", "None of these")
    assert body["interactive"]["type"] == "button"
    assert buttons(body) == [("Copy of a report", "=entry-0"), ("Traffic fines", "=entry-1"),
                             ("None of these", "=entry-2")]  # fmt: skip


def test_more_choices_or_longer_ones_are_a_list_that_shows_them_whole() -> None:
    long = "Getting a copy of a police report about an accident"
    (body,) = requests("Which?", long, "Fines")
    assert body["interactive"]["action"] == {
        "button": OPENER,
        "sections": [{"rows": [
            {"id": "=entry-0", "title": "Getting a copy of a pol…", "description": long},
            {"id": "=entry-1", "title": "Fines"},
        ]}],
    }  # fmt: skip
    (body,) = requests("Which?", *"abcdefghij")
    assert [title for title, _ in buttons(body)] == list("abcdefghij")


def test_labels_that_are_the_same_once_cut_are_numbered() -> None:
    (body,) = requests("Which?", "Report a crime that happened today", "Report a crime that happened before")
    assert [title for title, _ in buttons(body)] == ["1. Report a crime that…", "2. Report a crime that…"]


def test_labels_that_differ_in_case_only_are_numbered() -> None:
    (body,) = requests("Which?", "Fines", "FINES")
    assert [title for title, _ in buttons(body)] == ["1. Fines", "2. FINES"]


def test_more_choices_than_a_list_takes_are_numbered_lines() -> None:
    (body,) = requests("Which?", *(f"choice {n}" for n in range(11)))
    assert shown(body) == "Which?\n\n" + "\n".join(f"{n + 1}. choice {n}" for n in range(11))
    assert body["type"] == "text"


@pytest.mark.parametrize("value", ["", " padded", "x" * 201])
def test_a_choice_that_whatsapp_would_refuse_is_a_numbered_line(value: str) -> None:
    (body,) = requests("Which?", "this", "that", values=["=a", value])
    assert (body["type"], shown(body)) == ("text", "Which?\n\n1. this\n2. that")


def test_a_text_too_long_to_stand_over_choices_begins_in_a_message_of_its_own() -> None:
    paragraphs = [f"{n}. " + "words of the department " * 20 for n in range(8)]
    text = "\n\n".join(each.strip() for each in paragraphs)
    first, second = requests(text, "yes", "no")
    assert (first["type"], second["type"]) == ("text", "interactive")
    assert f"{shown(first)}\n\n{shown(second)}" == text


def test_a_text_longer_than_one_message_goes_on_in_the_next() -> None:
    text = "\n\n".join(f"paragraph {n} " + "x" * 300 for n in range(40))
    bodies = requests(text)
    assert len(bodies) > 2
    assert "\n\n".join(shown(body) for body in bodies) == text


def test_the_button_that_opens_a_list_never_stands_empty() -> None:
    choices = tuple(Choice(f"choice {n}", f"={n}") for n in range(4))
    for opener, expected in (("", "1-4"), ("Choices / Opciones / Opções", "Choices / Opciones…")):
        (body,) = replies(ANN, (Part("Which?", choices),), opener)
        assert body["interactive"]["action"]["button"] == expected
        assert whatsapp_faults(body) == []


_LABELS = some.lists(some.text(min_size=1, max_size=90).filter(str.strip), max_size=13)


@given(some.text(min_size=1, max_size=9000).filter(str.strip), _LABELS)
def test_whatever_is_said_meta_takes_it(text: str, labels: list[str]) -> None:
    bodies = requests(text.encode("utf-8", "ignore").decode(), *labels)
    pressable = [value for body in bodies for _, value in buttons(body)]
    assert pressable in ([], [f"=entry-{number}" for number in range(len(labels))])


@given(some.text(), some.integers(2, 30))
def test_a_cut_label_fits(label: str, most: int) -> None:
    assert utf16_units(cut(label, most)) <= most
    assert cut(label, most) == label or cut(label, most).endswith("…")


def too_much(**changed: object) -> Body:
    (body,) = replies(ANN, (Part("Which?", (Choice("a", "=a"), Choice("b", "=b"))),), OPENER)
    button = {"type": "reply", "reply": {"id": "=c", "title": "c"}}
    interactive = body["interactive"] | changed.pop("interactive", {})
    if more := changed.pop("more", 0):
        titled = [button | {"reply": {"id": f"={n}", "title": str(n)}} for n in range(int(str(more)))]
        interactive = interactive | {"action": {"buttons": [*body["interactive"]["action"]["buttons"], *titled]}}
    return {**body, "interactive": interactive, **changed}


@pytest.mark.parametrize(
    "body",
    [
        too_much(more=2),
        too_much(to="ann"),
        too_much(recipient_type="user"),
        too_much(interactive={"body": {"text": "x" * 1025}}),
        too_much(interactive={"type": "buttons"}),
        too_much(interactive={"action": {"button": "x" * 21, "sections": [{"rows": []}]}}),
        too_much(interactive={"action": {"button": "x", "sections": [{"rows": [{"id": "1", "title": "x" * 25}]}]}}),
        too_much(interactive={"action": {"button": "x", "sections": [
            {"rows": [{"id": str(n), "title": str(n)} for n in range(11)]}]}}),
        too_much(interactive={"action": {"buttons": [{"type": "reply", "reply": {"id": "1", "title": "x" * 21}}]}}),
    ],
)  # fmt: skip
def test_the_schemas_refuse_what_meta_refuses(body: Body) -> None:
    assert whatsapp_faults(too_much()) == []
    assert whatsapp_faults(body) != []


# Templates.

ADVISORY = (
    "ALERT - Danbury Police\nWater main break\nMain Street from Elm to West\nUntil 18:00\nUse Route 7.\n"
    "More: https://danbury.example/1\nMessage 26-1.1\nSTOP to end."
)


def slots(text: str, language: str = "en", to: Address = ANN) -> list[tuple[str, str]]:
    bodies = templates(to, fit(Reply(text), LIMITS), Template(), language)
    assert [whatsapp_faults(body) for body in bodies] == [[]] * len(bodies)
    return [tuple(slot["text"] for slot in body["template"]["components"][0]["parameters"]) for body in bodies]


def test_an_advisory_fills_the_two_slots_of_the_template() -> None:
    rest = (
        "Water main break - Main Street from Elm to West - Until 18:00 - Use Route 7. "
        "More: https://danbury.example/1 - Message 26-1.1 - STOP to end."
    )
    assert slots(ADVISORY) == [("ALERT - Danbury Police", rest)]


@pytest.mark.parametrize(("language", "code"), [("en", "en_US"), ("es", "es"), ("pt", "pt_BR"), ("fr", "fr")])
def test_the_template_is_named_with_metas_code_of_the_language(language: str, code: str) -> None:
    (body,) = templates(SCOPED, fit(Reply(ADVISORY), LIMITS), Template(), language, "wamid.7")
    assert body["template"]["name"] == "department_advisory"
    assert body["template"]["language"] == {"policy": "deterministic", "code": code}
    assert (body["recipient"], body["context"]) == (SCOPED.id, {"message_id": "wamid.7"})
    assert whatsapp_faults(body) == []


@given(some.text(alphabet=some.sampled_from("ab .\n\t\r   \u00a0é🚨"), min_size=1, max_size=3000).filter(str.strip))
def test_no_slot_holds_what_whatsapp_refuses_and_no_word_is_lost(text: str) -> None:
    filled = slots(text)
    head = filled[0][0].split()
    assert {each[0] for each in filled} == {filled[0][0]}
    told = [word for _, rest in filled for word in rest.split() if word != "-"]
    assert [word for word in text.split() if word != "-"] in (head + told, told)


def test_what_is_too_long_for_one_template_goes_on_in_the_next_under_the_same_first_line() -> None:
    text = "ALERT - Danbury Police\n" + "\n".join(f"Line {n} tells where and when." for n in range(60))
    filled = slots(text)
    assert len(filled) == 3
    assert " ".join(rest for _, rest in filled) == " ".join(text.splitlines()[1:])


# Replies.


async def failure_of(api: Graph, channel: WhatsApp) -> SendFailed:
    with pytest.raises(SendFailed) as caught:
        await channel.send(ANN, HI)
    assert api.sent == []
    assert not re.search(r"555|token|Hi\.|EAA", str(caught.value))
    return caught.value


async def test_a_reply_gives_whatsapps_id_of_its_last_part() -> None:
    async with graph() as api, whatsapp_channel(api.url) as channel:
        assert await channel.send(ANN, (Part("One."), Part("Two."))) == "wamid.2"
    assert api.texts == ["One.", "Two."]
    assert [path for path, _ in api.calls] == [f"{NUMBER}/messages"] * 2


@pytest.mark.parametrize(
    ("no", "kind", "after"),
    [
        (No(131047), Refused, None), (No(131051), Refused, None), (No(130472), Refused, None), (No(100), Refused, None),
        (No(131008), Refused, None), (No(132005), Refused, None), (No(131049), Refused, None),
        (No(131026), Unreachable, None), (No(131030), Unreachable, None), (No(131050), OptedOut, None),
        (No(131056), TryLater, 6), (No(130429, 429), TryLater, 1), (No(130429, 429, after=30), TryLater, 30),
        (No(80007), TryLater, 300), (No(4), TryLater, 300), (No(131048), TryLater, 3600),
        (No(999999, 429), TryLater, None),
        (No(131000, 500), TryLater, None), (No(131016, 503), TryLater, None), (No(2, 500), TryLater, None),
        (No(999999, 500, is_transient=True), TryLater, None), (No(999999, 500), MayHaveArrived, None),
        (No(190, 401), LaneClosed, None), (No(190), LaneClosed, None), (No(10, 403), LaneClosed, None),
        (No(200, 403), LaneClosed, None), (No(131042), LaneClosed, None), (No(132001), LaneClosed, None),
        (No(132015), LaneClosed, None), (No(368), LaneClosed, None), (No(133010), LaneClosed, None),
    ],
)  # fmt: skip
async def test_a_refusal_is_told_in_the_words_of_the_port(no: No, kind: type[SendFailed], after: int | None) -> None:
    async with graph() as api, whatsapp_channel(api.url) as channel:
        api.faults.extend([no, no])
        failure = await failure_of(api, channel)
    assert isinstance(failure, kind)
    if isinstance(failure, TryLater):
        assert failure.after == (None if after is None else timedelta(seconds=after))
        assert isinstance(failure, LaneClosed | MayHaveArrived) == (kind in (LaneClosed, MayHaveArrived))


@pytest.mark.parametrize(
    ("fault", "kind"),
    [(Fault.CUT, MayHaveArrived), (Fault.GATEWAY, MayHaveArrived), (Fault.FIREWALL, TryLater)],
)
async def test_an_end_that_meta_did_not_tell_is_known_only_when_nothing_arrived(
    fault: Fault, kind: type[SendFailed]
) -> None:
    async with graph() as api, whatsapp_channel(api.url) as channel:
        api.faults.extend([fault, fault])
        assert type(await failure_of(api, channel)) is kind


async def test_where_nobody_listens_nothing_left() -> None:
    async with whatsapp_channel("http://127.0.0.1:9") as channel:
        assert type(await failure_of(Graph(), channel)) is TryLater


async def test_before_it_is_open_nothing_left() -> None:
    assert type(await failure_of(Graph(), whatsapp_channel("http://127.0.0.1:9"))) is TryLater


async def test_an_answer_that_makes_no_sense_was_an_answer() -> None:
    async with graph() as api, whatsapp_channel(api.url) as channel:
        api.faults.append(Fault.GARBLED)
        assert await channel.send(ANN, HI) == ""
    assert api.texts == ["Hi."]


@pytest.mark.parametrize("fault", [Fault.CUT, Fault.GATEWAY, Fault.FIREWALL, No(131000, 500), No(2, 500)])
async def test_a_reply_is_worth_a_second_try(fault: Fault | No) -> None:
    async with graph() as api, whatsapp_channel(api.url) as channel:
        api.faults.append(fault)
        assert await channel.send(ANN, HI) == "wamid.1"


async def test_a_wait_longer_than_the_turn_is_left_to_the_next_webhook() -> None:
    assert QUICK.patience < timedelta(seconds=6)
    async with graph() as api, whatsapp_channel(api.url) as channel:
        api.faults.append(No(131056))
        failure = await failure_of(api, channel)
    assert isinstance(failure, TryLater)
    assert not api.faults


# Announcements.

HOUR = timedelta(hours=1)
PARTS = fit(Reply(ADVISORY), LIMITS)


def written(ago: timedelta | None, language: str = "es", person: Address = ANN) -> Book:
    return Book({person: Contact(language, None if ago is None else NOW - ago)})


@pytest.mark.parametrize("ago", [timedelta(), HOUR, 23 * HOUR, timedelta(hours=23, minutes=58)])
async def test_within_24_hours_of_their_last_message_the_words_go_as_they_are(ago: timedelta) -> None:
    async with graph() as api, whatsapp_channel(api.url, book=written(ago)) as channel:
        gone = await channel.announce(ANN, PARTS)
    assert (gone.id, gone.moved_to, api.texts) == ("wamid.1", None, [ADVISORY])


@pytest.mark.parametrize("ago", [None, timedelta(hours=23, minutes=59), 24 * HOUR, 1000 * HOUR])
async def test_after_24_hours_they_go_in_the_approved_template_of_the_persons_language(ago: timedelta | None) -> None:
    async with graph() as api, whatsapp_channel(api.url, book=written(ago)) as channel:
        api.closed_for.add(ANN.id)
        assert (await channel.announce(ANN, PARTS)).id == "wamid.1"
    (body,) = api.sent
    assert (body["type"], body["template"]["language"]["code"]) == ("template", "es")


async def test_somebody_unknown_gets_the_template_in_the_first_language() -> None:
    async with graph() as api, whatsapp_channel(api.url) as channel:
        await channel.announce(ANN, PARTS)
    assert api.sent[0]["template"]["language"]["code"] == "en_US"


async def test_when_the_24_hours_are_over_by_metas_clock_only_the_template_still_arrives() -> None:
    async with graph() as api, whatsapp_channel(api.url, book=written(HOUR)) as channel:
        api.closed_for.add(ANN.id)
        await channel.announce(ANN, PARTS)
    assert [body["type"] for body in api.sent] == ["template"]


@pytest.mark.parametrize("ago", [HOUR, None])
async def test_an_update_points_at_the_message_it_follows(ago: timedelta | None) -> None:
    async with graph() as api, whatsapp_channel(api.url, book=written(ago)) as channel:
        await channel.announce(ANN, PARTS, Earlier("wamid.7", "REPLACED."))
    assert [body["context"] for body in api.sent] == [{"message_id": "wamid.7"}]


async def test_who_cannot_be_told_about_now_is_not_written_to_now() -> None:
    async def down(_: Address) -> Contact | None:
        raise TryLater("store down")

    async with graph() as api, whatsapp_channel(api.url, book=down) as channel:
        with pytest.raises(TryLater, match="store down"):
            await channel.announce(ANN, PARTS)
    assert api.calls == []


@pytest.mark.parametrize("fault", [No(131026), No(190), No(130429, 429), Fault.CUT])
async def test_an_announcement_is_tried_once(fault: No | Fault) -> None:
    async with graph() as api, whatsapp_channel(api.url, book=written(HOUR)) as channel:
        api.faults.append(fault)
        with pytest.raises(SendFailed):
            await channel.announce(ANN, PARTS)
    assert api.calls == []


async def test_one_person_who_was_just_written_to_holds_nobody_up() -> None:
    """The six seconds are theirs: with a wait in it the failure would rest the whole lane."""
    async with graph() as api, whatsapp_channel(api.url, book=written(HOUR)) as channel:
        api.faults.append(No(131056))
        with pytest.raises(TryLater) as caught:
            await channel.announce(ANN, PARTS)
    assert (type(caught.value), caught.value.after) == (TryLater, None)


@pytest.mark.parametrize("fault", [No(131000, 500), No(131047), No(190)])
async def test_when_a_later_part_fails_nobody_says_that_nothing_arrived(fault: No) -> None:
    async with graph() as api, whatsapp_channel(api.url, book=written(HOUR)) as channel:
        api.faults.extend([Fault.NONE, fault])
        with pytest.raises(MayHaveArrived):
            await channel.announce(ANN, (Part("One."), Part("Two.")))
    assert api.texts == ["One."]


def test_the_lane_names_the_number_and_people_may_subscribe() -> None:
    channel = whatsapp_channel("http://127.0.0.1:9")
    assert (channel.lane, channel.limits.announces) == (f"whatsapp:{NUMBER}", True)
    assert 0 < channel.rate <= 80


async def test_no_token_number_or_word_is_in_a_log_line_or_a_failure() -> None:
    with capture_logs() as logs:
        async with graph() as api, whatsapp_channel(api.url, book=written(None)) as channel:
            for fault in (No(100), No(190), Fault.CUT, Fault.GATEWAY, Fault.FIREWALL):
                api.faults.extend([fault, fault])
                with pytest.raises(SendFailed) as caught:
                    await channel.send(ANN, (Part("Words."),))
                assert caught.value.__suppress_context__ or caught.value.__context__ is None
                for secret in (TOKEN, ANN.id, "Words", "203 555", api.url):
                    assert secret not in str(caught.value)
                api.faults.clear()
    assert logs == []


def registered() -> dict[str, str]:
    """The texts that the guide gives to be registered, by Meta's code of their language."""
    guide = (Path(__file__).parents[1] / ".docs" / "whatsapp.md").read_text("utf-8")
    return dict(re.findall(r"```template (\w+)\n(.+?)\n```", guide, re.DOTALL))


def test_the_guide_has_the_template_in_every_language_of_the_department() -> None:
    assert set(registered()) == set(Template().codes.values())


@pytest.mark.parametrize("code", Template().codes.values())
def test_a_template_to_be_registered_fits_what_is_sent_in_it(code: str) -> None:
    """Meta refuses slots at either end or side by side, and more than 1,024 characters once they are filled."""
    text = registered()[code]
    around = re.split(r"\{\{\d\}\}", text)
    assert re.findall(r"\{\{(\d)\}\}", text) == ["1", "2"]
    assert all(re.search(r"\w", words) for words in around)
    assert utf16_units("".join(around)) <= 150
    assert "911" in around[2]
    assert "STOP" in around[2]
