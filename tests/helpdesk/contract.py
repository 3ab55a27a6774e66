"""What every helpdesk must do, whatever it is: the mirror relies on it. A subclass says what it is tried on."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import pytest

from core.appeals.helpdesk import Counterpart, Helpdesk, RemoteGone
from core.appeals.models import Appeal, AppealMessage, AppealStatus, Author, Thread
from core.clock import ManualClock
from core.errors import OutsideUnavailable

OPENED = Appeal(
    id="appeal0000000001",
    number=7,
    subscriber_id="eva0000000000001",
    chat_id="telegram:eva",
    kind="technical",
    account_number="4001",
    contact="+79161234567",
    status=AppealStatus.acknowledged,
    created_at=ManualClock().now(),
    updated_at=ManualClock().now(),
    fields={"address": "<b>Lenina</b> 1"},
)


def message(number: int, text: str = "", author: Author = Author.subscriber, file_name: str = "") -> AppealMessage:
    blob = "f" * 64 if file_name else ""
    return AppealMessage(f"message{number:09}", author, text, blob, file_name, OPENED.created_at, "", "application/pdf")


def at(helpdesk: Helpdesk, remote_id: str, word: str = "", generation: int = 0) -> Counterpart:
    return Counterpart(helpdesk.name, OPENED.id, remote_id, generation, "", word, 0, False)


class Rig(Protocol):
    """A helpdesk joined to its double."""

    helpdesk: Helpdesk

    def shown(self, remote_id: str) -> list[str]:
        """The words of the appeal's messages there, in order; a file without words by its name."""
        ...

    def counterparts(self) -> int: ...
    def delete(self, remote_id: str) -> None: ...
    def fails_before(self) -> None: ...
    def fails_after(self) -> None: ...
    def hangs(self) -> None: ...


class HelpdeskContract:
    """Inherit it, with a fixture ``rig``. ``finds``: whether it can find out what it made before."""

    finds = True

    async def open(self, rig: Rig, *texts: str, generation: int = 0) -> str:
        messages = tuple(message(number, text) for number, text in enumerate(texts))
        remote_id = await rig.helpdesk.open(Thread(OPENED, messages), generation)
        assert 0 < len(remote_id) <= 64
        return remote_id

    async def test_it_has_a_name_for_the_database(self, rig: Rig) -> None:
        assert rig.helpdesk.name.isascii() and rig.helpdesk.name.islower() and len(rig.helpdesk.name) <= 20

    async def test_opening_shows_no_message_yet(self, rig: Rig) -> None:
        assert rig.shown(await self.open(rig, "hello")) == []

    async def test_messages_stand_in_order(self, rig: Rig) -> None:
        remote_id = await self.open(rig)
        ids = [await rig.helpdesk.add(OPENED, at(rig.helpdesk, remote_id), message(n, f"m{n}"), None) for n in range(3)]
        assert rig.shown(remote_id) == ["m0", "m1", "m2"]
        assert len(set(ids)) == 3 and all(0 < len(one) <= 64 for one in ids)
        found = await rig.helpdesk.find(OPENED, at(rig.helpdesk, remote_id))
        if self.finds:
            assert found == {message(n).id: one for n, one in enumerate(ids)}

    async def test_files_with_and_without_content(self, rig: Rig) -> None:
        remote_id = await self.open(rig)
        where = at(rig.helpdesk, remote_id)
        await rig.helpdesk.add(OPENED, where, message(1, file_name="a.pdf"), b"%PDF-1.7")
        await rig.helpdesk.add(OPENED, where, message(2, "a word", file_name="gone.pdf"), None)
        await rig.helpdesk.add(OPENED, where, message(3, "by staff", Author.staff), None)
        assert len(rig.shown(remote_id)) == 3

    @pytest.mark.parametrize("text", ["<script>alert(1)</script>", "a\n\nb & c", "😀" * 500, "*_`[", "x" * 7000])
    async def test_words_stay_words(self, rig: Rig, text: str) -> None:
        remote_id = await self.open(rig, text)
        await rig.helpdesk.add(OPENED, at(rig.helpdesk, remote_id), message(1, text), None)
        assert "".join(rig.shown(remote_id)) == text

    async def test_a_failure_before_is_tried_again(self, rig: Rig) -> None:
        rig.fails_before()
        with pytest.raises(OutsideUnavailable):
            await self.open(rig)
        await self.open(rig)
        assert rig.counterparts() == 1

    @pytest.mark.parametrize("how", ["fails_after", "hangs"])
    async def test_what_was_made_without_an_answer_is_found_again(self, rig: Rig, how: str) -> None:
        if not self.finds:
            pytest.xfail("this helpdesk cannot find out: it may double one message")
        getattr(rig, how)()
        with pytest.raises(OutsideUnavailable):
            await self.open(rig)
        remote_id = await self.open(rig)
        assert rig.counterparts() == 1
        getattr(rig, how)()
        with pytest.raises(OutsideUnavailable):
            await rig.helpdesk.add(OPENED, at(rig.helpdesk, remote_id), message(1, "once"), None)
        found = await rig.helpdesk.find(OPENED, at(rig.helpdesk, remote_id))
        assert list(found) == [message(1).id] and rig.shown(remote_id) == ["once"]

    async def test_a_new_generation_is_a_new_counterpart(self, rig: Rig) -> None:
        first = await self.open(rig)
        assert await self.open(rig, generation=1) != first

    async def test_what_was_deleted_is_gone(self, rig: Rig) -> None:
        remote_id = await self.open(rig)
        rig.delete(remote_id)
        where = at(rig.helpdesk, remote_id)
        with pytest.raises(RemoteGone):
            await rig.helpdesk.find(OPENED, where)
            await rig.helpdesk.add(OPENED, where, message(1, "x"), None)

    async def test_every_status_can_be_shown_again_and_again(self, rig: Rig) -> None:
        remote_id = await self.open(rig)
        word = ""
        for status in AppealStatus:
            if status is not AppealStatus.draft:
                for _ in range(2):
                    appeal = replace(OPENED, status=status, reason="because")
                    word = await rig.helpdesk.set_status(appeal, at(rig.helpdesk, remote_id, word))
                    assert len(word) <= 100
