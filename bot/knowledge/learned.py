"""What the matcher learned, on disk: kept until the phrasings change, learned anew then.

Sentence vectors are kept one by one, so that an edit costs the vectors of what was edited and not of everything.
"""

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import astuple, fields
from pathlib import Path
from typing import Any

import numpy as np
import structlog

from bot.core import learning, sketch
from bot.core.confidence import Confidence
from bot.core.features import Vectors
from bot.core.match import COUNTED, Learned, Phrasings
from bot.knowledge import garbage
from bot.knowledge.encoder import WIDTH, Encoder
from bot.knowledge.kept import DAMAGED, keep

log = structlog.get_logger()

_METHOD = 4  # raise it when features, sketch or learning change what the same phrasings give
_NUMBERS = 2 + len(fields(Confidence))  # kept beside the weights
_NAME, _VECTORS = "match.npz", "vectors.npz"
SHIPPED = Path(__file__).parent / "weights"
"""What was learned from the project's own phrasings, so that a fresh clone need not learn it."""
_AT_ONCE = 64  # phrasings given to the encoder together: their number by their length is what it needs of memory


def matcher(phrasings: Phrasings, encoder: Encoder | None, cache: Path) -> Learned:
    """What these phrasings teach: from the cache or as shipped when it was learned from the same, else learned now.

    Learning takes most of a minute, and another half for vectors that nobody has made yet: call it where nobody waits.
    """
    if not phrasings.asks:
        return COUNTED
    key = _key(phrasings, encoder)
    for folder in (cache, SHIPPED):
        if (kept := _kept(folder / _NAME, key, len(phrasings.entries))) is not None:
            return kept
    learned = learning.learned(phrasings, None if encoder is None else _made(phrasings, encoder, cache))
    _keep(
        cache / _NAME,
        {
            "key": np.array(key),
            "weights": np.asarray(learned.weights, np.float16),
            "numbers": np.array([learned.counted, learned.regressed, *astuple(learned.confidence)]),
        },
    )
    log.info("matcher learned", phrasings=len(phrasings.asks), vectors=encoder is not None)
    return learned


def vectors(phrasings: Phrasings, encoder: Encoder, cache: Path) -> Vectors:
    """One row a phrasing, from the cache as far as it has them. Made one by one they would cost three times as much."""
    path = cache / _VECTORS
    rows: dict[str, list[int]] = defaultdict(list)
    for at, ask in enumerate(phrasings.asks):
        rows[_name(ask.text, encoder)].append(at)
    found = np.zeros((len(phrasings.asks), WIDTH), np.float16)
    known = _kept_vectors(path)
    for name in rows.keys() & known.keys():
        found[rows[name]] = known[name]
    missing = {name: phrasings.asks[at].text for name, (at, *_) in rows.items() if name not in known}
    listed = sorted(missing, key=lambda name: len(missing[name]))  # of like length: the longest sets the cost of all
    for low in range(0, len(listed), _AT_ONCE):
        some = listed[low : low + _AT_ONCE]
        for name, vector in zip(some, encoder.vectors([missing[name] for name in some]), strict=True):
            found[rows[name]] = vector
    if missing:
        _keep(path, {"names": np.array(list(rows)), "vectors": found[[at for at, *_ in rows.values()]]})
    return found


def _made(phrasings: Phrasings, encoder: Encoder, cache: Path) -> Vectors:
    found = vectors(phrasings, encoder, cache)
    garbage.give_back()  # what loading and the encoder have left: learning takes the most that this process ever needs
    return found


def _name(text: str, encoder: Encoder) -> str:
    return hashlib.sha256(f"{encoder.revision}\0{text}".encode(errors="replace")).hexdigest()[:16]


def _key(phrasings: Phrasings, encoder: Encoder | None) -> str:
    """Names everything the weights come from."""
    digest = hashlib.sha256(f"{_METHOD}\0{encoder.revision if encoder else ''}".encode())
    for label, ask in zip(phrasings.labels, phrasings.asks, strict=True):
        digest.update(f"\0{phrasings.entries[label].id}\0{ask.text}".encode(errors="replace"))
    return digest.hexdigest()


def _kept(path: Path, key: str, entries: int) -> Learned | None:
    """What the file holds; None when there is none, it is another's, or it is damaged."""
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            if str(file["key"]) != key:
                return None
            weights, numbers = file["weights"].astype(np.float32), [float(each) for each in file["numbers"]]
    except FileNotFoundError:
        return None
    except DAMAGED as e:
        log.warning("matcher cache damaged", error=type(e).__name__)
        return None
    widths = {WIDTH + sketch.BESIDE: True, sketch.WIDTH: False}  # with vectors and without
    if len(numbers) != _NUMBERS or len(weights) not in widths or weights.shape[1:] != (entries,):
        log.warning("matcher cache damaged", error="shape")
        return None
    counted, regressed, *confidence = numbers
    return Learned(weights, widths[len(weights)], counted, regressed, Confidence(*confidence))


def _kept_vectors(path: Path) -> Mapping[str, Vectors]:
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            return dict(zip(file["names"].tolist(), file["vectors"], strict=True))
    except FileNotFoundError:
        return {}
    except DAMAGED as e:
        log.warning("vector cache damaged", error=type(e).__name__)
        return {}


def _keep(path: Path, content: Mapping[str, Any]) -> None:
    if (fault := keep(path, content)) is not None:
        log.warning("matcher not kept", error=type(fault).__name__)
