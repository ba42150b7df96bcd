"""Which site a page comes from, as browsers write it."""

from urllib.parse import urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


def origin_of(address: str) -> str:
    """The origin of a web address, as browsers write it. Raises ValueError when it has none (`*`, `null`)."""
    parts = urlsplit(address.strip())
    port = parts.port
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or "*" in parts.hostname:
        raise ValueError(f"not the address of a site, such as https://www.example.org: {address!r}")
    shown = "" if port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{port}"
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{shown}"


def origin_or_none(address: str) -> str | None:
    """The same; None when it has none."""
    try:
        return origin_of(address)
    except ValueError:
        return None
