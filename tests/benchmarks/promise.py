"""The promise on advisories held against thousands of made-up days.

    python -m tests.benchmarks.promise [--examples 2000] [--steps 50] [--seed N]

Each example is a sequence of steps that Hypothesis makes up: people subscribe and stop, staff publish, update, cancel
and pause, a platform fails in every way it can, senders die, the power goes; after every step the eight clauses must
hold, and in the end everything must have come to an end. The seed is drawn when none is given; it is printed in any
case, and with it and the same version of Hypothesis the same days come again.
"""

import argparse
import logging
import secrets
import sys
import time

import structlog

from tests.promise_machine import hold
from tests.promise_town import Figures, Town


def main() -> None:
    """Print the figures; after a failure the shortest story that leads to it."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--examples", type=int, default=2_000)
    asked.add_argument("--steps", type=int, default=50)
    asked.add_argument("--seed", type=int, default=None)
    given = asked.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    seed = secrets.randbelow(2**32) if given.seed is None else given.seed
    print(f"seed                  {seed}", flush=True)  # noqa: T201
    Town.figures, began, worked = Figures(), time.perf_counter(), time.process_time()
    try:
        hold(given.examples, given.steps, seed)
    except BaseException:
        print(f"the promise was broken; again with --seed {seed}", file=sys.stderr)  # noqa: T201
        raise
    spent = f"{time.perf_counter() - began:.0f} s, {time.process_time() - worked:.0f} s of a processor"
    print(f"{Town.figures}\nheld                  {spent}")  # noqa: T201


if __name__ == "__main__":
    main()
