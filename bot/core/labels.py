"""Words on a button that is too small for them: cut, and told apart where they are the same then."""

from collections.abc import Sequence

from bot.core.channel import utf16_units


def cut(label: str, most: int) -> str:
    """As much of the label as a button takes, an ellipsis where it was cut; never half a character."""
    if utf16_units(label) <= most:
        return label
    kept = label
    while utf16_units(kept) > most - 1:
        kept = kept[:-1]
    return kept.rstrip() + "…"


def numbered(labels: Sequence[str], most: int) -> list[str]:
    """The labels behind the number that picks them as well, cut."""
    return [cut(f"{number}. {label}", most) for number, label in enumerate(labels, 1)]


def are_distinct(titles: Sequence[str]) -> bool:
    """Whether nobody could take one for another."""
    return len({title.casefold() for title in titles}) == len(titles)
