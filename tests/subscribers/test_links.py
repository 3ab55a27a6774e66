"""Rights to accounts and the limit on tries, on both databases."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, insert, select

from core.clock import ManualClock
from core.database import Database
from core.errors import Stale
from core.subscribers.links import LinkService, tidy_nickname
from core.subscribers.models import Proof, Role
from core.subscribers.tables import account_links, chats, subscribers

A, B = "subscriber-a", "subscriber-b"


@pytest.fixture
async def links(database: Database, clock: ManualClock) -> LinkService:
    now = clock.now()
    people = [
        {"id": A, "phone": "+79000000001", "name": "Anna", "created_at": now},
        {"id": B, "phone": "+79000000002", "name": "Boris", "created_at": now},
    ]
    rooms = [
        {
            "chat_id": f"telegram:{who}",
            "channel": "telegram",
            "address": who,
            "subscriber_id": who,
            "language": "en",
            "status": "active",
            "created_at": now,
        }
        for who in (A, B)
    ]
    await database.write(lambda c: c.execute(insert(subscribers), people))
    await database.write(lambda c: c.execute(insert(chats), rooms))
    return LinkService(database, clock)


async def test_linking_twice_does_no_harm(database: Database, links: LinkService) -> None:
    twice = [database.write(links.link(A, "42", Role.family, Proof.code).apply) for _ in range(4)]
    await asyncio.gather(*twice)
    [link] = await links.of_subscriber(A)
    assert (link.account_number, link.role, link.nickname) == ("42", Role.family, "")


async def test_an_owners_proof_makes_an_owner_and_nothing_less_unmakes_one(
    database: Database, links: LinkService
) -> None:
    for role, proof in ((Role.family, Proof.code), (Role.owner, Proof.phone), (Role.family, Proof.code)):
        await database.write(links.link(A, "42", role, proof).apply)
    [link] = await links.of_subscriber(A)
    assert (link.role, link.proof) == (Role.owner, Proof.phone)


async def test_unlinked_and_linked_anew(database: Database, links: LinkService) -> None:
    await database.write(links.link(A, "42", Role.owner, Proof.phone).apply)
    await database.write(links.unlink(A, "42").apply)
    assert await links.of_subscriber(A) == [] and not await links.owns(A, "42")
    with pytest.raises(Stale):
        await database.write(links.unlink(A, "42").apply)
    await database.write(links.link(A, "42", Role.owner, Proof.phone).apply)
    assert await links.owns(A, "42")
    kept = await database.read(lambda c: c.execute(select(func.count()).select_from(account_links)).scalar_one())
    assert kept == 2, "what was is kept"


async def test_only_an_owner_revokes(database: Database, links: LinkService) -> None:
    await database.write(links.link(B, "42", Role.family, Proof.code).apply)
    [link] = await links.of_subscriber(B)
    with pytest.raises(Stale):
        await database.write(links.revoke(link.id, A).apply)
    await database.write(links.link(A, "42", Role.family, Proof.code).apply)
    with pytest.raises(Stale):
        await database.write(links.revoke(link.id, A).apply)
    await database.write(links.link(A, "42", Role.owner, Proof.phone).apply)
    await database.write(links.revoke(link.id, A).apply)
    assert await links.of_subscriber(B) == []
    with pytest.raises(Stale):
        await database.write(links.revoke(link.id, A).apply)


@pytest.mark.parametrize(
    ("role", "proof", "hears"),
    [
        (Role.owner, Proof.phone, True),
        (Role.representative, Proof.phone, True),
        (Role.representative, Proof.code, False),
        (Role.family, Proof.code, False),
    ],
)
async def test_who_hears_of_a_new_link(
    database: Database, links: LinkService, role: Role, proof: Proof, hears: bool
) -> None:
    await database.write(links.link(A, "42", role, proof).apply)
    assert [chat.address for chat in await links.chats_of_owners("42", besides=B)] == ([A] if hears else [])
    assert await links.chats_of_owners("42", besides=A) == []
    assert [chat.address for chat in await links.chats_of_owners("42", "+79000000002", besides=A)] == [B]


async def test_who_has_access(database: Database, links: LinkService, clock: ManualClock) -> None:
    await database.write(links.link(A, "42", Role.owner, Proof.phone).apply)
    clock.move(timedelta(days=1))
    await database.write(links.link(B, "42", Role.family, Proof.code).apply)
    assert [(one.name, one.link.role) for one in await links.of_account("42")] == [
        ("Anna", Role.owner),
        ("Boris", Role.family),
    ]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Мамина   квартира ", "Мамина квартира"),
        ("two\nlines", "two lines"),
        ("🏠", "🏠"),
        ("x" * 40, "x" * 40),
        ("x" * 41, None),
        (" \n ", None),
        ("\u200b", None),
    ],
)
def test_nicknames(typed: str, kept: str | None) -> None:
    assert tidy_nickname(typed) == kept


# -- tries -------------------------------------------------------------------------------------------------------------


async def test_five_an_hour(database: Database, links: LinkService, clock: ManualClock) -> None:
    began = clock.now()
    for minute in range(5):
        assert await links.tries.ends_at("chat", None) is None
        await database.write(links.tries.count("chat", None).apply)
        clock.move(timedelta(minutes=1))
        assert minute < 5
    assert await links.tries.ends_at("chat", None) == began + timedelta(hours=1)
    assert await links.tries.ends_at("another chat", None) is None
    clock.at = began + timedelta(hours=1)
    assert await links.tries.ends_at("chat", None) is None


async def test_ten_a_day(database: Database, links: LinkService, clock: ManualClock) -> None:
    began = clock.now()
    for _ in range(10):
        await database.write(links.tries.count("chat", None).apply)
        clock.move(timedelta(hours=1))
    assert await links.tries.ends_at("chat", None) == began + timedelta(days=1)


async def test_the_limit_holds_inside_the_write(database: Database, links: LinkService) -> None:
    """Two chats of one phone at the same moment get five tries together."""

    async def attempt(chat: str) -> bool:
        try:
            await database.write(links.tries.count(chat, "+79000000001").apply)
        except Stale:
            return False
        return True

    done = await asyncio.gather(*(attempt(f"chat {number % 2}") for number in range(12)))
    assert sum(done) == 5


async def test_a_number_that_was_proved_is_forgiven(database: Database, links: LinkService, clock: ManualClock) -> None:
    moments = []
    for _ in range(5):
        moments.append(clock.now())
        await database.write(links.tries.count("chat", "+79000000001").apply)
        clock.move(timedelta(seconds=1))
    await database.write(links.tries.forgive("chat", "+79000000001", moments[2]).apply)
    assert await links.tries.ends_at("chat", "+79000000001") is None
    await database.write(links.tries.count("chat", "+79000000001").apply)
    assert await links.tries.ends_at("chat", "+79000000001") == moments[0] + timedelta(hours=1)
