"""`staff` as an administrator uses it: typed lines in, words and an exit code out."""

import json
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from argon2 import PasswordHasher
from click.testing import CliRunner, Result

from bot.cli import main
from bot.store import passwords
from tests import small_folder
from tests.advisory_builders import NOW

HERE = Path(__file__).parents[1]
PASSWORDS = {
    "chief": "tandem gravel lighthouse",
    "anna": "seven owls under a bridge",
    "otis": "violet kettles march north",
    "night": "paper lanterns over granite",
}


@dataclass(slots=True)
class Terminal:
    """Somebody at a keyboard whose clock goes on by a step at every command, so that every code is new."""

    secrets: dict[str, str]
    now: datetime = NOW

    def clock(self) -> datetime:
        return self.now

    def sit_down(self, folder: Path, data: Path, patch: pytest.MonkeyPatch) -> None:
        """Let the commands work on these folders, by this clock, with passwords that are quick to hash."""
        patch.setenv("BOT_KNOWLEDGE", str(folder))
        patch.setenv("BOT_DATA", str(data))
        patch.setattr("bot.desk.utc_now", self.clock)
        patch.setattr(passwords, "PasswordHasher", lambda: PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))

    def run(self, *arguments: str, typed: str = "") -> Result:
        result = CliRunner().invoke(main, arguments, input=typed)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert "Traceback" not in result.output
        self.now += timedelta(seconds=30)
        return result

    def sign_in(self, name: str) -> str:
        return f"{PASSWORDS[name]}\n{pyotp.TOTP(self.secrets[name]).at(self.now)}\n"

    def act(self, name: str, *arguments: str, typed: str = "") -> Result:
        return self.run(*arguments, "--as", name, typed=self.sign_in(name) + typed)

    def add(self, name: str, *roles: str, by: str | None = None) -> Result:
        asked = [part for role in roles for part in ("--role", role)]
        typed = f"{PASSWORDS[name]}\n"
        result = (
            self.act(by, "staff", "add", name, *asked, typed=typed)
            if by
            else self.run("staff", "add", name, *asked, typed=typed)
        )
        self.keep(name, result)
        return result

    def keep(self, name: str, result: Result) -> None:
        if found := re.search(r"otpauth://\S+", result.output):
            self.secrets[name] = parse_qs(urlsplit(found[0]).query)["secret"][0]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_folder.write(tmp_path_factory.mktemp("knowledge"))


@pytest.fixture
def terminal(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    made = Terminal({})
    made.sit_down(folder, tmp_path, monkeypatch)
    return made


def test_the_first_account_needs_no_sign_in_and_says_so(terminal: Terminal) -> None:
    result = terminal.add("chief", "administrator")
    assert result.exit_code == 0
    assert "No account exists yet: this one needs no sign-in and must be an administrator." in result.output
    assert "otpauth://totp/Danbury%20Police%20Department:chief?secret=" in result.output


def test_the_first_account_must_be_an_administrator(terminal: Terminal) -> None:
    result = terminal.add("anna", "announcer")
    assert result.exit_code == 1
    assert "the first account must be an administrator" in result.output
    assert "No account yet" in terminal.run("staff", "list").output


def test_the_second_account_needs_an_administrator(terminal: Terminal) -> None:
    terminal.add("chief", "administrator")
    assert "sign in as an administrator" in terminal.add("anna", "announcer").output
    assert terminal.add("anna", "announcer", "viewer", by="chief").exit_code == 0
    listed = terminal.run("staff", "list").output.splitlines()
    assert [line.split(" (")[0] for line in listed] == ["anna: announcer, viewer", "chief: administrator"]


def test_who_is_no_administrator_keeps_no_accounts_and_the_attempt_is_noted(terminal: Terminal) -> None:
    terminal.add("chief", "administrator")
    terminal.add("anna", "announcer", by="chief")
    for arguments in (
        ("add", "otis", "--role", "viewer"), ("roles", "chief", "--role", "viewer"), ("disable", "chief"),
        ("enable", "chief"), ("password", "chief"), ("second-factor", "chief"),
    ):  # fmt: skip
        result = terminal.act("anna", "staff", *arguments, typed="any password of mine\n")
        assert (result.exit_code, result.output.strip().splitlines()[-1]) == (
            1, "Error: anna may not keep accounts: that needs the role administrator",
        )  # fmt: skip
    assert terminal.run("staff", "audit").output.count("anna turned away") == 6


@pytest.mark.parametrize("wrong", ["password", "code", "name", "nothing"])
def test_whoever_cannot_sign_in_is_told_one_sentence(terminal: Terminal, wrong: str) -> None:
    terminal.add("chief", "administrator")
    password, code = terminal.sign_in("chief").splitlines()
    typed = {
        "password": f"wrong\n{code}\n", "code": f"{password}\n{int(code) ^ 1:06}\n", "name": f"{password}\n{code}\n",
        "nothing": "",
    }[wrong]  # fmt: skip
    name = "nemo" if wrong == "name" else "chief"
    result = terminal.run("staff", "disable", "chief", "--as", name, typed=typed)
    assert result.exit_code == 1
    assert password not in result.output
    assert ("nothing was typed" if wrong == "nothing" else "name, password or code is wrong") in result.output


def test_a_code_cannot_be_used_for_two_commands(terminal: Terminal) -> None:
    terminal.add("chief", "administrator")
    typed = terminal.sign_in("chief")
    before = terminal.now
    assert terminal.run("staff", "enable", "chief", "--as", "chief", typed=typed).exit_code == 0
    terminal.now = before
    assert terminal.run("staff", "enable", "chief", "--as", "chief", typed=typed).exit_code == 1


def test_roles_can_be_changed_and_accounts_disabled_and_enabled(terminal: Terminal) -> None:
    terminal.add("chief", "administrator")
    terminal.add("anna", "announcer", by="chief")
    assert terminal.act("chief", "staff", "roles", "anna", "--role", "viewer").output.endswith("anna: viewer\n")
    terminal.act("chief", "staff", "disable", "anna")
    assert "disabled since" in terminal.run("staff", "list").output
    assert terminal.act("anna", "staff", "password", "anna", typed="any\n").exit_code == 1
    assert terminal.act("chief", "staff", "enable", "anna").exit_code == 0
    assert "the last administrator" in terminal.act("chief", "staff", "disable", "chief").output


def test_everybody_sets_their_own_password_and_second_factor(terminal: Terminal) -> None:
    terminal.add("chief", "administrator")
    terminal.add("anna", "announcer", by="chief")
    result = terminal.act("anna", "staff", "password", "anna", typed="violet kettles march south\n")
    assert result.output.endswith("anna has another password.\n")
    assert terminal.act("anna", "staff", "second-factor", "anna").exit_code == 1
    PASSWORDS["anna"], old = "violet kettles march south", PASSWORDS["anna"]
    try:
        terminal.keep("anna", terminal.act("anna", "staff", "second-factor", "anna"))
        assert terminal.act("anna", "staff", "second-factor", "anna").exit_code == 0
    finally:
        PASSWORDS["anna"] = old


@pytest.mark.parametrize("password", ["short", "password1234", "chiefchiefchief"])
def test_a_weak_password_is_refused_with_what_is_better(terminal: Terminal, password: str) -> None:
    result = terminal.run("staff", "add", "chief", "--role", "administrator", typed=f"{password}\n")
    assert result.exit_code == 1
    assert "four words that do not belong together" in result.output


def test_the_audit_log_is_shown_exported_and_verified(terminal: Terminal, tmp_path: Path) -> None:
    terminal.add("chief", "administrator")
    terminal.act("chief", "staff", "enable", "chief")
    shown = terminal.run("staff", "audit").output.splitlines()
    assert [line.split(" ", 3)[3] for line in shown[:3]] == [
        "chief account made chief (is_first True, roles ['administrator'])", "chief signed in chief",
        "chief account enable chief",
    ]  # fmt: skip
    assert re.fullmatch(r"Anchor: 3:[0-9a-f]{64}", shown[-1])
    terminal.run("staff", "audit", "--export", str(tmp_path / "audit.jsonl"))
    lines = [json.loads(line) for line in (tmp_path / "audit.jsonl").read_text().splitlines()]
    assert [(line["number"], line["act"]) for line in lines] == [
        (1, "account made"), (2, "signed in"), (3, "account enable"),
    ]  # fmt: skip
    anchor = shown[-1].removeprefix("Anchor: ")
    assert terminal.run("staff", "audit", "--verify", "--anchor", anchor).exit_code == 0


def test_an_audit_log_that_was_changed_shows(terminal: Terminal, tmp_path: Path) -> None:
    terminal.add("chief", "administrator")
    terminal.act("chief", "staff", "enable", "chief")
    anchor = terminal.run("staff", "audit").output.splitlines()[-1].removeprefix("Anchor: ")
    with closing(sqlite3.connect(tmp_path / "bot.sqlite3")) as database, database:
        database.execute("UPDATE audit SET who = 'anna' WHERE number = 2")
    result = terminal.run("staff", "audit", "--verify")
    assert (result.exit_code, "line 2: altered" in result.output) == (1, True)
    with closing(sqlite3.connect(tmp_path / "bot.sqlite3")) as database, database:
        database.execute("UPDATE audit SET who = 'chief' WHERE number = 2")
        database.execute("DELETE FROM audit WHERE number = 3")
    assert terminal.run("staff", "audit", "--verify").exit_code == 0
    cut = terminal.run("staff", "audit", "--verify", "--anchor", anchor)
    assert (cut.exit_code, "truncated" in cut.output) == (1, True)


def test_an_anchor_that_cannot_be_read_is_told(terminal: Terminal) -> None:
    assert "an anchor looks like" in terminal.run("staff", "audit", "--verify", "--anchor", "x").output
    assert "--anchor is for --verify" in terminal.run("staff", "audit", "--anchor", "1:aa").output


def test_a_store_that_is_no_store_is_one_sentence(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "bot.sqlite3").write_text("this is no database, and longer than a header of sixteen bytes" * 40)
    result = terminal.run("staff", "list")
    assert result.exit_code == 1
    assert "Error: the store cannot do it:" in result.output
    assert len(result.output.splitlines()) == 1


def test_settings_that_cannot_be_used_are_told(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_PROT", "1")
    assert "BOT_PROT is not a setting" in terminal.run("staff", "list").output


def test_asking_a_question_does_not_wait_for_staffs_commands() -> None:
    assert {"staff", "advise"} <= set(main.commands)
    code = "import sys, bot.cli; print(sorted({'bot.desk', 'argon2', 'rich'} & set(sys.modules)))"
    seen = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=HERE)
    assert "bot.desk" not in seen.stdout
    assert "argon2" not in seen.stdout
