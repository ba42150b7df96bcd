"""Law 9: a log line never holds what a person wrote, a token, or the words of an exception."""

import logging

import pytest
import structlog

from bot import logs

TOKEN = "123456789:" + "Ab" * 18


pytestmark = pytest.mark.usefixtures("logs_restored")


def test_a_line_is_an_event_with_its_values(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("DEBUG", "json")
    structlog.get_logger().info("turn", outcome="answered")
    line = capsys.readouterr().err
    assert '"event": "turn"' in line
    assert '"outcome": "answered"' in line


def test_a_token_is_blanked_wherever_it_turns_up(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("DEBUG", "json")
    structlog.get_logger().warning("odd", url=f"https://api.example/bot{TOKEN}/getMe")
    logging.getLogger("somelibrary").warning("POST https://api.example/bot%s/getMe", TOKEN)
    printed = capsys.readouterr().err
    assert TOKEN not in printed
    assert printed.count("[secret]") == 2


def test_an_exception_tells_where_and_what_kind_and_not_its_words(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("DEBUG", "json")
    typed = "he has a gun at 5 Elm Street"
    try:
        raise KeyError(typed)
    except KeyError:
        structlog.get_logger().exception("turn failed")
    printed = capsys.readouterr().err
    assert "KeyError" in printed
    assert "test_logs.py" in printed
    assert "Elm Street" not in printed


@pytest.mark.parametrize("name", ["httpx", "httpcore", "telegram"])
def test_libraries_that_log_urls_are_quiet(name: str) -> None:
    logs.configure("DEBUG", "json")
    assert logging.getLogger(name).getEffectiveLevel() == logging.WARNING
