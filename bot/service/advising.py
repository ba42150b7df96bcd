"""From a draft to a release and back: what staff do with advisories, each act asked against their rights first."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.core import cap_draft
from bot.core import template as templates
from bot.core.advisory import (
    MOST_GROWTH,
    Advisory,
    AdvisoryKind,
    AdvisoryLevel,
    AdvisoryType,
    Content,
    ReleaseRefused,
    Stage,
)
from bot.core.cap_reader import Imported
from bot.core.channel import Limits
from bot.core.entry import Knowledge
from bot.core.message import ChannelName
from bot.core.problem import NotReady, Problem
from bot.core.staff import Account, Act
from bot.core.topic import Alerting
from bot.service import importing
from bot.service.previewing import Preview, Seen, preview, words_of
from bot.store.advisories import Advisories
from bot.store.faults import NoSuchAdvisory
from bot.store.outbox import Outbox, Progress

SHORTEST_REASON = 10  # characters of an override: "ok" is none
_CANCEL_LASTS = timedelta(hours=12)  # at least: a withdrawal outlives a night's quiet hours


class Advising:
    """Everything staff do with advisories. Every method may raise `StoreDown`.

    Those that act raise `NotAllowed` before they look at anything else, `NoSuchAdvisory`, `WrongStage`, and
    `ReleaseRefused` or `NotReady` with every reason. `limits` are those of the channels that announce.
    """

    def __init__(
        self,
        advisories: Advisories,
        outbox: Outbox,
        knowledge: Callable[[], Knowledge],
        clock: Callable[[], datetime],
        limits: Mapping[ChannelName, Limits],
    ) -> None:
        self._advisories = advisories
        self._outbox = outbox
        self._knowledge = knowledge
        self._clock = clock
        self._limits = limits

    def content(
        self,
        template: str,
        typed: Mapping[str, str],
        *,
        expires_at: datetime | None = None,
        web: str | None = None,
    ) -> Content:
        """The template filled in every language. Raises `NotReady` with every fault of what was typed."""
        knowledge, alerting = self._announcing()
        found = alerting.template(template)
        if found is None:
            names = ", ".join(each.id for each in alerting.templates)
            raise NotReady((Problem(template, "there is no such template", f"there are {names or 'none'}"),))
        return templates.filled(
            found,
            typed,
            area=alerting.area,
            phrases=knowledge.phrases,
            zone=knowledge.department.time_zone,
            now=self._clock(),
            expires_at=expires_at,
            web=web,
        )

    async def draft(self, by: Account, content: Content, kind: AdvisoryKind = AdvisoryKind.LIVE) -> Advisory:
        """Begin an advisory. It may still lack things; its preview says which."""
        by.must_be_allowed(Act.DRAFT)
        prefix = self._with_topic(content)
        return await self._advisories.draft(content, kind, by.name, self._clock(), prefix=prefix)

    async def update(self, number: int, by: Account, content: Content) -> Advisory:
        """Begin a message that supersedes what was said; it goes out when it is released, like any other."""
        by.must_be_allowed(Act.DRAFT)
        followed = await self._found(number)
        prefix = self._with_topic(content)
        return await self._advisories.draft(
            content, followed.kind, by.name, self._clock(), type=AdvisoryType.UPDATE, follows=number, prefix=prefix
        )

    async def change(self, number: int, by: Account, content: Content) -> Advisory:
        """Give a draft other content; whoever does it is its author, and nobody has approved it."""
        by.must_be_allowed(Act.DRAFT)
        self._with_topic(content)
        return await self._advisories.change(number, content, by.name, self._clock())

    async def import_(
        self, by: Account, alerts: Sequence[Imported], topic: str, level: AdvisoryLevel | None = None
    ) -> tuple[tuple[tuple[Advisory, tuple[str, ...]], ...], tuple[str, ...]]:
        """Draft what others announce, each with what to look at, and tell what was left out and why.

        `level` None: as urgent as they say.
        """
        by.must_be_allowed(Act.DRAFT)
        _, alerting = self._announcing()
        usable, left_out = importing.sorted_out(alerts)
        made = []
        for alert in usable:
            content, kind, notes = cap_draft.drafted(alert, alerting, self._clock())
            content = replace(content, topic=topic, level=level or content.level)
            made.append((await self.draft(by, content, kind), notes))
        return tuple(made), left_out

    async def preview(self, number: int, by: Account) -> Preview:
        """The words, whom they reach and what is wrong with them."""
        by.must_be_allowed(Act.SEE)
        return await self._preview(await self._found(number))

    async def approve(
        self, number: int, by: Account, typed_count: int, seen: Seen, override: str | None = None
    ) -> Advisory:
        """Say yes to these words for so many people. An Alert's own author must give a reason for being alone."""
        by.must_be_allowed(Act.APPROVE)
        shown = await self._ready(number, typed_count, seen)
        advisory = shown.advisory
        if is_urgent(advisory) and by.name == advisory.author and not _is_reason(override):
            raise ReleaseRefused((f"an Alert needs a second person; alone on duty, {_ASKED}",))
        words = shown.words
        return await self._advisories.approve(
            number,
            by.name,
            seen.count,
            words.texts,
            words.corrections,
            _reason(override),
            self._clock(),
            replacements=words.replacements,
        )

    async def release(
        self,
        number: int,
        by: Account,
        typed_count: int,
        seen: Seen,
        override: str | None = None,
        starts_at: datetime | None = None,
    ) -> Advisory:
        """Let it go out, now or at `starts_at`."""
        advisory = await self._found_by(by, number)
        by.must_be_allowed(Act.PUBLISH_ALERT if is_urgent(advisory) else Act.PUBLISH)
        now = self._clock()
        shown = await self._ready(number, typed_count, seen)
        if starts_at is not None and starts_at <= now:
            raise ReleaseRefused(("it would begin in the past: give a later time, or none to begin now",))
        words = shown.words
        return await self._advisories.release(
            number,
            by.name,
            words.texts,
            words.corrections,
            _reason(override),
            starts_at,
            now,
            replacements=words.replacements,
        )

    async def schedule(
        self, number: int, by: Account, typed_count: int, seen: Seen, starts_at: datetime, override: str | None = None
    ) -> Advisory:
        """Let it go out later; the audience is measured again then."""
        return await self.release(number, by, typed_count, seen, override, starts_at)

    async def pause(self, number: int, by: Account, why: str) -> Advisory:
        """Start no further send of it."""
        by.must_be_allowed(Act.PAUSE)
        if not why.strip():
            raise ReleaseRefused(("say why it is paused: others will ask",))
        return await self._advisories.pause(number, by.name, f"{by.name}: {why.strip()}", self._clock())

    async def resume(self, number: int, by: Account) -> Advisory:
        """Go on where it was paused: whoever may start it."""
        advisory = await self._found_by(by, number)
        by.must_be_allowed(Act.PUBLISH_ALERT if is_urgent(advisory) else Act.PUBLISH)
        return await self._advisories.resume(number, by.name, self._clock())

    async def cancel(self, number: int, by: Account) -> Advisory:
        """Withdraw it at once, with the words prepared beforehand; what nobody has been sent is discarded instead.

        Returns the withdrawal. Asked again after a failure it goes on with the one that was begun.
        """
        by.must_be_allowed(Act.CANCEL)
        advisory, now = await self._found(number), self._clock()
        thread = await self._advisories.thread(number)
        released = [each for each in thread if each.released_at is not None]
        if not released:
            return await self._advisories.discard(number, by.name, now)
        begun = next((each for each in thread if _is_begun_cancel(each)), None)
        if begun is None:
            said = released[-1].content
            content = replace(said, expires_at=max(said.expires_at, now + _CANCEL_LASTS))
            prefix = advisory.identifier.rsplit("-", 2)[0]
            begun = await self._advisories.draft(
                content, advisory.kind, by.name, now, type=AdvisoryType.CANCEL, follows=number, prefix=prefix
            )
        words = words_of(begun, thread, self._knowledge())
        return await self._advisories.release(
            begun.number, by.name, words.texts, words.corrections, None, None, now, replacements=words.replacements
        )

    async def discard(self, number: int, by: Account) -> Advisory:
        """Give up what has not gone out."""
        by.must_be_allowed(Act.DISCARD)
        return await self._advisories.discard(number, by.name, self._clock())

    async def status(self, number: int, by: Account) -> Progress:
        """How far it has come."""
        by.must_be_allowed(Act.SEE)
        return await self._outbox.progress(number)

    async def _ready(self, number: int, typed_count: int, seen: Seen) -> Preview:
        """What goes out, once it is sure that it is what was seen and that nothing is wrong with it."""
        if typed_count != seen.count:
            raise ReleaseRefused((f"you typed {typed_count}, and it goes to {seen.count} people: look again",))
        shown = await self._preview(await self._found(number))
        if shown.seen.words != seen.words:
            raise ReleaseRefused(("its words have changed since you looked: look again",))
        if shown.count > seen.count * MOST_GROWTH:
            raise ReleaseRefused(
                (f"the audience grew from {seen.count} to {shown.count} people since you looked: look again",)
            )
        if shown.blocking:
            raise NotReady(shown.blocking)
        return shown

    async def _preview(self, advisory: Advisory) -> Preview:
        thread = await self._advisories.thread(advisory.number)
        audience = await self._advisories.audience(advisory.number)
        return preview(advisory, thread, audience, self._limits, self._knowledge(), self._clock())

    async def _found_by(self, by: Account, number: int) -> Advisory:
        """The advisory, for somebody who may at least publish: rights come before what exists."""
        by.must_be_allowed(Act.PUBLISH)
        return await self._found(number)

    async def _found(self, number: int) -> Advisory:
        advisory = await self._advisories.find(number)
        if advisory is None:
            raise NoSuchAdvisory(f"there is no advisory {number}")
        return advisory

    def _announcing(self) -> tuple[Knowledge, Alerting]:
        knowledge = self._knowledge()
        if knowledge.alerting is None:
            raise ReleaseRefused(("this department announces nothing yet: the knowledge has no topics.yaml",))
        return knowledge, knowledge.alerting

    def _with_topic(self, content: Content) -> str:
        """The prefix of its identifier, for content about a topic that people can subscribe to."""
        _, alerting = self._announcing()
        if alerting.topic(content.topic) is None:
            names = ", ".join(topic.id for topic in alerting.topics)
            raise NotReady((Problem("topic", f"nobody can subscribe to `{content.topic}`", f"choose {names}"),))
        return alerting.prefix


_ASKED = f"give the reason in at least {SHORTEST_REASON} characters (override)"


def is_urgent(advisory: Advisory) -> bool:
    """Whether it wakes residents: then a second person decides."""
    is_alert = advisory.content.level is AdvisoryLevel.ALERT and advisory.type is not AdvisoryType.CANCEL
    return is_alert and advisory.kind is AdvisoryKind.LIVE


def _is_begun_cancel(advisory: Advisory) -> bool:
    return advisory.type is AdvisoryType.CANCEL and advisory.stage in (Stage.DRAFT, Stage.APPROVED)


def _is_reason(override: str | None) -> bool:
    return len((override or "").strip()) >= SHORTEST_REASON


def _reason(override: str | None) -> str | None:
    """The reason as it goes into the books. Raises `ReleaseRefused` for one that says nothing."""
    if override is None or not override.strip():
        return None
    if not _is_reason(override):
        raise ReleaseRefused((f"`{override.strip()}` says too little: {_ASKED}",))
    return " ".join(override.split())
