"""Try it: ask as a resident would, on any channel, and see the reply as it looks there and why it came out so."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from aiohttp import web

from bot.core.answer import Snapshot
from bot.core.message import ChannelName, Kind
from bot.core.staff import Act
from bot.staff.charts import meter
from bot.staff.doors import Door
from bot.staff.figures_words import channel_named, language_named
from bot.staff.trying_talk import Talk, Talks, label_of, said
from bot.staff.trying_why import why
from bot.staff.visit import Visit
from bot.store.faults import StoreDown

_MOST = 4_000  # characters in the field; more is read as reception reads it


@dataclass(frozen=True, slots=True)
class Wish:
    """How the next message is to come in."""

    channel: ChannelName
    device: str | None = None
    is_media: bool = False


class TryingRoom:
    """The room where the bot is tried. Nothing that is said here is stored, counted, noted or sent."""

    def __init__(self) -> None:
        self._talks = Talks()

    def doors(self) -> tuple[Door, ...]:
        return (Door("GET", "/try", self._empty, Act.SEE), Door("POST", "/try", self._said, Act.SEE))

    async def _empty(self, visit: Visit) -> web.Response:
        wish = _wish({"channel": visit.request.query.get("channel", "")}, visit)
        return _page(visit, secrets.token_urlsafe(9), Talk(), wish, text=visit.request.query.get("text", "")[:_MOST])

    async def _said(self, visit: Visit) -> web.Response:
        form = await visit.form()
        wish, name = _wish(form, visit), form.get("talk", "")[:40] or secrets.token_urlsafe(9)
        if "again" in form:
            return _page(visit, secrets.token_urlsafe(9), Talk(), wish)
        found = self._talks.of(visit.csrf, name, visit.now)
        talk, text, press = found or Talk(), form.get("text", "").strip(), form.get("press")
        label = label_of(talk, press) if press is not None else None
        if press is not None and label is None:
            return _page(visit, name, talk, wish, fault="That button belongs to a talk that is over. Ask again.")
        if not text and label is None and not wish.is_media:
            return _page(visit, name, talk, wish, fault="Write a message first.")
        kind = Kind.BUTTON if label is not None else Kind.MEDIA if wish.is_media else Kind.TEXT
        limits = visit.office.limits[wish.channel]
        typed = press if press is not None else text
        talk = said(talk, typed, label or text, _snapshot(visit), limits, wish.channel, kind, wish.device, visit.now)
        self._talks.keep(visit.csrf, name, talk)
        return _page(visit, name, talk, replace(wish, is_media=False))


def _page(visit: Visit, name: str, talk: Talk, wish: Wish, *, text: str = "", fault: str = "") -> web.Response:
    """The talk and why its last reply came out so; to htmx only that, without the frame."""
    snapshot, limits = _snapshot(visit), visit.office.limits
    knowledge = snapshot.knowledge
    last = talk.said[-1] if talk.said else None
    shown: dict[str, Any] = {
        "name": name,
        "talk": talk,
        "wish": wish,
        "text": text,
        "fault": fault,
        "most": _MOST,
        "channels": [(channel.value, channel_named(channel.value)) for channel in limits],
        "channel_named": channel_named,
        "languages": [(code, language_named(code, knowledge)) for code in knowledge.department.languages],
        "why": why(last, snapshot, limits[last.message.sender.channel], visit.now) if last else None,
        "meter": meter,
    }
    return visit.part("try_talk.html", **shown) if visit.wants_part else visit.page("try.html", **shown)


def _wish(form: Mapping[str, str], visit: Visit) -> Wish:
    """How the message comes in; on the web chat, or the house's first channel, when the form does not say."""
    channels = list(visit.office.limits)
    usual = ChannelName.WEB if ChannelName.WEB in channels else channels[0]
    channel = next((each for each in channels if each.value == form.get("channel")), usual)
    languages = visit.office.knowledge().department.languages
    device = form.get("device") if form.get("device") in languages else None
    return Wish(channel, device, form.get("kind") == "media")


def _snapshot(visit: Visit) -> Snapshot:
    current = visit.office.live.current
    if current is None:
        raise StoreDown("no knowledge can be read yet")
    return current
