"""The shipped knowledge, loaded once for all tests of a process: reading and counting it takes seconds."""

from functools import cache

from bot.knowledge import live
from bot.knowledge.live import Loaded
from tests.builders import REAL_FOLDER


@cache
def loaded() -> Loaded:
    """The whole folder with what is counted of it; what is learned by descent is not in it."""
    return live.load(REAL_FOLDER)
