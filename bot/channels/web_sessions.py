"""Conversations of the web chat: what was last said in each, kept just long enough to outlive a lost connection."""

import asyncio
import json
import re
import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from aiohttp import WSCloseCode, web

from bot.core.message import Part

MOST_SESSIONS = 10_000  # about 2 kB each while quiet
MOST_WIRES = 12_000  # about 20 kB each while quiet
MOST_OF_ONE_NETWORK = 500  # a school or a mobile provider's many customers may have one address together
_LASTS = timedelta(hours=24)  # a tab left open overnight finds its conversation again
# The bot's last words that a reconnecting browser may have missed; in characters too, or the replay of ten thousand
# long conversations would fill the memory.
_MOST_FRAMES, _MOST_CHARACTERS = 20, 6_000
_MOST_SEQ = 2**31
_WRITE_TIMEOUT = 10  # seconds; a phone that takes nothing for so long is gone, and what it missed is replayed
_ID = re.compile(r"[0-9a-f]{32}\Z")  # 128 random bits


@dataclass(frozen=True, slots=True)
class Frame:
    """One part of a reply, numbered within its conversation. `to` is the browser's own id of the message it answers."""

    seq: int
    to: str
    part: Part

    def plain(self) -> dict[str, Any]:
        """The frame as the browser reads it."""
        choices = [{"label": choice.label, "value": choice.value} for choice in self.part.choices]
        part = {"text": self.part.text, "choices": choices, "urgent": self.part.urgent, "language": self.part.language}
        return {"seq": self.seq, "to": self.to} | part


@dataclass(frozen=True, slots=True, eq=False)
class Wire:
    """One open socket, the transport that is cut when the other end no longer reads, and from where it was opened."""

    socket: web.WebSocketResponse
    transport: asyncio.Transport | None
    network: str = field(default="", repr=False)

    async def write(self, said: dict[str, Any]) -> bool:
        """Write one JSON message; False when it could not be handed over, and then the wire is of no more use.

        The bytes are queued before the first wait, so messages leave in the order of the calls.
        """
        if self.socket.closed:
            return False
        try:
            async with asyncio.timeout(_WRITE_TIMEOUT):
                await self.socket.send_str(json.dumps(said, ensure_ascii=False))
        except (OSError, TimeoutError):
            if self.transport is not None:
                self.transport.abort()
            return False
        return True

    async def dismiss(self) -> None:
        """Send the browser away; it is to come back when there is something to say."""
        await self.socket.close(code=WSCloseCode.TRY_AGAIN_LATER)


@dataclass(slots=True, eq=False)
class Session:
    """One conversation. A tab that was duplicated shares it, so there may be several wires.

    `open_turns` are the ids of messages being answered now; one stands twice while a copy of it is looked at.
    """

    id: str = field(repr=False)
    used_at: datetime
    last: int = 0
    frames: list[Frame] = field(default_factory=list)
    wires: list[Wire] = field(default_factory=list)
    open_turns: list[str] = field(default_factory=list)

    def keep(self, to: str, parts: Sequence[Part]) -> tuple[Frame, ...]:
        """Number the parts and keep them for replay; the oldest ones go."""
        added = tuple(Frame(self.last + at, to, part) for at, part in enumerate(parts, 1))
        self.last += len(added)
        self.frames = _newest([*self.frames, *added][-_MOST_FRAMES:], len(added))
        return added

    async def welcome(self, wire: Wire, since: int, advisories: list[dict[str, Any]] | None) -> None:
        """Let the wire join, telling it what was said later than the number its browser saw last, and what holds now.

        `advisories` None: nobody knows; the browser keeps what it shows.
        """
        missed = [frame.plain() for frame in self.frames if frame.seq > since]
        self.wires.append(wire)
        known = {} if advisories is None else {"advisories": advisories}
        await wire.write({"session": self.id, "frames": missed} | known)

    def leave(self, wire: Wire) -> None:
        """Write to this wire no more."""
        if wire in self.wires:
            self.wires.remove(wire)

    async def write(self, frames: Iterable[Frame]) -> bool:
        """Write the frames to every wire, as one message; False when no wire took them."""
        said = {"frames": [frame.plain() for frame in frames]}
        wires = tuple(self.wires)
        taken = await asyncio.gather(*(wire.write(said) for wire in wires))
        for wire, took in zip(wires, taken, strict=True):
            if not took:
                self.leave(wire)
        return any(taken)


class Wires:
    """The open sockets, bounded in number: of one network address, and in all.

    Nobody is refused, or an emergency could be: whoever has been silent longest makes room for the next. A browser
    that was sent away like that comes back when somebody types.
    """

    def __init__(self) -> None:
        self._all: OrderedDict[Wire, None] = OrderedDict()
        self._of: dict[str, OrderedDict[Wire, None]] = {}

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Wire]:
        return iter(tuple(self._all))

    def add(self, wire: Wire) -> Wire | None:
        """Note the wire as open; returns the one that has to go for it."""
        its = self._of.setdefault(wire.network, OrderedDict())
        its[wire] = self._all[wire] = None
        if len(its) > MOST_OF_ONE_NETWORK:
            gone = next(iter(its))
        elif len(self._all) > MOST_WIRES:
            gone = next(iter(self._all))
        else:
            return None
        self.discard(gone)
        return gone

    def used(self, wire: Wire) -> None:
        """Something came by it."""
        if wire in self._all:
            self._all.move_to_end(wire)
            self._of[wire.network].move_to_end(wire)

    def discard(self, wire: Wire) -> None:
        """It is closed, or about to be."""
        if wire in self._all:
            del self._all[wire]
            its = self._of[wire.network]
            del its[wire]
            if not its:
                del self._of[wire.network]


class Sessions:
    """The conversations in use, the least used first, bounded in number and age. A dropped one loses its replay."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._found: OrderedDict[str, Session] = OrderedDict()

    def __len__(self) -> int:
        return len(self._found)

    def open(self, session: str | None, since: int) -> tuple[Session, bool]:
        """The conversation the browser names, and whether it is new here.

        A well-formed id that is not known is taken as it is: it was given before a restart, and choices offered
        under it still hold. Numbers go on after `since`, so that the browser takes no new reply for one it saw.
        """
        key = session if session and _ID.match(session) else secrets.token_hex(16)
        is_new = key not in self._found
        found = self._found.setdefault(key, Session(key, self._clock()))
        found.last = max(found.last, min(max(since, 0), _MOST_SEQ))
        self.touch(found)
        return found, is_new

    def touch(self, session: Session) -> None:
        """Note that the conversation is in use; what is too old or too much goes."""
        session.used_at = now = self._clock()
        self._found[session.id] = session
        self._found.move_to_end(session.id)
        while len(self._found) > MOST_SESSIONS or now - next(iter(self._found.values())).used_at > _LASTS:
            self._found.popitem(last=False)


def _newest(frames: list[Frame], fewest: int) -> list[Frame]:
    """The last of the frames that have room together, and the fewest in any case: those of the newest reply."""
    characters = at = 0
    for at, frame in enumerate(reversed(frames), 1):
        characters += len(frame.part.text)
        if characters > _MOST_CHARACTERS and at > fewest:
            return frames[len(frames) - at + 1 :]
    return frames[len(frames) - at :]
