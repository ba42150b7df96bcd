"""A thousand advisories in three languages, in chains of Updates and Cancels, held against CAP's own schema and rules.

python -m tests.benchmarks.cap [HOW_MANY]
"""

import random
import statistics
import sys
import time
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import xmlschema

from bot.core.advisory import Advisory, AdvisoryKind, AdvisoryLevel, AdvisoryType, Area, Statement
from bot.core.cap import CAP, cap_xml
from bot.core.cap_reader import read
from tests.advisory_builders import ALERTING, NOW, an_advisory, some_content

ZONE = ZoneInfo("America/New_York")
_SCHEMA = Path(__file__).parents[1] / "data" / "cap" / "CAP-v1.2.xsd"
_PLACES = (
    "Main Street",
    "Lake Avenue & Elm",
    "Mill Plain <exit 4>",
    "Calle Ñ",
    "Avenida São José",
    "\U0001f6a7 Route 7",
)


def chain(first: int, luck: random.Random) -> list[Advisory]:
    """An Alert with up to four Updates, the last message perhaps a Cancel, some of them run out before the next."""
    began = NOW + timedelta(minutes=luck.randrange(500_000))
    kind = luck.choice(list(AdvisoryKind))
    made: list[Advisory] = []
    length = luck.randint(1, 6)
    for step in range(length):
        last = step == length - 1
        type_ = AdvisoryType.CANCEL if step and last and luck.random() < 0.5 else AdvisoryType.UPDATE
        released = began + timedelta(minutes=30 * step)
        made.append(
            an_advisory(
                first + step,
                thread=first,
                type=type_ if step else AdvisoryType.ALERT,
                kind=kind,
                released_at=released,
                content=some_content(
                    level=luck.choice(list(AdvisoryLevel)),
                    category=luck.choice(["Safety", "Transport", "Met", "Fire"]),
                    statements={code: _statement(code, luck) for code in ALERTING.languages},
                    area=Area({"en": luck.choice(_PLACES)}, (("SAME", "009001"), ("UGC", "CTZ005")), _ring(luck)),
                    expires_at=released + timedelta(minutes=luck.choice([20, 45, 600])),
                    effective_at=luck.choice([None, released]),
                ),
            )
        )
    return made


def _statement(code: str, luck: random.Random) -> Statement:
    return Statement(
        "Police", f"{code} {luck.choice(_PLACES)}", luck.choice(_PLACES), "6 PM", f"{code} {luck.random()}"
    )


def _ring(luck: random.Random) -> tuple[tuple[float, float], ...]:
    corners = [(luck.uniform(41, 42), luck.uniform(-74, -73)) for _ in range(luck.choice([0, 3, 12]))]
    return tuple(corners + corners[:1])


def breaches(alert: ElementTree.Element, sent_before: dict[str, datetime], languages: int) -> list[str]:
    """What the schema cannot say: references name earlier messages only, in full; blocks agree; languages differ."""

    def texts(path: str) -> list[str]:
        return [each.text or "" for each in alert.iterfind("/".join(f"{{{CAP}}}{step}" for step in path.split("/")))]

    found = []
    names = [reference.split(",") for each in texts("references") for reference in each.split(" ")]
    sent = datetime.fromisoformat(texts("sent")[0])
    if bool(names) is (texts("msgType") == ["Alert"]):
        found.append("references on an Alert, or none on an Update or Cancel")
    for _, identifier, when in names:
        if sent_before.get(identifier) != datetime.fromisoformat(when) or datetime.fromisoformat(when) > sent:
            found.append("a reference to itself, to a later message or to none")
    if len(texts("info/language")) != languages or len(set(texts("info/language"))) != languages:
        found.append("a language is missing or double")
    if any(
        len(set(texts(f"info/{name}"))) != 1 for name in ("category", "urgency", "severity", "certainty", "expires")
    ):
        found.append("the languages disagree")
    if len(set(texts("info/description"))) != languages:
        found.append("two languages have the same text")
    return found


def main(how_many: int) -> int:
    """Generate, validate, read back; print the figures. Returns how many are faulty."""
    schema = xmlschema.XMLSchema(_SCHEMA)
    luck = random.Random(6)  # the same thousand each time
    kinds: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    writing: list[float] = []
    reading: list[float] = []
    done = longest = named = 0
    while done < how_many:
        messages = chain(done + 1, luck)[: how_many - done]
        known: dict[str, datetime] = {}
        for advisory in messages:
            started = time.perf_counter()
            xml = cap_xml(advisory, messages, ALERTING, ZONE, "https://ask.example.gov/advisories/x")
            writing.append(time.perf_counter() - started)
            faults.update(str(error.reason) for error in schema.iter_errors(xml))
            faults.update(breaches(ElementTree.fromstring(xml), known, len(ALERTING.languages)))
            started = time.perf_counter()
            (back,) = read(xml.encode())
            reading.append(time.perf_counter() - started)
            if (back.identifier, back.sent, len(back.infos)) != (advisory.identifier, advisory.released_at, 3):
                faults["read back as something else"] += 1
            named += len(back.references)
            kinds[advisory.type.value] += 1
            assert advisory.released_at is not None
            known[advisory.identifier] = advisory.released_at
        longest = max(longest, len(messages))
        done += len(messages)
    say = sys.stdout.write
    say(f"{done} advisories in {len(ALERTING.languages)} languages: ")
    say(", ".join(f"{count} {name}" for name, count in sorted(kinds.items())) + "\n")
    say(f"longest chain {longest}, {named} references\n")
    wrote, took = statistics.median(writing), statistics.median(reading)
    say(f"each written in {wrote * 1000:.2f} ms, read back in {took * 1000:.2f} ms\n")
    say(f"breaches of the schema and of the rules of references: {sum(faults.values())}\n")
    for fault, count in faults.most_common():
        say(f"  {count} times: {fault}\n")
    return sum(faults.values())


if __name__ == "__main__":
    sys.exit(bool(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)))
