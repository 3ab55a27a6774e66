"""Subscribers, their chats, and what is left of them when they ask to be forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import pytest
from sqlalchemy import Connection, RowMapping, Table, func, insert, select

from core.appeals.tables import appeal_messages, appeals
from core.clock import ManualClock
from core.database import Database
from core.delivery.messages import Attachment, OutgoingMessage, encode_message
from core.delivery.tables import blobs, conversations, outbox
from core.errors import Stale
from core.subscribers.activity import Did
from core.subscribers.consents import Decision
from core.subscribers.links import add_link
from core.subscribers.models import Proof, Role
from core.subscribers.service import SubscriberService
from core.subscribers.snapshots import load_snapshots
from core.subscribers.tables import account_links, activity, chats, consents, subscribers
from tests.subscribers.conftest import Commit

Know = Callable[[str], Awaitable[None]]
ANNA, PHONE, HERE, THERE = "anna000000000000", "+79000000001", "telegram:1", "viber:1"


@pytest.fixture
async def anna(service: SubscriberService, commit: Commit, know: Know, clock: ManualClock) -> str:
    """A subscriber, signed in to two chats, the second an hour later."""
    await know(HERE)
    await know(THERE)
    await commit(service.create(ANNA, PHONE, "Anna", "RU-MOW"), service.attach(HERE, ANNA))
    clock.move(timedelta(hours=1))
    await commit(service.attach(THERE, ANNA))
    return ANNA


async def chat_ids(service: SubscriberService) -> list[str]:
    return [chat.chat_id for chat in await service.chats_of(ANNA)]


async def test_one_phone_is_one_subscriber(service: SubscriberService, commit: Commit, anna: str) -> None:
    with pytest.raises(Stale):
        await commit(service.create("somebody00000000", PHONE, "Somebody", ""))
    found = await service.by_phone(PHONE)
    assert found is not None
    assert found.id == anna
    assert await service.by_phone("+79000000002") is None


async def test_two_chats_that_register_at_once_make_one(
    service: SubscriberService, commit: Commit, know: Know, database: Database
) -> None:
    await know(HERE)
    await know(THERE)
    results = await asyncio.gather(
        commit(service.create("one0000000000000", PHONE, "A", ""), service.attach(HERE, "one0000000000000")),
        commit(service.create("two0000000000000", PHONE, "B", ""), service.attach(THERE, "two0000000000000")),
        return_exceptions=True,
    )
    assert sorted(type(result).__name__ for result in results) == ["NoneType", "Stale"]
    assert await database.read(lambda c: c.execute(select(func.count()).select_from(subscribers)).scalar()) == 1


async def test_chats_are_listed_from_the_oldest(service: SubscriberService, anna: str) -> None:
    assert await chat_ids(service) == [HERE, THERE]


async def test_a_chat_belongs_to_one_person(service: SubscriberService, commit: Commit, anna: str) -> None:
    await commit(service.create("boris00000000000", "+79000000002", "Boris", ""))
    with pytest.raises(Stale):
        await commit(service.attach(HERE, "boris00000000000"))


async def test_a_chat_that_is_cut_off_waits_for_a_day(
    service: SubscriberService, commit: Commit, anna: str, clock: ManualClock
) -> None:
    await commit(service.cut_off(THERE, anna, "turn"))
    assert await chat_ids(service) == [HERE]
    chat = await service.chat(THERE)
    assert chat is not None
    assert chat.barred_until == clock.now() + timedelta(hours=24)
    clock.move(timedelta(hours=23, minutes=59))
    with pytest.raises(Stale):
        await commit(service.attach(THERE, anna))
    clock.move(timedelta(minutes=1))
    await commit(service.attach(THERE, anna))
    assert await chat_ids(service) == [HERE, THERE]


async def test_a_bar_can_be_lifted(service: SubscriberService, commit: Commit, anna: str) -> None:
    await commit(service.cut_off(THERE, anna, "turn"))
    await commit(service.let_back(THERE))
    await commit(service.attach(THERE, anna))
    assert await chat_ids(service) == [HERE, THERE]


async def test_nobody_cuts_off_a_strangers_chat(
    service: SubscriberService, commit: Commit, anna: str, know: Know
) -> None:
    await know("telegram:9")
    await commit(service.create("boris00000000000", "+79000000002", "Boris", ""))
    await commit(service.attach("telegram:9", "boris00000000000"))
    with pytest.raises(Stale):
        await commit(service.cut_off("telegram:9", anna, "turn"))
    await commit(service.close(["telegram:9"], anna, "turn"))
    assert [chat.chat_id for chat in await service.chats_of("boris00000000000")] == ["telegram:9"]


async def test_what_was_said_in_a_closed_chat_cannot_be_gone_back_to(
    service: SubscriberService, commit: Commit, anna: str, database: Database, clock: ManualClock
) -> None:
    row = {"chat_id": THERE, "state": '{"secret": 1}', "version": 4, "heard_at": clock.now()}
    await database.write(lambda c: c.execute(insert(conversations).values(**row)))
    await commit(service.close([THERE], anna, "turn"))
    snapshot = (await database.read(load_snapshots, [THERE]))[THERE]
    assert snapshot.state is None
    assert snapshot.version == 5  # a turn that was being worked out there runs again
    assert snapshot.subscriber is None


async def test_signing_out_here_keeps_what_this_turn_says(
    service: SubscriberService, commit: Commit, anna: str, database: Database, clock: ManualClock
) -> None:
    row = {"chat_id": HERE, "state": "{}", "version": 1, "heard_at": clock.now()}
    await database.write(lambda c: c.execute(insert(conversations).values(**row)))
    await commit(service.close([HERE], anna, "turn", here=HERE))
    snapshot = (await database.read(load_snapshots, [HERE]))[HERE]
    assert (snapshot.state, snapshot.version, snapshot.subscriber) == ("{}", 1, None)


async def test_what_waits_for_a_closed_chat_is_not_sent_any_more(
    service: SubscriberService, commit: Commit, anna: str, database: Database, clock: ManualClock
) -> None:
    """A notice with a balance that the messenger delayed must not reach a chat that has been cut off meanwhile."""

    def waiting(chat_id: str, turn_id: str) -> dict[str, object]:
        said = encode_message(OutgoingMessage((("Hello", "plain"),)))
        moments = {"created_at": clock.now(), "due_at": clock.now()}
        return {"chat_id": chat_id, "priority": 1, "status": "pending", "message": said, "turn_id": turn_id, **moments}

    rows = [waiting(THERE, "before"), waiting(THERE, "now"), waiting(HERE, "before")]
    await database.write(lambda c: c.execute(insert(outbox), rows))
    await commit(service.cut_off(THERE, anna, "now"))

    def left(connection: Connection) -> list[str]:
        return list(connection.execute(select(outbox.c.status).order_by(outbox.c.id)).scalars())

    assert await database.read(left) == ["dropped", "pending", "pending"]


async def test_a_number_that_somebody_has_cannot_be_taken(
    service: SubscriberService, commit: Commit, anna: str
) -> None:
    await commit(service.create("boris00000000000", "+79000000002", "Boris", ""))
    with pytest.raises(Stale):
        await commit(service.set_phone("boris00000000000", PHONE))
    await commit(service.set_phone(anna, "+79000000003"))
    assert await service.by_phone(PHONE) is None


async def test_the_last_decision_about_consent_counts(
    service: SubscriberService, commit: Commit, clock: ManualClock
) -> None:
    assert await service.consent_in(HERE) is None
    for decision in (Decision.refused, Decision.given):
        await commit(service.decide(HERE, decision))
        clock.move(timedelta(seconds=1))
    consent = await service.consent_in(HERE)
    assert consent is not None
    assert (consent.decision, consent.version) == (Decision.given, "2026-01")
    assert consent.decided_at == clock.now() - timedelta(seconds=1)


async def test_the_archive_has_pages(service: SubscriberService, commit: Commit, anna: str, clock: ManualClock) -> None:
    for number in range(10):
        await commit(service.did(anna, HERE, Did.linked, str(number)))
        clock.move(timedelta(seconds=1))
    first, more = await service.archive(anna)
    assert [deed.detail for deed in first] == [str(n) for n in range(9, 1, -1)]
    assert more
    last, more = await service.archive(anna, 1)
    assert [deed.detail for deed in last] == ["1", "0"]
    assert not more


@pytest.fixture
async def history(service: SubscriberService, commit: Commit, anna: str, database: Database, clock: ManualClock) -> str:
    """Anna has done everything that can be done, and the program has written to her."""
    now = clock.now()
    await commit(
        service.decide(HERE, Decision.given, anna),
        service.did(anna, HERE, Did.linked, "7700100101"),
        service.set_email(anna, "anna@mail.ru"),
    )
    link = {
        "id": "link000000000000",
        "subscriber_id": anna,
        "account_number": "7700100101",
        "role": Role.owner.value,
        "nickname": "Mother's flat",
        "proof": Proof.phone.value,
        "created_at": now,
    }
    await database.write(add_link, link)
    appeal = {
        "id": "appeal0000000000",
        "number": 1,
        "subscriber_id": anna,
        "chat_id": HERE,
        "kind": "person",
        "contact": PHONE,
        "status": "acknowledged",
        "created_at": now,
        "updated_at": now,
    }
    await database.write(lambda c: c.execute(insert(appeals).values(**appeal)))
    letter = {"id": "m", "appeal_id": "appeal0000000000", "author": "subscriber", "text": "Help!", "at": now}
    await database.write(lambda c: c.execute(insert(appeal_messages).values(**letter)))
    blob = {"sha256": "f" * 64, "media_type": "application/json", "data": b"{}", "created_at": now}
    await database.write(lambda c: c.execute(insert(blobs).values(**blob)))
    file = Attachment("f" * 64, "my-data.json", "application/json", 2, "document")
    for number, message in enumerate(
        (OutgoingMessage((("Hello, Anna", "plain"),)), OutgoingMessage((), attachment=file))
    ):
        row = {
            "chat_id": THERE,
            "priority": 0,
            "status": "sent",
            "message": encode_message(message),
            "turn_id": f"turn{number}",
            "created_at": now,
            "due_at": now,
        }
        await database.write(_add_message, row)
    return anna


def _add_message(connection: Connection, row: dict[str, object]) -> None:
    connection.execute(insert(outbox).values(**row))


async def test_the_export_holds_everything(service: SubscriberService, history: str) -> None:
    data = await service.export_data(history)
    assert data["profile"]["phone"] == PHONE
    assert data["profile"]["email"] == "anna@mail.ru"
    assert [chat["channel"] for chat in data["chats"]] == ["telegram", "viber"]
    assert data["consents"][0]["decision"] == "given"
    assert data["linked_accounts"][0]["nickname"] == "Mother's flat"
    assert data["activity"][0]["detail"] == "7700100101"
    assert data["appeals"][0]["messages"][0]["text"] == "Help!"
    assert "code_hash" not in str(data)


async def test_forgetting_leaves_nothing_but_what_the_law_keeps(
    service: SubscriberService, commit: Commit, history: str, database: Database
) -> None:
    await commit(service.erase(history, HERE, "this-turn"))

    async def rows(table: Table) -> Sequence[RowMapping]:
        return await database.read(lambda c: c.execute(select(table)).mappings().all())

    [person] = await rows(subscribers)
    assert (person["phone"], person["name"], person["region"], person["email"]) == (None, "", "", None)
    assert person["erased_at"] is not None
    assert all(row["subscriber_id"] is None and row["name"] == "" for row in await rows(chats))
    assert await rows(activity) == []
    assert await rows(outbox) == []
    assert await rows(blobs) == []
    [link] = await rows(account_links)
    assert link["ended_at"] is not None
    assert link["nickname"] == ""
    assert len(await rows(appeals)) == 1
    decisions = [row["decision"] for row in await rows(consents)]
    assert decisions.count("given") == 1
    assert decisions.count("withdrawn") == 2  # in each chat: signing up again asks anew


async def test_forgetting_keeps_what_this_turn_says(
    service: SubscriberService, commit: Commit, history: str, database: Database
) -> None:
    await commit(service.erase(history, HERE, "turn0"))
    turns = await database.read(lambda c: c.execute(select(outbox.c.turn_id)).scalars().all())
    assert turns == ["turn0"]


async def test_nobody_is_forgotten_twice_and_the_phone_is_free_again(
    service: SubscriberService, commit: Commit, history: str
) -> None:
    await commit(service.erase(history, HERE, "turn"))
    with pytest.raises(Stale):
        await commit(service.erase(history, HERE, "turn"))
    with pytest.raises(Stale):
        await commit(service.attach(HERE, history))
    with pytest.raises(Stale):
        await commit(service.set_name(history, "Anna"))
    await commit(service.create("anew000000000000", PHONE, "Anna", ""))
