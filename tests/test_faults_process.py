"""A process that is short of memory, is told to stop, or has ten thousand chats open."""

import asyncio
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.channels.web_sessions import MOST_SESSIONS
from bot.core.message import Address, ChannelName
from bot.knowledge import encoder
from bot.knowledge.live import Live
from bot.service import reception as desk_module
from tests import small_folder
from tests.builders import a_message
from tests.test_law_1 import DANGER, KNOWN, REDIRECT, Desk
from tests.whole_house import TELEGRAM, WEB, street


async def test_without_memory_for_the_encoder_the_folder_is_live_and_cues_and_words_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def short() -> None:
        raise MemoryError

    monkeypatch.setattr(encoder, "load", short)
    live, stopping = Live(small_folder.write(tmp_path / "knowledge"), tmp_path / "data"), asyncio.Event()
    with capture_logs() as logs:
        await live.start()
        stopping.set()
        await live.watch(stopping)
    assert "net not learned" in {line["event"] for line in logs}
    assert live.current is not None
    assert (live.looks, live.matches) == ("cues", "words counted")


async def test_a_turn_that_runs_out_of_memory_is_answered_with_the_911_notice_and_costs_nobody_else_theirs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def short(*_: object) -> None:
        raise MemoryError

    desk, via = Desk(), _Heard()
    monkeypatch.setattr(desk_module, "answer", short)
    with capture_logs() as logs:
        await desk.reception.receive(a_message("my report", "1"), via)
    assert "turn failed" in {line["event"] for line in logs}
    assert "911" in via.told[0]
    await desk.reception.receive(a_message(DANGER, "2"), via)
    assert via.told[1].startswith(REDIRECT)


class _Heard:
    """A channel of one."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.limits = WEB.limits

    async def send(self, to: Address, parts: object) -> str:
        assert to.channel is ChannelName.TERMINAL
        self.told.append("\n".join(part.text for part in parts))  # type: ignore[attr-defined]
        return "1"


async def test_ten_thousand_open_conversations_are_all_there_are_and_the_next_one_is_answered(tmp_path: Path) -> None:
    async with street(tmp_path, KNOWN, is_stored=False) as town:
        sessions = town.house.chat._sessions
        for at in range(MOST_SESSIONS + 500):
            sessions.open(f"{at:032x}", 0)
        assert len(sessions) == MOST_SESSIONS
        for door in (WEB, TELEGRAM):
            shown = await door.bring(town, door.wrote(DANGER, "12035550140"))
            assert shown[0].text.startswith(REDIRECT)
            assert await door.bring(town, door.wrote("how do i get a copy of my report", "12035550141")) != []
