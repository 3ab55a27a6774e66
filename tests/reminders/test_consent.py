"""Whoever refuses the processing of their data hears nothing more, with that reason on record."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from core.delivery.tables import outbox
from core.operator import Operator
from core.reminders.gate import Gate
from core.reminders.settling import settle
from core.reminders.tables import messages
from core.subscribers.consents import Decision, decide
from tests.reminders.world import Debtor, World, fill

DAY = timedelta(days=1)


async def decides(world: World, person: str, *decisions: Decision, version: str = "2026-01") -> None:
    for decision in decisions:
        world.clock.move(timedelta(minutes=1))
        write = decide(f"telegram:{person}", person, version, decision, world.clock.now())
        await world.database.write(write.apply)


@pytest.mark.parametrize("no", [Decision.refused, Decision.withdrawn])
async def test_a_no_is_respected_and_on_record(world: World, no: Decision) -> None:
    await world.database.write(fill, [Debtor("1", "p")], world.clock.now())
    await decides(world, "p", Decision.given, no)
    for _ in range(30):  # not even the warning before a suspension
        await world.tick()
        world.clock.move(DAY)
    assert await world.texts() == []
    assert set((await world.record()).values()) == {("skipped", "consent_refused")}


async def test_who_was_not_asked_about_a_new_version_is_reminded(world: World) -> None:
    await world.database.write(fill, [Debtor("1", "p"), Debtor("2", "q")], world.clock.now())
    await decides(world, "p", Decision.given, version="2020-01")
    await world.tick()
    assert len(await world.texts()) == 2


async def test_whoever_agrees_after_all_is_reminded_while_the_stage_lasts(world: World) -> None:
    await world.database.write(fill, [Debtor("1", "p")], world.clock.now())
    await decides(world, "p", Decision.given, Decision.refused)
    await world.tick()
    assert await world.texts() == []
    await decides(world, "p", Decision.given)
    await world.tick()
    assert len(await world.texts()) == 1


async def test_a_no_after_the_planning(world: World) -> None:
    await world.database.write(fill, [Debtor("1", "p")], world.clock.now())
    await world.planner().run()
    await decides(world, "p", Decision.refused)
    await world.send()
    assert await world.texts() == []
    assert await world.record() == {("p", "1", "ahead"): ("skipped", "consent_refused")}


async def test_a_no_after_the_writing_stops_at_the_last_door(world: World) -> None:
    await world.database.write(fill, [Debtor("1", "p")], world.clock.now())
    await world.planner().run()
    await world.dispatcher().run()
    await decides(world, "p", Decision.refused)
    gate = Gate(world.database, world.clock, Operator(), world.rules.policy)
    message_id = await world.database.read(lambda c: c.execute(messages.select()).one().id)
    said = await gate(message_id)
    assert said == "consent_refused"
    await world.database.write(lambda c: c.execute(update(outbox).values(status="failed", reason=said)))
    await world.database.write(settle, world.clock.now())
    await world.send()
    assert await world.record() == {("p", "1", "ahead"): ("skipped", "consent_refused")}
