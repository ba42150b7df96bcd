"""The dress of the console's pages: templates, static files, and the headers that keep a browser from anything else."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import aiohttp_jinja2
import jinja2
from aiohttp import web

from bot.public.frame import File, sent

_HERE = Path(__file__).parent
_PUBLIC = _HERE.parent / "public" / "static"
_SHARED = ("colours.css", "icon.svg")
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_TEMPLATES: Final = web.AppKey("staff_templates", jinja2.Environment)

PAGE_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Frame:
    """Templates and static files of the console."""

    def __init__(self) -> None:
        paths = [*(_HERE / "static").iterdir(), *(_PUBLIC / name for name in _SHARED)]
        self.files = {path.name: File.of(path.read_bytes(), _TYPES[path.suffix]) for path in paths if _is_served(path)}

    def setup(self, app: web.Application) -> None:
        """Add the templates and the static files to the console's application."""
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
        return f"/staff/static/{self.files[name].version}/{name}"

    def page(self, template: str, request: web.Request, shown: Mapping[str, Any], status: int = 200) -> web.Response:
        """The template with what it shows."""
        always = {"static": self.address}
        page = aiohttp_jinja2.render_template(
            template, request, always | dict(shown), app_key=_TEMPLATES, status=status
        )
        page.enable_compression()
        return page

    async def _static(self, request: web.Request) -> web.Response:
        file = self.files.get(request.match_info["name"])
        if file is None:
            raise web.HTTPNotFound
        is_this = request.match_info["version"] == file.version
        kept = "public, max-age=31536000, immutable" if is_this else "no-cache"
        return sent(request, file, {"Cache-Control": kept, "X-Content-Type-Options": "nosniff"})


def _is_served(path: Path) -> bool:
    return path.suffix in _TYPES
