"""How long the pages of unanswered questions take with 50,000 questions in the store, and grouping them.

python -m tests.benchmarks.unanswered [QUESTIONS]
"""

import asyncio
import json
import random
import sys
import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from statistics import median
from time import perf_counter

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.staff import Role
from bot.core.text import fold
from bot.knowledge import lexicon
from bot.service.grouping import Grouping
from bot.store.asked_schema import question_group, unanswered
from bot.store.question_groups import QuestionGroups
from tests.staff_rooms import Staffed, staffed

_MOST = 50_000  # what the store keeps
_GROUPS = 6_000
_GROUPED = 1_000  # questions that are put into groups on top of them
_ROUNDS = 9
_LIMIT = 150  # milliseconds a page may take
_HEADS = ("how do i get", "where can i find", "is it legal to", "who do i call about", "do you have", "what about")


def asked(many: int) -> list[str]:
    """Questions about some thousand things, a few of them asked again and again."""
    dice = random.Random(3)
    spoken = lexicon.language("en")
    words = sorted(spoken.shares)[:20_000] if spoken else ["word"]
    topics = [" ".join(dice.sample(words, dice.choice((2, 3)))) for _ in range(_GROUPS)]
    drawn = (topics[min(int(dice.paretovariate(0.7)), _GROUPS) - 1] for _ in range(many))
    return [f"{dice.choice(_HEADS)} {topic} {dice.choice(('in danbury', 'please', 'for my son'))}" for topic in drawn]


async def fill(desk: Staffed, questions: Sequence[str]) -> None:
    """The questions with their groups, as the years have left them."""
    dice, near = random.Random(5), json.dumps(["fingerprinting", "noise-complaint"])
    sizes = [0] * (_GROUPS + 1)
    rows = []
    for at, question in enumerate(questions, 1):
        group = at if at <= _GROUPS else min(int(dice.paretovariate(0.7)), _GROUPS)
        sizes[group] += 1
        day = (desk.now - timedelta(days=365 * (1 - at / len(questions)))).date()
        rows.append(
            {"id": at, "asked_on": day, "language": "en", "question": question, "near": near,
             "line": fold(question).line, "grouped": group}
        )  # fmt: skip
    groups = [
        {"id": at, "language": "en", "typical": at, "size": sizes[at], "last_on": rows[-at]["asked_on"],
         "state": "open"} for at in range(1, _GROUPS + 1)
    ]  # fmt: skip

    async def put(connection: AsyncConnection) -> None:
        await connection.execute(insert(unanswered), rows)
        await connection.execute(insert(question_group), groups)

    await desk.office.database.run_long(put)


async def measure(folder: Path, many: int) -> None:
    async with staffed(folder, small=False) as desk:
        await desk.office.live.learn()
        questions = asked(many + _GROUPED)
        await fill(desk, questions[:many])
        clerk = await desk.signed_in(Role.CURATOR)
        for name, path in (
            ("by count", "/unanswered"),
            ("by day", "/unanswered?order=newest"),
            ("page 100", "/unanswered?page=100"),
            ("a rare word", f"/unanswered?q={fold(questions[7]).tokens[-2]}"),
            ("a common word", "/unanswered?q=danbury"),
            ("one group", "/unanswered/1"),
        ):
            took = []
            for _ in range(_ROUNDS):
                began = perf_counter()
                assert (await clerk.get(path)).status == 200
                took.append((perf_counter() - began) * 1000)
            mark = "" if median(took) < _LIMIT else f"  over {_LIMIT} ms"
            print(f"{name:15} {median(took):6.0f} ms, at most {max(took):.0f}{mark}")  # noqa: T201
        for question in questions[many:]:
            await desk.office.journal.note_unanswered(question, "en", (), desk.now)
        groups = QuestionGroups(desk.office.database)
        grouping = Grouping(lambda: groups, desk.office.live, lambda: desk.now)
        looks, began = [], perf_counter()
        going = True
        while going:
            at = perf_counter()
            going = await grouping.look()
            looks.append((perf_counter() - at) * 1000)
        print(f"{_GROUPS} groups read and {_GROUPED} questions put into them in {perf_counter() - began:.1f} s")  # noqa: T201
        print(f"one look: {median(looks):.0f} ms, at most {max(looks):.0f}")  # noqa: T201


def main() -> None:
    many = int(sys.argv[1]) if len(sys.argv) > 1 else _MOST
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(Path(folder), many))


if __name__ == "__main__":
    main()
