"""What pages are made of: templates, and static files that are named by their content and may be kept for ever."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp_jinja2
import jinja2
from aiohttp import web

_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class File:
    """Something served as it is; `version` names its content."""

    body: bytes
    type: str
    version: str

    @classmethod
    def of(cls, body: bytes, type: str) -> "File":  # noqa: A002 - what it is called on the wire
        return cls(body, type, hashlib.sha256(body).hexdigest()[:16])


class Dress:
    """The `templates` and `static` files under one folder, and `more` files; what is no style, script or drawing there
    is not served. `under` is where the application stands that gets them."""

    def __init__(self, folder: Path, under: str = "", more: Iterable[Path] = ()) -> None:
        self._folder, self._under = folder, under
        self._key = web.AppKey(f"templates of {folder.name}", jinja2.Environment)
        paths = [path for path in (*sorted((folder / "static").iterdir()), *more) if path.suffix in _TYPES]
        self.files = {path.name: File.of(path.read_bytes(), _TYPES[path.suffix]) for path in paths}

    def setup(self, app: web.Application, headers: Mapping[str, str]) -> None:
        """Add both to the application; `headers` go out with every static file."""
        aiohttp_jinja2.setup(
            app,
            app_key=self._key,
            loader=jinja2.FileSystemLoader(self._folder / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

        async def static(request: web.Request) -> web.Response:
            file = self.files.get(request.match_info["name"])
            if file is None:
                raise web.HTTPNotFound
            is_this = request.match_info["version"] == file.version
            kept = "public, max-age=31536000, immutable" if is_this else "no-cache"
            return sent(request, file, {"Cache-Control": kept, "X-Content-Type-Options": "nosniff", **headers})

        app.router.add_get("/static/{version}/{name}", static)

    def address(self, name: str) -> str:
        """Where the static file is, by its content."""
        return f"{self._under}/static/{self.files[name].version}/{name}"

    def page(self, template: str, request: web.Request, shown: Mapping[str, Any], status: int = 200) -> web.Response:
        """The template with what it shows."""
        whole = {"static": self.address, **shown}
        page = aiohttp_jinja2.render_template(template, request, whole, app_key=self._key, status=status)
        page.enable_compression()
        return page


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
