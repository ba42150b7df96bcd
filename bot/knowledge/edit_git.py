"""A save as a commit of exactly its files, where the folder lies in a git checkout. Its failure costs no save."""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

_WAIT = timedelta(seconds=10)
_UNFIT = re.compile(r"[<>\r\n\x00]")  # for the name of an author
_HOST = "staff.invalid"  # RFC 2606: a commit must name an address, and accounts have none


class NotCommitted(Exception):
    """git did not take it; the text says what git said. The files are saved all the same."""


def commit(folder: Path, files: Sequence[str], who: str, what: str) -> str | None:
    """The short name of the commit of these files by that account; None when the folder is in no checkout, is
    ignored there, or git is not installed. Raises `NotCommitted`."""
    git = shutil.which("git")
    if git is None or not _is_checkout(git, folder):
        return None
    name = _UNFIT.sub(" ", who).strip() or "staff"
    author = f"{name} <{re.sub('[^a-zA-Z0-9._-]', '.', name)}@{_HOST}>"
    _run(git, folder, "add", "--", *files)
    _run(git, folder, "commit", "--quiet", "--no-verify", "--only", f"--author={author}", "-m", what, "--", *files)
    return _run(git, folder, "rev-parse", "--short", "HEAD").strip()


def _is_checkout(git: str, folder: Path) -> bool:
    try:
        if _run(git, folder, "rev-parse", "--is-inside-work-tree").strip() != "true":
            return False
    except NotCommitted as e:
        if "not a git repository" in str(e):
            return False
        raise
    return _ended(git, folder, "check-ignore", "--quiet", ".").returncode != 0


def _run(git: str, folder: Path, *arguments: str) -> str:
    ended = _ended(git, folder, *arguments)
    if ended.returncode:
        said = (ended.stderr or ended.stdout).strip().splitlines()
        raise NotCommitted(said[0][:200] if said else f"git {arguments[0]} ended with {ended.returncode}")
    return ended.stdout


def _ended(git: str, folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    # Nobody is there to be asked, and no hook or signing key of whoever installed the bot is ours to use.
    unhooked = (f"core.hooksPath={os.devnull}", "commit.gpgsign=false")
    settings = (*unhooked, "user.name=danbury-bot", f"user.email=bot@{_HOST}")
    options = [part for setting in settings for part in ("-c", setting)]
    try:
        return subprocess.run(  # noqa: S603 - no shell; the names of files stand behind `--`
            [git, "-C", str(folder), *options, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_WAIT.total_seconds(),
            env={**_surroundings(), "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"},
            check=False,
        )
    except subprocess.TimeoutExpired as e:
        raise NotCommitted(f"git did not end within {_WAIT.total_seconds():.0f} seconds") from e
    except OSError as e:
        raise NotCommitted(f"git could not be started ({e.strerror or type(e).__name__})") from e


def _surroundings() -> dict[str, str]:
    """The environment, without what would turn git to another repository than the folder's."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
