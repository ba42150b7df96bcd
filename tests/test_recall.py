"""`check --emergency`: the figures that the README quotes."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli import main
from bot.core.emergency import Level
from bot.recall import Unlabelled, interval, report, score
from tests import small_folder

LINES = [
    '{"text": "he has a gun", "lang": "en", "label": "emergency", "category": "weapon_gun"}',
    '{"text": "911", "lang": "es", "label": "emergency", "category": "generic_help"}',
    '{"text": "zebra", "lang": "es", "label": "emergency", "category": "animal_attack"}',
    '{"text": "gun permit", "lang": "en", "label": "none", "category": "hn_permit"}',
    "",
]


def by_length(text: str) -> Level:
    return Level.NONE if text in ("zebra", "gun permit") else Level.EMERGENCY


def test_recall_is_told_by_language_with_its_interval_and_the_worst_kinds() -> None:
    table = list(report(score(LINES, by_length)))
    assert "0.667 [0.208-0.939] 2/3" in table[1]
    assert "1.000 [0.207-1.000] 1/1" in table[1]
    assert "  animal_attack: 1 of 1 without any 911 line" in table


def test_wilsons_interval() -> None:
    assert interval(0, 0) == (0.0, 1.0)
    assert interval(50, 50)[1] == 1.0
    low, high = interval(90, 100)
    assert (round(low, 3), round(high, 3)) == (0.826, 0.945)


@pytest.mark.parametrize("line", ["not json", "[]", '{"text": "x"}', '{"text": "x", "lang": "en", "label": "bad"}'])
def test_a_line_that_cannot_be_scored_is_told(line: str) -> None:
    with pytest.raises(Unlabelled, match="line 2: each line is a JSON object with"):
        score([LINES[0], line], by_length)


def test_the_command_prints_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_DATA", str(tmp_path / "data"))
    (tmp_path / "labelled.jsonl").write_text("\n".join(LINES))
    folder = str(small_folder.write(tmp_path / "knowledge"))
    result = CliRunner().invoke(main, ["check", "--knowledge", folder, "--emergency", str(tmp_path / "labelled.jsonl")])
    assert result.exit_code == 0
    assert "emergency sent to 911" in result.output
