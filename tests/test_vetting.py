"""What comes at once is read by the encoder together; a call for help in a cue's words waits for none of it."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from bot.core.emergency import Level
from bot.core.features import Floats
from bot.core.lookout import Lookout
from bot.core.net import Net
from bot.core.turn import Snapshot
from bot.service import vetting
from bot.service.shedding import Strain
from bot.service.vetting import Vetting
from tests.builders import FakeChannel, a_cue, a_message, snapshot
from tests.test_net import LEVELS, ONES, WORDS
from tests.test_reception import reception

QUESTION = "where do i pay for it today"
NET = Net.trained(WORDS, LEVELS, ONES, None)
SOFT = a_cue("has-weapon", "PERSON HAVE WEAPON", hard=False)


class Reader:
    """An encoder that notes what it is given, and fails when it is told to."""

    def __init__(self) -> None:
        self.together: list[Sequence[str]] = []
        self.alone: list[str] = []
        self.is_broken = False

    async def ahead(self, texts: Sequence[str]) -> None:
        self.together.append(list(texts))
        if self.is_broken:
            raise MemoryError

    def embed(self, text: str) -> Floats | None:
        self.alone.append(text)
        return np.zeros(512, np.float32)


@pytest.fixture
def reader() -> Reader:
    return Reader()


def knowing(reader: Reader, made: Snapshot | None = None) -> Snapshot:
    return replace(made or snapshot(), lookout=Lookout(NET, reader.embed, reader.ahead))


async def test_messages_of_one_moment_are_read_together(reader: Reader) -> None:
    vets, known = Vetting(), knowing(reader)
    await asyncio.gather(*(vets.verdict(a_message(f"{QUESTION} {n}"), known) for n in range(5)))
    (texts,) = reader.together
    assert {f"{QUESTION} {n}" for n in range(5)} <= set(texts)


async def test_more_than_can_be_read_at_once_are_read_in_several_goes(reader: Reader) -> None:
    vets, known = Vetting(), knowing(reader)
    await asyncio.gather(*(vets.verdict(a_message(f"{QUESTION} {n}"), known) for n in range(40)))
    assert len(reader.together) > 1
    assert all(len(texts) < vetting._AT_ONCE + 4 for texts in reader.together)


async def test_law_1_a_hard_cue_waits_for_no_encoder(reader: Reader) -> None:
    vets, known = Vetting(), knowing(reader)
    waiting = [asyncio.create_task(vets.verdict(a_message(f"{QUESTION} {n}"), known)) for n in range(30)]
    await asyncio.sleep(0)
    verdict = await vets.verdict(a_message("he has a gun"), known)
    assert verdict.level is Level.EMERGENCY
    assert not any(each.done() for each in waiting)
    await asyncio.gather(*waiting)
    assert not any("gun" in text for texts in reader.together for text in texts)


@pytest.mark.parametrize("text", ["he has a gun", QUESTION])
async def test_law_1_a_verdict_is_given_when_nothing_can_be_read_ahead(reader: Reader, text: str) -> None:
    reader.is_broken = True
    verdict = await Vetting().verdict(a_message(text), knowing(reader, snapshot(cues=(SOFT,))))
    assert (verdict.level is Level.EMERGENCY) == (text != QUESTION)
    assert len(reader.alone) == 1


async def test_a_bot_that_cannot_keep_up_reads_words_alone(reader: Reader) -> None:
    await Vetting().verdict(a_message(QUESTION), knowing(reader), Strain.SWAMPED)
    assert (reader.together, reader.alone) == ([], [])


async def test_who_is_cut_off_while_it_waits_holds_up_nobody(reader: Reader) -> None:
    vets, known = Vetting(), knowing(reader)
    gone = asyncio.create_task(vets.verdict(a_message(f"{QUESTION} gone"), known))
    await asyncio.sleep(0)
    gone.cancel()
    verdict = await vets.verdict(a_message(QUESTION), known)
    assert verdict.level is Level.NONE


async def test_the_second_message_of_a_person_waits_for_the_first_though_it_needs_no_reading(
    reader: Reader,
) -> None:
    desk, via = reception(), FakeChannel()
    desk._live.current = knowing(reader, desk._live.current)
    await asyncio.gather(
        desk.receive(a_message("copy of a crime report", "1"), via), desk.receive(a_message("1", "2"), via)
    )
    assert reader.together
    assert [bool(parts[-1].choices) for _, parts in via.sent] == [True, False]
