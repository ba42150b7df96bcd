"""Takes out of a question whatever tells who wrote it or about whom, before anybody keeps it.

By patterns, so it errs towards taking too much: a curator can do without a number, a resident cannot take one back.
Case numbers stay: they say what kind of question it was, and name nobody to whoever has no access to the case.
"""

import re
import unicodedata
from collections.abc import Callable

from bot.core.names import places_of_names
from bot.core.text import cut

_I = re.IGNORECASE
_UNSEEN = ("Mn", "Me", "Cc", "Cf", "Cs")  # what accents leave over is composed; the rest hides digits from rules

# What may stand between two digits of one number. A full stop and a space end a sentence: "911. 26 people".
_GAP = r"(?:\s?[-–—−()/·•*_]{1,2}\s?|\s\.\s|\.|\s{1,3})?"
_NUMBER_WORD = r"(?:(?:number|n[uú]m(?:ero|ber)?|no|n[º°o]?|file|id)\b\.?|#)"
_IS = r"(?:\s*(?:\b(?:is|was|es|era|[ée]|eh|foi)\b|[:=#-])){0,2}\s*"

_LINK = re.compile(r"(?:\b[a-z][a-z0-9+.-]{1,15}://|\bwww\.)[^\s<>\"]+", _I)
_DOT = r"\s*[\[({]?(?:\b|(?<=_))(?:dot|punto|ponto)(?:\b|(?=_))[\])}]?\s*"
_AT = r"(?:[\[({]\s?(?:at|ar+o[bv]a)\s?[\])}]|\bar+o[bv]a\b|@)"
_BEFORE_AT = (
    rf"(?<![\w.+-])[\w.+-]{{1,64}}(?:(?:{_DOT}|\s+(?:underscore|gui[oó]n(?:\s+bajo)?|underline|tra[cç]o)\s+)"
    r"[\w.+-]{1,64}){0,3}"
)
_ENDING = r"(?:com|org|net|edu|gov|us|br|mx|ec|pt|es)\b"
_OFFERED = r"(?:gmail|gmial|yahoo|hotmail|outlook|icloud|aol|live|proton(?:mail)?|msn|uol|bol|terra)\b"
_EMAIL = re.compile(
    # With a space beside its mark or full stop, a comma for it, or either in words.
    rf"{_BEFORE_AT}\s*{_AT}\s*[\w-]{{1,63}}(?:{_DOT}[\w-]{{1,63}}|\s?[.,]\s?{_ENDING}|\.[\w-]{{1,63}})+"
    rf"|{_BEFORE_AT}\s*(?:{_AT}|\bat\b)\s*{_OFFERED}(?:\.[\w-]{{1,63}})*"
    # "At" alone is enough only when the full stop is in words too.
    rf"|{_BEFORE_AT}\s*\bat\b\s*[\w-]{{1,63}}(?:{_DOT}[\w-]{{1,63}})+"
    r"|(?<![^\W_])[\w.+-]{1,64}?_at_[\w-]{1,63}?_dot_[\w-]{1,63}"
    r"|(?<![^\s@])[^\s@]+@(?:[^\s@,;<>()\"]*[^\W_]|[^\s@])",
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
    r"|highway|hwy|turnpike|tpke|parkway|pkwy|way|hill|trail|square|sq|plaza|heights|hts|row|extension|ext|str|av|aven"
    r"|ridge|point|glen|loop|crossing|knolls?|manor)"
)
# Words that no street is called by: they keep "2 people fighting on white street" whole.
_NOT_IN_STREET = (
    r"(?!(?:in|on|at|from|the|of|and|to|by|for|near|my|your|is|was|a|an|with|people|cars?"
    r"|es|sin|con|tem|tiene|hay|por|en|y|uns?|una|uma)\b)"
)
_APARTMENT = (
    r"(?:,?\s*(?:(?:(?:apartment|apartamento|apto|apt|apart|unidade|unidad|unit|suite|ste|floor|fl|piso|andar|depto|room"
    r"|rm)\b\.?|#)\s*#?\s*[\w-]{1,5}\b|\d{1,2}(?:[ºª°o]|st|nd|rd|th)?\s*(?:floor|fl|piso|andar)\b)){0,2}"
)
# Spelled out only from ten on: "one way street", "two lane road".
_HOUSE_NUMBER = (
    r"(?:\d{1,5}[a-z]?(?:-\d{1,4})?|(?:ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen"
    r"|(?:twen|thir|for|fif|six|seven|eigh|nine)ty(?:[\s-](?:one|two|three|four|five|six|seven|eight|nine))?))"
)
_HOUSE = (
    rf"\b{_HOUSE_NUMBER}\s+(?:[nsew]\.?\s+)?(?:{_NOT_IN_STREET}[\w'’.-]+\s+){{1,3}}{_STREET}\b\.?"
    rf"{_APARTMENT}"
)
_ADDRESS = re.compile(
    rf"{_HOUSE}"
    r"|\b(?:calle|avenida|av|carrera|camino|rua|travessa|alameda|estrada|pra[çc]a)\b\.?\s+"
    rf"(?:{_NOT_IN_STREET}[\w'’.-]+,?\s+){{1,4}}?(?:{_NUMBER_WORD}\s*)?\d{{1,5}}\b{_APARTMENT}"
    r"|(?P<kept>\b(?:i\s+live|we\s+live|lives|address\s+is|vivo|vivimos|vive|mi\s+direcci[oó]n\s+es|moro|moramos|mora"
    rf"|meu\s+endere[çc]o\s+[ée])\s+(?:(?:at|in|en|em|na|no|a)\s+)?)(?:{_HOUSE}|\d{{1,5}}[a-z]?\s+[\w'’-]+)"
    r"|\b(?:p\.?\s?o\.?\s?box|apartado(?:\s+postal)?|caixa\s+postal|casilla(?:\s+postal)?)\s*#?\s*\d+",
    _I,
)

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|ene|abr|ago|dic|fev|mai|set|out|dez)[a-zç]*\b\.?"
_DATE = (
    rf"(?:the\s+)?(?:\d{{1,4}}[-/. ]\d{{1,2}}[-/. ]\d{{1,4}}|{_MONTH}\s*\d{{1,2}}(?:st|nd|rd|th)?(?:,?\s*\d{{2,4}})?"
    rf"|\d{{1,2}}(?:st|nd|rd|th|º|°)?\s*(?:of|de|do)?\s*{_MONTH}(?:,?\s*(?:of|de|do|del)?\s*\d{{2,4}})?)"
)
_LONG_AGO = r"(?:19\d\d|200\d)"  # a whole date of these years is somebody's birthday sooner than an incident's
_BIRTH = re.compile(
    r"(?P<kept>\b(?:born|birth\w*|b-?day|d\.?o\.?b\b\.?|nac[ií]\w*|nac\b|nasc\w*|cumple\w*|anivers[aá]rio|niver|dn)\W*"
    rf"(?:\w+\W+){{0,3}}?)(?:{_DATE}|{_LONG_AGO}\b)"
    rf"|\b\d{{1,2}}[-/.]\d{{1,2}}[-/.]{_LONG_AGO}\b|\b{_LONG_AGO}[-/.]\d{{1,2}}[-/.]\d{{1,2}}\b"
    rf"|\b{_MONTH}\s*\d{{1,2}}(?:st|nd|rd|th)?,?\s*{_LONG_AGO}\b"
    rf"|\b\d{{1,2}}(?:st|nd|rd|th)?\s*(?:of|de)?\s*{_MONTH}\s*(?:of|de|del)?\s*{_LONG_AGO}\b",
    _I,
)

_NO_LETTERS = (
    r"(?!(?:is|at|on|in|of|for|the|to|de|la|el|en|por|con|sin|em|no|na|com|and|or|y|e|o|a|i|del|do|da|was|not)\b)"
)
_PLATED = (
    rf"(?:{_NO_LETTERS}[a-z]{{1,3}}[\s·-]\d{{3,5}}|\d{{3,5}}[\s·-]{_NO_LETTERS}[a-z]{{1,3}}"
    r"|(?=[a-z·-]*\d)[a-z0-9]{1,4}[-·]?[a-z0-9]{2,5})\b"
)
# What stands between the word and the plate: "plate number is", "placa de Nueva York".
_OF_PLATE = (
    rf"(?:[\s:#.=,-]+(?:{_NUMBER_WORD}|(?:is|are|was|es|son|era|[ée]|s[aã]o|reads?|of|de|del|do|da|on|the|my|mi|el|la|his|her|their|meu"
    r"|minha|su|seu|sua|car|truck|van|jeep|carro|coche|auto|moto|camion|caminh[aã]o|ct|conn|connecticut|ny|nj|ma|ri|pa"
    r"|(?:new|nueva|nova)\s+(?:york|jersey)|old|new|from)\b)){0,5}[\s:#.=]*"
)
_PLATE = re.compile(
    rf"(?P<kept>\b(?:plates?|placas?|plca|plaque|matr[ií]culas?|chapa|tablillas?){_OF_PLATE})"
    rf"(?:(?P<plate>{_PLATED})|(?P<vanity>(?-i:[A-Z]{{4,7}})\b))"
    # Words that mean other things too: only with letters and figures together.
    rf"|(?P<also>\b(?:tags?|marker|reg(?:istration)?|licen[sc]e|lic){_OF_PLATE})"
    r"(?=[a-z·\s-]{0,4}\d)(?=[\d·\s-]{0,5}[a-z])(?P<tag>[a-z]{2,3}[\s·-]?\d{3,5}|\d{3,4}[\s·-]?[a-z]{3}|\d[a-z]{3,4}\d{1,2})\b"
    # As Connecticut prints them, in capitals.
    rf"|\b{_NO_LETTERS}(?!(?:ct|ny|ma|ri|nj|pa|po|no|sr|dr|st|mr|ms)\b)(?-i:[A-Z]{{2}}\s\d{{5}})\b"
    r"|\b(?-i:[A-Z]{2}[-·]?\d{5}|\d[A-Z]{2}[-·]?[A-Z]{2}\d|\d{3}[-·]?[A-Z]{3}|[A-Z]{3}[-·]?\d{4})\b",
    _I,
)
# In Spanish and Portuguese a badge and a plate have one name; a bare year is no plate.
_BADGE = re.compile(r"\b(?:oficial|polic[ií]a|policial|agente|officer|sargento|sgt|badge|distintivo)", _I)
_AROUND = 30  # characters
_YEAR = re.compile(r"(?:19|20)\d\d")
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
    r"\b(?:case|incidente?|report|docket|ticket|citation|complaint|accident|infraction|warrant|caso|expediente|reporte"
    r"|informe|den[uú]ncia|multa|ocorr[eê]ncia|boletim|processo|b\.?o)\b\.?"
)
# What else is numbered: it tells nobody's name, and a telephone number is not called so.
_THING_WORD = (
    r"\b(?:order|receipt|invoice|confirmation|tracking|parcel|permit|form|error|code|timestamp|epoch|session|transaction"
    r"|reference|ref|pedido|orden|recibo|factura|fatura|comprobante|confirma(?:ci[oó]n|[cç][aã]o)|rastreo"
    r"|rastreamento|protocolo|permiso|folio|c[oó]digo|erro|ses(?:i[oó]n|s[aã]o))\b\.?"
)
_EXTENSION = r"(?:,?\s*\b(?:ext(?:ension|ensi[oó]n)?|x|ramal|anexo|interno)\.?\s*\d{1,5}\b)?"
# A number with all its figures: whether it is a case's or somebody's is decided over the whole of it, in `_numbers`.
_NUMBER = (
    rf"(?:(?:(?P<case>{_CASE_WORD}{_IS}(?P<numbered>{_NUMBER_WORD}{_IS})?)|(?P<thing>{_THING_WORD}{_IS}"
    rf"(?:{_NUMBER_WORD}{_IS})?))(?:[a-z]{{1,4}}[-/]?)?)?"
    rf"(?P<figures>\d{{3}},\s?\d{{3}},\s?\d{{4}}(?!\d)|\+?\(?\d(?:{_GAP}\d)*){_EXTENSION}"
)
_NUMBERS = re.compile(rf"\b1z[0-9a-z]{{16}}\b|(?P<ssn>{_SSN})|{_NUMBER}", _I)  # first a parcel of UPS
# As departments number their cases: the year and a serial number.
_YEAR_AND_SERIAL = re.compile(r"(?:20)?[1-3]\d-\d{4,8}")
_CALLED_CASE = re.compile(r"\d{1,9}|(?:20)?\d\d[-/]\d{1,8}|\d\d-\d\d-\d{3,6}|\d{1,8}/(?:20)?\d\d")
_CALLED_NUMBER = re.compile(r"\d{10,12}")  # so long it is a case's only when it is called its number
_DAYS = re.compile(
    r"[0-3]?\d[-/.][0-3]?\d[-/.]20[1-9]\d|20[1-9]\d[-/.][01]?\d[-/.][0-3]?\d|(?:19|20)\d\d\s?[-–/]\s?(?:19|20)\d\d"
)
_THING = re.compile(r"\d{7,24}")
_MOMENT = re.compile(r"1[4-9]\d{8}(?:\d{3})?")  # seconds or milliseconds since 1970, from 2014 to 2033
_NORTH_AMERICAN = re.compile(r"1?[2-9]\d\d[2-9]\d{6}")
_FEWEST_FIGURES = 7  # a local number; Portugal's and Spain's have nine
_SPELLED = re.compile(
    r"(?:\b(?:zero|oh?|one|two|three|four|five|six|seven|eight|nine|double|triple|cero|uno|dos|tres|cuatro|cinco|seis|siete"
    r"|ocho|nueve|um|dois|duas|tr[eê]s|quatro|sete|oito|nove|meia"
    r"|(?:twen|thir|for|fif|six|seven|eigh|nine)ty|veinte|treinta|cuarenta|cincuenta|sesenta|setenta|ochenta|noventa"
    r"|vinte|trinta|quarenta|cinquenta|sessenta|oitenta|y|e|\d{1,4})\b[\s,.-]*){7,}",
    _I,
)


def redact(text: str) -> str:
    """The text with a marker such as [phone] in place of each personal detail, in plain characters.

    Invisible marks and characters of another width go first: a number written with them is still a number. What comes
    out is read again, until nothing more is found: redacting it once more changes nothing.
    """
    told = _plain(cut(text))
    for _ in range(_MOST_ROUNDS):
        before, told = told, "".join(map(_piece, _MARKER.split(told)))
        if told == before:
            break
    return told


_MOST_ROUNDS = 6  # two are usual
# In this order: a link may hold an e-mail, an address begins with a number, a plate is shorter than one.
_BEFORE_NUMBERS = (
    (_LINK, "[link]"),
    (_EMAIL, "[email]"),
    (_HANDLE, "[handle]"),
    (_BIRTH, "[birth date]"),
)
_MARKER = re.compile(r"(\[(?:link|email|handle|birth date|plate|document|address|ssn|card|phone|number|name)\])")


def _piece(text: str) -> str:
    """What is between two markers without its details; a marker as it is."""
    if _MARKER.fullmatch(text):
        return text
    for pattern, marker in _BEFORE_NUMBERS:
        text = pattern.sub(_marked(marker), text)
    text = _PLATE.sub(_plate, text)
    text = _DOCUMENT.sub(_marked("[document]"), text)
    text = _ADDRESS.sub(_marked("[address]"), text)
    text = _NUMBERS.sub(_number, text)
    return _names(_SPELLED.sub("[number] ", text))


def _marked(marker: str) -> Callable[[re.Match[str]], str]:
    """What stands for a match: the words before the detail, where a pattern has them in a group, and the marker."""
    return lambda found: "".join(words for words in found.groups() if words) + marker


def _plate(found: re.Match[str]) -> str:
    plate, before = found["plate"] or "", found["kept"] or found["also"] or ""
    around = found.string[max(found.start() - _AROUND, 0) : found.end() + _AROUND]
    if plate.isdecimal() and (_YEAR.fullmatch(plate) or _BADGE.search(around)):
        return found[0]
    if found["vanity"] and before.isupper():  # all is in capitals, and says nothing
        return found[0]
    return f"{before}[plate]"


def _number(found: re.Match[str]) -> str:
    figures = found["figures"]
    if found["ssn"]:
        return f"{found['kept'] or ''}[ssn]"
    digits = [int(character) for character in figures or "" if character.isdecimal()]
    if len(digits) < _FEWEST_FIGURES or _is_nobodys(found) or _DAYS.fullmatch(figures):
        return found[0]
    before = found["case"] or found["thing"] or ""
    if 13 <= len(digits) <= 19 and _is_card(digits):  # the lengths of ISO/IEC 7812
        return f"{before}[card]"
    if found["thing"] and _THING.fullmatch(figures):
        return found[0]
    return f"{before}[phone]" if figures.startswith("+") or len(digits) in (7, 10, 11) else f"{before}[number]"


def _is_nobodys(found: re.Match[str]) -> bool:
    """Whether a number is a case's, or a moment that a computer wrote."""
    figures = found["figures"]
    is_no_phone = _CALLED_NUMBER.fullmatch(figures) and not _NORTH_AMERICAN.fullmatch(figures)
    return bool(
        _YEAR_AND_SERIAL.fullmatch(figures)
        or _MOMENT.fullmatch(figures)
        or (found["case"] and (_CALLED_CASE.fullmatch(figures) or is_no_phone))
        or (found["numbered"] and _CALLED_NUMBER.fullmatch(figures))
    )


def _names(text: str) -> str:
    told, at = "", 0
    for start, end in sorted(places_of_names(text)):
        if start >= at:
            told, at = f"{told}{text[at:start]}[name]", end
        at = max(at, end)
    return told + text[at:]


def _is_card(digits: list[int]) -> bool:
    """Luhn's check: every second digit from the right doubled, the sum of all figures a multiple of ten."""
    doubled = (digit if at % 2 == 0 else 2 * digit - 9 * (digit > 4) for at, digit in enumerate(reversed(digits)))
    return sum(doubled) % 10 == 0


def _plain(text: str) -> str:
    wide = unicodedata.normalize("NFKC", text.replace("´", "'"))
    shown = (" " if character in "\n\r\t" else character for character in wide)
    seen = "".join(character for character in shown if unicodedata.category(character) not in _UNSEEN)
    return unicodedata.normalize("NFKC", seen)
