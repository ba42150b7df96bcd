"""The whole check of a message: the cues first, and with them the net.

The net raises what the cues missed, and what it reads is weighed against a soft cue: a word sense, a story, paperwork
nobody listed may take such a cue down. A hard cue it never touches.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from bot.core.emergency import Level, Rules, Verdict, check
from bot.core.features import Floats
from bot.core.net import Net, settled
from bot.core.pattern import FILLER, is_class
from bot.core.text import Words

Embed = Callable[[str], Floats | None]
Ahead = Callable[[Sequence[str]], Awaitable[None]]
_BARE = 2  # words
_SAY_NOTHING = frozenset((FILLER, "NOT", "IN"))  # classes whose words alone tell nothing
BY_NET = "net"  # in the place of a cue's name, where no cue was met


@dataclass(frozen=True, slots=True)
class Lookout:
    """What looks out for danger. Without a net the cues stand alone; without `embed`, or a vector from it, the net
    reads words only. `ahead` makes many vectors at a third of their price, for `embed` to have them: it raises nothing.
    """

    net: Net | None = None
    embed: Embed | None = None
    ahead: Ahead | None = None


CUES_ALONE = Lookout()


@dataclass(frozen=True, slots=True)
class Sight:
    """What the cues made of a message. `is_final`: the net is not asked."""

    words: Words
    verdict: Verdict
    is_final: bool


def look(words: Words, rules: Rules, lookout: Lookout) -> Verdict:
    """The verdict of cues and net. Raises whatever the net raises: then `check` alone is asked."""
    return weighed(sighted(words, rules, lookout), lookout)


def sighted(words: Words, rules: Rules, lookout: Lookout) -> Sight:
    """The first half of `look`, a tenth of its time: the cues."""
    words = rules.apart.message(words)
    verdict = check(words, rules)
    is_bare = verdict.level is Level.NONE and _is_bare(words, rules)
    return Sight(words, verdict, lookout.net is None or verdict.is_hard or is_bare)  # a hard cue waits for no net


def weighed(sight: Sight, lookout: Lookout) -> Verdict:
    """The second half of `look`: the net."""
    words, verdict = sight.words, sight.verdict
    if lookout.net is None or sight.is_final:
        return verdict
    reading = lookout.net.of(words, lookout.embed(words.text) if lookout.embed else None)
    level = settled(reading, verdict.level, verdict.is_hard)
    why = (*verdict.why, f"net: emergency {reading.emergency:.2f}, caution {reading.caution:.2f}")
    if level is Level.NONE:
        return Verdict(level, why=why)
    return Verdict(level, verdict.cue or BY_NET, verdict.line, why)


def _is_bare(words: Words, rules: Rules) -> bool:
    """Whether a message is one or two words that no cue could use: of "no" or "por favor" the net can only guess."""
    if len(words.tokens) > _BARE:
        return False
    named = {name for word in words.tokens for name in rules.vocabulary.names(word) if is_class(name)}
    return named <= _SAY_NOTHING
