"""The first page: what waits for whom."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy import insert

from bot.core.advisory import AdvisoryKind, AdvisoryLevel
from bot.core.staff import Role
from bot.knowledge.live import Live
from bot.store.schema import lane
from tests.ledger import ROAD
from tests.staff_rooms import staffed


async def test_each_sees_what_waits_and_an_administrator_only_their_own(tmp_path: Path) -> None:
    async with staffed(tmp_path) as desk:
        content = replace(ROAD, level=AdvisoryLevel.ALERT, expires_at=desk.now + timedelta(hours=6))
        await desk.account("first")
        approver, chief = await desk.signed_in(Role.APPROVER), await desk.signed_in(Role.ADMINISTRATOR)
        assert "Nothing waits for you." in (await approver.get("/")).words
        await desk.office.advisories.draft(content, AdvisoryKind.LIVE, "approver", desk.now, prefix="dpd")
        for day in range(3):
            asked = ("how do i get a parade permit", "en", (), desk.now + timedelta(days=day))
            await desk.office.journal.note_unanswered(*asked)
        words = (await approver.get("/")).words
        assert "1 advisory waits for approval" in words
        assert "1 draft of yours" in words
        assert "3 new questions" in words
        await chief.get("/knowledge")
        await (await desk.signed_in(Role.CURATOR)).get("/accounts")
        words = (await chief.get("/")).words
        assert "waits for approval" not in words
        assert "refusal" in words


async def test_faults_of_the_knowledge_are_shown_with_file_and_line_on_every_page(tmp_path: Path) -> None:
    async with staffed(tmp_path) as desk:
        curator = await desk.signed_in(Role.CURATOR)
        faq = next((desk.office.folder / "faqs").glob("*.yaml"))
        faq.write_text(faq.read_text() + "- id: [broken\n", encoding="utf-8")
        desk.office.live = Live(desk.office.folder, tmp_path / "data")
        desk.office.live.open()
        home = (await curator.get("/")).words
        assert f"faqs/{faq.name}:" in home
        assert "The bot goes on answering with the last version that was sound." in home
        assert "The knowledge folder has faults" in (await curator.get("/me")).words


async def test_the_bots_state_is_told_in_words(tmp_path: Path) -> None:
    async with staffed(tmp_path) as desk:
        desk.office.channels = lambda: {"web": "ready", "telegram": "off"}
        rests = {"name": "telegram", "free_at": desk.now, "paused_until": desk.now + timedelta(minutes=5)}

        await desk.office.database.run(
            lambda connection: connection.execute(insert(lane).values(**rests, paused_for="429"))
        )
        words = (await (await desk.signed_in(Role.VIEWER)).get("/")).words
        for told in ("Web chat ready", "Telegram off", "Store open", "sends no advisories until", "Answers ready"):
            assert told in words


async def test_every_role_has_a_first_page_and_a_menu_of_its_own(tmp_path: Path) -> None:
    async with staffed(tmp_path) as desk:
        await desk.account("first")
        for role in Role:
            page = await (await desk.signed_in(role)).get("/")
            menu = page.text.partition("<nav")[2].partition("</nav>")[0]
            assert ("Accounts" in menu) == (role is Role.ADMINISTRATOR)
            assert ("Audit log" in menu) == (role in (Role.ADMINISTRATOR, Role.VIEWER))
            assert ("Knowledge" in menu) == (role is not Role.ADMINISTRATOR)
