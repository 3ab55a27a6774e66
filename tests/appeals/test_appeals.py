"""Requests to staff: kept, numbered, never lost; on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import Connection, func, insert, select

from core.appeals import queries, staff
from core.appeals.kinds import PERSON
from core.appeals.models import Actor, AppealStatus, Author
from core.appeals.rules import AppealRules
from core.appeals.service import AppealService
from core.appeals.staff import NotPossible
from core.appeals.tables import appeal_messages
from core.clock import ManualClock
from core.database import Database, metadata
from core.delivery.commit import Post, outbox_row
from core.delivery.messages import OutgoingMessage
from core.delivery.tables import outbox
from core.errors import Stale

CHAT = "telegram:1"
RULES = AppealRules()
ACTOR = Actor("s1", "Anna", "desk")


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
def service(database: Database, clock: ManualClock) -> AppealService:
    return AppealService(database, clock)


async def make(service: AppealService, database: Database, *, draft: bool = False) -> str:
    appeal, write = await service.create(None, CHAT, PERSON, draft=draft)
    await database.write(write.apply)
    return appeal.id


async def test_numbers_of_one_process_never_meet(service: AppealService, database: Database) -> None:
    made = await asyncio.gather(*(service.create(None, CHAT, PERSON) for _ in range(20)))
    for _appeal, write in made:
        await database.write(write.apply)
    assert sorted(appeal.number for appeal, _write in made) == list(range(1, 21))


async def test_two_processes_are_told_apart(database: Database, clock: ManualClock) -> None:
    """Both take the same number; whoever commits second finds it taken, and gets the next one."""
    here, there = AppealService(database, clock), AppealService(database, clock)
    _one, first = await here.create(None, CHAT, PERSON)
    _two, second = await there.create(None, CHAT, PERSON)
    await database.write(first.apply)
    with pytest.raises(Stale):
        await database.write(second.apply)
    again, third = await there.create(None, CHAT, PERSON)
    await database.write(third.apply)
    assert again.number == 2


async def test_words_stand_in_order_while_the_clock_stands_still(service: AppealService, database: Database) -> None:
    appeal_id = await make(service, database)
    for word in "abcdefgh":
        await database.write(service.append(appeal_id, word).apply)
    thread = await service.get(appeal_id, None, CHAT)
    assert thread is not None and "".join(message.text for message in thread.messages) == "abcdefgh"


async def test_a_draft_is_sent_once_and_dropped_only_before(service: AppealService, database: Database) -> None:
    kept, thrown = [await make(service, database, draft=True) for _ in range(2)]
    await database.write(service.append(thrown, "never mind").apply)
    await database.write(service.send(kept, "+79000000001").apply)
    with pytest.raises(Stale):
        await database.write(service.send(kept, "").apply)
    for appeal_id in (kept, thrown):
        await database.write(service.drop(appeal_id).apply)
    assert [one.id for one in await service.of_person(None, CHAT)] == [kept]
    assert await service.draft(None, CHAT) is None
    left = await database.read(lambda c: c.execute(select(func.count()).select_from(appeal_messages)).scalar_one())
    assert left == 0


async def test_more_words_bring_it_back_to_staff(
    service: AppealService, database: Database, clock: ManualClock
) -> None:
    appeal_id = await make(service, database)
    await database.write(staff.resolve, RULES, ACTOR, 1, "Done.", clock.now())
    assert await database.read(queries.list_open) == []
    clock.move(timedelta(days=3))
    await database.write(service.append(appeal_id, "It broke again").apply)
    [appeal] = await database.read(queries.list_open)
    assert (appeal.status, appeal.updated_at) == (AppealStatus.reopened, clock.now())
    thread = await service.get(appeal_id, None, CHAT)
    assert thread is not None and [one.author for one in thread.messages] == [Author.staff, Author.subscriber]


async def test_whose_it_is(service: AppealService, database: Database) -> None:
    theirs, write = await service.create("somebody", CHAT, PERSON)
    await database.write(write.apply)
    assert await service.get(theirs.id, "somebody", "viber:2") is not None
    assert await service.get(theirs.id, "another", CHAT) is None
    assert await service.get(theirs.id, None, CHAT) is None, "signed out: no longer theirs to see"
    unsigned = await make(service, database)
    assert await service.get(unsigned, "somebody", CHAT) is not None, "asked here before registering"
    assert await service.get(unsigned, None, "viber:2") is None


async def test_what_cannot_be_decided(service: AppealService, database: Database, clock: ManualClock) -> None:
    await make(service, database)
    for act in (
        lambda c: staff.refuse(c, RULES, ACTOR, 1, "no", clock.now()),
        lambda c: staff.answer(c, RULES, ACTOR, 2, "hello", clock.now()),
        lambda c: staff.answer(c, RULES, ACTOR, 1, " ", clock.now()),
    ):
        with pytest.raises(NotPossible):
            await database.write(act)


async def test_drafts_are_described_emptied_and_listed(service: AppealService, database: Database) -> None:
    first, second = [await make(service, database, draft=True) for _ in range(2)]
    for appeal_id in (first, second):
        await database.write(service.append(appeal_id, "words").apply)
    await database.write(service.describe(first, contact="+79000000001", fields={"address": "Lenina 1"}).apply)
    await database.write(service.empty(first).apply)
    found = await service.drafts(None, CHAT)
    assert [(one.appeal.id, len(one.messages)) for one in found] == [(second, 1), (first, 0)]
    assert (found[1].appeal.contact, dict(found[1].appeal.fields)) == ("+79000000001", {"address": "Lenina 1"})
    assert await service.drafts(None, "viber:2") == []
    await database.write(service.send(first, "").apply)
    for write in (service.describe(first, contact=""), service.empty(first)):
        with pytest.raises(Stale):
            await database.write(write.apply)


async def test_nothing_is_added_after_the_term(service: AppealService, database: Database, clock: ManualClock) -> None:
    appeal_id = await make(service, database)
    await database.write(staff.resolve, RULES, ACTOR, 1, "Done.", clock.now())
    clock.move(timedelta(days=RULES.return_days, seconds=1))
    thread = await service.get(appeal_id, None, CHAT)
    assert thread is not None and not service.may_write(thread.appeal)
    for write in (service.append(appeal_id, "Too late"), *service.attach(appeal_id, CHAT, "ref", "a.jpg", "")[:1]):
        with pytest.raises(Stale):
            await database.write(write.apply)


async def test_what_a_message_speaks_of_now(service: AppealService, database: Database, clock: ManualClock) -> None:
    """The same message of the messenger's, said anew in place: what it was about before counts no more."""
    appeal_id = await make(service, database)

    def say(connection: Connection, turn: str) -> None:
        row = outbox_row(Post(CHAT, OutgoingMessage(parts=(("x", "plain"),))), turn, clock.now())
        connection.execute(insert(outbox).values(**row, message_id="77"))

    await database.write(say, "turn1")
    assert await service.replied_to(CHAT, "77", None) is None
    await database.write(say, "turn2")
    await database.write(service.spoke_of(appeal_id, CHAT, "turn2").apply)
    found = await service.replied_to(CHAT, "77", None)
    assert found is not None and found.appeal.id == appeal_id
    assert await service.replied_to("viber:2", "77", None) is None
    await database.write(say, "turn3")
    assert await service.replied_to(CHAT, "77", None) is None
