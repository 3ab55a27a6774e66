"""Files by the hash of their content: whole or not there, never outside their folder, gone when nobody names them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from core.appeals.files import FileStore, describe, forget_unused, register
from core.appeals.models import Author
from core.appeals.records import add_message
from tests.appeals.conftest import CHAT, Office


async def test_kept_once_and_read_back(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "files")
    key = await store.put(b"a photo")
    assert await store.put(b"a photo") == key and await store.get(key) == b"a photo"
    assert [file.name for file in (tmp_path / "files").rglob("*") if file.is_file()] == [key]


@pytest.mark.parametrize("key", ["", "../../etc/passwd", "A" * 64, "g" * 64, "0" * 63, "0" * 64, "/" + "0" * 63])
async def test_no_key_leads_elsewhere(tmp_path: Path, key: str) -> None:
    with pytest.raises(KeyError):
        await FileStore(tmp_path).get(key)


async def test_what_could_not_be_written_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    store = FileStore(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(OSError, match="No space"):
            await store.put(b"too much")
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == []
    assert await store.get(await store.put(b"too much")) == b"too much"


async def test_files_that_nobody_names_go(office: Office, tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    named, alone = await store.put(b"named"), await store.put(b"alone")
    now = office.clock.now()
    await office.do(register(named, "image/png", 5, now), register(alone, "image/png", 5, now))
    appeal = await office.appeal(None, chat_id=CHAT)
    await office.database.write(add_message, appeal.id, Author.subscriber, "", now, file_name="a.png", blob=named)
    assert await office.database.write(forget_unused, store, now) == [], "a message may be on its way"
    gone = await office.database.write(forget_unused, store, now + timedelta(days=2))
    assert gone == [alone]
    store.remove(alone)
    assert await office.database.read(describe, alone) is None
    with pytest.raises(KeyError):
        await store.get(alone)
    assert await store.get(named) == b"named"
