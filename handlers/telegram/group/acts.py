"""Carries out what staff wrote in the group: to the subscriber, among staff, or back to them with the reason."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from weakref import WeakValueDictionary

import msgspec
import structlog
from sqlalchemy import Connection

from core.appeals import mirror_records as book
from core.appeals import records
from core.appeals.helpdesk import Counterpart, HelpdeskRefused, RemoteGone
from core.appeals.kinds import LINK
from core.appeals.models import Actor, Appeal
from core.appeals.staff import Done, KeptFile, NotPossible, chats_to_tell, role_named
from core.clock import Clock
from core.database import Database
from core.delivery.tasks import Task
from core.errors import OutsideUnavailable, Stale
from core.staff import audit, binding
from core.staff.audit import Who
from core.staff.binding import NotBound
from core.staff.models import Member
from core.staff.rights import Right, may
from core.subscribers.chats import ACTIVE
from core.subscribers.models import Role
from fsm import staff_group_words as words
from fsm.screen import Rich, rich
from fsm.texts import Translator
from handlers.channel import Channel, TooLarge, TryLater, Undeliverable
from handlers.desk.acts import StaffDesk
from handlers.desk.words import Words
from handlers.telegram.group.calls import GroupCalls
from handlers.telegram.group.inbound import BIND, StaffSaid
from handlers.telegram.group.topics import NAME, place_of

log = structlog.get_logger("telegram.group")

FILE_LIMIT = 5_000_000  # bytes
SILENCE = timedelta(minutes=10)  # between two explanations to the same stranger
WENT, KEPT = "👍", "✍"  # under what went out, and under what stays among staff

KeepFile = Callable[[bytes, str], Awaitable[KeptFile | None]]
"""Puts a file into the store; None when its content is of a kind that is not kept."""

Act = Callable[[StaffDesk, Actor, int, str, tuple[KeptFile, ...]], Awaitable[object]]


class StaffActs:
    """The tasks of the kind :data:`handlers.telegram.group.door.STAFF_SAID`; each may run any number of times."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        desk: StaffDesk,
        calls: GroupCalls,
        channel: Channel,
        keep: KeepFile,
        translator: Translator,
    ) -> None:
        self._database = database
        self._clock = clock
        self._desk = desk
        self._calls = calls
        self._channel = channel
        self._keep = keep
        self._words = translator
        self._refusals = Words(translator.language, translator.zone)
        self._order: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._explained: dict[int, datetime] = {}

    async def __call__(self, task: Task) -> None:
        """Raises OutsideUnavailable to be called again."""
        said = msgspec.convert(task.payload, StaffSaid)
        lock = self._order.setdefault(said.topic, asyncio.Lock())
        async with lock:  # what is written in one topic goes out in the order in which it was written
            try:
                await self._hear(said)
            except (RemoteGone, HelpdeskRefused) as error:  # the topic was deleted meanwhile: nobody reads an answer
                log.info("no answer in the group", task=task.id, reason=str(error))

    async def gave_up(self, task: Task) -> None:
        """They must not believe that it went out."""
        said = msgspec.convert(task.payload, StaffSaid)
        if not await self._database.read(book.known, NAME, [_key(said)]):
            await self._answer(said, words.failed(self._words))

    async def _hear(self, said: StaffSaid) -> None:
        if said.command == BIND and not said.edit and not said.forwarded:
            await self._bind(said)
            return
        if said.hidden:
            await self._explain(said, words.hidden(self._words))
            return
        member = await self._database.read(binding.member_of, str(said.user))
        if member is None:
            if (said.topic or said.command) and not said.edit:
                await self._explain(said, words.stranger(self._words))
            return
        if said.command == "help":
            await self._answer(said, words.helps(self._words))
        elif not said.topic:
            if said.command:
                await self._answer(said, words.no_topic(self._words))
        else:
            await self._in_topic(said, member)

    async def _in_topic(self, said: StaffSaid, member: Member) -> None:
        standing = await self._database.read(book.at, NAME, place_of(said.chat, said.topic))
        thread = await self._database.read(records.load, standing[0].appeal_id) if standing else None
        if thread is None:
            if said.command:
                await self._answer(said, words.no_topic(self._words))
            return
        if said.edit:
            if await self._database.read(book.known, NAME, [_key(said)]):
                await self._answer(said, words.edited(self._words))
            return
        if said.forwarded:  # a stranger may have written it, for colleagues or as a command
            await self._answer(said, words.forwarded(self._words))
            return
        if not may(member, _RIGHTS.get(said.command, Right.answer)):
            await self._answer(said, words.no_right(self._words))
            return
        try:
            await self._do(said, member, thread.appeal, standing[0])
        except NotPossible as error:
            why = self._refusals.t(error.message, **error.values)
            await self._answer(said, words.not_sent(self._words, why))

    async def _do(self, said: StaffSaid, member: Member, appeal: Appeal, at: Counterpart) -> None:
        act = _ACTS.get(said.command)
        if act is None:
            await self._answer(said, words.unknown_command(self._words))
            return
        if said.other:
            await self._answer(said, words.unknown_kind(self._words))
            return
        needs_words = said.command in ("note", "ask", "resolve", "reject")
        if needs_words and not said.text and not (said.ref and said.command in ("note", "ask")):
            await self._answer(said, words.words_missing(self._words, said.command))
            return
        if said.ref and said.command not in ("", "note", "ask"):
            await self._answer(said, words.no_file(self._words))
            return
        files: tuple[KeptFile, ...] = ()
        if said.ref:
            kept = await self._fetch(said)
            if isinstance(kept, str):
                await self._answer(said, kept)
                return
            files = (kept,)
        actor = Actor(member.id, member.name, NAME)
        who = Who(member.id, member.login, NAME)
        deed = "link refused" if said.command == "reject" and appeal.kind == LINK else _DEEDS[said.command]

        def note(connection: Connection, done: Done) -> None:
            audit.write(connection, who, deed, f"No. {appeal.number}", self._clock.now())
            for index, message_id in enumerate(done.messages or ("",)):
                key = f"{_key(said)}+{index}" if index else _key(said)
                book.take(connection, NAME, appeal.id, at.remote_id, message_id, key)

        try:
            await act(self._desk.noting(note), actor, appeal.number, said.text, files)
        except Stale:  # carried out before, and killed before it was said
            log.info("taken before", appeal=appeal.id)
        await self._confirm(said, appeal)

    async def _confirm(self, said: StaffSaid, appeal: Appeal) -> None:
        if said.command == "note":
            await self._mark(said, KEPT)
        elif said.command not in ("take",) and not await self._database.read(_reachable, appeal):
            await self._answer(said, words.unreachable(self._words, appeal.contact))
        elif said.command in ("", "ask"):
            await self._mark(said, WENT)
        else:
            now = await self._database.read(records.load, appeal.id)
            await self._answer(said, words.done(self._words, now.appeal if now is not None else appeal))

    async def _fetch(self, said: StaffSaid) -> KeptFile | str:
        """The file, or why there is none. Raises OutsideUnavailable while Telegram may still hand it over."""
        try:
            fetched = await self._channel.fetch(said.ref, FILE_LIMIT)
        except TryLater as error:
            raise OutsideUnavailable(str(error)) from error
        except TooLarge:
            return words.file_refused(self._words)
        except Undeliverable:
            return words.file_lost(self._words)
        kept = await self._keep(fetched.data, said.file_name)
        return kept if kept is not None else words.file_refused(self._words)

    # -- who is who ------------------------------------------------------------------------------------------------

    async def _bind(self, said: StaffSaid) -> None:
        if not said.text:
            await self._back(said, words.code_missing(self._words))
            return
        if said.hidden:
            await self._explain(said, words.hidden(self._words))
            return
        now = self._clock.now()
        bound: Member | NotBound = await self._database.write(binding.bind, said.text, str(said.user), now)
        known = bound if isinstance(bound, Member) else await self._database.read(binding.member_of, str(said.user))
        if known is not None:  # also where the code was used up by an earlier try of this very task
            await self._back(said, words.welcome(self._words, known))
        elif bound is NotBound.tries:
            await self._back(said, words.code_tries(self._words))
        else:
            await self._back(said, words.code_wrong(self._words))
        if not said.private:
            await self._calls.delete(said.message)  # a code is nobody else's business, used up or not

    async def _back(self, said: StaffSaid, text: str) -> None:
        """To where the code was shown."""
        if said.private:
            await self._calls.say_in_private(said.user, text)
        else:
            await self._calls.say(rich(text), said.topic or None, urgent=True)

    async def _explain(self, said: StaffSaid, text: str) -> None:
        """To a stranger, now and then: the group's messages belong to those who work there."""
        now = self._clock.now()
        self._explained = {user: until for user, until in self._explained.items() if until > now}
        if said.user not in self._explained:
            await self._answer(said, text)
            self._explained[said.user] = now + SILENCE

    async def _answer(self, said: StaffSaid, text: Rich | str) -> None:
        await self._calls.say(rich(text), said.topic or None, answers=said.message, urgent=True)

    async def _mark(self, said: StaffSaid, emoji: str) -> None:
        if not await self._calls.react(said.message, emoji):
            await self._answer(said, emoji)


def _key(said: StaffSaid) -> str:
    return f"{said.chat}/{said.message}"


def _reachable(connection: Connection, appeal: Appeal) -> bool:
    return any(chat.status == ACTIVE for chat in chats_to_tell(connection, appeal))


async def _reply(desk: StaffDesk, actor: Actor, number: int, text: str, files: tuple[KeptFile, ...]) -> object:
    return await desk.reply(actor, number, text, files)


async def _ask(desk: StaffDesk, actor: Actor, number: int, text: str, files: tuple[KeptFile, ...]) -> object:
    return await desk.ask(actor, number, text, files)


async def _note(desk: StaffDesk, actor: Actor, number: int, text: str, files: tuple[KeptFile, ...]) -> object:
    await desk.note(actor, number, text, files)
    return None


async def _resolve(desk: StaffDesk, actor: Actor, number: int, text: str, files: tuple[KeptFile, ...]) -> object:
    return await desk.resolve(actor, number, text)


async def _reject(desk: StaffDesk, actor: Actor, number: int, text: str, files: tuple[KeptFile, ...]) -> object:
    link = (await desk.show(number)).appeal.kind == LINK
    return await (desk.refuse if link else desk.reject)(actor, number, text)


async def _approve(desk: StaffDesk, actor: Actor, number: int, text: str, files: tuple[KeptFile, ...]) -> object:
    return await desk.approve(actor, number, role_named(text) if text else Role.family)


async def _take(desk: StaffDesk, actor: Actor, number: int, text: str, files: tuple[KeptFile, ...]) -> object:
    """It is theirs, whoever had it, and work begins. Two steps: the second one is made up for after a kill."""
    with contextlib.suppress(Stale):
        await desk.assign(actor, number, actor.staff_id, actor.name)
    with contextlib.suppress(NotPossible):  # it is being worked on already
        await desk.noting(lambda _connection, _done: None).start(actor, number)
    return None


_DEEDS = {
    "": "reply",
    "ask": "asked",
    "note": "note",
    "resolve": "resolved",
    "reject": "rejected",
    "approve": "link approved",
    "take": "assigned",
}
"""What the audit log calls them: as at the desk."""

_RIGHTS = {"take": Right.take, "approve": Right.links}
"""What a command needs besides the right to answer."""

_ACTS: dict[str, Act] = {
    "": _reply,
    "ask": _ask,
    "note": _note,
    "resolve": _resolve,
    "reject": _reject,
    "approve": _approve,
    "take": _take,
}
