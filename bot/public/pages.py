"""The pages without sign-in: the chat with what it can be asked, one approved answer, the widget for other sites."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from aiohttp import web

from bot.core.advisory import AdvisoryLevel
from bot.core.compose import ENTRY_MARK, sentence
from bot.core.entry import ContactKind, Entry, EntryKind, Knowledge
from bot.core.message import Reply
from bot.core.notice import Notice
from bot.public.dress import File, sent
from bot.public.frame import Frame, language_of
from bot.public.links import telephone

Answered = Callable[[Entry, str, Knowledge, date], Reply]

_CHAT_SHEETS = ("colours.css", "notices.css", "chat.css", "launcher.css")
_CHAT_SCRIPTS = ("links.js", "memory.js", "wire.js", "rating.js", "chat.js")


@dataclass(frozen=True, slots=True)
class _Place:
    """One contact channel with what is confirmed of it: kind, value, and the address to open or dial or None."""

    title: str
    lines: tuple[tuple[str, str, str | None], ...]


class Pages:
    """The public pages, from whatever knowledge is in use when they are asked for."""

    def __init__(
        self,
        knowledge: Callable[[], Knowledge],
        answered: Answered,
        clock: Callable[[], datetime],
        notices: Callable[[], Sequence[Notice]] = tuple,
    ) -> None:
        self.frame = Frame()
        self._knowledge = knowledge
        self._answered = answered
        self._clock = clock
        self._notices = notices
        self._widget: tuple[str, File] | None = None  # for the revision it was made of

    def setup(self, app: web.Application) -> None:
        """Add the routes and what every page has to the application."""
        self.frame.setup(app)
        app.router.add_get("/", self._home)
        app.router.add_get("/chat.js", self._chat_js)
        app.router.add_get("/answers/{id}", self._answer)

    async def _home(self, request: web.Request) -> web.Response:
        knowledge = self._knowledge()
        language = language_of(request, knowledge)
        topics = (entry for entry in knowledge.entries.values() if entry.kind is not EntryKind.CONTACT)
        places = list(_places(knowledge, language))
        told = {href for place in places for _, _, href in place.lines}
        return self.frame.page(
            "home.html",
            request,
            knowledge,
            language,
            {
                "chat_version": self._chat(knowledge).version,
                "mark": ENTRY_MARK,
                "notices": [_banner(notice, language) for notice in self._notices()],
                "topics": [(entry.id, _title(entry, language, knowledge)) for entry in topics],
                "places": places,
                "links": [(_shown(url), url) for url in knowledge.department.links.values() if url not in told],
            },
        )

    async def _answer(self, request: web.Request) -> web.Response:
        knowledge = self._knowledge()
        language = language_of(request, knowledge)
        entry = knowledge.entries.get(request.match_info["id"])
        if entry is None:
            missing = {"title": knowledge.phrases("web_title", language), "related": (), "spoken": language}
            missing["text"] = knowledge.phrases("not_found_unkept", language)
            return self.frame.page("answer.html", request, knowledge, language, missing, status=404)
        today = self._clock().astimezone(knowledge.department.time_zone).date()
        reply = self._answered(entry, language, knowledge, today)
        related = [
            {"label": choice.label, "href": f"/answers/{choice.value.removeprefix(ENTRY_MARK)}?lang={language}"}
            for choice in reply.choices
            if choice.value.startswith(ENTRY_MARK)
        ]
        spoken = _spoken(entry, language, knowledge)
        title = entry.wordings[spoken].title
        # The page has a heading: a reply that begins with its own title need not say it twice.
        text = reply.text.removeprefix(title).lstrip() or reply.text
        shown = {"title": title, "text": text, "spoken": spoken, "related": related}
        return self.frame.page("answer.html", request, knowledge, language, shown)

    async def _chat_js(self, request: web.Request) -> web.Response:
        file = self._chat(self._knowledge())
        headers = {
            "Access-Control-Allow-Origin": "*",
            "Cross-Origin-Resource-Policy": "cross-origin",
            "X-Content-Type-Options": "nosniff",
            # Our page names the version; other sites ask every few minutes, so that a new sentence gets there.
            "Cache-Control": "public, max-age=31536000, immutable"
            if request.query_string == file.version
            else "public, max-age=300",
        }
        return sent(request, file, headers)

    def _chat(self, knowledge: Knowledge) -> File:
        """The widget with its sentences: everything in one file, so that another site needs one script tag."""
        if self._widget is None or self._widget[0] != knowledge.revision:
            given = {
                "words": {language: _words(knowledge, language) for language in knowledge.department.languages},
                "style": "".join(self.frame.files[name].body.decode() for name in _CHAT_SHEETS),
                "sheets": [self.frame.address(name).removeprefix("/") for name in _CHAT_SHEETS],
            }
            lines = [
                "(() => {",
                '"use strict";',
                f"const CHAT = {json.dumps(given, ensure_ascii=False)};",
                'CHAT.home = new URL(".", document.currentScript.src);',
                *(self.frame.files[name].body.decode() for name in _CHAT_SCRIPTS),
                "})();\n",
            ]
            self._widget = (knowledge.revision, File.of("\n".join(lines).encode(), "text/javascript"))
        return self._widget[1]


def _words(knowledge: Knowledge, language: str) -> dict[str, str]:
    """The widget's sentences in one language: `web_send` is its `send`."""
    names = [name for name in knowledge.phrases.texts if name.startswith("web_")]
    words = {name.removeprefix("web_"): knowledge.phrases(name, language) for name in names}
    failed = sentence("sorry", language, knowledge).text
    levels = {f"level_{level.value}": knowledge.phrases(f"level_{level.value}", language) for level in AdvisoryLevel}
    return words | levels | {"failed": failed, "language_name": knowledge.phrases("language_name", language)}


def _banner(notice: Notice, language: str) -> dict[str, Any]:
    """The notice as the page shows it: in the language, or in the first it has."""
    spoken = language if language in notice.headlines else next(iter(notice.headlines))
    return notice.plain() | {"headline": notice.headlines[spoken], "spoken": spoken}


def _spoken(entry: Entry, language: str, knowledge: Knowledge) -> str:
    """The language the entry is answered in: the one asked for, the department's first that it has, or any."""
    wishes = (language, *knowledge.department.languages, *entry.wordings)
    return next(wish for wish in wishes if wish in entry.wordings)


def _title(entry: Entry, language: str, knowledge: Knowledge) -> str:
    return entry.wordings[_spoken(entry, language, knowledge)].title


def _places(knowledge: Knowledge, language: str) -> Iterator[_Place]:
    """Contact channels with what is confirmed of them, each value once: many share the address and the website."""
    told: set[str] = set()
    for entry in knowledge.entries.values():
        lines = []
        for channel in entry.channels if entry.kind is EntryKind.CONTACT else ():
            if channel.value is None:
                continue
            value = channel.value.get(language) or next(iter(channel.value.values()))
            if value not in told:
                told.add(value)
                kind = knowledge.phrases(channel.kind.value, language)
                lines.append((kind, _shown(value), _leads_to(channel.kind, value)))
        if lines:
            yield _Place(_title(entry, language, knowledge), tuple(lines))


def _leads_to(kind: ContactKind, value: str) -> str | None:
    match kind:
        case ContactKind.PHONE:
            return telephone(value)
        case ContactKind.EMAIL:
            return f"mailto:{value}"
        case ContactKind.URL:
            return value
        case _:
            return None


def _shown(url: str) -> str:
    return url.removeprefix("https://").removeprefix("http://").rstrip("/")
