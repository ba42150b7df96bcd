"""What is kept of a question nobody could answer tells neither who asked nor about whom."""

import hashlib
import re
import statistics
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.core.redaction import redact
from tests import real_folder
from tests.benchmarks.command import DATA
from tests.benchmarks.redaction import HALVES, KINDS, lines, milliseconds, shares, tried
from tests.sizes import some

SAID = [
    # phones
    ("call me at 203-555-0100 please", "call me at [phone] please"),
    ("(203) 555-0100 or +1 203.555.0100", "[phone] or [phone]"),
    ("my cell is 2035550100, thanks", "my cell is [phone], thanks"),
    ("555-0100 is my number", "[phone] is my number"),
    ("+34 612 345 678 es mi celular", "[phone] es mi celular"),
    ("meu telefone é +55 11 91234-5678", "meu telefone é [phone]"),
    ("2 0 3 5 5 5 0 1 0 0", "[phone]"),
    ("two oh three five five five oh one oh oh", "[number] "),
    ("２０３－５５５－０１００", "[phone]"),
    ("203\u200b555\u200b0100", "[phone]"),
    # e-mail, links, handles
    ("write to john.smith@example.com, ok", "write to [email], ok"),
    ("john at example dot com", "[email]"),
    ("juan arroba ejemplo punto com", "[email]"),
    ("see http://me:secret@example.com/a?b=c now", "see [link] now"),
    ("@john_doe posted it", "[handle] posted it"),
    ("my instagram: johnd", "my instagram: [handle]"),
    # papers and cards
    ("my ssn is 123-45-6789", "my ssn is [ssn]"),
    ("social security number 123456789", "social security number [ssn]"),
    ("card 4111 1111 1111 1111 was stolen", "card [card] was stolen"),
    ("case number 4111111111111111", "case number [card]"),
    ("passport AB1234567 is lost", "passport [document] is lost"),
    ("cell 203-555-0138 x22", "cell [phone]"),
    ("dos cero tres cincuenta y cinco cinco cero uno sesenta y dos", "[number] "),
    ("write to lil.k@example .com now", "write to [email] now"),
    ("my ssn is 666-45-6789", "my ssn is [ssn]"),
    ("itin 912-70-3345 or 000-12-3456", "itin [ssn] or [ssn]"),
    # plates
    ("my plate is ABC-1234 help", "my plate is [plate] help"),
    ("license plate number ab12345", "license plate number [plate]"),
    ("la placa 1234 ABC se fue", "la placa [plate] se fue"),
    ("a red car AB12345 hit me", "a red car [plate] hit me"),
    # addresses
    ("i live at 12 Oak Street apt 3B, help", "i live at [address], help"),
    ("noise at 14 deer hill ave again", "noise at [address] again"),
    ("vivo en la calle Mayor 25", "vivo en la [address]"),
    ("moro na rua das Flores, 123", "moro na [address]"),
    ("po box 123", "[address]"),
    # birth dates
    ("I was born on 03/04/1985", "I was born on [birth date]"),
    ("dob 3/4/85", "dob [birth date]"),
    ("nací el 3 de marzo de 1985", "nací el [birth date]"),
    ("nascida em 12/10/1990", "nascida em [birth date]"),
    ("I am Ann, March 3, 1985", "I am [name], [birth date]"),
    # names
    ("my name is john smith and i want a report", "my name is [name] and i want a report"),
    ("My name is John Smith I need help", "My name is [name] I need help"),
    ("i am called Peter", "i am called [name]"),
    ("I'm John Smith from Bethel", "I'm [name] from Bethel"),
    ("my husband's name is robert brown", "my husband's name is [name]"),
    ("me llamo Juan Carlos Pérez y necesito ayuda", "me llamo [name] y necesito ayuda"),
    ("mi nombre es maria lopez quiero un reporte", "mi nombre es [name] quiero un reporte"),
    ("meu nome é João da Silva, preciso de ajuda", "meu nome é [name], preciso de ajuda"),
    ("me chamo Ana", "me chamo [name]"),
    ("Officer Jones was rude", "Officer [name] was rude"),
]  # fmt: skip


@pytest.mark.parametrize(("said", "kept"), SAID)
def test_a_personal_detail_leaves_only_its_kind(said: str, kept: str) -> None:
    assert redact(said) == kept


@pytest.mark.parametrize("said", [
    "case number 26-012345 status?",
    "case #2026-00012345",
    "case number is: 2035550100",
    "DPD-26-1234",
    "incident 26-12345 on 03/04/2026 at 8:00-16:00",
    "número de caso 26-1234",
    "boletim 1234567/2026",
    "incidente 2600099887 cuando sale",
])  # fmt: skip
def test_case_numbers_stay(said: str) -> None:
    assert redact(said) == said


@pytest.mark.parametrize("said", [
    "is it 911 or 988",
    "the form said error 1732381200",
    "order 4412907731 never came",
    "la placa del oficial es 1187",
    "can i call 203 from 8:00 to 16:00",
    "statutes 14-218, 14-222 and 29-38c",
    "the fee was $100 in 2019-2023",
    "danbury, CT 06810",
    "2 people fighting on white street",
    "5 way stop on main st",
    "meet me at danbury. thanks",
    "my name is spelled wrong on the crash paperwork",
    "what is the name of the chief",
    "i have a new license plate number to add",
    "no plates doing 90 on lake ave",
    "cómo se llama el jefe",
    "a quién se llama primero",
    "are names blacked out in the copy",
    "pistol license renewal",
    "on march 3 2026 there was a crash",
])  # fmt: skip
def test_a_question_without_a_personal_detail_stays_as_it_is(said: str) -> None:
    assert redact(said) == said


@pytest.mark.parametrize("said", ["my case 203-555-0100", "report 2035550100", "ticket (203) 555-0100"])
def test_a_phone_after_the_word_case_is_still_a_phone(said: str) -> None:
    assert redact(said) == f"{said.split()[0]} " + ("case [phone]" if "case" in said else "[phone]")


WORDS = st.sampled_from(["call me", "mi número es", "meu telefone é", "my card", "case", "report", "ok", "", "is it"])
FORMS = st.sampled_from([
    "{a}-{b}-{c}", "({a}) {b}-{c}", "{a}.{b}.{c}", "{a} {b} {c}", "{a}{b}{c}", "+1 {a} {b} {c}", "1-{a}-{b}-{c}",
    "+1({a}){b}-{c}", "{a}/{b}/{c}", "{a} - {b} - {c}", "{b}-{c}", "{b} {c}", "{a}–{b}–{c}", "{a},{b},{c}",
    "+34 {a} {b} {b}", "+55 11 9{c}-{c}", "{a}-{b}{c}",
])  # fmt: skip


@st.composite
def phones(draw: st.DrawFn) -> str:
    """A number of North America's plan (area and exchange begin with 2 to 9), or one from abroad, as people type it."""
    three = st.tuples(st.integers(2, 9), st.integers(0, 99)).map(lambda n: f"{n[0]}{n[1]:02}")
    return draw(FORMS).format(a=draw(three), b=draw(three), c=f"{draw(st.integers(0, 9999)):04}")


@settings(deadline=None)
@given(WORDS, phones(), WORDS)
def test_no_phone_number_passes(before: str, phone: str, after: str) -> None:
    kept = redact(f"{before} {phone} {after}")
    assert re.sub(r"\D", "", kept) == ""


@settings(deadline=None)
@given(WORDS, st.emails(), WORDS)
def test_no_email_passes(before: str, email: str, after: str) -> None:
    kept = redact(f"{before} {email} {after}")
    assert ("@" in kept, email in kept) == (False, False)


@st.composite
def cards(draw: st.DrawFn) -> str:
    """A number of 13 to 19 digits that satisfies Luhn's check, in groups of four or none."""
    digits = draw(st.text("0123456789", min_size=12, max_size=18))
    total = sum(int(d) if at % 2 else sum(divmod(2 * int(d), 10)) for at, d in enumerate(reversed(digits)))
    whole = digits + str(-total % 10)
    between = draw(st.sampled_from(["", " ", "-", " - "]))
    return between.join(whole[at : at + 4] for at in range(0, len(whole), 4))


@settings(deadline=None)
@given(WORDS, cards().filter(lambda card: not re.fullmatch(r"1[4-9]\d{11}", card)), WORDS)  # a computer's time
def test_no_card_number_passes(before: str, card: str, after: str) -> None:
    kept = redact(f"{before} {card} {after}")
    assert re.sub(r"\D", "", kept) == ""
    assert "[card]" in kept


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text_comes_out_storable(said: str) -> None:
    kept = redact(said)
    kept.encode()
    assert not re.search(r"[\x00-\x1f\u200b-\u200f]", kept)


@example("0@×")
@settings(deadline=None)
@given(st.lists(st.one_of(WORDS, phones(), st.emails(), cards(), st.text(max_size=20)), max_size=6).map(" ".join))
def test_redacting_twice_is_redacting_once(said: str) -> None:
    once = redact(said)
    assert redact(once) == once
    assert not re.search(r"\S@\S", once)


PIECES = [
    "a.", "1-", "1 ", "at ", "plate is ", "my name is ", "calle a ", "a at b dot ", " ", "Maria ", "Ab ", "a@",
    "a_at_b_", "Ann, ", "soy ", "my son ", "regards, ", "arroba ", "dot ", "one ", "12 Oak ", "apt 1 ", "AB ",
    "[name", "1.1.19", "order no ", "born the ", "twenty one ", "\u0663", "A",
]  # fmt: skip


@pytest.mark.parametrize("piece", some(PIECES, one_in=2))
def test_a_hostile_line_of_ten_thousand_characters_takes_time_in_proportion_to_its_length(piece: str) -> None:
    def spent(length: int) -> float:
        text = piece * (length // len(piece))
        started = time.process_time()
        redact(text)
        return time.process_time() - started

    shorter = min(spent(1_000) for _ in range(3))
    # Ten times the text: quadratic would be a hundred times the work.
    assert min(spent(10_000) for _ in range(2)) < 40 * shorter


# The labelled lines. The scoring half was written before anybody looked at the patterns, and only scores: whoever
# changes it, or makes patterns of it, has no figure any more.
SCORING = "0c00585d8d55c93c112836c224fa7b311932197d71e613ba3b75dd9fd756b65e"
BOUNDS = {
    "ssn": 0.97,
    "phone": 0.97,
    "email": 0.97,
    "card": 0.97,
    "plate": 0.9,
    "address": 0.9,
    "dob": 0.9,
    "name": 0.9,
}


def test_the_scoring_half_is_the_one_that_was_frozen() -> None:
    assert hashlib.sha256((DATA / "redaction_scoring.jsonl").read_bytes()).hexdigest() == SCORING
    every = [line for half in HALVES for line in lines(half)]
    clean = sum(not line["find"] for line in every)
    assert (len(lines("scoring")), len(every) >= 600, clean >= 250) == (441, True, True)
    assert {line["text"].casefold() for line in lines("scoring")}.isdisjoint(
        line["text"].casefold() for line in lines("tuning")
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("half", HALVES)
def test_what_must_go_goes_as_often_as_is_promised(half: str, kind: str) -> None:
    right, of = shares(each for each in tried(half) if each.kind == kind)
    assert right / of >= BOUNDS[kind]


@pytest.mark.parametrize("half", HALVES)
def test_lines_with_nothing_to_hide_stay_as_they_are_and_so_do_case_numbers(half: str) -> None:
    right, of = shares(each for each in tried(half) if each.kind == "clean")
    assert 1 - right / of <= 0.02
    right, of = shares(each for each in tried(half) if each.kind == "kept")
    assert right == of


def test_the_questions_of_the_knowledge_stay_as_they_are() -> None:
    asked = [question.text for question in real_folder.loaded().snapshot.knowledge.questions]
    changed = [text for text in asked if redact(text) != text]
    assert len(asked) > 1_000
    assert len(changed) / len(asked) <= 0.02


def test_redacting_a_labelled_line_twice_is_redacting_it_once() -> None:
    once = [redact(line["text"]) for half in HALVES for line in lines(half)]
    assert list(map(redact, once)) == once


def test_a_line_costs_less_than_a_millisecond() -> None:
    assert statistics.median(milliseconds(rounds=2)) < 1.0


PLANTED = st.sampled_from(
    [(kind, value) for half in HALVES for line in lines(half) for kind, value in line["find"]
     if kind in ("phone", "email", "card", "ssn") and re.search(r"[@\d]", value)]
)  # fmt: skip
AROUND = st.sampled_from(
    ["hi,", "call me:", "por favor", "es", "ok thanks", "que horas abre", "I asked on Monday.", ""]
)
SOCIAL = st.tuples(st.integers(1, 999), st.integers(1, 99), st.integers(1, 9999)).map(
    "{0[0]:03}-{0[1]:02}-{0[2]:04}".format
)


@settings(deadline=None)
@given(AROUND, st.one_of(PLANTED.map(lambda planted: planted[1]), SOCIAL, phones()), AROUND)
def test_no_planted_value_is_in_what_comes_out(before: str, planted: str, after: str) -> None:
    kept = redact(f"{before} {planted} {after}")
    assert planted.casefold() not in kept.casefold()
    assert redact(kept) == kept
