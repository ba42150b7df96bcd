"""What the department announces, for everybody: the list, each advisory's page, Atom and CAP.

Exercises and drafts do not exist here. When the store cannot be read that is said: an empty list would be a lie.
"""

import hashlib
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.core.advisory import Advisory, AdvisoryKind, AdvisoryType, Ended
from bot.core.cap import CAP_TYPE, atom, cap_xml, headline
from bot.core.entry import Knowledge
from bot.core.moment import in_words
from bot.core.notice import SHAPES
from bot.public.board import Books
from bot.public.frame import Frame, language_of
from bot.store.faults import StoreDown

_MOST = 60  # of the list and the feed; older ones keep their pages
_LONGEST_NAME = 100  # characters of an identifier
_AGAIN = "15"  # seconds after which a browser may ask again when the store was down
_DATA_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Access-Control-Allow-Origin": "*",  # what is public may be read by any page
    "Cross-Origin-Resource-Policy": "cross-origin",
}


@dataclass(frozen=True, slots=True)
class _Shown:
    """An advisory as a page shows it. `texts` are its words by language, the reader's first; `word` its level's."""

    id: str
    word: str
    shape: str
    level: str
    title: str
    spoken: str
    issued: str
    states: tuple[str, ...]
    texts: dict[str, tuple[str, ...]]
    is_live: bool


class Feeds:
    """The pages of advisories, read from the store when they are asked for."""

    def __init__(
        self,
        books: Callable[[], Books | None],
        knowledge: Callable[[], Knowledge],
        clock: Callable[[], datetime],
        frame: Frame,
        public_url: str | None = None,
    ) -> None:
        """`books` returns None while the store is not open; `public_url` None: links lead to where the request came."""
        self._books = books
        self._knowledge = knowledge
        self._clock = clock
        self._frame = frame
        self._public_url = public_url

    def setup(self, app: web.Application) -> None:
        """Add the routes to the application, whose frame has been set up."""
        app.router.add_get("/advisories", self._or_down(self._list))
        app.router.add_get("/advisories.atom", self._or_down(self._atom))
        app.router.add_get("/advisories/{identifier}.cap", self._or_down(self._cap))
        app.router.add_get("/advisories/{identifier}", self._or_down(self._one))

    def _or_down(self, handler: Callable[[web.Request, Books], Awaitable[web.Response]]) -> Handler:
        async def answer(request: web.Request) -> web.StreamResponse:
            try:
                if (books := self._books()) is None:
                    return self._down(request)
                return await handler(request, books)
            except StoreDown:
                return self._down(request)

        return answer

    async def _list(self, request: web.Request, books: Books) -> web.Response:
        knowledge, now = self._knowledge(), self._clock()
        language = language_of(request, knowledge)
        live = sorted(await books.live(now), key=lambda each: (each.priority(), -each.number))
        on = {each.number for each in live}
        newest = await books.newest(_MOST, AdvisoryKind.LIVE)
        past = [each for each in newest if _is_out(each, now) and each.number not in on]
        shown = {
            "live": [_shown(each, language, knowledge, now) for each in live],
            "past": [_shown(each, language, knowledge, now) for each in past],
            "ways": list(_ways(knowledge, language)),
        }
        return _kept(request, self._frame.page("advisories.html", request, knowledge, language, shown))

    async def _one(self, request: web.Request, books: Books) -> web.Response:
        knowledge, now = self._knowledge(), self._clock()
        language = language_of(request, knowledge)
        advisory = await self._found(request, books, now)
        if advisory is None:
            return self._said(request, knowledge, "page_missing", 404)
        thread = [each for each in await books.thread(advisory.number) if _is_out(each, now)]
        others = [each for each in thread if each.number != advisory.number]
        shown = {
            "it": _shown(advisory, language, knowledge, now),
            "others": [_shown(each, language, knowledge, now) for each in others],
            "has_cap": knowledge.alerting is not None,
            "ways": list(_ways(knowledge, language)),
        }
        return _kept(request, self._frame.page("advisory.html", request, knowledge, language, shown))

    async def _atom(self, request: web.Request, books: Books) -> web.Response:
        knowledge, now = self._knowledge(), self._clock()
        language = language_of(request, knowledge)
        newest = await books.newest(_MOST, AdvisoryKind.LIVE)
        name = knowledge.department.name
        title = f"{name.get(language) or next(iter(name.values()))}: {knowledge.phrases('page_advisories', language)}"
        base = self._base(request)
        links = {
            "self": f"{base}/advisories.atom?lang={language}",
            "home": f"{base}/advisories?lang={language}",
            "page": f"{base}/advisories/",
        }
        out = [each for each in newest if _is_out(each, now)]
        feed = atom(out, (language, title), links, knowledge.department.time_zone)
        vary = {"Vary": "Accept-Language", "Content-Language": language, "Cache-Control": "no-cache"}
        return _data(request, feed, "application/atom+xml", vary, [each.released_at for each in out])

    async def _cap(self, request: web.Request, books: Books) -> web.Response:
        knowledge, now = self._knowledge(), self._clock()
        advisory = await self._found(request, books, now)
        if advisory is None or knowledge.alerting is None:
            return self._said(request, knowledge, "page_missing", 404)
        thread = [each for each in await books.thread(advisory.number) if _is_out(each, now)]
        page = f"{self._base(request)}/advisories/{advisory.identifier}"
        alert = cap_xml(advisory, thread, knowledge.alerting, knowledge.department.time_zone, page)
        # What was released never changes: an Update is another message.
        return _data(request, alert, CAP_TYPE, {"Cache-Control": "public, max-age=300"}, [advisory.released_at])

    async def _found(self, request: web.Request, books: Books, now: datetime) -> Advisory | None:
        name = request.match_info["identifier"]
        # A store may fail over a NUL or a name of a megabyte; that would look as if it were down.
        advisory = await books.find(name) if name.isprintable() and len(name) <= _LONGEST_NAME else None
        return advisory if advisory is not None and _is_out(advisory, now) else None

    def _down(self, request: web.Request) -> web.Response:
        page = self._said(request, self._knowledge(), "page_down", 503)
        page.headers["Retry-After"] = _AGAIN
        page.headers["Cache-Control"] = "no-store"
        return page

    def _said(self, request: web.Request, knowledge: Knowledge, phrase: str, status: int) -> web.Response:
        """A page with one sentence and the way back."""
        language = language_of(request, knowledge)
        shown = {"text": knowledge.phrases(phrase, language), "is_down": status != 404}
        return self._frame.page("advisories_said.html", request, knowledge, language, shown, status)

    def _base(self, request: web.Request) -> str:
        return (self._public_url or f"{request.scheme}://{request.host}").rstrip("/")


def _is_out(advisory: Advisory, now: datetime) -> bool:
    """Whether the public may know of it."""
    is_released = advisory.released_at is not None and advisory.released_at <= now
    return advisory.kind is AdvisoryKind.LIVE and is_released


def _shown(advisory: Advisory, language: str, knowledge: Knowledge, now: datetime) -> _Shown:
    content, phrases, zone = advisory.content, knowledge.phrases, knowledge.department.time_zone
    order = dict.fromkeys((language, *knowledge.department.languages, *content.statements))
    texts = {each: _lines(advisory, each) for each in order if each in content.statements}
    spoken = next(iter(texts))
    is_cancel = advisory.type is AdvisoryType.CANCEL
    issued = advisory.released_at or advisory.created_at
    return _Shown(
        id=advisory.identifier,
        word="" if is_cancel else phrases(f"level_{content.level.value}", language),
        shape="" if is_cancel else SHAPES[content.level],
        level=content.level.value,
        title=headline(advisory, spoken),
        spoken=spoken,
        issued=issued.astimezone(zone).isoformat(timespec="seconds"),
        states=tuple(_states(advisory, language, knowledge, now)),
        texts=texts,
        is_live=advisory.is_live(now),
    )


def _lines(advisory: Advisory, language: str) -> tuple[str, ...]:
    """Its words, one thing a line: those of a withdrawal as they went out."""
    if advisory.type is AdvisoryType.CANCEL and language in advisory.texts:
        return tuple(filter(None, advisory.texts[language].splitlines()))
    said = advisory.content.statements[language]
    return tuple(filter(None, (said.source, said.hazard, said.place, said.time, said.action)))


def _states(advisory: Advisory, language: str, knowledge: Knowledge, now: datetime) -> Iterator[str]:
    """When it was issued and whether it holds, in the department's own time."""

    def told(phrase: str, at: datetime | None = None) -> str:
        words = in_words(at.astimezone(knowledge.department.time_zone), language, knowledge.phrases) if at else ""
        return knowledge.phrases(phrase, language).replace("{moment}", words)

    content = advisory.content
    yield told("page_issued", advisory.released_at)
    if advisory.type is AdvisoryType.CANCEL:
        yield told("page_withdraws")
    elif advisory.ended is Ended.CANCELLED:
        yield told("page_withdrawn")
    elif advisory.ended is Ended.SUPERSEDED:
        yield told("page_updated")
    elif advisory.ended is Ended.EXPIRED or content.expires_at <= now:
        yield told("page_expired", content.expires_at)
    else:
        if content.effective_at is not None and content.effective_at > now:
            yield told("page_begins", content.effective_at)
        yield told("page_in_effect", content.expires_at)


def _ways(knowledge: Knowledge, language: str) -> Iterator[str]:
    """How to get advisories, and that these are not the city's emergency alerts."""
    if "telegram" in knowledge.department.links:
        told = knowledge.phrases("advisory_telegram", language)
        yield told.replace("{url}", knowledge.department.links["telegram"])
    if knowledge.alerting is not None:
        yield knowledge.phrases("advisory_city", language).replace("{city_alerts}", knowledge.alerting.city_alerts)


def _data(
    request: web.Request, text: str, kind: str, headers: dict[str, str], changed: Sequence[datetime | None]
) -> web.Response:
    answer = web.Response(text=text, content_type=kind, charset="utf-8", headers=_DATA_HEADERS | headers)
    answer.last_modified = max((at for at in changed if at is not None), default=None)
    answer.enable_compression()
    return _kept(request, answer)


def _kept(request: web.Request, answer: web.Response) -> web.Response:
    """The answer, or that the browser has it already."""
    body = answer.body if isinstance(answer.body, bytes) else b""
    version = hashlib.sha256(body).hexdigest()[:16]
    if any(tag.value == version for tag in request.if_none_match or ()):
        kept = {name: value for name, value in answer.headers.items() if not name.startswith("Content-")}
        answer = web.Response(status=304, headers=kept)
    answer.etag = version
    return answer
