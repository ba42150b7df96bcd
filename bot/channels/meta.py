"""The webhook that WhatsApp and Messenger share: the handshake, the proof, and which of the two a body is for."""

import hashlib
import hmac
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial

import structlog
from aiohttp import web

from bot.channels.meta_fields import parsed
from bot.channels.webhook import hook
from bot.core.channel import Receipt

log = structlog.get_logger()

PATH = "/webhooks/meta"
WHATSAPP, MESSENGER = "whatsapp_business_account", "page"  # what a body is about, by Meta's documentation
_CHALLENGE = re.compile(r"[A-Za-z0-9._-]{1,200}")  # Meta sends digits; whatever it is comes back as plain text only

Turn = Callable[[], Awaitable[Receipt]]
"""Something a body asks for, not yet begun."""
Door = Callable[[Mapping[str, object]], Sequence[Turn]]
"""What a channel makes of a body that is about it. Never raises; what it cannot read it counts itself."""


class Meta:
    """The door for Meta's webhooks. `unreadable` counts bodies that are about none of the channels behind it."""

    def __init__(self, secrets: Sequence[str], verify_token: str, doors: Mapping[str, Door]) -> None:
        """Any of the app secrets proves a body, so that one can be replaced without a gap.

        Raises ValueError without secret or token: an empty one would be known to everybody.
        """
        if not secrets or not all(secrets) or not verify_token:
            raise ValueError("a webhook of Meta needs an app secret and a verify token")
        self._secrets = tuple(secret.encode() for secret in secrets)
        self._verify_token = verify_token.encode()
        self._doors = doors
        self.unreadable = 0

    def routes(self) -> list[web.RouteDef]:
        """Where Meta asks whether the address is ours, and where it brings messages."""
        proof = partial(is_genuine, self._secrets)
        return [
            web.get(PATH, self._shake, allow_head=False),
            hook(PATH, is_genuine=proof, decode=self._decode, turn=lambda turn: turn()),
        ]

    async def _shake(self, request: web.Request) -> web.Response:
        """Give the challenge back to whoever knows the verify token."""
        asked = request.query
        shown = asked.get("hub.verify_token", "").encode(errors="surrogateescape")
        is_known = hmac.compare_digest(shown, self._verify_token)
        challenge = asked.get("hub.challenge", "")
        if not is_known or asked.get("hub.mode") != "subscribe" or not _CHALLENGE.fullmatch(challenge):
            return web.Response(status=403)
        return web.Response(text=challenge, headers={"X-Content-Type-Options": "nosniff"})

    def _decode(self, body: bytes) -> Sequence[Turn]:
        payload = parsed(body)
        about = payload.get("object") if isinstance(payload, Mapping) else None
        door = self._doors.get(about) if isinstance(about, str) else None
        if door is None or not isinstance(payload, Mapping):
            self.unreadable += 1
            log.warning("meta webhook unreadable")
            return ()
        return door(payload)


def is_genuine(secrets: Sequence[bytes], headers: Mapping[str, str], body: bytes) -> bool:
    """Whether the body was signed with one of the secrets, byte for byte as it came."""
    shown = headers.get("X-Hub-Signature-256", "").encode(errors="surrogateescape")
    # All are compared, whichever fits: the time taken tells nothing.
    matches = [hmac.compare_digest(shown, signature(secret, body).encode()) for secret in secrets]
    return any(matches)


def signature(secret: bytes, body: bytes) -> str:
    """The header that proves the body."""
    return "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
