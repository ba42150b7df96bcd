"""What is wrong with the bot's account at Telegram: for `doctor`. Nothing is sent."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import ClientError, ClientSession

from bot.core.channel import LaneClosed, TryLater

Fields = Mapping[str, Any]
_LATELY = timedelta(hours=24)
_MANY = 100  # messages that wait: nobody is answered


async def faults(client: ClientSession, api: str, token: str, webhook: str | None, now: datetime) -> tuple[str, ...]:
    """What a person must mend; `webhook` None: the bot asks for messages. Raises a `SendFailed`: nothing is known."""
    await _asked(client, api, token, "getMe")
    return webhook_faults(await _asked(client, api, token, "getWebhookInfo"), webhook, now)


def webhook_faults(told: Fields, webhook: str | None, now: datetime) -> tuple[str, ...]:
    """What is wrong with where Telegram brings messages."""
    url, found = told.get("url") or "", []
    if webhook is None:
        again = "another program with this token has set one: end it, and `serve` takes the webhook away at its start"
        return (f"a webhook is set, so asking for messages brings none: {again}",) if url else ()
    if not url:
        found.append("no webhook is registered: `serve` does that at its start; is it running?")
    elif url != webhook:
        found.append("the webhook leads elsewhere: another program uses this token, or `serve` runs with another "
                     "BOT_PUBLIC_URL; start it again")  # fmt: skip
    at, why = told.get("last_error_date"), told.get("last_error_message")
    if isinstance(at, int) and now - datetime.fromtimestamp(at, UTC) < _LATELY:
        found.append(f"within a day Telegram could not bring a message ({why}): look at the proxy and the log")
    waiting = told.get("pending_update_count")
    if isinstance(waiting, int) and waiting > _MANY:
        found.append(f"{waiting} messages wait at Telegram: nobody takes them in time; look at the log")
    return tuple(found)


async def _asked(client: ClientSession, api: str, token: str, method: str) -> Fields:
    """What Telegram says. From None: the library's text would quote the address, and so the token."""
    try:
        async with client.post(f"{api}/bot{token}/{method}", allow_redirects=False) as response:
            if response.status in (401, 404):
                raise LaneClosed(f"HTTP {response.status}")
            said = await response.json(content_type=None)
    except (ClientError, TimeoutError, OSError, ValueError) as error:
        raise TryLater(type(error).__name__) from None
    result = said.get("result") if isinstance(said, Mapping) else None
    if not isinstance(result, Mapping):
        raise TryLater(f"HTTP {response.status}")
    return result
