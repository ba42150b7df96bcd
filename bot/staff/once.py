"""A form that is sent twice, by an impatient thumb or a bad network, does what it does once."""

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")

_MOST = 1_000  # forms remembered; a second press comes within seconds


@dataclass(slots=True)
class _Form(Generic[T]):
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    came_to: list[T] = field(default_factory=list)


class Once(Generic[T]):
    """What the forms of late have come to, by their tokens. What failed is forgotten: it may be tried again."""

    def __init__(self) -> None:
        self._forms: OrderedDict[str, _Form[T]] = OrderedDict()

    async def done(self, who: str, token: str, act: Callable[[], Awaitable[T]]) -> T:
        """Do it, unless that form of that person has done it already: then what it came to. No token: do it."""
        if not token:
            return await act()
        form = self._forms.setdefault(f"{who}\n{token}", _Form())
        while len(self._forms) > _MOST:
            self._forms.popitem(last=False)
        async with form.turn:
            if not form.came_to:
                form.came_to.append(await act())
        return form.came_to[0]


def token() -> str:
    """For a form that is shown."""
    return secrets.token_urlsafe(12)
