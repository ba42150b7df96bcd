"""The dress of every public page: its head and foot, its headers, its language, the files it links to."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import aiohttp_jinja2
import jinja2
from aiohttp import web

from bot.core.entry import Knowledge
from bot.public.links import pieces

_HERE = Path(__file__).parent
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
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
class File:
    """Something served as it is; `version` names its content."""

    body: bytes
    type: str
    version: str

    @classmethod
    def of(cls, body: bytes, type: str) -> "File":  # noqa: A002 - what it is called on the wire
        return cls(body, type, hashlib.sha256(body).hexdigest()[:16])


class Frame:
    """Templates and static files, and what every page has of them."""

    def __init__(self) -> None:
        paths = sorted((_HERE / "static").iterdir())
        self.files = {path.name: File.of(path.read_bytes(), _TYPES[path.suffix]) for path in paths}

    def setup(self, app: web.Application) -> None:
        """Add the templates and the static files to the application."""
        aiohttp_jinja2.setup(
            app,
            app_key=_TEMPLATES,
            loader=jinja2.FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        app.router.add_get("/static/{version}/{name}", self._static)

    def address(self, name: str) -> str:
        """Where the static file is, by its content: it may be kept for ever."""
        return f"/static/{self.files[name].version}/{name}"

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
            "static": self.address,
            "pieces": pieces,
        }
        page = aiohttp_jinja2.render_template(template, request, always | shown, app_key=_TEMPLATES, status=status)
        page.headers.update(PAGE_HEADERS | {"Content-Language": language})
        page.enable_compression()
        return page

    async def _static(self, request: web.Request) -> web.Response:
        file = self.files.get(request.match_info["name"])
        if file is None:
            raise web.HTTPNotFound
        is_this = request.match_info["version"] == file.version
        return sent(
            request,
            file,
            {
                "Cache-Control": "public, max-age=31536000, immutable" if is_this else "no-cache",
                "Cross-Origin-Resource-Policy": "cross-origin",
                "X-Content-Type-Options": "nosniff",
            },
        )


def sent(request: web.Request, file: File, headers: dict[str, str]) -> web.Response:
    """The file, or that the browser has it already."""
    answer = web.Response(body=file.body, content_type=file.type, charset="utf-8", headers=headers)
    answer.etag = file.version
    if any(tag.value == file.version for tag in request.if_none_match or ()):
        answer = web.Response(status=304, headers=headers)
        answer.etag = file.version
        return answer
    answer.enable_compression()
    return answer


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
