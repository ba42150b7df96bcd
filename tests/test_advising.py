"""From draft to release and back: who may, what is asked first, and what goes out."""

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from bot.channels.sms_sending import limits_of
from bot.core.advisory import (
    Advisory,
    AdvisoryKind,
    AdvisoryLevel,
    AdvisoryType,
    Content,
    Ended,
    ReleaseRefused,
    Stage,
)
from bot.core.bulletin import correction, rendered
from bot.core.channel import Limits
from bot.core.message import Address, ChannelName
from bot.core.problem import NotReady
from bot.core.staff import Account, Act, NotAllowed, Role, allowed
from bot.service.advising import Advising
from bot.service.previewing import Preview, Seen
from bot.store.advisories import Advisories
from bot.store.audit import Audit
from bot.store.database import Database, in_file
from bot.store.faults import NoSuchAdvisory, WrongStage
from bot.store.keys import Pseudonyms
from bot.store.outbox import Outbox
from bot.store.sealed import Seal
from bot.store.subscriptions import Subscriptions
from tests.advisory_builders import NOW, STATEMENTS, some_content
from tests.staff_builders import ANNA, NIGHT, OTIS, TYPED, announcing

KNOWN = announcing()
URGENT = some_content(level=AdvisoryLevel.ALERT)
REASON = "alone on duty, gas is spreading"
LANGUAGES = ("en", "es", "pt")


@dataclass(slots=True)
class Desk:
    """The service on a real database, with a clock that a test moves."""

    database: Database
    subscriptions: Subscriptions
    advisories: Advisories
    advising: Advising
    now: datetime = NOW

    async def subscribe(self, *names: str, kind: AdvisoryKind = AdvisoryKind.LIVE, language: str = "en") -> None:
        for name in names:
            person = Address(ChannelName.TELEGRAM, name)
            await self.subscriptions.subscribe(person, ["traffic"], None, language, "test", self.now, kind)

    async def drafted(self, content: Content | None = None, by: Account = ANNA, **rest: AdvisoryKind) -> Advisory:
        return await self.advising.draft(by, content or some_content(), **rest)

    async def seen(self, number: int) -> Preview:
        return await self.advising.preview(number, OTIS)

    async def approve(self, number: int, by: Account = OTIS, override: str | None = None) -> Advisory:
        seen = (await self.seen(number)).seen
        return await self.advising.approve(number, by, seen.count, seen, override)

    async def release(self, number: int, by: Account = OTIS, override: str | None = None) -> Advisory:
        seen = (await self.seen(number)).seen
        return await self.advising.release(number, by, seen.count, seen, override)

    async def out(self, content: Content | None = None) -> Advisory:
        return await self.release((await self.drafted(content)).number)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with Database(in_file(tmp_path / "bot.sqlite3")) as database:
        await database.open()
        pseudonyms, seal = Pseudonyms(bytes(32)), Seal([Fernet.generate_key()])
        advisories, outbox = Advisories(database), Outbox(database, pseudonyms, seal)
        limits = {ChannelName.TELEGRAM: Limits(4096, 8, 60), ChannelName.SMS: limits_of(lambda _: None)}
        advising = Advising(advisories, outbox, lambda: KNOWN, lambda: made.now, limits)
        made = Desk(database, Subscriptions(database, pseudonyms, seal), advisories, advising)
        yield made


async def refused(awaited: Awaitable[object]) -> str:
    with pytest.raises(ReleaseRefused) as refusal:
        await awaited
    return str(refusal.value)


ACTS: dict[str, tuple[Act, Callable[[Advising, Account], Awaitable[object]]]] = {
    "draft": (Act.DRAFT, lambda a, by: a.draft(by, some_content())),
    "update": (Act.DRAFT, lambda a, by: a.update(99, by, some_content())),
    "change": (Act.DRAFT, lambda a, by: a.change(99, by, some_content())),
    "import_": (Act.DRAFT, lambda a, by: a.import_(by, (), "traffic")),
    "preview": (Act.SEE, lambda a, by: a.preview(99, by)),
    "approve": (Act.APPROVE, lambda a, by: a.approve(99, by, 0, Seen(0, ""))),
    "release": (Act.PUBLISH, lambda a, by: a.release(99, by, 0, Seen(0, ""))),
    "schedule": (Act.PUBLISH, lambda a, by: a.schedule(99, by, 0, Seen(0, ""), NOW + timedelta(hours=1))),
    "pause": (Act.PAUSE, lambda a, by: a.pause(99, by, "why")),
    "resume": (Act.PUBLISH, lambda a, by: a.resume(99, by)),
    "cancel": (Act.CANCEL, lambda a, by: a.cancel(99, by)),
    "discard": (Act.DISCARD, lambda a, by: a.discard(99, by)),
    "status": (Act.SEE, lambda a, by: a.status(99, by)),
}


@pytest.mark.parametrize("role", [*Role, None])
async def test_every_act_is_refused_to_every_role_that_the_table_does_not_name(desk: Desk, role: Role | None) -> None:
    roles = frozenset({role}) if role else frozenset[Role]()
    for name, (act, call) in ACTS.items():
        if not allowed(roles, act):
            with pytest.raises(NotAllowed):
                await call(desk.advising, Account("anna", roles))
        elif name in ("draft", "import_"):
            assert await call(desk.advising, Account("anna", roles)) is not None
        else:
            with pytest.raises(NoSuchAdvisory):
                await call(desk.advising, Account("anna", roles))
    drafted = [each.author for each in await desk.advisories.newest(9)]
    assert drafted == (["anna"] if role is Role.ANNOUNCER else [])


def test_the_table_of_acts_names_every_method_that_takes_an_account() -> None:
    methods = inspect.getmembers(Advising, inspect.isfunction)
    asks = {name for name, method in methods if "by" in inspect.signature(method).parameters and name[0] != "_"}
    assert asks == set(ACTS)


async def test_a_disabled_account_can_do_nothing(desk: Desk) -> None:
    gone = Account("anna", frozenset(Role), is_disabled=True)
    for _, call in ACTS.values():
        with pytest.raises(NotAllowed):
            await call(desk.advising, gone)


async def test_a_template_becomes_an_advisory_that_can_go_out(desk: Desk) -> None:
    await desk.subscribe("a", "b")
    advisory = await desk.out(desk.advising.content("road-closed", TYPED))
    assert (advisory.stage, advisory.audience, advisory.identifier) == (Stage.SENDING, 2, "danbury-pd-2026-000001.1")
    assert {language: advisory.texts[language] for language in LANGUAGES} == {
        language: rendered(advisory, language, KNOWN) for language in LANGUAGES
    }


async def test_an_unknown_template_or_topic_is_told_with_those_there_are(desk: Desk) -> None:
    with pytest.raises(NotReady, match="there are road-closed, danger"):
        desk.advising.content("roads", {})
    with pytest.raises(NotReady, match="choose traffic, safety"):
        await desk.drafted(some_content(topic="roads"))


async def test_a_preview_tells_words_people_parts_and_price(desk: Desk) -> None:
    await desk.subscribe("a", "b")
    await desk.subscribe("c", language="es")
    shown = await desk.seen((await desk.drafted()).number)
    assert (shown.count, shown.people(0), shown.people(1)) == (3, {"telegram": 3}, {"en": 2, "es": 1})
    assert shown.first_line == "ADVISORY - Danbury Police"
    assert set(shown.words.texts) == set(shown.words.corrections) == set(LANGUAGES)
    assert shown.parts[ChannelName.TELEGRAM, "en"] == 1
    assert shown.counters["en"].sms == 2
    assert [shown.parts[ChannelName.SMS, each] for each in LANGUAGES] == [
        shown.counters[each].sms
        for each in LANGUAGES  # where each message is paid for, all of them
    ]
    assert shown.problems == ()


async def test_the_typed_count_must_be_the_one_that_was_shown(desk: Desk) -> None:
    await desk.subscribe("a", "b")
    number = (await desk.drafted()).number
    seen = (await desk.seen(number)).seen
    for act in (desk.advising.approve, desk.advising.release):
        assert await refused(act(number, OTIS, 3, seen)) == "you typed 3, and it goes to 2 people: look again"
    assert (await desk.advising.approve(number, OTIS, 2, seen)).approved_count == 2


async def test_words_that_changed_since_they_were_seen_are_not_approved(desk: Desk) -> None:
    number = (await desk.drafted()).number
    seen = (await desk.seen(number)).seen
    await desk.advising.change(number, ANNA, some_content(web="https://police.example/other"))
    assert await refused(desk.advising.approve(number, OTIS, 0, seen)) == (
        "its words have changed since you looked: look again"
    )


async def test_an_audience_that_grew_since_it_was_seen_is_looked_at_again(desk: Desk) -> None:
    await desk.subscribe("a")
    number = (await desk.drafted()).number
    seen = (await desk.seen(number)).seen
    await desk.subscribe("b")
    assert await refused(desk.advising.release(number, OTIS, 1, seen)) == (
        "the audience grew from 1 to 2 people since you looked: look again"
    )


async def test_problems_keep_it_from_going_out_and_not_from_being_drafted(desk: Desk) -> None:
    number = (await desk.drafted(some_content(statements={"en": STATEMENTS["en"]}))).number
    seen = (await desk.seen(number)).seen
    for act in (desk.advising.approve, desk.advising.release):
        with pytest.raises(NotReady) as refusal:
            await act(number, OTIS, 0, seen)
        assert [problem.where for problem in refusal.value.problems] == ["es", "pt"]


async def test_languages_that_disagree_keep_it_from_going_out(desk: Desk) -> None:
    later = replace(STATEMENTS["pt"], time="Até as 19h de terça-feira, 24 de novembro")
    number = (await desk.drafted(some_content(statements={**STATEMENTS, "pt": later}))).number
    with pytest.raises(NotReady, match="`6:00 PM` stands in en and not here"):
        await desk.release(number)


async def test_an_alert_needs_two_people(desk: Desk) -> None:
    await desk.subscribe("a")
    number = (await desk.drafted(URGENT)).number
    assert "second person" in await refused(desk.release(number))
    await desk.approve(number)
    with pytest.raises(NotAllowed, match="anna may not publish an Alert"):
        await desk.release(number, ANNA)
    assert (await desk.release(number)).stage is Stage.SENDING


async def test_an_alerts_author_cannot_approve_it_without_a_reason(desk: Desk) -> None:
    number = (await desk.drafted(URGENT, NIGHT)).number
    assert "an Alert needs a second person" in await refused(desk.approve(number, NIGHT))
    assert "at least 10 characters" in await refused(desk.approve(number, NIGHT, "because"))
    assert "says too little" in await refused(desk.release(number, NIGHT, "because"))
    assert [each.stage for each in await desk.advisories.newest(9)] == [Stage.DRAFT]


async def test_a_lone_officer_goes_on_with_a_reason_that_stands_in_the_books(desk: Desk) -> None:
    await desk.subscribe("a")
    number = (await desk.drafted(URGENT, NIGHT)).number
    advisory = await desk.release(number, NIGHT, REASON)
    assert (advisory.stage, advisory.override) == (Stage.SENDING, REASON)
    newest = (await Audit(desk.database).newest(1))[0]
    assert (newest.who, newest.act, newest.details["override"]) == ("night.sergeant", "release", REASON)


async def test_who_approved_alone_with_a_reason_may_release(desk: Desk) -> None:
    await desk.subscribe("a")
    number = (await desk.drafted(URGENT, NIGHT)).number
    await desk.approve(number, NIGHT, REASON)
    assert (await desk.release(number, NIGHT)).override == REASON


async def test_other_levels_go_out_by_their_author_alone(desk: Desk) -> None:
    await desk.subscribe("a")
    assert (await desk.release((await desk.drafted()).number, ANNA)).released_by == "anna"


async def test_an_exercise_reaches_testers_only_and_needs_no_second_person(desk: Desk) -> None:
    await desk.subscribe("resident")
    await desk.subscribe("tester", kind=AdvisoryKind.EXERCISE)
    exercise = await desk.drafted(URGENT, kind=AdvisoryKind.EXERCISE)
    assert (await desk.seen(exercise.number)).count == 1
    released = await desk.release(exercise.number, ANNA)
    assert released.audience == 1
    assert all(text.splitlines()[0] == text.splitlines()[-1] for text in released.texts.values())


async def test_what_was_approved_is_what_goes_out(desk: Desk) -> None:
    await desk.subscribe("a")
    number = (await desk.drafted(URGENT)).number
    approved = await desk.approve(number)
    desk.now += timedelta(minutes=5)
    released = await desk.release(number)
    assert (released.texts, released.corrections) == (approved.texts, approved.corrections)


async def test_a_change_after_approval_takes_the_approval_away(desk: Desk) -> None:
    number = (await desk.drafted(URGENT)).number
    await desk.approve(number)
    changed = await desk.advising.change(number, ANNA, URGENT)
    assert (changed.stage, changed.approved_by) == (Stage.DRAFT, None)


async def test_a_withdrawal_is_one_call_and_says_what_was_prepared(desk: Desk) -> None:
    await desk.subscribe("a")
    advisory = await desk.out()
    cancel = await desk.advising.cancel(advisory.number, ANNA)
    assert (cancel.type, cancel.stage, cancel.thread) == (AdvisoryType.CANCEL, Stage.SENDING, advisory.number)
    assert cancel.texts == advisory.corrections
    assert cancel.texts == {language: correction(advisory, language, KNOWN) for language in LANGUAGES}
    assert set(cancel.replacements) == set(LANGUAGES)
    found = await desk.advisories.find(advisory.number)
    assert found is not None
    assert found.ended is Ended.CANCELLED


async def test_a_withdrawal_outlives_the_night_even_when_its_advisory_was_about_to_expire(desk: Desk) -> None:
    advisory = await desk.out()
    desk.now = advisory.content.expires_at - timedelta(minutes=1)
    cancel = await desk.advising.cancel(advisory.number, ANNA)
    assert cancel.content.expires_at == desk.now + timedelta(hours=12)


async def test_a_withdrawal_of_an_update_withdraws_the_whole_thread(desk: Desk) -> None:
    await desk.subscribe("a")
    first = await desk.out()
    update = await desk.advising.update(first.number, ANNA, some_content(web="https://police.example/x"))
    await desk.release(update.number)
    cancel = await desk.advising.cancel(first.number, OTIS)
    assert update.identifier in cancel.texts["en"]
    assert [each.ended for each in await desk.advisories.thread(first.number)] == [
        Ended.CANCELLED, Ended.CANCELLED, None,
    ]  # fmt: skip


async def test_a_withdrawal_that_was_begun_is_gone_on_with(desk: Desk) -> None:
    advisory = await desk.out()
    begun = await desk.advisories.draft(
        some_content(), AdvisoryKind.LIVE, "anna", NOW, type=AdvisoryType.CANCEL, follows=1, prefix="danbury-pd"
    )
    assert (await desk.advising.cancel(advisory.number, OTIS)).number == begun.number


async def test_what_has_not_gone_out_is_discarded_instead_of_withdrawn(desk: Desk) -> None:
    number = (await desk.drafted()).number
    assert (await desk.advising.cancel(number, ANNA)).stage is Stage.DISCARDED


async def test_nothing_follows_a_withdrawal(desk: Desk) -> None:
    number = (await desk.out()).number
    await desk.advising.cancel(number, ANNA)
    with pytest.raises(WrongStage):
        await desk.advising.cancel(number, ANNA)
    with pytest.raises(WrongStage):
        await desk.advising.update(number, ANNA, some_content())


async def test_an_update_names_what_it_replaces_and_what_the_old_message_then_says(desk: Desk) -> None:
    first = await desk.out()
    number = (await desk.advising.update(first.number, ANNA, some_content(web="https://police.example/x"))).number
    update = await desk.release(number, ANNA)
    assert update.texts["en"].splitlines()[:2] == [
        "ADVISORY, UPDATE - Danbury Police", f"This replaces our message {first.identifier}.",
    ]  # fmt: skip
    assert update.replacements["en"] == f"REPLACED. Follow our newer message {update.identifier}."


async def test_an_update_that_becomes_an_alert_needs_two_people(desk: Desk) -> None:
    first = await desk.out()
    number = (await desk.advising.update(first.number, ANNA, URGENT)).number
    with pytest.raises(NotAllowed):
        await desk.release(number, ANNA)
    assert "second person" in await refused(desk.release(number, OTIS))


async def test_it_can_be_scheduled_for_later_and_not_for_before(desk: Desk) -> None:
    number = (await desk.drafted()).number
    seen = (await desk.seen(number)).seen
    assert "in the past" in await refused(desk.advising.schedule(number, ANNA, 0, seen, NOW - timedelta(minutes=1)))
    scheduled = await desk.advising.schedule(number, ANNA, 0, seen, NOW + timedelta(hours=1))
    assert (scheduled.stage, scheduled.starts_at) == (Stage.SCHEDULED, NOW + timedelta(hours=1))


async def test_a_pause_says_who_and_why_and_can_be_lifted(desk: Desk) -> None:
    await desk.subscribe("a")
    number = (await desk.out()).number
    assert "say why" in await refused(desk.advising.pause(number, ANNA, " "))
    paused = await desk.advising.pause(number, ANNA, "wrong street")
    assert (paused.stage, paused.paused_for) == (Stage.PAUSED, "anna: wrong street")
    assert (await desk.advising.status(number, ANNA)).paused_for == "anna: wrong street"
    assert (await desk.advising.resume(number, ANNA)).stage is Stage.SENDING


async def test_a_department_without_topics_announces_nothing(desk: Desk) -> None:
    silent = Advising(
        desk.advisories, Outbox(desk.database, Pseudonyms(bytes(32)), Seal([Fernet.generate_key()])),
        lambda: replace(KNOWN, alerting=None), lambda: NOW, {},
    )  # fmt: skip
    assert "announces nothing yet" in await refused(silent.draft(ANNA, some_content()))


async def test_every_act_is_in_the_books(desk: Desk) -> None:
    await desk.subscribe("a")
    number = (await desk.drafted(URGENT)).number
    await desk.approve(number)
    await desk.release(number)
    await desk.advising.pause(number, ANNA, "wrong street")
    await desk.advising.resume(number, OTIS)
    await desk.advising.cancel(number, ANNA)
    books = [(each.who, each.act) for each in reversed(await Audit(desk.database).newest(20))]
    assert books == [
        ("anna", "draft"), ("otis", "approve"), ("otis", "release"), ("anna", "pause"), ("otis", "resume"),
        ("anna", "draft"), ("anna", "release"),
    ]  # fmt: skip
    assert await Audit(desk.database).verify() == ()
