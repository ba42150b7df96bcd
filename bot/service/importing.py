"""Which alerts of others become drafts of ours, and which cannot, with the reason."""

from collections.abc import Sequence

from bot.core.cap_reader import Imported


def sorted_out(alerts: Sequence[Imported]) -> tuple[tuple[Imported, ...], tuple[str, ...]]:
    """Those that can become a draft, each once, and why the others cannot."""
    usable: dict[tuple[str, str], Imported] = {}
    left_out = []
    for alert in alerts:
        if why := _unfit(alert):
            left_out.append(f"{alert.identifier or 'an alert'}: left out, {why}")
        elif usable.setdefault((alert.sender, alert.identifier), alert) is not alert:
            left_out.append(f"{alert.identifier}: left out, it stands in the file twice")
    return tuple(usable.values()), tuple(left_out)


def _unfit(alert: Imported) -> str | None:
    if alert.is_part:
        return f"only a part of it came: fetch {alert.link or 'the whole'} and import that"
    if not alert.infos:
        return "it says nothing"
    if alert.type in ("Ack", "Error"):
        return f"it is an {alert.type}, between machines"
    if alert.type == "Cancel":
        return f"it withdraws {', '.join(alert.references) or 'something'}: cancel what was drafted from that"
    if alert.status in ("System", "Draft"):
        return f"its status is {alert.status}"
    if alert.scope != "Public":
        return f"it is {alert.scope}, not public"
    return None
