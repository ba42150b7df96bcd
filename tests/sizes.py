"""How much is tried: everything in CI; by hand a share of the great tables, so that the second command stays short."""

import os
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

IS_CI = bool(os.environ.get("CI"))


def some(cases: Sequence[T], one_in: int) -> Sequence[T]:
    """All of them in CI, elsewhere the first of every so many."""
    return cases if IS_CI else cases[::one_in]
