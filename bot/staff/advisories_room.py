"""Live advisories and exercises: two rooms that never open each other's doors (law 8)."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from aiohttp import web

from bot.core.advisory import Advisory, AdvisoryKind, ReleaseRefused
from bot.core.channel import Limits
from bot.core.message import ChannelName
from bot.core.problem import NotReady
from bot.core.staff import Act
from bot.core.topic import Alerting, Template
from bot.service.composing import Composing
from bot.staff.compose_form import sentence
from bot.staff.doors import Door
from bot.staff.office import Office
from bot.staff.visit import Visit
from bot.store.faults import NoSuchAdvisory, WrongStage

Handler = Callable[[Visit], Awaitable[web.StreamResponse]]

NUMBER = r"{number:\d{1,9}}"  # in a path
REFUSALS = (ReleaseRefused, NotReady, WrongStage)


@dataclass(frozen=True, slots=True)
class Room:
    """The pages of one kind. What they make is of that kind, and what is of the other kind is not there."""

    kind: AdvisoryKind
    path: str

    @property
    def is_exercise(self) -> bool:
        return self.kind is AdvisoryKind.EXERCISE

    @property
    def people(self) -> str:
        """Whom its messages go to."""
        return "testers" if self.is_exercise else "subscribers"

    def counted(self, people: int) -> str:
        """So many of them, in words."""
        return f"{people:,} {self.people if people != 1 else self.people.removesuffix('s')}"

    async def its(self, visit: Visit) -> Advisory:
        """The advisory that the path names. Raises `NoSuchAdvisory`, also for one of the other kind."""
        return await self.found(visit, int(visit.request.match_info["number"]))

    async def found(self, visit: Visit, number: int) -> Advisory:
        """The same by its number."""
        advisory = await visit.office.advisories.find(number)
        if advisory is None or advisory.kind is not self.kind:
            noun = "exercise" if self.is_exercise else "live advisory"
            raise NoSuchAdvisory(f"There is no {noun} with the number {number}.")
        return advisory

    def of(self, advisory: Advisory) -> str:
        """Where its page is."""
        return f"{self.path}/{advisory.number}"

    def door(self, method: str, path: str, handler: Handler, act: Act) -> Door:
        """A door of this room; behind it, what is not there is told on a page."""

        async def handle(visit: Visit) -> web.StreamResponse:
            try:
                return await handler(visit)
            except NoSuchAdvisory as e:
                return visit.page("advisories_missing.html", status=404, room=self, why=str(e))

        return Door(method, f"{self.path}{path}", handle, act)


LIVE = Room(AdvisoryKind.LIVE, "/advisories")
EXERCISES = Room(AdvisoryKind.EXERCISE, "/exercises")


def announcing(office: Office) -> Mapping[ChannelName, Limits]:
    """The channels that advisories go out on."""
    return {name: limits for name, limits in office.limits.items() if limits.announces}


def composing(office: Office) -> Composing:
    return Composing(office.advisories, office.subscriptions, announcing(office))


def alerting(office: Office) -> Alerting:
    """What the department announces. Raises `NoSuchAdvisory` when it announces nothing."""
    known = office.knowledge().alerting
    if known is None:
        raise NoSuchAdvisory("This department announces nothing yet: the knowledge has no topics.yaml.")
    return known


def template(office: Office, name: str) -> Template | None:
    """The template of that name; None for "", which is a text by hand. Raises `NoSuchAdvisory` for an unknown one."""
    found = alerting(office).template(name)
    if name and found is None:
        raise NoSuchAdvisory("There is no such template: it was renamed, or taken away.")
    return found


def reasons(refusal: Exception) -> tuple[str, ...]:
    """Every reason of a refusal, for a page."""
    match refusal:
        case ReleaseRefused():
            told = refusal.reasons
        case NotReady():
            told = tuple(f"{each.where}: {each.what}; {each.mend}" for each in refusal.problems)
        case _:
            told = (str(refusal),)
    return tuple(map(sentence, told))
