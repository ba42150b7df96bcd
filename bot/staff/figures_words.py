"""What channels, languages and kinds of emergency are called on the console's pages."""

from bot.core.entry import Entry, Knowledge
from bot.core.tally import UNNAMED
from bot.staff.advisories_shown import CHANNELS

# How the emergency files begin the names of what belongs together.
_GROUPS = {"med": "Medical", "dv": "Domestic violence", "crash": "Crash", "fire": "Fire", "weapon": "Weapon"}


def channel_named(name: str) -> str:
    """What people call the channel; its own name when it is none of ours."""
    return next((shown for channel, shown in CHANNELS.items() if channel.value == name), name)


def language_named(code: str, knowledge: Knowledge) -> str:
    """The language by its own name; what could not be told is named so."""
    return knowledge.phrases.texts["language_name"].get(code, code) if code else "Not known"


def kind_named(kind: str) -> str:
    """The kind of an emergency as it is read: "med_cardiac" is "Medical: cardiac"."""
    if kind == UNNAMED:
        return "No cue: likeness, an open emergency, or not text"
    group, _, rest = kind.partition("_")
    if group in _GROUPS and rest:
        return f"{_GROUPS[group]}: {rest.replace('_', ' ')}"
    words = kind.replace("_", " ")
    return words[:1].upper() + words[1:]


def title_in(entry: Entry, knowledge: Knowledge) -> str:
    """The entry's title in the department's first language, or in any."""
    return (entry.wordings.get(knowledge.department.languages[0]) or next(iter(entry.wordings.values()))).title
