"""A live advisory as one line: for the banner over the chat."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.core.advisory import Advisory, AdvisoryLevel
from bot.core.cap import headline

MOST_NOTICES = 3  # over a chat on a telephone; the rest is one link away
SHAPES: Mapping[AdvisoryLevel, str] = {
    AdvisoryLevel.ALERT: "▲",
    AdvisoryLevel.ADVISORY: "◆",
    AdvisoryLevel.COMMUNITY: "●",
}
"""What tells the levels apart beside the word: never a colour alone."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What a banner shows: `headlines` by language, in the languages that the advisory has."""

    id: str
    level: AdvisoryLevel
    headlines: Mapping[str, str]

    def plain(self) -> dict[str, Any]:
        """The notice as the browser reads it; `url` is relative to where the chat comes from."""
        return {
            "id": self.id,
            "level": self.level.value,
            "shape": SHAPES[self.level],
            "headlines": dict(self.headlines),
            "url": f"advisories/{self.id}",
        }


def notices(advisories: Iterable[Advisory], now: datetime) -> tuple[Notice, ...]:
    """Those that hold now, the most urgent first and of these the newest, as many as a banner takes."""
    live = [advisory for advisory in advisories if advisory.is_live(now)]
    ranked = sorted(live, key=lambda each: (each.priority(), -each.number))
    return tuple(
        Notice(each.identifier, each.content.level, {code: headline(each, code) for code in each.content.statements})
        for each in ranked[:MOST_NOTICES]
    )
