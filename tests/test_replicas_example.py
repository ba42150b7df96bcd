"""The worked example of two replicas is one: what it sets exists, both are the same, and either gets every request."""

import re
from pathlib import Path
from typing import Any

import yaml

from bot import settings
from bot.store import engines

EXAMPLE = Path(__file__).parents[1] / ".docs" / "replicas"
COMPOSE: Any = yaml.safe_load((EXAMPLE / "compose.yaml").read_text(encoding="utf-8"))
CADDY = (EXAMPLE / "Caddyfile").read_text(encoding="utf-8")
BOTS = [name for name in COMPOSE["services"] if name.startswith("bot-")]


def environment(name: str) -> dict[str, str]:
    told: dict[str, str] = COMPOSE["services"][name]["environment"]
    return {key: value.replace("${POSTGRES_PASSWORD}", "secret") for key, value in told.items()}


def test_the_settings_of_the_example_can_be_used() -> None:
    chosen = settings.read(environment(BOTS[0]))
    assert chosen.database is not None
    assert not engines.is_file(engines.read(chosen.database))
    assert chosen.proxies == 1


def test_both_replicas_are_set_alike_and_share_the_keys_and_the_knowledge() -> None:
    first, second = (COMPOSE["services"][name] for name in BOTS)
    assert first == second
    shared = dict(volume.split(":") for volume in first["volumes"])
    assert shared["data"] == "/data"
    assert shared["../../knowledge"] == environment(BOTS[0])["BOT_KNOWLEDGE"]
    assert (EXAMPLE / "../../knowledge/department.yaml").is_file()
    assert (EXAMPLE / first["build"] / "Dockerfile").is_file()
    assert {"data"} <= COMPOSE["volumes"].keys()


def test_the_database_and_its_owner_are_those_that_the_bot_asks_for() -> None:
    where = engines.read(environment(BOTS[0])["BOT_DATABASE"])
    made = COMPOSE["services"]["postgres"]["environment"]
    assert (where.host, where.username, where.database) == ("postgres", made["POSTGRES_USER"], made["POSTGRES_DB"])


def test_the_proxy_gives_every_path_to_both_replicas_and_asks_them_whether_they_can_answer() -> None:
    upstreams = re.findall(r"reverse_proxy (.+) \{", CADDY)
    assert upstreams == [" ".join(f"{name}:8080" for name in BOTS)] * 2
    assert CADDY.count("{") == CADDY.count("}")
    assert "health_uri /readyz" in CADDY
    site = environment(BOTS[0])["BOT_PUBLIC_URL"].removeprefix("https://")
    assert f"\n{site} {{" in CADDY


def test_only_the_proxy_is_reached_from_outside() -> None:
    assert [name for name, service in COMPOSE["services"].items() if "ports" in service] == ["proxy"]
