"""`check --emergency`: what the emergency check finds in a labelled file, by kind and language, with 95 % intervals."""

import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.core.emergency import Level

_Z = 1.96  # 95 %
_FEW = 5  # kinds shown that come out worst
_ANY = (Level.EMERGENCY, Level.CAUTION)
_ROWS = (
    ("emergency sent to 911", Level.EMERGENCY, (Level.EMERGENCY,)),
    ("emergency with any 911 line", Level.EMERGENCY, _ANY),
    ("caution with any 911 line", Level.CAUTION, _ANY),
    ("ordinary sent to 911", Level.NONE, (Level.EMERGENCY,)),
    ("ordinary with any 911 line", Level.NONE, _ANY),
)


class Unlabelled(ValueError):
    """A line of the file that cannot be scored; the text says which and how to mend it."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A labelled message with the level it got."""

    language: str
    kind: str
    label: Level
    got: Level


def score(lines: Iterable[str], level_of: Callable[[str], Level]) -> tuple[Scored, ...]:
    """Every line of a labelled file with what the check makes of it. Raises `Unlabelled` for a line it cannot read."""
    scored = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            item = json.loads(line)
            label = Level[item["label"].upper()]
            language, kind = str(item["lang"]), str(item["category"])
            got = level_of(str(item["text"]))
        except (ValueError, KeyError, TypeError, AttributeError) as e:
            wanted = "text, lang, category, and label: emergency, caution or none"
            raise Unlabelled(f"line {number}: each line is a JSON object with {wanted}") from e
        scored.append(Scored(language, kind, label, got))
    return tuple(scored)


def report(scored: Sequence[Scored]) -> Iterator[str]:
    """The figures as a table, a line each: all languages, each language, and the kinds that come out worst."""
    languages = sorted({each.language for each in scored})
    yield f"{'':34}" + "".join(name.rjust(28) for name in ("all", *languages))
    for name, label, levels in _ROWS:
        of_label = [each for each in scored if each.label is label]
        columns = (languages, *([language] for language in languages))
        cells = [_share([each.got in levels for each in of_label if each.language in some]) for some in columns]
        yield f"{name:34}" + "".join(cell.rjust(28) for cell in cells)
    yield "kinds with the most misses:"
    yield from _worst(scored, Level.EMERGENCY, lambda got: got is Level.NONE, "without any 911 line")
    yield from _worst(scored, Level.NONE, lambda got: got is not Level.NONE, "ordinary, with a 911 line")


def interval(hits: int, of: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share; the whole range when there is nothing to count."""
    if not of:
        return 0.0, 1.0
    share, spread = hits / of, _Z * _Z / of
    middle = (share + spread / 2) / (1 + spread)
    half = _Z / (1 + spread) * math.sqrt(share * (1 - share) / of + spread / (4 * of))
    return max(0.0, middle - half), min(1.0, middle + half)


def _share(hits: Sequence[bool]) -> str:
    if not hits:
        return "-"
    low, high = interval(sum(hits), len(hits))
    return f"{sum(hits) / len(hits):.3f} [{low:.3f}-{high:.3f}] {sum(hits)}/{len(hits)}"


def _worst(scored: Sequence[Scored], label: Level, is_miss: Callable[[Level], bool], name: str) -> Iterator[str]:
    kinds: dict[str, list[bool]] = {}
    for each in scored:
        if each.label is label:
            kinds.setdefault(each.kind, []).append(is_miss(each.got))
    missed = sorted((kind for kind in kinds if any(kinds[kind])), key=lambda kind: -sum(kinds[kind]))
    for kind in missed[:_FEW]:
        yield f"  {kind}: {sum(kinds[kind])} of {len(kinds[kind])} {name}"
