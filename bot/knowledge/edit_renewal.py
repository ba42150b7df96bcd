"""Changes put onto files that have moved on: a draft after somebody else saved, an edit that is taken back."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.knowledge.edit import Change, EditRefused, Texts
from bot.knowledge.edit_merge import merged
from bot.knowledge.edit_reading import Listing, is_of_entries, listing


@dataclass(frozen=True, slots=True)
class Clash:
    """A file that is no longer as the change found it. `now` None: it is gone.

    `line` is the first, in the file as it was found, where both changed something; None when the two get along.
    """

    change: Change
    now: str | None
    line: int | None


def clashes(changes: Sequence[Change], now: Texts) -> tuple[Clash, ...]:
    """The files that somebody has changed since the changes were made."""
    return tuple(_clash(change, now.get(change.file)) for change in changes if now.get(change.file) != change.before)


def renewed(changes: Sequence[Change], now: Texts) -> tuple[Change, ...]:
    """The same changes on the files as they are now. Raises `EditRefused` where both changed the same lines."""
    made = []
    for change in changes:
        text = now.get(change.file)
        if text != change.before:
            if text is None or change.before is None or change.after is None or _clash(change, text).line:
                told = "was changed in the same place by somebody else: make your change again on what is there now"
                raise EditRefused(f"{change.file} {told}")
            after = merged(change.before, text, change.after).text
            _must_be_signed_as_read(change.file, after, (text, change.after))
            change = Change(change.file, text, after)
        if change.before != change.after:
            made.append(change)
    if not made:
        raise EditRefused("somebody has already made this very change: there is nothing left to save")
    return tuple(made)


def taken_back(changes: Sequence[Change], subject: str, now: Texts) -> tuple[Change, ...]:
    """What undoes the changes of one edit. Raises `EditRefused`, with what stands in the way, where the entry is not as
    the edit left it."""
    made = []
    for change in reversed(changes):
        text = now.get(change.file)
        if text is None or change.before is None or change.after is None:
            if text != change.after:
                raise EditRefused(f"{change.file} has been changed since: undo the later changes first")
            made.append(Change(change.file, text, change.before))
        elif subject and is_of_entries(change.file):
            made.append(
                Change(change.file, text, _with_entry_back(change.file, change.before, change.after, text, subject))
            )
        else:
            back = Change(change.file, change.after, change.before)
            if (clash := _clash(back, text)).line:
                raise EditRefused(f"line {clash.line} of {change.file} has been changed since: edit it by hand")
            made += renewed([back], now)
    return tuple(made)


def _with_entry_back(name: str, before: str, after: str, now: str, entry: str) -> str:
    """The file as it is now with the entry as it was; nothing at all where there was none."""
    was, left, is_ = (_placed(name, text, entry) for text in (before, after, now))
    if left[1] != is_[1]:
        raise EditRefused(f"`{entry}` has been changed since: undo the later change first, or edit it by hand")
    if (was[0], was[2]) != (left[0], left[2]):  # it changed more of the file than the entry
        if _clash(Change(name, after, before), now).line:
            raise EditRefused(f"{name} has been changed since in the same place: edit it by hand")
        return merged(after, now, before).text
    return "".join((*is_[0], *was[1], *is_[2]))


def _placed(name: str, text: str, entry: str) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """The lines before the entry, its own, and those after it; all of them before it where it is not there."""
    listed = listing(name, text)
    for item in listed.items:
        if item.id == entry:
            return listed.lines[: item.first], listed.of(item), listed.lines[item.end :]
    return listed.lines, (), ()


def _clash(change: Change, now: str | None) -> Clash:
    if change.before is None or change.after is None or now is None:
        return Clash(change, now, 1)
    conflicts = merged(change.before, now, change.after).conflicts
    return Clash(change, now, conflicts[0] if conflicts else None)


def _must_be_signed_as_read(name: str, after: str, sources: Sequence[str]) -> None:
    """Two sound changes can put one person's signature under another's words; such a text is nobody's."""
    if not is_of_entries(name):
        return
    read = {text for source in sources for text in _signed(listing(name, source))}
    if new := _signed(listing(name, after)) - read:
        entry, language, *_ = min(new)
        raise EditRefused(
            f"the `{language}` text of `{entry}` was signed meanwhile: make your change again on that one"
        )


def _signed(listed: Listing) -> set[tuple[str, str, str, str]]:
    """Every text with whoever has signed it."""
    found: set[tuple[str, str, str, str]] = set()
    for item in listed.items:
        plain = item.node.plain()
        for language, wording in plain.items() if isinstance(plain, dict) else ():
            if isinstance(wording, dict) and wording.get("approved_by"):
                found.add((str(item.id), str(language), str(wording.get("answer")), str(wording["approved_by"])))
    return found
