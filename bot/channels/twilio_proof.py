"""Whether a webhook is Twilio's: its signature over the public address and the parameters, in both of its schemes."""

import hmac
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlsplit

SIGNATURE = "X-Twilio-Signature"
SETTINGS = "X-Twilio-Webhooks-Signature-Settings"  # key=...,algorithm=...; absent: signed with the account's token

Fields = Sequence[tuple[str, str]]

_DIGESTS = {"HMAC_SHA1": "sha1", "HMAC_SHA256": "sha256"}
_PORTS = {"https": 443, "http": 80}
_PORT = re.compile(r":\d+\Z")


def is_signed(url: str, fields: Fields, headers: Mapping[str, str], secrets: Sequence[str]) -> bool:
    """Whether one of the secrets signed this form for this address.

    `url` is the address that Twilio calls, from our settings: what a request says of itself proves nothing. Several
    secrets: one is being replaced.
    """
    digest = _DIGESTS.get(_algorithm(headers.get(SETTINGS, "")))
    if digest is None:
        return False
    shown = headers.get(SIGNATURE, "").encode(errors="surrogateescape")
    told = "".join(name + value for name, value in sorted(set(fields)))
    # All are compared, also after one has matched: the time taken tells nothing.
    matches = [
        hmac.compare_digest(shown, _signature(address + told, secret, digest))
        for secret in secrets
        if secret
        for address in _spelt(url)
    ]
    return any(matches)


def _algorithm(settings: str) -> str:
    for setting in settings.split(","):
        name, _, value = setting.partition("=")
        if name.strip() == "algorithm" and value.strip():
            return value.strip().upper()
    return "HMAC_SHA1"


def _spelt(url: str) -> Iterator[str]:
    """The address with and without its port: Twilio signs either, whatever was called."""
    parts = urlsplit(url)
    bare = _PORT.sub("", parts.netloc)
    port = parts.port or _PORTS[parts.scheme]
    yield parts._replace(netloc=bare).geturl()
    yield parts._replace(netloc=f"{bare}:{port}").geturl()


def _signature(signed: str, secret: str, digest: str) -> bytes:
    return b64encode(hmac.new(secret.encode(), signed.encode(errors="surrogateescape"), digest).digest())
