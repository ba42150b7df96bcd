"""Edits of the knowledge as text: each changes its own lines and no other, and what comes out is sound."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.entry import fingerprint
from bot.knowledge import edit_form, edit_reading, source
from bot.knowledge.edit import Change, EditRefused, Texts, changes
from bot.knowledge.edit_builders import (
    NewEntry,
    add_entry,
    add_phrases,
    add_question,
    approve_translation,
    mark_checked,
    prose,
    replace_entry,
    retyped,
    withdraw,
    yaml_of,
)
from bot.knowledge.edit_form import change_entry, filled
from bot.knowledge.edit_merge import lines_of
from bot.knowledge.source import Node, Problem
from tests.builders import REAL_FOLDER

REAL = edit_reading.texts(REAL_FOLDER)
ENTRIES = [
    (name, item.id or "")
    for name, text in REAL.items()
    if edit_reading.is_of_entries(name)
    for item in edit_reading.listing(name, text).items
]
# Everything a hand may have put there that a writer of YAML would rather lay out its own way.
BY_HAND = """\
# The file's own heading
- id: first   # stays
  # why it is low
  risk:   low
  related: [ second,third ]
  channels:
    - {kind: phone,   value: null}  # not confirmed
  en:
    title: 'One: a title'  # quoted
    asks:
      - "how do i"   # in quotes
      # between two
      - 'yes'
      - no
      # after the last
    answer: |  # the useful thing first
      One.

        Two, further in.
    # under the answer
    who: >-
      folded
      text

# Of the second one
- id: second
  en: {title: Second, asks: [b], answer: B.}
  es:
    title: Segundo
    asks:
    - sin sangría
    answer: Bé.
    translates: "0123456789ab"
    approved_by: "Ana"


# the end
"""
HAND: Texts = {"faqs/hand.yaml": BY_HAND}


def read(text: str, name: str = "faqs/hand.yaml") -> Node:
    problems: list[Problem] = []
    node = source.node(name, text.encode(), problems)
    assert problems == []
    assert node is not None
    return node


def entry(texts: Texts, entry_id: str) -> dict[str, object]:
    plain: dict[str, object] = edit_reading.found(texts, entry_id)[1].node.plain()
    return plain


def touched(before: str, after: str) -> tuple[list[str], list[str]]:
    """The lines that went and those that came, between what both begin and end with."""
    old, new = lines_of(before), lines_of(after)
    while old and new and old[0] == new[0]:
        del old[0], new[0]
    while old and new and old[-1] == new[-1]:
        del old[-1], new[-1]
    return old, new


@pytest.mark.parametrize(("name", "entry_id"), ENTRIES[:: max(1, len(ENTRIES) // 12)])
def test_a_phrase_added_to_any_entry_of_ours_is_one_new_line(name: str, entry_id: str) -> None:
    language = next(iter(filled(REAL, entry_id).wordings))
    after = add_phrases(REAL, entry_id, language, ["a phrase: that # nobody has said"])
    gone, came = touched(REAL[name], after[name])
    assert (gone, [line.strip() for line in came]) == ([], ["- 'a phrase: that # nobody has said'"])
    assert {other: text for other, text in after.items() if other != name} == {
        other: text for other, text in REAL.items() if other != name
    }


@settings(max_examples=12, deadline=None)
@given(st.data())
def test_editing_one_entry_leaves_every_other_line_of_our_files_byte_for_byte(data: st.DataObject) -> None:
    name, entry_id = data.draw(st.sampled_from(ENTRIES))
    form = filled(REAL, entry_id)
    language = data.draw(st.sampled_from(list(form.wordings)))
    text = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Cf", "Zl", "Zp")), min_size=1, max_size=60)
    answer = "\n".join(data.draw(st.lists(text, min_size=1, max_size=4)))
    title = data.draw(text.filter(str.strip))
    said = replace(form.wordings[language], title=title, answer=answer)
    try:
        after = change_entry(REAL, entry_id, replace(form, wordings={**form.wordings, language: said}))
    except EditRefused:
        return  # what was typed comes to what stands there
    before = edit_reading.listing(name, REAL[name])
    item = next(item for item in before.items if item.id == entry_id)
    below = len(before.lines) - item.end
    new = lines_of(after[name])
    assert tuple(new[: item.first]) == before.lines[: item.first]
    assert tuple(new[len(new) - below :]) == before.lines[item.end :]
    written = filled(after, entry_id).wordings[language]
    assert written.title == " ".join(title.split())
    assert written.answer == prose(answer)
    assert {code: said for code, said in filled(after, entry_id).wordings.items() if code != language} == {
        code: said for code, said in form.wordings.items() if code != language
    }


def test_comments_quotes_and_order_stay_as_a_hand_wrote_them() -> None:
    form = filled(HAND, "first")
    said = replace(form.wordings["en"], title="Two: a title", phrases=("how do i", "no", "something new"))
    after = change_entry(HAND, "first", replace(form, wordings={"en": said}))["faqs/hand.yaml"]
    assert after == BY_HAND.replace("'One: a title'", "'Two: a title'").replace("      - 'yes'\n", "").replace(
        "      - no\n      # after the last\n", "      - no\n      # after the last\n      - something new\n"
    )


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_line_ends_and_a_missing_last_one_stay_as_they_are(ends: str) -> None:
    text = BY_HAND.replace("\n", ends)
    after = mark_checked({"faqs/hand.yaml": text}, "first", date(2026, 11, 23))["faqs/hand.yaml"]
    gone, came = touched(text, after)
    assert (gone, came) == ([], [f"  checked_on: 2026-11-23{ends}"])
    bare = "- id: last\n  en: {title: T, asks: [], answer: null}"
    assert add_phrases({"faqs/b.yaml": bare}, "last", "en", ["x"])["faqs/b.yaml"] == bare.replace("[]", "[x]")


@pytest.mark.parametrize(
    "typed", ["null", "~", "yes", "0123", "a: b", "# no", "- dash", "*star", "'", '"', "{", "@x", "ñ ç"]
)
def test_whatever_is_typed_is_read_as_it_was_typed(typed: str) -> None:
    form = filled(HAND, "second")
    for code in ("en", "es"):
        said = replace(form.wordings[code], title=typed, phrases=(typed,), answer=typed)
        after = change_entry(HAND, "second", replace(form, wordings={**form.wordings, code: said}))
        wording = entry(after, "second")[code]
        assert isinstance(wording, dict)
        assert (wording["title"], wording["asks"], str(wording["answer"]).strip()) == (typed, [typed], typed)


def test_a_field_that_is_set_stands_where_it_belongs_and_goes_when_it_is_emptied() -> None:
    form = filled(HAND, "second")
    made = change_entry(
        HAND, "second", replace(form, is_crisis=True, owner="Records", source_url="https://a.example/b")
    )
    _, came = touched(BY_HAND, made["faqs/hand.yaml"])
    assert came == ["  crisis: true\n", "  owner: Records\n", "  source:\n", "    url: https://a.example/b\n"]
    assert change_entry(made, "second", form)["faqs/hand.yaml"] == BY_HAND


def test_a_new_answer_takes_the_signature_off_a_translation_and_only_a_person_says_that_it_is_current() -> None:
    form = filled(HAND, "second")
    said = replace(form.wordings["es"], answer="Otra cosa.")
    wording = entry(change_entry(HAND, "second", replace(form, wordings={**form.wordings, "es": said})), "second")["es"]
    assert isinstance(wording, dict)
    assert (wording["approved_by"], wording["translates"]) == (None, "0123456789ab")
    current = replace(form.wordings["es"], is_current=True)
    made = change_entry(HAND, "second", replace(form, wordings={**form.wordings, "es": current}))
    wording = entry(made, "second")["es"]
    assert isinstance(wording, dict)
    assert (wording["approved_by"], wording["translates"]) == ("Ana", fingerprint("B."))


def test_a_language_that_is_added_translates_the_answer_there_is_and_nobody_has_signed_it() -> None:
    form = filled(HAND, "first")
    made = change_entry(
        HAND, "first", replace(form, wordings={**form.wordings, "pt": edit_form.Said("Um", ("a", "b"), "Um.\nDois.")})
    )
    mark = fingerprint(filled(HAND, "first").wordings["en"].answer or "")
    assert entry(made, "first")["pt"] == {
        "title": "Um", "asks": ["a", "b"], "answer": "Um.\nDois.\n", "translates": mark, "approved_by": None
    }  # fmt: skip


def test_approving_signs_the_present_original() -> None:
    made = approve_translation(HAND, "second", "es", " Rosa  Lima ")
    gone, came = touched(BY_HAND, made["faqs/hand.yaml"])
    assert gone == ['    translates: "0123456789ab"\n', '    approved_by: "Ana"\n']
    assert came == [f'    translates: "{fingerprint("B.")}"\n', '    approved_by: "Rosa Lima"\n']


@pytest.mark.parametrize(("language", "name"), [("en", "Ana"), ("pt", "Ana"), ("es", " ")])
def test_an_original_a_missing_language_and_nobody_are_not_approved(language: str, name: str) -> None:
    with pytest.raises(EditRefused):
        approve_translation(HAND, "second", language, name)


def test_withdrawing_takes_every_answer_detail_and_channel_away_and_nothing_else() -> None:
    plain = entry(withdraw(HAND, "first"), "first")
    assert plain["channels"] == [{"kind": "phone", "value": None}]
    assert isinstance(wording := plain["en"], dict)
    assert (wording["answer"], "who" in wording, wording["asks"]) == (None, False, ["how do i", "yes", "no"])
    assert withdraw(HAND, "first")["faqs/hand.yaml"].count("#") == BY_HAND.count("#") - 1  # that of the answer's line
    with pytest.raises(EditRefused, match="says nothing already"):
        withdraw(withdraw(HAND, "first"), "first")


def test_a_phrase_that_is_there_already_is_not_added_twice() -> None:
    with pytest.raises(EditRefused, match="already"):
        add_phrases(HAND, "first", "en", ["How do I?"])


def test_a_question_stands_beside_those_of_its_entry_and_once() -> None:
    texts = {
        "questions/a.yaml": "- {ask: one, language: en, expect: first}\n\n- {ask: two, language: en, expect: second}\n",
        "questions/known_misses.yaml": "- {ask: three, language: en, expect: second}\n" * 3,
    }
    made = add_question(texts, 'so "what"', "en", "first")
    assert made["questions/a.yaml"].splitlines()[1] == '- {ask: "so \\"what\\"", language: en, expect: first}'
    assert add_question(made, "So what!", "en", "first") == made
    with pytest.raises(EditRefused, match="is a test already"):
        add_question(made, "so what", "en", "second")
    assert add_question(texts, "none of ours", "en", None)["questions/added.yaml"].endswith(
        '- {ask: "none of ours", language: en, expect: null}\n'
    )


def test_a_new_entry_goes_below_the_others_and_no_name_is_taken_twice() -> None:
    made = add_entry(HAND, "faqs/hand.yaml", NewEntry("third", "en", "Third", ("c",), None, {"risk": "high"}))
    gone, came = touched(BY_HAND, made["faqs/hand.yaml"])
    assert (gone, came[0]) == ([], "- id: third\n")
    assert entry(made, "third") == {
        "id": "third", "risk": "high", "en": {"title": "Third", "asks": ["c"], "answer": None}
    }  # fmt: skip
    with pytest.raises(EditRefused, match="is there already"):
        add_entry(made, "faqs/other.yaml", NewEntry("third", "en", "T", (), None))
    with pytest.raises(EditRefused, match="do not stand"):
        add_entry(HAND, "../x.yaml", NewEntry("fourth", "en", "T", (), None))


def test_yaml_that_is_sent_back_as_it_was_changes_nothing_and_the_id_stays() -> None:
    assert replace_entry(HAND, "first", yaml_of(HAND, "first")) == HAND
    assert replace_entry(HAND, "first", yaml_of(HAND, "first").replace("\n", "\r\n")) == HAND
    with pytest.raises(EditRefused, match="the id must stay"):
        replace_entry(HAND, "first", yaml_of(HAND, "first").replace("id: first", "id: other"))


def test_broken_yaml_breaks_only_its_own_lines_and_is_given_back_as_it_was_typed() -> None:
    typed = "id: first\nen: {title: [\n- id: smuggled\n"
    made = replace_entry(HAND, "first", typed)
    gone, _ = touched(BY_HAND, made["faqs/hand.yaml"])
    assert "second" not in "".join(gone).replace("second,third", "")
    (change,) = changes(HAND, made)
    assert retyped(change, "first") == typed


@pytest.mark.parametrize(
    "text",
    [
        "[{id: first, en: {title: T, asks: [a], answer: B}}]",
        "- id: first\n  en: [\n",
        "id: first\n",
        "- {id: first}\n- 3",
    ],
)
def test_a_file_that_cannot_be_changed_line_by_line_is_left_alone_with_the_reason(text: str) -> None:
    with pytest.raises(EditRefused):
        withdraw({"faqs/x.yaml": text}, "first")


def test_the_changes_of_a_draft_are_the_files_that_differ() -> None:
    after = {**HAND, "faqs/new.yaml": "- id: x\n"}
    assert changes(HAND, after) == (Change("faqs/new.yaml", None, "- id: x\n"),)
    assert changes(after, HAND) == (Change("faqs/new.yaml", "- id: x\n", None),)


def test_only_files_of_the_folder_itself_are_edited(tmp_path: Path) -> None:
    (tmp_path / "faqs").mkdir()
    (tmp_path / "faqs/a.yaml").write_bytes(b"- id: a\r\n")
    (tmp_path / "faqs/b.yaml").write_bytes(b"\xff")
    assert edit_reading.texts(tmp_path) == {"faqs/a.yaml": "- id: a\r\n"}
