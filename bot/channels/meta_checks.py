"""What is wrong with a token, an app and its webhooks at Meta: for `doctor`. Nothing is sent."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.channels.meta_fields import Fields, fields, identity, items, words
from bot.channels.meta_line import GraphRefused, Line

_ENDS_SOON = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Token:
    """What Meta tells of a token: the app that it is of, and the accounts it opens by permission. None: not told."""

    app: str | None
    accounts: tuple[str, ...]
    faults: tuple[str, ...]


async def token(line: Line, shown: str, needs: Collection[str], now: datetime) -> Token:
    """What is wrong with the token of this line, which is shown. Raises `GraphRefused`, or a `SendFailed`."""
    told = fields(await line.get("debug_token", input_token=shown), "data")
    return Token(identity(told.get("app_id")), _accounts(told, needs), token_faults(told, needs, now))


def token_faults(told: Fields, needs: Collection[str], now: datetime) -> tuple[str, ...]:
    """Whether it holds, how long, and what it may do."""
    if told.get("is_valid") is not True:
        return ("Meta no longer takes the token: make a new one of the system user",)
    found, ends = [], told.get("expires_at")
    if isinstance(ends, int) and ends > 0 and datetime.fromtimestamp(ends, UTC) - now < _ENDS_SOON:
        day = datetime.fromtimestamp(ends, UTC).date()
        found.append(f"the token ends on {day}: make one of the system user that does not expire")
    scopes = told.get("scopes")
    lacking = [each for each in needs if not isinstance(scopes, list) or each not in scopes]
    if lacking:
        found.append(f"the token may not {', '.join(lacking)}: make a new one with these permissions")
    return tuple(found)


async def subscription_faults(line: Line, app: str, about: str, url: str, wanted: Collection[str]) -> tuple[str, ...]:
    """What is wrong with the app's webhook; `line` is opened by the app's own secret. Raises a `SendFailed`."""
    try:
        told = await line.get(f"{app}/subscriptions")
    except GraphRefused:
        return ("Meta does not take the app secret: BOT_META_APP_SECRET is another app's, so every webhook is refused",)
    return hook_faults([each for each in items(told, "data") if words(each, "object") == about], url, wanted)


def hook_faults(hooks: Collection[Mapping[str, object]], url: str, wanted: Collection[str]) -> tuple[str, ...]:
    """Whether the webhook leads to us and brings what we need."""
    for hook in hooks:
        if words(hook, "callback_url") != url:
            return (f"the webhook leads elsewhere: enter {url} in the app's Configuration",)
        if hook.get("active") is not True:
            return ("Meta has switched the webhook off, as too much of it failed: verify and save it in the app again",)
        there = set(_names(hook.get("fields")))
        lacking = [name for name in wanted if name not in there]
        return (f"the webhook does not bring {', '.join(lacking)}: subscribe these fields",) if lacking else ()
    return (f"no webhook is set: enter {url} and the verify token in the app's Configuration",)


def _names(listed: object) -> Iterator[str]:
    """Names of fields: as words by Meta's documentation, with their version as Meta answers."""
    for each in listed if isinstance(listed, list) else ():
        yield words(each, "name") if isinstance(each, Mapping) else str(each)


def _accounts(told: Fields, needs: Collection[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for each in items(told, "granular_scopes"):
        targets = each.get("target_ids")
        if words(each, "scope") in needs and isinstance(targets, list):
            found |= dict.fromkeys(target for target in map(identity, targets) if target is not None)
    return tuple(found)
