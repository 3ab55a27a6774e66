"""The same phone in a second messenger is the same person; unless it was not them."""

from __future__ import annotations

from tests.e2e.world import World, packed

OWES = "+79000000002"


async def test_everything_is_there_in_the_second_messenger(world_anywhere: World) -> None:
    anna = world_anywhere.telegram(OWES)
    await anna.register()
    await anna.press("🔗 Link it")
    await anna.sees("✅")
    anna.act()
    other = world_anywhere.viber(OWES, language="ru")
    await other.prove_phone()
    await other.sees("✅ Welcome back, {name}! Everything of yours is here.", name="Anna Petrova")
    await anna.sees("🔔 Your number was used to sign in to {messenger}.", messenger="Viber")
    other.say("/balance")
    await other.sees("840")


async def test_it_was_not_me(world: World) -> None:
    anna = world.viber(OWES)
    await anna.register()
    anna.act()
    thief = world.telegram(OWES)
    await thief.prove_phone()
    await thief.sees("✅ Welcome back, {name}! Everything of yours is here.", name="Anna Petrova")
    await anna.sees("🔔 Your number was used to sign in to {messenger}.", messenger="Telegram")
    thief.act()
    await anna.press("🚫 It was not me")
    await thief.sees("This chat is signed out.")
    thief.say("/balance")
    await thief.until(lambda: bool(thief.new), "an answer")
    assert "840" not in thief.text
    assert "7700100218" not in packed(thief.text)
