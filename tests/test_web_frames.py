"""What browsers send, as it is read; and which sites may be listed."""

import pytest

from bot.channels.web import Hello, Said, WebChat, decode
from bot.core.message import Kind
from tests.web_builders import Desk, now


@pytest.mark.parametrize(("raw", "read"), [
    ('{"hello": {"session": "s", "since": 3, "language": "es"}}', Hello("s", 3, "es")),
    ('{"hello": {"session": 1, "since": "x", "language": "spanish"}}', Hello(None, 0, None)),
    ('{"id": "a", "text": "hi", "language": "pt"}', Said("a", "hi", Kind.TEXT, "pt")),
    ('{"id": "a", "choice": "=lost"}', Said("a", "=lost", Kind.BUTTON, None)),
    ('{"id": "a", "text": "\\ud83d\\ude00 \\ud83d"}', Said("a", "😀 �", Kind.TEXT, None)),
])  # fmt: skip
def test_what_browsers_send_is_read_as(raw: str, read: Hello | Said) -> None:
    assert decode(raw) == read


def test_nothing_a_resident_is_known_by_shows_when_a_value_is_printed() -> None:
    assert "secret" not in repr(decode('{"hello": {"session": "secret"}}')) + repr(decode('{"text": "secret"}'))


@pytest.mark.parametrize("origin", ["*", "https://*.example", "city.example", "null"])
def test_a_list_of_sites_holds_only_whole_addresses(origin: str) -> None:
    with pytest.raises(ValueError, match="not the address of a site"):
        WebChat(Desk().receive, now, (origin,))
