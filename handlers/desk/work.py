"""What is done to an appeal from its page: written, taken, assigned, decided. Each is on record with who did it."""

from __future__ import annotations

from starlette.datastructures import UploadFile
from starlette.responses import Response

from core.appeals import files
from core.appeals.content import honest_name
from core.appeals.models import Actor, Thread
from core.appeals.staff import KeptFile, NotPossible
from core.errors import OutsideUnavailable
from core.staff import accounts, audit, presence
from core.subscribers.models import Role
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
            await desk.acts.note(by, number, text, kept)
            said, what = visit.words.t("Noted. The subscriber does not see it."), "note"
        elif visit.field("wait") == "yes":
            said, what = _sent(visit, await desk.acts.ask(by, number, text, kept)), "asked"
        else:
            said, what = _sent(visit, await desk.acts.reply(by, number, text, kept)), "reply"
    except NotPossible as refused:
        wrong = explain(visit, refused)
        return await show(desk, visit, thread, Typed(text, typed.mode, wrong=wrong), 422)
    await desk.database.write(presence.here, thread.appeal.id, visit.me.id, False, desk.clock.now())
    return await _done(desk, visit, thread, what, said)


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
    told = await desk.acts.start(actor(visit), thread.appeal.number)
    return await _done(desk, visit, thread, "started", _sent(visit, told, visit.words.t("It is in work.")))


async def take(desk: Desk, visit: Visit) -> Response:
    thread = await load(desk, visit)
    await desk.acts.assign(actor(visit), thread.appeal.number, visit.me.id, visit.me.name)
    return await _done(desk, visit, thread, "assigned", visit.words.t("It is yours."), visit.me.login)


async def give_back(desk: Desk, visit: Visit) -> Response:
    """One's own alone: what others have is for supervisors to move."""
    thread = await load(desk, visit)
    if thread.appeal.assignee != visit.me.id:
        raise NotPossible("It is not yours.")
    await desk.acts.assign(actor(visit), thread.appeal.number, "")
    return await _done(desk, visit, thread, "assigned", visit.words.t("Nobody has it now."), "-")


async def assign(desk: Desk, visit: Visit) -> Response:
    thread = await load(desk, visit)
    wanted = visit.field("staff_id")
    member = await desk.database.read(accounts.by_id, wanted) if wanted else None
    if wanted and (member is None or not member.active):
        raise NotPossible("There is no such account.")
    await desk.acts.assign(actor(visit), thread.appeal.number, wanted, member.name if member else "")
    said = visit.words.t("{name} has it now.", name=member.name) if member else visit.words.t("Nobody has it now.")
    return await _done(desk, visit, thread, "assigned", said, member.login if member else "-")


async def change_kind(desk: Desk, visit: Visit) -> Response:
    thread = await load(desk, visit)
    kind = visit.field("kind", 30)
    await desk.acts.change_kind(actor(visit), thread.appeal.number, kind)
    return await _done(desk, visit, thread, "kind changed", visit.words.t("The kind is changed."), kind)


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
    act = {"resolve": desk.acts.resolve, "reject": desk.acts.reject, "refuse": desk.acts.refuse}[window]
    try:
        told = await act(actor(visit), thread.appeal.number, reason)
    except NotPossible as refused:
        wrong = explain(visit, refused)
        return await show(desk, visit, thread, Typed(reason, window=window, wrong=wrong), 422)
    return await _done(desk, visit, thread, what, _sent(visit, told))


async def approve(desk: Desk, visit: Visit) -> Response:
    thread = await load(desk, visit)
    role = visit.field("role")
    if role not in list(Role):
        raise Missing
    try:
        told = await desk.acts.approve(actor(visit), thread.appeal.number, Role(role))
    except OutsideUnavailable:
        raise NotPossible("The billing is not answering: nothing was changed. Try again later.") from None
    detail = f"{thread.appeal.account_number}: {role}"
    said = _sent(visit, told, visit.words.t("The account is linked."))
    return await _done(desk, visit, thread, "link approved", said, detail)


def _is_late(visit: Visit, thread: Thread) -> bool:
    """Whether something came that whoever writes has not seen; they may say that they have."""
    return visit.field("seen") != seen(thread) and visit.field("anyway") != "yes"


def _sent(visit: Visit, chats: int, well: str = "") -> str:
    if chats:
        return well or visit.words.n("On its way to one chat.", "On its way to {n} chats.", chats)
    return visit.words.t("It is written down, but no chat can be reached: call them.")


async def _done(desk: Desk, visit: Visit, thread: Thread, what: str, said: str, detail: str = "") -> Response:
    number = thread.appeal.number
    line = f"No. {number}: {detail}" if detail else f"No. {number}"
    await desk.database.write(audit.write, visit.who, what, line, desk.clock.now())
    return say(visit, said, f"/desk/appeals/{number}")
