"""Recognises what a message orders about advisories: commands, buttons, and plain words in any of the languages."""

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum

from bot.core.command import Commands
from bot.core.conversation import Conversation
from bot.core.entry import Knowledge
from bot.core.exercising import AskCode, JoinExercises, LeaveExercises, argument_of, code_in
from bot.core.optout import Doubtful, OptOut, Start, Stop, recognise_optout
from bot.core.optout_clause import NO_TOPICS, Topics
from bot.core.subscribing import (
    OFFER,
    AskStop,
    Offer,
    Order,
    SetReach,
    ShowSubscription,
    Subscribe,
    Unsubscribe,
    Wish,
)
from bot.core.subscription import Reach
from bot.core.text import fold
from bot.core.topic import Alerting

_SLASH_SUBSCRIBE = re.compile(r"/subscribe(?:@\w+)?(?:\s+([^\n]{1,80}))?\s*\Z", re.IGNORECASE)
_SLASH_STOP = re.compile(r"/(?:unsubscribe|stop)(?:@\w+)?(?:\s+(.*))?\Z", re.IGNORECASE | re.DOTALL)  # whatever follows
_LONGEST = 120  # characters of an order in plain words; a longer message tells a story
_ALONE: Mapping[str, Order | Offer] = {
    "subscribe": Offer(),
    "subscriptions": ShowSubscription(),
    "urgent": SetReach(Reach.URGENT),
    "every": SetReach(Reach.EVERY),
}
"""What a command means that names no topic. STOP is read before them."""


class _Role(Enum):
    """What words do in "please send me all the urgent alerts": each stands in a list of the phrases."""

    NOTIFY = "order_notify"  # an order whatever follows: "notify me about", "avíseme de"
    SEND = "order_send"  # an order when alerts are named: "i want", "sign me up for"
    ALERTS = "order_alerts"
    ALL = "order_all"
    ONLY = "order_only"
    URGENT = "order_urgent"
    FILLER = "order_fillers"
    TOPIC = ""  # from the topics


class Orders:
    """Every way to order something about advisories. Built once for a snapshot, then only read."""

    def __init__(self, knowledge: Knowledge | None, commands: Commands) -> None:
        """Take the words from the knowledge; None: only STOP in its floor's words is known."""
        alerting = knowledge.alerting if knowledge else None
        self._commands = commands
        self._ids = tuple(topic.id for topic in alerting.topics) if alerting else ()
        self._topics = Topics.of(_names(alerting)) if alerting else NO_TOPICS
        self._roles: dict[tuple[str, ...], tuple[_Role, str]] = {}
        for topic, names in _names(alerting).items() if alerting else ():
            self._add((name for said in names.values() for name in said), _Role.TOPIC, topic)
        texts = knowledge.phrases.texts if knowledge else {}
        for role in _Role:
            lists = texts.get(role.value, {}).values()
            self._add((item for said in lists for item in said.split(",")), role, "")
        self._longest = max(map(len, self._roles), default=0)

    def _add(self, phrases: Iterable[str], role: _Role, topic: str) -> None:
        for phrase in phrases:
            if tokens := fold(phrase).tokens:
                self._roles.setdefault(tokens, (role, topic))

    def opting_out(self, text: str, conversation: Conversation) -> Wish | None:
        """STOP in any words, perhaps of one topic, or that it is taken back; None when the text is about anything else.

        "Start" alone begins the chat anew, save under the offer to sign up again.
        """
        if (argument := argument_of(text)) is not None:
            exercise = self._exercise(argument)
            return exercise if isinstance(exercise, LeaveExercises | Unsubscribe) else None
        if found := _SLASH_STOP.match(text.strip()):
            return Unsubscribe(self._one_topic(found[1] or ""))
        if _SLASH_SUBSCRIBE.match(text.strip()):
            return None
        command = self._commands.recognise(text)
        met = recognise_optout(fold(text), self._topics)
        if command and command.name == "start" and not _is_offered(conversation):
            return None
        if isinstance(met, Doubtful):
            return None if command and command.name != "stop" else self._asked(met)
        return self._meant(met) if met else (Unsubscribe() if command and command.name == "stop" else None)

    def recognise(self, text: str) -> Wish | None:
        """What the whole text orders; None when it orders nothing. A word it does not know makes it no order."""
        text = text.strip()
        if (argument := argument_of(text)) is not None:
            return self._exercise(argument)
        if found := _SLASH_SUBSCRIBE.match(text):
            return self._subscribe(found[1] or "")
        if command := self._commands.recognise(text):
            if (command.name, command.argument) == ("start", OFFER.removeprefix("/")):  # a link to the choice of topics
                return Offer()
            return _ALONE.get(command.name)
        if len(text) > _LONGEST:
            return None
        return self._in_words(fold(text).tokens)

    def ordered(self, value: str, conversation: Conversation) -> Wish | None:
        """What a choice with this value orders; None when it is about something else."""
        return self.opting_out(value, conversation) or self.recognise(value)

    def _in_words(self, tokens: Sequence[str]) -> Order | Offer | None:
        read = self._read(tokens)
        if read is None:
            return None
        roles = {role for role, _ in read}
        topics = tuple(dict.fromkeys(topic for role, topic in read if role is _Role.TOPIC))
        is_urgent = _Role.URGENT in roles
        is_order = _Role.NOTIFY in roles or (_Role.SEND in roles and _Role.ALERTS in roles)
        reach = Reach.URGENT if is_urgent else None
        if is_order and topics:
            return Subscribe(topics, reach)
        if is_order and _Role.ALL in roles and self._ids:
            return Subscribe(self._ids, reach)
        if is_urgent and _Role.ONLY in roles and not topics:
            return SetReach(Reach.URGENT)
        return Offer() if is_order and _Role.ALERTS in roles else None

    def _read(self, tokens: Sequence[str]) -> list[tuple[_Role, str]] | None:
        """What each stretch of the words does, the longest that is known first; None when a word does nothing."""
        found, at = [], 0
        while at < len(tokens):
            for end in range(min(at + self._longest, len(tokens)), at, -1):
                if role := self._roles.get(tuple(tokens[at:end])):
                    found.append(role)
                    at = end
                    break
            else:
                return None
        return found

    def _subscribe(self, argument: str) -> Order | Offer:
        """What `/subscribe` means with these words after it."""
        words = argument.lower().replace(",", " ").split()
        named = tuple(dict.fromkeys(word for word in words if word in self._ids))
        reach = next((each for each in Reach if each.value in words), None)
        if named or ("all" in words and self._ids):
            return Subscribe(named or self._ids, reach)
        if reach:
            return SetReach(reach)
        read = self._read(fold(argument).tokens) or []
        if named := tuple(dict.fromkeys(topic for role, topic in read if role is _Role.TOPIC)):
            return Subscribe(named)
        return Subscribe(self._ids) if self._ids and any(role is _Role.ALL for role, _ in read) else Offer()

    def _exercise(self, argument: str) -> Wish:
        """What `/exercise` means with these words after it. One word for STOP leaves exercises; more of them, all."""
        if (code := code_in(argument)) and self._ids:
            return JoinExercises(self._ids, code)
        words = fold(argument)
        command = self._commands.recognise(argument)
        met = recognise_optout(words, self._topics)
        if (command and command.name == "stop") or isinstance(met, Stop):
            is_short = len(words.tokens) == 1
            return LeaveExercises() if is_short else Unsubscribe(met.topic if isinstance(met, Stop) else None)
        return AskCode()

    def _one_topic(self, argument: str) -> str | None:
        """The topic after `/stop`. Anything else after it stops everything: nobody who stops may be sent more."""
        name = argument.strip().lower()
        if name in self._ids:
            return name
        read = self._read(fold(argument).tokens) or []
        topics = {topic for role, topic in read if role is _Role.TOPIC}
        return topics.pop() if len(topics) == 1 else None

    def _meant(self, met: OptOut) -> Wish:
        match met:
            case Stop(topic):
                return Unsubscribe(topic)
            case Start(str(topic)):
                return Subscribe((topic,))
        return Offer()

    def _asked(self, met: Doubtful) -> Wish:
        return AskStop(met.meant.topic) if isinstance(met.meant, Stop) else Offer()


def _names(alerting: Alerting) -> Mapping[str, Mapping[str, Sequence[str]]]:
    """Topic ids with their names by language: titles, and what people say."""
    return {
        topic.id: {language: (title, *topic.says.get(language, ())) for language, title in topic.titles.items()}
        for topic in alerting.topics
    }


def _is_offered(conversation: Conversation) -> bool:
    return any(choice.value == OFFER for choice in conversation.offered)


FLOOR_ORDERS = Orders(None, Commands(()))
"""STOP as it is known without any knowledge."""
