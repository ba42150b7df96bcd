"""What runs in the encoder's own process: texts in, vectors out, until whoever asks has gone."""

import json
import os
import signal
import struct
import sys
from collections.abc import MutableMapping
from typing import Any, BinaryIO

import structlog

from bot.knowledge import encoder

SIZE = struct.Struct("<I")  # before each question and each answer: how many bytes of it follow


def main() -> None:
    """Say what there is, then answer each request."""
    for each in (signal.SIGINT, signal.SIGTERM):  # a Ctrl-C or a stop is meant for the bot, which still answers then
        signal.signal(each, signal.SIG_IGN)
    asked, told = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDWR), 1)  # whatever a library prints is no answer
    said: list[tuple[str, str, dict[str, Any]]] = []

    def keep(_: object, level: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        said.append((level, str(event.pop("event")), dict(event)))
        raise structlog.DropEvent

    structlog.configure(processors=[keep])
    found = encoder.load()
    _say(told, json.dumps({"revision": found and found.revision, "said": said}).encode())
    while found and (size := asked.read(SIZE.size)):
        try:
            vectors = found.vectors(json.loads(asked.read(SIZE.unpack(size)[0]))).tobytes()
        except Exception:  # noqa: BLE001 - whoever asks is told that there is none
            vectors = b""
        _say(told, vectors)


def _say(to: BinaryIO, what: bytes) -> None:
    try:
        to.write(SIZE.pack(len(what)) + what)
        to.flush()
    except BrokenPipeError:
        sys.exit()


if __name__ == "__main__":
    main()
