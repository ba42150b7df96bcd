"""The chain that staff's acts hang on, and what has happened to one that does not hold."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import Enum

FIRST = "0" * 64  # what the first link names as the one before it
MOST_SUSPECTS = 200  # links looked at closely; a chain with more of them is shown broken as it is


class Harm(Enum):
    """What somebody has done to the books."""

    ALTERED = "altered"
    DELETED = "deleted"
    INSERTED = "inserted"
    REORDERED = "reordered"
    TRUNCATED = "truncated"  # the end is gone: only an anchor kept elsewhere can show it


@dataclass(frozen=True, slots=True, order=True)
class Damage:
    """One thing found, at the number where it shows."""

    number: int
    harm: Harm = field(compare=False)


@dataclass(frozen=True, slots=True)
class Link:
    """One act in the books. `at` is ISO time in UTC and `details` JSON, both as they were digested."""

    number: int
    at: str
    who: str
    act: str
    subject: str
    details: str
    previous: str
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Anchor:
    """The newest link as somebody outside has noted it down."""

    number: int
    digest: str


def digest_of(link: Link) -> str:
    """SHA-256 over everything else in it, as a JSON list without spaces."""
    told = [link.number, link.at, link.who, link.act, link.subject, link.details, link.previous]
    written = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(written.encode(errors="surrogatepass")).hexdigest()


class Reading:
    """A chain read link by link, in the order of the numbers; only what does not fit is kept."""

    def __init__(self, anchor: Anchor | None = None) -> None:
        self._anchor = anchor
        self._last, self._digest = 0, FIRST  # of the link before the next
        self._false: dict[int, Link] = {}  # the digest is not theirs
        self._loose: set[int] = set()  # they do not name the one before them
        self._gaps: list[range] = []
        self._early: set[int] = set()  # numbers before the first
        self._is_anchored = anchor is None

    @property
    def is_hopeless(self) -> bool:
        """So much is broken that to read on would say nothing new."""
        return len(self._false) + len(self._loose) + len(self._gaps) + len(self._early) > MOST_SUSPECTS

    def read(self, links: Iterable[Link]) -> None:
        """Go on with these."""
        last, digest, anchor = self._last, self._digest, self._anchor
        for link in links:
            if link.number < 1:
                self._early.add(link.number)
                continue
            if link.number != last + 1:
                self._gaps.append(range(last + 1, link.number))
            if link.digest != digest_of(link):
                self._false[link.number] = link
            elif link.previous != digest:
                self._loose.add(link.number)
            if anchor is not None and link.number == anchor.number:
                self._is_anchored = link.digest == anchor.digest
            last, digest = link.number, link.digest
        self._last, self._digest = last, digest

    def damages(self) -> tuple[Damage, ...]:
        """What has been done to it, by number; nothing when it holds."""
        found: dict[int, Harm] = {}
        missing = {number for gap in self._gaps for number in gap[:MOST_SUSPECTS]}
        explained: set[int] = set()
        for moved, end in self._moves():
            explained |= moved
            if end in moved:
                found |= dict.fromkeys(moved, Harm.REORDERED)
            elif end > self._last and len(moved) == end - min(moved):
                found[min(moved)] = Harm.DELETED  # and those behind it moved up
            elif end in missing or end > self._last:
                found |= dict.fromkeys(moved, Harm.REORDERED)
                missing.discard(end)
                explained.add(end)
            else:
                found[end] = Harm.INSERTED  # and those behind it moved down
        found |= dict.fromkeys(self._false.keys() - explained - found.keys(), Harm.ALTERED)
        found |= dict.fromkeys(self._early, Harm.INSERTED)
        found |= dict.fromkeys(missing - found.keys(), Harm.DELETED)
        for number in sorted(self._loose):
            if {number - 1, number}.isdisjoint(found.keys() | explained):
                # It names something else than what stands before it, so one of the two is not what it was.
                is_newest = number == self._last
                found[number if is_newest else number - 1] = Harm.INSERTED if is_newest else Harm.ALTERED
        if self._anchor is not None and not self._is_anchored:
            is_gone = self._anchor.number > self._last
            found.setdefault(self._anchor.number, Harm.TRUNCATED if is_gone else Harm.ALTERED)
        return tuple(Damage(number, harm) for number, harm in sorted(found.items()))

    def _moves(self) -> list[tuple[set[int], int]]:
        """Links that are whole but under another number, in trains: each stands where the next one belongs.

        With each train comes the number at which it ends: its own beginning when they only changed places.
        """
        suspects = sorted(self._false)[:MOST_SUSPECTS]
        edges = {number for gap in self._gaps[:MOST_SUSPECTS] for number in gap[:1]}
        found = ((number, self._home(number, {*suspects, *edges})) for number in suspects)
        homes = {number: home for number, home in found if home is not None}
        trains: list[tuple[set[int], int]] = []
        begun = [*sorted(homes.keys() - set(homes.values())), *sorted(homes)]  # circles have no beginning
        for first in begun:
            train, at = set[int](), first
            while at in homes:
                train.add(at)
                at = homes.pop(at)
            if train:
                trains.append((train, at))
        return trains

    def _home(self, number: int, elsewhere: set[int]) -> int | None:
        link = self._false[number]
        for home in (number - 1, number + 1, *sorted(elsewhere)):
            if digest_of(replace(link, number=home)) == link.digest:
                return home
        return None
