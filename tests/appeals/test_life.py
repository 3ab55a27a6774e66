"""An appeal's life: whose turn it is, by when, what each step tells, and what can no longer be done."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from core.appeals.life import SYNC
from core.appeals.models import AppealStatus, Author
from core.appeals.records import history
from core.appeals.staff import MAX_ANSWER, KeptFile, NotPossible
from core.appeals.tables import appeal_posts
from core.delivery.tables import tasks
from core.errors import Stale
from core.subscribers import privacy
from tests.appeals.conftest import ANNA, BORIS, CHAT, Office

DAY = timedelta(days=1)


async def test_from_the_first_word_to_the_last(office: Office) -> None:
    me = await office.subscriber(CHAT, "viber:2")
    appeal = await office.appeal(me)
    assert appeal.status is AppealStatus.acknowledged
    # 9:00 in UTC is 12:00 in Moscow: four working hours later it is 16:00 there.
    assert appeal.due_at == office.clock.now() + timedelta(hours=4)

    assert await office.desk.start(ANNA, appeal.number) == 2, "both chats hear of it"
    assert (await office.now(appeal.id)).assignee == "s1"
    assert await office.desk.reply(ANNA, appeal.number, "We look at it") == 2
    after = await office.now(appeal.id)
    assert after.status is AppealStatus.in_progress and after.answered_at == office.clock.now()
    assert after.due_at == office.services.appeals.rules.solve_by("technical", office.clock.now()).due_at

    await office.desk.ask(ANNA, appeal.number, "Which lamp is on?")
    after = await office.now(appeal.id)
    assert (after.status, after.due_at) == (AppealStatus.pending, None), "nothing is due from staff"
    await office.do(office.appeals.append(appeal.id, "The red one"))
    after = await office.now(appeal.id)
    assert after.status is AppealStatus.in_progress and after.due_at is not None and after.closing_at is None

    await office.desk.resolve(ANNA, appeal.number, "We replaced the cable.")
    after = await office.now(appeal.id)
    assert (after.status, after.reason, after.due_at) == (AppealStatus.resolved, "We replaced the cable.", None)
    await office.do(office.appeals.confirm(appeal.id))
    await office.do(office.appeals.rate(appeal.id, 5, "quick"))
    after = await office.now(appeal.id)
    assert (after.status, after.rating, after.rating_words) == (AppealStatus.closed, 5, "quick")

    heard = [message.text for message in await office.posted("viber:2")]
    assert len(heard) == 4
    for said, number in (("being worked on", 0), ("We look at it", 1), ("Which lamp", 2), ("replaced the cable", 3)):
        assert said in heard[number]
    events = [event.what for event in await office.database.read(history, appeal.id)]
    assert events == ["sent", "started", "asked", "answered", "resolved", "confirmed", "rated"]


async def test_work_that_goes_on_without_an_answer_is_due_again(office: Office) -> None:
    """Staff have found out themselves: nobody waits for the subscriber any more, and silence closes nothing."""
    appeal = await office.appeal(await office.subscriber(CHAT))
    await office.desk.ask(ANNA, appeal.number, "Which lamp is on?")
    await office.desk.start(ANNA, appeal.number)
    after = await office.now(appeal.id)
    assert (after.status, after.closing_at) == (AppealStatus.in_progress, None) and after.due_at is not None


async def test_returned_to_work_within_the_term(office: Office) -> None:
    appeal = await office.appeal(await office.subscriber(CHAT))
    await office.desk.reject(ANNA, appeal.number, "It is not ours.")
    office.clock.move(14 * DAY)
    await office.do(office.appeals.reopen(appeal.id, "It is yours"))
    after = await office.now(appeal.id)
    assert (after.status, after.reopened) == (AppealStatus.reopened, 1) and after.due_at is not None
    assert await office.words(appeal.id, Author.subscriber) == ["It is broken", "It is yours"]

    await office.desk.resolve(BORIS, appeal.number, "Mended.")
    office.clock.move(14 * DAY + timedelta(seconds=1))
    with pytest.raises(Stale):
        await office.do(office.appeals.reopen(appeal.id, "Again"))
    assert not office.appeals.may_return(await office.now(appeal.id))


async def test_words_after_a_decision_are_never_lost(office: Office) -> None:
    appeal = await office.appeal(await office.subscriber(CHAT))
    await office.desk.resolve(ANNA, appeal.number, "Mended.")
    await office.do(office.appeals.append(appeal.id, "Not mended at all"))
    assert await office.status(appeal.id) is AppealStatus.reopened


async def test_no_longer_needed(office: Office) -> None:
    appeal = await office.appeal(await office.subscriber(CHAT))
    await office.do(office.appeals.withdraw(appeal.id))
    after = await office.now(appeal.id)
    assert (after.status, after.due_at) == (AppealStatus.closed, None)
    with pytest.raises(Stale):
        await office.do(office.appeals.withdraw(appeal.id))
    with pytest.raises(NotPossible, match="is closed"):
        await office.desk.reply(ANNA, appeal.number, "Hello?")
    await office.desk.start(ANNA, appeal.number)
    assert await office.status(appeal.id) is AppealStatus.in_progress, "staff may take it up again"


async def test_a_decision_needs_words_and_is_made_once(office: Office) -> None:
    appeal = await office.appeal(await office.subscriber(CHAT))
    for act in (office.desk.resolve, office.desk.reject):
        with pytest.raises(NotPossible, match="the person reads it"):
            await act(ANNA, appeal.number, " \n ")
    await office.desk.resolve(ANNA, appeal.number, "Mended.")
    with pytest.raises(NotPossible, match="decided before: it is resolved") as error:
        await office.desk.reject(BORIS, appeal.number, "No.")
    assert error.value.message.format(**error.value.values) == str(error.value), "it can be translated"
    assert len(await office.posted()) == 1


async def test_what_is_too_long_is_not_cut(office: Office) -> None:
    appeal = await office.appeal(await office.subscriber(CHAT))
    with pytest.raises(NotPossible, match=str(MAX_ANSWER)):
        await office.desk.reply(ANNA, appeal.number, "x" * (MAX_ANSWER + 1))
    assert await office.desk.reply(ANNA, appeal.number, "x" * MAX_ANSWER) == 1
    [message] = await office.posted()
    assert "x" * MAX_ANSWER in message.text


async def test_notes_stay_among_staff(office: Office) -> None:
    me = await office.subscriber(CHAT)
    appeal = await office.appeal(me)
    await office.desk.note(ANNA, appeal.number, "A difficult person")
    assert await office.posted() == []
    thread = await office.thread(appeal.id)
    assert [message.text for message in thread.said] == ["It is broken"]
    exported = await office.database.read(privacy.export, me, office.clock.now())
    assert "difficult" not in str(exported)


async def test_files_go_beside_the_words(office: Office) -> None:
    appeal = await office.appeal(await office.subscriber(CHAT))
    files = [KeptFile("a" * 64, "act.pdf", "application/pdf", 9), KeptFile("b" * 64, "map.png", "image/png", 9)]
    assert await office.desk.reply(ANNA, appeal.number, "See these", files) == 1
    words, document, picture = await office.posted()
    assert "See these" in words.text and words.attachment is None
    assert document.attachment is not None and document.attachment.kind == "document"
    assert picture.attachment is not None and picture.attachment.kind == "picture"
    marks = await office.database.read(lambda c: list(c.execute(select(appeal_posts).order_by("outbox_id"))))
    added = [message.id for message in (await office.thread(appeal.id)).messages if message.author is Author.staff]
    assert [mark.message_id for mark in marks] == added and len(added) == 3, "each can be marked as seen"


async def test_another_kind_has_another_deadline(office: Office) -> None:
    appeal = await office.appeal(await office.subscriber(CHAT), "gratitude")
    await office.desk.change_kind(ANNA, appeal.number, "technical")
    after = await office.now(appeal.id)
    assert after.kind == "technical"
    assert after.due_at == office.services.appeals.rules.answer_by("technical", office.clock.now()).due_at
    for kind in ("nonsense", "link"):
        with pytest.raises(NotPossible):
            await office.desk.change_kind(ANNA, appeal.number, kind)


async def test_a_claim_is_decided_within_thirty_days(office: Office) -> None:
    appeal = await office.appeal(await office.subscriber(CHAT), "claim")
    await office.desk.reply(ANNA, appeal.number, "We look into it")
    after = await office.now(appeal.id)
    assert after.due_at == office.clock.now() + 30 * DAY


async def test_other_helpdesks_hear_of_each_change_but_of_no_draft(office: Office) -> None:
    draft, create = await office.appeals.create(None, CHAT, "technical", draft=True)
    await office.do(create, office.appeals.append(draft.id, "not yet"))
    planned = select(tasks.c.id).where(tasks.c.kind == SYNC)
    assert await office.database.read(lambda c: list(c.execute(planned))) == []
    await office.do(office.appeals.send(draft.id, ""))
    await office.desk.note(ANNA, draft.number, "hm")
    found = await office.database.read(lambda c: sorted(c.execute(planned).scalars()))
    assert len(found) == 2 and len(set(found)) == 2


async def test_a_rating_is_one_to_five(office: Office) -> None:
    appeal = await office.appeal(await office.subscriber(CHAT))
    with pytest.raises(ValueError, match="rating of 6"):
        office.appeals.rate(appeal.id, 6)
    with pytest.raises(Stale):
        await office.do(office.appeals.rate(appeal.id, 1))  # nothing is decided yet


async def test_whoever_has_blocked_the_bot_is_not_reached(office: Office) -> None:
    appeal = await office.appeal(await office.subscriber(CHAT))
    await office.database.write(lambda c: c.exec_driver_sql("UPDATE chats SET status = 'gone'"))
    assert await office.desk.reply(ANNA, appeal.number, "Hello") == 0
    assert await office.words(appeal.id, Author.staff) == ["Hello"], "it is kept all the same"
