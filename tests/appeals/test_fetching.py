"""The task that fetches a file: what is kept, what the person hears of what is not, and what a kill leaves."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import func, select, update

from bot.integrations.files import FileFetcher
from core.appeals.files import LIMIT, FileStore, describe, forget_unused, keep
from core.appeals.models import Appeal, AppealMessage
from core.appeals.service import FETCH_FILE
from core.delivery.tables import tasks
from core.delivery.tasks import Task
from core.subscribers.tables import chats
from fsm.state import Registry
from handlers.channel import Fetched
from handlers.worker import Worker
from tests.appeals.conftest import CHAT, OPERATOR, Office
from tests.support.dialogue import TELEGRAM, FakeChannel

JPEG = b"\xff\xd8\xff\xe0 a photo of a router"
DAY = timedelta(days=1)


class Fetching:
    """One person with an appeal, a messenger with files, and the worker that brings them."""

    person: str

    def __init__(self, office: Office, store: FileStore, registry: Registry) -> None:
        self.office = office
        self.store = store
        self.channel = FakeChannel("telegram", TELEGRAM)
        self.fetcher = FileFetcher(
            {"telegram": self.channel},
            office.database,
            store,
            office.clock,
            OPERATOR,
            registry,
            office.appeals.rules,
        )
        self.worker = Worker(office.database, office.clock, {FETCH_FILE: self.fetcher})

    async def send(self, data: bytes | None, name: str = "photo.jpg") -> Appeal:
        """An appeal with this file in it; None: the messenger does not have it any more."""
        if data is not None:
            self.channel.files["ref"] = Fetched(data, "image/jpeg")
        appeal = await self.office.appeal(self.person)
        await self.office.do(*self.office.appeals.attach(appeal.id, CHAT, "ref", name, "Look"))
        return appeal

    async def file(self, appeal: Appeal) -> AppealMessage:
        thread = await self.office.thread(appeal.id)
        [found] = [message for message in thread.messages if message.file_name]
        return found

    async def told(self) -> list[str]:
        return [message.text for message in await self.office.posted()]

    async def waiting(self) -> int:
        query = select(func.count()).where(tasks.c.status == "pending", tasks.c.kind == FETCH_FILE)
        return await self.office.database.read(lambda c: c.execute(query).scalar_one())

    async def task(self) -> Task:
        query = select(tasks).where(tasks.c.kind == FETCH_FILE)
        row = await self.office.database.read(lambda c: c.execute(query).one())
        return Task(row.id, row.kind, msgspec.json.decode(row.payload), 1, row.created_at)


@pytest.fixture
async def fetching(office: Office, registry: Registry, tmp_path: Path) -> Fetching:
    made = Fetching(office, FileStore(tmp_path / "files"), registry)
    made.person = await office.subscriber(CHAT)
    return made


async def test_five_megabytes_are_kept_and_no_byte_more(fetching: Fetching) -> None:
    whole = JPEG.ljust(LIMIT, b"\0")
    fits = await fetching.send(whole)
    await fetching.worker.drain()
    assert (await fetching.store.get((await fetching.file(fits)).blob)) == whole
    over = await fetching.send(whole + b"\0")
    await fetching.worker.drain()
    message = await fetching.file(over)
    assert (message.blob, message.file_name, message.text) == ("", "photo.jpg", "Look"), "the words stay"
    [said] = await fetching.told()
    assert "photo.jpg" in said and "5 MB" in said


@pytest.mark.parametrize("data", [b"", b"MZ\x90\0 a program", b"<svg onload='alert(1)'/>", b"PK\x03\x04 an archive"])
async def test_what_is_refused_is_told_and_the_rest_stays(fetching: Fetching, data: bytes) -> None:
    appeal = await fetching.send(data, "photo.jpg")
    await fetching.worker.drain()
    assert (await fetching.file(appeal)).blob == ""
    [said] = await fetching.told()
    assert "photo.jpg" in said
    assert await fetching.waiting() == 0
    assert not list(fetching.store.root.rglob("*")), "nothing of it was kept"


async def test_the_name_is_made_to_fit(fetching: Fetching) -> None:
    appeal = await fetching.send(b"format c:", "update.bat")
    await fetching.worker.drain()
    message = await fetching.file(appeal)
    assert (message.file_name, message.media_type) == ("update.bat.txt", "text/plain")


async def test_the_same_file_in_two_appeals_lies_there_once(fetching: Fetching) -> None:
    first, second = await fetching.send(JPEG), await fetching.send(JPEG)
    await fetching.worker.drain()
    one, other = await fetching.file(first), await fetching.file(second)
    assert one.blob == other.blob != ""
    assert len([path for path in fetching.store.root.rglob("*") if path.is_file()]) == 1


async def test_a_full_disk_is_waited_for(fetching: Fetching, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    appeal = await fetching.send(JPEG)
    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        await fetching.worker.drain()
    assert (await fetching.file(appeal)).blob == "" and await fetching.told() == []
    fetching.office.clock.move(timedelta(seconds=2))
    await fetching.worker.drain()
    assert (await fetching.file(appeal)).blob
    assert await fetching.waiting() == 0


async def test_killed_at_a_fetch(fetching: Fetching, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is carried out again, from whatever step; what it had kept is not kept twice, nor left behind."""
    appeal = await fetching.send(JPEG)
    task = await fetching.task()
    for step in ("put", "_path"):
        with monkeypatch.context() as patch, pytest.raises(RuntimeError):
            patch.setattr(FileStore, step, _killed)
            await fetching.fetcher(task)
    await fetching.fetcher(task)
    await fetching.fetcher(task)
    assert await fetching.store.get((await fetching.file(appeal)).blob) == JPEG
    assert [path.name for path in fetching.store.root.rglob("*") if path.is_file()] == [
        (await fetching.file(appeal)).blob
    ]


def _killed(*_: object) -> None:
    raise RuntimeError("killed")


async def test_a_draft_thrown_away_meanwhile(fetching: Fetching) -> None:
    fetching.channel.files["ref"] = Fetched(JPEG, "image/jpeg")
    appeal, create = await fetching.office.appeals.create(fetching.person, CHAT, "technical", draft=True)
    await fetching.office.do(create, *fetching.office.appeals.attach(appeal.id, CHAT, "ref", "photo.jpg", ""))
    await fetching.office.do(fetching.office.appeals.drop(appeal.id))
    await fetching.worker.drain()
    assert await fetching.told() == []
    now = fetching.office.clock.now() + 2 * DAY
    gone = await fetching.office.database.write(forget_unused, fetching.store, now)
    assert len(gone) == 1 and not [path for path in fetching.store.root.rglob("*") if path.is_file()]


async def test_a_blocked_chat_still_gets_its_file_kept(fetching: Fetching) -> None:
    appeal = await fetching.send(JPEG)
    await fetching.office.database.write(lambda c: c.execute(update(chats).values(status="gone")))
    await fetching.worker.drain()
    assert (await fetching.file(appeal)).blob


# -- a file that is removed at the moment in which it comes again ------------------------------------------------------


async def test_a_file_that_comes_again_is_not_removed_under_its_message(fetching: Fetching) -> None:
    """Nobody has named it for days, and it is on its way into another appeal when the files are tidied."""
    database, store, now = fetching.office.database, fetching.store, fetching.office.clock.now()
    key = await keep(database, store, JPEG, "image/jpeg", now)
    later = now + 3 * DAY
    assert await keep(database, store, JPEG, "image/jpeg", later) == key
    assert await database.write(forget_unused, store, later) == [], "it counts as new"
    assert await store.get(key) == JPEG and await database.read(describe, key) is not None


async def test_tidying_and_fetching_side_by_side(fetching: Fetching) -> None:
    database, store, now = fetching.office.database, fetching.store, fetching.office.clock.now()
    photos = [JPEG + bytes([n]) for n in range(20)]
    await asyncio.gather(*(keep(database, store, one, "image/jpeg", now) for one in photos))
    later = now + 3 * DAY
    tidying = [database.write(forget_unused, store, later, 3) for _ in range(8)]
    bringing = [keep(database, store, one, "image/jpeg", later) for one in photos]
    _gone, keys = await asyncio.gather(asyncio.gather(*tidying), asyncio.gather(*bringing))
    for key, photo in zip(keys, photos, strict=True):
        assert await store.get(key) == photo
        assert await database.read(describe, key) is not None


async def test_half_a_file_of_a_killed_process_is_swept(fetching: Fetching) -> None:
    store, now = fetching.store, fetching.office.clock.now()
    await store.put(JPEG)
    half = next(store.root.iterdir()) / ".new-abc"
    half.write_bytes(b"half")
    assert await store.sweep(now.fromtimestamp(half.stat().st_mtime, now.tzinfo) + DAY / 2) == 0
    assert await store.sweep(now.fromtimestamp(half.stat().st_mtime, now.tzinfo) + 2 * DAY) == 1
    assert len([path for path in store.root.rglob("*") if path.is_file()]) == 1
