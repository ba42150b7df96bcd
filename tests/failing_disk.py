"""A disk that fails under SQLite as it is told: a layer in front of the system's own, for connections opened under it.

It needs the library that Python's own module is linked with; some builds of Python carry SQLite inside, and there
`failing_disk` skips the test, save in CI.
"""

import ctypes
import ctypes.util
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from tests.twilio_api import needs

_Sync = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int)
_Write = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_int64)
_Open = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)
_WRITE, _SYNC = "write", "sync"


class Trouble(Enum):
    """What may be wrong with a disk: the call that fails, and what SQLite's layer says of it."""

    FULL = (_WRITE, 13)  # SQLITE_FULL
    NO_WRITE = (_WRITE, 10 | 3 << 8)  # SQLITE_IOERR_WRITE
    NO_FLUSH = (_SYNC, 10 | 4 << 8)  # SQLITE_IOERR_FSYNC


@dataclass
class Disk:
    """`fails` None: all is well. `spares`: so many more calls of that kind work before the first that does not."""

    fails: Trouble | None = None
    spares: int = 0
    calls: int = 0

    def failure(self, call: str) -> int | None:
        """What SQLite is told of this call, None when it is done."""
        if self.fails is None or self.fails.value[0] != call:
            return None
        self.calls += 1
        return self.fails.value[1] if self.calls > self.spares else None


class _Layer(ctypes.Structure):
    """`sqlite3_vfs`; what follows `open` is copied as it lies there."""

    _fields_ = [
        ("version", ctypes.c_int), ("file_size", ctypes.c_int), ("path_most", ctypes.c_int), ("next", ctypes.c_void_p),
        ("name", ctypes.c_char_p), ("data", ctypes.c_void_p), ("open", ctypes.c_void_p), ("rest", ctypes.c_void_p * 15),
    ]  # fmt: skip


class _Methods(ctypes.Structure):
    """`sqlite3_io_methods` in its third form."""

    _fields_ = [
        ("version", ctypes.c_int), ("close", ctypes.c_void_p), ("read", ctypes.c_void_p), ("write", ctypes.c_void_p),
        ("truncate", ctypes.c_void_p), ("sync", ctypes.c_void_p), ("rest", ctypes.c_void_p * 13),
    ]  # fmt: skip


_kept: list[object] = []  # SQLite goes on calling what an open file was given, also after the test


def _library() -> Any:
    """The SQLite that Python uses; None when it has one inside that nobody else can reach."""
    name = ctypes.util.find_library("sqlite3")
    found = ctypes.CDLL(name) if name else None
    if found is None:
        return None
    mapped = {line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines() if "libsqlite3" in line}
    found.sqlite3_libversion.restype = ctypes.c_char_p
    found.sqlite3_vfs_find.restype = ctypes.POINTER(_Layer)
    is_ours = len(mapped) == 1 and found.sqlite3_libversion().decode() == sqlite3.sqlite_version
    return found if is_ours else None


@contextmanager
def failing_disk() -> Iterator[Disk]:
    """Connections that are opened in the block write to this disk, for as long as they live."""
    library = _library()
    needs(library is not None, "SQLite as a library of its own")
    disk, below = Disk(), library.sqlite3_vfs_find(None)
    layer = _Layer.from_buffer_copy(below.contents)
    layer.name = b"failing"
    opens, made = _Open(below.contents.open), dict[int, int]()

    def methods_over(address: int) -> int:
        given = _Methods.from_address(address)
        ours = _Methods.from_buffer_copy(given)
        write, sync = _Write(given.write), _Sync(given.sync)

        def on_write(file: int, data: int, amount: int, at: int) -> int:
            failure = disk.failure(_WRITE)
            return write(file, data, amount, at) if failure is None else failure

        def on_sync(file: int, flags: int) -> int:
            failure = disk.failure(_SYNC)
            return sync(file, flags) if failure is None else failure

        calls = _Write(on_write), _Sync(on_sync)
        ours.write, ours.sync = (ctypes.cast(call, ctypes.c_void_p) for call in calls)
        _kept.extend((ours, calls, write, sync))
        return ctypes.addressof(ours)

    def on_open(_: int, name: int, file: int, flags: int, told: int) -> int:
        result = int(opens(ctypes.addressof(below.contents), name, file, flags, told))
        methods = ctypes.c_void_p.from_address(file)
        if result == 0 and methods.value:
            if methods.value not in made:
                made[methods.value] = methods_over(methods.value)
            methods.value = made[methods.value]
        return result

    opened = _Open(on_open)
    layer.open = ctypes.cast(opened, ctypes.c_void_p)
    _kept.extend((layer, opened, opens, made))
    assert library.sqlite3_vfs_register(ctypes.byref(layer), 1) == 0
    try:
        yield disk
    finally:
        disk.fails = None
        library.sqlite3_vfs_unregister(ctypes.byref(layer))
        library.sqlite3_vfs_register(below, 1)
