"""From "who are you" to "what do I owe", in both messengers and languages, on both databases."""

from __future__ import annotations

import pytest

from tests.e2e.world import World, packed

OWES, FAMILY = "+79000000002", "+79000000010"


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("messenger", ["telegram", "viber"])
async def test_a_stranger_learns_what_they_owe(world_anywhere: World, messenger: str, language: str) -> None:
    anna = world_anywhere.person(messenger, OWES, language=language)
    await anna.register()
    await anna.sees("7700100218")
    await anna.press("🔗 Link it")
    await anna.sees("✅")
    anna.say("/balance")
    shown = await anna.sees("840")
    assert ("₽" in shown.text) is (language == "ru")
    await anna.press("📋 What the sum consists of")
    lines = await anna.sees("Домашний интернет")
    assert "690" in lines.text
    assert "150" in lines.text
    assert world_anywhere.sandbox.viber.faults == []


async def test_telegram_by_polling_and_by_webhook(telegram_either_way: World) -> None:
    anna = telegram_either_way.telegram(FAMILY)
    await anna.register()
    await anna.press("🔗 Link all {n}", n=3)
    await anna.sees("✅")
    anna.say("/balance")
    shown = await anna.sees("830.50")
    assert "7700100870" in packed(shown.text)


async def test_a_picture_of_the_year_in_both(world: World) -> None:
    anna = world.telegram(OWES)
    await anna.register()
    await anna.press("🔗 Link it")
    await anna.sees("✅")
    boris = world.viber(OWES)
    await boris.prove_phone()
    await boris.sees("✅ Welcome back, {name}! Everything of yours is here.", name="Anna Petrova")
    for phone in (anna, boris):
        phone.say("/balance")
        await phone.press("📊 As a picture")
        answer = await world.http.get(f"{world.addresses.base_url}{await phone.picture()}")
        assert answer.content.startswith(b"\x89PNG")
    assert world.sandbox.viber.faults == []
    own = boris.last_media
    assert own.startswith(f"{world.url}/files/")
    assert (await world.http.get(own)).headers["content-type"] == "image/png"
    forged = own.replace("/files/", "/files/0", 1)
    assert (await world.http.get(forged)).status_code == 404
