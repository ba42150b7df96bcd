"""What a clerk is shown of a reply is what each platform's adapter sends."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from bot.channels import messenger_sending, whatsapp_sending
from bot.core import compose
from bot.core.channel import Limits
from bot.core.entry import EntryKind
from bot.core.fit import fit
from bot.core.message import Address, ChannelName, Choice, Part, Reply
from bot.core.shown import Bubble, Style, shown
from tests import real_folder
from tests.builders import TODAY

WHATSAPP, MESSENGER = Address(ChannelName.WHATSAPP, "12035550100"), Address(ChannelName.MESSENGER, "100200300")


def replies() -> Iterator[Reply]:
    """Every answer, every menu and every question "which?" of the real knowledge, and some that are hard to show."""
    known = real_folder.loaded().snapshot.knowledge
    entries = list(known.entries.values())
    for language in known.department.languages:
        yield from (compose.answered(entry, language, known, TODAY) for entry in entries)
        yield from (compose.which(entries[at : at + 3], language, known) for at in range(0, len(entries), 3))
        yield from (compose.menu(kind, language, known) for kind in (EntryKind.CONTACT, EntryKind.PROGRAM))
        yield compose.greeting("greeting", language, known)
        yield compose.languages(language, known)
    yield Reply("x" * 5000, tuple(Choice(f"A choice {at}", str(at)) for at in range(3)))
    yield Reply("Alike when cut", tuple(Choice(f"{'the same ' * 5}{at}", str(at)) for at in range(3)))
    yield Reply("Many", tuple(Choice(f"Number {at}", str(at)) for at in range(20)))
    yield Reply("Urgent", urgent=True)


def parts_of(limits: Limits) -> list[tuple[Part, ...]]:
    return [fit(reply, limits) for reply in replies()]


def of_whatsapp(bodies: Sequence[Mapping[str, Any]]) -> list[tuple[str, list[tuple[str, str]], bool]]:
    """The texts, what stands on what can be pressed, and whether that is a list, as the requests have it."""
    found: list[tuple[str, list[tuple[str, str]], bool]] = []
    for body in bodies:
        if body["type"] == "text":
            found.append((body["text"]["body"], [], False))
            continue
        told = body["interactive"]
        if told["type"] == "button":
            titles = [(each["reply"]["title"], "") for each in told["action"]["buttons"]]
        else:
            rows = told["action"]["sections"][0]["rows"]
            titles = [(row["title"], row.get("description", "")) for row in rows]
        found.append((told["body"]["text"], titles, told["type"] == "list"))
    return found


def plain(bubbles: Sequence[Bubble]) -> list[tuple[str, list[tuple[str, str]], bool]]:
    return [(each.text, [(b.title, b.below) for b in each.buttons], each.is_list) for each in bubbles]


def test_whatsapp_is_shown_as_it_is_sent() -> None:
    for parts in parts_of(whatsapp_sending.LIMITS):
        sent = whatsapp_sending.replies(WHATSAPP, parts, "Open")
        assert plain(shown(parts, whatsapp_sending.LIMITS, Style.LIST)) == of_whatsapp(sent)


def test_messenger_is_shown_as_it_is_sent() -> None:
    for parts in parts_of(messenger_sending.LIMITS):
        sent = [body["message"] for body in messenger_sending.requests(MESSENGER, parts)]
        expected = [
            (each["text"], [(quick["title"], "") for quick in each.get("quick_replies", ())], False) for each in sent
        ]
        assert plain(shown(parts, messenger_sending.LIMITS, Style.QUICK)) == expected


@pytest.mark.parametrize("style", [Style.WORDS, Style.BUTTONS])
def test_elsewhere_a_part_is_shown_as_it_is(style: Style) -> None:
    part = Part("Text", (Choice("A long label that nobody cuts", "1"),), urgent=True)
    (bubble,) = shown([part], Limits(100, 8, 60), style)
    assert (bubble.text, bubble.urgent) == ("Text", True)
    assert [(button.title, button.is_cut) for button in bubble.buttons] == [("A long label that nobody cuts", False)]


def test_a_label_that_can_nowhere_be_read_whole_is_said_to_be_cut() -> None:
    reply = Reply("Which?", (Choice("Short", "1"), Choice("A label that is longer than a small button", "2")))
    quick = shown(fit(reply, messenger_sending.LIMITS), messenger_sending.LIMITS, Style.QUICK)[-1]
    listed = shown(fit(reply, whatsapp_sending.LIMITS), whatsapp_sending.LIMITS, Style.LIST)[-1]
    assert [button.is_cut for button in quick.buttons] == [False, True]
    assert [button.is_cut for button in listed.buttons] == [False, False]
