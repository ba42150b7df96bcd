"""Finds in a text what must not be guessed: phone numbers, addresses, fees, hours, days, links - in three languages."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What a value is; the order is that of a list of them."""

    PHONE = "phone"
    ADDRESS = "address"
    FEE = "fee"
    EMAIL = "email"
    TIME = "time"
    DATE = "date"
    PERIOD = "period"
    PERCENT = "percent"
    NUMBER = "number"
    URL = "url"


@dataclass(frozen=True, slots=True)
class Value:
    """A value as somebody wrote it (`shown`), and so that two ways of writing the same are equal (`key`)."""

    kind: Kind
    key: str
    shown: str

    @property
    def name(self) -> tuple[Kind, str]:
        """What makes it the same value as another one."""
        return self.kind, self.key


_MONTHS = (
    ("january", "jan", "enero", "ene", "janeiro"),
    ("february", "feb", "febrero", "fevereiro", "fev"),
    ("march", "mar", "marzo", "março"),
    ("april", "apr", "abril", "abr"),
    ("may", "mayo", "maio"),
    ("june", "jun", "junio", "junho"),
    ("july", "jul", "julio", "julho"),
    ("august", "aug", "agosto", "ago"),
    ("september", "sept", "sep", "septiembre", "setiembre", "setembro", "set"),
    ("october", "oct", "octubre", "outubro", "out"),
    ("november", "nov", "noviembre", "novembro"),
    ("december", "dec", "diciembre", "dic", "dezembro", "dez"),
)
_MONTH_NUMBER = {name: number for number, names in enumerate(_MONTHS, 1) for name in names}
_COUNTED = (  # from two on: "un día" is any day
    ("two", "dos", "dois", "duas"),
    ("three", "tres", "três"),
    ("four", "cuatro", "quatro"),
    ("five", "cinco"),
    ("six", "seis"),
    ("seven", "siete", "sete"),
    ("eight", "ocho", "oito"),
    ("nine", "nueve", "nove"),
    ("ten", "diez", "dez"),
    ("eleven", "once", "onze"),
    ("twelve", "doce", "doze"),
)
_COUNT = {word: number for number, words in enumerate(_COUNTED, 2) for word in words}
_UNITS = {
    "minute": ("minutes", "minute", "minutos", "minuto", "min"),
    "hour": ("hours", "hour", "horas", "hora"),
    "day": ("days", "day", "días", "día", "dias", "dia"),
    "week": ("weeks", "week", "semanas", "semana"),
    "month": ("months", "month", "meses", "mes", "mês"),
    "year": ("years", "year", "años", "año", "anos", "ano"),
}
_UNIT = {word: unit for unit, words in _UNITS.items() for word in words}


def _any_of(words: Iterable[str]) -> str:
    return "(?:" + "|".join(sorted(words, key=len, reverse=True)) + ")"


_MONTH = _any_of(_MONTH_NUMBER)  # some are words too (`out`, `may`): only beside a day or a year are they months
_ROADS = "Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Drive|Lane|Turnpike|Highway|Plaza"
_NAMES = r"(?:[A-Z][\w'’.-]*\s+){1,3}"
_TOP = "gov|org|com|net|edu|us|info"


def _phone(found: re.Match[str]) -> str:
    letters = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999")
    digits = re.sub(r"\D", "", found[0].upper().translate(letters))
    return digits[1:] if len(digits) == 11 and digits[0] == "1" else digits


def _address(found: re.Match[str]) -> str:
    words = re.sub(r"[.,]", "", found[0]).casefold().split()
    short = {"st": "street", "ave": "avenue", "rd": "road", "blvd": "boulevard"}
    return " ".join((*words[:-1], short.get(words[-1], words[-1])))


def _email(found: re.Match[str]) -> str:
    return found[0].casefold()


def _fee(found: re.Match[str]) -> str:
    amount = found["amount"] or found["plain"]
    if cents := re.search(r"[.,](\d{2})\Z", amount):
        whole, part = amount[: cents.start()], cents[1]
    else:
        whole, part = amount, "00"
    whole = re.sub(r"\D", "", whole)
    is_cents = (found["coin"] or "").casefold().startswith("cent")
    return f"0.{int(whole):02}" if is_cents else f"{int(whole)}.{part}"


def _time(found: re.Match[str]) -> str:
    hour, minute = int(found["hour"]), int(found["minute"] or 0)
    half = re.sub(r"[^a-z]", "", (found["half"] or "").casefold())[:1]
    if half in ("p", "a"):
        hour = hour % 12 + (12 if half == "p" else 0)
    return f"{hour:02}:{minute:02}"


def _date(found: re.Match[str]) -> str:
    given = {name: text for name, text in found.groupdict().items() if text}
    month = given.get("month", "")
    number = int(month) if month.isdigit() else _MONTH_NUMBER[month.casefold().rstrip(".")]
    day = re.sub(r"\D", "", given.get("day", ""))
    return "-".join((given.get("year", ""), f"{number:02}", *([f"{int(day):02}"] if day else [])))


def _period(found: re.Match[str]) -> str:
    count, unit = found["count"].casefold(), _UNIT[found["unit"].casefold()]
    return f"{_COUNT.get(count, count)} {unit}"


def _url(found: re.Match[str]) -> str:
    address = re.sub(r"\Ahttps?://", "", found[0].rstrip(".,;:!?)»”'\"")).removeprefix("www.")
    host, slash, rest = address.partition("/")
    return (host.casefold() + slash + rest).rstrip("/")


def _plain(found: re.Match[str]) -> str:
    return re.sub(r"(?<=\d)[.,](?=\d{3}\b)", "", found[0])


def _as_it_stands(found: re.Match[str]) -> str:
    return found[0]


def _percent(found: re.Match[str]) -> str:
    return found["amount"].replace(",", ".")


# No rule may take more than a few steps for each character: the values of facts.yaml are read at every reload.
# In this order, each taking its characters away: the 211 of an address is no number to call, its ZIP code no year.
_RULES: tuple[tuple[Kind, re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (Kind.EMAIL, re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,6}[A-Za-z]{2,}"), _email),
    (Kind.URL, re.compile(r"https?://\S+"), _url),
    (Kind.URL, re.compile(rf"(?i)(?<![\w.-])(?:[\w-]{{1,63}}\.){{1,6}}(?:{_TOP})\b(?:/[^\s,;)]*)?"), _url),
    (Kind.ADDRESS, re.compile(rf"(?:\b\d{{1,5}}\s+)?\b{_NAMES}(?:{_ROADS})\b"), _address),
    (Kind.PHONE, re.compile(r"(?<![\w$])(?:\+?1[-. ]?)?(?:\(\d{3}\)|\d{3})[-. ]{1,2}\d{3}[-. ]\d{4}(?!\d)"), _phone),
    (Kind.PHONE, re.compile(r"(?<![\w$-])\d{3}-\d{4}(?![\w-])"), _phone),
    (Kind.PHONE, re.compile(r"\b1-8\d{2}-[A-Z]{4}-?\d{3}\b"), _phone),
    (Kind.PHONE, re.compile(r"(?<![\w$.,:/-])(?:[2-9]11|988|[2-9]-1-1|9-8-8)(?![\w]|[.,:/-]\d)"), _phone),
    (Kind.FEE, re.compile(
        r"(?i)(?:US\s?|R)?\$\s?(?P<amount>\d[\d.,]{0,12}\d|\d)"
        r"|\b(?P<plain>\d[\d.,]{0,12}\d|\d)\s?(?P<coin>¢|cents?|centavos|dollars?|d[oó]lares)(?!\w)"), _fee),
    (Kind.PERCENT, re.compile(
        r"(?<![\d.,])(?P<amount>\d{1,9}(?:[.,]\d{1,9})?)\s?(?:%|percent|por ciento|por cento)"), _percent),
    (Kind.NUMBER, re.compile(r"\b24/7\b"), _as_it_stands),
    (Kind.TIME, re.compile(
        r"(?i)\b(?P<hour>[01]?\d|2[0-3])(?::(?P<minute>[0-5]\d))?\s?(?P<half>[ap]\.\s?m\.|[ap]\s?m\b)"),
        _time),
    (Kind.TIME, re.compile(r"\b(?P<hour>[01]?\d|2[0-3])\s?(?:h|:)\s?(?P<minute>[0-5]\d)\b(?P<half>)"), _time),
    (Kind.TIME, re.compile(r"\b(?P<hour>[01]?\d|2[0-3])\s?h(?P<minute>)(?P<half>)\b"), _time),
    (Kind.DATE, re.compile(r"\b(?P<year>(?:19|20)\d\d)-(?P<month>0[1-9]|1[0-2])-(?P<day>[0-3]\d)\b"), _date),
    (Kind.DATE, re.compile(r"\b(?P<month>0?[1-9]|1[0-2])/(?P<day>[0-3]?\d)/(?P<year>(?:19|20)\d\d)\b"), _date),
    (Kind.DATE, re.compile(
        rf"(?i)\b(?P<month>{_MONTH})\.?\s+(?P<day>\d{{1,2}}(?:st|nd|rd|th)?)\b"
        r"(?:,?\s+(?P<year>(?:19|20)\d\d)\b)?"), _date),
    (Kind.DATE, re.compile(
        rf"(?i)\b(?P<day>\d{{1,2}}\.?[ºo°]?)\s+(?:de\s+|of\s+)?(?P<month>{_MONTH})\b"
        r"(?:,?\s+(?:de\s+|del\s+)?(?P<year>(?:19|20)\d\d)\b)?"), _date),
    (Kind.DATE, re.compile(
        rf"(?i)\b(?P<month>{_MONTH})\.?,?\s+(?:de\s+|del\s+|of\s+)?(?P<year>(?:19|20)\d\d)\b"), _date),
    (Kind.PERIOD, re.compile(
        rf"(?i)\b(?P<count>\d{{1,4}}|{_any_of(_COUNT)})[\s-]+"
        rf"(?:business\s+|calendar\s+|full\s+)?(?P<unit>{_any_of(_UNIT)})\b"), _period),
    (Kind.DATE, re.compile(r"(?<!\d)(?:19|20)\d\d-\d\d(?![\w-])"), _as_it_stands),  # 2021-22: a fiscal year
    (Kind.NUMBER, re.compile(r"(?<![\w-])\d{1,3}-\d{1,4}[a-z]{0,3}(?![\w-])"), _as_it_stands),  # a section of a law
    (Kind.DATE, re.compile(r"(?<![\w-])(?:19|20)\d\d(?!\w)"), _as_it_stands),
    (Kind.NUMBER, re.compile(r"(?<![\w.])(?<![A-Za-z]-)\d{1,20}(?:[.,]\d{1,20}){0,6}(?!\w)"), _plain),
)  # fmt: skip
_IN_WORDS = (Kind.EMAIL, Kind.URL, Kind.ADDRESS, Kind.PERIOD)  # all others have a digit
_DIGIT = re.compile(r"\d")
_STEP = re.compile(r"^[ \t]*\d{1,2}[.)][ \t]", re.MULTILINE)  # the number of a step is no value


def values(text: str) -> Iterator[Value]:
    """Every value of the text. The numbers of steps and what is part of a name (`K-9`) are none."""
    rest = _STEP.sub(lambda found: " " * len(found[0]), text)
    has_digit = _DIGIT.search(rest) is not None
    for kind, pattern, key in _RULES:
        if not has_digit and kind not in _IN_WORDS:
            continue
        for found in pattern.finditer(rest):
            value = Value(kind, key(found), found[0].rstrip(".,;:!?)") if kind is Kind.URL else found[0].strip())
            if kind is Kind.PERIOD and value.key.endswith(" year"):  # "You must be 21" and "21 años" are the same
                value = Value(Kind.NUMBER, value.key.removesuffix(" year"), value.shown)
            yield value
        rest = pattern.sub(lambda found: " " * len(found[0]), rest)
