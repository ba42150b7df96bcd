"""What the image and CI install is written down, each package by its digest; and what it is made of, and under which
licence."""

import json
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

HERE = Path(__file__).parents[1]
LOCKED = HERE / ".ci" / "locked"
PROJECT = tomllib.loads((HERE / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS = PROJECT["project"]["optional-dependencies"]
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def pinned(name: str) -> dict[str, list[Version]]:
    """The versions of each package in the file: more than one where that depends on the Python or the system."""
    found: dict[str, list[Version]] = {}
    for block in re.split(r"\n(?=\S)", (LOCKED / name).read_text(encoding="utf-8").strip()):
        wanted = Requirement(_HASH.sub("", block).replace("\\\n", " ").strip())
        (only,) = wanted.specifier
        assert only.operator == "==", block
        assert _HASH.search(block), f"{wanted.name} has no digest"
        found.setdefault(canonicalize_name(wanted.name), []).append(Version(only.version))
    return found


@pytest.mark.parametrize(
    ("file", "asked"),
    [
        ("bot.txt", [*PROJECT["project"]["dependencies"], *EXTRAS["postgres"]]),
        ("ci.txt", [*PROJECT["project"]["dependencies"], *(each for extra in EXTRAS.values() for each in extra)]),
        ("ci.txt", PROJECT["build-system"]["requires"]),
        ("build.txt", PROJECT["build-system"]["requires"]),
    ],
)
def test_every_dependency_is_locked_at_a_version_that_is_asked_for(file: str, asked: list[str]) -> None:
    versions = pinned(file)
    for each in map(Requirement, asked):
        held = versions.get(canonicalize_name(each.name), [])
        assert held, f"{each.name} is not locked: run .ci/lock"
        assert all(each.specifier.contains(version) for version in held), f"{each} is locked at {held}: run .ci/lock"


def test_ci_tests_the_versions_that_the_image_runs() -> None:
    image, tested = pinned("bot.txt"), pinned("ci.txt")
    assert {name: tested.get(name) for name in image} == image


@pytest.mark.parametrize("file", ["Dockerfile", ".ci/run"])
def test_nothing_is_installed_that_is_not_locked(file: str) -> None:
    text = (HERE / file).read_text(encoding="utf-8").replace("\\\n", " ")
    installs = re.findall(r"pip\"? (?:install|wheel)([^&\n]*)", text)
    assert len(installs) >= 2
    assert [each for each in installs if "--require-hashes" not in each and "--no-deps" not in each] == []


def test_the_bill_of_materials_names_what_the_image_installs_and_nothing_else() -> None:
    bill = json.loads((HERE / ".docs" / "sbom.cdx.json").read_text(encoding="utf-8"))
    assert bill["bomFormat"] == "CycloneDX"
    held = {canonicalize_name(part["name"]): Version(part["version"]) for part in bill["components"]}
    image = pinned("bot.txt")
    assert held.keys() == image.keys()
    assert [name for name, version in held.items() if version not in image[name]] == []


def test_every_package_of_the_image_has_a_licence_that_lets_us_use_it() -> None:
    rows = (HERE / ".docs" / "licences.md").read_text(encoding="utf-8").split("\n|--")[1].splitlines()[1:]
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    assert {canonicalize_name(name) for name, *_ in cells} == pinned("bot.txt").keys()
    # Each of them may stand in a service of a city; AGPL, GPL and "unknown" may not without somebody's word.
    free = r"MIT|BSD|Apache|PSF|Python Software Foundation|MPL|Mozilla|LGPL|Zlib|CC0|ISC|Unlicense"
    assert [name for name, _, licence, *_ in cells if not re.search(free, licence)] == []
    assert [name for name, _, licence, *_ in cells if re.search(r"AGPL|(?<!L)GPL", licence)] == []
