"""What the operator's guide lets through the reverse proxy is what the program serves, and no more."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from starlette.routing import Route

from bot.settings import Settings
from bot.wiring import open_program
from tests.e2e.world import SECRET, sqlite_in

GUIDE = Path(__file__).parents[1] / "docs" / "operators.md"
PRIVATE = ("/metrics", "/health/live", "/health/ready")


def nginx(path: str) -> bool:
    """Whether the guide's nginx hands the path on: the longest prefix wins, an exact match before it."""
    [block] = re.findall(r"```nginx\n(server \{.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    places = re.findall(r"location (= )?(\S+)\s*\{(.*?)\}", block, re.DOTALL)
    fitting = [(bool(exact), len(where), inside) for exact, where, inside in places if fits(path, where, exact)]
    return "proxy_pass" in max(fitting)[2]


def fits(path: str, where: str, exact: str) -> bool:
    return path == where if exact else path.startswith(where)


def caddy(path: str) -> bool:
    [block] = re.findall(r"```\n(bot\.example\.org \{.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    patterns = re.findall(r"(/\S+)", " ".join(re.findall(r"(?:@public path|handle) (/.*?)(?:\{|\n)", block)))
    return any(path.startswith(one[:-1]) if one.endswith("*") else path == one for one in patterns)


@pytest.fixture
async def served(tmp_path: Path) -> list[str]:
    """Every path that a program serves with everything switched on, filled in as a caller would write it."""
    settings = Settings(
        _env_file=None,
        secret_key=SECRET,
        database_url=sqlite_in(tmp_path),
        public_url="https://bot.example.org",
        telegram_token="123456789:" + "A" * 35,
        telegram_mode="webhook",
        viber_token="v",
        yookassa_shop_id="1",
        yookassa_secret_key="k",
        stripe_secret_key="sk_test_1",
        stripe_webhook_secret="whsec_1",
    )
    async with open_program(settings) as program:
        routes = [route.path for route in program.routes if isinstance(route, Route)]
        assert len(routes) == len(program.routes)
    return [re.sub(r"\{.*?\}", "x", path) for path in routes]


async def test_every_route_is_let_through(served: list[str]) -> None:
    assert len(served) > 5
    assert [path for path in served if not nginx(path)] == []
    assert [path for path in served if not caddy(path)] == []


@pytest.mark.parametrize("path", [*PRIVATE, "/", "/telegram", "/telegram/webhook/x", "/admin"])
def test_nothing_else_is(path: str) -> None:
    assert not nginx(path)
    assert not caddy(path)


def test_the_staffs_stream_of_events_is_not_held_back() -> None:
    guide = GUIDE.read_text("utf-8")
    desk = re.search(r"location /desk/? \{(.*?)\n    \}", guide, re.DOTALL)
    assert desk is not None
    assert "proxy_buffering off;" in desk[1]
    assert "flush_interval -1" in guide
