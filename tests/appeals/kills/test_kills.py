"""Kills the process at each step of two appeals, from the first word to the rating, and lets another one go on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import Connection, func, insert, select

from core.appeals.models import Appeal, AppealStatus
from core.appeals.records import history, load
from core.appeals.tables import appeal_messages, appeals, files
from core.clock import ManualClock
from core.database import Database
from core.delivery.blobs import fingerprint
from core.delivery.tables import outbox, tasks
from core.subscribers.tables import chats, subscribers
from migrations.models import metadata
from tests.appeals.kills.outside import ANNA, BORIS, HER_OTHER_CHAT, AppealOutside, photo, story
from tests.durability.messenger import Nursery, Orders, every_step_of

pytestmark = pytest.mark.slow

STEPS = {
    "asked",
    "done, not heard",
    "after commit_turns",
    "about to fetch",
    "after apply",
    "half a file",
    "a file in its place",
    "after claim",
    "after _keep",
    "after finish",
    "after _reply",
    "after _decide",
    "after _told",
    "about to send",
    "sent, not recorded",
    "after _record",
    "after forget_unused",
}
PAUSE = 400.0  # seconds: past all leases


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    opened = Nursery("tests.appeals.kills.child")
    yield opened
    opened.close()


def test_killed_between_any_two_steps(database_url: str, nursery: Nursery) -> None:
    every, outside = every_step_of(database_url), AppealOutside()
    with TemporaryDirectory() as folder, outside.listening(Path(folder) / "s") as socket:
        store = Path(folder) / "files"
        asyncio.run(_prepare(database_url))
        assert nursery.run(Orders(database_url, socket, folder=str(store))) == 0
        seen: set[str] = set()
        survived, lives, twice = False, 0, 0
        while not survived:
            life = f"life{lives}"
            outside.moves += story(life)
            read = {chat: len(outside.received.get(chat, [])) for chat in (ANNA, HER_OTHER_CHAT, BORIS)}
            step = 1 + lives * every
            lives += 1
            outside.kill_at_step(step)
            status = nursery.run(Orders(database_url, socket, outside.shift, folder=str(store)))
            assert status in (0, -9)
            survived = status == 0
            seen.update(outside.steps)
            steps = list(outside.steps)
            outside.spare()
            outside.shift += PAUSE
            assert nursery.run(Orders(database_url, socket, outside.shift, folder=str(store))) == 0
            try:
                heard = {chat: outside.received[chat][since:] for chat, since in read.items()}
                # A message may come twice if nobody wrote down that it was sent, and only then: one in each chat.
                again = [len(texts) - len(list(groupby(texts))) for texts in heard.values()]
                assert max(again) <= ("sent, not recorded" in steps), heard
                twice += sum(again)
                _check_heard(life, {chat: [text for text, _ in groupby(texts)] for chat, texts in heard.items()})
                asyncio.run(_check(database_url, life, lives, store))
            except AssertionError as error:
                error.add_note(f"killed at step {step}: {steps[-1]}")
                raise
    assert seen >= STEPS, f"never reached: {STEPS - seen}"
    assert twice or every > 1, "the kill between sending and writing that down was never met"


def _check_heard(life: str, heard: dict[str, list[str]]) -> None:
    """Each answer once, in order, in the chats of whoever it was for, and in no other."""

    hers, his = ["which lamp?", "see", "mended"], ["for you alone", "all done"]
    for chat, theirs in ((ANNA, hers), (HER_OTHER_CHAT, hers), (BORIS, his)):
        told = [text for text in heard[chat] if text.startswith(("💬 Answer", "❓ A question", "✅ Your appeal"))]
        assert [words for text in told for words in (*hers, *his) if f"{life} {words}" in text] == theirs
    for chat, files_of_staff, ends in ((ANNA, 1, 0), (HER_OTHER_CHAT, 1, 0), (BORIS, 0, 2)):
        assert sum("From our staff" in text for text in heard[chat]) == files_of_staff
        assert sum("not said whether" in text or "not heard from you" in text for text in heard[chat]) == ends


async def _check(url: str, life: str, lives: int, store: Path) -> None:
    def thread(connection: Connection, about: str) -> tuple[list[tuple[str, str, str]], list[str], Appeal]:
        query = select(appeal_messages.c.appeal_id).where(appeal_messages.c.text == about)
        found = load(connection, connection.execute(query).scalar_one())
        assert found is not None
        said = [(one.author.value, one.text, one.blob) for one in found.messages]
        return (
            said,
            [what for what, _ in groupby(event.what for event in history(connection, found.appeal.id))],
            found.appeal,
        )

    def read(connection: Connection) -> None:
        said, events, hers = thread(connection, f"{life} one")
        sent, given = fingerprint(photo(f"{life} look")), fingerprint(photo(f"{life} see"))
        assert said == [
            ("subscriber", f"{life} one", ""),
            ("subscriber", f"{life} look", sent),
            ("subscriber", f"{life} two", ""),
            ("staff", f"{life} which lamp?", ""),
            ("subscriber", f"{life} the red one", ""),
            ("staff", f"{life} see", ""),
            ("staff", "", given),
            ("staff", f"{life} mended", ""),
        ]
        assert events == ["sent", "asked", "answered", "resolved", "confirmed", "rated"]
        assert (hers.status, hers.rating, hers.rating_words) == (AppealStatus.closed, 5, f"{life} thanks")
        said, events, his = thread(connection, f"{life} other")
        his_words = [f"{life} {words}" for words in ("other", "for you alone", "all done")]
        assert [text for _author, text, _blob in said] == his_words
        assert events == ["sent", "resolved", "silent"]
        assert his.status is AppealStatus.closed
        assert connection.execute(select(func.count()).select_from(appeals)).scalar_one() == 2 * lives
        assert connection.execute(select(func.count()).where(tasks.c.status != "done")).scalar_one() == 0
        assert connection.execute(select(func.count()).where(outbox.c.status != "sent")).scalar_one() == 0
        # Nothing lies there that nobody names, and nothing that is named is missing.
        query = select(appeal_messages.c.blob).where(appeal_messages.c.blob.is_not(None))
        named = set(connection.execute(query).scalars())
        assert named == set(connection.execute(select(files.c.sha256)).scalars())
        assert {path.name for path in store.rglob("*") if path.is_file()} == named
        assert fingerprint((store / sent[:2] / sent).read_bytes()) == sent

    database = Database(url)
    await database.read(read)
    await database.close()


async def _prepare(url: str) -> None:
    now = ManualClock().now()

    def fill(connection: Connection) -> None:
        metadata.create_all(connection)
        for person, addresses in (("anna", (ANNA, HER_OTHER_CHAT)), ("boris", (BORIS,))):
            connection.execute(insert(subscribers).values(id=person, name=person, created_at=now))
            for address in addresses:
                chat = {"chat_id": f"telegram:{address}", "channel": "telegram", "address": address, "language": "en"}
                chat |= {"status": "active", "name": person, "subscriber_id": person}
                connection.execute(insert(chats).values(**chat, created_at=now, joined_at=now))

    database = Database(url)
    await database.write(fill)
    await database.close()
