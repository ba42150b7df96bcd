"""What a save comes to: the files checked and written while nobody else does, or why not."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from pathlib import Path

from bot.knowledge import edit_check, edit_reading, edit_renewal, edit_save, live, source
from bot.knowledge.edit import Change, Draft, EditRefused, Texts
from bot.knowledge.edit_save import EditConflict
from bot.knowledge.source import Problem
from bot.staff.editing_drafts import Kept, Stage


class Progress(Enum):
    """What has become of a save: it answers, will in a moment, is held up by a fault, or something newer answers."""

    LIVE = "live"
    SOON = "soon"
    HELD = "held"
    PAST = "past"


class NoSuchDraft(Exception):
    """There is no such draft of this account; it was discarded, or saved long ago."""


class NotSound(Exception):
    """The draft has faults, so it is not saved. `faults` are all of them, with their lines."""

    def __init__(self, faults: tuple[Problem, ...]) -> None:
        super().__init__(f"{len(faults)} fault(s) keep it from going live: {faults[0]}")
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Saved:
    """What was saved, for whoever waits for it. `closes` is the group of questions that it answers, None: none."""

    draft: str
    who: str
    what: str
    subject: str
    closes: int | None
    at: datetime


def with_draft(now: Texts, changes: Sequence[Change]) -> Texts:
    """The files with the draft in them, save what it left unreadable. Raises `EditRefused` when others changed them."""
    if edit_renewal.clashes(changes, now):
        raise EditRefused("somebody has changed the same file: put your draft on the newest version first")
    made = dict(now)
    for change in changes:
        if change.after is not None:
            with suppress(EditRefused):
                edit_reading.listing(change.file, change.after)
                made[change.file] = change.after
    return made


def written(folder: Path, draft: Draft) -> str | None:
    """Write the draft when the folder is sound with it; gives the revision that then goes live, None when others'
    faults keep it from that."""
    with edit_save.alone(folder):
        if clashes := edit_renewal.clashes(draft.changes, edit_reading.texts(folder)):
            raise EditConflict([clash.change.file for clash in clashes])
        checked = edit_check.checked(folder, draft.changes)
        if checked.faults:
            raise NotSound(checked.faults)
        edit_save.save(folder, draft.changes)
    return checked.loaded.sources.revision if checked.loaded else None


def looked_up(folder: Path, kept: Kept) -> Kept:
    """What became of a draft that was being written when the process ended."""
    now = edit_reading.texts(folder)
    if all(now.get(change.file) == change.after for change in kept.draft.changes):
        return replace(kept, stage=Stage.SAVED, revision=source.read(folder, live.SHIPPED).revision)
    return replace(kept, stage=Stage.OPEN, saved_at=None)
