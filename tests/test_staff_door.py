"""The door of the console: who comes in, and who does not."""

from pathlib import Path

from bot.core.staff import Role
from tests.staff_rooms import staffed


async def test_somebody_signed_in_sees_the_home_page_and_a_stranger_the_sign_in(tmp_path: Path) -> None:
    async with staffed(tmp_path) as desk:
        clerk = await desk.signed_in(Role.CURATOR)
        assert "Home" in (await clerk.get("/")).words
        turned_away = await desk.stranger().get("/")
        assert (turned_away.status, turned_away.headers["Location"]) == (303, "/staff/sign-in")
