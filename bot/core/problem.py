"""What is wrong with an advisory that somebody writes: where, what, and how to mend it."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to look at. A blocking one keeps the advisory from going out; any other is for its writer to judge."""

    where: str
    what: str
    mend: str
    is_blocking: bool = True

    def __str__(self) -> str:
        return f"{'' if self.is_blocking else 'note: '}{self.where}: {self.what}; {self.mend}"


class NotReady(Exception):
    """It cannot be taken as it is; `problems` are all that is wrong with it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))
