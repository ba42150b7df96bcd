"""An entry changed by what stands in a form: only fields that differ from the file's are written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from bot.core.entry import fingerprint
from bot.knowledge import edit_yaml
from bot.knowledge.edit import EditRefused, Texts
from bot.knowledge.edit_builders import DETAILS, ORDER, WORDING, answer_of, changed, languages_of, prose
from bot.knowledge.edit_reading import Item, found

CHANNELS = ("phone", "address", "email", "url", "hours")


@dataclass(frozen=True, slots=True)
class Said:
    """An entry in one language. `answer` None: the department has not said. `is_current`: somebody says that this
    translation now says what the original says."""

    title: str
    phrases: tuple[str, ...]
    answer: str | None
    details: Mapping[str, str] = field(default_factory=dict)
    is_current: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """A way to reach a desk: one text, one for each language, or None while it is not confirmed."""

    kind: str
    value: str | Mapping[str, str] | None


@dataclass(frozen=True, slots=True)
class Filled:
    """All that the form of an entry holds. An empty text: the field is left out of the file."""

    risk: str
    owner: str
    review_every: str
    source_title: str
    source_url: str
    related: tuple[str, ...]
    wordings: Mapping[str, Said]
    channels: tuple[Told, ...] = ()
    is_crisis: bool = False


def filled(texts: Texts, entry: str) -> Filled:
    """What the form shows of the entry as it is."""
    _, item = found(texts, entry)
    plain = item.node.plain()
    source = _mapping(plain.get("source"))
    return Filled(
        risk=_line(plain.get("risk")) or "low",
        owner=_line(plain.get("owner")),
        review_every=_line(plain.get("review_every")),
        source_title=_line(source.get("title")),
        source_url=_line(source.get("url")),
        related=_lines(plain.get("related")),
        wordings={language: _said(item, language) for language in languages_of(item)},
        channels=tuple(_told(_mapping(each)) for each in plain.get("channels") or ()),
        is_crisis=plain.get("crisis") == "true",
    )


def change_entry(texts: Texts, entry: str, new: Filled) -> Texts:
    """The entry as the form has it. Raises `EditRefused` when it says what the file says."""
    old = filled(texts, entry)
    _, here = found(texts, entry)
    first = next(iter(old.wordings), "")
    original = prose(new.wordings[first].answer) if first in new.wordings else None

    def change(item: CommentedMap) -> None:
        _fields(item, old, new)
        for language, said in new.wordings.items():
            if language not in old.wordings:
                _begin(item, language, said, fingerprint(original) if original else None)
                continue
            _reword(item[language], old.wordings[language], said)
            if language != first:
                _translated(item[language], old.wordings[language], said, original)

    made = changed(texts, here.id or entry, change)
    if made == texts:
        raise EditRefused("nothing was changed")
    return made


def _fields(item: CommentedMap, old: Filled, new: Filled) -> None:
    for name in ("risk", "owner", "review_every"):
        if getattr(old, name) != (given := getattr(new, name).strip()):
            _set(item, name, given, ORDER)
    if old.is_crisis != new.is_crisis:
        _set(item, "crisis", "true" if new.is_crisis else None, ORDER)
    for name, was, given in (
        ("title", old.source_title, new.source_title.strip()),
        ("url", old.source_url, new.source_url.strip()),
    ):
        if was != given:
            if not isinstance(item.get("source"), CommentedMap):
                edit_yaml.put(item, "source", {}, ORDER)
            _set(item["source"], name, given, ("title", "url"))
    if "source" in item and not item["source"]:
        del item["source"]
    if old.related != new.related:
        if isinstance(kept := item.get("related"), CommentedSeq) and new.related:
            edit_yaml.relisted(kept, new.related)
        else:
            _set(item, "related", new.related, ORDER)
    if old.channels != new.channels:
        _channels(item, old.channels, new.channels)


def _channels(item: CommentedMap, old: tuple[Told, ...], new: tuple[Told, ...]) -> None:
    listed = item.get("channels")
    if not isinstance(listed, CommentedSeq) or [told.kind for told in old] != [told.kind for told in new]:
        _set(item, "channels", [{"kind": told.kind, "value": told.value} for told in new], ORDER)
        return
    for channel, was, told in zip(listed, old, new, strict=True):
        if was.value != told.value:
            channel["value"] = edit_yaml.value(told.value, channel.get("value"))


def _reword(wording: CommentedMap, old: Said, new: Said) -> None:
    if old.title != (title := " ".join(new.title.split())):
        edit_yaml.put(wording, "title", title, WORDING)
    phrases = tuple(line for phrase in new.phrases if (line := " ".join(phrase.split())))
    if old.phrases != phrases:
        if isinstance(asks := wording.get("asks"), CommentedSeq):
            edit_yaml.relisted(asks, phrases)
        else:
            edit_yaml.put(wording, "asks", phrases, WORDING)
    if old.answer != (answer := prose(new.answer)):
        edit_yaml.put(wording, "answer", answer, WORDING)
    for name in DETAILS:
        if prose(old.details.get(name)) != (said := prose(new.details.get(name))):
            _set(wording, name, said, WORDING)


def _translated(wording: CommentedMap, old: Said, new: Said, original: str | None) -> None:
    """Words that nobody has read yet are signed by nobody; only a person says that two texts say the same."""
    if old.answer != prose(new.answer) and wording.get("approved_by", "null") != "null":
        edit_yaml.put(wording, "approved_by", None, WORDING)
    if new.is_current and original and wording.get("translates") != fingerprint(original):
        edit_yaml.put(wording, "translates", fingerprint(original), WORDING)


def _begin(item: CommentedMap, language: str, said: Said, translates: str | None) -> None:
    phrases = [line for phrase in said.phrases if (line := " ".join(phrase.split()))]
    wording: dict[str, Any] = {"title": " ".join(said.title.split()), "asks": phrases, "answer": prose(said.answer)}
    wording |= {name: text for name in DETAILS if (text := prose(said.details.get(name)))}
    if translates and wording["answer"]:
        wording |= {"translates": translates, "approved_by": None}
    item[language] = edit_yaml.value(wording)


def _set(item: CommentedMap, name: str, given: Any, order: tuple[str, ...]) -> None:
    if given:
        edit_yaml.put(item, name, given, order)
    else:
        item.pop(name, None)


def _said(item: Item, language: str) -> Said:
    plain = _mapping(item.node.plain()[language])
    return Said(
        title=_line(plain.get("title")),
        phrases=_lines(plain.get("asks")),
        answer=answer_of(item, language),
        details={name: _line(plain.get(name)) for name in DETAILS if plain.get(name)},
    )


def _told(plain: Mapping[str, Any]) -> Told:
    value = plain.get("value")
    return Told(_line(plain.get("kind")), value if isinstance(value, str | dict) else None)


def _line(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _lines(value: Any) -> tuple[str, ...]:
    return tuple(_line(each) for each in value) if isinstance(value, list) else ()


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
