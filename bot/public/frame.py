"""The dress of every public page: its head and foot, its headers, its language, the files it links to."""

from pathlib import Path
from typing import Any, Final

from aiohttp import web

from bot.core.entry import Knowledge
from bot.public.dress import Dress
from bot.public.links import pieces

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


class Frame:
    """What every public page has in common."""

    def __init__(self) -> None:
        self._dress = Dress(Path(__file__).parent)
        self.files = self._dress.files
        self.address = self._dress.address

    def setup(self, app: web.Application) -> None:
        """Add the templates and the static files to the application."""
        self._dress.setup(app, {"Cross-Origin-Resource-Policy": "cross-origin"})

    def page(
        self,
        template: str,
        request: web.Request,
        knowledge: Knowledge,
        language: str,
        shown: dict[str, Any],
        status: int = 200,
    ) -> web.Response:
        """The template in the language, with everything that pages have in common."""
        name = knowledge.department.name
        always = {
            "language": language,
            "languages": knowledge.department.languages,
            "names": knowledge.phrases.texts["language_name"],
            "department": name.get(language) or next(iter(name.values())),
            "say": lambda phrase: knowledge.phrases(phrase, language),
            "pieces": pieces,
        }
        page = self._dress.page(template, request, always | shown, status)
        page.headers.update(PAGE_HEADERS | {"Content-Language": language})
        return page


def language_of(request: web.Request, knowledge: Knowledge) -> str:
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
