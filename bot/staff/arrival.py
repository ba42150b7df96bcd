"""Where a request comes from, as far as that can be believed: whose tries are counted, and by which way it came."""

import ipaddress
import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from aiohttp import web

_UNKNOWN = "unknown"  # one count for all who come without an address
_WITH_PORT = re.compile(r"\[(?P<six>[^\]]+)\](?::\d+)?|(?P<four>[0-9.]+):\d+")
_NETWORK = 64  # bits of an IPv6 address that a provider gives to one household: the rest is theirs to change
_FORWARDED_FOR, _FORWARDED_PROTO = "X-Forwarded-For", "X-Forwarded-Proto"


def client_of(peer: str | None, forwarded: Sequence[str], proxies: int) -> str:
    """The address of whoever asks; `peer` is who holds the other end of the line, `forwarded` each X-Forwarded-For.

    Anybody may write such a header, so only what our own `proxies` have added at its end is read: each of them adds
    whom it was asked by. A request that did not pass through all of them counts as the peer's.
    """
    named = [each.strip() for header in forwarded for each in header.split(",")]
    if 0 < proxies <= len(named):
        return _network(named[-proxies]) or _network(peer) or _UNKNOWN
    return _network(peer) or _UNKNOWN


def client(request: web.Request, proxies: int) -> str:
    """The address of whoever sent the request."""
    return client_of(request.remote, request.headers.getall(_FORWARDED_FOR, ()), proxies)


def is_encrypted(request: web.Request, proxies: int, public_url: str | None) -> bool:
    """Whether the browser came by https, to us or to the proxy in front."""
    told = request.headers.get(_FORWARDED_PROTO, "").rpartition(",")[2].strip().lower()
    if proxies and told:
        return told == "https"
    ours = urlsplit(public_url or "")
    return request.secure or (ours.scheme == "https" and ours.netloc.lower() == request.host.lower())


def is_local(request: web.Request) -> bool:
    """Whether the browser runs on this machine: it keeps our cookies without https as well."""
    host = urlsplit(f"//{request.host}").hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    address = _address(host)
    return address is not None and address.is_loopback


def _network(text: str | None) -> str | None:
    """The address, or what a provider gives out of such addresses at a time; None for what is none."""
    found = _WITH_PORT.fullmatch(text or "")
    address = _address(text or "" if found is None else found["six"] or found["four"])
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((int(address), _NETWORK), strict=False))
    return None if address is None else str(address)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, ipaddress.IPv6Address) else address
