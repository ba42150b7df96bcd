"""The tests there are, and those that a page of `.docs` names."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
PAGES = HERE.parent / ".docs"
_NAME = re.compile(r"`(test_\w+\.py::\w+)`")


@cache
def known() -> frozenset[str]:
    """Every test, as `file::name`."""
    return frozenset(
        f"{module.name}::{node.name}"
        for module in HERE.glob("test_*.py")
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    )


def named(text: str) -> tuple[str, ...]:
    return tuple(_NAME.findall(text))


def rows(page: str) -> Iterator[list[str]]:
    """The cells of every row of every table of the page, heads and rules left out."""
    is_body = False
    for line in (PAGES / page).read_text(encoding="utf-8").splitlines():
        if not line.startswith("|"):
            is_body = False
        elif set(line) <= set("|-: "):
            is_body = True
        elif is_body:
            yield [cell.strip() for cell in line.strip("|").split(" | ")]
