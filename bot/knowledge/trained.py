"""The net under the emergency cues: learned from the examples once, then read from a cache until they change."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import structlog

from bot.core.emergency import Level
from bot.core.features import Features, Floats
from bot.core.net import SHARES, Net
from bot.core.text import fold
from bot.knowledge.encoder import WIDTH, Encoder
from bot.knowledge.examples import Example
from bot.knowledge.kept import DAMAGED, keep
from bot.knowledge.variants import variants

log = structlog.get_logger()

_METHOD = 1  # raise it when features, variants or training change what the same examples give
_NAME = "net.npz"
SHIPPED = Path(__file__).parent / "weights"
"""The net of the project's own examples, so that a fresh clone need not learn it; other examples are learned."""
_BLOCKS = ("words", "pairs", "runs")
_VARIANT_WEIGHT = 0.5  # of a made-up copy, beside what somebody wrote
_ORDINARY_WEIGHT = 0.5  # of an ordinary question: there are as many of them as of all the rest
_ORDINARY = ("ordinary_ask", "out_of_scope")
_AT_ONCE = 256  # messages given to the encoder together


def net(examples: Sequence[Example], encoder: Encoder | None, cache: Path) -> Net:
    """The net of these examples: the cached or the shipped one when it was learned from the same, else learned now.

    Learning takes about a minute with an encoder and ten seconds without: call it where nobody waits.
    """
    key = _key(examples, encoder)
    for folder in (cache, SHIPPED):
        if (kept := _kept(folder / _NAME, key)) is not None:
            return kept
    learned = learn(examples, encoder)
    _keep(learned, cache / _NAME, key)
    log.info("net learned", examples=len(examples), features=learned.features.count, vectors=encoder is not None)
    return learned


def is_kept(examples: Sequence[Example], encoder: Encoder | None, folder: Path) -> bool:
    """Whether the folder holds the net of these examples."""
    return _kept(folder / _NAME, _key(examples, encoder)) is not None


def learn(examples: Sequence[Example], encoder: Encoder | None) -> Net:
    """Learn from the examples and their variants."""
    texts, levels, counts = zip(*_weighed(examples), strict=True)
    vectors = None if encoder is None else np.concatenate(list(_vectors(texts, encoder)))
    return Net.trained([fold(text).tokens for text in texts], levels, counts, vectors)


def _weighed(examples: Sequence[Example]) -> Iterator[tuple[str, Level, float]]:
    for example in examples:
        yield example.text, example.level, _ORDINARY_WEIGHT if example.kind in _ORDINARY else 1.0
    unusual = [example for example in examples if example.kind not in _ORDINARY]
    for text, level in variants(unusual):
        yield text, level, _VARIANT_WEIGHT


def _vectors(texts: Sequence[str], encoder: Encoder) -> Iterator[Floats]:
    for at in range(0, len(texts), _AT_ONCE):
        yield encoder.vectors(list(texts[at : at + _AT_ONCE]))


def _key(examples: Sequence[Example], encoder: Encoder | None) -> str:
    """Names everything the weights come from."""
    made_by = (str(_METHOD), encoder.revision if encoder else "", repr(SHARES))
    digest = hashlib.sha256("\0".join(made_by).encode())
    for example in examples:
        digest.update(f"\0{example.text}\0{example.level.name}\0{example.kind}".encode())
    return digest.hexdigest()


def _kept(path: Path, key: str) -> Net | None:
    """The net in the file, None when there is none, it is another's, or it is damaged."""
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            if str(file["key"]) != key:
                return None
            blocks = [bytes(file[block]).decode().split("\n") if file[block].size else [] for block in _BLOCKS]
            features = Features(SHARES, blocks, file["rarity"])
            alone, whole = file["alone"], file["whole"]
    except FileNotFoundError:
        return None
    except DAMAGED as e:
        log.warning("net cache damaged", error=type(e).__name__)
        return None
    is_whole = whole.shape == (features.count + WIDTH, len(Level))
    is_sound = alone.shape == (features.count, len(Level)) and (is_whole or not whole.size)
    if not is_sound or len(features.rarity) != features.count:
        log.warning("net cache damaged", error="shape")
        return None
    return Net(features, alone, whole if is_whole else None)


def _keep(learned: Net, path: Path, key: str) -> None:
    features = learned.features
    content: dict[str, Any] = {
        name: np.frombuffer("\n".join(block).encode(), np.uint8)
        for name, block in zip(_BLOCKS, features.blocks, strict=True)
    }
    content |= {"key": np.array(key), "rarity": features.rarity, "alone": learned.alone}
    content["whole"] = np.zeros(0, np.float32) if learned.whole is None else learned.whole
    if (fault := keep(path, content)) is not None:
        log.warning("net not kept", error=type(fault).__name__)
