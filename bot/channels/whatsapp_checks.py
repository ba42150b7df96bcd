"""What is wrong with the department's number, account and template at WhatsApp: for `doctor`. Nothing is sent."""

import re
from collections.abc import Iterable

from bot.channels.meta_fields import Fields, fields, identity, items, words
from bot.channels.meta_line import GraphRefused, Line
from bot.channels.whatsapp_template import Template

NEEDS = ("whatsapp_business_messaging", "whatsapp_business_management")
FIELDS = ("messages",)
_NO_ACCOUNT = (
    "the token does not tell in which account the number is, so neither account nor template can be looked at: give "
    "the system user that WhatsApp account, and make a new token"
)
_SLOT = re.compile(r"\{\{\s*(\w+)\s*\}\}")


async def number_faults(line: Line, number_id: str) -> tuple[str, ...]:
    """What is wrong with the number. Raises a `SendFailed`: nothing is known."""
    try:
        told = await line.get(number_id, fields="name_status,quality_rating")
    except GraphRefused as error:
        told_not = f"the token does not open the number (code {error.code})"
        return (f"{told_not}: BOT_WHATSAPP_NUMBER_ID is Meta's id of it, not the number itself",)
    found = []
    if (name := words(told, "name_status")) in ("DECLINED", "EXPIRED", "NONE"):
        found.append(f"the display name is {name}: give another in WhatsApp Manager")
    if words(told, "quality_rating") == "RED":
        found.append("people block the number: its quality is RED, and Meta lets it write to fewer and fewer")
    return tuple(found)


async def account_faults(
    line: Line, accounts: Iterable[str], number_id: str, app: str, template: Template, languages: Iterable[str]
) -> tuple[str, ...]:
    """What is wrong with the account that the number is in, and with its template. Raises a `SendFailed`."""
    try:
        account = await _with(number_id, accounts, line)
        if account is None:
            return (_NO_ACCOUNT,)
        apps = await line.get(f"{account}/subscribed_apps")
        told = await line.get(f"{account}/message_templates", name=template.name, limit="100")
    except GraphRefused as error:
        return (f"the token may not look at the account (code {error.code}): it needs {NEEDS[1]}",)
    there = {identity(fields(each, "whatsapp_business_api_data").get("id")) for each in items(apps, "data")}
    found = (
        () if app in there else ("the app is not subscribed to the account, so no message is brought: subscribe it",)
    )
    return found + template_faults(list(items(told, "data")), template, languages)


def template_faults(found: Iterable[Fields], template: Template, languages: Iterable[str]) -> tuple[str, ...]:
    """Whether the template may be sent in every language: outside of 24 hours nothing else may."""
    by_code = {words(each, "language"): each for each in found if words(each, "name") == template.name}
    faults = []
    for code in (template.codes.get(language, language) for language in languages):
        name, each = f"the template {template.name} in {code}", by_code.get(code)
        if each is None:
            faults.append(f"{name} is missing: register it, the words are in .docs/whatsapp.md")
            continue
        if (status := words(each, "status")) != "APPROVED":
            faults.append(f"{name} is {status}: WhatsApp Manager says why; until it is approved nobody is told there")
        if (category := words(each, "category")) not in ("", "UTILITY"):
            faults.append(f"{name} is of category {category}: make it UTILITY, others are not delivered or cost more")
        if _slots(each) != ["1", "2"]:
            faults.append(
                f"{name} has other slots than {{{{1}}}} and {{{{2}}}} in its body: register the words as they are"
            )
    return tuple(faults)


def _slots(template: Fields) -> list[str]:
    """The slots of the body in their order; a header or a button that wants a value is one too many."""
    return [slot for part in items(template, "components") for slot in _SLOT.findall(words(part, "text"))]


async def _with(number_id: str, accounts: Iterable[str], line: Line) -> str | None:
    """The account that the number is in."""
    for account in accounts:
        told = await line.get(f"{account}/phone_numbers", fields="id", limit="100")
        if any(identity(each.get("id")) == number_id for each in items(told, "data")):
            return account
    return None
