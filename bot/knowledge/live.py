"""The snapshot in use: loaded, watched, replaced when the folder is sound again, kept when it is not."""

import asyncio
import shutil
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import structlog

from bot.core.answer import Snapshot
from bot.core.entry import Knowledge, Place
from bot.core.floor import FLOOR_REPLIES, FLOOR_RULES
from bot.core.lookout import Lookout
from bot.core.match import Learned, Phrasings
from bot.knowledge import encoder, garbage, learned, lexicon, schema, selftest, source, trained, urgent
from bot.knowledge.examples import Example
from bot.knowledge.source import KnowledgeInvalid, Problem
from bot.knowledge.urgent import EmergencyFiles

log = structlog.get_logger()

_PACKAGED = Path(__file__).parents[1] / "_knowledge"
SHIPPED = _PACKAGED if _PACKAGED.is_dir() else Path(__file__).parents[2] / "knowledge"
"""The project's own knowledge: the copy installed with the package, or the folder of the clone."""

_EVERY = 1.0  # seconds between two looks at the folder
_LAST_GOOD = "last_good"
CACHE = "cache"
"""Where under the data folder is kept what was learned."""


def default_folder() -> Path:
    """`./knowledge` when it is there, else the copy installed with the package."""
    here = Path("knowledge")
    return here if here.is_dir() else SHIPPED


class Loaded(NamedTuple):
    """A sound folder: what answers, what it was made of, and what the net under the cues is to learn from."""

    snapshot: Snapshot
    sources: source.Sources
    lessons: tuple[Example, ...]


_last: deque[Loaded] = deque(maxlen=1)  # the same content is not worked through twice: a folder that is read again


def load(folder: Path) -> Loaded:
    """Read and check the folder, and learn what is counted. Raises `KnowledgeInvalid` with every fault."""
    with garbage.uncollected():
        return _load(folder)


def _load(folder: Path) -> Loaded:
    sources = source.read(folder, SHIPPED)
    if not sources.problems and _last and _last[-1].sources.revision == sources.revision:
        return _last[-1]._replace(sources=sources)
    knowledge, emergency = schema.checked(sources)
    faults = tuple(selftest.cues(emergency))
    if faults:
        raise KnowledgeInvalid(faults)
    loaded = Loaded(_snapshot(knowledge), sources, emergency.lessons)
    _last.append(loaded)
    return loaded


def taught(loaded: Loaded, data: Path, found: encoder.Encoder | None) -> Snapshot:
    """The snapshot with all that is learned by descent: the net under the cues, the matcher's regression.

    Takes a second from the cache under the data folder; two minutes otherwise, once.
    """
    index, cache = loaded.snapshot.index, data / CACHE
    index = index.knowing(learned.matcher(index.phrasings, found, cache))
    return replace(loaded.snapshot, index=index, lookout=_lookout(loaded.lessons, found, cache))


def _lookout(lessons: Sequence[Example], found: encoder.Encoder | None, cache: Path) -> Lookout:
    net = trained.net(lessons, found, cache) if lessons else None
    return Lookout(net, found.try_vector, found.read_ahead) if found else Lookout(net)


def _snapshot(knowledge: Knowledge) -> Snapshot:
    listed = (lexicon.language(code) for code in knowledge.department.languages)
    return Snapshot.of(knowledge, frozenset().union(*(language.shares for language in listed if language)))


class Live:
    """The snapshot that answers.

    `current` is None before the first one, and when not even phrases and department could be read. `fault` is what
    keeps the folder's present state from going live, None when nothing does. `opened` is set when the first load ended.
    """

    def __init__(
        self, folder: Path, data: Path, load_encoder: Callable[[], encoder.Encoder | None] | None = None
    ) -> None:
        """`load_encoder` None: it computes in this process."""
        self._folder, self._data, self._kept, self._load_encoder = folder, data, data / _LAST_GOOD, load_encoder
        self._lessons: tuple[Example, ...] = ()
        self._learned_from: tuple[Example, ...] = ()
        self._encoder: encoder.Encoder | None = None
        self._loading: asyncio.Task[encoder.Encoder | None] | None = None
        self._lookout = Lookout()
        self._learned: Learned | None = None
        self._learned_for: tuple[str, ...] = ()
        self._taught_from: Phrasings | None = None
        self._stamp: tuple[object, ...] = ()
        self.current: Snapshot | None = None
        self.fault: KnowledgeInvalid | None = None
        self.opened = asyncio.Event()

    async def start(self) -> None:
        """Open in a thread, so that 911 is answered meanwhile, and tell whoever waits for `opened`."""
        if self._load_encoder:  # another process's work: it goes on beside ours
            self._loading = asyncio.create_task(asyncio.to_thread(self._load_encoder), name="encoder")
        await asyncio.to_thread(self.open)
        self.opened.set()

    def close(self) -> None:
        """Let go of the encoder."""
        if self._encoder is not None:
            self._encoder.close()

    def open(self) -> None:
        """Load the folder; when it is broken, the last good copy, else whatever of it is sound.

        `current` stays None only when not even phrases and department could be read: then the floor answers.
        """
        self.reload()
        for kept in (self._kept, *_beside(self._kept)) if self.current is None else ():
            with suppress(KnowledgeInvalid):
                self.current, _, self._lessons = _loaded(kept)
                return
        if self.current is None:
            self.current = self._salvaged()

    def reload(self) -> None:
        """Put the folder's present state live, or keep what is live and note the fault."""
        self._stamp = source.stamp(self._folder, SHIPPED)
        try:
            snapshot, sources, self._lessons = _loaded(self._folder)
        except KnowledgeInvalid as e:
            self.fault = e
            log.error("knowledge broken", faults=" ".join(str(problem.place) for problem in e.problems))
            return
        self.current, self.fault = self._knowing(snapshot), None
        self._keep(sources)
        log.info("knowledge live", revision=sources.revision, entries=len(snapshot.knowledge.entries))

    async def learn(self) -> None:
        """Learn from the newest lessons and phrasings, in threads; meanwhile what was learned before goes on."""
        if self._encoder is None:
            load = self._load_encoder or encoder.load
            loading, self._loading = self._loading or asyncio.create_task(asyncio.to_thread(load)), None
            self._encoder = await loading
        if self._lessons != self._learned_from:
            lessons = self._lessons
            self._lookout = await asyncio.to_thread(_lookout, lessons, self._encoder, self._data / CACHE)
            self._learned_from = lessons
            self.current = self._knowing(self.current) if self.current else None
            log.info("net ready", lessons=len(lessons), encoder=self._encoder is not None)
        if self.current is not None and (phrasings := self.current.index.phrasings) is not self._taught_from:
            self._learned = await asyncio.to_thread(learned.matcher, phrasings, self._encoder, self._data / CACHE)
            self._learned_for = tuple(entry.id for entry in phrasings.entries)
            self._taught_from = phrasings
            self.current = self._knowing(self.current)
            log.info("matcher ready", phrasings=len(phrasings.asks), encoder=self._encoder is not None)
            await asyncio.to_thread(garbage.give_back)
        garbage.set_aside()

    def _knowing(self, snapshot: Snapshot) -> Snapshot:
        """The snapshot with what was learned; after an edit that adds no entry, of the phrasings before it."""
        index = snapshot.index
        if self._learned and self._learned_for == tuple(entry.id for entry in index.phrasings.entries):
            index = index.knowing(self._learned)
        return replace(snapshot, index=index, lookout=self._lookout)

    @property
    def matches(self) -> str:
        """What finds answers now, for `/readyz`."""
        if self._learned is None:
            return "words counted"
        return "words and meaning" if self._learned.by_vector else "words, without encoder"

    @property
    def is_encoding(self) -> bool:
        """Whether the sentence encoder is there and works."""
        return self._encoder is not None and self._encoder.is_working

    @property
    def looks(self) -> str:
        """What looks out for danger now, for `/readyz`."""
        if self._lookout.net is None:
            return "cues"
        return "cues and net" if self._lookout.embed else "cues and net without encoder"

    async def watch(self, stopping: asyncio.Event) -> None:
        """Reload whenever the folder has changed and then kept still for one look: half a file can be sound YAML."""
        seen = await self._first_lesson()
        while not stopping.is_set():
            try:
                async with asyncio.timeout(_EVERY):
                    await stopping.wait()
            except TimeoutError:
                seen = await self.look(seen)

    async def look(self, seen: tuple[object, ...]) -> tuple[object, ...]:
        """One look at the folder: reload when it differs from what was loaded and not from what was `seen` before."""
        try:
            now = await asyncio.to_thread(source.stamp, self._folder, SHIPPED)
            if now != self._stamp and now == seen:
                await asyncio.to_thread(self.reload)
                await self.learn()
        except Exception:  # border: knowledge watch
            log.exception("knowledge watch")
            return seen
        return now

    async def _first_lesson(self) -> tuple[object, ...]:
        try:
            await self.learn()
        except Exception:  # border: knowledge watch
            log.exception("net not learned")
        return self._stamp

    def _salvaged(self) -> Snapshot | None:
        """What is sound of the broken folder, under the best emergency files that can be had: its own, those of the
        last good copy, the project's, the floor."""
        sources = source.read(self._folder, SHIPPED)
        emergency = EmergencyFiles(FLOOR_RULES, FLOOR_REPLIES, {})
        for place in (self._folder, self._kept, SHIPPED):
            with suppress(KnowledgeInvalid):
                emergency = urgent.emergency(source.read(place, SHIPPED) if place.is_dir() else sources)
                break
        knowledge = schema.salvaged(sources, emergency)
        return _snapshot(knowledge) if knowledge else None

    def _keep(self, sources: source.Sources) -> None:
        """Copy what just went live, byte for byte, for a start that finds the folder broken.

        At every moment one whole copy stands there: the new one is finished before the old one makes place.
        """
        fresh, old = _beside(self._kept)
        try:
            marker = self._kept / "revision"
            if marker.is_file() and marker.read_text() == sources.revision:
                return
            shutil.rmtree(fresh, ignore_errors=True)
            for name, content in sources.contents.items():
                (fresh / name).parent.mkdir(parents=True, exist_ok=True)
                (fresh / name).write_bytes(content)
            (fresh / "revision").write_text(sources.revision)
            shutil.rmtree(old, ignore_errors=True)
            if self._kept.exists():
                self._kept.rename(old)
            fresh.rename(self._kept)
            shutil.rmtree(old, ignore_errors=True)
        except OSError as e:
            log.warning("last good copy not kept", error=type(e).__name__)


def _beside(kept: Path) -> tuple[Path, Path]:
    """Where the next copy is written, and where the last one waits until that is done."""
    return kept.with_name(f"{kept.name}.new"), kept.with_name(f"{kept.name}.old")


def _loaded(folder: Path) -> Loaded:
    """As `load`; whatever else fails in it is a fault of the folder, not the end of the bot."""
    try:
        return load(folder)
    except KnowledgeInvalid:
        raise
    except Exception as e:  # border: knowledge watch
        log.exception("knowledge unreadable")
        problem = Problem(Place(".", 1), f"cannot be read ({type(e).__name__}): undo the last edit, and report this")
        raise KnowledgeInvalid((problem,)) from e
