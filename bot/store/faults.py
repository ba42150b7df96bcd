"""Every way the store can fail. A reply never waits for any of them: the bot goes on without.

    StoreDown
      StoreFromFuture   a newer program wrote the database: somebody must act
      KeyUnusable       the key of the pseudonyms is missing, damaged or open to others: somebody must act

The texts name a place and a kind of failure, never a value that was being stored.
"""


class StoreDown(Exception):
    """The database could not do it now. Nothing was stored, or it is not known whether it was."""


class StoreFromFuture(StoreDown):
    """The database has a form that this program does not know; it was left untouched."""


class KeyUnusable(StoreDown):
    """The key of the pseudonyms cannot be used as it lies there."""
