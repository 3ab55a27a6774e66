"""Linking an account, in both messengers: the phone on file, the holder's code, a request to staff, and the limits."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event, func, select

from core.appeals.tables import appeals
from core.billing.breakable import BreakableBilling
from core.subscribers.models import AccountLink, Proof, Role
from core.subscribers.tables import account_links, attempts
from fsm.action import encode
from fsm.actions import OpenLinking, RevokeLink
from tests.flows.conftest import Register
from tests.support.dialogue import House, Person

OWN = "7700100101"  # the contact phone is +79000000001
OTHER = "7700100763"
RELATIVES = "7700100871"


async def links(house: House, subscriber: str) -> list[AccountLink]:
    return await house.services.links.of_subscriber(subscriber)


async def count(house: House, table: object) -> int:
    return await house.database.read(lambda c: c.execute(select(func.count()).select_from(table)).scalar_one())  # type: ignore[arg-type]  # any table


@pytest.fixture
def holder(house: House, person: Person) -> Person:
    """The owner of the accounts of +79000000002, in the other messenger, in Russian."""
    other = "viber" if person.channel == "telegram" else "telegram"
    return Person(house, other, "77", language="ru", name="Алексей")


@pytest.mark.parametrize("spelling", ["7700100101", "7700 1001 01", "№ 7700-100-101", "Д-10101/21", "д 10101 / 21"])
async def test_own_phone_links_at_once(house: House, person: Person, register: Register, spelling: str) -> None:
    me = await register(person)
    await person.say("/link")
    assert "Which account" in person.text
    await person.say(spelling)
    assert "Account 7700 1001 01 is linked" in person.text
    [link] = await links(house, me)
    assert (link.role, link.proof) == (Role.owner, Proof.phone)
    await person.press("Mother's flat")
    assert "Mother's flat" in person.text
    assert (await links(house, me))[0].nickname == "Mother's flat"


async def test_a_deep_link_names_the_number(house: House, person: Person, register: Register) -> None:
    await register(person)
    await person.start(f"link_{OWN}")
    assert "is linked" in person.text


async def test_a_typed_name_is_tidied_and_limited(house: House, person: Person, register: Register) -> None:
    me = await register(person)
    await person.start(f"link_{OWN}")
    await person.say("x" * 41)
    assert "40 characters" in person.text
    await person.say("  Дача <b>у   реки</b> ")
    assert (await links(house, me))[0].nickname == "Дача <b>у реки</b>"


async def test_what_is_not_a_number_costs_no_try(house: House, person: Person, register: Register) -> None:
    await register(person)
    await person.say("/link")
    for typed in ("hello", "…", "1" * 41):
        await person.say(typed)
        assert "does not look like an account number" in person.text
    await person.send_sticker()
    assert "type the account or contract number" in person.text
    assert await count(house, attempts) == 0


async def test_linked_already(house: House, person: Person, register: Register) -> None:
    me = await register(person, OWN, nicknames={OWN: "Home"})
    await person.say("/link")
    await person.say(OWN)
    assert "Home (7700 1001 01) is linked already" in person.text
    assert "Show the account" in person.labels
    assert len(await links(house, me)) == 1


# -- the holder's code -----------------------------------------------------------------------------------------------


async def to_code(person: Person, number: str = RELATIVES) -> None:
    await person.say("/link")
    await person.say(number)
    assert "is its holder near you" in person.text
    await person.press("📲")


async def test_a_contract_does_not_tell_its_account_number(person: Person, register: Register) -> None:
    await register(person)
    await to_code(person, "Д-10871/15")
    assert "7700" not in person.text
    await person.say(person.code())
    assert "Account 7700 1008 71 is linked." in person.text


async def test_a_relative_reads_the_code(house: House, person: Person, holder: Person, register: Register) -> None:
    me = await register(person)
    account = await house.services.billing.find(RELATIVES)
    assert account is not None
    await register(holder, RELATIVES, phone=account.phone)
    await to_code(person)
    assert account.phone not in person.text and account.phone[-2:] in person.text
    sent = house.outside["sms"][-1]
    assert sent["to"] == account.phone and "trust" in sent["text"]
    await person.say(person.code())
    assert "is linked" in person.text
    [link] = await links(house, me)
    assert (link.role, link.proof) == (Role.family, Proof.code)
    assert "Новый доступ к вашему счёту" in holder.text and "Anna Petrova" in holder.text
    assert await count(house, attempts) == 0, "a number that was proved is no guess"

    await holder.press("Отозвать доступ")
    await holder.press("Отозвать")
    assert "Доступ отозван" in holder.text
    assert await links(house, me) == []
    assert "has taken your access to it away" in person.text


async def test_by_mail(house: House, person: Person, register: Register) -> None:
    await register(person)
    await person.say("/link")
    await person.say(RELATIVES)
    await person.press("✉️")
    assert "a•••@example.com" in person.text
    await person.say(person.code("mail"))
    assert "is linked" in person.text


async def test_a_company_has_a_representative(house: House, person: Person, register: Register) -> None:
    me = await register(person)
    await to_code(person, "9900200101")
    await person.say(person.code())
    assert [link.role for link in await links(house, me)] == [Role.representative]


async def test_wrong_codes(house: House, person: Person, register: Register) -> None:
    me = await register(person)
    await to_code(person)
    right = person.code()
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    await person.say("12")
    assert "6 digits" in person.text
    for left in (4, 3, 2, 1):
        await person.say(wrong)
        assert f"{left} tr" in person.text
    await person.say(wrong)
    assert "new code" in person.text
    await person.say(right)
    assert await links(house, me) == []
    house.clock.move(timedelta(seconds=61))
    await person.press("Send a new code")
    await person.say(person.code())
    assert len(await links(house, me)) == 1


async def test_a_new_code_too_soon_and_too_old(house: House, person: Person, register: Register) -> None:
    me = await register(person)
    await to_code(person)
    await person.press("Send a new code")
    assert "only just now" in person.text and len(house.outside["sms"]) == 1
    house.clock.move(timedelta(minutes=6))
    await person.say(person.code())
    assert "too old" in person.text
    assert await links(house, me) == []


async def test_five_codes_a_day(house: House, person: Person, register: Register) -> None:
    await register(person)
    await to_code(person)
    for _ in range(5):
        house.clock.move(timedelta(minutes=2))
        await person.press("Send a new code")
    assert len(house.outside["sms"]) == 5
    assert "can be sent after" in person.text


async def test_restart_back_and_double_delivery(house: House, person: Person, register: Register) -> None:
    me = await register(person)
    await to_code(person)
    house.restart()
    await person.say(person.code())
    assert "is linked" in person.text
    said = len(house.channels[person.channel].delivered)
    await person.again()
    assert len(house.channels[person.channel].delivered) == said
    assert len(await links(house, me)) == 1


async def test_back_cancel_and_going_on(house: House, person: Person, register: Register) -> None:
    await register(person)
    await to_code(person)
    await person.press("Back")
    assert "is its holder near you" in person.text
    await person.press("Another number")
    assert "Which account" in person.text
    await person.press("Menu")
    await person.press("Continue")
    assert "Which account" in person.text
    await person.say("/cancel")
    assert "Cancelled" in person.text


async def test_a_button_of_an_earlier_question(house: House, person: Person, register: Register) -> None:
    await register(person)
    await person.say("/link")
    await person.say(RELATIVES)
    old = person.message
    await person.press("Another number")
    await person.press_on(old, "📲")
    assert "Which account" in person.text
    assert house.outside["sms"] == []


async def test_a_double_tap_sends_one_code(house: House, person: Person, register: Register) -> None:
    await register(person)
    await person.say("/link")
    await person.say(RELATIVES)
    offer = person.message
    await person.press_on(offer, "📲")
    await person.press_on(offer, "📲")
    assert len(house.outside["sms"]) == 1


# -- the same answer -------------------------------------------------------------------------------------------------

UNKNOWN = "1234567890"


async def unlinkable(house: House) -> dict[str, str]:
    """Numbers of the demo that may not be linked, by why."""
    found = {"closed": OTHER, "forbidden": "7700101553", "no contact": "7700101008"}
    for number in found.values():
        assert await house.services.billing.find(number) is not None
    return found


async def test_unknown_and_forbidden_are_answered_alike(
    house: House, register: Register, billing: BreakableBilling
) -> None:
    asked: list[str] = []
    find = billing.inner.find

    async def counted(number: str):  # type: ignore[no-untyped-def]  # the billing's own signature
        asked.append(number)
        return await find(number)

    billing.inner.find = counted  # type: ignore[method-assign]  # counts the calls that leave the house
    statements: list[str] = []

    def seen(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    answers = {}
    forbidden = await unlinkable(house)
    asked.clear()
    event.listen(house.database.engine.sync_engine, "before_cursor_execute", seen)
    for order, (why, number) in enumerate({"unknown": UNKNOWN, **forbidden}.items()):
        person = Person(house, "telegram", str(500 + order))
        await register(person, phone=f"+7900000003{order}")
        await person.say("/link")
        statements.clear()
        asked.clear()
        done = await person.say(number)
        assert done is not None
        reads = [one for one in statements if "billing_" not in one and "outbox" not in one and "lanes" not in one]
        answers[why] = (person.text.replace(number, "N"), tuple(person.labels), len(asked), tuple(reads))
    assert len(set(answers.values())) == 1, answers
    text, labels, calls, ours = answers["unknown"]
    assert any("attempts" in one for one in ours) and any("account_links" in one for one in ours)
    assert "I cannot link the number N here" in text and "Ask our staff to link it" in labels and calls == 1


async def test_the_own_phone_opens_no_closed_account(house: House, person: Person, register: Register) -> None:
    me = await register(person, phone="+79000000007")
    await person.say("/link")
    await person.say(OTHER)
    assert "I cannot link the number" in person.text
    assert await links(house, me) == []


async def test_tries_are_limited_and_the_limit_ends(house: House, person: Person, register: Register) -> None:
    me = await register(person)
    await person.say("/link")
    for number in range(5):
        await person.say(f"55500{number}")
        assert "I cannot link" in person.text
    await person.say("555009")
    assert "after 13:00" in person.text  # an hour later, in Moscow
    await person.say(RELATIVES)
    assert "after 13:00" in person.text and house.outside["sms"] == []
    house.clock.move(timedelta(minutes=61))
    for number in range(5):
        await person.say(f"55510{number}")
        assert "I cannot link" in person.text
    house.clock.move(timedelta(minutes=61))
    await person.say("555200")
    assert "11 March 2026, 12:00" in person.text
    house.clock.move(timedelta(days=1))
    await person.say(OWN)
    assert [link.account_number for link in await links(house, me)] == [OWN]


async def test_the_phone_is_counted_across_chats(house: House, person: Person, register: Register) -> None:
    """Five numbers in one messenger leave none for the other."""
    me = await register(person)
    await person.say("/link")
    for number in range(5):
        await person.say(f"55500{number}")
    other = Person(house, "viber" if person.channel == "telegram" else "telegram", "43")
    await other.start()
    await house.database.write(
        lambda c: c.exec_driver_sql(f"UPDATE chats SET subscriber_id = '{me}' WHERE chat_id = '{other.channel}:43'")
    )
    await other.say("/link")
    await other.say("555009")
    assert "You can try again after" in other.text


# -- the billing is silent ---------------------------------------------------------------------------------------------


async def test_billing_down(house: House, person: Person, register: Register, billing: BreakableBilling) -> None:
    me = await register(person)
    await person.say("/link")
    billing.mode = "down"
    await person.say(OWN)
    assert "not answering right now" in person.text and OWN in person.text
    assert await count(house, attempts) == 0
    billing.mode = "ok"
    house.clock.move(timedelta(seconds=20))
    await person.press("Try again")
    assert [link.account_number for link in await links(house, me)] == [OWN]


async def test_billing_down_when_the_code_is_typed(
    house: House, person: Person, register: Register, billing: BreakableBilling
) -> None:
    me = await register(person)
    await to_code(person)
    billing.mode = "down"
    await person.say(person.code())
    assert "type the code again" in person.text
    billing.mode = "ok"
    house.clock.move(timedelta(seconds=20))
    await person.say(person.code())
    assert len(await links(house, me)) == 1


# -- a request to staff ------------------------------------------------------------------------------------------------


async def test_a_request_with_a_comment(house: House, person: Person, register: Register) -> None:
    me = await register(person)
    await person.say("/link")
    await person.say("7700-101-553")
    await person.press("Ask our staff")
    assert "7700101553" in person.text
    await person.say("It is my grandmother's.")
    assert "No. 1" in person.text
    [appeal] = await house.services.appeals.of_person(me, f"{person.channel}:42")
    assert (appeal.kind, appeal.account_number, appeal.contact) == ("link", "7700101553", "+79000000001")
    await person.press("See the appeal")
    assert "It is my grandmother's." in person.text


async def test_the_same_request_is_not_sent_twice(house: House, person: Person, register: Register) -> None:
    await register(person)
    for _ in range(2):
        await person.say("/link")
        await person.say(UNKNOWN)
        await person.press("Ask our staff")
        if "as it is" in " ".join(person.labels):
            sending = person.message
            await person.press("Send as it is")
            await person.press_on(sending, "Send as it is")
    assert "already" in person.text
    assert await count(house, appeals) == 1


# -- revoking ----------------------------------------------------------------------------------------------------------


async def link_of(house: House, subscriber: str) -> str:
    return (await links(house, subscriber))[0].id


async def test_nobody_else_can_revoke(house: House, person: Person, holder: Person, register: Register) -> None:
    """A forged id, somebody else's link, one that has ended: the same words, and nothing changes."""
    me = await register(person, OWN)
    theirs = await register(holder, "7700100218", phone="+79000000002")
    link_id = await link_of(house, theirs)
    heard = set()
    for forged in (link_id, "0" * 16, await link_of(house, me)):
        await person.press_raw(encode(RevokeLink(forged)))
        heard.add(person.text)
    assert len(heard) == 1 and "has ended already" in heard.pop()
    assert await links(house, theirs) != []


async def test_revoking_twice(house: House, person: Person, holder: Person, register: Register) -> None:
    await register(person, OWN)
    guest = await register(holder, OWN, phone="+79000000044", role=Role.family)
    link_id = await link_of(house, guest)
    await person.press_raw(encode(RevokeLink(link_id)))
    asking = person.message
    await person.press("Keep it")
    assert "keeps the access" in person.text and await links(house, guest) != []
    await person.press_raw(encode(RevokeLink(link_id)))
    await person.press("Take it away")
    assert await links(house, guest) == []
    assert "Владелец счёта" in holder.text
    await person.press_on(asking, "Take it away")
    await person.press_raw(encode(RevokeLink(link_id)))
    assert "has ended already" in person.text
    ended = await house.database.read(
        lambda c: c.execute(select(account_links.c.ended_by).where(account_links.c.id == link_id)).scalar_one()
    )
    assert ended == "owner"


async def test_the_contact_phone_may_revoke_without_a_link(
    house: House, person: Person, holder: Person, register: Register
) -> None:
    await register(person)  # +79000000001 is the contact of the account, which is not linked
    guest = await register(holder, OWN, phone="+79000000044", role=Role.family)
    await person.press_raw(encode(RevokeLink(await link_of(house, guest))))
    await person.press("Take it away")
    assert await links(house, guest) == []


# -- one's own list ----------------------------------------------------------------------------------------------------


async def test_the_list_renames_and_unlinks(house: House, person: Person, register: Register) -> None:
    me = await register(person, OWN, nicknames={OWN: "Home"})
    await person.say("/access")
    assert "Home" in person.text and "owner" in person.text
    await person.press("Home")
    await person.press("Name it")
    await person.say("Дача")
    assert "Дача" in person.text and (await links(house, me))[0].nickname == "Дача"
    await person.press("Name it")
    await person.press("Just its number")
    assert (await links(house, me))[0].nickname == ""
    await person.press("Unlink")
    await person.press("Keep it")
    assert await links(house, me) != []
    await person.press("Unlink")
    asking = person.message
    await person.press("Unlink")
    assert "is unlinked" in person.text and await links(house, me) == []
    await person.press_on(asking, "Unlink")
    await person.say("/access")
    assert "No account is linked yet" in person.text


async def test_the_owner_sees_who_has_access(house: House, person: Person, holder: Person, register: Register) -> None:
    await register(person, OWN)
    await register(holder, OWN, phone="+79000000044", role=Role.family)
    await person.say("/access")
    await person.press("7700")
    await person.press("Who has access")
    assert "Алексей · family" in person.text and "you · owner" in person.text
    assert "⛔ Take away: Алексей" in person.labels

    await holder.say("/access")
    await holder.press("7700")
    assert not any("У кого" in label for label in holder.labels), "family does not see who else has access"


async def test_a_strangers_card_cannot_be_forged(
    house: House, person: Person, holder: Person, register: Register
) -> None:
    await register(person, OWN)
    theirs = await register(holder, "7700100218", phone="+79000000002")
    await person.say("/access")
    real = person.payload("7700")
    await person.press_raw(real[: real.index('"ac.card"')] + f'"ac.card","{await link_of(house, theirs)}"]')
    assert "no longer on your list" in person.text
    assert "7700100218" not in person.text.replace(" ", "")


async def test_a_stranger_registers_first(house: House, person: Person) -> None:
    await person.press_raw(encode(OpenLinking(OWN)))
    assert "Which account" not in person.text and "is linked" not in person.text
    assert await count(house, account_links) == 0


async def test_a_relative_who_now_owns_the_phone_becomes_owner(
    house: House, person: Person, register: Register
) -> None:
    me = await register(person, OWN, role=Role.family)
    await person.say("/link")
    await person.say(OWN)
    assert "you are now its owner" in person.text and "is linked already" in person.text
    assert [link.role for link in await links(house, me)] == [Role.owner]
