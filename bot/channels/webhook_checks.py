"""Whether what providers call is ours and can be reached, and whether our clock is theirs: for `doctor`."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientSession

CLOCK_MAY_BE_OFF = timedelta(seconds=30)  # as long as a code of staff's second factor holds
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_CHALLENGE = "4711"


async def door_faults(client: ClientSession, public_url: str, path: str) -> tuple[str, ...]:
    """What keeps a provider from bringing messages there. Something unproved is posted: only we refuse it with 403."""
    parts = urlsplit(public_url)
    found = []
    if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        found.append("BOT_PUBLIC_URL must begin with https://: providers bring messages to nothing else")
    try:
        async with client.post(f"{public_url}{path}", data=b"", allow_redirects=False) as response:
            status = response.status
    except (ClientError, TimeoutError, OSError) as error:
        why = f"nobody answers at {public_url} ({type(error).__name__})"
        return (*found, f"{why}: is `serve` running, and does the proxy before it have its name and its certificate?")
    if 300 <= status < 400:
        found.append(f"{public_url} leads on to somewhere else: set BOT_PUBLIC_URL to where it ends")
    elif status == 404:
        found.append(f"{public_url} has no {path}: start `serve` again with these settings, or mend the proxy")
    elif status != 403:
        found.append(
            f"{public_url}{path} answers HTTP {status} to what is not proved, not 403: the proxy leads elsewhere"
        )
    return tuple(found)


async def handshake_faults(client: ClientSession, public_url: str, path: str, verify_token: str) -> tuple[str, ...]:
    """Whether Meta's question would be answered: with the verify token of these settings it comes back."""
    asked = {"hub.mode": "subscribe", "hub.verify_token": verify_token, "hub.challenge": _CHALLENGE}
    try:
        async with client.get(f"{public_url}{path}", params=asked, allow_redirects=False) as response:
            is_answered = response.status == 200 and (await response.text()) == _CHALLENGE
    except (ClientError, TimeoutError, OSError, UnicodeDecodeError):
        return ()  # told as a fault of the door
    told = "the bot at BOT_PUBLIC_URL has another BOT_META_VERIFY_TOKEN: start `serve` again with these settings"
    return () if is_answered else (told,)


async def told_time(client: ClientSession, url: str) -> datetime | None:
    """What time it is there; None when nobody says."""
    try:
        async with client.get(url, allow_redirects=False) as response:
            return _date(response.headers)
    except (ClientError, TimeoutError, OSError):
        return None


def clock_faults(theirs: datetime, ours: datetime) -> tuple[str, ...]:
    """What is wrong with our clock."""
    off = ours - theirs
    if abs(off) <= CLOCK_MAY_BE_OFF:
        return ()
    way = "fast" if off > timedelta() else "slow"
    told = f"this machine's clock is {abs(off).total_seconds():.0f} seconds {way}"
    return (f"{told}: keep it by NTP, or codes of staff are refused and advisories end at the wrong time",)


def _date(headers: Mapping[str, str]) -> datetime | None:
    try:
        found = parsedate_to_datetime(headers.get("Date", ""))
    except ValueError:
        return None
    return found if found.tzinfo else None
