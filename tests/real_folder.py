"""The shipped knowledge, read and loaded once for all tests of a process: it takes seconds."""

from functools import cache

from bot.knowledge import live, source
from bot.knowledge.live import Loaded
from bot.knowledge.source import Sources
from tests.builders import REAL_FOLDER


@cache
def sources() -> Sources:
    """Its files as read, not yet checked."""
    return source.read(REAL_FOLDER, REAL_FOLDER)


@cache
def loaded() -> Loaded:
    """The whole folder with what is counted of it; what is learned by descent is not in it."""
    return live.load(REAL_FOLDER)
