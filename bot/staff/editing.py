"""The desk where the knowledge is edited: drafts are opened, examined, saved, put on newer files, taken back."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from bot.core.staff import Account, Act
from bot.knowledge import edit, edit_git, edit_reading, edit_renewal
from bot.knowledge.edit import Change, Draft, EditRefused, Texts
from bot.knowledge.edit_git import NotCommitted
from bot.knowledge.edit_save import EditConflict, EditFailed
from bot.knowledge.live import Live
from bot.staff.editing_drafts import Drafts, Kept, Stage, new_id
from bot.staff.editing_examination import Examination, Examiner, Survey
from bot.staff.editing_saving import NoSuchDraft, NotSound, Progress, Saved, looked_up, with_draft, written
from bot.staff.office import Office
from bot.store.edits import Edits, FileEdit
from bot.store.faults import StoreDown

log = structlog.get_logger()

_MOST_OPEN = 100  # drafts of one account; nobody loses sight of so many by intent
_FOLDER = "drafts"  # under the data folder
_SETTLE_EVERY = timedelta(minutes=1)
_GOES_LIVE = timedelta(minutes=2)  # at the most: two looks of the watch and a reload

Build = Callable[[Texts], Texts]


class Editing:
    """The desk. Its acts raise `NotAllowed` first of all; those on a draft `NoSuchDraft`.

    `on_saved` are told of every save after its files are written, in order, at least once; they may raise `StoreDown`
    and are told again later then.
    """

    def __init__(
        self, known: Live, folder: Path, data: Path, clock: Callable[[], datetime], edits: Callable[[], Edits]
    ) -> None:
        self.on_saved: list[Callable[[Saved], Awaitable[None]]] = []
        self._live = known
        self._folder = folder
        self._clock = clock
        self._edits = edits
        self._drafts = Drafts(data / _FOLDER)
        self._examiner = Examiner(folder, lambda: known.current, clock)
        self._saving = asyncio.Lock()

    async def texts(self) -> Texts:
        """The folder's own files as they are."""
        return await asyncio.to_thread(edit_reading.texts, self._folder)

    async def open(
        self,
        by: Account,
        what: str,
        build: Build,
        *,
        subject: str = "",
        closes: int | None = None,
        in_place_of: str | None = None,
    ) -> str:
        """Keep what `build` makes of the files as a draft; gives its id. Raises `EditRefused`.

        `in_place_of` is an open draft that this one takes the place of, on top of what it changed that can be read.
        """
        by.must_be_allowed(Act.EDIT_KNOWLEDGE)

        old = await self.find(by, in_place_of) if in_place_of else None
        if old is not None and old.stage is not Stage.OPEN:
            raise EditRefused("this draft has been saved already")
        if old is None and sum(kept.stage is Stage.OPEN for kept in await self.drafts(by)) >= _MOST_OPEN:
            raise EditRefused(f"you have {_MOST_OPEN} open drafts: save or discard some first")

        def made() -> tuple[Change, ...]:
            before = edit_reading.texts(self._folder)
            return edit.changes(before, build(with_draft(before, old.draft.changes) if old else before))

        if not (changes := await asyncio.to_thread(made)):
            raise EditRefused("nothing was changed")
        if old is not None:
            closes = old.draft.closes
            self._examiner.forget(old.draft.id)
            await asyncio.to_thread(self._drafts.drop, old.draft.id)
        draft = Draft(new_id(), by.name, what, subject, self._clock(), changes, closes)
        await self._keep(Kept(draft))
        return draft.id

    async def find(self, by: Account, draft: str) -> Kept:
        """The account's draft of that id."""
        kept = await asyncio.to_thread(self._drafts.find, draft)
        if kept is None or kept.draft.who != by.name:
            raise NoSuchDraft(draft)
        return kept

    async def drafts(self, by: Account) -> tuple[Kept, ...]:
        """The account's drafts, the newest first."""
        every = await asyncio.to_thread(lambda: list(self._drafts.all()))
        own = [kept for kept in every if kept.draft.who == by.name]
        return tuple(sorted(own, key=lambda kept: kept.draft.made_at, reverse=True))

    async def clashes(self, kept: Kept) -> tuple[edit_renewal.Clash, ...]:
        """The draft's files that somebody has changed since."""
        if kept.stage is Stage.SAVED:
            return ()
        names = [change.file for change in kept.draft.changes]
        now = await asyncio.to_thread(edit_reading.only, self._folder, names)
        return await asyncio.to_thread(edit_renewal.clashes, kept.draft.changes, now)

    def examination(self, kept: Kept, *, again: bool = False) -> Examination:
        """What is known of the draft so far; it is begun when it has not been."""
        return self._examiner.of(kept.draft, again=again)

    def stop(self, kept: Kept) -> None:
        """Call off what is being counted for the draft; what is known stays."""
        self._examiner.of(kept.draft).stopping.set()

    def survey(self) -> Survey | None:
        """What is known of all entries in use; None while they are being looked through."""
        return self._examiner.survey()

    async def discard(self, by: Account, draft: str) -> None:
        """Forget the draft; not one whose save is not in the books yet."""
        kept = await self.find(by, draft)
        if kept.stage is Stage.OPEN or kept.is_done:
            self._examiner.forget(draft)
            await asyncio.to_thread(self._drafts.drop, draft)

    async def renew(self, by: Account, draft: str) -> None:
        """Put the draft on the files as they are now. Raises `EditRefused` where both changed the same lines."""
        by.must_be_allowed(Act.EDIT_KNOWLEDGE)
        kept = await self.find(by, draft)
        made = await asyncio.to_thread(
            lambda: edit_renewal.renewed(kept.draft.changes, edit_reading.texts(self._folder))
        )
        await self._keep(replace(kept, draft=replace(kept.draft, changes=made)))

    async def take_back(self, by: Account, number: int) -> str:
        """A draft that undoes the edit of that number; gives its id.

        Raises `EditRefused`, with what stands in the way, when the entry is not as the edit left it, and `StoreDown`.
        """
        by.must_be_allowed(Act.EDIT_KNOWLEDGE)
        found = await self._edits().one(number)
        if found is None:
            raise EditRefused("there is no such edit in the history")
        if found.edit.undone_by is not None:
            raise EditRefused("this edit has been undone already")
        was = [Change(each.file, each.before, each.after) for each in found.texts.values()]
        subject = found.edit.subject
        changes = await asyncio.to_thread(
            lambda: edit_renewal.taken_back(was, subject, edit_reading.texts(self._folder))
        )
        undoes = {each.file: row for row, each in found.texts.items()}
        what = f"Undo: {found.edit.what}"
        draft = Draft(new_id(), by.name, what, subject, self._clock(), changes, None, undoes)
        await self._keep(Kept(draft))
        return draft.id

    async def save(self, by: Account, draft: str) -> Kept:
        """Check the draft once more, write it, note it, commit it, tell of it.

        Raises `EditConflict`, `NotSound` and `EditFailed`: the draft stays as it was. What fails after the files are
        written is told in `trouble` and done later, by `settle`; the files have the last word.
        """
        by.must_be_allowed(Act.EDIT_KNOWLEDGE)
        async with self._saving:
            kept = await self.find(by, draft)
            if kept.stage is not Stage.OPEN:
                return kept
            kept = await self._keep(replace(kept, stage=Stage.WRITING, saved_at=self._clock()))
            try:
                revision = await asyncio.to_thread(written, self._folder, kept.draft)
            except (EditConflict, EditFailed, EditRefused, NotSound):
                await self._keep(replace(kept, stage=Stage.OPEN, saved_at=None))
                raise
            kept = await self._keep(replace(kept, stage=Stage.SAVED, revision=revision))
            self._examiner.forget(draft)
            log.info("edit saved", files=len(kept.draft.changes), revision=revision)
            return await self._finished(await self._committed(kept))

    async def at_once(self, by: Account, what: str, build: Build, subject: str) -> Kept:
        """Open and save in one go, for acts that need no second look. Raises as both; no draft is left then."""
        draft = await self.open(by, what, build, subject=subject)
        try:
            return await self.save(by, draft)
        except (EditConflict, EditFailed, EditRefused, NotSound):
            await self.discard(by, draft)
            raise

    async def settle(self) -> None:
        """Finish what a crash or a store that was down left half done. Raises nothing: it is tried again later."""
        async with self._saving:
            for kept in await asyncio.to_thread(lambda: list(self._drafts.all())):
                try:
                    if kept.stage is Stage.WRITING:
                        kept = await self._keep(await asyncio.to_thread(looked_up, self._folder, kept))
                    if kept.stage is Stage.SAVED and not kept.is_done:
                        await self._finished(kept)
                except EditFailed:
                    log.warning("draft not kept")

    def progress(self, kept: Kept) -> Progress:
        """Whether what was saved answers by now."""
        current = self._live.current
        if current is not None and current.knowledge.revision == kept.revision:
            return Progress.LIVE
        if self._live.fault is not None:
            return Progress.HELD
        is_late = kept.saved_at is None or self._clock() - kept.saved_at > _GOES_LIVE
        return Progress.PAST if is_late else Progress.SOON

    async def run(self, stopping: asyncio.Event) -> None:
        """Finish what was left half done, now and from time to time; call off what is counted at the end."""
        while not stopping.is_set():
            await self.settle()
            try:
                async with asyncio.timeout(_SETTLE_EVERY.total_seconds()):
                    await stopping.wait()
            except TimeoutError:
                continue
        await self.close()

    async def close(self) -> None:
        """Call off what is being counted."""
        await asyncio.to_thread(self._examiner.close)

    async def _committed(self, kept: Kept) -> Kept:
        files = [change.file for change in kept.draft.changes]
        try:
            commit = await asyncio.to_thread(edit_git.commit, self._folder, files, kept.draft.who, kept.draft.what)
        except NotCommitted as e:
            log.warning("edit not committed")
            return await self._keep(replace(kept, trouble=f"git has not committed it: {e}"))
        return await self._keep(replace(kept, commit=commit))

    async def _finished(self, kept: Kept) -> Kept:
        """Into the books, and told to whoever waits; what the store does not take now, `settle` brings again."""
        draft, at = kept.draft, kept.saved_at or kept.draft.made_at
        try:
            if kept.number is None:
                files = [FileEdit(c.file, c.before, c.after, draft.undoes.get(c.file)) for c in draft.changes]
                number = await self._edits().keep(draft.who, draft.what, draft.subject, files, at)
                kept = await self._keep(replace(kept, number=number))
            for tell in self.on_saved:
                await tell(Saved(draft.id, draft.who, draft.what, draft.subject, draft.closes, at))
        except StoreDown:
            log.error("edit not in the books", files=len(draft.changes))
            return kept
        return await self._keep(replace(kept, is_told=True))

    async def _keep(self, kept: Kept) -> Kept:
        try:
            return await asyncio.to_thread(self._drafts.keep, kept)
        except OSError as e:
            raise EditFailed(f"The draft could not be kept ({e.strerror or type(e).__name__}).") from e


def editing_of(office: Office) -> Editing:
    """The office's desk; made when it is first asked for."""
    made: Editing | None = office.__dict__.get("editing")
    if made is None:
        made = Editing(office.live, office.folder, office.data, office.clock, lambda: Edits(office.database))
        office.__dict__["editing"] = made
    return made


async def open_draft(
    office: Office, by: Account, what: str, build: Build, *, subject: str = "", closes: int | None = None
) -> str:
    """Keep what `build` makes of the files as a draft of `by`; gives its id, whose page is `/knowledge/drafts/{id}`.

    Raises `EditRefused`, with a sentence for the person.
    """
    return await editing_of(office).open(by, what, build, subject=subject, closes=closes)
