"""Broken and hostile files of every kind, made in code: what each is, which file it is, and the line at fault."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.core.entry import COMMANDS, SENTENCES
from tests import small_folder

EXAMPLES = "emergency/examples/en.yaml"
FACTS = "facts.yaml"
LISTS = (*small_folder.ENTRY_FILES, "questions/q.yaml", FACTS, "emergency/cues/violence.yaml")
MAPPINGS = ("phrases.yaml", "department.yaml", "emergency/words.yaml", "emergency/stand_down.yaml",
            "emergency/replies.yaml", EXAMPLES)  # fmt: skip
MORE = {
    "phrases.yaml": "sentences:\n"
    + "".join(f"  {name}: {{zz: {'m ' * 12 if name == 'months' else 'x'}}}\n" for name in SENTENCES)
    + "commands:\n"
    + "".join(f"  {name}: {{zz: [{name}]}}\n" for name in COMMANDS),
    # In a language that has no lexicon: to learn one costs more than all that is tested here.
    "emergency/replies.yaml": "redirect: {zz: Call 911.}\nnotice: {zz: Call 911.}\nlines: {suicide: {zz: Call 988.}}\n",
    EXAMPLES: "weapon_gun:\n  emergency:\n    - he has a gun in here\nordinary:\n  none:\n    - where is the library\n",
    FACTS: "- {value: '911', what: emergencies, source: 'https://police.example', read_on: 2026-11-22}\n",
}
LARGEST = 2 * 1024 * 1024  # bytes


@dataclass(frozen=True, slots=True)
class Case:
    """A file that must be refused. `line` 0: any line of it will do. `put` makes the file, when bytes cannot say it."""

    name: str
    file: str
    content: bytes = b""
    line: int = 0
    says: str = ""
    put: Callable[[Path], None] | None = None

    def make(self, folder: Path) -> None:
        """Put it into the folder, in place of what stands there."""
        path = folder / self.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        if self.put is None:
            path.write_bytes(self.content)
        else:
            self.put(path)


def write(folder: Path) -> Path:
    """The small whole folder with the kinds of file that it lacks."""
    small_folder.write(folder)
    for name, text in MORE.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


# What no file may hold, whatever it is for: name, content, line, a word of the refusal.
SYNTAX: tuple[tuple[str, bytes, int, str], ...] = (
    ("an anchor", b"a: &x 1\n", 1, "anchors"),
    ("an alias", b"a: 1\nb: *x\n", 2, "anchors"),
    ("a bomb of aliases", b"a: &a [x,x]\n" + b"".join(
        b"%c: &%c [*%c,*%c]\n" % (98 + i, 98 + i, 97 + i, 97 + i) for i in range(20)), 1, "anchors"),
    ("a list that holds itself", b"a: &a [*a]\n", 1, "anchors"),
    ("a merge key", b"a: 1\n<<: {b: 2}\n", 2, "merge keys"),
    ("a list of merges", b"<<: [{a: 1}, {b: 2}]\n", 1, "merge keys"),
    ("a bomb of merges", b"&a a: &b {<<: *a}\n", 1, "anchors"),
    ("a tag that runs code", b"a: !!python/object/apply:os.system [x]\n", 1, "tags"),
    ("a tag that makes a module", b"a: !!python/module:os x\n", 1, "tags"),
    ("a tag of its own", b"a: 1\nb: !x 1\n", 2, "tags"),
    ("a tag in full", b"a: !<tag:yaml.org,2002:str> x\n", 1, "tags"),
    ("a tag for bytes", b"a: !!binary aGVsbG8=\n", 1, "tags"),
    ("a tag for a set", b"--- !!set\n? a\n? b\n", 1, "tags"),
    ("a tag of a megabyte", b"a: !" + b"x" * 1_000_000 + b" 1\n", 1, ""),
    ("a key that stands twice", b"a: 1\nb: 2\na: 3\n", 3, "stands twice"),
    ("a key that stands twice within", b"a:\n  b: 1\n  b: 2\n", 3, "stands twice"),
    ("a key that stands thousands of times", b"a: 1\n" * 7_000, 2, "stands twice"),
    ("a list for a key", b"? [a, b]\n: 1\n", 1, "key must be a word"),
    ("a mapping for a key", b"{a: 1}: 2\n", 1, "key must be a word"),
    ("ten thousand open brackets", b"[" * 30_000, 1, "deeper than 20"),
    ("ten thousand open braces", b"{a: " * 30_000, 1, "deeper than 20"),
    ("forty lists in each other", b"- " * 40 + b"a\n", 1, "deeper than 20"),
    ("forty mappings in each other", b"".join(b" " * i + b"a:\n" for i in range(40)), 21, "deeper than 20"),
    ("a tab that indents", b"a: 1\n\tb: 2\n", 2, "not YAML"),
    ("a tab that indents within", b"a:\n  - b\n\t- c\n", 3, "not YAML"),
    ("a single quote left open", b"a: 'never closed\n", 2, "not YAML"),
    ("a double quote left open", b'a: "never closed\n', 2, "not YAML"),
    ("a bracket left open", b"a: [1, 2\nb: 3\n", 2, "not YAML"),
    ("a brace left open", b"a: {b: 1\n", 2, "not YAML"),
    ("a bracket too many", b"a: 1]\n- b\n", 2, "not YAML"),
    ("a list where a field was", b"a: 1\n- b\n", 2, "not YAML"),
    ("a field within a text", b"a: b: c\n", 1, "not YAML"),
    ("two documents", b"a: 1\n---\nb: 2\n", 2, "not YAML"),
    ("a thousand documents", b"--- a\n" * 1_000, 2, "not YAML"),
    ("a version from the future", b"%YAML 9.9\n---\na: 1\n", 1, "not YAML"),
    ("two versions", b"%YAML 1.1\n%YAML 1.1\n---\na: 1\n", 2, "not YAML"),
    ("a directive without a document", b"%YAML 1.1\na: 1\n", 2, "not YAML"),
    ("a handle that nobody declared", b"a: !e!x 1\n", 1, "not YAML"),
    ("a sign that is reserved", b"a: @x\n", 1, "not YAML"),
    ("a backquote", b"a: `x`\n", 1, "not YAML"),
    ("a block of no depth", b"a: |0\n  x\n", 1, "not YAML"),
    ("a key of two thousand letters", b"a: 1\n" + b"k" * 2_000 + b": 1\n", 2, "not YAML"),
    ("a key over two lines", b'"a\n b": 1\nc: 2\n', 2, "not YAML"),
    ("an escape nobody knows", b'a: "\\q"\n', 1, "not YAML"),
    ("half a character by its number", b'a: "\\ud800"\n', 1, "not YAML"),
    ("a character beyond the last one", b'a: "\\U00110000"\n', 1, "not YAML"),
    ("Latin-1", b"a: 1\nb: caf\xe9\n", 2, "not UTF-8"),
    ("UTF-16", "a: 1\n".encode("utf-16"), 1, "not UTF-8"),
    ("UTF-16 without a mark", "a: caf\u00e9\n".encode("utf-16-be"), 1, ""),
    ("UTF-32", "a: 1\n".encode("utf-32"), 1, "not UTF-8"),
    ("half a character at the end", b"a: \xf0\x9f\x98", 1, "not UTF-8"),
    ("a slash written too long", b"a: \xc0\xaf\n", 1, "not UTF-8"),
    ("half a pair as UTF-8", b"a: \xed\xa0\x80\n", 1, "not UTF-8"),
    ("a NUL byte", b"a: 1\nb: x\x00y\n", 2, "not YAML"),
    ("an escape of a terminal", b"a: 1\nb: \x1b[2J\n", 2, "not YAML"),
    ("a bell", b"a: \x07\n", 1, "not YAML"),
    ("a deleted character", b"a: \x7f\n", 1, "not YAML"),
    ("no character at all", "a: 1\nb: \ufffe\n".encode(), 2, "not YAML"),
    ("a megabyte of zeros", b"\x00" * 1_000_000, 1, "not YAML"),
    ("one byte too many", b"a: " + b"x" * LARGEST, 1, "split it"),
    ("half a million items", b"- a\n" * 500_000, 0, "split it"),
    ("a list of a million commas", b"[" + b"a," * 1_000_000 + b"]", 1, "split it"),
    ("a hundred thousand fields", b"".join(b"k%d: v\n" % i for i in range(100_000)), 0, "split it"),
    ("random bytes", bytes(range(256)) * 40, 2, "not UTF-8"),
)  # fmt: skip

_MANY = "thousands of faults"
# What is sound YAML and no form: for files that are lists, and for those that are mappings.
SHAPES: tuple[tuple[str, str], ...] = (
    ("a text", "hello\n"),
    ("a number", "42\n"),
    ("a list of texts", "- a\n- b\n"),
    ("a list of lists", "- [a]\n- [b]\n"),
    ("a list of nothing", "- \n- ~\n"),
    ("an empty mapping in a list", "- {}\n"),
    ("a key of emoji", '- {"\U0001f600": 1}\n'),
    ("a key that is empty", '- {"": 1}\n'),
    ("a key of nine hundred letters", f"- {{{'k' * 900}: 1}}\n"),
    ("a key that turns the line around", '- {"\u202eedoc": 1}\n'),
    ("a key of two lines", '- {"a\\nb": 1}\n'),
    ("a key that is a number", "- {1: 2}\n"),
    (_MANY, "- {a: 1, b: 2}\n" * 1_800),
)


def _shapes() -> Iterator[Case]:
    for file in LISTS:
        yield Case(f"{file}: a mapping for a list", file, b"a: 1\n", 1, "must be a list")
    for file in (*LISTS, *MAPPINGS):
        for name, text in SHAPES:
            if name == _MANY and file not in ("faqs/a.yaml", FACTS, EXAMPLES, "emergency/words.yaml"):
                continue  # it takes the longest, and these are all the ways in which files are read
            if file == EXAMPLES and "{}" in text:
                continue  # of this file an empty mapping is a sound one
            is_one = text.startswith("- {") and text.count("\n") == 1
            yield Case(f"{file}: {name}", file, text.removeprefix("- " * (is_one and file in MAPPINGS)).encode(), 1)


_ENTRY = """\
- id: a
  risk: low
  owner: Records
  checked_on: 2026-11-22
  review_every: 180 days
  source: {title: A page, url: "https://police.example"}
  related: [b]
  channels: [{kind: hours, value: 22:30}]
  en:
    title: a
    asks: [how do i get an a]
    answer: The first answer.
"""
# A sound entry broken in one place: what is replaced, by what, the line at fault, a word of the refusal.
ENTRIES: tuple[tuple[str, str, int, str], ...] = (
    ("- id: a", "- id: no such id", 1, "small letters"),
    ("- id: a", "- id: A", 1, "small letters"),
    ("- id: a", "- id: a--b", 1, "small letters"),
    ("- id: a", "- id: -a", 1, "small letters"),
    ("- id: a", "- id: ../../etc/passwd", 1, "small letters"),
    ("- id: a", "- id: añadir", 1, "small letters"),
    ("- id: a", "- id: \U0001f600", 1, "small letters"),
    ("- id: a", "- id: ''", 1, "small letters"),
    ("- id: a", "- id: null", 1, "must be text"),
    ("- id: a", "- id: [a]", 1, "must be text"),
    ("- id: a", "- id: {a: b}", 1, "must be text"),
    ("- id: a", "- id: " + "a" * 41, 1, "too long"),
    ("- id: a", "- id: " + "9" * 5_000, 1, "too long"),
    ("- id: a", "- name: a", 1, "missing"),
    ("- id: a\n", "- id: a\n  id: b\n", 2, "stands twice"),
    ("risk: low", "risk: medium", 2, "`low` or `high`"),
    ("risk: low", "risk: no", 2, "`low` or `high`"),
    ("risk: low", "risk: null", 2, "`low` or `high`"),
    ("risk: low", "risk: [low]", 2, "`low` or `high`"),
    ("risk: low", "Risk: low", 2, "did you mean `risk`"),
    ("owner: Records", "owner: [Records]", 3, "must be text"),
    ("owner: Records", "owner: ''", 3, "empty"),
    ("owner: Records", "owner: '  '", 3, "empty"),
    ("owner: Records", "owner: " + "x" * 501, 3, "too long"),
    ("owner: Records", 'owner: "a\\0b"', 3, "control character"),
    ("owner: Records", 'owner: "a\\e[31m"', 3, "control character"),
    ("owner: Records", 'owner: "a\\u202eb"', 3, "control character"),
    ("owner: Records", "ówner: Records", 3, "did you mean `owner`"),
    ("2026-11-22", "22.11.2026", 4, "year-month-day"),
    ("2026-11-22", "2026-02-30", 4, "year-month-day"),
    ("2026-11-22", "2026-13-01", 4, "year-month-day"),
    ("2026-11-22", "20261122", 4, "year-month-day"),
    ("2026-11-22", "2026-W47-7", 4, "year-month-day"),
    ("2026-11-22", "2026-11-22T10:00:00", 4, "year-month-day"),
    ("2026-11-22", "٢٠٢٦-١١-٢٢", 4, "year-month-day"),
    ("2026-11-22", "9999-12-31", 4, "between 2000 and 2099"),
    ("2026-11-22", "0001-01-01", 4, "between 2000 and 2099"),
    ("2026-11-22", "tomorrow", 4, "year-month-day"),
    ("2026-11-22", "[2026]", 4, "year-month-day"),
    ("2026-11-22", "1" * 5_000, 4, "year-month-day"),
    ("180 days", "often", 5, "180 days"),
    ("180 days", "180", 5, "180 days"),
    ("180 days", "-1 days", 5, "180 days"),
    ("180 days", "1e9 days", 5, "180 days"),
    ("180 days", "9999 years", 5, "ten years"),
    ("180 days", "99999999999999999999 days", 5, "180 days"),
    ("180 days", "٣ days", 5, "180 days"),
    ("180 days", "{days: 180}", 5, "180 days"),
    ("title: A page, ", "", 6, "missing"),
    ("https://police.example", "javascript:alert(1)", 6, "https://"),
    ("https://police.example", "file:///etc/passwd", 6, "https://"),
    ("https://police.example", "https://", 6, "https://"),
    ("https://police.example", "https://police.example/ x", 6, "https://"),
    ("https://police.example", "www.police.example", 6, "https://"),
    ("https://police.example", "https://police.example/" + "x" * 600, 6, "too long"),
    ("source: {", "source: [", 6, "not YAML"),
    ('source: {title: A page, url: "https://police.example"}', "source: https://police.example", 6, "must hold fields"),
    ('source: {title: A page, url: "https://police.example"}', "source: []", 6, "must hold fields"),
    ("related: [b]", "related: b", 7, "must be a list"),
    ("related: [b]", "related: {b: 1}", 7, "must be a list"),
    ("related: [b]", "related: [B]", 7, "small letters"),
    ("related: [b]", "related: [[b]]", 7, "must be text"),
    ("related: [b]", "related: [null]", 7, "must be text"),
    ("kind: hours", "kind: fax", 8, "`phone`"),
    ("kind: hours, ", "", 8, "missing"),
    ("value: 22:30", "valeu: 22:30", 8, "not known"),
    ("value: 22:30", "value: []", 8, ""),
    ("value: 22:30", "value: {english: x}", 8, ""),
    ("value: 22:30", "value: {}", 8, ""),
    ("value: 22:30", "value: ''", 8, "empty"),
    ("  en:\n", "  english:\n", 1, "no language"),
    ("  en:\n", "  EN:\n", 1, "no language"),
    ("  en:\n", "  wordings:\n", 9, "write each language as a key"),
    ("  en:\n", "  english: {}\n  en:\n", 9, "not known"),
    ("    title: a\n", "", 9, "missing"),
    ("    title: a\n", "    titel: a\n", 10, "did you mean `title`"),
    ("    title: a\n", "    title: null\n", 10, "must be text"),
    ("    title: a\n", "    title: [a]\n", 10, "must be text"),
    ("    title: a\n", "    title: a\n    title: b\n", 11, "stands twice"),
    ("    title: a\n", f"    title: {'a' * 501}\n", 10, "too long"),
    ("    title: a\n", '    title: "a\\u2066b"\n', 10, "control character"),
    ("    title: a\n", '    title: "a\\u200bb"\n', 10, "control character"),
    ("    title: a\n", "    title: a\n    translates: xyz\n", 11, "not written as it must be"),
    ("    title: a\n", "    title: a\n    approved_by: ''\n", 11, "empty"),
    ("    asks: [how do i get an a]\n", "", 9, "missing"),
    ("asks: [how do i get an a]", "asks: how", 11, "must be a list"),
    ("asks: [how do i get an a]", "asks: {a: b}", 11, "must be a list"),
    ("asks: [how do i get an a]", "asks: [[a]]", 11, "must be text"),
    ("asks: [how do i get an a]", "asks: [{a: b}]", 11, "must be text"),
    ("asks: [how do i get an a]", "asks: [a, null]", 11, "must be text"),
    ("asks: [how do i get an a]", "asks: ['']", 11, "empty"),
    ("asks: [how do i get an a]", "asks:\n    - a\n    - ~\n", 13, "must be text"),
    ("    answer: The first answer.\n", "", 9, "missing"),
    ("answer: The first answer.", "answer: [a]", 12, "must be text"),
    ("answer: The first answer.", "answer: {a: b}", 12, "must be text"),
    ("answer: The first answer.", "answer: ''", 12, "empty"),
    ("answer: The first answer.", "answer: |\n", 12, "empty"),
    ("answer: The first answer.", "answer: Call: 911", 12, "not YAML"),
    ("answer: The first answer.", 'answer: "a\\u202eb"', 12, "control character"),
    ("answer: The first answer.", 'answer: "a\\u2028b"', 12, "control character"),
    ("answer: The first answer.", 'answer: "\\U000e0041"', 12, "control character"),
    ("answer: The first answer.", 'answer: "a\\rb"', 12, "control character"),
    ("answer: The first answer.", f"answer: {'a' * 6_001}", 12, "too long"),
    ("answer: The first answer.", "answer: x\n    anser: y", 13, "did you mean `answer`"),
)

# Sound YAML in the other files, wrong in one place: file, content, line, a word of the refusal.
OTHERS: tuple[tuple[str, str, int, str], ...] = (
    ("questions/q.yaml", "- {ask: x, language: english, expect: a}\n", 1, "two small letters"),
    ("questions/q.yaml", "- {ask: x, language: en}\n", 1, "missing"),
    ("questions/q.yaml", "- {ask: '', language: en, expect: a}\n", 1, "empty"),
    ("questions/q.yaml", "- {ask: x, language: en, expect: 'No'}\n", 1, "small letters"),
    (FACTS, "- {value: '911', what: x, source: nowhere}\n", 1, "https://"),
    (FACTS, "- {value: nothing, what: x, source: null}\n", 1, "no value is found"),
    (FACTS, "- {value: 911 and 311, what: x, source: null}\n", 1, "several values"),
    (FACTS, "- {value: '911', what: x, source: null}\n- {value: '9-1-1', what: x, source: null}\n", 2, "already"),
    (FACTS, "- {value: '911', what: x, source: null, local: 'yes'}\n", 1, "`true` or `false`"),
    (FACTS, "- {value: '911', what: x, source: null, local: true}\n", 1, "has a source"),
    (FACTS, "- {value: '911', source: null}\n", 1, "missing"),
    (FACTS, "- {value: '911', what: x, source: null, read_on: today}\n", 1, "year-month-day"),
    (FACTS, "".join(f"- {{value: '{'1' * 450}{n}', what: x, source: nowhere}}\n" for n in range(1_500)), 1, "https://"),
    (FACTS, "".join(f"- {{value: '{'9' * 490}{n}', what: x, source: null}}\n" for n in range(1_500)) + "x", 0, ""),
    (FACTS, f"- {{value: '{'a.' * 200}', what: x, source: null}}\n" * 1_500, 1, "no value is found"),
    (FACTS, f"- {{value: '{'1-' * 200}', what: x, source: null}}\n" * 1_500, 1, ""),
    ("department.yaml", "name: {en: x}\ntime_zone: Danbury\nlanguages: [en]\n", 2, "America/New_York"),
    ("department.yaml", "name: {en: x}\ntime_zone: ../../etc/passwd\nlanguages: [en]\n", 2, "America/New_York"),
    ("department.yaml", "name: {en: x}\ntime_zone: UTC\nlanguages: []\n", 3, "empty"),
    ("department.yaml", "name: {}\ntime_zone: UTC\nlanguages: [en]\n", 1, "empty"),
    ("department.yaml", "name: {en: x}\ntime_zone: UTC\nlanguages: [en]\nlinks: {website: x}\n", 4, "https://"),
    ("phrases.yaml", "sentences: {}\ncommands: {}\n", 1, "lacks"),
    ("phrases.yaml", "sentences: {greeting: hello}\ncommands: {}\n", 1, "must hold fields"),
    ("phrases.yaml", "sentences: {'\U0001f600': {en: x}}\ncommands: {}\n", 1, ""),
    ("emergency/words.yaml", "classes: {small: [x]}\n", 1, ""),
    ("emergency/words.yaml", "classes: {ONE: [TWO], TWO: [ONE]}\n", 1, "part of itself"),
    ("emergency/words.yaml", "classes: {ONE: [two words]}\n", 1, "must be one word"),
    ("emergency/words.yaml", "classes: {ONE: [NONE_SUCH]}\n", 1, "not here"),
    ("emergency/stand_down.yaml", "now: [right now]\n", 1, "missing"),
    ("emergency/replies.yaml", "redirect: {}\nnotice: {en: x}\nlines: {}\n", 1, "empty"),
    ("emergency/replies.yaml", "redirect: {en: x}\nnotice: {english: x}\nlines: {}\n", 2, "two small letters"),
    ("emergency/replies.yaml", 'redirect: {en: "x\\u202e"}\nnotice: {en: x}\nlines: {}\n', 1, "control character"),
    ("emergency/cues/violence.yaml", "- {id: x, kind: x, level: high, any: [gun], raises: [gun]}\n", 1, "`caution`"),
    ("emergency/cues/violence.yaml", "- {id: x, kind: x, level: caution, any: [], raises: [gun]}\n", 1, "empty"),
    ("emergency/cues/violence.yaml", "- {id: x, kind: x, level: caution, any: [NONE x], raises: [x]}\n", 1, "no class"),
    ("emergency/cues/violence.yaml", "- {id: x, kind: x, level: caution, any: [a], raises: [b]}\n", 1, "must raise"),
    (EXAMPLES, "weapon_gun: {urgent: [x]}\n", 1, ""),
    (EXAMPLES, "weapon_gun: {emergency: []}\n", 1, "empty"),
    (EXAMPLES, "a: {emergency: [x y]}\nb: {none: [x y]}\n", 2, "and `emergency` at"),
)


def _of_the_disk() -> Iterator[Case]:
    """What is no readable file: a way round in a circle, a pipe that nobody writes to, a folder, a device."""
    for file in (*LISTS, *MAPPINGS):
        yield Case(f"{file}: a link to itself", file, line=1, says="cannot be opened", put=lambda p: p.symlink_to(p))
        yield Case(f"{file}: a pipe", file, line=1, says="not a regular file", put=os.mkfifo)
    file = "faqs/a.yaml"
    yield Case("a folder for a file", file, line=1, says="not a regular file", put=Path.mkdir)
    yield Case("a link to a folder", file, line=1, says="not a regular file", put=lambda p: p.symlink_to(p.parent))
    yield Case("a link to nothing", "faqs/zz.yaml", line=1, says="cannot be opened", put=lambda p: p.symlink_to("gone"))
    yield Case("a device", file, line=1, says="not a regular file", put=lambda p: p.symlink_to("/dev/zero"))
    yield Case("fifty megabytes", file, line=1, says="split it", put=_sparse)
    yield Case("a name of control characters", "faqs/a\n\x1b[2J.yaml", b"- x\n", 1, "plain letters")


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(50 * 1024 * 1024)


def cases() -> tuple[Case, ...]:
    """All of them, in a fixed order, each under a name of its own."""
    found = list(_shapes())
    for file in ("faqs/a.yaml", "emergency/words.yaml"):
        found += [Case(f"{file}: {name}", file, content, line, says) for name, content, line, says in SYNTAX]
    for file in (*LISTS, *MAPPINGS):
        some = SYNTAX[:: len(SYNTAX) // 6]
        found += [Case(f"{file}: {name}", file, content, line, says) for name, content, line, says in some]
    for at, (change, into, line, says) in enumerate(ENTRIES):
        broken = _ENTRY.replace(change, into, 1)
        assert broken != _ENTRY, change
        found.append(Case(f"entry {at}: {into.strip()[:40]}", "faqs/a.yaml", broken.encode(), line, says))
    for at, (file, text, line, says) in enumerate(OTHERS):
        found.append(Case(f"{file} {at}", file, text.encode(), line, says))
    found += _of_the_disk()
    return tuple({case.name: case for case in found}.values())
