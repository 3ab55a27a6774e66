"""Blocked chats, flood limits, a silent billing, duplicates and forgeries: nobody is left without an answer."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

from bot.sandbox.telegram.errors import ApiError
from bot.sandbox.telegram.people import Person
from core.subscribers.tables import chats
from tests.e2e.world import Phone, World, open_world, sqlite_in

OWES = "+79000000002"


@pytest.fixture
async def hooked(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(sqlite_in(tmp_path), telegram_mode="webhook") as opened:
        yield opened


async def status_of(phone: Phone) -> str:
    channel = "viber" if phone.in_viber else "telegram"
    query = select(chats.c.status).where(chats.c.chat_id == f"{channel}:{phone.person.id}")
    return str(await phone.world.program.database.read(lambda connection: connection.scalar(query)))


async def count(world: World, table: str) -> int:
    query = text(f"SELECT count(*) FROM {table}")
    return int(await world.program.database.read(lambda connection: connection.scalar(query)))


async def test_a_chat_that_has_blocked_the_bot(world: World) -> None:
    anna = world.telegram(OWES)
    await anna.register()
    assert isinstance(anna.person, Person)
    anna.person.block()
    before = await status_of(anna)
    for _look in range(200):
        if await status_of(anna) != before:
            break
        await world.sandbox.events.wait(0.05)
    assert await status_of(anna) != before
    anna.person.unblock()
    anna.say("/menu")
    await anna.until(lambda: bool(anna.new), "the menu")
    assert await status_of(anna) == before


async def test_telegrams_wish_to_wait_is_honoured(world: World) -> None:
    anna = world.telegram(OWES)
    world.sandbox.telegram.fail_next(
        ApiError(429, "Too Many Requests: retry after 7", retry_after=7), method="sendMessage"
    )
    anna.start()
    await anna.until(lambda: world.sandbox.telegram.faults_left == 0, "the refusal")
    await world.program.sender.drain()
    world.clock.move(timedelta(seconds=6))
    assert await world.program.sender.drain() == 0
    assert anna.new == []
    world.clock.move(timedelta(seconds=2))
    await world.send_what_is_due()
    await anna.sees("Do you agree?")


async def test_a_silent_billing_leaves_the_last_known_figures(world: World) -> None:
    anna = world.telegram(OWES)
    await anna.register()
    await anna.press("🔗 Link it")
    await anna.sees("✅")
    anna.say("/balance")
    await anna.sees("840")
    await world.move(timedelta(hours=3))
    world.billing.mode = "down"
    anna.say("/balance")
    shown = await anna.sees("These are the last figures I know")
    assert "840" in shown.text
    world.billing.mode = "ok"
    await world.move(timedelta(minutes=5))
    await anna.press("🔄 Update")
    await anna.until(lambda: "last figures" not in anna.bubbles[-1].text, "fresh figures")
    assert "840" in anna.bubbles[-1].text


async def test_the_same_update_again_changes_nothing(hooked: World) -> None:
    anna = hooked.telegram(OWES)
    boris = hooked.viber("+79000000004")
    for phone in (anna, boris):
        phone.start()
        await phone.press("✅ I agree")
        await phone.sees("What is your mobile number?")
    consents = await count(hooked, "consents")
    for phone in (anna, boris):
        phone.act()
    assert await hooked.sandbox.redeliver_telegram() == 200
    assert await hooked.sandbox.redeliver_viber() == 200
    for phone in (anna, boris):
        await phone.hears_nothing()
    assert await count(hooked, "consents") == consents


async def test_forgeries_change_nothing(hooked: World) -> None:
    anna = hooked.telegram(OWES)
    anna.start()
    await anna.sees("Do you agree?")
    tables = ("inbox", "chats", "outbox", "conversations")
    before = [await count(hooked, table) for table in tables]
    message = hooked.sandbox.telegram.queue.history[-1]
    stranger = message | {"update_id": message["update_id"] + 100}
    assert await hooked.sandbox.forge_telegram(stranger, "not-the-secret") == 401
    assert await hooked.sandbox.forge_telegram(stranger, None) == 401
    raw = json.dumps({"event": "subscribed", "timestamp": 1, "message_token": 5, "user": {"id": "x", "name": "x"}})
    for signature in ("0" * 64, None, ""):
        assert await hooked.sandbox.forge_viber(raw.encode(), signature) in (401, 403)
    assert [await count(hooked, table) for table in tables] == before


async def test_health_and_metrics(world: World) -> None:
    assert (await world.http.get("/health/live")).json() == {"status": "ok"}
    ready = await world.http.get("/health/ready")
    assert (ready.status_code, ready.json()["status"]) == (200, "ok")
    anna = world.telegram(OWES)
    anna.start()
    await anna.sees("Do you agree?")
    metrics = (await world.http.get("/metrics")).text
    assert 'abonent_messages_total{channel="telegram",result="sent"}' in metrics
    assert "abonent_outbox_waiting" in metrics
    await world.program.database.write(lambda connection: connection.execute(text("DROP TABLE alembic_version")))
    behind = await world.http.get("/health/ready")
    assert behind.status_code == 503
    assert "abonent migrate" in behind.json()["database"]
