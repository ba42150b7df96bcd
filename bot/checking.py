"""What `check` prints: faults and notes with file and line, and what the department must still confirm."""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.core.entry import Knowledge
from bot.knowledge.about import About
from bot.knowledge.launch import Kind, Open
from bot.knowledge.source import Problem

_COLUMNS = ("kind", "entries", "what", "value", "source", "as of", "file", "line")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")  # a spreadsheet computes a cell that begins so
_ENTRIES_SHOWN = 3
_WIDTH = 160  # characters, where there is no terminal to ask


def lines(problems: Iterable[Problem]) -> Iterator[str]:
    """A line for each problem; the notes under headings with their number. A line that begins with # is a heading."""
    order = list(About)
    every = sorted(problems, key=lambda problem: order.index(problem.about) if problem.about else -1)
    for about, same in groupby(every, key=lambda problem: problem.about):
        group = list(same)
        if about:
            yield f"# {len(group)} {about.value}"
        yield from (f"{each}" if each.is_fault else f"{each.place}: note: {each.text}" for each in group)


def write_csv(rows: Iterable[Open], file: TextIO) -> None:
    """The list for a spreadsheet; no cell of it is a formula, whatever the knowledge says."""
    out = csv.writer(file)
    out.writerow(_COLUMNS)
    for row in rows:
        cells = (row.kind.value, *_cells(row), row.place.file, str(row.place.line))
        out.writerow([f"'{cell}" if cell.lstrip(" ").startswith(_FORMULA) else cell for cell in cells])


def print_tables(rows: Iterable[Open], file: TextIO) -> None:
    """The list for a terminal: one table for each kind, with its number."""
    console = Console(file=file, highlight=False)
    if not console.is_terminal:
        console = Console(file=file, highlight=False, width=_WIDTH)
    for kind, same in groupby(rows, key=lambda row: row.kind):
        group = list(same)
        table = Table(title=f"{kind.value}: {len(group)}", title_justify="left", show_edge=False)
        used = [at for at, name in enumerate(_COLUMNS[1:-2]) if any(_cells(row)[at] for row in group)]
        for at in used:
            table.add_column(_COLUMNS[1 + at], overflow="fold")
        table.add_column("place", overflow="fold")
        for row in group:
            cells = _cells(replace(row, entries=_some(row.entries)))
            table.add_row(*(Text(cells[at]) for at in used), Text(str(row.place)))
        console.print(table)
        console.print()


def counts(rows: Iterable[Open]) -> str:
    """How many of each kind are open, in one line."""
    number = Counter(row.kind for row in rows)
    each = ", ".join(f"{number[kind]} {kind.value}" for kind in Kind if number[kind])
    return f"To confirm: {each or 'nothing'}."


def _some(entries: str) -> str:
    """As many entries as a cell of a table bears; the CSV has them all."""
    first, more = entries.split()[:_ENTRIES_SHOWN], entries.split()[_ENTRIES_SHOWN:]
    return " ".join(first) + (f" and {len(more)} more" if more else "")


def _cells(row: Open) -> tuple[str, str, str, str, str]:
    return row.entries, row.what, row.value, row.source, row.as_of


def summary(knowledge: Knowledge, notes: int) -> str:
    """How large the folder is: entries, asks and questions, these by language, in one line."""
    asks = Counter(language for e in knowledge.entries.values() for language, w in e.wordings.items() for _ in w.asks)
    questions = Counter(question.language for question in knowledge.questions)
    return (
        f"Sound: {len(knowledge.entries)} entries, {_by_language(asks)} asks, {_by_language(questions)} questions, "
        f"{len(knowledge.rules.cues)} emergency cues, revision {knowledge.revision}; {notes} note(s)."
    )


def _by_language(number: Counter[str]) -> str:
    each = ", ".join(f"{language} {count}" for language, count in number.items())
    return f"{number.total()} ({each})" if len(number) > 1 else f"{number.total()}"
