"""Whether an advisory says the same in every language: the same hours, days, numbers, telephones and streets."""

import re
from collections.abc import Iterator
from dataclasses import fields

from bot.core.advisory import Content, Statement
from bot.core.problem import Problem
from bot.core.text import fold
from bot.knowledge.values import Kind, Value, values

# The same number as another kind of value: 10 minutes are "10 more minutes", 211 is a house and a service to call.
_ALIKE = {
    Kind.NUMBER: (Kind.PERIOD, Kind.ADDRESS),
    Kind.PHONE: (Kind.ADDRESS,),
    Kind.PERIOD: (Kind.NUMBER,),
}
_CODE = re.compile(r"\b[A-Z]{1,3}-\d{1,4}\b")  # roads that are letters and a number: I-84


def disagreements(content: Content) -> tuple[Problem, ...]:
    """Every value that one language has and another has not, named once for each language that lacks it."""
    whole = {language: _whole(said) for language, said in content.statements.items()}
    found = {language: tuple(_facts(text)) for language, text in whole.items()}
    told: dict[tuple[str, str], Problem] = {}
    for language, facts in found.items():
        for fact in facts:
            for other in whole:
                if other != language and not _is_in(fact, found[other], whole[other]):
                    told.setdefault(
                        (other, fact.key),
                        Problem(other, f"`{fact.shown}` stands in {language} and not here", _mend(fact)),
                    )
    return tuple(told.values())


def _whole(said: Statement) -> str:
    """The statement as one text; its ends of lines keep a street's name from running into the next word."""
    return "\n".join(getattr(said, each.name) for each in fields(Statement))


def _facts(text: str) -> Iterator[Value]:
    yield from values(text)
    yield from (Value(Kind.ADDRESS, code[0].casefold(), code[0]) for code in _CODE.finditer(text))


def _is_in(fact: Value, there: tuple[Value, ...], text: str) -> bool:
    if any(fact.name == other.name for other in there):
        return True
    if alike := _ALIKE.get(fact.kind):
        count = fact.key.split()[0]
        return any(count in other.key.split() for other in there if other.kind in alike)
    if fact.kind is not Kind.ADDRESS:
        return False
    # "Main Street" may be "la Main Street" or "calle Main": the name itself must be there, and its number.
    line = f" {fold(text).line} "
    *names, road = fact.key.split()
    wanted = {road, *names} if _CODE.fullmatch(fact.shown) else {*names[-1:], *filter(str.isdigit, names)}
    return all(f" {fold(word).line} " in line for word in wanted)


def _mend(fact: Value) -> str:
    match fact.kind:
        case Kind.TIME:
            return "give the same hours, each with its AM or PM"
        case Kind.DATE:
            return "give the same days"
        case Kind.ADDRESS:
            return "leave a street's name as it is on its sign"
        case _:
            return "give the same numbers, in digits"
