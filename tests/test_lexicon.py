"""The lists of real words: read fast, the commonest first, and done without when they cannot be read."""

import gzip
import json
from importlib.resources import files
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.knowledge import lexicon


@pytest.fixture
def resources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("bot.knowledge.lexicon.files", lambda _: tmp_path)
    lexicon.language.cache_clear()
    (tmp_path / "resources").mkdir()
    return tmp_path / "resources"


@pytest.mark.parametrize("code", ["en", "es", "pt"])
def test_the_counts_read_at_once_are_those_of_the_list(code: str) -> None:
    packed = (files("spellchecker") / "resources" / f"{code}.json.gz").read_bytes()
    counts: dict[str, int] = json.loads(gzip.decompress(packed))
    words, times, every = lexicon._commonest(gzip.decompress(packed))
    assert every == sum(counts.values())
    assert [*zip(words, times, strict=True)] == sorted(counts.items(), key=lambda each: -each[1])[:60_000]


def test_words_are_folded_and_have_their_share_of_all_text(resources: Path) -> None:
    listed = '{\n"Além": 1,\n"don\'t": 3,\n"a-b": 2,\n"zürich\'s": 4\n}'
    (resources / "xx.json.gz").write_bytes(gzip.compress(listed.encode()))
    found = lexicon.language("xx")
    assert found is not None
    assert dict(found.shares) == pytest.approx({"alem": 0.1, "dont": 0.3, "zurichs": 0.4})


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no gzip",
        gzip.compress(b"{}")[:-9],
        gzip.compress(b'{"a": 5, "b": 3}'),
        gzip.compress(b'{\n"a": 5,\n"b" 3\n}'),
        gzip.compress(b'{\n"a": 5,\n"\xff": 3\n}'),
    ],
    ids=["empty", "no gzip", "cut off", "in one line", "no JSON", "no UTF-8"],
)
def test_a_list_that_cannot_be_read_is_done_without(resources: Path, content: bytes) -> None:
    (resources / "xx.json.gz").write_bytes(content)
    with capture_logs() as logs:
        assert lexicon.language("xx") is None
    assert [line["event"] for line in logs] == ["no lexicon"]


def test_a_language_without_a_list_is_done_without(resources: Path) -> None:
    assert lexicon.language("xx") is None
