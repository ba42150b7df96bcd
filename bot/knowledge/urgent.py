"""The emergency files to rules: read apart, because law 1 needs them even when the rest of the folder is broken."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.core.emergency import Context, Cue, EmergencyRules, Level, Rules
from bot.core.entry import EmergencyReplies, Place
from bot.core.pattern import PatternError, is_class, parse
from bot.core.text import fold_word
from bot.knowledge import lexicon
from bot.knowledge.examples import Example
from bot.knowledge.examples import examples as read_examples
from bot.knowledge.faults import Faults, items, single
from bot.knowledge.forms import ContextsForm, CueForm, RepliesForm, WordsForm
from bot.knowledge.source import KnowledgeInvalid, Node, Sources

_MOST_NESTED = 10  # classes in each other; three are enough for ours


@dataclass(frozen=True, slots=True)
class EmergencyFiles:
    """The emergency part alone, sound: what law 1 needs even when the rest of the folder is broken."""

    rules: Rules
    replies: EmergencyReplies
    examples: Mapping[str, tuple[tuple[str, bool, Place], ...]]  # cue → message, must it raise, where it stands
    lessons: tuple[Example, ...] = ()  # what the net under the cues learns from


def emergency(sources: Sources) -> EmergencyFiles:
    """The emergency files. Raises `KnowledgeInvalid` with the faults of these files, if there are any."""
    faults = Faults([p for p in sources.problems if p.is_fault and p.place.file.startswith("emergency/")])
    result = emergency_files(sources, faults)
    if result is None or faults.problems:
        raise KnowledgeInvalid(tuple(sorted(faults.problems)))
    return result


def emergency_files(sources: Sources, faults: Faults) -> EmergencyFiles | None:
    files = sources.files
    words = single(WordsForm, files.get("emergency/words.yaml"), "emergency/words.yaml", faults)
    contexts = single(ContextsForm, files.get("emergency/stand_down.yaml"), "emergency/stand_down.yaml", faults)
    replies = single(RepliesForm, files.get("emergency/replies.yaml"), "emergency/replies.yaml", faults)
    cue_files = {name: node for name, node in files.items() if name.startswith("emergency/cues/")}
    if not cue_files and not any(problem.place.file.startswith("emergency/cues/") for problem in faults.problems):
        faults.add(Place("emergency/cues", 1), "holds no cue: without cues nothing is sent to 911")
    if words is None or contexts is None or replies is None:
        return None
    classes = dict(_classes(words, files["emergency/words.yaml"], faults))
    cues: dict[str, Cue] = {}
    examples: dict[str, tuple[tuple[str, bool, Place], ...]] = {}
    for name, node in cue_files.items():
        for item, form in items(CueForm, node, name, faults):
            if form.id in cues:
                faults.add(item.place, f"cue `{form.id}` stands twice: give one of them another id")
            if form.line and form.line not in replies.lines:
                faults.add(item.at(("line",)).place, f"no line `{form.line}` in emergency/replies.yaml")
            for key in ("any", "unless"):
                _patterns(item.at((key,)), classes, faults)
            cues[form.id] = Cue(
                id=form.id,
                kind=form.kind,
                level=Level[form.level.upper()],
                patterns=tuple(form.any),
                hard=form.hard,
                past=Level[form.past.upper()],
                unless=tuple(form.unless),
                line=form.line,
            )
            examples[form.id] = (*_examples(item, "raises", True), *_examples(item, "spares", False))
    for context in Context:
        _patterns(files["emergency/stand_down.yaml"].at((context.value,)), classes, faults)
    lessons = read_examples(sources, faults)
    if any(problem.place.file.startswith("emergency/") for problem in faults.problems):
        return None
    around = {context: tuple(getattr(contexts, context.value)) for context in Context}
    languages = [found for language in replies.redirect if (found := lexicon.language(language))]
    rules = Rules(EmergencyRules(classes, tuple(words.ordinary), tuple(cues.values()), around), languages)
    said = EmergencyReplies(replies.redirect, replies.notice, replies.lines)
    return EmergencyFiles(rules, said, examples, lessons)


def _classes(words: WordsForm, node: Node, faults: Faults) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every class as plain words: a class may name another one."""

    def spelt_out(name: str, on_the_way: tuple[str, ...]) -> Iterator[str]:
        for at, word in enumerate(words.classes[name]):
            place = node.at(("classes", name, at)).place
            if is_class(word):
                if word in on_the_way or word not in words.classes:
                    faults.add(place, f"class {word} is {'part of itself' if word in on_the_way else 'not here'}")
                elif len(on_the_way) > _MOST_NESTED:
                    faults.add(place, f"class {word} is nested too deep: at most {_MOST_NESTED} classes in each other")
                else:
                    yield from spelt_out(word, (*on_the_way, word))
            elif not (folded := fold_word(word)).strip("*") or " " in folded:
                faults.add(place, f"{word!r} must be one word: longer phrases are patterns of a cue")
            else:
                yield word

    for name in words.classes:
        yield name, tuple(dict.fromkeys(spelt_out(name, (name,))))


def _patterns(node: Node, classes: Mapping[str, object], faults: Faults) -> None:
    for item in node.value if isinstance(node.value, list) else ():
        try:
            parse(str(item.value), classes)
        except PatternError as e:
            faults.add(item.place, str(e))


def _examples(item: Node, key: str, must_raise: bool) -> Iterator[tuple[str, bool, Place]]:
    listed = item.at((key,)).value
    for example in listed if isinstance(listed, list) else ():
        yield str(example.value), must_raise, example.place
