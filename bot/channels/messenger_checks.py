"""What is wrong with the department's page on Messenger: for `doctor`. Nothing is sent."""

from collections.abc import Iterable

from bot.channels.messenger_updates import is_start
from bot.channels.meta_fields import Fields, fields, identity, items, words
from bot.channels.meta_line import GraphRefused, Line

NEEDS = ("pages_messaging",)
FIELDS = ("messages", "messaging_postbacks")
_AND_NEEDS = "with pages_messaging and pages_manage_metadata"


async def page_faults(line: Line, app: str | None) -> tuple[str, ...]:
    """What is wrong with the page. Raises a `SendFailed`: nothing is known."""
    try:
        apps = await line.get("me/subscribed_apps")
        profile = await line.get("me/messenger_profile", fields="get_started")
    except GraphRefused as error:
        return (f"the token does not open the page (code {error.code}): make the page's own, {_AND_NEEDS}",)
    return subscribed_faults(list(items(apps, "data")), app) + start_faults(profile)


def subscribed_faults(apps: Iterable[Fields], app: str | None) -> tuple[str, ...]:
    """Whether the page brings its messages to the app."""
    ours = next((each for each in apps if app is None or identity(each.get("id")) == app), None)
    if ours is None:
        return ("the app is not subscribed to the page, so no message is brought: add the page in Messenger, Settings",)
    told = ours.get("subscribed_fields")
    lacking = [name for name in FIELDS if not isinstance(told, list) or name not in told]
    return (f"the page does not bring {', '.join(lacking)}: subscribe these fields",) if lacking else ()


def start_faults(profile: Fields) -> tuple[str, ...]:
    """Whether the first button says that this is a bot."""
    for each in items(profile, "data"):
        if is_start(words(fields(each, "get_started"), "payload")):
            return ()
    return ("the button Get Started is not ours: `serve` sets it at its start; is it running with this token?",)
