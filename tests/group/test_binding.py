"""Codes, news and updates of the group on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import Connection, func, insert, select

from core.appeals.records import note_event
from core.appeals.tables import appeals
from core.clock import ManualClock
from core.database import Database
from core.delivery.tables import tasks
from core.ids import new_id
from core.staff import accounts, binding, group
from core.staff.audit import Who
from core.staff.binding import NotBound
from core.staff.binding_tables import staff_codes
from core.staff.models import Member, StaffRole
from handlers.telegram.group.door import StaffDoor
from handlers.telegram.group.inbound import StaffSaid
from migrations.models import metadata

WHO = Who("", "test")
CHAT = "-1001234567890"


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url)
    await opened.write(metadata.create_all)
    yield opened
    await opened.close()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def olga(database: Database, clock: ManualClock) -> Member:
    return await database.write(accounts.add, "olga", "Olga", StaffRole.agent, "x", "", clock.now())


async def test_a_code_binds_once_even_when_two_show_it_at_the_same_moment(
    database: Database, clock: ManualClock, olga: Member
) -> None:
    code = await database.write(binding.issue, olga, WHO, clock.now())
    ends = await asyncio.gather(*(database.write(binding.bind, code, str(one), clock.now()) for one in range(5)))
    assert sum(isinstance(end, Member) for end in ends) == 1
    assert ends.count(NotBound.wrong) == 4


async def test_only_the_hash_of_a_code_is_kept(database: Database, clock: ManualClock, olga: Member) -> None:
    code = await database.write(binding.issue, olga, WHO, clock.now())
    row = await database.read(lambda c: c.execute(select(staff_codes)).one())
    assert code not in str(row) and code.replace("-", "") not in str(row)


async def test_many_accounts_guess_no_longer_than_one(database: Database, clock: ManualClock, olga: Member) -> None:
    for number in range(binding.ALL_TRIES):
        assert await database.write(binding.bind, f"WRONG{number}", f"9{number}", clock.now()) is NotBound.wrong
    code = await database.write(binding.issue, olga, WHO, clock.now())
    assert await database.write(binding.bind, code, "700", clock.now()) is NotBound.tries
    clock.move(binding.WINDOW + timedelta(seconds=1))
    code = await database.write(binding.issue, olga, WHO, clock.now())
    assert isinstance(await database.write(binding.bind, code, "700", clock.now()), Member)


async def test_an_account_changes_hands_and_is_taken_away(database: Database, clock: ManualClock, olga: Member) -> None:
    ivan = await database.write(accounts.add, "ivan", "Ivan", StaffRole.agent, "x", "", clock.now())
    for member in (olga, ivan):
        code = await database.write(binding.issue, member, WHO, clock.now())
        await database.write(binding.bind, code, "700", clock.now())
        found = await database.read(binding.member_of, "700")
        assert found is not None and found.id == member.id
    assert await database.write(binding.unbind, ivan.id, WHO, clock.now()) == 1
    assert await database.read(binding.member_of, "700") is None


async def test_news_are_told_in_order_and_once(database: Database, clock: ManualClock) -> None:
    now = clock.now()

    def appeal(connection: Connection, number: int) -> str:
        values = {
            "id": new_id(now),
            "number": number,
            "chat_id": "telegram:1",
            "kind": "technical",
            "status": "acknowledged",
            "created_at": now,
            "updated_at": now,
        }
        connection.execute(insert(appeals), values)
        return str(values["id"])

    assert await database.read(group.news, CHAT, now, 10) is None
    await database.write(group.told, CHAT, now)
    clock.move(timedelta(seconds=1))
    ids = [await database.write(appeal, number) for number in (1, 2, 3)]
    for appeal_id in ids:  # all at the same moment
        await database.write(note_event, appeal_id, clock.now(), "subscriber", "", "sent")
    await database.write(note_event, ids[0], clock.now(), "subscriber", "", "rated")
    told: list[int] = []
    while found := await database.read(group.news, CHAT, clock.now(), 2):
        told.extend(line.appeal.number for line in found)
        await database.write(group.told, CHAT, found[-1].at, found[-1].id)
    assert sorted(told) == [1, 2, 3]
    assert await database.read(group.moved_to, CHAT) == CHAT
    await database.write(group.move, CHAT, "-1009")
    assert await database.read(group.moved_to, CHAT) == "-1009"


async def test_an_update_is_written_down_once(database: Database, clock: ManualClock) -> None:
    door = StaffDoor(database, clock, None, lambda: None)  # type: ignore[arg-type]  # nobody is called here
    said = StaffSaid(-100, 5, 700, topic=3, text="Hello")
    kept = [await database.write(door._keep, 17, said) for _ in range(3)]
    assert kept == [True, False, False]
    assert await database.read(lambda c: c.execute(select(func.count()).select_from(tasks)).scalar_one()) == 1
