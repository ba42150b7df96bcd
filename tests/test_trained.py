"""The net on disk: learned once, read until the examples change, learned again when the file cannot be trusted."""

import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs

from bot.core.emergency import Level
from bot.core.features import Floats
from bot.core.net import Net
from bot.core.text import fold
from bot.knowledge import source, trained
from bot.knowledge.encoder import WIDTH, Encoder
from bot.knowledge.examples import Example, examples
from bot.knowledge.faults import Faults
from bot.knowledge.variants import variants
from tests import real_folder
from tests.builders import PLACE

SAID = {
    Level.EMERGENCY: ("he has a gun", "somebody has a gun", "the house is on fire", "my house is on fire"),
    Level.CAUTION: ("was that a shot", "was that a bang", "i heard a bang", "i heard a shot"),
    Level.NONE: ("how do i get a gun permit", "a copy of the fire report", "how do i get a report", "a permit please"),
}
EXAMPLES = tuple(Example(text, level, "made", PLACE) for level, texts in SAID.items() for text in texts)


class LengthModel:
    """A model that knows of a text only how long it is."""

    def encode(self, texts: list[str]) -> Floats:
        return np.array([np.eye(WIDTH)[len(text) % WIDTH] for text in texts], np.float32)


ENCODER = Encoder(LengthModel(), "length")


def learned_anew(folder: Path, given: tuple[Example, ...] = EXAMPLES, encoder: Encoder | None = None) -> bool:
    with capture_logs() as logs:
        trained.net(given, encoder, folder)
    return "net learned" in [line["event"] for line in logs]


def same(one: Net, other: Net) -> bool:
    texts = ("he has a gun", "a permit", "qqq", "i heard a shot in my house")
    return [one.of(fold(text)) for text in texts] == [other.of(fold(text)) for text in texts]


def test_the_net_is_learned_once_and_then_read(tmp_path: Path) -> None:
    first = trained.net(EXAMPLES, ENCODER, tmp_path / "cache")
    assert not learned_anew(tmp_path / "cache", encoder=ENCODER)
    second = trained.net(EXAMPLES, ENCODER, tmp_path / "cache")
    assert same(first, second)
    assert first.whole is not None
    assert second.whole is not None
    assert (first.whole == second.whole).all()


@pytest.mark.parametrize(
    "changed",
    [
        EXAMPLES[1:],
        (*EXAMPLES, Example("a new one", Level.NONE, "made", PLACE)),
        (replace(EXAMPLES[0], level=Level.CAUTION), *EXAMPLES[1:]),
        (replace(EXAMPLES[0], text="he has a knife"), *EXAMPLES[1:]),
    ],
)
def test_changed_examples_are_learned_anew(tmp_path: Path, changed: tuple[Example, ...]) -> None:
    trained.net(EXAMPLES, None, tmp_path)
    assert learned_anew(tmp_path, changed)


def test_another_encoder_is_learned_anew_and_so_is_none(tmp_path: Path) -> None:
    assert [
        learned_anew(tmp_path, encoder=each) for each in (ENCODER, Encoder(LengthModel(), "other"), None, None)
    ] == [
        True,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04 not a zip", b"\x93NUMPY\x01\x00", b"x" * 10_000, b"\x80\x04K\x01."]
)
def test_a_damaged_cache_is_learned_anew(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "net.npz").write_bytes(content)
    assert learned_anew(tmp_path)
    assert not learned_anew(tmp_path)


def test_a_cache_cut_short_or_with_a_flipped_bit_is_learned_anew(tmp_path: Path) -> None:
    trained.net(EXAMPLES, ENCODER, tmp_path)
    whole = (tmp_path / "net.npz").read_bytes()
    middle = len(whole) // 2
    for damaged in (whole[:middle], whole[:middle] + bytes((whole[middle] ^ 1,)) + whole[middle + 1 :]):
        (tmp_path / "net.npz").write_bytes(damaged)
        assert learned_anew(tmp_path, encoder=ENCODER)


def test_a_cache_whose_parts_do_not_fit_is_learned_anew(tmp_path: Path) -> None:
    trained.net(EXAMPLES, None, tmp_path)
    with np.load(tmp_path / "net.npz") as file:
        content = dict(file)
    content["alone"] = content["alone"][:-1]
    np.savez(tmp_path / "net.npz", **content)
    assert learned_anew(tmp_path)


def test_the_cache_holds_no_pickle(tmp_path: Path) -> None:
    trained.net(EXAMPLES, ENCODER, tmp_path)
    with zipfile.ZipFile(tmp_path / "net.npz") as file:
        assert all(b"'descr': '|O'" not in file.read(name)[:200] for name in file.namelist())


def test_a_folder_that_cannot_be_written_costs_nothing_but_the_cache(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    found = trained.net(EXAMPLES, None, tmp_path / "cache")
    assert same(found, trained.learn(EXAMPLES, None))


def test_variants_keep_the_level_and_are_the_same_every_time() -> None:
    many = [
        Example(f"{text} {n}", level, "made", PLACE)
        for level, texts in SAID.items()
        for text in texts
        for n in "abcdef"
    ]
    made = list(variants(many))
    assert made == list(variants(many))
    assert len(many) / 3 < len(made) < len(many) * 2 / 3
    assert len({text for text, _ in made} - {example.text for example in many}) > len(made) * 3 / 4
    assert {level for _, level in made} == set(Level)


def read(folder: Path, content: str) -> tuple[tuple[Example, ...], list[str]]:
    (folder / "emergency" / "examples").mkdir(parents=True)
    (folder / "emergency" / "examples" / "en.yaml").write_text(content)
    faults = Faults()
    found = examples(source.read(folder, folder), faults)
    return found, [str(problem) for problem in faults.problems]


def test_an_example_knows_its_level_kind_and_line(tmp_path: Path) -> None:
    found, faults = read(tmp_path, "threats:\n  emergency:\n    - he comes to kill me\n  none: [a form]\n")
    assert faults == []
    assert [(each.text, each.level, each.kind, each.place.line) for each in found] == [
        ("he comes to kill me", Level.EMERGENCY, "threats", 3),
        ("a form", Level.NONE, "threats", 4),
    ]


@pytest.mark.parametrize(
    ("content", "line", "says"),
    [
        ("- threats\n", 1, "must hold fields"),
        ("threats:\n  urgent: [x]\n", 2, "must be `emergency`, `caution` or `none`"),
        ("threats:\n  none: []\n", 2, "at least one"),
        ("threats:\n  none:\n    - a\n    -\n", 4, "must be text"),
        ("threats:\n  none: x\n", 2, "must be a list"),
        ("Threats!:\n  none: [x]\n", 1, "not written as it must be"),
        ("a:\n  none: [Same words]\nb:\n  emergency:\n    - same  words\n", 5, "is `emergency` here and `none` at"),
    ],
)
def test_a_fault_in_the_examples_has_its_place(tmp_path: Path, content: str, line: int, says: str) -> None:
    _, (fault,) = read(tmp_path, content)
    assert fault.startswith(f"emergency/examples/en.yaml:{line}: ")
    assert says in fault


def test_the_shipped_examples_are_sound_and_many() -> None:
    faults = Faults()
    found = examples(real_folder.sources(), faults)
    assert faults.problems == []
    for level, most in ((Level.EMERGENCY, 3_000), (Level.CAUTION, 600), (Level.NONE, 5_000)):
        assert len([each for each in found if each.level is level]) > most
