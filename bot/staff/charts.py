"""Charts as SVG, drawn here and not in the browser. Pure: values in, markup out, in which every word is escaped.

Nothing is told by colour alone: series differ in pattern, dash and mark as well, heat is the size of a square, and
behind every chart its page shows the table. Colours are classes of `figures.css`, so that both schemes fit.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

_WIDTH = 360  # units of every chart; on a phone one of them is a pixel
_LETTER = 6.9  # units of an average letter at the size of the labels
_LINE = 20  # units from one line of words to the next
_BAR = 14
_PLOT = 150  # units of height in which columns and lines stand
_MARKED = 14  # points of a line that each have their mark; more would be a hedge

# What is drawn over a series' colour, by its tone; an even ground for the first.
_PATTERNS = (
    "",
    '<path d="M0 6L6 0M-1.5 1.5L1.5 -1.5M4.5 7.5L7.5 4.5" class="mark"/>',
    '<circle cx="3" cy="3" r="1.4" class="dot"/>',
    '<path d="M0 3H6" class="mark"/>',
    '<path d="M0 0L6 6M6 0L0 6" class="mark"/>',
    '<path d="M3 0V6" class="mark"/>',
    '<path d="M0 0L6 6M-1.5 4.5L1.5 7.5M4.5 -1.5L7.5 1.5" class="mark"/>',
    '<path d="M0 3H6M3 0V6" class="mark"/>',
)
TONES = len(_PATTERNS)
_DASHES = ("none", "7 3", "2 3", "10 3 2 3", "4 4", "1 4", "12 4", "6 2 1 2")
_MARKS = (
    "M-3.5 0A3.5 3.5 0 1 0 3.5 0A3.5 3.5 0 1 0 -3.5 0Z",
    "M-3 -3H3V3H-3Z",
    "M0 -4L4 3H-4Z",
    "M0 -4.5L4.5 0L0 4.5L-4.5 0Z",
    "M-4 -3H4L0 4Z",
    "M-4 -1.2H4V1.2H-4Z",
    "M-1.2 -4H1.2V4H-1.2Z",
    "M-4 -4L4 4L4 -4L-4 4Z",
)


@dataclass(frozen=True, slots=True)
class Head:
    """What the chart is called, and what it shows in one sentence; `id` is its own on the page."""

    id: str
    title: str
    says: str


@dataclass(frozen=True, slots=True)
class Series:
    """Something measured at every step. `tone` gives it the same look in every chart; None is a gap in a line."""

    name: str
    tone: int
    values: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Row:
    """A bar with its label; one value for each series."""

    label: str
    values: Sequence[int]


def bars(head: Head, rows: Sequence[Row], series: Sequence[Series] = (), *, unit: str = "") -> Markup:
    """Bars that lie, each under its label; with several series they are stacked, and a legend names them."""
    most = max((sum(row.values) for row in rows), default=0) or 1
    drawn = []
    for at, row in enumerate(rows):
        top, total = at * (_LINE + _BAR + 10), sum(row.values)
        value = f"{total:,}{unit}"
        room = int((_WIDTH - 12) / _LETTER) - len(value)
        drawn.append(_text(0, top + 14, _short(row.label, room)))
        drawn.append(_text(_WIDTH, top + 14, value, "end strong"))
        start = 0.0
        for count, tone in zip(row.values, [each.tone for each in series] or [0], strict=False):
            width = _WIDTH * count / most
            if count:
                name = next((each.name for each in series if each.tone == tone), row.label)
                said = f"{row.label}: {name} {count:,}{unit}" if series else f"{row.label}: {count:,}{unit}"
                drawn.append(_box(head, tone, start, top + _LINE, max(width, 1.5), _BAR, said))
            start += width
    height = len(rows) * (_LINE + _BAR + 10)
    return _svg(head, height, drawn, series)


def columns(head: Head, steps: Sequence[str], series: Sequence[Series]) -> Markup:
    """Columns that stand side by side in time; several series are stacked."""
    stacked = [[int(each.values[at] or 0) for each in series] for at in range(len(steps))]
    top = _round_up(max((sum(values) for values in stacked), default=0))
    left = _room_for(f"{top:,}")
    width = (_WIDTH - left) / max(len(steps), 1)
    drawn = list(_frame(left, [(0, "0"), (0.5, f"{top / 2:,g}"), (1, f"{top:,}")], steps))
    for at, values in enumerate(stacked):
        foot = float(_PLOT)
        for each, count in zip(series, values, strict=True):
            height = _PLOT * count / top
            foot -= height
            if count:
                said = f"{steps[at]}: {each.name} {count:,}"
                gap = min(width * 0.15, 2)
                drawn.append(_box(head, each.tone, left + at * width + gap, foot, width - 2 * gap, height, said))
    return _svg(head, _PLOT + 2 * _LINE, drawn, series)


def lines(
    head: Head, steps: Sequence[str], series: Sequence[Series], *, top: float | None = None, unit: str = ""
) -> Markup:
    """Lines in time, each with its own dash and mark. `top` is where the scale ends; None: above the highest."""
    highest = max((value for each in series for value in each.values if value is not None), default=0)
    top = top or _round_up(highest)
    left = _room_for(f"{top:,g}{unit}")
    width = (_WIDTH - left - 8) / max(len(steps) - 1, 1)
    scale = [(0.0, f"0{unit}"), (0.5, f"{top / 2:,g}{unit}"), (1.0, f"{top:,g}{unit}")]
    drawn = list(_frame(left, scale, steps))
    every = max(1, len(steps) // _MARKED)
    for each in series:
        places = [
            (left + 4 + at * width, _PLOT - _PLOT * min(value, top) / top) if value is not None else None
            for at, value in enumerate(each.values)
        ]
        drawn.append(Markup('<path d="{}" class="line s{}" stroke-dasharray="{}"/>').format(
            _path(places), each.tone, _DASHES[each.tone]))  # fmt: skip
        for at, place in enumerate(places):
            if place is not None and (at % every == 0 or at == len(places) - 1):
                said = f"{steps[at]}: {each.name} {each.values[at]:,g}{unit}"
                drawn.append(_mark(each.tone, *place, said))
    return _svg(head, _PLOT + 2 * _LINE, drawn, series, is_lines=True)


def heat(head: Head, rows: Sequence[str], steps: Sequence[str], values: Sequence[Sequence[int]]) -> Markup:
    """A square for every row and step, the larger and stronger the more; every sixth step has its label."""
    left, most = 38.0, max((max(row, default=0) for row in values), default=0) or 1
    size = (_WIDTH - left) / max(len(steps), 1)
    drawn = []
    for at, (label, counts) in enumerate(zip(rows, values, strict=True)):
        middle = (at + 0.5) * 20
        drawn.append(_text(0, middle + 4.5, label))
        for step, count in enumerate(counts):
            share = count / most
            side = (0.25 + 0.75 * share**0.5) * (size - 1.5) if count else 1.5
            look = f"h{min(int(share * 5), 4)}" if count else "hnone"
            drawn.append(
                Markup(
                    '<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" class="{}"><title>{}</title></rect>'
                ).format(
                    left + (step + 0.5) * size - side / 2,
                    middle - side / 2,
                    side,
                    side,
                    look,
                    f"{label} {steps[step]}: {count:,}",
                )
            )
    foot = len(rows) * 20 + 14
    drawn += [_text(left + at * size, foot, step, "quiet") for at, step in enumerate(steps) if at % 6 == 0]
    return _svg(head, foot + 6, drawn, ())


def meter(score: float, sure: float, near: float) -> Markup:
    """A small bar from 0 to 1, with a long stroke where an answer begins and a short one where an offer does."""
    return Markup(
        '<svg class="chart score" role="img" aria-label="{}" viewBox="0 0 120 16">'
        '<rect x="0" y="4" width="120" height="8" class="ground"/>'
        '<rect x="0" y="4" width="{:.1f}" height="8" class="s{}"/>'
        '<path d="M{:.1f} 0V16M{:.1f} 3V13" class="stroke"/></svg>'
    ).format(
        f"{score:.2f}; {sure:.2f} is sure, {near:.2f} is near",
        120 * score,
        0 if score >= sure else 1 if score >= near else 4,
        120 * sure,
        120 * near,
    )


def _svg(
    head: Head, height: float, drawn: Sequence[Markup], series: Sequence[Series], *, is_lines: bool = False
) -> Markup:
    names = list(_legend(head, height, series, is_lines=is_lines)) if len(series) > 1 else []
    whole = height + (len(series) + 1) // 2 * _LINE + 6 if names else height
    tones = sorted({each.tone for each in series} | {0})
    patterns = Markup("").join(_pattern(head, tone) for tone in tones)
    return Markup(
        '<svg class="chart" role="img" aria-labelledby="{id}-title {id}-says" viewBox="0 0 {width} {height:.0f}">'
        '<title id="{id}-title">{title}</title><desc id="{id}-says">{says}</desc><defs>{patterns}</defs>{drawn}</svg>'
    ).format(
        id=head.id,
        width=_WIDTH,
        height=whole,
        title=head.title,
        says=head.says,
        patterns=patterns,
        drawn=Markup("").join((*drawn, *names)),
    )


def _legend(head: Head, top: float, series: Sequence[Series], *, is_lines: bool) -> Iterator[Markup]:
    for at, each in enumerate(series):
        left, line = at % 2 * _WIDTH / 2, top + 8 + at // 2 * _LINE
        if is_lines:
            dash = _DASHES[each.tone]
            yield Markup('<path d="M{} {}H{}" class="line s{}" stroke-dasharray="{}"/>').format(
                left, line + 6, left + 28, each.tone, dash)  # fmt: skip
            yield _mark(each.tone, left + 14, line + 6, each.name)
            left += 34
        else:
            yield _box(head, each.tone, left, line, 14, 12, each.name)
            left += 20
        yield _text(left, line + 11, _short(each.name, int((_WIDTH / 2 - 38) / _LETTER)))


def _frame(left: float, scale: Sequence[tuple[float, str]], steps: Sequence[str]) -> Iterator[Markup]:
    """The lines of the scale, and what stands under the first, the middle and the last step."""
    for share, label in scale:
        height = _PLOT - _PLOT * share
        yield Markup('<path d="M{:.1f} {:.1f}H{}" class="rule"/>').format(left, height, _WIDTH)
        yield _text(left - 6, height + (12 if share == 1 else 4.5), label, "end quiet")
    foot, last = _PLOT + 18, len(steps) - 1
    if steps:
        yield _text(left, foot, steps[0], "quiet")
    if last > 1:
        yield _text((left + _WIDTH) / 2, foot, steps[last // 2], "middle quiet")
    if last > 0:
        yield _text(_WIDTH, foot, steps[last], "end quiet")


def _pattern(head: Head, tone: int) -> Markup:
    return Markup(
        '<pattern id="{}-{}" width="6" height="6" patternUnits="userSpaceOnUse">'
        '<rect width="6" height="6" class="s{}"/>{}</pattern>'
    ).format(head.id, tone, tone, Markup(_PATTERNS[tone]))  # noqa: S704 - our own table


def _box(head: Head, tone: int, left: float, top: float, width: float, height: float, said: str) -> Markup:
    return Markup(
        '<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill="url(#{}-{})" class="box">'
        "<title>{}</title></rect>"
    ).format(left, top, width, height, head.id, tone, said)


def _mark(tone: int, left: float, top: float, said: str) -> Markup:
    return Markup('<path d="{}" transform="translate({:.1f} {:.1f})" class="s{}"><title>{}</title></path>').format(
        _MARKS[tone], left, top, tone, said
    )


def _text(left: float, top: float, words: str, look: str = "") -> Markup:
    return Markup('<text x="{:.1f}" y="{:.1f}" class="{}">{}</text>').format(left, top, look, words)


def _path(places: Sequence[tuple[float, float] | None]) -> str:
    """The line through the places, broken where there is none."""
    said, is_drawing = [], False
    for place in places:
        if place is not None:
            said.append(f"{'L' if is_drawing else 'M'}{place[0]:.1f} {place[1]:.1f}")
        is_drawing = place is not None
    return "".join(said)


def _short(words: str, most: int) -> str:
    return words if len(words) <= most else words[: most - 1].rstrip() + "…"


def _room_for(label: str) -> float:
    return len(label) * _LETTER + 10


def _round_up(value: float) -> int:
    """The next number that is easily read: 1, 2 or 5, and noughts; half of it is easy too."""
    step = 2
    while True:
        for number in (step, step * 2, step * 5):
            if number >= value:
                return number
        step *= 10
