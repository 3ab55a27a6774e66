"""The engine with the toy flows, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import cast
from zoneinfo import ZoneInfo

import pytest

from core.clock import ManualClock
from core.database import Database
from core.operator import Operator
from core.services import Services
from fsm.state import Registry
from tests.support.dialogue import House, Person, open_house


def toy_services(database: Database, clock: ManualClock) -> Services:
    """The toy flows ask for nothing but the clock and the operator."""
    return cast(Services, _Bare(clock, Operator(languages=("en", "ru"))))


class _Bare:
    def __init__(self, clock: ManualClock, operator: Operator) -> None:
        self.clock = clock
        self.operator = operator


@pytest.fixture
async def house(database_url: str) -> AsyncIterator[House]:
    async with open_house(
        database_url,
        build=toy_services,
        zone_of=lambda _subscriber: ZoneInfo("Europe/Moscow"),
        registry=Registry("tests.kernel.toy"),
    ) as opened:
        yield opened


@pytest.fixture(params=["telegram", "viber"])
def person(house: House, request: pytest.FixtureRequest) -> Person:
    return Person(house, request.param, "42")
