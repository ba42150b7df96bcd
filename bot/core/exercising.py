"""Taking part in exercises: what somebody orders with `/exercise`, and what they are told. No menu names it (law 8)."""

import re
from dataclasses import dataclass, field

from bot.core.entry import Knowledge
from bot.core.message import Choice, Reply

_SLASH = re.compile(r"/exercise(?:@\w+)?(?:\s+(.*))?\Z", re.IGNORECASE | re.DOTALL)
_CODE = re.compile(r"[0-9]{8}\Z")
_APART = re.compile(r"[\s-]+")  # as people write down what was read to them: 4821 0937
_COMMAND = "/exercise"
_LEAVE = f"{_COMMAND} stop"


@dataclass(frozen=True, slots=True)
class JoinExercises:
    """Send me exercises on these topics, all there are; `code` is what staff gave me."""

    topics: tuple[str, ...]
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class LeaveExercises:
    """Send me no more exercises; advisories are another matter."""


@dataclass(frozen=True, slots=True)
class AskCode:
    """They wrote the command without a code that could be one. Nothing is stored."""


ExerciseOrder = JoinExercises | LeaveExercises


def argument_of(text: str) -> str | None:
    """What stands after `/exercise`; None when the text is anything else."""
    found = _SLASH.match(text.strip())
    return (found[1] or "").strip() if found else None


def code_in(argument: str) -> str | None:
    """The code that was typed, None when it cannot be one."""
    joined = _APART.sub("", argument)
    return joined if _CODE.match(joined) else None


def refused(language: str, knowledge: Knowledge) -> Reply:
    """The same for no code and for any that does not hold: nobody learns by it which codes there are."""
    return Reply(knowledge.phrases("advisory_exercise_refused", language).strip())


def exercised(order: ExerciseOrder, is_member: bool | None, language: str, knowledge: Knowledge) -> Reply:
    """What is said once the store has had the order: whether they take part now. None: it could not do it."""
    phrases = knowledge.phrases
    match order:
        case LeaveExercises() if is_member is None:
            again = Choice(phrases("button_try_again", language), _LEAVE)
            return Reply(phrases("advisory_failed", language).strip(), (again,))
        case LeaveExercises():
            return Reply(phrases("advisory_exercise_left", language).strip())
        case JoinExercises() if is_member is None:
            return Reply(phrases("advisory_failed", language).strip())  # no button: it would keep the code
        case JoinExercises() if is_member:
            return Reply(_marked("advisory_exercise_joined", language, knowledge))
    return refused(language, knowledge)


def membership(language: str, knowledge: Knowledge) -> str:
    """What somebody who takes part reads when they ask what they get."""
    return _marked("advisory_exercise_member", language, knowledge)


def written(order: ExerciseOrder) -> str:
    """The command that ordered it, without the code."""
    return _LEAVE if isinstance(order, LeaveExercises) else _COMMAND


def _marked(name: str, language: str, knowledge: Knowledge) -> str:
    mark = knowledge.phrases("exercise_mark", language)
    return knowledge.phrases(name, language).strip().replace("{mark}", mark)
