"""How many messages a text is when it is sent by SMS, and what its characters cost."""

from collections.abc import Iterable, Iterator

# 3GPP TS 23.038, the default alphabet: one septet each. `á í ó ú ã õ ç` are not in it, `é ñ ü à Ç` are.
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_ESCAPED = frozenset("\f^{}\\[~]|€")  # two septets each, never parted over two messages
_SEPTETS, _SEPTETS_JOINED = 160, 153  # a joined message gives up seven septets to say which part it is
_UNITS, _UNITS_JOINED = 70, 67  # the same in UCS-2

# What a word processor puts in and nobody misses. No letter stands here: an ñ or an ã is never taken from a word.
_PLAIN = str.maketrans(
    {
        "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‘": "'", "’": "'", "‚": "'", "´": "'", "`": "'",
        "–": "-", "—": "-", "‐": "-", "‑": "-", "−": "-", "•": "-", "·": "-", "…": "...",
        "\u00a0": " ", "\u2007": " ", "\u2009": " ", "\u202f": " ", "\t": " ", "\u200b": "", "\ufeff": "", "\u00ad": "",
    }
)  # fmt: skip


def is_gsm(text: str) -> bool:
    """Whether every character is in GSM 7-bit; one that is not makes the whole text UCS-2."""
    return all(character in _BASIC or character in _ESCAPED for character in text)


def units(text: str) -> int:
    """Length as the network counts it: septets of GSM 7-bit, or else 16-bit units of UCS-2."""
    return sum(_units(text))


def segments(text: str) -> int:
    """How many messages a phone company bills for the text. The empty text is one."""
    single, joined = (_SEPTETS, _SEPTETS_JOINED) if is_gsm(text) else (_UNITS, _UNITS_JOINED)
    return 1 if units(text) <= single else _parts(_units(text), joined)


def cheapest(text: str) -> str:
    """The text with plain quotes, dashes and spaces where that saves a message, and as it is where it does not."""
    plain = text.translate(_PLAIN)
    return plain if segments(plain) < segments(text) else text


def _units(text: str) -> Iterator[int]:
    if is_gsm(text):
        return (1 + (character in _ESCAPED) for character in text)
    return (1 + (character > "\uffff") for character in text)


def _parts(lengths: Iterable[int], room: int) -> int:
    parts, used = 1, 0
    for length in lengths:
        if used + length > room:
            parts, used = parts + 1, 0
        used += length
    return parts
