"""Two questions in one message: which entries to offer when one answer would leave one of them out."""

from collections.abc import Callable, Sequence

from bot.core.entry import Entry, EntryKind
from bot.core.match import Certainty, Match
from bot.core.text import Words, fold

# One part must be surer than an answer need be, or half the sentences with "and" would be two questions. Another needs
# less to be offered beside it: "how do i get my report" does not say which report.
_SURE, _OFFERED = 0.6, 0.45
# From here on an answer to the whole is left for two titles only when each part has a sure one: "is the records counter
# open at lunch and do they take cards" is one question.
_WHOLE = 0.9
_UNDER_AN_ANSWER = 3  # related entries are buttons there


def asked(parts: Sequence[str], whole: Match, rank: Callable[[Words], Match]) -> tuple[Entry, ...]:
    """The entries that the parts ask for, in their order; empty when the whole is answered better as one question."""
    is_sure = False
    found: list[Entry] = []
    is_one = whole.certainty is Certainty.SURE and whole.candidates[0].score >= _WHOLE
    for match in (rank(fold(part)) for part in parts):
        best = match.candidates[0] if match.candidates else None
        if best is None or best.entry.kind is EntryKind.OUT_OF_SCOPE:
            continue
        stands = match.certainty is Certainty.SURE and best.score >= _SURE
        if stands or (best.score >= _OFFERED and not is_one):
            is_sure = is_sure or stands
            found += [best.entry] if best.entry not in found else []
    if len(found) < 2 or not is_sure:
        return ()
    if whole.certainty is Certainty.SURE and whole.candidates[0].entry.kind is not EntryKind.OUT_OF_SCOPE:
        first = whole.candidates[0].entry
        others = [entry for entry in found if entry is not first]
        if first not in found or all(entry.id in first.related[:_UNDER_AN_ANSWER] for entry in others):
            return ()
    return tuple(found)
