"""Runs the product's own command on a file of messages."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

DATA = Path(__file__).parents[1] / "data"


def labelled(name: str) -> list[dict[str, Any]]:
    """The lines of a labelled file of `tests/data/`."""
    with (DATA / name).open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def ask(messages: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """What `danbury-bot ask --json --batch` prints for the messages, in their order."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as file:
        for message in messages:
            file.write(json.dumps({"id": message["id"], "text": message["text"]}) + "\n")
        file.flush()
        command = [sys.executable, "-m", "bot", "ask", "--json", "--batch", file.name]
        done = subprocess.run(command, capture_output=True, check=True, text=True, encoding="utf-8")
    return [json.loads(line) for line in done.stdout.splitlines()]
