"""Whether the bot is alive and able to answer: what a process supervisor and a load balancer ask."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace

from aiohttp import web

_FRESH = {"Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class Health:
    """The state of the bot. `revision` is that of the knowledge in use, None before the first sound one.

    `faults` are those of the newest edit, each with file and line; the last good knowledge goes on answering.
    `looks_out` names what looks out for emergencies: the cues alone, or the net too, with its encoder or without.
    `matches` names what finds answers: words counted, or the regression too, with the encoder or without.
    `can_answer`: questions get answers now. A store that is down does not keep them from it. `is_encoding`: what
    messages mean is read, not their words alone. Ages are in seconds: of the knowledge in use, of the newest backup,
    and of the oldest advisory that has not reached everybody, with how many `unsent` there are; None: there is none,
    or the store did not say. `is_rehearsal_sound`: whether the restore that was tried last would do, None: none was
    tried; the log says why it would not.
    """

    can_answer: bool
    revision: str | None
    faults: tuple[str, ...] = ()
    is_store_ok: bool = True
    channels: Mapping[str, str] = field(default_factory=dict)
    looks_out: str = ""
    matches: str = ""
    is_encoding: bool = False
    knowledge_age: float | None = None
    backup_age: float | None = None
    unsent: int | None = None
    unsent_age: float | None = None
    rehearsal_age: float | None = None
    is_rehearsal_sound: bool | None = None


def routes(health: Callable[[], Health]) -> list[web.RouteDef]:
    """`/healthz` answers as long as the loop runs; `/readyz` tells the state, with 503 until questions get answers."""

    async def alive(request: web.Request) -> web.Response:  # noqa: ARG001 - aiohttp's signature
        return web.Response(text="ok", headers=_FRESH)

    async def ready(request: web.Request) -> web.Response:  # noqa: ARG001 - aiohttp's signature
        now = health()
        body = asdict(replace(now, channels=dict(now.channels)))
        return web.json_response(body, status=200 if now.can_answer else 503, headers=_FRESH)

    return [web.get("/healthz", alive), web.get("/readyz", ready)]
