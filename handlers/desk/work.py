"""What is done to an appeal from its page: written, taken, assigned, decided. Each is on record with who did it."""

from __future__ import annotations

from sqlalchemy import Connection
from starlette.datastructures import UploadFile
from starlette.responses import Response

from core.appeals import files
from core.appeals.content import honest_name
from core.appeals.models import Actor, Thread
from core.appeals.staff import Done, KeptFile, NotPossible
from core.errors import OutsideUnavailable
from core.staff import accounts, audit, presence
from core.subscribers.models import Role
from handlers.desk.acts import StaffDesk
from handlers.desk.answers import Missing, explain, say
from handlers.desk.desk import FILES_AT_ONCE, Desk
from handlers.desk.thread import Typed, load, seen, show
from handlers.desk.visit import Visit


def actor(visit: Visit) -> Actor:
    return Actor(visit.me.id, visit.me.name, "desk")


async def write(desk: Desk, visit: Visit) -> Response:
    """An answer, a question or a note, with files. What came meanwhile is shown before anything is sent."""
    thread = await load(desk, visit)
    text, mode = visit.words_of("text"), visit.field("as")
    typed = Typed(text, "note" if mode == "note" else "reply")
    if mode != "note" and _is_late(visit, thread):
        return await show(desk, visit, thread, Typed(text, typed.mode, changed=True), 409)
    number, by = thread.appeal.number, actor(visit)
    try:
        kept = await _keep(desk, visit.files("files"))
        if mode == "note":
            await _acts(desk, visit, thread, "note").note(by, number, text, kept)
            said = visit.words.t("Noted. The subscriber does not see it.")
        elif visit.field("wait") == "yes":
            said = _sent(visit, await _acts(desk, visit, thread, "asked").ask(by, number, text, kept))
        else:
            said = _sent(visit, await _acts(desk, visit, thread, "reply").reply(by, number, text, kept))
    except NotPossible as refused:
        wrong = explain(visit, refused)
        return await show(desk, visit, thread, Typed(text, typed.mode, wrong=wrong), 422)
    await desk.database.write(presence.here, thread.appeal.id, visit.me.id, False, desk.clock.now())
    return _done(visit, thread, said)


async def _keep(desk: Desk, uploads: list[UploadFile]) -> list[KeptFile]:
    """Files as their content says they are; kept before they are spoken of. Raises NotPossible."""
    if len(uploads) > FILES_AT_ONCE:
        raise NotPossible("At most {n} files at once.", n=FILES_AT_ONCE)
    read: list[tuple[bytes, str, str]] = []
    for upload in uploads:
        name = file_name(upload.filename or "")
        if (upload.size or 0) > files.LIMIT:
            raise NotPossible("{name} is larger than {n} MB.", name=name, n=files.LIMIT // 1_000_000)
        data = await upload.read()
        media_type = desk.content_type(data)
        if media_type is None:
            raise NotPossible("{name} is no picture, document or text: it cannot be sent.", name=name)
        read.append((data, name, media_type))
    kept = []
    for data, name, media_type in read:
        key = await files.keep(desk.database, desk.store, data, media_type, desk.clock.now())
        kept.append(KeptFile(key, honest_name(name, media_type), media_type, len(data)))
    return kept


def file_name(said: str) -> str:
    """A name that no header, path or terminal stumbles over."""
    last = said.replace("\\", "/").rpartition("/")[2]
    plain = "".join(char for char in last if char.isprintable()).strip(". ")
    return plain[-100:] or "file"


async def start(desk: Desk, visit: Visit) -> Response:
    thread = await load(desk, visit)
    told = await _acts(desk, visit, thread, "started").start(actor(visit), thread.appeal.number)
    return _done(visit, thread, _sent(visit, told, visit.words.t("It is in work.")))


async def take(desk: Desk, visit: Visit) -> Response:
    thread = await load(desk, visit)
    acts = _acts(desk, visit, thread, "assigned", visit.me.login)
    await acts.assign(actor(visit), thread.appeal.number, visit.me.id, visit.me.name)
    return _done(visit, thread, visit.words.t("It is yours."))


async def give_back(desk: Desk, visit: Visit) -> Response:
    """One's own alone: what others have is for supervisors to move."""
    thread = await load(desk, visit)
    if thread.appeal.assignee != visit.me.id:
        raise NotPossible("It is not yours.")
    await _acts(desk, visit, thread, "assigned", "-").assign(actor(visit), thread.appeal.number, "")
    return _done(visit, thread, visit.words.t("Nobody has it now."))


async def assign(desk: Desk, visit: Visit) -> Response:
    thread = await load(desk, visit)
    wanted = visit.field("staff_id")
    member = await desk.database.read(accounts.by_id, wanted) if wanted else None
    if wanted and (member is None or not member.active):
        raise NotPossible("There is no such account.")
    acts = _acts(desk, visit, thread, "assigned", member.login if member else "-")
    await acts.assign(actor(visit), thread.appeal.number, wanted, member.name if member else "")
    said = visit.words.t("{name} has it now.", name=member.name) if member else visit.words.t("Nobody has it now.")
    return _done(visit, thread, said)


async def change_kind(desk: Desk, visit: Visit) -> Response:
    thread = await load(desk, visit)
    kind = visit.field("kind", 30)
    await _acts(desk, visit, thread, "kind changed", kind).change_kind(actor(visit), thread.appeal.number, kind)
    return _done(visit, thread, visit.words.t("The kind is changed."))


async def resolve(desk: Desk, visit: Visit) -> Response:
    return await _decide(desk, visit, "resolve", "resolved")


async def reject(desk: Desk, visit: Visit) -> Response:
    return await _decide(desk, visit, "reject", "rejected")


async def refuse(desk: Desk, visit: Visit) -> Response:
    return await _decide(desk, visit, "refuse", "link refused")


async def _decide(desk: Desk, visit: Visit, window: str, what: str) -> Response:
    thread = await load(desk, visit)
    reason = visit.words_of("reason")
    if _is_late(visit, thread):
        return await show(desk, visit, thread, Typed(reason, window=window, changed=True), 409)
    acts = _acts(desk, visit, thread, what)
    act = {"resolve": acts.resolve, "reject": acts.reject, "refuse": acts.refuse}[window]
    try:
        told = await act(actor(visit), thread.appeal.number, reason)
    except NotPossible as refused:
        wrong = explain(visit, refused)
        return await show(desk, visit, thread, Typed(reason, window=window, wrong=wrong), 422)
    return _done(visit, thread, _sent(visit, told))


async def approve(desk: Desk, visit: Visit) -> Response:
    thread = await load(desk, visit)
    role = visit.field("role")
    if role not in list(Role):
        raise Missing
    acts = _acts(desk, visit, thread, "link approved", f"{thread.appeal.account_number}: {role}")
    try:
        told = await acts.approve(actor(visit), thread.appeal.number, Role(role))
    except OutsideUnavailable:
        raise NotPossible("The billing is not answering: nothing was changed. Try again later.") from None
    return _done(visit, thread, _sent(visit, told, visit.words.t("The account is linked.")))


def _is_late(visit: Visit, thread: Thread) -> bool:
    """Whether something came that whoever writes has not seen; they may say that they have."""
    return visit.field("seen") != seen(thread) and visit.field("anyway") != "yes"


def _sent(visit: Visit, chats: int, well: str = "") -> str:
    if chats:
        return well or visit.words.n("On its way to one chat.", "On its way to {n} chats.", chats)
    return visit.words.t("It is written down, but no chat can be reached: call them.")


def _acts(desk: Desk, visit: Visit, thread: Thread, what: str, detail: str = "") -> StaffDesk:
    """The desk for one act that goes on record in the same transaction: neither is there without the other."""
    line = f"No. {thread.appeal.number}: {detail}" if detail else f"No. {thread.appeal.number}"

    def note(connection: Connection, _done: Done) -> None:
        audit.write(connection, visit.who, what, line, desk.clock.now())

    return desk.acts.noting(note)


def _done(visit: Visit, thread: Thread, said: str) -> Response:
    return say(visit, said, f"/desk/appeals/{thread.appeal.number}")
