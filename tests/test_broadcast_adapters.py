"""A broadcast by the real adapters of WhatsApp and SMS: killed in the middle, and over a bad network."""

from pathlib import Path

import pytest

from bot.core.delivery import MOST_IN_FLIGHT
from bot.core.message import ChannelName
from tests.benchmarks import faults, kills
from tests.fake_provider import Fault
from tests.sizes import IS_CI, some

KILLS = 2 if IS_CI else 1
adapters = pytest.mark.parametrize("channel", some([ChannelName.WHATSAPP, ChannelName.SMS], 2))


@adapters
async def test_over_a_bad_network_whoever_got_nothing_is_listed(tmp_path: Path, channel: ChannelName) -> None:
    """On WhatsApp inside and outside the 24 hours, and where only the bot believes that it is inside."""
    figures = await faults.run_by(channel, 60, 2, tmp_path, times=4)
    assert set(figures.faults) >= {Fault.CUT, Fault.LOST}
    assert figures.unlisted == 0
    assert figures.adds_up
    assert max(figures.copies.values()) <= 2


@adapters
async def test_killed_in_the_middle_they_lose_nobody_and_repeat_three_at_most(channel: ChannelName) -> None:
    figures = await kills.run(kills=KILLS, people=60, rate=400, seed=3, channel=channel)
    assert figures.kills == KILLS
    assert figures.lost == 0
    assert figures.adds_up
    assert max(figures.per_kill.values(), default=0) <= MOST_IN_FLIGHT
    assert max(figures.copies.values()) <= 2
    assert figures.in_template == (40 if channel is ChannelName.WHATSAPP else 0)
    assert figures.in_wrong_form == 0
