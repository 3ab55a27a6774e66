"""A world for each test, and one process for all of them from which the killed ones are forked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.durability.messenger import Nursery
from tests.durability.world import World, open_world


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    opened = Nursery()
    yield opened
    opened.close()


@pytest.fixture
def world(database_url: str, nursery: Nursery) -> Iterator[World]:
    with open_world(database_url, nursery) as opened:
        yield opened
