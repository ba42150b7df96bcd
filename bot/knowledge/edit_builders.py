"""What curators do to the files, one act a function: the folder's texts in, the folder's texts out."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from bot.core.entry import fingerprint
from bot.core.text import fold
from bot.knowledge import edit_yaml
from bot.knowledge.edit import Change, EditRefused, Texts
from bot.knowledge.edit_merge import lines_of
from bot.knowledge.edit_reading import Item, Listing, found, is_of_entries, listing, others
from bot.knowledge.edit_yaml import Shape
from bot.knowledge.schema import KNOWN_MISSES
from bot.knowledge.source import Node

ELSEWHERE = "out_of_scope.yaml"
_ADDED = "questions/added.yaml"  # where a question goes whose entry has none yet
_NEW = Shape("- ")
ORDER = tuple("id risk crisis owner checked_on review_every source related channels en es pt".split())
DETAILS = ("who", "when", "where", "join")
WORDING = tuple("title asks answer who when where join translates approved_by".split())


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An answer that is not there yet, in one language. `answer` None: the department has not said."""

    id: str
    language: str
    title: str
    phrases: tuple[str, ...]
    answer: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)  # owner, risk, source ... as the file has them


def add_phrases(texts: Texts, entry: str, language: str, phrases: Sequence[str]) -> Texts:
    """Ways of asking, at the end of the list; those that it has are left out. Also for what is not ours."""
    wanted = [line for phrase in phrases if (line := " ".join(phrase.split()))]
    known = {fold(phrase).line for phrase in phrases_of(found(texts, entry)[1], language)}
    fresh = [phrase for phrase in dict.fromkeys(wanted) if fold(phrase).line not in known]
    if not fresh:
        raise EditRefused(f"`{entry}` has this phrase already" if wanted else "write at least one phrase")

    def change(item: CommentedMap) -> None:
        wording = _wording(item, language)
        if isinstance(asks := wording.get("asks"), CommentedSeq):
            asks.extend(edit_yaml.value(phrase) for phrase in fresh)
        else:
            edit_yaml.put(wording, "asks", fresh, WORDING)

    return changed(texts, entry, change)


def add_question(texts: Texts, question: str, language: str, expect: str | None) -> Texts:
    """A test question and the entry that it must find, None: none of ours; it stands beside those of that entry."""
    said = " ".join(question.split())
    if not said:
        raise EditRefused("write a question")
    beside: Counter[str] = Counter()
    for name, text in texts.items():
        if name.startswith("questions/"):
            for item in listing(name, text).items:
                same = fold(item.text("ask") or "").line == fold(said).line
                if same and item.text("expect") == expect:
                    return texts
                if same:
                    wanted = item.text("expect") or "no answer of ours"
                    raise EditRefused(f"this question is a test already, in {item.node.place}: it must find {wanted}")
                beside[name] += item.text("expect") == expect and name != KNOWN_MISSES
    name = beside.most_common(1)[0][0] if beside.total() else _ADDED
    fresh = edit_yaml.flow({"ask": said, "language": language, "expect": expect}, "ask")
    listed = listing(name, texts.get(name, "# Questions that came from the console.\n"))
    last = next((item for item in reversed(listed.items) if item.text("expect") == expect), None)
    shape = Shape.of(listed.of(last)) if last else _NEW
    at = last.end if last else len(listed.lines)
    text = _with_line_end(listed, at) + "".join(edit_yaml.written(fresh, shape)) + "".join(listed.lines[at:])
    return {**texts, name: text}


def add_entry(texts: Texts, file: str, entry: NewEntry) -> Texts:
    """A new answer at the end of the file; the file is made when it is not there."""
    if not is_of_entries(file):
        raise EditRefused(f"answers do not stand in {file}")
    for name, text in texts.items():
        if is_of_entries(name) and any(item.id == entry.id for item in listing(name, text).items):
            raise EditRefused(f"`{entry.id}` is there already, in {name}: choose another name")
    phrases = [line for phrase in entry.phrases if (line := " ".join(phrase.split()))]
    wording = {"title": entry.title.strip(), "asks": phrases, "answer": prose(entry.answer)}
    fields = {"id": entry.id, **entry.fields, entry.language: wording}
    ordered = {key: fields[key] for key in (*ORDER, *fields) if key in fields}
    listed = listing(file, texts.get(file, ""))
    shape = Shape.of(listed.of(listed.items[-1])) if listed.items else _NEW
    at = listed.items[-1].end if listed.items else len(listed.lines)
    text = _with_line_end(listed, at) + "".join(edit_yaml.written(ordered, shape)) + "".join(listed.lines[at:])
    return {**texts, file: text}


def replace_entry(texts: Texts, entry: str, text: str) -> Texts:
    """The entry written anew, as its fields stand without the dash. Whatever is wrong with it the check tells."""
    listed, item = found(texts, entry)
    shape = Shape.of(listed.of(item))
    lines = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n").split("\n")
    if not text.strip():
        raise EditRefused("nothing is left of the answer: to stop showing it, withdraw it")
    made = [line + shape.end for line in shape.worn(lines)]
    result = listed.with_lines(item.first, item.end, made)
    try:
        ids = [each.id for each in listing(listed.name, result).items]
    except EditRefused:
        return {**texts, listed.name: result}  # the check shows which line cannot be read
    if ids != [each.id for each in listed.items]:
        raise EditRefused(f"the id must stay `{entry}`: links and figures use it")
    return {**texts, listed.name: result}


def yaml_of(texts: Texts, entry: str) -> str:
    """The entry as it is written, without the dash: what `replace_entry` takes."""
    listed, item = found(texts, entry)
    lines = listed.of(item)
    return "\n".join(Shape.of(lines).bare(lines)) + "\n"


def retyped(change: Change, entry: str) -> str | None:
    """The entry as a draft of its own has it, even where that cannot be read; None when it changes more than it."""
    if change.before is None or change.after is None or not is_of_entries(change.file):
        return None
    before, after = listing(change.file, change.before), lines_of(change.after)
    item = next((item for item in before.items if item.id == entry), None)
    if item is None:
        return None
    below = len(before.lines) - item.end
    is_alone = tuple(after[: item.first]) == before.lines[: item.first]
    if not is_alone or tuple(after[len(after) - below :]) != before.lines[item.end :]:
        return None
    lines = after[item.first : len(after) - below]
    return "\n".join(Shape.of(before.of(item)).bare(lines)) + "\n" if lines else None


def approve_translation(texts: Texts, entry: str, language: str, name: str) -> Texts:
    """Sign the translation by name, as one of the original's present answer."""
    if not name.strip():
        raise EditRefused("write who has read and signed it")
    _, here = found(texts, entry)
    languages = languages_of(here)
    original = answer_of(here, languages[0]) if languages else None
    if language not in languages[1:]:
        raise EditRefused("only a translation is approved")
    if original is None or answer_of(here, language) is None:
        raise EditRefused("there is no answer to approve: write it first")
    mark = fingerprint(original)

    def change(item: CommentedMap) -> None:
        wording = _wording(item, language)
        if wording.get("translates") != mark:
            edit_yaml.put(wording, "translates", mark, WORDING)
        edit_yaml.put(wording, "approved_by", " ".join(name.split()), WORDING)

    return changed(texts, entry, change)


def mark_checked(texts: Texts, entry: str, day: date) -> Texts:
    """Somebody has compared the entry with its source on that day."""
    return changed(texts, entry, lambda item: edit_yaml.put(item, "checked_on", day.isoformat(), ORDER))


def withdraw(texts: Texts, entry: str) -> Texts:
    """No answer, detail or channel in any language: the bot then says where the official one is published."""
    languages = languages_of(found(texts, entry)[1])

    def change(item: CommentedMap) -> None:
        for language in languages:
            _wording(item, language)["answer"] = edit_yaml.value(None)
            for name in DETAILS:
                item[language].pop(name, None)
        for channel in item.get("channels", ()):
            channel["value"] = edit_yaml.value(None)

    made = changed(texts, entry, change)
    if made == texts:
        raise EditRefused(f"`{entry}` says nothing already")
    return made


def changed(texts: Texts, entry: str, change: Callable[[CommentedMap], None]) -> Texts:
    """The texts with this one entry changed, and nothing else in its file. The same texts when nothing changed."""
    listed, item = found(texts, entry)
    before = listed.of(item)
    lines = edit_yaml.edited(before, change)
    if lines and not before[-1].endswith(("\n", "\r")):
        lines[-1] = lines[-1].rstrip("\r\n")
    result = listed.with_lines(item.first, item.end, lines)
    text = "".join(listed.lines)
    if others(result, listed.name, entry) != others(text, listed.name, entry):
        raise EditRefused(f"{listed.name} is written in a way that cannot be changed here: use an editor")
    return {**texts, listed.name: result}


def languages_of(item: Item) -> tuple[str, ...]:
    """The languages an entry is written in; the first is the original."""
    return tuple(key for key in _fields(item.node) if len(key) == 2 and key != "id")


def answer_of(item: Item, language: str) -> str | None:
    """The answer as the bot reads it; None: there is none."""
    answer = _fields(_fields(item.node)[language]).get("answer")
    return answer.value.strip() if answer is not None and isinstance(answer.value, str) else None


def phrases_of(item: Item, language: str) -> tuple[str, ...]:
    """The ways of asking that an entry lists in a language."""
    said = _fields(item.node).get(language)
    asks = _fields(said).get("asks") if said else None
    listed = asks.value if asks is not None and isinstance(asks.value, list) else []
    return tuple(each.value for each in listed if isinstance(each.value, str))


def prose(text: str | None) -> str | None:
    """A text as a form sends it, as a file keeps it; None when there is nothing in it."""
    lines = [line.rstrip() for line in (text or "").replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    return "\n".join(lines).strip() or None


def _wording(item: CommentedMap, language: str) -> CommentedMap:
    wording = item.get(language)
    if not isinstance(wording, CommentedMap):
        raise EditRefused(f"`{item.get('id')}` is not written in that language yet: write its title and answer first")
    return wording


def _with_line_end(listed: Listing, at: int) -> str:
    """The lines before the place, the last one ended."""
    text = "".join(listed.lines[:at])
    return text if not text or text.endswith(("\n", "\r")) else f"{text}\n"


def _fields(node: Node) -> Mapping[str, Node]:
    return node.value if isinstance(node.value, dict) else {}
