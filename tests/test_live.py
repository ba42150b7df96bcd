"""A YAML edit on its way live: sound edits by themselves, broken ones not at all, the last good answers on."""

import gc
import shutil
import weakref
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest

from bot.core.answer import Snapshot
from bot.core.emergency import Level, check
from bot.core.entry import Knowledge
from bot.core.features import Floats
from bot.core.text import fold
from bot.knowledge import source
from bot.knowledge.encoder import WIDTH, Encoder
from bot.knowledge.garbage import give_back
from bot.knowledge.live import Live, load
from bot.knowledge.source import KnowledgeInvalid
from tests import small_folder
from tests.builders import REAL_FOLDER
from tests.sizes import some


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return small_folder.write(tmp_path / "knowledge")


@pytest.fixture(autouse=True)
def _shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a broken folder may borrow is small too."""
    monkeypatch.setattr("bot.knowledge.live.SHIPPED", small_folder.write(tmp_path / "shipped"))


@pytest.fixture
def live(folder: Path, tmp_path: Path) -> Live:
    opened = Live(folder, tmp_path / "data")
    opened.open()
    return opened


async def settle(live: Live) -> None:
    """Two looks at a folder that keeps still: what `watch` does, without its clock."""
    await live.look(await live.look(()))


def knows(live: Live) -> Knowledge:
    assert live.current is not None
    return live.current.knowledge


def answers(live: Live) -> list[str | None]:
    assert isinstance(live.current, Snapshot)
    return [entry.wordings["en"].answer for entry in live.current.knowledge.entries.values()]


async def test_an_edit_goes_live_by_itself(live: Live, folder: Path) -> None:
    text = (folder / "faqs/a.yaml").read_text()
    (folder / "faqs/a.yaml").write_text(text.replace("first", "second"))
    await settle(live)
    assert answers(live)[0] == "The second answer."


async def test_half_a_file_is_not_read_while_it_is_being_written(live: Live, folder: Path) -> None:
    knows_before = knows(live)
    seen = await live.look(())
    (folder / "faqs/a.yaml").write_text((folder / "contacts.yaml").read_text().replace("contacts", "half"))
    seen = await live.look(seen)  # changed since: not settled yet
    assert knows(live) is knows_before
    await live.look(seen)
    assert knows(live) is not knows_before


@pytest.mark.parametrize("name", some(small_folder.FILES, 3))
async def test_a_fault_in_any_kind_of_file_is_told_and_the_old_answers_go_on_until_it_is_mended(
    live: Live, folder: Path, name: str
) -> None:
    knows_before, sound = knows(live), (folder / name).read_bytes()
    (folder / name).write_bytes(sound + b"\n- broken: [\n")
    await settle(live)
    assert knows(live) is knows_before
    assert live.fault is not None
    assert {problem.place.file for problem in live.fault.problems} == {name}
    assert all(problem.place.line > 1 for problem in live.fault.problems)
    (folder / name).write_bytes(sound + b"# mended\n")
    await settle(live)
    assert live.fault is None
    assert knows(live) is not knows_before


async def test_a_cue_that_no_longer_raises_its_examples_does_not_go_live(live: Live, folder: Path) -> None:
    knows_before = knows(live)
    said = "any: [zebra loose], raises: [a zebra is loose], spares: [zebra loose]"
    (folder / "emergency/cues/zz.yaml").write_text(f"- {{id: zz-zebra, kind: x, level: emergency, {said}}}\n")
    await settle(live)
    assert knows(live) is knows_before
    assert live.fault is not None
    assert [str(problem) for problem in live.fault.problems] == [
        "emergency/cues/zz.yaml:1: cue `zz-zebra` must raise this to emergency, and it gets none",
        "emergency/cues/zz.yaml:1: cue `zz-zebra` must spare this, and `zz-zebra` raises it",
    ]


async def test_a_folder_that_vanishes_changes_nothing(live: Live, folder: Path) -> None:
    knows_before = knows(live)
    shutil.rmtree(folder)
    await settle(live)
    assert knows(live) is knows_before
    assert live.fault is not None


def test_a_start_with_a_broken_folder_answers_from_the_last_good_copy(live: Live, folder: Path, tmp_path: Path) -> None:
    (folder / "faqs/a.yaml").write_text("- broken: [")
    again = Live(folder, tmp_path / "data")
    again.open()
    assert again.fault is not None
    assert answers(again) == answers(live)


def test_a_first_start_with_a_broken_file_answers_from_the_sound_ones(folder: Path, tmp_path: Path) -> None:
    (folder / "faqs/a.yaml").write_text("- broken: [")
    first = Live(folder, tmp_path / "new data")
    first.open()
    assert first.fault is not None
    assert isinstance(first.current, Snapshot)
    assert sorted(first.current.knowledge.entries) == ["b", "contacts"]


def test_a_first_start_with_broken_emergency_files_borrows_the_projects_own(folder: Path, tmp_path: Path) -> None:
    (folder / "emergency/words.yaml").write_text("classes: [")
    first = Live(folder, tmp_path / "new data")
    first.open()
    assert isinstance(first.current, Snapshot)
    assert check(fold("he has a gun"), first.current.knowledge.rules).level is Level.EMERGENCY
    assert "911" in first.current.knowledge.replies.redirect["pt"]


def test_a_first_start_without_any_phrases_leaves_the_floor_alone(folder: Path, tmp_path: Path) -> None:
    (folder / "phrases.yaml").write_text("sentences: [")
    first = Live(folder, tmp_path / "new data")
    first.open()
    assert first.current is None


def test_a_data_folder_that_cannot_be_written_costs_only_the_copy(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    opened = Live(folder, tmp_path / "file")
    opened.open()
    assert isinstance(opened.current, Snapshot)


@pytest.mark.parametrize("is_sound", [True, False])
def test_after_a_folder_was_read_garbage_is_collected_as_before(folder: Path, is_sound: bool) -> None:
    if not is_sound:
        (folder / "faqs/a.yaml").write_text("- broken: [")
    with nullcontext() if is_sound else pytest.raises(KnowledgeInvalid):
        load(folder)
    assert gc.isenabled()


async def test_what_is_live_is_never_looked_through_and_goes_without_that_when_it_is_replaced(
    live: Live, folder: Path
) -> None:
    """A look through the real folder takes half a second, in which nobody gets 911."""
    assert live.current is not None
    await live.learn()
    assert gc.get_freeze_count() > 0
    old = weakref.ref(live.current.index)
    gc.disable()
    try:
        file = folder / "faqs/a.yaml"
        file.write_text(file.read_text() + "\n# another\n")
        await settle(live)
        assert old() is None
    finally:
        gc.enable()
        gc.unfreeze()


async def test_when_it_is_closed_the_encoder_is_too(folder: Path, tmp_path: Path) -> None:
    closed: list[bool] = []
    opened = Live(folder, tmp_path / "data", lambda: Encoder(StillModel(), "made", lambda: closed.append(True)))
    opened.close()
    await opened.start()
    await opened.learn()
    opened.close()
    assert closed == [True]


class StillModel:
    """Every text means the same."""

    def encode(self, texts: list[str]) -> Floats:
        return np.full((len(texts), WIDTH), WIDTH**-0.5, np.float32)


def test_the_stamp_changes_with_every_kind_of_change(folder: Path) -> None:
    stamps = [source.stamp(folder, REAL_FOLDER)]
    (folder / "faqs/new.yaml").write_text("x")
    stamps.append(source.stamp(folder, REAL_FOLDER))
    (folder / "faqs/new.yaml").write_text("xy")
    stamps.append(source.stamp(folder, REAL_FOLDER))
    (folder / "faqs/new.yaml").unlink()
    (folder / "faqs/a.yaml").rename(folder / "faqs/c.yaml")
    stamps.append(source.stamp(folder, REAL_FOLDER))
    assert len(set(stamps)) == 4


@pytest.mark.parametrize("missing", [OSError("no such library"), AttributeError("malloc_trim")])
def test_a_c_library_that_cannot_give_memory_back_costs_nothing(
    missing: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(_: object) -> None:
        raise missing

    give_back()
    monkeypatch.setattr("bot.knowledge.garbage.ctypes.CDLL", absent)
    give_back()
