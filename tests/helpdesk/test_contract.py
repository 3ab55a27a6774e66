"""Zammad keeps the contract of helpdesks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from bot.integrations.helpdesk.zammad import Person, ZammadDesk
from bot.integrations.helpdesk.zammad_client import ZammadClient
from bot.integrations.helpdesk.zammad_states import DEFAULT
from bot.integrations.helpdesk.zammad_words import AgentWords
from core.appeals.kinds import load_kinds
from core.appeals.models import Appeal
from core.clock import ManualClock
from core.operator import Operator
from tests.helpdesk.contract import HelpdeskContract
from tests.helpdesk.doubles.zammad import TOKEN, Zammad


@dataclass
class ZammadRig:
    helpdesk: ZammadDesk
    zammad: Zammad

    def shown(self, remote_id: str) -> list[str]:
        return [one["body"] for one in self.zammad.thread(int(remote_id)) if one["sender"] != "System"]

    def counterparts(self) -> int:
        return len(self.zammad.tickets)

    def delete(self, remote_id: str) -> None:
        self.zammad.delete(int(remote_id))

    def fails_before(self) -> None:
        self.zammad.faults.fails_before = 1

    def fails_after(self) -> None:
        self.zammad.faults.fails_after = 1

    def hangs(self) -> None:
        self.zammad.faults.hangs = 1


@pytest.fixture
async def rig() -> AsyncIterator[ZammadRig]:
    async def find(appeal: Appeal) -> Person:
        return Person("Eva", appeal.contact)

    clock = ManualClock()
    async with Zammad(clock).running() as zammad:
        client = ZammadClient(zammad.url, TOKEN, time_limit=0.3)
        words = AgentWords(Operator(), load_kinds())
        desk = ZammadDesk(client, clock, group="Users", states=DEFAULT, find_person=find, words=words)
        yield ZammadRig(desk, zammad)
        await desk.close()


class TestZammad(HelpdeskContract):
    pass
