"""A log line stays one line, whatever stands in its values, and its time is UTC (ASVS 5, 16.4.1 and 16.2.2)."""

import json
import logging
from datetime import UTC, datetime, timedelta

import pytest
import structlog

from bot import logs
from bot.clock import utc_now

HOSTILE = ("x\r\n2026-01-01 [info] turn outcome=forged", "a\nb", "\x1b[2Jgone", "a\u2028b\x85c\vd\fe", '", "level": "x')


pytestmark = pytest.mark.usefixtures("logs_restored")


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("value", HOSTILE)
def test_no_value_begins_a_line_of_its_own(form: str, value: str, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("DEBUG", form)
    structlog.get_logger().warning("staff form refused", account=value, path=value)
    logging.getLogger("somelibrary").warning("odd %s", value)
    written = capsys.readouterr().err
    assert written.count("\n") == len(written.splitlines()) == 2
    assert "\x1b" not in written


def test_the_time_of_a_line_is_utc_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("DEBUG", "json")
    structlog.get_logger().info("turn")
    at = datetime.fromisoformat(json.loads(capsys.readouterr().err)["timestamp"])
    assert at.utcoffset() == timedelta(0)
    assert abs(at.astimezone(UTC) - utc_now()) < timedelta(minutes=1)
