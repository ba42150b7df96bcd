"""Tables as CSV for spreadsheets, in which no cell is ever a formula: some of the words in them are a stranger's."""

import csv
import io
from collections.abc import Iterable, Sequence

# What makes a spreadsheet read a cell as a formula, by OWASP's list; the wide forms count in East Asian editions.
_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_BLANKS = " \u00a0"  # some programs cut them off before they look
_MARK = "\ufeff"  # without it Excel takes UTF-8 for its own old letters


def cell(value: object) -> str:
    """The value as a cell that a spreadsheet shows and never computes; a number stays a number, None is empty."""
    if value is None:
        return ""
    text = str(value)
    if isinstance(value, int | float):
        return text
    return f"'{text}" if text.lstrip(_BLANKS).startswith(_FORMULAS) else text


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """The table in UTF-8. Every cell stands in quotes: a semicolon must not part one where a comma parts cells."""
    written = io.StringIO()
    writer = csv.writer(written, quoting=csv.QUOTE_ALL)
    writer.writerow([cell(name) for name in header])
    writer.writerows([cell(value) for value in row] for row in rows)
    return f"{_MARK}{written.getvalue()}".encode(errors="replace")
