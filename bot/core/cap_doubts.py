"""What is odd about an alert from outside, though it can be read: for the person who decides what becomes of it.

The rules are those that validators of public feeds warn of; none of them stops an import.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import combinations, pairwise

from bot.core.cap_form import moment
from bot.core.cap_reader import Imported, ImportedArea, ImportedInfo

_CLOCKS_DIFFER = timedelta(minutes=5)  # between the sender's clock and ours, before a time counts as the future
_MOST_CORNERS = 300  # of a polygon that is looked at for crossings: the work grows with the square
_MARKUP = re.compile(r"</?[A-Za-z][^<>]*>|&(?:#\d+|#x[0-9A-Fa-f]+|[A-Za-z]+);")
_TEST = re.compile(r"\b(test|exercise|drill|simulacro|ejercicio|simulado|exerc[ií]cio|teste)\b", re.IGNORECASE)
Point = tuple[float, float]


def doubts(imported: Imported, now: datetime) -> tuple[str, ...]:
    """What a person should look at before using it, in no language but staff's; nothing when nothing is odd."""
    odd = [*_of_message(imported, now), *_of_languages(imported.infos), *_of_infos(imported, now)]
    return tuple(dict.fromkeys(odd))


def corners(polygon: str) -> tuple[Point, ...] | None:
    """The points of a polygon as CAP writes it, latitude first; None when it is not written so."""
    return _points(polygon.split())


def _of_message(imported: Imported, now: datetime) -> Iterator[str]:
    if imported.is_part:
        yield f"only an index entry of it came: the whole alert is at {imported.link or 'a place it does not name'}"
        if not imported.status:
            yield "the index does not say whether it is a test"
    if imported.scope != "Public":
        yield f"its scope is {imported.scope}: it was not meant for the public"
    if imported.sent is not None and imported.sent > now + _CLOCKS_DIFFER:
        yield "it was sent in the future"
    if not imported.infos:
        yield "it has no text in any language"
    if imported.status == "Actual" and any(_TEST.search(f"{i.event} {i.headline}") for i in imported.infos):
        yield "its status is Actual, but its words speak of a test or an exercise"
    for reference in imported.references:
        named = reference.split(",")
        if len(named) != 3:
            yield "a reference is not sender,identifier,sent"
            continue
        sent = moment(named[2])
        if named[1] == imported.identifier:
            yield "it refers to itself"
        elif sent is None:
            yield "a reference has no time with its offset"
        elif imported.sent is not None and sent > imported.sent:
            yield "it refers to a message that was sent after it"


def _of_languages(infos: Sequence[ImportedInfo]) -> Iterator[str]:
    for one, other in combinations(infos[:20], 2):
        if one.language.lower() == other.language.lower():
            continue
        if one.description and _told(one) == _told(other):
            yield f"{one.language} and {other.language} have the same text: one is not translated"
        if set(one.categories) != set(other.categories):
            yield f"{one.language} and {other.language} have different categories"


def _of_infos(imported: Imported, now: datetime) -> Iterator[str]:
    for info in imported.infos:
        if info.expires is None:
            yield "it does not say when it expires"
        elif imported.sent is not None and info.expires <= imported.sent:
            yield "it expires before it was sent"
        elif info.expires <= now:
            yield "it has expired"
        if info.expires is not None and info.onset is not None and info.onset > info.expires:
            yield "it begins after it expires: `expires` may be the life of the message, not of the danger"
        if any(_MARKUP.search(text) for text in (info.event, *_told(info))):
            yield f"the {info.language} text holds HTML"
        if not info.areas:
            yield "it names no area"
        for area in info.areas:
            yield from _of_area(area)


def _of_area(area: ImportedArea) -> Iterator[str]:
    for polygon in area.polygons:
        points = corners(polygon)
        if points is None:
            yield "a polygon is not a list of latitude,longitude"
            continue
        if len(points) < 4 or points[0] != points[-1]:
            yield "a polygon is not closed"
        elif len(points) <= _MOST_CORNERS and _crosses_itself(points):
            yield "a polygon crosses itself"
        yield from _of_points(points)
    for circle in area.circles:
        centre, _, radius = circle.partition(" ")
        points = _points([centre])
        if points is None or not re.fullmatch(r"\d{1,6}(\.\d{1,9})?", radius.strip(), re.ASCII):
            yield "a circle is not latitude,longitude radius"
        else:
            yield from _of_points(points)


def _of_points(points: Sequence[Point]) -> Iterator[str]:
    if any(abs(latitude) > 90 or abs(longitude) > 180 for latitude, longitude in points):
        yield "a point is not on the earth: latitude and longitude may be swapped"
    elif points and all(latitude < -60 for latitude, _ in points):
        yield "a place is in Antarctica: latitude and longitude may be swapped"


def _told(info: ImportedInfo) -> tuple[str, str, str]:
    return info.headline, info.description, info.instruction


def _points(pairs: Sequence[str]) -> tuple[Point, ...] | None:
    points = []
    for pair in pairs:
        if not (found := re.fullmatch(r"(-?\d{1,3}(?:\.\d{1,15})?),(-?\d{1,3}(?:\.\d{1,15})?)", pair, re.ASCII)):
            return None
        points.append((float(found[1]), float(found[2])))
    return tuple(points)


def _crosses_itself(ring: Sequence[Point]) -> bool:
    """Whether two sides that do not touch cut one another."""
    sides = list(pairwise(ring))
    return any(
        _cut(one, other)
        for at, one in enumerate(sides)
        for beyond, other in enumerate(sides[at + 2 :], at + 2)
        if not (at == 0 and beyond == len(sides) - 1)
    )


def _cut(one: tuple[Point, Point], other: tuple[Point, Point]) -> bool:
    return _apart(one, other) and _apart(other, one)


def _apart(line: tuple[Point, Point], side: tuple[Point, Point]) -> bool:
    """Whether the ends of the side lie on different sides of the line."""
    (ax, ay), (bx, by) = line
    first, second = ((bx - ax) * (y - ay) - (by - ay) * (x - ax) for x, y in side)
    return first * second < 0
