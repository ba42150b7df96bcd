"""The links that residents are given, and whether there is still somebody behind each of them: for `doctor`."""

import asyncio
import ipaddress
import socket
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urldefrag, urlsplit

from aiohttp import ClientConnectorError, ClientError, ClientSession, TCPConnector, TooManyRedirects

from bot.core.entry import ContactKind, Entry, Knowledge
from bot.public.links import pieces

_AT_ONCE = 4  # hosts; each is asked for one page at a time
_GONE = (404, 410)
_NOT_FOR_PROGRAMS = (401, 403, 405, 406, 429)  # whoever answers like this is there, and may show people the page


@dataclass(frozen=True, slots=True)
class Found:
    """What is wrong with a link. `is_fault` False: only somebody with a browser can tell."""

    link: str
    told: str
    is_fault: bool


def links(knowledge: Knowledge) -> Mapping[str, str]:
    """Every web address in the knowledge, with the first place where it stands."""
    found: dict[str, str] = {}
    for text, place in _texts(knowledge):
        for piece in pieces(text):
            if piece.href and piece.href.startswith("http"):
                found.setdefault(urldefrag(piece.href).url, place)
    return found


def connector() -> TCPConnector:
    """What `looked_up` is to connect by: to public addresses only, so that no link looks about inside.

    Asked for each connection, after the name was resolved: a redirect or a name that changes its address leads no
    further in.
    """
    return TCPConnector(socket_factory=_socket)


def _socket(found: tuple[Any, ...]) -> socket.socket:
    family, kind, protocol, _, (host, *_) = found
    address = ipaddress.ip_address(str(host).partition("%")[0])
    inner = address.ipv4_mapped or address.sixtofour if isinstance(address, ipaddress.IPv6Address) else None
    if not (inner or address).is_global or address.is_multicast:
        raise PermissionError("not a public address")
    return socket.socket(family, kind, protocol)


async def looked_up(client: ClientSession, wanted: Iterable[str]) -> tuple[Found, ...]:
    """What is wrong with these links; nothing about those that are as they should be."""
    by_host: dict[str, list[str]] = {}
    for link in wanted:
        by_host.setdefault(urlsplit(link).netloc, []).append(link)
    gate = asyncio.Semaphore(_AT_ONCE)

    async def host(listed: list[str]) -> list[Found | None]:
        async with gate:
            return [await _looked_up(client, link) for link in listed]

    hosts = await asyncio.gather(*(host(listed) for listed in by_host.values()))
    return tuple(found for listed in hosts for found in listed if found is not None)


async def _looked_up(client: ClientSession, link: str) -> Found | None:
    try:
        async with client.get(link, max_redirects=5) as response:
            status = response.status
    except TooManyRedirects:
        return Found(link, "leads round in circles", is_fault=True)
    except ClientConnectorError as error:
        inside = isinstance(error.os_error, PermissionError)
        told = "leads into a private network" if inside else f"does not answer ({type(error).__name__})"
        return Found(link, told, is_fault=True)
    except (ClientError, TimeoutError, OSError, ValueError) as error:
        return Found(link, f"does not answer ({type(error).__name__})", is_fault=True)
    if status in _GONE:
        return Found(link, f"is gone (HTTP {status})", is_fault=True)
    if status in _NOT_FOR_PROGRAMS:
        return Found(link, f"shows programs nothing (HTTP {status}): open it in a browser", is_fault=False)
    return Found(link, f"answers HTTP {status}", is_fault=True) if status >= 400 else None


def _texts(knowledge: Knowledge) -> Iterator[tuple[str, str]]:
    for entry in (*knowledge.entries.values(), *knowledge.elsewhere):
        yield from ((text, str(entry.place)) for text in _said(entry))
    for name, link in knowledge.department.links.items():
        yield link, f"department.yaml: {name}"
    if knowledge.alerting:
        yield knowledge.alerting.city_alerts, "topics.yaml"
    for name, wordings in knowledge.phrases.texts.items():
        yield from ((text, f"phrases.yaml: {name}") for text in wordings.values())
    for reply in (knowledge.replies.redirect, knowledge.replies.notice, *knowledge.replies.lines.values()):
        yield from ((text, "emergency/replies.yaml") for text in reply.values())


def _said(entry: Entry) -> Iterator[str]:
    if entry.source:
        yield entry.source.url
    for wording in entry.wordings.values():
        yield from (wording.answer or "", *wording.details.values())
    for channel in entry.channels:
        if channel.kind is ContactKind.URL and channel.value:
            yield from channel.value.values()
