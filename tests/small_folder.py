"""A whole knowledge folder, small enough to be loaded in a blink: one file of each kind."""

import shutil
from pathlib import Path

from tests.builders import REAL_FOLDER

_FILES = {
    "emergency/words.yaml": """\
classes:
  FILLER: [a, the, un, una, um, uma]
  PERSON: [he, she, somebody]
  HAVE: [has, had]
  WEAPON: [gun, knife]
ordinary: [fun]
""",
    "emergency/cues/violence.yaml": """\
- id: has-weapon
  kind: weapon_gun
  level: emergency
  hard: true
  any: [PERSON HAVE WEAPON]
  raises: [he has a gun]
  spares: [gun permit]
- id: bare-911
  kind: generic_help
  level: emergency
  any: [^ 911 $]
  raises: ["911"]
""",
    "emergency/stand_down.yaml": """\
now: [right now]
past: [last week]
paperwork: [report]
hypothetical: [what if]
close: [my]
nobody_hurt: [nobody hurt]
resolved: [false alarm]
fiction: [movie]
idiom: [gun show]
called_off: [^ no wrong]
""",
    "emergency/replies.yaml": """\
redirect: {en: Call 911 now., es: Llame al 911 ahora., pt: Ligue 911 agora.}
notice: {en: "If this is happening now, call 911."}
lines: {suicide: {en: Call or text 988.}}
""",
    "questions/q.yaml": "- {ask: how do i get an a, language: en, expect: a}\n",
}
_ENTRY = """\
- id: {id}
  en:
    title: {id}
    asks: [how do i get a {id}]
    answer: The first answer.
"""
ENTRY_FILES = ("faqs/a.yaml", "programs/b.yaml", "contacts.yaml", "out_of_scope.yaml")
FILES = (*ENTRY_FILES, "phrases.yaml", "department.yaml", *_FILES)


def write(folder: Path) -> Path:
    """Put the files there, and give the folder back."""
    for name, text in _FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    for name in ENTRY_FILES:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(_ENTRY.format(id=Path(name).stem.replace("_", "-")))
    for name in ("phrases.yaml", "department.yaml"):
        shutil.copyfile(REAL_FOLDER / name, folder / name)
    return folder
