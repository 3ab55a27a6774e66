"""Everybody at once: many people in both messengers, two copies of the program, staff, time, blocked chats, repeats."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Awaitable

import pytest
from sqlalchemy import func, select

from core.appeals.kinds import LINK
from core.appeals.models import AppealStatus, Author
from core.appeals.records import history
from core.appeals.staff import NotPossible
from core.billing.demo import fill_demo
from core.billing.tables import accounts
from core.clock import ManualClock
from core.errors import Stale
from core.subscribers.tables import account_links
from fsm.event import Blocked
from handlers.channel import ChatGone
from migrations.models import metadata
from tests.appeals.conftest import ANNA, BORIS, OPERATOR
from tests.appeals.crowd import DAY, PEOPLE, Crowd, Replica
from tests.support.dialogue import MEANS, FakeChannel


@pytest.fixture
async def crowd(database_url: str) -> AsyncIterator[Crowd]:
    clock = ManualClock()
    channels = {name: FakeChannel(name, means) for name, means in MEANS.items()}
    # SQLite is for one process.
    replicas = [Replica(database_url, clock, channels) for _ in range(1 if "sqlite" in database_url else 2)]
    await replicas[0].database.write(metadata.create_all)
    made = Crowd(replicas, clock, channels, random.Random(7))
    for number in range(PEOPLE):
        chats = [f"telegram:t{number}", f"viber:v{number}"] if number % 2 else [f"viber:v{number}"]
        person = await made.office.subscriber(*chats, phone=f"+7900{number:07}")
        made.owner |= dict.fromkeys(chats, person)
    for name, channel in channels.items():
        channel.failure = lambda address, _message, name=name: (  # type: ignore[misc]  # a default binds the name
            ChatGone("blocked") if f"{name}:{address}" in made.blocked else None
        )
    async with contextlib.AsyncExitStack() as stack:
        for one in replicas:
            await stack.enter_async_context(one.writer)
        yield made
    for one in replicas:
        await one.database.close()


async def test_everybody_at_once(crowd: Crowd) -> None:
    chats = list(crowd.owner)
    await asyncio.gather(*(crowd.write(chat_id, "hello") for chat_id in chats))
    # All of them begin at the same moment: a number for each.
    await asyncio.gather(*(crowd.write(chat_id, f"new {crowd.word()}", crowd.word(), "send") for chat_id in chats))
    await crowd.check()
    assert len(await crowd.threads()) == len(chats)
    for _ in range(3):
        await asyncio.gather(
            *(crowd.write(chat_id, "join", crowd.word(), "confirm", "rate 4 fine", crowd.word()) for chat_id in chats),
            *(crowd.staff(actor, 12) for actor in (ANNA, BORIS) * 3),
            crowd.time(5),
            crowd.sending(),
        )
        crowd.clock.move(2 * DAY)
        await crowd.sending()
        await crowd.check()
    assert len(await crowd.threads()) == len(chats)
    assert crowd.told and crowd.refused


async def test_chats_are_blocked_and_come_back(crowd: Crowd) -> None:
    """A chat that cannot be reached loses nothing that was written in it, and holds nobody else up."""
    chats = list(crowd.owner)[:12]
    await asyncio.gather(*(crowd.write(chat_id, "hello", f"new {crowd.word()}", "send") for chat_id in chats))
    await crowd.sending()
    crowd.blocked = set(chats[::2])
    await asyncio.gather(
        *(crowd.say(chat_id, Blocked()) for chat_id in chats[:6:2]),  # these say so; of the others the sender learns
        *(crowd.write(chat_id, crowd.word()) for chat_id in chats[1::2]),
        *(crowd.staff(actor, 10) for actor in (ANNA, BORIS)),
        crowd.sending(),
    )
    await crowd.sending()
    await crowd.check()
    were, crowd.blocked = crowd.blocked, set()
    before = {chat_id: len(crowd.heard(chat_id)) for chat_id in were}
    await asyncio.gather(*(crowd.write(chat_id, crowd.word()) for chat_id in were), crowd.staff(ANNA, 5))
    await crowd.sending()
    for chat_id in were:
        assert len(crowd.heard(chat_id)) > before[chat_id], "who comes back is answered"
    crowd.blocked = were  # what staff said meanwhile stands in the thread
    await crowd.check()


# -- two at the same moment --------------------------------------------------------------------------------------------


async def both(*acts: Awaitable[object]) -> list[str]:
    """Side by side; what each came to: nothing, or the sentence of a refusal. Anything else is a fault."""
    ends = await asyncio.gather(*acts, return_exceptions=True)
    for end in ends:
        if isinstance(end, BaseException) and not isinstance(end, NotPossible | Stale):
            raise end
    return [str(end) if isinstance(end, BaseException) else "" for end in ends]


async def test_two_agents_decide_at_once(crowd: Crowd) -> None:
    office, desks = crowd.office, [one.desk for one in crowd.replicas * 2]
    for round_ in range(10):
        appeal = await office.appeal(crowd.owner["viber:v0"], chat_id="viber:v0")
        ends = await both(
            desks[0].resolve(ANNA, appeal.number, f"mended {round_}."),
            desks[1].reject(BORIS, appeal.number, f"refused {round_}."),
        )
        assert sorted(bool(end) for end in ends) == [False, True]
        assert "was decided before: it is re" in max(ends)
        now = await office.thread(appeal.id)
        won = "refused" if ends[0] else "mended"
        assert now.appeal.reason == f"{won} {round_}." == now.messages[-1].text
        said = [message.text for message in await office.posted("viber:v0") if f" {round_}." in message.text]
        assert len(said) == 1 and won in said[0]


async def test_a_reply_at_the_moment_when_silence_closes(crowd: Crowd) -> None:
    """Either it is said before the end, which then does not come, or the one who wrote hears that it is over."""
    office, desks = crowd.office, [one.desk for one in crowd.replicas * 2]
    me = crowd.owner["viber:v0"]
    made = [await office.appeal(me, chat_id="viber:v0") for _ in range(10)]
    for appeal in made:
        await desks[0].ask(ANNA, appeal.number, "Which lamp?")
    crowd.clock.move(6 * DAY)
    await office.clockwork.tick()
    crowd.clock.move(2 * DAY)
    ends = await both(
        *(one.clockwork.tick() for one in crowd.replicas * 2),
        *(desks[n % 2].reply(BORIS, appeal.number, f"news {appeal.number}.") for n, appeal in enumerate(made)),
    )
    for appeal, end in zip(made, ends[-len(made) :], strict=True):
        status = await office.status(appeal.id)
        heard = sum(f"news {appeal.number}." in message.text for message in await office.posted("viber:v0"))
        closed = sum(f"No. {appeal.number} is closed" in message.text for message in await office.posted("viber:v0"))
        if end:
            assert "is closed: start work on it again" in end
            assert (status, heard, closed) == (AppealStatus.closed, 0, 1)
        else:
            assert (status, heard, closed) == (AppealStatus.in_progress, 1, 0)
        assert await office.words(appeal.id, Author.staff) == [
            "Which lamp?",
            *([] if end else [f"news {appeal.number}."]),
        ]


async def test_words_at_the_moment_of_resolving(crowd: Crowd) -> None:
    """They are kept whoever comes first; said after the decision, they bring the appeal back to work."""
    office, desk = crowd.office, crowd.replicas[-1].desk
    for _ in range(10):
        appeal = await office.appeal(crowd.owner["viber:v0"], chat_id="viber:v0")
        ends = await both(
            office.do(office.appeals.append(appeal.id, "it blinks")),
            desk.resolve(ANNA, appeal.number, "mended"),
            office.do(office.appeals.confirm(appeal.id)),
        )
        thread = await office.thread(appeal.id)
        texts = [message.text for message in thread.messages]
        assert sorted(texts) == ["It is broken", "it blinks", "mended"]
        what = [event.what for event in await office.database.read(history, appeal.id)]
        assert what.count("confirmed") == (not ends[2])
        if texts[-1] == "it blinks":
            assert thread.appeal.status is AppealStatus.reopened, what
        else:
            assert thread.appeal.status is (AppealStatus.resolved if ends[2] else AppealStatus.closed), what


async def test_a_link_is_approved_once(crowd: Crowd) -> None:
    office, desks = crowd.office, [one.desk for one in crowd.replicas * 2]
    now = crowd.clock.now()
    await office.database.write(fill_demo, now.astimezone(OPERATOR.zone).date(), now=now)
    number = await office.database.read(lambda c: c.execute(select(accounts.c.number).limit(1)).scalar_one())
    me = crowd.owner["telegram:t1"]
    appeal, create = await office.appeals.create(me, "telegram:t1", LINK, account_number=number)
    await office.do(create)
    ends = await both(
        desks[0].approve(ANNA, appeal.number),
        desks[1].approve(BORIS, appeal.number),
        desks[1].refuse(BORIS, appeal.number, "no"),
    )
    assert [bool(end) for end in ends].count(False) == 1
    links = select(func.count()).select_from(account_links).where(account_links.c.subscriber_id == me)
    given = await office.database.read(lambda c: c.execute(links).scalar_one())
    assert given == (not (ends[0] and ends[1]))
    for chat_id in ("telegram:t1", "viber:v1"):
        assert len(await office.posted(chat_id)) == 1


async def test_one_request_for_an_account_from_two_chats_at_once(crowd: Crowd) -> None:
    """Both messengers of one person: the second one finds the first one's request."""
    office = crowd.office
    me = crowd.owner["telegram:t1"]
    asked = [
        await one.services.appeals.create(me, chat_id, LINK, account_number="100200")
        for one, chat_id in zip(crowd.replicas * 2, ("telegram:t1", "viber:v1"), strict=False)
    ]
    ends = await both(*(office.do(write) for _appeal, write in asked))
    assert sorted(bool(end) for end in ends) == [False, True]
    assert len(await crowd.threads()) == 1


async def test_a_reply_while_the_chat_is_signed_out(crowd: Crowd) -> None:
    """Nothing about an appeal reaches a chat after its person has signed it out."""
    office, desk = crowd.office, crowd.replicas[-1].desk
    for number in range(1, 20, 2):
        mine, other = f"telegram:t{number}", f"viber:v{number}"
        me = crowd.owner[mine]
        appeal = await office.appeal(me, chat_id=other)
        ends = await both(
            desk.reply(ANNA, appeal.number, "Your secret."),
            office.do(office.services.subscribers.close([mine], me, "turn")),
        )
        assert ends == ["", ""]
        await crowd.sending()
        assert sum("Your secret." in text for text in crowd.heard(other)) == 1
        assert not any("Your secret." in text for text in crowd.heard(mine)), "whoever came first"
        await desk.reply(ANNA, appeal.number, "Later.")
        await crowd.sending()
        assert not any("Later." in text for text in crowd.heard(mine))
