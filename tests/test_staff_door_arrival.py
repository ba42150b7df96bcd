"""Whose tries are counted, and which browser is known again."""

import pytest

from bot.staff.arrival import client_of
from bot.staff.devices import Device, called
from bot.staff.visit import inside
from bot.store.keys import Pseudonyms
from bot.store.marks import Marks

MARKS = Marks.under(Pseudonyms(b"k" * 32))


@pytest.mark.parametrize(
    ("peer", "forwarded", "proxies", "client"),
    [
        # nobody in front: what a header says is anybody's word
        ("203.0.113.7", [], 0, "203.0.113.7"),
        ("203.0.113.7", ["198.51.100.1"], 0, "203.0.113.7"),
        # one proxy of ours: the last it added
        ("10.0.0.1", ["198.51.100.1"], 1, "198.51.100.1"),
        ("10.0.0.1", ["1.1.1.1, 2.2.2.2,198.51.100.1"], 1, "198.51.100.1"),
        ("10.0.0.1", ["1.1.1.1", "2.2.2.2, 198.51.100.1"], 1, "198.51.100.1"),
        # two: the last but one
        ("10.0.0.1", ["1.1.1.1, 198.51.100.1, 10.0.0.2"], 2, "198.51.100.1"),
        # whoever came round the proxies counts as who holds the line
        ("203.0.113.7", [], 1, "203.0.113.7"),
        ("203.0.113.7", ["198.51.100.1"], 2, "203.0.113.7"),
        # what is no address
        ("10.0.0.1", ["somebody"], 1, "10.0.0.1"),
        ("10.0.0.1", [""], 1, "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1, unknown"], 1, "10.0.0.1"),
        ("10.0.0.1", ["x" * 8000], 1, "10.0.0.1"),
        ("10.0.0.1", ["1.2.3"], 1, "10.0.0.1"),
        (None, [], 0, "unknown"),
        ("", ["nobody"], 1, "unknown"),
        # with a port, as some proxies write it
        ("10.0.0.1", ["198.51.100.1:4711"], 1, "198.51.100.1"),
        ("10.0.0.1", ["[2001:db8:1:2::3]:4711"], 1, "2001:db8:1:2::/64"),
        # a household has 2^64 addresses of its own
        ("2001:db8:1:2:3:4:5:6", [], 0, "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", [], 0, "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", [], 0, "203.0.113.7"),
        ("fe80::1%eth0", [], 0, "fe80::/64"),
    ],
)
def test_the_address_is_the_one_our_outermost_proxy_saw(
    peer: str | None, forwarded: list[str], proxies: int, client: str
) -> None:
    """ASVS 5, 15.3.4."""
    assert client_of(peer, forwarded, proxies) == client


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/150.0 Safari/537.36 Edg/150.0",
         "Edge on Windows"),
        ("Mozilla/5.0 (Linux; Android 16; Pixel) AppleWebKit/537.36 Chrome/150.0 Mobile Safari/537.36",
         "Chrome on Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) Version/26.0 Mobile/15E148 Safari/604.1",
         "Safari on iPhone"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) CriOS/150.0 Mobile Safari/604.1", "Chrome on iPhone"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 15_0) Version/26.0 Safari/605.1.15", "Safari on Mac"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        ("Mozilla/5.0 (X11; CrOS x86_64) Chrome/150.0 Safari/537.36", "Chrome on ChromeOS"),
        ("<script>alert(1)</script>", "A browser"),
        ("", "A browser"),
    ],
)  # fmt: skip
def test_a_browser_is_called_what_its_owner_calls_it(agent: str, words: str) -> None:
    assert called(agent) == words


def test_a_browser_knows_the_last_eight_accounts_that_signed_in_on_it() -> None:
    device = Device.of("")
    for number in range(9):
        device = device.with_account(f"officer.{number}", MARKS)
    device = Device.of(device.with_account("officer.8", MARKS).cookie)
    assert [device.knows(f"officer.{number}", MARKS) for number in range(9)] == [False] + [True] * 8
    assert len(device.cookie) < 300


@pytest.mark.parametrize("cookie", ["", "x", "a" * 32, "a" * 32 + "." + "A" * 26, "0" * 32 + ".a" * 9, "é" * 40])
def test_a_cookie_that_is_not_ours_is_a_new_browser(cookie: str) -> None:
    device = Device.of(cookie)
    assert (len(device.number), device.words) == (32, ())
    assert device.number not in cookie


def test_a_word_for_one_browser_or_under_another_key_is_nothing() -> None:
    mine = Device.of("").with_account("anna", MARKS)
    theirs = Device("0" * 32, mine.words)
    assert mine.knows("anna", MARKS)
    assert not theirs.knows("anna", MARKS)
    assert not mine.knows("eve", MARKS)
    assert not mine.knows("anna", Marks.under(Pseudonyms(b"l" * 32)))


def test_no_mark_is_read_for_two_things() -> None:
    assert MARKS.of("a", "b c") != MARKS.of("a b", "c")
    assert MARKS.of("name", "x") != MARKS.of("address", "x")
    assert len(MARKS.of("name", "\udcff\0é")) == 26


@pytest.mark.parametrize("inside_path", ["/staff/", "/staff/accounts/anna.lopez", "/staff/audit?who=ann&act=signed+in"])
def test_a_page_of_the_console_is_inside(inside_path: str) -> None:
    assert inside(inside_path) == inside_path
