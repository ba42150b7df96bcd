"""No statement of SQL is put together from what somebody typed: values are parameters, always (ASVS 5, 1.2.4)."""

import ast
from pathlib import Path

HOUSE = Path(__file__).parents[1] / "bot"
_TAKE_SQL = {"text", "exec_driver_sql", "execute", "executescript", "executemany", "literal_column"}


# What takes no parameters: names of tables and of pragmas, all of which stand in the code or in the file's own schema.
FIXED_NAMES = {
    ("store/engines.py", "PRAGMA foreign_keys ="),
    ("store/rotation.py", "LOCK TABLE"),
    ("store/backup_sqlite.py", "SELECT count(*) FROM"),
}


def made_of_parts() -> set[tuple[str, str]]:
    """SQL handed over that is neither one fixed text nor a statement of SQLAlchemy's: its module and how it begins."""
    found = set()
    for module in HOUSE.rglob("*.py"):
        for given in handed_over(ast.parse(module.read_text(encoding="utf-8"))):
            begins = ast.unparse(given).removeprefix("f").strip("\"'").partition("{")[0]
            found.add((str(module.relative_to(HOUSE)), begins.replace("\\", "").rstrip(" \"'")))
    return found


def handed_over(tree: ast.AST) -> list[ast.expr]:
    found: list[ast.expr] = []
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=[given, *_]) if name in _TAKE_SQL:
                is_made = isinstance(given, ast.Call) and ast.unparse(given.func).endswith((".format", ".join"))
                if is_made or isinstance(given, ast.JoinedStr | ast.BinOp):
                    found.append(given)
    return found


def test_no_statement_is_put_together_from_text() -> None:
    assert made_of_parts() <= FIXED_NAMES


def test_a_statement_that_is_put_together_is_found() -> None:
    for code in ('c.execute(text(f"DELETE FROM x WHERE y = {z}"))', 'c.execute("SELECT " + z)', 'text("{}".format(z))'):
        assert len(handed_over(ast.parse(code))) == 1
