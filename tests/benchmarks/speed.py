"""Time and memory of 5,000 messages through the product's own command, beside a plain fuzzy search in the same run."""

import itertools
import json
import resource
import statistics
import subprocess
import sys
import time

from rapidfuzz import fuzz, process

from bot.knowledge import live
from tests.benchmarks.command import labelled

_MESSAGES = 5_000


def main() -> None:
    """Print median and p99 per message, the ratio to `token_set_ratio` over the same phrasings, and peak memory."""
    pool = [message["text"] for name in ("questions_dev.jsonl", "emergency_dev.jsonl") for message in labelled(name)]
    texts = list(itertools.islice(itertools.cycle(pool), _MESSAGES))
    command = [sys.executable, "-m", "bot", "ask", "--json", "--batch", "-"]
    began = time.perf_counter()
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as bot:
        assert bot.stdin
        assert bot.stdout
        spent = []
        for text in texts:
            asked = time.perf_counter()
            bot.stdin.write(json.dumps({"id": "x", "text": text}) + "\n")
            bot.stdin.flush()
            bot.stdout.readline()
            spent.append(time.perf_counter() - asked)
        bot.stdin.close()
    whole = time.perf_counter() - began
    first, rest = spent[0], sorted(spent[1:])
    entries = live.load(live.default_folder())[0].knowledge.entries.values()
    asks = [ask.text for entry in entries for _, ask in entry.asks()]
    plain = []
    for text in texts[:500]:
        asked = time.perf_counter()
        process.extractOne(text, asks, scorer=fuzz.token_set_ratio)
        plain.append(time.perf_counter() - asked)
    median = statistics.median(rest)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{_MESSAGES} messages in {whole:.1f} s; start and first answer {first:.2f} s")  # noqa: T201
    print(f"per message: median {median * 1000:.2f} ms, p99 {rest[int(len(rest) * 0.99)] * 1000:.2f} ms")  # noqa: T201
    print(f"median is {median / statistics.median(plain):.2f} x token_set_ratio over {len(asks)} phrasings")  # noqa: T201
    print(f"peak memory {peak:.0f} MB")  # noqa: T201


if __name__ == "__main__":
    main()
