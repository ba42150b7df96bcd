"""Takes out of a question whatever tells who wrote it or about whom, before anybody keeps it.

By patterns, so it errs towards taking too much: a curator can do without a number, a resident cannot take one back.
Case numbers stay: they say what kind of question it was, and name nobody to whoever has no access to the case.
"""

import re
import unicodedata
from collections.abc import Callable

from bot.core.text import cut

_I = re.IGNORECASE
_UNSEEN = ("Mn", "Me", "Cc", "Cf", "Cs")  # what accents leave over is composed; the rest hides digits from rules

# What may stand between two digits of one number. A full stop and a space end a sentence: "911. 26 people".
_GAP = r"(?:\s?[-–—−()/·•*_]{1,2}\s?|\s\.\s|\.|\s{1,3})?"
_NUMBER_WORD = r"(?:(?:number|n[uú]m(?:ero|ber)?|no|n[º°o]|file|id)\b\.?|#)"
_IS = r"(?:\s*(?:\b(?:is|was|es|era|[ée]|eh|foi)\b|[:=#-])){0,2}\s*"

_LINK = re.compile(r"(?:\b[a-z][a-z0-9+.-]{1,15}://|\bwww\.)[^\s<>\"]+", _I)
_EMAIL = re.compile(
    r"(?<![^\s@])[^\s@]+@(?:[^\s@,;<>()\"]*[^\W_]|[^\s@])"
    r"|(?<![\w.+-])[\w.+-]{1,64}\s*[\[(]?\b(?:at|arroba)\b[\])]?\s*[\w-]+(?:\s*[\[(]?\b(?:dot|punto|ponto)\b[\])]?\s*[\w-]+)+",
    _I,
)
_HANDLE = re.compile(
    r"(?<![\w@])@\w[\w.]*"
    r"|(?P<kept>\b(?:instagram|insta|ig|snap(?:chat)?|facebook|fb|tiktok|telegram|twitter|discord|user(?:name)?"
    r"|usuario|usu[aá]rio)\s*[:=]\s*)[^\s,;]+",
    _I,
)

_STREET = (
    r"(?:street|st|avenue|ave|road|rd|drive|dr|lane|ln|court|ct|boulevard|blvd|place|pl|terrace|ter|circle|cir"
    r"|highway|hwy|turnpike|tpke|parkway|pkwy|way|hill|trail|square|sq|plaza|heights|hts|row|extension|ext)"
)
# Words that no street is called by: they keep "2 people fighting on white street" whole.
_NOT_IN_STREET = (
    r"(?!(?:in|on|at|from|the|of|and|to|by|for|near|my|your|is|was|a|an|with|people|cars?"
    r"|es|sin|con|tem|tiene|hay|por|en|y|uns?|una|uma)\b)"
)
_APARTMENT = r"(?:,?\s*(?:apt|apartment|unit|suite|ste|floor|fl|apto|apartamento|piso|#)\.?\s*#?\s*\w{1,5}\b)?"
_HOUSE = (
    rf"\b\d{{1,5}}[a-z]?(?:-\d{{1,4}})?\s+(?:[nsew]\.?\s+)?(?:{_NOT_IN_STREET}[\w'’.-]+\s+){{1,3}}{_STREET}\b\.?"
    rf"{_APARTMENT}"
)
_ADDRESS = re.compile(
    rf"{_HOUSE}"
    r"|\b(?:calle|avenida|av|carrera|camino|rua|travessa|alameda|estrada|pra[çc]a)\b\.?\s+"
    rf"(?:{_NOT_IN_STREET}[\w'’.-]+,?\s+){{1,4}}?(?:{_NUMBER_WORD}\s*)?\d{{1,5}}\b{_APARTMENT}"
    r"|(?P<kept>\b(?:i\s+live|we\s+live|lives|address\s+is|vivo|vivimos|vive|mi\s+direcci[oó]n\s+es|moro|moramos|mora"
    rf"|meu\s+endere[çc]o\s+[ée])\s+(?:(?:at|in|en|em|na|no|a)\s+)?)(?:{_HOUSE}|\d{{1,5}}[a-z]?\s+[\w'’-]+)"
    r"|\bp\.?\s?o\.?\s?box\s*#?\s*\d+",
    _I,
)

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|ene|abr|ago|dic|fev|mai|set|out|dez)[a-zç]*\b\.?"
_DATE = (
    rf"(?:\d{{1,4}}[-/. ]\d{{1,2}}[-/. ]\d{{1,4}}|{_MONTH}\s*\d{{1,2}}(?:st|nd|rd|th)?(?:,?\s*\d{{2,4}})?"
    rf"|\d{{1,2}}(?:st|nd|rd|th|º|°)?\s*(?:of|de|do)?\s*{_MONTH}(?:,?\s*(?:of|de|do|del)?\s*\d{{2,4}})?)"
)
_LONG_AGO = r"(?:19\d\d|200\d)"  # a whole date of these years is somebody's birthday sooner than an incident's
_BIRTH = re.compile(
    r"(?P<kept>\b(?:born|birth\w*|d\.?o\.?b\b\.?|nac[ií]\w*|nacimiento|nasc\w+|cumplea[nñ]os|anivers[aá]rio)\W*"
    rf"(?:\w+\W+){{0,3}}?)(?:{_DATE}|{_LONG_AGO}\b)"
    rf"|\b\d{{1,2}}[-/.]\d{{1,2}}[-/.]{_LONG_AGO}\b|\b{_LONG_AGO}[-/.]\d{{1,2}}[-/.]\d{{1,2}}\b"
    rf"|\b{_MONTH}\s*\d{{1,2}}(?:st|nd|rd|th)?,?\s*{_LONG_AGO}\b"
    rf"|\b\d{{1,2}}(?:st|nd|rd|th)?\s*(?:of|de)?\s*{_MONTH}\s*(?:of|de|del)?\s*{_LONG_AGO}\b",
    _I,
)

_PLATED = r"(?:[a-z]{1,3}\s\d{3,5}|\d{3,5}\s[a-z]{1,3}|(?=[a-z·-]*\d)[a-z0-9]{1,4}[-·]?[a-z0-9]{2,5})\b"
_PLATE = re.compile(
    r"(?P<kept>\b(?i:plates?|placas?|matr[ií]cula|chapa)"
    r"(?i:\s+(?:number|n[uú]mero|no|n[º°o]|is|was|es|era|[ée]|reads?|of|de|del|do|da|on|the|my|mi|el|la|car|truck|carro"
    r"|coche|auto)\b)"
    rf"{{0,4}}[\s:#.=]*)(?i:{_PLATED})"
    # As Connecticut prints them; in capitals and joined, or "CT 06810" would be one.
    r"|\b(?:[A-Z]{2}[-·]?\d{5}|\d[A-Z]{2}[-·]?[A-Z]{2}\d|\d{3}[-·]?[A-Z]{3}|[A-Z]{3}[-·]?\d{4})\b"
)
_DOCUMENT = re.compile(
    r"(?P<kept>\b(?:passport|pasaporte|passaporte|licen[sc]e|licencia|cnh|dni|cpf|rg|visa|green\s+card|alien|vin|badge)"
    rf"\s*{_NUMBER_WORD}?{_IS}#?\s*)(?=[a-z]*[-.]?\d)[a-z0-9][a-z0-9.-]{{4,19}}\b",
    _I,
)
_SSN = (
    r"(?<!\d)\d{3}(?P<same>[-. –])\d{2}(?P=same)\d{4}(?!\d)"
    rf"|(?P<kept>\b(?:ssn|social|seguro\s+social)\b(?:\s+security)?\s*{_NUMBER_WORD}?{_IS})\d(?:[-. ]?\d){{3,8}}(?!\d)"
)
_CASE_WORD = (
    r"\b(?:case|incident|report|docket|ticket|citation|complaint|accident|infraction|warrant|caso|expediente|reporte"
    r"|informe|den[uú]ncia|multa|ocorr[eê]ncia|boletim|processo|b\.?o)\b\.?"
)
# A number with all its figures: whether it is a case's or somebody's is decided over the whole of it, in `_numbers`.
_NUMBER = (
    rf"(?:(?P<case>{_CASE_WORD}{_IS}(?P<numbered>{_NUMBER_WORD}{_IS})?)(?:[a-z]{{1,4}}[-/]?)?)?"
    rf"(?P<figures>\d{{3}},\s?\d{{3}},\s?\d{{4}}(?!\d)|\+?\(?\d(?:{_GAP}\d)*)"
)
_NUMBERS = re.compile(rf"(?P<ssn>{_SSN})|{_NUMBER}", _I)
# As departments number their cases: the year and a serial number.
_YEAR_AND_SERIAL = re.compile(r"(?:20)?[1-3]\d-\d{4,8}")
_CALLED_CASE = re.compile(r"\d{1,9}|(?:20)?\d\d[-/]\d{1,8}|\d\d-\d\d-\d{3,6}|\d{1,8}/(?:20)?\d\d")
_CALLED_NUMBER = re.compile(r"\d{10,12}")  # so long it is a case's only when it is called its number
_DAYS = re.compile(
    r"[0-3]?\d[-/.][0-3]?\d[-/.]20[1-9]\d|20[1-9]\d[-/.][01]?\d[-/.][0-3]?\d|(?:19|20)\d\d\s?[-–/]\s?(?:19|20)\d\d"
)
_FEWEST_FIGURES = 7  # a local number; Portugal's and Spain's have nine
_SPELLED = re.compile(
    r"(?:\b(?:zero|oh?|one|two|three|four|five|six|seven|eight|nine|double|cero|uno|dos|tres|cuatro|cinco|seis|siete"
    r"|ocho|nueve|um|dois|duas|tr[eê]s|quatro|sete|oito|nove|meia|\d{1,4})\b[\s,.-]*){7,}",
    _I,
)

_PARTICLE = r"(?:de|da|do|dos|das|del|la|van|von|di|mc|st\.?|e)"
_CAPITAL = r"[A-ZÀ-ÖØ-Þ][\w'’-]+"
_TITLED = rf"{_CAPITAL}(?:\s+(?:{_PARTICLE}\s+){{0,2}}{_CAPITAL}){{0,4}}"
# Words that follow a name, or that say the name is not the matter ("my name is spelled wrong").
_NO_NAME = (
    r"(?!(?:spelled|spelt|misspelled|wrong|incorrect|missing|not|never|still|being|on|in|at|the|a|an|and|or|but|so|i|im"
    r"|my|is|was|can|could|how|what|where|when|who|why|do|does|did|want|wanted|need|needed|have|has|had|got|lost|from"
    r"|for|to|with|of|please|your|you|he|she|they|we|it|am|are|live|lives|just|calling|different|changed|used|listed"
    r"|mal|escrito|errado|incorrecto|no|não|nao|y|e|o|u|el|la|los|las|un|una|um|uma|os|as|en|em|na|que|pero|mas|quiero"
    r"|quero|necesito|preciso|puedo|posso|tengo|tenho|vivo|moro|como|donde|onde|cuando|quando|porque|para|por|con|com"
    r"|soy|sou|al|de|uno|primero|agora|ahora|ya|ja|já|esta|está|estoy|estou|mi|meu|minha|perd[ií]|me|se|su|seu|sua|fue|foi|gostaria|quisiera)\b)"
)
_WORD_OF_NAME = rf"{_NO_NAME}[^\W\d_][\w'’-]*"
_NAME = re.compile(
    # Said to be a name: two words of it however they are written, more while they go on in capitals.
    r"(?P<kept>(?<!como )(?<!cómo )(?i:\b(?:name(?:['’]s|\s+is|\s+was|\s*:)|my\s+names"
    r"|(?:i\s+am|i['’]?m|is|am)\s+(?:called|named)"
    r"|people\s+call\s+me|me\s+llam[oa]n?|se\s+llama(?:n|ba)?|nombre(?:\s+completo)?\s*(?:es\b|era\b|:)"
    r"|apellido\s*(?:es\b|:)|me\s+chamo|se\s+chama(?:va)?|chama-se|sobrenome\s*(?:[ée]\b|:)"
    r"|nome(?:\s+completo)?(?:\s+del[ea])?\s*(?:é\b|eh\b|era\b|:)|meu\s+nome\s+e\b))\W{1,3})"
    rf"(?:{_TITLED}|(?i:{_WORD_OF_NAME}(?:\s+(?:{_PARTICLE}\s+){{0,2}}{_WORD_OF_NAME})?))(?:\s+{_CAPITAL})*"
    # Perhaps a name: only in capitals, and after "I am" only a first name and a last.
    r"|(?P<also>(?i:\b(?:i\s+am|i['’]?m|this\s+is)\s+))[A-Z][a-z]+\s+[A-Z][a-z]+\b"
    r"|(?P<too>(?i:\b(?:soy|sou(?:\s+[oa])?|habla|fala|named|llamad[oa]|chamad[oa]))\s+)"
    + _TITLED
    + r"|(?P<title>\b(?i:officer|sergeant|sgt|detective|det|lieutenant|lt|captain|capt|chief|mrs?|ms|dr|agente|oficial"
    r"|sargento|se[nñ]or[ao]?|sra?|dona|don)\b\.?\s+)[A-ZÀ-Þ][a-zà-ÿ]+(?:\s+[A-ZÀ-Þ][a-zà-ÿ]+)*"
)


def redact(text: str) -> str:
    """The text with a marker such as [phone] in place of each personal detail, in plain characters.

    Invisible marks and characters of another width go first: a number written with them is still a number.
    """
    told = _plain(cut(text))
    for pattern, marker in _BEFORE_NUMBERS:
        told = pattern.sub(_marked(marker), told)
    told = _numbers(told)
    for pattern, marker in _AFTER_NUMBERS:
        told = pattern.sub(_marked(marker), told)
    return told


# In this order: a link may hold an e-mail, an address begins with a number, a plate is shorter than one.
_BEFORE_NUMBERS = (
    (_LINK, "[link]"),
    (_EMAIL, "[email]"),
    (_HANDLE, "[handle]"),
    (_BIRTH, "[birth date]"),
    (_PLATE, "[plate]"),
    (_DOCUMENT, "[document]"),
    (_ADDRESS, "[address]"),
)
_AFTER_NUMBERS = ((_SPELLED, "[number] "), (_NAME, "[name]"))


def _marked(marker: str) -> Callable[[re.Match[str]], str]:
    """What stands for a match: the words before the detail, where a pattern has them in a group, and the marker."""
    return lambda found: "".join(words for words in found.groups() if words) + marker


def _numbers(text: str) -> str:
    def marker(found: re.Match[str]) -> str:
        if found["ssn"]:
            return f"{found['kept'] or ''}[ssn]"
        figures = found["figures"]
        digits = [int(character) for character in figures if character.isdecimal()]
        if len(digits) < _FEWEST_FIGURES or _says_which_case(found) or _DAYS.fullmatch(figures):
            return found[0]
        before = found["case"] or ""
        if 13 <= len(digits) <= 19 and _is_card(digits):  # the lengths of ISO/IEC 7812
            return f"{before}[card]"
        return f"{before}[phone]" if figures.startswith("+") or len(digits) in (7, 10, 11) else f"{before}[number]"

    return _NUMBERS.sub(marker, text)


def _says_which_case(found: re.Match[str]) -> bool:
    figures = found["figures"]
    return bool(
        _YEAR_AND_SERIAL.fullmatch(figures)
        or (found["case"] and _CALLED_CASE.fullmatch(figures))
        or (found["numbered"] and _CALLED_NUMBER.fullmatch(figures))
    )


def _is_card(digits: list[int]) -> bool:
    """Luhn's check: every second digit from the right doubled, the sum of all figures a multiple of ten."""
    doubled = (digit if at % 2 == 0 else 2 * digit - 9 * (digit > 4) for at, digit in enumerate(reversed(digits)))
    return sum(doubled) % 10 == 0


def _plain(text: str) -> str:
    wide = unicodedata.normalize("NFKC", text.replace("´", "'"))
    shown = (" " if character in "\n\r\t" else character for character in wide)
    return "".join(character for character in shown if unicodedata.category(character) not in _UNSEEN)
