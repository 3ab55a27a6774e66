"""Appeals in Zammad and back: each message once, in order, and never an internal one; on both databases."""

from __future__ import annotations

import asyncio
import random

import pytest

from core.appeals import mirror_records as book
from core.appeals.kinds import LINK
from core.appeals.models import AppealStatus
from tests.helpdesk.doubles.zammad import STATES
from tests.helpdesk.house import AGENT, EVA, House

PNG = bytes.fromhex("89504e470d0a1a0a0000000d4948445200000001000000010806000000") + b"\x00" * 40
PDF = b"%PDF-1.7\n" + b"x" * 100


async def test_an_appeal_becomes_a_ticket_with_its_messages(house: House) -> None:
    appeal = await house.appeal("The internet is slow", "since <b>Monday</b>")
    await house.work()
    ticket = house.zammad.tickets[await house.ticket(appeal)]
    assert ticket["title"] == f"No. {appeal.number} · Message to a person: The internet is slow"
    assert ticket["state"] == "new"
    customer = house.zammad.users[ticket["customer_id"]]
    assert customer["login"] == f"abonent-{EVA}"
    assert customer["firstname"] == '<script>alert("x")</script> Eva'  # as it is: Zammad shows it as text
    assert "email" not in customer
    first, *messages = house.zammad.thread(ticket["id"])
    assert (first["sender"], first["internal"]) == ("System", True)
    assert "+79161234567" in first["body"]
    assert [(one["sender"], one["type"], one["internal"], one["body"], one["content_type"]) for one in messages] == [
        ("Customer", "web", False, "The internet is slow", "text/plain"),
        ("Customer", "web", False, "since <b>Monday</b>", "text/plain"),
    ]


async def test_more_words_and_files_follow(house: House) -> None:
    appeal = await house.appeal("Look")
    await house.work()
    await house.sends_file(appeal, "photo\n1.png", PNG, "image/png")
    await house.says(appeal, "well?")
    await house.work()
    articles = house.zammad.thread(await house.ticket(appeal))[1:]
    assert [one["body"] for one in articles] == ["Look", "[photo 1.png]", "well?"]
    assert house.zammad.attached(articles[1]["id"]) == {"photo 1.png": PNG}


async def test_one_person_is_one_customer(house: House) -> None:
    one, two = await house.appeal("a"), await house.appeal("b")
    stranger = await house.appeal("c", subscriber=None, chat="viber:x")
    await house.work()
    customers = [house.zammad.tickets[await house.ticket(each)]["customer_id"] for each in (one, two, stranger)]
    assert customers[0] == customers[1] != customers[2]


async def test_a_public_answer_reaches_the_subscriber_and_an_internal_one_never(house: House) -> None:
    appeal = await house.appeal("Help")
    await house.work()
    ticket = await house.ticket(appeal)
    house.zammad.agent_writes(ticket, "<p>she is <i>rude</i></p>", internal=True)
    house.zammad.agent_writes(ticket, "<p>Hello &amp; welcome,<br>try <b>again</b></p><script>x()</script>")
    house.zammad.agent_writes(ticket, "to a contractor", type="email")
    assert set(await house.deliver()) == {200}
    await house.work()
    assert await house.staff_said(appeal) == ["Hello & welcome,\ntry again"]
    heard = await house.heard()
    assert sum("try again" in one for one in heard) == 1
    assert not any("rude" in one or "contractor" in one for one in heard)
    # Nothing of it is sent back, and an answer takes the ticket to work.
    assert house.zammad.said(ticket, "Agent").count("Hello & welcome,\ntry again") == 0
    assert house.zammad.tickets[ticket]["state"] == "open"
    assert (await house.now(appeal)).status is AppealStatus.in_progress


async def test_a_note_that_is_made_public_later_goes_out_with_the_next_change(house: House) -> None:
    appeal = await house.appeal("Help")
    await house.work()
    note = house.zammad.agent_writes(await house.ticket(appeal), "later", internal=True)
    await house.deliver()
    await house.work()
    assert await house.staff_said(appeal) == []
    house.zammad.publish(note)
    house.zammad.agent_sets(await house.ticket(appeal), "open")
    await house.deliver()
    await house.work()
    assert await house.staff_said(appeal) == ["later"]


async def test_what_the_own_desk_says_is_seen_there_and_does_not_come_back(house: House) -> None:
    appeal = await house.appeal("Help")
    await house.work()
    await house.desk.reply(AGENT, appeal.number, "We look into it")
    await house.desk.note(AGENT, appeal.number, "she is rude")
    await house.work()
    await house.deliver()
    await house.later()
    ticket = await house.ticket(appeal)
    assert house.zammad.said(ticket, "Agent") == ["We look into it"]
    assert await house.staff_said(appeal) == ["We look into it"]
    assert not any("rude" in one["body"] for one in house.zammad.thread(ticket))


async def test_files_of_agents_are_judged_by_their_content(house: House) -> None:
    appeal = await house.appeal("Help")
    await house.work()
    ticket = await house.ticket(appeal)
    article = house.zammad.agent_writes(
        ticket,
        "see this",
        files={"a.pdf": PDF, "b.png": b"MZ\x90\x00" + b"\x00" * 60, "c.pdf": b"%PDF-1.7\n" + b"x" * 5_000_001},
    )
    house.zammad.inline(article, "in.png", PNG)
    await house.deliver()
    await house.work()
    assert await house.staff_said(appeal) == ["see this", "a.pdf", "file.png"]
    thread = await house.thread(appeal)
    kept = [await house.store.get(one.blob) for one in thread.messages if one.blob]
    assert kept == [PDF, PNG]
    notes = [one for one in house.zammad.thread(ticket) if one["sender"] == "System" and one["internal"]]
    assert "b.png, c.pdf" in notes[-1]["body"]
    # The files are not sent back, and the note is written once.
    before = len(house.zammad.thread(ticket))
    await house.deliver()
    await house.later()
    assert len(house.zammad.thread(ticket)) == before


async def test_a_long_answer_comes_in_parts(house: House) -> None:
    appeal = await house.appeal("Help")
    await house.work()
    long = "\n\n".join(f"{number} " + "word " * 200 for number in range(9))
    house.zammad.agent_writes(await house.ticket(appeal), long, content_type="text/plain")
    await house.deliver()
    await house.deliver([])
    await house.work()
    said = await house.staff_said(appeal)
    assert len(said) > 1 and all(len(part) <= 3000 for part in said)
    assert " ".join(" ".join(said).split()) == " ".join(long.split())


async def test_closing_with_words_resolves_with_these_words(house: House) -> None:
    appeal = await house.appeal("Help")
    await house.work()
    house.zammad.agent_writes(await house.ticket(appeal), "The cable was replaced", state="closed")
    await house.deliver()
    await house.work()
    now = await house.now(appeal)
    assert (now.status, now.reason) == (AppealStatus.resolved, "The cable was replaced")
    assert sum("The cable was replaced" in one for one in await house.heard()) == 1
    assert house.zammad.tickets[await house.ticket(appeal)]["state"] == "closed"


async def test_closing_without_words_says_so(house: House) -> None:
    appeal = await house.appeal("Help")
    await house.work()
    ticket = await house.ticket(appeal)
    house.zammad.agent_writes(ticket, "Restart it")
    house.zammad.agent_sets(ticket, "closed")
    await house.deliver()
    await house.work()
    now = await house.now(appeal)
    assert now.status is AppealStatus.resolved
    assert now.reason == "Restart it"
    again = await house.appeal("More")
    await house.work()
    house.zammad.agent_sets(await house.ticket(again), "closed")
    await house.deliver()
    await house.work()
    now = await house.now(again)
    assert now.status is AppealStatus.resolved and "(closed)" in now.reason


async def test_waiting_and_coming_back(house: House) -> None:
    appeal = await house.appeal("Help")
    await house.work()
    ticket = await house.ticket(appeal)
    house.zammad.agent_writes(ticket, "Which account?", state="pending reminder")
    await house.deliver()
    await house.work()
    assert (await house.now(appeal)).status is AppealStatus.pending
    assert house.zammad.tickets[ticket]["state"] == "pending reminder"
    await house.says(appeal, "4001")
    await house.work()
    assert (await house.now(appeal)).status is AppealStatus.in_progress
    assert house.zammad.tickets[ticket]["state"] == "open"
    house.zammad.agent_writes(ticket, "Done", state="closed")
    await house.deliver()
    await house.work()
    await house.says(appeal, "no, it is not")
    await house.work()
    assert (await house.now(appeal)).status is AppealStatus.reopened
    assert house.zammad.tickets[ticket]["state"] == "open"
    assert house.zammad.said(ticket) == ["Help", "4001", "no, it is not"]


@pytest.mark.parametrize("words", ["Which account?", ""])
async def test_a_question_after_the_end_opens_it_again(house: House, words: str) -> None:
    appeal = await house.appeal("Help")
    await house.work()
    ticket = await house.ticket(appeal)
    house.zammad.agent_writes(ticket, "Done", state="closed")
    await house.deliver()
    await house.work()
    if words:
        house.zammad.agent_writes(ticket, words, state="pending reminder")
    else:
        house.zammad.agent_sets(ticket, "pending reminder")
    await house.deliver()
    await house.later()
    now = await house.now(appeal)
    assert now.status is (AppealStatus.pending if words else AppealStatus.in_progress)
    assert house.zammad.tickets[ticket]["state"] == ("pending reminder" if words else "open")


async def test_asking_at_the_own_desk_makes_the_ticket_wait(house: House) -> None:
    appeal = await house.appeal("Help")
    await house.work()
    await house.desk.ask(AGENT, appeal.number, "Which account?")
    await house.work()
    ticket = house.zammad.tickets[await house.ticket(appeal)]
    assert ticket["state"] == "pending reminder" and ticket["pending_time"]


async def test_what_waits_for_something_else_is_left_waiting_until_the_subscriber_writes(house: House) -> None:
    appeal = await house.appeal("Help")
    await house.work()
    ticket = await house.ticket(appeal)
    house.zammad.agent_sets(ticket, "pending reminder")
    await house.deliver()
    await house.work()
    assert (await house.now(appeal)).status is AppealStatus.acknowledged
    assert house.zammad.tickets[ticket]["state"] == "pending reminder"
    await house.says(appeal, "?")
    await house.work()
    assert house.zammad.tickets[ticket]["state"] != "pending reminder"


async def test_a_request_for_an_account_is_not_granted_by_closing_a_ticket(house: House) -> None:
    appeal = await house.appeal("please", kind=LINK)
    await house.work()
    ticket = await house.ticket(appeal)
    house.zammad.agent_sets(ticket, "closed")
    await house.deliver()
    await house.work()
    assert (await house.now(appeal)).status is AppealStatus.acknowledged
    notes = [one["body"] for one in house.zammad.thread(ticket) if one["sender"] == "System"]
    assert len(notes) == 2 and "approve or refuse" in notes[1]


async def test_agents_hear_that_nobody_can_be_reached(house: House) -> None:
    appeal = await house.appeal("Help", subscriber=None, chat="telegram:nobody")
    await house.work()
    ticket = await house.ticket(appeal)
    house.zammad.agent_writes(ticket, "Hello?")
    await house.deliver()
    await house.later()
    notes = [one["body"] for one in house.zammad.thread(ticket) if one["sender"] == "System"]
    assert len(notes) == 2 and "cannot be reached" in notes[1]


async def test_lost_calls_are_made_up_for(house: House) -> None:
    appeal = await house.appeal("Help")
    await house.work()
    ticket = await house.ticket(appeal)
    house.zammad.agent_writes(ticket, "one")
    house.zammad.agent_writes(ticket, "two")
    house.zammad.take_letters()  # lost
    await house.later()
    assert await house.staff_said(appeal) == ["one", "two"]
    calls = len(house.zammad.calls)
    await house.look()
    assert len(house.zammad.calls) == calls + 1  # nothing new: one question is enough
    assert await house.worker.drain() == 0 or await house.staff_said(appeal) == ["one", "two"]


async def test_many_appeals_at_once_meet_no_other(house: House) -> None:
    people = [EVA, "max0000000000001"] * 6
    made = [await house.appeal(f"mine {number}.", subscriber=who) for number, who in enumerate(people)]
    await house.work()
    for number, appeal in enumerate(made):
        house.zammad.agent_writes(await house.ticket(appeal), f"yours {number}.")
        house.zammad.agent_writes(await house.ticket(appeal), f"secret {number}.", internal=True)
    letters = house.zammad.take_letters()
    random.Random(1).shuffle(letters)
    await house.deliver(letters)
    await house.work()
    for number, (who, appeal) in enumerate(zip(people, made, strict=True)):
        assert house.zammad.said(await house.ticket(appeal)) == [f"mine {number}."]
        assert await house.staff_said(appeal) == [f"yours {number}."]
        for other in (EVA, "max0000000000001"):
            heard = await house.heard(f"telegram:{other}")
            assert sum(f"yours {number}." in one for one in heard) == (other == who)
            assert not any("secret" in one for one in heard)


async def test_an_appeal_that_was_brought_by_nobody_is_found(house: House) -> None:
    appeal = await house.appeal("Help")
    house.zammad.faults.answers = (503, b"")
    await house.work()
    house.zammad.faults.answers = None
    await house.later()
    assert house.zammad.said(await house.ticket(appeal)) == ["Help"]


async def test_a_deleted_ticket_is_made_anew_with_all_that_was_said(house: House) -> None:
    appeal = await house.appeal("Help")
    await house.work()
    first = await house.ticket(appeal)
    house.zammad.agent_writes(first, "hello")
    await house.deliver()
    await house.work()
    house.zammad.delete(first)
    await house.says(appeal, "still there?")
    await house.work()
    second = await house.ticket(appeal)
    assert second != first
    thread = house.zammad.thread(second)[1:]
    assert [one["body"] for one in thread] == ["Help", "hello", "still there?"]
    await house.deliver()
    await house.later()
    assert await house.staff_said(appeal) == ["hello"]


async def test_a_loss_that_is_noticed_twice_makes_one_new_ticket(house: House) -> None:
    appeal = await house.appeal("Help")
    await house.work()
    first = await house.ticket(appeal)
    house.zammad.delete(first)
    await house.says(appeal, "?")
    standing = await house.counterpart(appeal)
    await house.work()
    # Whoever saw the old one gone comes too late.
    await house.database.write(book.lost, "zammad", appeal.id, standing.remote_id)
    takes = [house.intake.take(first) for _ in range(3)]
    await asyncio.gather(*takes, house.mirror.bring(appeal.id))
    await house.later()
    assert len(house.zammad.tickets) == 1
    assert house.zammad.said(await house.ticket(appeal)) == ["Help", "?"]


async def test_a_state_that_was_added_a_moment_ago_is_understood(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    appeal = await house.appeal("Help")
    await house.work()
    monkeypatch.setitem(STATES, "solved", "closed")
    house.zammad.agent_writes(await house.ticket(appeal), "it works", state="solved")
    await house.deliver()
    await house.work()
    assert (await house.now(appeal)).status is AppealStatus.resolved
    assert house.zammad.tickets[await house.ticket(appeal)]["state"] == "solved"


async def test_what_is_over_is_not_made_anew(house: House) -> None:
    appeal = await house.appeal("Help")
    await house.work()
    await house.desk.resolve(AGENT, appeal.number, "done")
    await house.work()
    house.zammad.delete(await house.ticket(appeal))
    await house.database.write(house.service.confirm(appeal.id).apply)
    await house.later()
    assert house.zammad.tickets == {}


async def test_a_merged_ticket_is_followed_to_the_same_persons_other_one(house: House) -> None:
    one, two = await house.appeal("first"), await house.appeal("second")
    await house.work()
    from_, to = await house.ticket(two), await house.ticket(one)
    house.zammad.agent_writes(from_, "just before")
    house.zammad.merge(from_, to)
    await house.deliver()
    await house.work()
    assert await house.ticket(two) == to
    await house.says(two, "more")
    await house.work()
    assert "more" in house.zammad.said(to)
    house.zammad.agent_writes(to, "for both")
    await house.deliver()
    await house.later()
    said = await house.staff_said(one) + await house.staff_said(two)
    assert sorted(said) == ["for both", "just before"]
    assert not any("merged" in one for one in await house.heard())


async def test_a_ticket_that_was_merged_into_a_strangers_is_not_followed(house: House) -> None:
    appeal = await house.appeal("Help")
    await house.work()
    mine = await house.ticket(appeal)
    foreign = house.zammad.foreign_ticket()
    house.zammad.agent_writes(foreign, "your secret is 42")
    house.zammad.merge(mine, foreign)
    house.zammad.agent_writes(foreign, "as I said, 42")
    await house.deliver()
    await house.later()
    assert await house.ticket(appeal) not in (mine, foreign)
    assert house.zammad.said(await house.ticket(appeal)) == ["Help"]
    assert not any("42" in one for one in await house.heard())


async def test_nothing_secret_and_nothing_personal_is_logged(
    house: House, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    appeal = await house.appeal("my password is hunter2")
    house.zammad.faults.fails_after = 2
    house.zammad.faults.refuses = 1
    await house.later()
    house.zammad.agent_writes(await house.ticket(appeal), "dear Eva")
    await house.deliver()
    await house.later()
    shown = caplog.text + capsys.readouterr().out
    assert not [word for word in ("hunter2", "dear Eva", "79161234567", "kWz7Q") if word in shown]


async def test_a_message_that_is_refused_holds_up_no_other(house: House) -> None:
    appeal = await house.appeal("one")
    await house.work()
    house.zammad.faults.refuses = 1
    await house.says(appeal, "two")
    await house.says(appeal, "three")
    await house.work()
    assert house.zammad.said(await house.ticket(appeal)) == ["one", "three"]
