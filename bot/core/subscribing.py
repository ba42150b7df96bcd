"""What people may order about advisories, and what they are told about it: the values and the words of law 6."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.core.channel import Limits
from bot.core.entry import Knowledge
from bot.core.exercising import AskCode, JoinExercises, LeaveExercises, exercised, membership, refused, written
from bot.core.message import Choice, Reply
from bot.core.subscription import Reach, Subscription
from bot.core.topic import Topic

SUBSCRIBE, STOP = "subscribe-advisories", "stop-advisories"
"""The entries of the catalogue that stand for these orders."""

OFFER = "/subscribe"
"""What comes back from the button that leads to the choice of topics."""

_LONGEST_VALUE = 64  # bytes of a button's value that Telegram takes; ours are ASCII


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Send me these topics too. `reach` None: as it was, or everything for somebody new."""

    topics: tuple[str, ...]
    reach: Reach | None = None


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """Send me no more of this topic; `topic` None: of anything."""

    topic: str | None = None


@dataclass(frozen=True, slots=True)
class ShowSubscription:
    """Tell me what I get."""


@dataclass(frozen=True, slots=True)
class SetReach:
    """Send me only what is urgent, or everything again."""

    reach: Reach


@dataclass(frozen=True, slots=True)
class Offer:
    """Show me what there is. Nothing is stored."""


@dataclass(frozen=True, slots=True)
class AskStop:
    """They may have meant STOP, of this topic or (None) of all: ask. Nothing is stored."""

    topic: str | None = None


@dataclass(frozen=True, slots=True)
class ChangeLanguage:
    """Write advisories to this person in another language, if there are any to write."""

    language: str


Order = Subscribe | Unsubscribe | ShowSubscription | SetReach | JoinExercises | LeaveExercises
"""What the store must carry out before anything is said about it."""

Inquiry = Offer | AskStop | AskCode
"""What is answered without the store."""

Wish = Order | Inquiry


@dataclass(frozen=True, slots=True)
class Done:
    """The store has carried an order out. What the person got before it and gets after; None: nothing.

    `is_tester`: they take part in exercises; asked for only where it is told.
    """

    before: Subscription | None
    after: Subscription | None
    is_tester: bool = False


def entry_of(wish: Wish, knowledge: Knowledge) -> str | None:
    """The entry that stands for it; None for exercises, and when the folder does not hold that one."""
    if isinstance(wish, JoinExercises | LeaveExercises | AskCode):
        return None
    name = STOP if isinstance(wish, Unsubscribe | AskStop) else SUBSCRIBE
    return name if name in knowledge.entries else None


def proposed(wish: Wish, language: str, knowledge: Knowledge, limits: Limits | None) -> Reply:
    """The reply while nothing is stored: of an order, that it could not be done; where none are sent, where some are.

    `limits` are those of where it is said; None: no advisories are sent there.
    """
    if limits is None or not limits.announces:
        return elsewhere(wish, language, knowledge)
    phrases = knowledge.phrases
    match wish:
        case Offer() if knowledge.alerting:
            text = "\n\n".join((phrases("advisory_offer", language), _terms(language, knowledge, limits)))
            return _reply(wish, text, _topics(language, knowledge), knowledge)
        case Offer():
            return elsewhere(wish, language, knowledge)
        case AskStop(topic):
            stop = Choice(phrases("button_stop_yes", language), " ".join(filter(None, ("/stop", topic))))
            keep = Choice(phrases("button_stop_no", language), "/subscriptions")
            return _reply(wish, phrases("advisory_ask_stop", language), (stop, keep), knowledge)
        case AskCode():
            return refused(language, knowledge)
        case order:
            return confirmed(order, None, language, knowledge, limits)


def elsewhere(wish: Wish, language: str, knowledge: Knowledge) -> Reply:
    """The reply where none are sent: where there are some. Who wants to stop hears that there is nothing to stop."""
    if isinstance(wish, Unsubscribe | AskStop | LeaveExercises):
        return _reply(wish, knowledge.phrases("stopped", language), (), knowledge)
    links = knowledge.department.links
    lines = [knowledge.phrases("advisory_not_here", language)]
    if "telegram" in links:
        lines.append(knowledge.phrases("advisory_telegram", language).replace("{url}", links["telegram"]))
    if knowledge.alerting:
        city = knowledge.phrases("advisory_city", language)
        lines.append(city.replace("{city_alerts}", knowledge.alerting.city_alerts))
    return _reply(wish, "\n".join(lines), (), knowledge)


def confirmed(order: Order, result: Done | None, language: str, knowledge: Knowledge, limits: Limits) -> Reply:
    """What is said about an order once the store has had it. None: it could not, and nothing else may be claimed."""
    phrases = knowledge.phrases
    if isinstance(order, JoinExercises | LeaveExercises):
        return exercised(order, result.is_tester if result else None, language, knowledge)
    if result is None:
        name = "advisory_stop_failed" if isinstance(order, Unsubscribe) else "advisory_failed"
        value = spelt(order)
        again = Choice(phrases("button_try_again", language), value if len(value) <= _LONGEST_VALUE else OFFER)
        return _reply(order, phrases(name, language), (again,), knowledge)
    after = result.after
    match order:
        case Unsubscribe(None):
            return _reply(order, phrases("advisory_stopped", language), _sign_up(language, knowledge), knowledge)
        case Unsubscribe(topic):
            title = ", ".join(_titles([str(topic)], language, knowledge)) or str(topic)
            told = phrases("advisory_stopped_topic", language).replace("{topic}", title)
        case Subscribe() if result.before is None:
            told = _terms(language, knowledge, limits)
        case _:
            told = membership(language, knowledge) if result.is_tester else ""
    gets = after if after is not None and after.topics else None
    status = _status(gets, language, knowledge) if gets else phrases("advisory_nothing", language)
    paragraphs = (told, status) if isinstance(order, Unsubscribe) else (status, told)
    text = "\n\n".join(filter(None, paragraphs))
    if gets is None:
        return _reply(order, text, _sign_up(language, knowledge), knowledge)
    wants_each = isinstance(order, ShowSubscription)
    choices = _stops(gets, language, knowledge) if wants_each else _next(gets, language, knowledge)
    return _reply(order, text, tuple(choices), knowledge)


def beside(entry: str, language: str, knowledge: Knowledge) -> tuple[Choice, ...]:
    """The choices under the two entries about advisories where some can be sent; none under any other."""
    if knowledge.alerting is None:
        return ()
    mine = Choice(knowledge.phrases("button_what_i_get", language), "/subscriptions")
    if entry == SUBSCRIBE:
        return (*_topics(language, knowledge), mine)
    stop = Choice(knowledge.phrases("button_stop_all", language), "/stop")
    return (stop, mine) if entry == STOP else ()


def spelt(order: Order) -> str:
    """The command that orders the same."""
    match order:
        case Subscribe(topics, reach):
            return " ".join((OFFER, *topics, *([reach.value] if reach else ())))
        case Unsubscribe(topic):
            return " ".join(filter(None, ("/stop", topic)))
        case SetReach(reach):
            return f"/{reach.value}"
        case JoinExercises() | LeaveExercises():
            return written(order)
    return "/subscriptions"


def _reply(wish: Wish, text: str, choices: tuple[Choice, ...], knowledge: Knowledge) -> Reply:
    return Reply(text.strip(), choices, entry_of(wish, knowledge))


def _status(mine: Subscription, language: str, knowledge: Knowledge) -> str:
    """What they get, at which levels, and in the language that they read this in."""
    titles = ", ".join(_titles(mine.topics, language, knowledge))
    reach = "advisory_urgent" if mine.reach is Reach.URGENT else "advisory_every"
    names = ("advisory_signed_up", reach, "advisory_language")
    name = knowledge.phrases.texts["language_name"].get(mine.language, mine.language)
    lines = (knowledge.phrases(each, language) for each in names)
    return "\n".join(line.strip().replace("{topics}", titles).replace("{language}", name) for line in lines)


def _terms(language: str, knowledge: Knowledge, limits: Limits) -> str:
    city = knowledge.alerting.city_alerts if knowledge.alerting else ""
    name = "advisory_terms_silenced" if limits.stop_silences else "advisory_terms"
    return knowledge.phrases(name, language).strip().replace("{city_alerts}", city)


def _titles(topics: Iterable[str], language: str, knowledge: Knowledge) -> Iterator[str]:
    """Titles of the topics in the department's order."""
    wanted = set(topics)
    for topic in _listed(knowledge):
        if topic.id in wanted:
            yield _title(topic, language)


def _title(topic: Topic, language: str) -> str:
    return topic.titles.get(language) or next(iter(topic.titles.values()))


def _topics(language: str, knowledge: Knowledge) -> tuple[Choice, ...]:
    """Every topic to choose, and all of them at once."""
    every = Choice(knowledge.phrases("button_all_topics", language), f"{OFFER} all")
    return (every, *(Choice(_title(topic, language), f"{OFFER} {topic.id}") for topic in _listed(knowledge)))


def _next(mine: Subscription, language: str, knowledge: Knowledge) -> Iterator[Choice]:
    """What somebody who has just signed up may want next."""
    yield _other_reach(mine, language, knowledge)
    if any(topic.id not in mine.topics for topic in _listed(knowledge)):
        yield Choice(knowledge.phrases("button_more_topics", language), OFFER)
    yield Choice(knowledge.phrases("button_what_i_get", language), "/subscriptions")
    yield Choice(knowledge.phrases("button_stop_all", language), "/stop")


def _stops(mine: Subscription, language: str, knowledge: Knowledge) -> Iterator[Choice]:
    """The ways out of what somebody gets: a topic at a time, the level, all."""
    topics = [topic for topic in _listed(knowledge) if topic.id in mine.topics]
    label = knowledge.phrases("button_stop_topic", language)
    for topic in topics if len(topics) > 1 else ():
        yield Choice(label.replace("{topic}", _title(topic, language)), f"/stop {topic.id}")
    yield _other_reach(mine, language, knowledge)
    yield Choice(knowledge.phrases("button_stop_all", language), "/stop")


def _other_reach(mine: Subscription, language: str, knowledge: Knowledge) -> Choice:
    other = Reach.EVERY if mine.reach is Reach.URGENT else Reach.URGENT
    return Choice(knowledge.phrases(f"button_{other.value}", language), f"/{other.value}")


def _sign_up(language: str, knowledge: Knowledge) -> tuple[Choice, ...]:
    if knowledge.alerting is None:
        return ()
    return (Choice(knowledge.phrases("button_sign_up", language), OFFER),)


def _listed(knowledge: Knowledge) -> tuple[Topic, ...]:
    return knowledge.alerting.topics if knowledge.alerting else ()
