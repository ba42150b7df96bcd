"""Whether a webhook is Twilio's: its published vectors, its own validator, and everything that is not."""

import random
from importlib import import_module
from importlib.util import find_spec
from urllib.parse import urlencode

import pytest

from bot.channels.sms import PATH, STATUS_PATH
from bot.channels.twilio_proof import SETTINGS, SIGNATURE, Fields, is_signed
from bot.core.channel import Channel, Receipt
from bot.core.message import IncomingMessage
from tests.twilio_api import ADA, OLD_TOKEN, PUBLIC, TOKEN, needs, said, signature, sms

URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
CALL = [
    ("CallSid", "CA1234567890ABCDE"), ("Digits", "1234"), ("From", "+14158675309"), ("To", "+18005551212"),
    ("Caller", "+14158675309"),
]  # fmt: skip
TWICE = [("Sid", "CA123"), ("SidAccount", "AC123"), ("Digits", "5678"), ("Digits", "1234")]
SHARED_KEY = {SETTINGS: "key=webhooks_sharedkey_1, algorithm=HMAC_SHA256"}
NOWHERE = "http://127.0.0.1:9"

# The published vectors: tests/unit/test_request_validator.py of twilio-python 9.13, token 12345.
VECTORS = [
    (URL, CALL, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
    (URL.replace(".com", ".com:1234"), CALL, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
    (URL, CALL, "kvajT1Ptam85bY51eRf/AJRuM3w="),  # signed with port 443
    (URL.replace("https", "http"), CALL, "0ZXoZLH/DfblKGATFgpif+LLRf4="),  # signed with port 80
    (URL.replace("https", "http").replace(".com", ".com:1234"), CALL, "Zmvh+3yNM1Phv2jhDCwEM3q5ebU="),
    (URL, TWICE, "IK+Dwps556ElfBT0I3Rgjkr1wJU="),
]


@pytest.mark.parametrize(("url", "fields", "shown"), VECTORS)
def test_twilios_published_vectors_are_its_own(url: str, fields: Fields, shown: str) -> None:
    assert is_signed(url, fields, {SIGNATURE: shown}, ["replaced", "12345"])
    assert not is_signed(url, fields, {SIGNATURE: shown}, ["another"])
    assert not is_signed(url, fields[:-1], {SIGNATURE: shown}, ["12345"])
    assert not is_signed(url, fields, {SIGNATURE: shown, **SHARED_KEY}, ["12345"])


@pytest.mark.parametrize(("settings", "digest"), [
    ("", "sha1"),
    ("key=k", "sha1"),
    ("algorithm=", "sha1"),
    ("algorithm=HMAC_SHA256", "sha256"),
    ("key=k,algorithm=hmac_sha256", "sha256"),
    ("key=k, algorithm = HMAC_SHA256 ,x", "sha256"),
    ("algorithm=HMAC_SHA1=", None),
    ("algorithm=MD5", None),
])  # fmt: skip
def test_the_scheme_is_the_one_that_is_named_and_an_unknown_one_proves_nothing(
    settings: str, digest: str | None
) -> None:
    for tried in ("sha1", "sha256"):
        shown = {SIGNATURE: signature(URL, CALL, digest=tried), SETTINGS: settings}
        assert is_signed(URL, CALL, shown, [TOKEN]) is (tried == digest)


def test_of_500_random_forms_every_verdict_is_that_of_twilios_own_validator() -> None:
    needs(find_spec("twilio") is not None, "the package twilio")
    validator = import_module("twilio.request_validator").RequestValidator("a token")
    rnd = random.Random(8)
    for _ in range(500):
        url = rnd.choice(("https", "http")) + "://ask.example" + rnd.choice(("", ":8443", ":443")) + "/webhooks/twilio"
        names = rnd.sample(["Body", "From", "To", "body", "MediaUrl0", "NumMedia", "Ünï", "", "a b"], rnd.randint(0, 9))
        form = {name: "".join(rnd.choices("aé ñ=&+%\n🚓", k=rnd.randint(0, 12))) for name in names}
        algorithm, settings = rnd.choice((("HMAC_SHA1", {}), ("HMAC_SHA256", SHARED_KEY)))
        shown = {SIGNATURE: validator.compute_signature(url, form, algorithm), **settings}
        assert is_signed(url, list(form.items()), shown, ["a token"])
        other = {**form, rnd.choice([*form, "new"]): "altered"}
        assert not is_signed(url, list(other.items()), shown, ["a token"])


class Door:
    """A reception that must never be reached."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    async def receive(self, message: IncomingMessage, via: Channel) -> Receipt:
        self.heard.append(message.text)
        return Receipt.ANSWERED


def forged() -> list[tuple[bytes, dict[str, str]]]:
    """200 bodies and headers near a genuine one: unsigned, cut, altered, for elsewhere, by somebody else."""
    rnd = random.Random(8)
    form = said("he has a gun")
    body, shown = urlencode(form).encode(), signature(f"{PUBLIC}{PATH}", list(form.items()))
    genuine = {SIGNATURE: shown}
    found: list[tuple[bytes, dict[str, str]]] = [
        (body, {}),
        (body, {SIGNATURE: ""}),
        (body, {SIGNATURE: "señal"}),
        (body, {SIGNATURE: f"{shown}="}),
        (body, {**genuine, SETTINGS: "algorithm=HMAC_SHA256"}),
        (body, {**genuine, SETTINGS: "algorithm=none"}),
        (body, {SIGNATURE: signature(f"{PUBLIC}{PATH}", list(form.items()), "")}),
        (body, {SIGNATURE: signature(f"{PUBLIC}{PATH}", list(form.items()), "k" * 32)}),
        (body, {SIGNATURE: signature(f"{PUBLIC}{PATH}", list(form.items()), digest="sha256")}),
        (body, {SIGNATURE: signature(f"{PUBLIC}{STATUS_PATH}", list(form.items()))}),
        (body, {SIGNATURE: signature(f"https://other.example{PATH}", list(form.items())), "Host": "other.example"}),
        (body, {SIGNATURE: signature(f"http://ask.example{PATH}", list(form.items()))}),
        (b"", genuine),
        (b"&" * 5_000, genuine),
        (b'{"From": "+1"}', genuine),
    ]
    while len(found) < 80:
        found.append((body[: rnd.randrange(len(body) - 1)], genuine))
    while len(found) < 140:
        other = {**form, rnd.choice(list(form)): f"x{rnd.random()}"}
        found.append((urlencode(other).encode(), genuine))
    while len(found) < 200:
        at = rnd.randrange(len(shown) - 2)
        letter = rnd.choice([letter for letter in "abcXYZ019+/" if letter != shown[at]])
        found.append((body, {SIGNATURE: shown[:at] + letter + shown[at + 1 :]}))
    return found


async def test_200_forged_altered_truncated_and_unsigned_bodies_are_refused_and_nothing_is_done() -> None:
    door = Door()
    async with sms(NOWHERE, door.receive) as hook:
        refused = [await hook.post(body, headers=headers) for body, headers in forged()]
        assert refused == [403] * 200
        assert hook.channel.unreadable == 0
        assert await hook.post(said("he has a gun")) == 200
    assert door.heard == ["he has a gun"]


@pytest.mark.parametrize("token", [TOKEN, OLD_TOKEN])
async def test_while_a_token_is_replaced_either_is_taken(token: str) -> None:
    door = Door()
    async with sms(NOWHERE, door.receive) as hook:
        assert await hook.post(said("hello"), token=token) == 200
    assert door.heard == ["hello"]


@pytest.mark.parametrize("address", [f"{PUBLIC}:443{PATH}", f"{PUBLIC}{PATH}"])
@pytest.mark.parametrize("digest", ["sha1", "sha256"])
async def test_both_schemes_and_both_spellings_of_the_port_are_taken(address: str, digest: str) -> None:
    form, door = said("Ñandú & co. 🚓"), Door()
    headers = {SIGNATURE: signature(address, list(form.items()), digest=digest)}
    async with sms(NOWHERE, door.receive) as hook:
        assert await hook.post(form, headers=headers | (SHARED_KEY if digest == "sha256" else {})) == 200
    assert door.heard == ["Ñandú & co. 🚓"]


async def test_what_is_signed_for_messages_is_not_taken_as_a_status() -> None:
    form = {"MessageSid": "SM9", "MessageStatus": "undelivered", "ErrorCode": "30005", "To": ADA}
    headers = {SIGNATURE: signature(f"{PUBLIC}{PATH}", list(form.items()))}
    async with sms(NOWHERE, Door().receive) as hook:
        assert await hook.post(form, STATUS_PATH, headers) == 403
        assert hook.lost == []
        assert await hook.post(form, STATUS_PATH) == 200
        assert [who.id for who, _ in hook.lost] == [ADA]
