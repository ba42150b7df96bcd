"""The door of Meta's webhooks: who may come in, and that nothing is looked at before."""

import json
import random
from collections.abc import Mapping, Sequence
from functools import partial

import pytest
from aiohttp import ClientSession, web
from structlog.testing import capture_logs

from bot.channels.meta import MESSENGER, PATH, WHATSAPP, Meta, Turn, is_genuine, signature
from bot.core.channel import Receipt
from tests.meta_emulator import SECRETS, VERIFY, door, page_wrote, signed, wrote
from tests.telegram_emulator import listening

BODY = json.dumps(wrote("my car was stolen, ¿qué hago?")).encode()


class Doors:
    """Channels that keep what was brought to them, and answer as told."""

    def __init__(self, *receipts: Receipt) -> None:
        self.brought: list[tuple[str, Mapping[str, object]]] = []
        self.receipts = list(receipts or (Receipt.ANSWERED,))

    def meta(self, secrets: Sequence[str] = SECRETS) -> Meta:
        return Meta(secrets, VERIFY, {name: partial(self._turns, name) for name in (WHATSAPP, MESSENGER)})

    def _turns(self, name: str, payload: Mapping[str, object]) -> Sequence[Turn]:
        self.brought.append((name, payload))
        return [partial(self._turn, receipt) for receipt in self.receipts]

    async def _turn(self, receipt: Receipt) -> Receipt:
        return receipt


def test_the_signature_is_the_scheme_of_the_published_vector() -> None:
    """GitHub documents this one; Meta publishes none, and signs the same way."""
    secret, body = b"It's a Secret to Everybody", b"Hello, World!"
    published = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    assert signature(secret, body) == published
    assert is_genuine((secret,), {"X-Hub-Signature-256": published}, body)


async def test_one_address_serves_both_channels() -> None:
    doors = Doors()
    bodies = {WHATSAPP: wrote("hello"), MESSENGER: page_wrote("hello")}
    async with door(doors.meta()) as bring:
        assert [await bring(body) for body in bodies.values()] == [200, 200]
    assert doors.brought == list(bodies.items())


@pytest.mark.parametrize("secret", SECRETS)
async def test_while_the_secret_is_replaced_both_prove_a_body(secret: str) -> None:
    doors = Doors()
    async with door(doors.meta()) as bring:
        assert await bring(BODY, signed(BODY, secret)) == 200
    assert len(doors.brought) == 1


async def test_after_the_change_the_old_secret_proves_nothing() -> None:
    doors = Doors()
    async with door(doors.meta(SECRETS[:1])) as bring:
        assert await bring(BODY, signed(BODY, SECRETS[1])) == 403
    assert doors.brought == []


async def test_the_signature_is_over_the_bytes_as_they_came() -> None:
    """The same JSON written another way is another body: Meta writes `\\u00bf` where another program writes `¿`."""
    doors = Doors()
    other = json.dumps(json.loads(BODY), ensure_ascii=False).encode()
    assert (json.loads(other), other != BODY) == (json.loads(BODY), True)
    async with door(doors.meta()) as bring:
        assert await bring(other, signed(BODY)) == 403
        assert await bring(other, signed(other)) == 200


def forgeries(seed: int = 8, wanted: int = 200) -> list[tuple[bytes, dict[str, str]]]:
    """Altered, truncated, unsigned and wrongly signed variants of a genuine webhook, none of them like another."""
    chance, right = random.Random(seed), signed(BODY)["X-Hub-Signature-256"]
    name, made = "X-Hub-Signature-256", dict[tuple[bytes, str], dict[str, str]]()
    fixed = [
        "", "sha256=", right.removeprefix("sha256="), right.upper(), right + "0", right[:-1], f" {right[:-2]}", "null",
        right.replace("sha256", "sha1"), "sha256=" + "0" * 64, "sha256=ñ",
        signed(b"")[name], signed(BODY, "0" * 32)[name], signed(BODY, SECRETS[0].upper())[name], "sha256=" + "f" * 64,
    ]  # fmt: skip
    for shown in fixed:
        made[BODY, shown] = {name: shown}
    made[BODY, "none"] = {}
    made[BODY, "old scheme"] = {"X-Hub-Signature": right}
    made[BODY, "other scheme"] = {"Authorization": right}
    while len(made) < wanted:
        at = chance.randrange(len(BODY))
        match len(made) % 5:
            case 0:
                body, shown = BODY[:at], right
            case 1:
                body, shown = BODY[:at] + bytes([BODY[at] ^ 1 << chance.randrange(8)]) + BODY[at + 1 :], right
            case 2:
                body, shown = BODY[:at] + b" " + BODY[at:], right
            case 3:
                body, shown = BODY, right[: at % 60 + 8] + chance.choice("0123456789abcdef") + right[at % 60 + 9 :]
            case _:
                body, shown = BODY, signed(BODY, "".join(chance.choices("0123456789abcdef", k=32)))[name]
        if (body, shown) != (BODY, right):
            made[body, shown] = {name: shown}
    return [(body, headers) for (body, _), headers in made.items()]


async def test_two_hundred_forged_altered_truncated_and_unsigned_bodies_are_refused_with_no_work_done() -> None:
    doors, tried = Doors(), forgeries()
    assert len(tried) == 200
    async with door(meta := doors.meta()) as bring:
        assert {await bring(body, headers) for body, headers in tried} == {403}
    assert (doors.brought, meta.unreadable) == ([], 0)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b"null", b"\xff\xfe", b"[" * 100_000, b'{"object": 3}',
                                  b'{"object": []}', b'{"object": "instagram", "entry": []}'])  # fmt: skip
async def test_what_is_about_no_channel_of_ours_is_acknowledged_and_counted(body: bytes) -> None:
    doors = Doors()
    with capture_logs() as logs:
        async with door(meta := doors.meta()) as bring:
            assert [await bring(body), await bring(body)] == [200, 200]
    assert (doors.brought, meta.unreadable) == ([], 2)
    assert [line["event"] for line in logs] == ["meta webhook unreadable"] * 2


@pytest.mark.parametrize(("second", "status"), [(Receipt.DUPLICATE, 200), (Receipt.NOT_SENT, 503)])
async def test_one_reply_that_did_not_leave_brings_the_whole_body_again(second: Receipt, status: int) -> None:
    async with door(Doors(Receipt.ANSWERED, second).meta()) as bring:
        assert await bring(BODY) == status


HANDSHAKE = {"hub.mode": "subscribe", "hub.verify_token": VERIFY, "hub.challenge": "1158201444"}


async def shaken(method: str = "GET", **changed: str) -> tuple[int, str, str]:
    app = web.Application()
    app.add_routes(Doors().meta().routes())
    asked = {name: value for name, value in (HANDSHAKE | changed).items() if value != "absent"}
    async with (
        listening(app) as url,
        ClientSession() as client,
        client.request(method, f"{url}{PATH}", params=asked) as response,
    ):
        kind = f"{response.content_type}, {response.headers.get('X-Content-Type-Options')}"
        return response.status, kind, await response.text()


async def test_meta_gets_its_challenge_back_as_plain_text() -> None:
    assert await shaken() == (200, "text/plain, nosniff", "1158201444")
    assert (await shaken("HEAD"))[0] == 405


@pytest.mark.parametrize(
    "changed",
    [
        {"hub.verify_token": "absent"}, {"hub.verify_token": ""}, {"hub.verify_token": VERIFY[:-1]},
        {"hub.verify_token": VERIFY.upper()}, {"hub.verify_token": "ñ"}, {"hub.mode": "unsubscribe"},
        {"hub.mode": "absent"}, {"hub.challenge": "absent"}, {"hub.challenge": "<script>alert(1)</script>"},
        {"hub.challenge": "9" * 201},
    ],
)  # fmt: skip
async def test_nobody_else_gets_anything(changed: dict[str, str]) -> None:
    status, _, text = await shaken(**changed)
    assert (status, text) == (403, "")


@pytest.mark.parametrize(
    ("secrets", "token"), [((), VERIFY), (("",), VERIFY), ((SECRETS[0], ""), VERIFY), (SECRETS, "")]
)
def test_a_door_without_a_lock_is_not_built(secrets: Sequence[str], token: str) -> None:
    with pytest.raises(ValueError, match=r"^a webhook of Meta needs an app secret and a verify token$"):
        Meta(secrets, token, {})
