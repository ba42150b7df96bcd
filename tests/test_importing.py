"""Which alerts of others become drafts; what cannot become one is named with the reason."""

from dataclasses import replace

import pytest

from bot.core.cap_reader import Imported, ImportedInfo
from bot.service.importing import sorted_out
from tests.advisory_builders import NOW

INFO = ImportedInfo("en-US", "Flood Warning")
ALERT = Imported("nws.1", "w-nws@noaa.gov", NOW, "Actual", "Alert", "Public", (), (INFO,), original="<alert/>")


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"is_part": True, "link": "https://x.example/1"}, "only a part of it came: fetch https://x.example/1"),
        ({"infos": ()}, "it says nothing"),
        ({"type": "Ack"}, "it is an Ack"),
        ({"type": "Cancel", "references": ("a,b,c",)}, "it withdraws a,b,c"),
        ({"status": "System"}, "its status is System"),
        ({"status": "Draft"}, "its status is Draft"),
        ({"scope": "Restricted"}, "it is Restricted, not public"),
    ],
)
def test_what_cannot_become_a_draft_is_named_with_the_reason(changed: dict[str, object], why: str) -> None:
    usable, left_out = sorted_out([replace(ALERT, **changed)])  # type: ignore[arg-type]
    assert usable == ()
    assert left_out[0].startswith(f"nws.1: left out, {why}")


def test_the_same_alert_twice_is_drafted_once() -> None:
    usable, left_out = sorted_out([ALERT, replace(ALERT), replace(ALERT, identifier="nws.2")])
    assert [each.identifier for each in usable] == ["nws.1", "nws.2"]
    assert left_out == ("nws.1: left out, it stands in the file twice",)
