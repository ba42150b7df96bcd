"""Under which answers people are asked whether they helped, and what a press of one of the two buttons comes to."""

from dataclasses import replace
from datetime import datetime

from bot.core import compose, followup
from bot.core.command import NoteUnanswered
from bot.core.conversation import Conversation
from bot.core.emergency import Level, Verdict
from bot.core.entry import Entry
from bot.core.keeping import kept
from bot.core.message import IncomingMessage, Kind
from bot.core.rating import NoteFeedback, Press, Seen, Shown, buttons, key_of
from bot.core.turn import Outcome, Snapshot, Turn


def asking(turn: Turn, message: IncomingMessage, before: Conversation, snapshot: Snapshot, now: datetime) -> Turn:
    """The turn with the two buttons under its answer; as it is where nobody is to be asked.

    Never in a crisis or under a 911 line, never under an order, and about the same words once in a chat.
    """
    knowledge = snapshot.knowledge
    entry = knowledge.entries.get(turn.entry or "")
    if entry is None or not _may_be_asked(turn, entry, message, snapshot, now):
        return turn
    seen = Seen(entry.id, compose.version(entry, turn.language, knowledge))
    if any(shown.seen == seen for shown in turn.conversation.shown):
        return turn
    shown = Shown(key_of(message.id), seen, turn.language, question=_asked(turn, message, before, snapshot, now))
    labels = (knowledge.phrases(name, turn.language) for name in ("button_helped", "button_not_helped"))
    reply = replace(turn.reply, rating=buttons(shown.key, *labels))
    return replace(turn, reply=reply, conversation=turn.conversation.showing(shown))


def pressed(
    press: Press, verdict: Verdict, conversation: Conversation, language: str, snapshot: Snapshot, now: datetime
) -> Turn:
    """The turn of a press. What was offered and answered stays as it was, so that "2" and "and how much?" still work.

    A second press on the same answer is thanked for and not counted; so is one on an answer that is forgotten.
    """
    knowledge = snapshot.knowledge
    today = now.astimezone(knowledge.department.time_zone).date()
    thanks = compose.sentence("feedback_thanks", language, knowledge)
    reply = thanks if press.has_helped else compose.sorry(language, knowledge, today)
    if conversation.has_open_emergency(now):
        verdict = replace(verdict, level=Level.CAUTION)
    if verdict.level is not Level.NONE:
        reply = compose.with_notice(reply, verdict, language, knowledge)
    reply = replace(reply, language=language)
    turn = Turn(verdict, Outcome.COMMAND, reply, language, replace(conversation, spoke=language))
    shown = next((each for each in conversation.shown if each.key == press.key), None)
    if shown is None or shown.is_rated:
        return turn
    actions: list[NoteFeedback | NoteUnanswered] = [NoteFeedback(shown.seen, shown.language, press.has_helped)]
    if shown.question and not press.has_helped:
        actions.append(NoteUnanswered(shown.question, shown.language, (), shown.seen))
    rated = replace(shown, is_rated=True, question="")
    others = tuple(rated if each is shown else each for each in conversation.shown)
    return replace(turn, conversation=replace(turn.conversation, shown=others), actions=tuple(actions))


def _may_be_asked(turn: Turn, entry: Entry, message: IncomingMessage, snapshot: Snapshot, now: datetime) -> bool:
    today = now.astimezone(snapshot.knowledge.department.time_zone).date()
    is_plain = turn.outcome is Outcome.ANSWERED and turn.verdict.level is Level.NONE and not turn.actions
    has_orders = any(not choice.value.startswith(compose.ENTRY_MARK) for choice in turn.reply.choices)
    says_something = bool(entry.channels) or any(wording.answer for wording in entry.wordings.values())
    is_shown = says_something and not compose.gives_way(entry, today)
    is_order = snapshot.commands.recognise(message.text) is not None
    return is_plain and is_shown and not (entry.is_crisis or has_orders or is_order)


def _asked(turn: Turn, message: IncomingMessage, before: Conversation, snapshot: Snapshot, now: datetime) -> str:
    """What they had asked, when it was typed and may be kept: before "which of these?", or now."""
    offered = {choice.value for choice in before.offered}
    if message.text in offered or followup.picked(message.text, before, snapshot, now):
        return (before.asked or "") if compose.NONE_OF_THESE in offered else ""
    is_typed = message.kind in (Kind.TEXT, Kind.EDITED) and not message.text.startswith(compose.ENTRY_MARK)
    return kept(message.text, turn.verdict, turn.match, snapshot.knowledge) if is_typed else ""
