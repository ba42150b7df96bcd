"""Python's collector and the C library, told what is kept: a look through two million things stalls everybody."""

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def uncollected() -> Iterator[None]:
    """Nothing made meanwhile is looked through for what can be thrown away: there are two million new things, all of
    them kept, and looking costs a fifth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        # Out of the way and back they count as old, and the next small look leaves them alone.
        gc.freeze()
        gc.unfreeze()
        if was_on:
            gc.enable()


def set_aside() -> None:
    """Never look through what is there now: it takes half a second, in which nobody is answered.

    What goes on to be used has no need of it: a snapshot has no cycles, so the old one goes at once when a new one
    takes its place.
    """
    gc.freeze()


def give_back() -> None:
    """Hand to the system what loading and learning took for a moment: 45 MB that the C library else keeps for ever."""
    with suppress(OSError, AttributeError):  # of glibc only
        ctypes.CDLL(None).malloc_trim(0)
