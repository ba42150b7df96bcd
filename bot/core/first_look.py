"""What a message is read for before anything is decided about it: danger, and whose vectors will be wanted."""

from bot.core import compose, rating
from bot.core.emergency import Verdict, check
from bot.core.exercising import argument_of
from bot.core.lookout import Sight, sighted, weighed
from bot.core.text import fold
from bot.core.turn import Snapshot

_MATCHED, _END = 4_000, 1_000  # characters that the matcher is given at most, and how many of them from the end
_LONGEST_NUMBER = 2  # digits of a choice's number; 911 has three


def looked(text: str, snapshot: Snapshot) -> Verdict:
    """The verdict on a text. Raises whatever the net raises."""
    return weighed(glimpsed(text, snapshot), snapshot.lookout)


def glimpsed(text: str, snapshot: Snapshot) -> Sight:
    """What the cues make of a text. Our own commands, button values and the numbers of choices are theirs alone: the
    net never saw such."""
    # "Exercise" among their words would say that nothing is real; as our command's name it says nothing.
    words, rules = fold(argument_of(text) or text), snapshot.knowledge.rules
    is_number = words.line.isdecimal() and len(words.line) <= _LONGEST_NUMBER
    if is_number or compose.marked(text, snapshot.knowledge) or snapshot.commands.recognise(text) or rating.read(text):
        return Sight(words, check(words, rules), is_final=True)
    return sighted(words, rules, snapshot.lookout)


def to_read(text: str, snapshot: Snapshot) -> tuple[str, ...]:
    """Whose vectors the answer to a text is likely to want, if it has to be looked up."""
    bare = snapshot.talk.bare(matched(text))
    wanted = (snapshot.index.read(fold(part)) for part in (bare, *snapshot.talk.parts(bare)))
    return tuple(each for each in wanted if each)


def matched(text: str) -> str:
    """What the matcher is given: of a page its two ends, as what somebody wants stands at one of them."""
    return text if len(text) <= _MATCHED else f"{text[: _MATCHED - _END]} {text[-_END:]}"
