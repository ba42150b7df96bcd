"""The pages without sign-in: the chat with what it can be asked, one approved answer, the widget for other sites."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import aiohttp_jinja2
import jinja2
from aiohttp import web

from bot.core.compose import ENTRY_MARK, sentence
from bot.core.entry import ContactKind, Entry, EntryKind, Knowledge
from bot.core.message import Reply
from bot.public.links import pieces, telephone

Answered = Callable[[Entry, str, Knowledge, date], Reply]

_HERE = Path(__file__).parent
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_CHAT_SHEETS = ("colours.css", "chat.css", "launcher.css")
_CHAT_SCRIPTS = ("links.js", "memory.js", "wire.js", "chat.js")
_TEMPLATES: Final = web.AppKey("public_templates", jinja2.Environment)

# Nothing from elsewhere, nothing written into the page: what a page may do is what its own files do.
PAGE_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
    "Vary": "Accept-Language",
}


@dataclass(frozen=True, slots=True)
class _File:
    body: bytes
    type: str
    version: str


@dataclass(frozen=True, slots=True)
class _Place:
    """One contact channel with what is confirmed of it: kind, value, and the address to open or dial or None."""

    title: str
    lines: tuple[tuple[str, str, str | None], ...]


class Pages:
    """The public pages, from whatever knowledge is in use when they are asked for."""

    def __init__(self, knowledge: Callable[[], Knowledge], answered: Answered, clock: Callable[[], datetime]) -> None:
        self._knowledge = knowledge
        self._answered = answered
        self._clock = clock
        self._files = {path.name: _read(path) for path in sorted((_HERE / "static").iterdir())}
        self._widget: tuple[str, _File] | None = None  # for the revision it was made of

    def setup(self, app: web.Application) -> None:
        """Add the routes and their templates to the application."""
        loader = jinja2.FileSystemLoader(_HERE / "templates")
        aiohttp_jinja2.setup(
            app,
            app_key=_TEMPLATES,
            loader=loader,
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        app.router.add_get("/", self._home)
        app.router.add_get("/chat.js", self._chat_js)
        app.router.add_get("/answers/{id}", self._answer)
        app.router.add_get("/static/{version}/{name}", self._static)

    async def _home(self, request: web.Request) -> web.Response:
        knowledge = self._knowledge()
        language = _language(request, knowledge)
        topics = (entry for entry in knowledge.entries.values() if entry.kind is not EntryKind.CONTACT)
        places = list(_places(knowledge, language))
        told = {href for place in places for _, _, href in place.lines}
        return self._page(
            "home.html",
            request,
            knowledge,
            language,
            {
                "chat_version": self._chat(knowledge).version,
                "mark": ENTRY_MARK,
                "topics": [(entry.id, _title(entry, language, knowledge)) for entry in topics],
                "places": places,
                "links": [(_shown(url), url) for url in knowledge.department.links.values() if url not in told],
            },
        )

    async def _answer(self, request: web.Request) -> web.Response:
        knowledge = self._knowledge()
        language = _language(request, knowledge)
        entry = knowledge.entries.get(request.match_info["id"])
        if entry is None:
            missing = {"title": knowledge.phrases("web_title", language), "related": (), "spoken": language}
            missing["text"] = knowledge.phrases("not_found", language)
            return self._page("answer.html", request, knowledge, language, missing, status=404)
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
        return self._page("answer.html", request, knowledge, language, shown)

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
        return _sent(request, file, headers)

    async def _static(self, request: web.Request) -> web.Response:
        file = self._files.get(request.match_info["name"])
        if file is None:
            raise web.HTTPNotFound
        is_this = request.match_info["version"] == file.version
        return _sent(
            request,
            file,
            {
                "Cache-Control": "public, max-age=31536000, immutable" if is_this else "no-cache",
                "Cross-Origin-Resource-Policy": "cross-origin",
                "X-Content-Type-Options": "nosniff",
            },
        )

    def _page(
        self,
        template: str,
        request: web.Request,
        knowledge: Knowledge,
        language: str,
        shown: dict[str, Any],
        status: int = 200,
    ) -> web.Response:
        name = knowledge.department.name
        always = {
            "language": language,
            "languages": knowledge.department.languages,
            "names": knowledge.phrases.texts["language_name"],
            "department": name.get(language) or next(iter(name.values())),
            "say": lambda phrase: knowledge.phrases(phrase, language),
            "static": self._address,
            "pieces": pieces,
        }
        page = aiohttp_jinja2.render_template(template, request, always | shown, app_key=_TEMPLATES, status=status)
        page.headers.update(PAGE_HEADERS | {"Content-Language": language})
        page.enable_compression()
        return page

    def _address(self, name: str) -> str:
        return f"/static/{self._files[name].version}/{name}"

    def _chat(self, knowledge: Knowledge) -> _File:
        """The widget with its sentences: everything in one file, so that another site needs one script tag."""
        if self._widget is None or self._widget[0] != knowledge.revision:
            given = {
                "words": {language: _words(knowledge, language) for language in knowledge.department.languages},
                "style": "".join(self._files[name].body.decode() for name in _CHAT_SHEETS),
                "sheets": [self._address(name).removeprefix("/") for name in _CHAT_SHEETS],
            }
            lines = [
                "(() => {",
                '"use strict";',
                f"const CHAT = {json.dumps(given, ensure_ascii=False)};",
                'CHAT.home = new URL(".", document.currentScript.src);',
                *(self._files[name].body.decode() for name in _CHAT_SCRIPTS),
                "})();\n",
            ]
            self._widget = (knowledge.revision, _file("\n".join(lines).encode(), "text/javascript"))
        return self._widget[1]


def _sent(request: web.Request, file: _File, headers: dict[str, str]) -> web.Response:
    answer = web.Response(body=file.body, content_type=file.type, charset="utf-8", headers=headers)
    answer.etag = file.version
    if any(tag.value == file.version for tag in request.if_none_match or ()):
        answer = web.Response(status=304, headers=headers)
        answer.etag = file.version
        return answer
    answer.enable_compression()
    return answer


def _read(path: Path) -> _File:
    return _file(path.read_bytes(), _TYPES[path.suffix])


def _file(body: bytes, type: str) -> _File:  # noqa: A002 - what it is called on the wire
    return _File(body, type, hashlib.sha256(body).hexdigest()[:16])


def _words(knowledge: Knowledge, language: str) -> dict[str, str]:
    """The widget's sentences in one language: `web_send` is its `send`."""
    names = [name for name in knowledge.phrases.texts if name.startswith("web_")]
    words = {name.removeprefix("web_"): knowledge.phrases(name, language) for name in names}
    failed = sentence("sorry", language, knowledge).text
    return words | {"failed": failed, "language_name": knowledge.phrases("language_name", language)}


def _language(request: web.Request, knowledge: Knowledge) -> str:
    """The language asked for, else the one the browser prefers, else the department's first."""
    spoken = knowledge.department.languages
    wishes = [request.query.get("lang", ""), *_preferred(request.headers.get("Accept-Language", ""))]
    return next((code for wish in wishes if (code := wish[:2].lower()) in spoken), spoken[0])


def _preferred(header: str) -> list[str]:
    ranked: list[tuple[float, str]] = []
    for wish in header.split(",")[:20]:
        code, _, quality = wish.strip().partition(";q=")
        try:
            ranked.append((float(quality or 1), code))
        except ValueError:
            continue
    return [code for quality, code in sorted(ranked, key=lambda each: -each[0]) if quality > 0]


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
