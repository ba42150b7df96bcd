"""No secret in what is shipped, and no name of a file from whoever asks for it."""

import ast
import re
from pathlib import Path

HERE = Path(__file__).parents[1]
SHIPPED = ("bot", "knowledge", ".ci", ".docs", "Dockerfile", "README.md", "pyproject.toml")
# What tokens look like: Telegram's, Meta's, Twilio's, keys in PEM, and of clouds whose keys people leave lying.
SECRETS = re.compile(
    r"\b\d{8,10}:AA[A-Za-z0-9_-]{33}\b|\bEAA[A-Za-z0-9]{60,}|\bSK[0-9a-f]{32}\b|\bAC(?!0{32})[0-9a-f]{32}\b"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}\b"
)
IS_DATA = {".png", ".npz", ".svg"}


def texts() -> list[tuple[Path, str]]:
    found = [
        path for name in SHIPPED for path in ((HERE / name).rglob("*") if (HERE / name).is_dir() else [HERE / name])
    ]
    listed = [
        path for path in found if path.is_file() and path.suffix not in IS_DATA and "__pycache__" not in path.parts
    ]
    return [(path, path.read_text(encoding="utf-8", errors="replace")) for path in listed]


def test_no_secret_stands_in_what_is_shipped() -> None:
    assert [(path.name, found[0][:6]) for path, text in texts() for found in SECRETS.finditer(text)] == []


def test_what_looks_like_a_secret_is_found() -> None:
    for secret in ("12345678:AA" + "x" * 33, "EAA" + "b" * 80, "AC" + "1" * 32, "-----BEGIN PRIVATE KEY-----"):
        assert SECRETS.search(f'TOKEN = "{secret}"')


def test_the_image_is_made_of_named_folders_and_holds_no_key() -> None:
    ignored = (HERE / ".dockerignore").read_text(encoding="utf-8").split()
    assert ignored[0] == "*"
    assert {line.removeprefix("!") for line in ignored if line.startswith("!")} <= {
        "bot", "knowledge", "pyproject.toml", "README.md", "LICENSE", ".ci/locked"
    }  # fmt: skip
    lines = (HERE / "Dockerfile").read_text(encoding="utf-8").splitlines()
    told = " ".join(line for line in lines if not line.startswith("#"))
    assert re.search(r"(?i)(token|secret|password|api_key)\s*=", told) is None
    assert "USER bot" in lines


def test_no_name_of_a_file_that_is_handed_out_comes_from_whoever_asks() -> None:
    """ASVS 5, 5.4.1: it is made of our own words, numbers and days."""
    made = set()
    for module in (HERE / "bot").rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr) and "filename=" in ast.unparse(node):
                made |= {
                    (module.name, ast.unparse(part)) for part in node.values if isinstance(part, ast.FormattedValue)
                }
    assert {name for name, _ in made} == {"unanswered.py", "figures.py", "audit.py", "advisories.py"}
    assert not any("query" in part or "form" in part or "match_info" in part or "headers" in part for _, part in made)
