"""Worlds to live in: the program on either database, with Telegram by polling or by webhook."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.e2e.world import World, open_world, sqlite_in


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(sqlite_in(tmp_path)) as opened:
        yield opened


@pytest.fixture(params=["polling", "webhook"])
async def telegram_either_way(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(sqlite_in(tmp_path), telegram_mode=request.param) as opened:
        yield opened


@pytest.fixture
async def world_anywhere(database_url: str) -> AsyncIterator[World]:
    async with open_world(database_url) as opened:
        yield opened
