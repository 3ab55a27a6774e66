"""Codes that come by SMS and by mail, and what people hear when they cannot be sent."""

from __future__ import annotations

import json
from datetime import timedelta

from tests.e2e.world import World

PREPAID, OWES, NOBODY = "+79000000004", "+79000000002", "+79000000099"


async def test_an_account_of_somebody_else_by_their_code(world_anywhere: World) -> None:
    anna = world_anywhere.viber(NOBODY)
    await anna.register()
    anna.say("/link")
    await anna.sees("Which account shall I link?")
    anna.say("7700-100-218")
    await anna.press("📲")
    await anna.sees("Ask the holder of account")
    anna.say("000000")
    await anna.sees("not the code")
    anna.say(await anna.code(OWES))
    await anna.sees("7700 1002 18")
    anna.say("/balance")
    await anna.sees("840")


async def test_an_address_is_confirmed_by_a_letter(world: World) -> None:
    anna = world.telegram(NOBODY)
    await anna.register()
    anna.say("/email")
    await anna.sees("Type an e-mail address.")
    anna.say("anna@example.org")
    await anna.sees("I have sent a letter with a code to")
    anna.say(await anna.code("anna@example.org"))
    await anna.sees("✅ The address {email} is confirmed.", email="anna@example.org")
    letter = world.sandbox.inbox.mail[-1]
    assert letter.subject
    assert "Northline" in f"{letter.subject} {letter.text}"


async def test_a_broken_gateway_is_told(world: World) -> None:
    world.sandbox.inbox.broken_sms = True
    anna = world.viber(OWES)
    anna.start()
    await anna.press("✅ I agree")
    await anna.sees("What is your mobile number?")
    anna.share_phone()
    await anna.sees("I have sent an SMS with a code to")
    anna.act()
    for _try in range(8):
        world.clock.move(timedelta(seconds=61) if _try == 7 else timedelta(seconds=31))
        await world.program.worker.drain()
    await anna.sees("I could not send the SMS with the code")
    world.sandbox.inbox.broken_sms = False
    await anna.press("↻ Try again")
    await anna.sees("What is your mobile number?")
    anna.share_phone()
    await anna.until(lambda: bool(world.sandbox.inbox.sms), "a code after the outage")


async def test_a_code_outlives_a_short_outage(world: World) -> None:
    world.sandbox.inbox.broken_sms = True
    anna = world.viber(OWES)
    anna.start()
    await anna.press("✅ I agree")
    await anna.sees("What is your mobile number?")
    anna.share_phone()
    await anna.sees("I have sent an SMS with a code to")
    await world.program.worker.drain()
    world.sandbox.inbox.broken_sms = False
    world.clock.move(timedelta(seconds=2))
    await world.send_what_is_due()
    anna.say(await anna.code())
    await anna.sees("What is your name?")


async def test_my_data_as_a_file(world: World) -> None:
    for phone in (world.telegram(OWES), world.viber(PREPAID)):
        await phone.register()
        phone.say("/privacy")
        await phone.press("📦 Show my data")
        shown = await phone.document()
        assert shown["name"].endswith(".json")
        answer = await world.http.get(f"{world.addresses.base_url}{shown['url']}")
        kept = json.loads(answer.content)
        assert phone.person.phone in json.dumps(kept)
    assert world.sandbox.viber.faults == []
