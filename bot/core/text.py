"""Typed text to words: the only normaliser. Whatever is compared anywhere was folded here."""

import re
import unicodedata
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import chain

# Law 1: every character up to a channel's own maximum is read; of longer input these two stretches.
HEAD = 20_000
TAIL = 4_000

_LOOKALIKES = dict(
    # Letters of other scripts that a screen shows as Latin ones, and the dotless i. First: as typed, then: as read.
    zip(
        "аАеЕоОрРсСуУхХіІјЈѕЅвВнНкКмМтТԁԛԝɡαοΟρνιΙΑΕΗΚΜΝΡΤΥΧΒΖκτυχəıɑʟɪ",
        "aAeEoOpPcCyYxXiIjJsSbBhHkKmMtTdqwgaoOpviIAEHKMNPTYXBZktuxeiali",
        strict=True,
    )
)
_APOSTROPHES = "’‘ʼ´`ʹ′＇"
_INVISIBLE = ("Mn", "Me", "Cf", "Cc", "Cs")  # accents once apart, marks of direction, controls, halves of an emoji
_THRICE = re.compile(r"(.)\1\1")  # asked first: it takes a fifth of the time
_REPEATED = re.compile(r"([^\W\d_])\1{2,}")
_911 = re.compile(r"(?<!\d)9\s?[-.\s]\s?1\s?[-.\s]\s?1(?!\d)")
_STOPS = re.compile(r"[!?;\n\r¡¿…]+|\.(?=\s|$)")
_TOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)*|[\U0001F100-\U0001F1FF\U0001F300-\U0001FAFF\u2600-\u27BF]")

_IS = "what who where how that there here he she it someone somebody everyone nobody".split()
_NOT = "do does did is are was were have has had could would should".split()


def _pairs(table: str) -> dict[str, str]:
    return dict(pair.split(": ") for pair in " ".join(table.split()).split(", "))


_WRITTEN_OUT = {
    # English as phones write it, with the apostrophe or without. Words that are also something else ("were", "well",
    # "ill", "id") stay as they are.
    **{f"{word}{mark}s": f"{word} is" for word in _IS for mark in ("", "'")},
    **{f"{word}n{mark}t": f"{word} not" for word in _NOT for mark in ("", "'")},
    **{f"{word}{mark}re": f"{word} are" for word in ("you", "they") for mark in ("", "'")},
    **{f"{word}{mark}ve": f"{word} have" for word in ("i", "you", "they", "we") for mark in ("", "'")},
    **{f"{word}'ll": f"{word} will" for word in ("i", "you", "he", "she", "it", "we", "they", "who", "that")},
    **{f"{word}'d": word for word in ("i", "you", "he", "she", "we", "they", "who")},
    **_pairs("""
        i'm: i am, im: i am, we're: we are, can't: can not, cant: can not, cannot: can not, won't: will not,
        wont: will not, ain't: is not, aint: is not, let's: let us, lets: let us, gonna: going to, wanna: want to,
        gotta: got to, lemme: let me, gimme: give me, u: you, ur: your, r: are, pls: please, plz: please,
        rn: right now, ppl: people"""),
    # Spanish and Portuguese as phones write them.
    **_pairs("""
        q: que, k: que, xq: porque, pq: porque, d: de, vc: voce, vcs: voces, tb: tambem, tbm: tambem, tmb: tambien,
        qdo: quando, hj: hoje, agr: agora, msm: mesmo, oq: o que, toy: estoy, tamos: estamos"""),
}
SHORT_FORMS = {short: tuple(words.split()) for short, words in _WRITTEN_OUT.items()}


@dataclass(frozen=True)  # without slots: the joined forms are made once, when first asked for
class Words:
    """A message as the rules read it: folded words, clause by clause, and the text they came from."""

    text: str = field(repr=False)
    clauses: tuple[tuple[str, ...], ...] = field(repr=False)

    @cached_property
    def tokens(self) -> tuple[str, ...]:
        return self.clauses[0] if len(self.clauses) == 1 else tuple(chain.from_iterable(self.clauses))

    @cached_property
    def line(self) -> str:
        """The words in one line, single spaces: what phrases are compared with."""
        return " ".join(self.tokens)


def cut(text: str) -> str:
    """Text short enough to be read at once: all of it, or its first `HEAD` and last `TAIL` characters."""
    return text if len(text) <= HEAD + TAIL else f"{text[:HEAD]}\n{text[-TAIL:]}"


def fold(text: str) -> Words:
    """Words of the text without case, accents, styling, invisible characters, stretched letters or contractions.

    Zero-width and direction marks vanish, look-alike letters become Latin, full-width and bold letters plain.
    Sentence marks end a clause; a comma does not, because people in a hurry put it anywhere.
    """
    return _folded(cut(text))


@lru_cache(maxsize=8)  # the parts of a turn read the same message, each for itself; a page of 24,000 letters takes 5 ms
def _folded(text: str) -> Words:
    plain = text
    if not text.isascii():  # cut once more after NFKD: one character may become eighteen
        plain = cut(unicodedata.normalize("NFKD", _with_one_apostrophe(text)))
    if not (plain.isascii() and plain.isprintable()):
        for character in set(plain):
            if not " " <= character <= "~" and (read := _read_as(character)) != character:
                plain = plain.replace(character, read)
    line = _with_one_apostrophe(plain.casefold())
    if "9" in line:
        line = _911.sub("911", line)
    if _THRICE.search(line):
        line = _REPEATED.sub(r"\1", line)
    return Words(text, tuple(clause for part in _STOPS.split(line) if (clause := _words(part))))


@lru_cache(maxsize=50_000)  # the emergency files name a few thousand words, each many times
def fold_word(word: str) -> str:
    """A word of the emergency files as messages are folded; a final ``*`` (any ending) stays."""
    stem = word.removesuffix("*")
    if stem.isascii() and stem.isalpha() and stem.islower() and stem not in SHORT_FORMS and not _THRICE.search(stem):
        return word  # as nearly all are written
    return fold(stem).line + ("*" if word.endswith("*") else "")


def _with_one_apostrophe(text: str) -> str:
    for mark in "`" if text.isascii() else _APOSTROPHES:
        text = text.replace(mark, "'")
    return text


def _read_as(character: str) -> str:
    if character in "\n\r\t":
        return character
    return "" if unicodedata.category(character) in _INVISIBLE else _LOOKALIKES.get(character, character)


def _words(part: str) -> tuple[str, ...]:
    tokens = _TOKEN.findall(part)
    if "'" in part or not SHORT_FORMS.keys().isdisjoint(tokens):
        return tuple(word for token in tokens for word in SHORT_FORMS.get(token) or (token.replace("'", ""),))
    return tuple(tokens)
