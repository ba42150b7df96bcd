"""Every way the store can fail. A reply never waits for any of them: the bot goes on without.

    StoreDown
      StoreFromFuture   a newer program wrote the database: somebody must act
      KeyUnusable       a key is missing, damaged or open to others: somebody must act
        KeysForeign     the store was written under other keys: somebody must act
    NoSuchAdvisory      staff asked for one that is not in the books
    WrongStage          staff asked for what an advisory at that stage does not do

The texts name a place and a kind of failure, never a value that was being stored.
"""


class StoreDown(Exception):
    """The database could not do it now. Nothing was stored, or it is not known whether it was."""


class StoreFromFuture(StoreDown):
    """The database has a form that this program does not know; it was left untouched."""


class KeyUnusable(StoreDown):
    """A key cannot be used as it lies there."""


class KeysForeign(KeyUnusable):
    """The store was written under other keys than ours; nothing was written to it."""


class NoSuchAdvisory(Exception):
    """No advisory has that number or identifier."""


class WrongStage(Exception):
    """The advisory is not where this can be done; the words say where it is and what can be done instead."""
