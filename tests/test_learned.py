"""What the matcher learned, on disk: learned once, learned again when phrasings change or the file is damaged."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.core.match import Phrasings
from bot.knowledge import learned
from tests.builders import an_entry

PHRASINGS = Phrasings([an_entry("a", "how do i get a report"), an_entry("b", "where do i pay a ticket")])


def learned_anew(cache: Path, phrasings: Phrasings = PHRASINGS) -> bool:
    with capture_logs() as logs:
        learned.matcher(phrasings, None, cache)
    return "matcher learned" in [line["event"] for line in logs]


def test_it_is_learned_once_and_again_when_a_phrasing_changes(tmp_path: Path) -> None:
    assert learned_anew(tmp_path)
    assert not learned_anew(tmp_path)
    assert learned_anew(tmp_path, Phrasings([an_entry("a", "how do i get a form"), an_entry("b", "pay a ticket")]))


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 cut off"])
def test_a_damaged_file_is_learned_again(tmp_path: Path, content: bytes) -> None:
    learned_anew(tmp_path)
    (tmp_path / "match.npz").write_bytes(content)
    assert learned_anew(tmp_path)
    assert not learned_anew(tmp_path)


def test_a_folder_without_phrasings_learns_nothing(tmp_path: Path) -> None:
    assert learned.matcher(Phrasings([]), None, tmp_path).weights is None
