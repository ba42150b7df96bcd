"""A save is whole or not at all: against other curators, against editors, against crashes, full and closed disks."""

import errno
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from textwrap import dedent
from threading import Thread

import pytest

from bot.knowledge import edit_git, edit_reading, edit_save, source
from bot.knowledge.edit import Change, EditRefused
from bot.knowledge.edit_git import NotCommitted
from bot.knowledge.edit_renewal import clashes, renewed, taken_back
from bot.knowledge.edit_save import EditConflict, EditFailed, alone, save
from tests import small_folder

A, B = "faqs/a.yaml", "programs/b.yaml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return small_folder.write(tmp_path / "knowledge")


def change(folder: Path, name: str, old: str, new: str) -> Change:
    text = (folder / name).read_text()
    assert old in text
    return Change(name, text, text.replace(old, new))


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_several_files_are_saved_with_the_rights_they_had(folder: Path) -> None:
    (folder / A).chmod(0o640)
    made = (
        change(folder, A, "first", "second"),
        Change("questions/added.yaml", None, "- {ask: x, language: en, expect: a}\n"),
    )
    with alone(folder):
        save(folder, made)
    assert "second" in (folder / A).read_text()
    assert (folder / A).stat().st_mode & 0o777 == 0o640
    assert (folder / "questions/added.yaml").read_text() == made[1].after


def test_a_file_that_came_new_is_taken_away_again(folder: Path) -> None:
    made = Change("faqs/new.yaml", None, "- id: x\n")
    save(folder, [made])
    save(folder, [Change(made.file, made.after, None)])
    assert not (folder / "faqs/new.yaml").exists()


def test_what_somebody_else_has_changed_meanwhile_is_not_written_over(folder: Path) -> None:
    mine = (change(folder, B, "first", "mine"), change(folder, A, "first", "mine"))
    (folder / A).write_text((folder / A).read_text().replace("first", "theirs"))
    before = files(folder)
    with pytest.raises(EditConflict) as told:
        save(folder, mine)
    assert told.value.files == (A,)
    assert files(folder) == before


def test_a_change_made_while_the_save_writes_is_not_written_over(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = change(folder, A, "first", "mine")
    write = edit_save._written

    def somebody_else_is_quicker(target: Path, text: str) -> Path:
        target.write_text("- theirs\n")
        return write(target, text)

    monkeypatch.setattr(edit_save, "_written", somebody_else_is_quicker)
    with pytest.raises(EditConflict):
        save(folder, [made])
    assert (folder / A).read_text() == "- theirs\n"
    assert not list(folder.rglob("*unfinished"))


_CRASH = """
import os, signal, sys
from pathlib import Path
from bot.knowledge import edit_save
from bot.knowledge.edit import Change
folder = Path(sys.argv[1])
texts = [(name, (folder / name).read_text()) for name in ("faqs/a.yaml", "programs/b.yaml")]
replaced = []
def replace(draft, target, real=Path.replace):
    if len(replaced) == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    replaced.append(target)
    return real(draft, target)
Path.replace = replace
with edit_save.alone(folder):
    edit_save.save(folder, [Change(name, text, text.replace("first", "second")) for name, text in texts])
"""


@pytest.mark.parametrize("written", [0, 1])
def test_a_process_killed_between_write_and_rename_leaves_every_file_old_or_new(folder: Path, written: int) -> None:
    before, stamp = files(folder), source.stamp(folder, folder)
    ended = subprocess.run([sys.executable, "-c", dedent(_CRASH), folder, str(written)], check=False, timeout=60)
    assert ended.returncode == -signal.SIGKILL
    after = files(folder)
    left = {name for name in after if name.endswith(".unfinished")}
    assert len(left) == 2 - written
    assert {name: after[name] for name in before} == {
        name: text.replace(b"first", b"second") if name == A and written else text for name, text in before.items()
    }
    if not written:
        assert source.stamp(folder, folder) == stamp  # the watch sees nothing of it
    with alone(folder, timedelta()):  # the dead hold no lock
        save(folder, [change(folder, B, "first", "third")])
    assert not list(folder.rglob("*unfinished"))


@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.ENOSPC, "disk is full"), (errno.EROFS, "may not write"), (errno.EIO, "could not be written")],
)
def test_a_disk_that_refuses_is_told_in_words_and_nothing_has_changed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, number: int, words: str
) -> None:
    made = (change(folder, A, "first", "mine"), change(folder, B, "first", "mine"))
    before, sync, synced = files(folder), os.fsync, list[int]()

    def refuse(descriptor: int) -> None:
        synced.append(descriptor)
        if len(synced) == 2:
            raise OSError(number, os.strerror(number))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(EditFailed, match=words) as told:
        save(folder, made)
    assert str(told.value).endswith("Nothing was changed.")
    assert files(folder) == before


def test_a_rename_that_fails_after_another_says_what_is_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = (change(folder, A, "first", "mine"), change(folder, B, "first", "mine"))
    replace = Path.replace

    def refuse(draft: Path, target: Path) -> Path:
        if target.name == "b.yaml":
            raise OSError(errno.EIO, "I/O error")
        return replace(draft, target)

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(EditFailed, match=f"Written already: {A}. Not written: {B}"):
        save(folder, made)
    assert not list(folder.rglob("*unfinished"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_told_in_words(folder: Path) -> None:
    (folder / "faqs").chmod(0o555)
    with pytest.raises(EditFailed, match="may not write"):
        save(folder, [change(folder, A, "first", "mine")])


@pytest.mark.parametrize(
    "name", ["../out.yaml", "faqs/../x.yaml", "faqs/.hidden.yaml", "faqs/a.yml", "/etc/x.yaml", "faqs/A B.yaml"]
)
def test_a_new_file_has_a_plain_name_inside_the_folder(folder: Path, name: str) -> None:
    with pytest.raises(EditRefused, match="no name for a file"):
        save(folder, [Change(name, None, "- id: x\n")])


def test_a_link_stays_a_link(folder: Path, tmp_path: Path) -> None:
    real = (folder / A).rename(tmp_path / "real.yaml")
    (folder / A).symlink_to(real)
    save(folder, [change(folder, A, "first", "second")])
    assert (folder / A).is_symlink()
    assert "second" in real.read_text()


def test_two_who_save_at_once_take_turns_and_nobody_waits_for_ever(folder: Path) -> None:
    with alone(folder), pytest.raises(EditFailed, match="somebody else is saving"), alone(folder, timedelta()):
        pass
    told: list[str] = []

    def wait() -> None:
        with alone(folder, timedelta(seconds=30)):
            told.append("second")

    with alone(folder):
        thread = Thread(target=wait)
        thread.start()
        told.append("first")
    thread.join()
    assert told == ["first", "second"]


def test_changes_of_other_lines_are_put_together(folder: Path) -> None:
    mine = change(folder, A, "title: a", "title: mine")
    (folder / A).write_text((folder / A).read_text().replace("first", "their"))
    now = edit_reading.texts(folder)
    (clash,) = clashes([mine], now)
    assert clash.line is None
    (made,) = renewed([mine], now)
    assert made.before == now[A]
    assert made.after == now[A].replace("title: a", "title: mine")


def test_changes_of_the_same_line_are_not_put_together(folder: Path) -> None:
    mine = change(folder, A, "first", "my")
    (folder / A).write_text((folder / A).read_text().replace("first", "their"))
    now = edit_reading.texts(folder)
    assert [clash.line for clash in clashes([mine], now)] == [5]
    with pytest.raises(EditRefused, match="in the same place"):
        renewed([mine], now)


def test_what_somebody_else_has_done_in_the_same_words_need_not_be_done(folder: Path) -> None:
    mine = change(folder, A, "first", "same")
    (folder / A).write_text(str(mine.after))
    with pytest.raises(EditRefused, match="already made"):
        renewed([mine], edit_reading.texts(folder))


def test_no_signature_slips_under_words_that_its_owner_has_not_read(folder: Path) -> None:
    said = "title: T\n    asks: [x]\n    answer: Vieja\n    translates: 0123456789ab\n    approved_by: null"
    text = f"- id: a\n  en: {{title: T, asks: [x], answer: A}}\n  es:\n    {said}\n"
    mine = Change(A, text, text.replace("Vieja", "Nueva"))
    with pytest.raises(EditRefused, match="was signed meanwhile"):
        renewed([mine], {A: text.replace("approved_by: null", "approved_by: Ana")})


def test_an_edit_is_taken_back_while_other_entries_move_on(folder: Path) -> None:
    text = (folder / A).read_text()
    done = Change(A, text, text.replace("first", "second"))
    now = {A: str(done.after) + "- id: z\n  en: {title: z, asks: [z], answer: Z}\n"}
    (back,) = taken_back([done], "a", now)
    assert back.after == now[A].replace("second", "first")


def test_an_entry_that_came_new_goes_when_it_is_taken_back_and_the_others_stay(folder: Path) -> None:
    text = (folder / A).read_text()
    new = "- id: n\n  en: {title: n, asks: [n], answer: N}\n"
    (back,) = taken_back([Change(A, text, text + new)], "n", {A: "# moved on\n" + text + new + "- id: z\n"})
    assert back.after == "# moved on\n" + text + "- id: z\n"


def test_an_edit_is_not_taken_back_once_its_entry_has_moved_on(folder: Path) -> None:
    text = (folder / A).read_text()
    done = Change(A, text, text.replace("first", "second"))
    with pytest.raises(EditRefused, match="`a` has been changed since"):
        taken_back([done], "a", {A: str(done.after).replace("title: a", "title: other")})


def git(folder: Path, *arguments: str) -> str:
    settings = ("-c", "user.name=t", "-c", "user.email=t@t.invalid", "-c", "init.defaultBranch=main")
    ended = subprocess.run(["git", "-C", folder, *settings, *arguments], check=True, capture_output=True, text=True)
    return ended.stdout


@pytest.fixture
def checkout(folder: Path) -> Path:
    git(folder, "init")
    git(folder, "add", ".")
    git(folder, "commit", "-m", "start")
    return folder


def test_a_save_in_a_checkout_is_a_commit_of_exactly_its_files(checkout: Path) -> None:
    (checkout / "contacts.yaml").write_text("- somebody's own work\n")
    (checkout / A).write_text("- saved\n")
    (checkout / "faqs/new.yaml").write_text("- new\n")
    short = edit_git.commit(checkout, [A, "faqs/new.yaml"], "ana <x>\n", "Edit: a; --amend")
    assert short == git(checkout, "rev-parse", "--short", "HEAD").strip()
    assert git(checkout, "show", "--format=%an|%ae|%s", "--name-only", "HEAD").split() == [
        "ana", "x|ana..x@staff.invalid|Edit:", "a;", "--amend", A, "faqs/new.yaml"
    ]  # fmt: skip
    assert git(checkout, "status", "--porcelain").strip() == "M contacts.yaml"


def test_a_failure_of_git_is_told_in_its_words(checkout: Path) -> None:
    (checkout / A).write_text("- saved\n")
    (checkout / ".git/index.lock").touch()
    with pytest.raises(NotCommitted, match=r"index\.lock"):
        edit_git.commit(checkout, [A], "ana", "Edit: a")


def test_a_folder_outside_a_checkout_or_ignored_there_is_not_committed(folder: Path, tmp_path: Path) -> None:
    assert edit_git.commit(folder, [A], "ana", "Edit: a") is None
    git(tmp_path, "init")
    (tmp_path / ".gitignore").write_text("knowledge/\n")
    assert edit_git.commit(folder, [A], "ana", "Edit: a") is None


def test_hooks_of_the_checkout_are_not_run(checkout: Path) -> None:
    hook = checkout / ".git/hooks/post-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\ntouch hooked\n")
    hook.chmod(0o755)
    (checkout / A).write_text("- saved\n")
    assert edit_git.commit(checkout, [A], "ana", "Edit: a")
    assert not (checkout / "hooked").exists()
