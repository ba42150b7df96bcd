"""The encoder in a process of its own: the same vectors, never a wait without end, and no process left behind."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs

from bot.core.features import Floats
from bot.knowledge import encoder, encoder_process
from bot.knowledge.encoder import WIDTH, Encoder
from bot.knowledge.encoder_process import EncoderAway, EncoderProcess, load

SPEAKS = """
import json, os, struct, sys
def say(what):
    os.write(1, struct.pack("<I", len(what)) + what)
def hear():
    size = sys.stdin.buffer.read(4)
    return json.loads(sys.stdin.buffer.read(*struct.unpack("<I", size))) if size else sys.exit()
def vectors(texts):
    say(struct.pack("<f", len(texts)) * 512 * len(texts))
"""
READY = """say(json.dumps({"revision": "made", "said": []}).encode())
"""


def speaking(then: str) -> tuple[str, ...]:
    """A process that does as the encoder's, and computes nothing."""
    return sys.executable, "-c", SPEAKS + then


@contextmanager
def begun(command: Sequence[str]) -> Iterator[EncoderProcess]:
    process = EncoderProcess(command)
    try:
        assert process.start()
        yield process
    finally:
        process.close()


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"  # dead, and nobody has asked


def soon(is_so: Callable[[], bool]) -> bool:
    """Whether it comes to be so; what is waited for is another process or thread."""
    waits = threading.Event()
    return any(is_so() or waits.wait(0.01) for _ in range(1_000))


def test_the_vectors_are_those_of_this_process_and_a_signal_for_the_bot_does_not_end_it() -> None:
    found, here = load(), encoder.load()
    assert found is not None
    assert here is not None
    try:
        pid = found._model._child._process.pid  # type: ignore[attr-defined]
        for each in (signal.SIGINT, signal.SIGTERM):  # a Ctrl-C goes to all that runs in the terminal
            os.kill(pid, each)
        texts = ["he has a gun", "me roban \U0001f52a", "", "\ud800"]
        assert np.abs(found.vectors(texts) - here.vectors(texts)).max() < 1e-5
        assert found.revision == here.revision
    finally:
        found.close()
    assert gone(pid)


def test_it_ends_when_the_bot_is_killed() -> None:
    script = (
        "from bot.knowledge.encoder_process import *; p = EncoderProcess(); p.start(); print(p._child._process.pid)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", f"{script}; import sys; sys.stdout.flush(); sys.stdin.read()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[1],
    ) as bot:
        assert bot.stdout is not None
        pid = int(bot.stdout.readline())
        bot.kill()
    assert soon(lambda: gone(pid))


def test_after_it_was_killed_words_alone_are_read_until_it_has_begun_again() -> None:
    with begun(speaking(READY + "while True: vectors(hear())")) as process:
        read = Encoder(process, "made")
        assert read.try_vector("one") is not None
        process._child._process.kill()  # type: ignore[union-attr]
        with capture_logs() as logs:
            assert read.try_vector("two") is None
            assert not read.is_working
            assert soon(lambda: read.try_vector("three") is not None)
        assert read.is_working
    assert [line["event"] for line in logs] == ["encoder failed"]


def test_who_is_learning_waits_until_it_has_begun_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder_process, "_RESTS", 0.3)
    with begun(speaking(READY + "vectors(hear()); vectors(hear())")) as process:  # then it ends, each time
        assert process.encode(["x"] * 80).shape == (80, WIDTH)


@pytest.mark.parametrize(
    "then",
    [
        "hear(); sys.stdin.buffer.read()",
        "hear(); os.write(1, struct.pack('<I', 2048)); sys.stdin.buffer.read()",
        "hear(); say(b'')",
        "hear(); say(b'x' * 100)",
        "hear()",
        "import signal; signal.pause()",
    ],
    ids=["says nothing", "says half", "failed", "says nonsense", "ends", "does not listen"],
)
def test_one_that_gives_no_vector_is_ended_and_begun_again(then: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder_process, "_ANSWERS", 0.2)
    monkeypatch.setattr(encoder_process, "_ENDS", 0.2)
    with begun(speaking(READY + then)) as process:
        first = process._child
        with pytest.raises(EncoderAway):
            process.encode(["\U0001f52a" * 600] * 60)  # more than a pipe holds
        assert soon(lambda: process._child not in (first, None))
    assert first is not None
    assert first._process.poll() is not None


def test_one_that_is_not_the_one_learned_with_is_not_believed() -> None:
    with begun(speaking(READY)) as process, capture_logs() as logs:
        process._command = speaking(READY.replace("made", "other"))
        assert not process.start()
    assert [(line["event"], line["reason"]) for line in logs] == [("no encoder", "another revision")]


@pytest.mark.parametrize(
    ("then", "reason"),
    [
        ("say(json.dumps({'revision': None, 'said': [['warning', 'no encoder', {'reason': 'x'}]]}).encode())", "x"),
        ("", "EncoderAway"),
        ("say(b'words')", "JSONDecodeError"),
        ("hear()", "EncoderAway"),
    ],
    ids=["has none", "ends", "says nonsense", "says nothing"],
)
def test_why_there_is_none_is_said_here(then: str, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder_process, "_STARTS", 1.0)
    with capture_logs() as logs:
        assert not EncoderProcess(speaking(then)).start()
    assert [(line["event"], line["reason"]) for line in logs] == [("no encoder", reason)]


def test_where_no_process_can_be_begun_there_is_no_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder_process, "EncoderProcess", lambda: EncoderProcess(("/does/not/exist",)))
    with capture_logs() as logs:
        assert load() is None
    assert [(line["event"], line["reason"]) for line in logs] == [("no encoder", "FileNotFoundError")]


def test_no_token_and_no_key_goes_along(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "do-not-tell"
    for name in ("BOT_TELEGRAM_TOKEN", "PGPASSWORD", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, secret)
    tells = "say(json.dumps({'revision': None, 'said': [['error', 'no encoder', dict(os.environ)]]}).encode())"
    with capture_logs() as logs:
        EncoderProcess(speaking(tells)).start()
    assert logs[0]["PATH"]
    assert secret not in logs[0].values()


class Asked:
    """A process that answers when it is let to, and remembers how many texts each request had."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.may = threading.Semaphore(0)

    def say(self, what: bytes, _: float) -> None:
        self.sizes.append(what.count(b","))

    def hear(self, _: float) -> bytes:
        self.may.acquire()
        return bytes(4 * WIDTH * (self.sizes[-1] + 1))

    def end(self) -> None:
        """Nothing."""


def test_a_message_goes_before_what_is_left_of_what_is_learned() -> None:
    process, asked = EncoderProcess(), Asked()
    process._child = asked  # type: ignore[assignment]
    found: list[Floats] = []
    learns = threading.Thread(target=lambda: found.append(process.encode(["x"] * 80)))
    learns.start()
    assert soon(lambda: bool(asked.sizes))
    asks = threading.Thread(target=lambda: process.encode(["y"]))
    asks.start()
    assert soon(lambda: process._hurrying == 1)
    asked.may.release(6)
    for each in (learns, asks):
        each.join()
    assert asked.sizes[1] == 0  # one text, and no comma
    assert asked.sizes.count(15) == 5
    assert found[0].shape == (80, WIDTH)


def test_nobody_waits_long_for_somebody_elses_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder_process, "_IN_LINE", 0.01)
    process, asked = EncoderProcess(), Asked()
    process._child = asked  # type: ignore[assignment]
    first = threading.Thread(target=lambda: process.encode(["x"]))
    first.start()
    assert soon(lambda: bool(asked.sizes))
    with pytest.raises(EncoderAway, match="others were first"):
        process.encode(["y"])
    asked.may.release(2)
    first.join()
    assert process.encode(["y"]).shape == (1, WIDTH)
