"""The whole decision about one message: emergency, command, pending choice, match, "I do not know" - in that order."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from bot.core import compose, feedback, followup, rating, subscribing, together
from bot.core.channel import Limits
from bot.core.command import ENTRIES, Command
from bot.core.conversation import Conversation
from bot.core.emergency import Level, Verdict, is_called_off
from bot.core.entry import Entry, EntryKind
from bot.core.first_look import matched
from bot.core.keeping import kept, noted
from bot.core.match import NO_MATCH, Candidate, Certainty, Match
from bot.core.message import IncomingMessage, Kind, Reply
from bot.core.subscribing import AskStop, ChangeLanguage, Inquiry, Wish
from bot.core.text import fold
from bot.core.turn import Outcome as Outcome
from bot.core.turn import Snapshot as Snapshot
from bot.core.turn import Turn as Turn

# "I just need someone to come" matches the entry on talking to a person; while an emergency is open that is not enough.
_SURE_IN_EMERGENCY = 0.9
_COURTESIES = ("thanks", "small-talk")  # of what is not ours: after them people still talk about the answer before


def answer(
    message: IncomingMessage,
    verdict: Verdict,
    snapshot: Snapshot,
    conversation: Conversation,
    now: datetime,
    limits: Limits | None = None,
) -> Turn:
    """Decide about one message. Pure: the same arguments give the same turn.

    `limits` are those of where it came from; None: nobody can subscribe to advisories there.
    """
    language = spoken_in(message, snapshot, conversation)
    if verdict.level is Level.EMERGENCY:
        reply = compose.emergency(verdict, heard_in(message, snapshot, conversation), snapshot.knowledge)
        opened = replace(conversation, spoke=language, emergency_at=now)
        return Turn(verdict, Outcome.EMERGENCY, reply, language, opened)
    if message.kind is Kind.MEDIA:
        verdict = replace(verdict, level=Level.CAUTION)
    elif press := rating.read(message.text):
        return feedback.pressed(press, verdict, conversation, language, snapshot, now)
    has_picked = followup.picked(message.text, conversation, snapshot, now) is not None
    asked = conversation.asked if message.text == compose.NONE_OF_THESE or has_picked else None
    heard = replace(conversation, spoke=language, asked=asked)
    if conversation.has_open_emergency(now):
        return _after_emergency(message, verdict, snapshot, heard, language, now, limits)
    turn = _shown(_decided(message, verdict, snapshot, heard, language, now, limits), snapshot, now)
    return feedback.asking(turn, message, conversation, snapshot, now) if limits and limits.takes_feedback else turn


def replied(turn: Turn, reply: Reply, snapshot: Snapshot, now: datetime) -> Turn:
    """The turn with this reply in place of its own: what its order came to."""
    return _shown(replace(turn, reply=reply), snapshot, now)


def _after_emergency(
    message: IncomingMessage,
    verdict: Verdict,
    snapshot: Snapshot,
    conversation: Conversation,
    language: str,
    now: datetime,
    limits: Limits | None,
) -> Turn:
    """What follows a 911 reply: called off, it is over; a clear question is answered under the notice; the rest - an
    address, "yes", "hurry" - gets the 911 reply again, never a menu."""
    knowledge = snapshot.knowledge
    is_over = is_called_off(fold(message.text), knowledge.rules)
    if is_over:
        conversation = replace(conversation, emergency_at=None)
    turn = _decided(message, verdict, snapshot, conversation, language, now, limits)
    if is_over and turn.order is None:
        shown = _shown(turn, snapshot, now)
        closing = knowledge.phrases("emergency_closed", language)
        if turn.outcome in (Outcome.ANSWERED, Outcome.OUT_OF_SCOPE):
            return replace(shown, reply=replace(shown.reply, text=f"{closing}\n\n{shown.reply.text}"))
        quiet = replace(shown.conversation, offered=(), asked=None)
        return replace(
            shown, outcome=Outcome.COMMAND, reply=Reply(closing, language=language), conversation=quiet, actions=()
        )
    if _is_clear(turn):
        cautious = replace(verdict, level=Level.CAUTION)
        return _shown(replace(turn, verdict=cautious), snapshot, now)
    again = Verdict(Level.EMERGENCY, verdict.cue, verdict.line, (*verdict.why, "an emergency is open"))
    reply = compose.emergency(again, heard_in(message, snapshot, conversation), knowledge)
    return Turn(again, Outcome.EMERGENCY, reply, language, replace(conversation, emergency_at=now))


def _is_clear(turn: Turn) -> bool:
    """Whether somebody in an open emergency has plainly asked for something else: ordered, picked or surely meant."""
    if turn.outcome is Outcome.ANSWERED and turn.match.candidates:
        return turn.match.candidates[0].score >= _SURE_IN_EMERGENCY
    return turn.outcome in (Outcome.ANSWERED, Outcome.COMMAND)


def _shown(turn: Turn, snapshot: Snapshot, now: datetime) -> Turn:
    """The turn with its choices open in the conversation, and the 911 notice on top where caution asks for it."""
    conversation = turn.conversation.offering(turn.reply.choices, now)
    if turn.outcome is Outcome.ANSWERED:
        conversation = replace(conversation, entry=turn.entry)
    elif turn.outcome is not Outcome.COMMAND and turn.reply.source not in _COURTESIES:
        conversation = replace(conversation, entry=None)  # "and how much?" is about what was asked since
    reply = replace(turn.reply, language=turn.language)
    turn = replace(turn, reply=reply, conversation=replace(conversation, replied_at=now))
    if turn.verdict.level is Level.CAUTION:
        cautious = compose.with_notice(turn.reply, turn.verdict, turn.language, snapshot.knowledge)
        turn = replace(turn, reply=cautious)
    return turn


def spoken_in(message: IncomingMessage, snapshot: Snapshot, conversation: Conversation) -> str:
    """The language to reply in: the one asked for, the message's, the one before, the device's, the department's."""
    return heard_in(message, snapshot, conversation) or snapshot.knowledge.department.languages[0]


def heard_in(message: IncomingMessage, snapshot: Snapshot, conversation: Conversation) -> str | None:
    """The language that anything tells of this person; None when nothing does.

    One word - "ok", "report", a street - does not change the language that somebody spoke before.
    """
    ours = snapshot.knowledge.department.languages
    is_one_word = len(message.text.split(maxsplit=1)) < 2
    is_written = message.kind in (Kind.TEXT, Kind.EDITED) and not message.text.startswith("/")
    heard = snapshot.languages.of(message.text) if is_written else None
    told = (conversation.spoke, heard) if is_one_word else (heard, conversation.spoke)
    wanted = (conversation.language, *told, message.language)
    return next((language for language in wanted if language in ours), None)


def _decided(
    message: IncomingMessage,
    verdict: Verdict,
    snapshot: Snapshot,
    conversation: Conversation,
    language: str,
    now: datetime,
    limits: Limits | None,
) -> Turn:
    knowledge, text = snapshot.knowledge, message.text
    announces = limits is not None and limits.announces
    today = now.astimezone(knowledge.department.time_zone).date()

    def answered(entry: Entry, match: Match = NO_MATCH) -> Turn:
        reply = compose.answered(entry, language, knowledge, today)
        if announces and (choices := subscribing.beside(entry.id, language, knowledge)):
            reply = replace(reply, choices=choices)
        return turn(Outcome.ANSWERED, reply, entry.id, match)

    def asked(entries: Iterable[Entry], match: Match) -> Turn:
        which = turn(Outcome.ASKED_WHICH, compose.which(entries, language, knowledge), match=match)
        return replace(which, conversation=replace(conversation, asked=kept(text, verdict, match, knowledge) or None))

    def turn(outcome: Outcome, reply: Reply, entry: str | None = None, match: Match = NO_MATCH) -> Turn:
        return Turn(verdict, outcome, reply, language, conversation, entry, match=match)

    def wished(wish: Wish) -> Turn:
        reply = subscribing.proposed(wish, language, knowledge, limits)
        done = turn(Outcome.COMMAND, reply, subscribing.entry_of(wish, knowledge))
        return replace(done, order=None if isinstance(wish, Inquiry) or not announces else wish)

    if message.kind is not Kind.MEDIA and (entry := compose.marked(text, knowledge)):
        return answered(entry)
    opting_out = snapshot.orders.opting_out(text, conversation)
    if opting_out and not isinstance(opting_out, AskStop):
        return wished(opting_out)
    if message.kind is Kind.MEDIA:
        return turn(Outcome.OUT_OF_SCOPE, compose.sentence("media", language, knowledge))
    if order := snapshot.orders.recognise(text):
        return wished(order)
    if command := snapshot.commands.recognise(text):
        if opting_out:  # a curated word for STOP in letters that only look like it
            return wished(opting_out)
        return _commanded(command, turn(Outcome.COMMAND, Reply("")), snapshot, now)
    chosen = followup.picked(text, conversation, snapshot, now) or text
    if entry := compose.marked(chosen, knowledge):
        return answered(entry)
    if chosen != text and (wish := snapshot.orders.ordered(chosen, conversation)):
        return wished(wish)
    if chosen != text and (command := snapshot.commands.recognise(chosen)):
        return _commanded(command, turn(Outcome.COMMAND, Reply("")), snapshot, now)
    if opting_out and announces:
        return wished(opting_out)
    whole = matched(text)
    text = snapshot.talk.bare(whole)
    if (command := snapshot.commands.recognise(text)) and command.name == "language":  # "thanks! in english please"
        return _commanded(command, turn(Outcome.COMMAND, Reply("")), snapshot, now)
    match = snapshot.rank(fold(text))
    if match.certainty is not Certainty.SURE and text != whole:  # "good night" is small talk, "night" is nothing
        with_courtesies = snapshot.rank(fold(whole))
        match = with_courtesies if with_courtesies.certainty is Certainty.SURE else match
    first = match.candidates[0].entry if match.candidates else None
    match_own = replace(match, candidates=_own(match)[:3])
    if meant := _meant(text, match, snapshot, conversation, language, now):
        if len(meant) > 1:
            return asked(meant, match_own)
        if meant[0].id == conversation.entry:
            reply = compose.answered_again(meant[0], language, knowledge, today)
            return turn(Outcome.ANSWERED, reply, meant[0].id, match_own)
        return answered(meant[0], match_own)
    if again := followup.offered_again(fold(text), match, conversation, snapshot, now):
        return asked(again, match_own)
    if first is not None and match.certainty is Certainty.SURE:
        if first.kind is EntryKind.OUT_OF_SCOPE:
            return turn(Outcome.OUT_OF_SCOPE, compose.elsewhere(first, language, knowledge), match=match_own)
        return answered(first, match_own)
    if match.certainty is Certainty.NEAR:
        return asked(match_own.likely(), match_own)
    question = kept(text, verdict, match_own, knowledge)
    name = "not_found" if question else "not_found_unkept"
    unknown = turn(Outcome.NOT_FOUND, compose.not_found(language, knowledge, name), match=match_own)
    return replace(unknown, actions=noted(question, language, (c.entry.id for c in match_own.candidates)))


def _meant(
    text: str, match: Match, snapshot: Snapshot, conversation: Conversation, language: str, now: datetime
) -> tuple[Entry, ...]:
    """What the message means beside its own words, as it goes on from an answer or asks two things: one entry, or
    those to ask about; empty when it is one question that stands for itself."""
    knowledge, words = snapshot.knowledge, fold(text)
    last = knowledge.entries.get(conversation.just_answered(now) or "")
    # While an emergency is open, "where is that" is about the help that was called.
    opening = None if conversation.has_open_emergency(now) else snapshot.talk.opening(words)
    meant = followup.meant(words, match, opening, last, language, snapshot) if last and opening else ()
    if meant:
        return meant
    parts = snapshot.talk.parts(text)
    return together.asked(parts, match, snapshot.rank) if parts else ()


def _commanded(command: Command, turn: Turn, snapshot: Snapshot, now: datetime) -> Turn:
    """The turn of a command. Its entry is named where the catalogue has one and the folder holds it."""
    knowledge, language = snapshot.knowledge, turn.language
    today = now.astimezone(knowledge.department.time_zone).date()
    entry = ENTRIES.get(command.name)
    turn = replace(turn, entry=entry if entry in knowledge.entries else None)
    match command.name:
        case "language" if command.argument in knowledge.department.languages:
            spoken = str(command.argument)
            chosen = replace(turn.conversation, language=spoken, spoke=spoken)
            reply = compose.sentence("language_set", spoken, knowledge)
            turn = replace(turn, reply=reply, language=spoken, conversation=chosen, actions=(ChangeLanguage(spoken),))
            if (last := knowledge.entries.get(chosen.just_answered(now) or "")) is None:
                return turn
            shown = compose.answered(last, turn.language, knowledge, today)
            shown = replace(shown, text=f"{reply.text}\n\n{shown.text}")
            return replace(turn, outcome=Outcome.ANSWERED, reply=shown, entry=last.id)
        case "start" if command.argument in knowledge.department.languages:  # a link to the chat in one language
            chosen = replace(turn.conversation, language=command.argument, spoke=command.argument)
            reply = compose.greeting("greeting", str(command.argument), knowledge)
            return replace(turn, reply=reply, language=str(command.argument), conversation=chosen)
        case "language":
            return replace(turn, reply=compose.languages(language, knowledge))
        case "contacts":
            return replace(turn, reply=compose.menu(EntryKind.CONTACT, language, knowledge))
        case "programs":
            return replace(turn, reply=compose.menu(EntryKind.PROGRAM, language, knowledge))
        case "none":
            near = (choice.value.removeprefix(compose.ENTRY_MARK) for choice in turn.conversation.offered)
            notes = noted(turn.conversation.asked or "", language, (n for n in near if n in knowledge.entries))
            reply = compose.sentence("none_noted" if notes else "none_unkept", language, knowledge)
            missed = replace(compose.not_found(language, knowledge), text=reply.text)
            over = replace(turn.conversation, asked=None)
            return replace(turn, outcome=Outcome.NOT_FOUND, reply=missed, actions=notes, conversation=over)
        case "help" | "start":
            name = "help" if command.name == "help" else "greeting"
            return replace(turn, reply=compose.greeting(name, language, knowledge))
        case _ if turn.entry:  # about, privacy, human, subscribe: the entry says it all
            shown = compose.answered(knowledge.entries[turn.entry], language, knowledge, today)
            return replace(turn, reply=shown)
        case _:
            return replace(turn, reply=compose.greeting("help", language, knowledge))


def _own(match: Match) -> tuple[Candidate, ...]:
    """Candidates that the department answers for."""
    return tuple(c for c in match.candidates if c.entry.kind is not EntryKind.OUT_OF_SCOPE)
