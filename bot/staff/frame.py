"""The dress of the console's pages: templates, static files, and the headers that keep a browser from anything else."""

from pathlib import Path
from typing import Final

from bot.public.dress import Dress

_HERE = Path(__file__).parent
_PUBLIC = _HERE.parent / "public" / "static"
_SHARED = ("colours.css", "icon.svg")

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


def dress() -> Dress:
    """The console's templates and static files, in the colours of the public pages."""
    return Dress(_HERE, "/staff", (_PUBLIC / name for name in _SHARED))
