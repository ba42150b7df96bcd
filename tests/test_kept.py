"""What was learned is kept whole or not at all, whoever else writes it at the same time, and nothing is left behind."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bot.knowledge.kept import keep

NAME = "net.npz"


def written(path: Path) -> int:
    with np.load(path, allow_pickle=False) as file:
        return int(file["which"])


def test_two_that_write_at_once_each_write_a_draft_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two containers share the folder, and in each the bot is the same process by number."""
    path, save = tmp_path / "cache" / NAME, np.savez

    def while_another_writes(file: Any, **content: Any) -> None:
        monkeypatch.setattr(np, "savez", save)
        save(file, which=np.array(0))  # half of it, as it were
        assert keep(path, {"which": np.array(2)}) is None
        assert written(path) == 2
        file.seek(0)
        save(file, **content)

    monkeypatch.setattr(np, "savez", while_another_writes)
    assert keep(path, {"which": np.array(1)}) is None
    assert written(path) == 1
    assert [each.name for each in path.parent.iterdir()] == [NAME]


def _no_room(*_: Any, **__: Any) -> None:
    raise OSError(28, "No space left on device")


def _no_draft(*_: Any, **__: Any) -> None:
    raise PermissionError(13, "Permission denied")


@pytest.mark.parametrize(("what", "fails"), [("numpy.savez", _no_room), ("tempfile.mkstemp", _no_draft)])
def test_one_that_cannot_be_written_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str, fails: Callable[..., None]
) -> None:
    path = tmp_path / NAME
    keep(path, {"which": np.array(1)})
    monkeypatch.setattr(what, fails)
    assert isinstance(keep(path, {"which": np.array(2)}), OSError)
    assert written(path) == 1
    assert [each.name for each in tmp_path.iterdir()] == [NAME]


def test_what_somebody_left_who_was_killed_is_taken_away_and_what_is_being_written_is_not(tmp_path: Path) -> None:
    path, left, fresh, other = (tmp_path / name for name in (NAME, f".{NAME}.killed", f".{NAME}.fresh", "other"))
    for each in (left, fresh, other):
        each.touch()
    for each in (left, other):
        os.utime(each, (0, 0))
    keep(path, {"which": np.array(1)})
    assert sorted(tmp_path.iterdir()) == sorted([path, fresh, other])
