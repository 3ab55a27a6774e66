"""One appeal at the desk: words, files, decisions, two agents at once, and whatever strangers put into it."""

from __future__ import annotations

import asyncio
import io
import re
import time
from collections.abc import Sequence
from datetime import timedelta

import pytest
from PIL import Image
from sqlalchemy import Update, select, update

from core.appeals.models import AppealStatus, Author
from core.appeals.records import add_message
from core.appeals.tables import appeal_posts
from core.delivery.tables import outbox
from core.staff import audit
from core.staff.models import StaffRole
from core.subscribers.links import links_of
from core.subscribers.tables import chats
from handlers.desk import attachments
from handlers.desk.work import file_name
from tests.desk.conftest import Room, Seat

SCRIPT = '<script>alert("1")</script><img src=x onerror=alert(2)>'
SEEN = re.compile(r'name="seen" value="([^"]*)"')


def picture(size: tuple[int, int] = (20, 10)) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", size, "red").save(made, "PNG")
    return made.getvalue()


async def seen(seat: Seat, number: int = 1) -> str:
    found = SEEN.search((await seat.get(f"/desk/appeals/{number}")).text)
    assert found
    return found[1]


async def write(seat: Seat, text: str, mode: str = "reply", wait: str = "") -> int:
    data = {"text": text, "as": mode, "wait": wait, "seen": await seen(seat)}
    return (await seat.post("/desk/appeals/1/write", data)).status_code


async def change(room: Room, statement: Update) -> None:
    await room.database.write(lambda connection: connection.execute(statement).rowcount)


async def sent(room: Room) -> Sequence[str]:
    return await room.database.read(lambda c: list(c.execute(select(outbox.c.message).order_by(outbox.c.id)).scalars()))


async def texts(room: Room, author: Author) -> list[str]:
    return [one.text for one in (await room.desk.acts.show(1)).messages if one.author is author]


async def test_an_answer_reaches_the_chat_and_a_note_never_does(room: Room) -> None:
    await room.appeal()
    seat = await room.seat(StaffRole.agent, "maria", "Maria")
    assert await write(seat, "A craftsman comes tomorrow") == 303
    assert await write(seat, "Beware of the dog", "note") == 303
    out = "".join(await sent(room))
    assert "A craftsman comes tomorrow" in out and "Beware of the dog" not in out
    page = (await seat.get("/desk/appeals/1")).text
    assert "A craftsman comes tomorrow" in page and "Beware of the dog" in page and "Maria" in page
    assert (await room.now(1)).status is AppealStatus.in_progress
    assert await write(seat, "Which flat?", wait="yes") == 303
    assert (await room.now(1)).status is AppealStatus.pending
    lines = [one.what for one in await room.database.read(audit.page)]
    assert {"reply", "note", "asked"} <= set(lines)


@pytest.mark.parametrize("text", ["", "   ", "x" * 5000])
async def test_what_cannot_be_sent_is_given_back(room: Room, text: str) -> None:
    await room.appeal()
    seat = await room.seat(StaffRole.agent)
    answer = await seat.post("/desk/appeals/1/write", {"text": text, "as": "reply", "seen": await seen(seat)})
    assert answer.status_code == 422
    assert not text.strip() or text in answer.text, "nobody writes it twice"
    assert await sent(room) == []


async def test_decisions_need_words_and_reach_the_subscriber(room: Room) -> None:
    for _ in range(2):
        await room.appeal()
    seat = await room.seat(StaffRole.agent)
    empty = await seat.post("/desk/appeals/1/resolve", {"reason": " ", "seen": await seen(seat)})
    assert empty.status_code == 422 and "data-shown" in empty.text
    assert (await room.now(1)).status is AppealStatus.acknowledged
    await seat.post("/desk/appeals/1/resolve", {"reason": "The port was changed", "seen": await seen(seat)})
    assert (await room.now(1)).status is AppealStatus.resolved
    await seat.post("/desk/appeals/2/reject", {"reason": "Not our cable", "seen": await seen(seat, 2)})
    assert (await room.now(2)).status is AppealStatus.rejected
    out = "".join(await sent(room))
    assert "The port was changed" in out and "Not our cable" in out
    again = await seat.post("/desk/appeals/1/reject", {"reason": "No", "seen": await seen(seat)})
    assert again.status_code == 422 and "decided before" in again.text
    assert (await seat.post("/desk/appeals/1/start")).status_code == 303
    assert (await room.now(1)).status is AppealStatus.in_progress


async def test_nothing_is_done_that_is_not_on_record(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """The audit log and the deed are one: where the one cannot be written, the other has not happened."""
    await room.appeal()
    seat = await room.seat(StaffRole.supervisor)

    def broken(*_args: object) -> None:
        raise OSError("the disk is full")

    here = await seen(seat)
    monkeypatch.setattr(audit, "write", broken)
    for act, data in (
        ("write", {"text": "Hello", "seen": here}),
        ("take", {}),
        ("kind", {"kind": "finance"}),
        ("resolve", {"reason": "Mended", "seen": here}),
    ):
        assert (await seat.post(f"/desk/appeals/1/{act}", data)).status_code == 500, act
    now = await room.now(1)
    assert (now.status, now.assignee, now.kind) == (AppealStatus.acknowledged, "", "technical")
    assert await sent(room) == [] and await texts(room, Author.staff) == []


async def test_take_give_back_and_assign(room: Room) -> None:
    await room.appeal()
    agent = await room.seat(StaffRole.agent, "maria")
    boss = await room.seat(StaffRole.supervisor, "elena")
    assert agent.member is not None and boss.member is not None
    await agent.post("/desk/appeals/1/take")
    assert (await room.now(1)).assignee == agent.member.id
    assert (await agent.post("/desk/appeals/1/assign", {"staff_id": boss.member.id})).status_code == 403
    await boss.post("/desk/appeals/1/assign", {"staff_id": boss.member.id})
    assert (await room.now(1)).assignee == boss.member.id
    await agent.post("/desk/appeals/1/give-back")
    assert (await room.now(1)).assignee == boss.member.id, "what others have is not given back"
    await boss.post("/desk/appeals/1/assign", {"staff_id": "nobody-known"})
    assert (await room.now(1)).assignee == boss.member.id
    await boss.post("/desk/appeals/1/give-back")
    assert (await room.now(1)).assignee == ""
    await boss.post("/desk/appeals/1/kind", {"kind": "finance"})
    assert (await room.now(1)).kind == "finance"


async def test_a_request_for_an_account_is_approved_or_refused(room: Room) -> None:
    for number in (1, 2, 3):
        await room.appeal("Please", "link", number=number, account="7700101008")
    seat = await room.seat(StaffRole.agent)
    page = (await seat.get("/desk/appeals/1")).text
    assert 'data-open="approve"' in page and 'data-open="resolve"' not in page
    await seat.post("/desk/appeals/1/approve", {"role": "representative"})
    links = await room.database.read(links_of, "person0000000001")
    assert [(one.account_number, one.role.value) for one in links] == [("7700101008", "representative")]
    assert (await seat.post("/desk/appeals/2/refuse", {"reason": "", "seen": await seen(seat, 2)})).status_code == 422
    await seat.post("/desk/appeals/2/refuse", {"reason": "Come with a passport", "seen": await seen(seat, 2)})
    assert (await room.now(2)).status is AppealStatus.rejected
    assert (await seat.post("/desk/appeals/3/approve", {"role": "king"})).status_code == 404
    room.billing.mode = "down"
    assert (await seat.post("/desk/appeals/3/approve", {"role": "family"})).status_code == 303
    assert "not answering" in (await seat.get("/desk/appeals/3")).text
    assert (await room.now(3)).status is AppealStatus.acknowledged


async def test_a_reply_to_a_thread_that_changed_meanwhile_asks_first(room: Room) -> None:
    appeal = await room.appeal()
    one, two = await room.seat(StaffRole.agent, "one", "One"), await room.seat(StaffRole.agent, "two", "Two")
    old = await seen(two)
    await write(one, "The first answer")
    asked = await two.post("/desk/appeals/1/write", {"text": "The second answer", "as": "reply", "seen": old})
    assert asked.status_code == 409
    assert "Something came meanwhile" in asked.text and "The second answer" in asked.text
    assert "The first answer" in asked.text and 'name="anyway" value="yes"' in asked.text
    assert await texts(room, Author.staff) == ["The first answer"]
    late = await two.post("/desk/appeals/1/resolve", {"reason": "Done", "seen": old})
    assert late.status_code == 409 and (await room.now(1)).status is AppealStatus.in_progress
    data = {"text": "The second answer", "as": "reply", "seen": old, "anyway": "yes"}
    assert (await two.post("/desk/appeals/1/write", data)).status_code == 303
    assert await texts(room, Author.staff) == ["The first answer", "The second answer"]
    assert appeal.number == 1


async def test_two_agents_see_each_other(room: Room) -> None:
    await room.appeal()
    one, two = await room.seat(StaffRole.agent, "one", "One"), await room.seat(StaffRole.agent, "two", "<b>Two</b>")
    assert (await one.post("/desk/appeals/1/here", {"writing": "no"})).text.strip() == ""
    assert "One is here too" in (await two.post("/desk/appeals/1/here", {"writing": "yes"})).text
    beside = (await one.post("/desk/appeals/1/here", {"writing": "no"})).text
    assert "&lt;b&gt;Two&lt;/b&gt; is writing" in beside
    room.clock.move(timedelta(minutes=1))
    assert (await one.post("/desk/appeals/1/here", {"writing": "no"})).text.strip() == "", "and not when they have left"


async def test_a_page_left_open_does_not_keep_anybody_signed_in(room: Room) -> None:
    await room.appeal()
    seat = await room.seat(StaffRole.agent)
    codes = []
    for _ in range(12):
        room.clock.move(timedelta(hours=1))
        codes.append((await seat.post("/desk/appeals/1/here", {"writing": "no"})).status_code)
    assert codes[0] == 200 and codes[-1] == 303


async def test_strangers_words_are_words_everywhere(room: Room) -> None:
    await room.person(1, SCRIPT)
    appeal = await room.appeal(SCRIPT, account="7700100218")
    await room.file(appeal, picture(), f"{SCRIPT}.png")
    await room.file(appeal, b"plain words", 'a"b\r\nX-Evil: 1; \u202etxt.exe')
    boss = await room.seat(StaffRole.administrator, "boss", SCRIPT)
    await write(boss, SCRIPT)
    await boss.post("/desk/templates", {"title": SCRIPT, "body": SCRIPT, "kind": ""})
    await boss.post("/desk/outages", {"text_en": SCRIPT, "region": "RU-MOW"})
    await boss.post("/desk/me/profile", {"name": SCRIPT, "language": SCRIPT})
    for path in (
        "/desk",
        "/desk?q=alert",
        "/desk/appeals/1",
        "/desk/templates",
        "/desk/outages",
        "/desk/audit",
        "/desk/staff",
        "/desk/dashboard",
        "/desk/me",
        "/desk/reminders",
        "/desk/payments?order=<script>",
    ):
        text = (await boss.get(path)).text
        assert "<script>alert" not in text and "<img src=x" not in text and "onerror=alert(2)>" not in text, path
        assert not re.search(r"<script(?![^>]*\bsrc=\"/desk/static/)", text), path


async def test_files_of_an_appeal_are_safe_to_open(room: Room) -> None:
    appeal = await room.appeal()
    shown = await room.file(appeal, picture(), 'x"\r\nSet-Cookie: a=b; é.png')
    page = await room.file(appeal, b"<script>alert(1)</script>", "page.html", "text/html")
    svg = await room.file(appeal, b"<svg xmlns='http://www.w3.org/2000/svg'/>", "p.svg", "image/svg+xml")
    seat = await room.seat(StaffRole.agent)
    answer = await seat.get(f"/desk/appeals/1/files/{shown}")
    assert answer.status_code == 200 and answer.headers["content-type"] == "image/png"
    said = answer.headers["content-disposition"]
    assert "\r" not in said and "\n" not in said and "set-cookie" not in answer.headers
    assert (
        said.startswith('inline; filename="')
        and said.count('"') == 2
        and "filename*=UTF-8''x%22%0D%0ASet-Cookie" in said
    )
    for message in (page, svg):
        answer = await seat.get(f"/desk/appeals/1/files/{message}")
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-disposition"].startswith("attachment")
        assert "sandbox" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert (await seat.get(f"/desk/appeals/1/thumbs/{message}")).status_code == 404
    small = await seat.get(f"/desk/appeals/1/thumbs/{shown}")
    assert small.status_code == 200 and small.headers["content-type"] == "image/webp"


async def test_a_file_belongs_to_its_appeal_alone(room: Room) -> None:
    first, second = await room.appeal(), await room.appeal()
    message = await room.file(first, picture(), "a.png")
    never = await room.desk.store.put(b"never attached to anything")
    draft, create = await room.desk.services.appeals.create("person0000000001", "telegram:1", "claim", draft=True)
    await room.database.write(create.apply)
    hidden = await room.file(draft, picture(), "b.png")
    seat = await room.seat(StaffRole.agent)
    assert (await seat.get(f"/desk/appeals/{first.number}/files/{message}")).status_code == 200
    for path in (
        f"{second.number}/files/{message}",
        f"{first.number}/files/{never}",
        f"{first.number}/files/{'0' * 64}",
        f"{draft.number}/files/{hidden}",
        f"{draft.number}",
        "0/files/x",
        "99999999999999999999/files/x",
        "1/files/..%2f..%2fetc%2fpasswd",
    ):
        assert (await seat.get(f"/desk/appeals/{path}")).status_code == 404, path
    assert (await room.browser().get(f"/desk/appeals/{first.number}/files/{message}")).status_code == 303


async def test_a_bomb_of_a_picture_has_no_thumbnail(room: Room) -> None:
    appeal = await room.appeal()
    big = io.BytesIO()
    Image.new("1", (12_000, 12_000)).save(big, "PNG")
    bomb = await room.file(appeal, big.getvalue(), "bomb.png")
    broken = await room.file(appeal, picture()[:40], "broken.png", "image/png")
    seat = await room.seat(StaffRole.agent)
    for message in (bomb, broken):
        assert (await seat.get(f"/desk/appeals/1/thumbs/{message}")).status_code == 404


async def test_small_pictures_are_drawn_two_at_a_time(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten that unpack to 250 MB each would otherwise be unpacked at once, by a page that asks for all of them."""
    appeal = await room.appeal()
    sent = [await room.file(appeal, picture((20, height)), f"{height}.png") for height in range(1, 9)]
    seat = await room.seat(StaffRole.agent)
    drawing, most = 0, 0

    def slow(data: bytes) -> bytes:
        nonlocal drawing, most
        drawing += 1
        most = max(most, drawing)
        time.sleep(0.05)
        drawing -= 1
        return data

    monkeypatch.setattr(attachments, "_shrink", slow)
    answers = await asyncio.gather(*(seat.get(f"/desk/appeals/1/thumbs/{message}") for message in sent))
    assert {answer.status_code for answer in answers} == {200} and most <= 2


async def test_a_browser_asks_before_it_shows_a_small_picture_again(room: Room) -> None:
    message = await room.file(await room.appeal(), picture(), "a.png")
    seat = await room.seat(StaffRole.agent)
    path = f"/desk/appeals/1/thumbs/{message}"
    first = await seat.get(path)
    assert "no-cache" in first.headers["cache-control"] and "max-age" not in first.headers["cache-control"]
    kept = {"if-none-match": first.headers["etag"]}
    assert (await seat.get(path, headers=kept)).status_code == 304
    assert (await room.browser().get(path, headers=kept)).status_code == 303


async def test_staff_attach_files_and_what_they_are_their_content_says(room: Room) -> None:
    await room.appeal()
    seat = await room.seat(StaffRole.agent)

    async def send(*files: tuple[str, bytes], text: str = "") -> int:
        parts = [("files", (name, data, "image/png")) for name, data in files]
        data = {"text": text, "as": "reply", "seen": await seen(seat)}
        return (await seat.post("/desk/appeals/1/write", data, files=parts)).status_code

    assert await send(("..\\..\\evil.png", picture())) == 303
    last = (await room.desk.acts.show(1)).messages[-1]
    assert last.file_name == "evil.png" and last.media_type == "image/png" and last.author is Author.staff
    assert await send(("a.png", b"MZ\x90\x00\x03\x00\x00\x00\x04"), text="Look") == 422
    assert await send(("a.png", b"x" * 5_000_001), text="Look") == 422
    assert await send(*[("a.txt", b"words")] * 11, text="Look") == 422
    assert await texts(room, Author.staff) == [""], "with a file that is refused, nothing is sent"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("a\r\nX: 1.png", "aX: 1.png"),
        ("\u202etxt.exe", "txt.exe"),
        ("...", "file"),
        ("", "file"),
        ("x" * 500 + ".pdf", "x" * 96 + ".pdf"),
        ("договор №1.pdf", "договор №1.pdf"),
    ],
)
def test_names_of_files(said: str, kept: str) -> None:
    assert file_name(said) == kept


async def test_delivery_marks_and_the_next_way_to_try(room: Room) -> None:
    await room.appeal()
    seat = await room.seat(StaffRole.agent)
    await write(seat, "Hello")
    assert "being sent" in (await seat.get("/desk/appeals/1")).text

    async def set_row(**values: object) -> str:
        posts = select(appeal_posts.c.outbox_id)
        await change(room, update(outbox).where(outbox.c.id.in_(posts)).values(**values))
        return (await seat.get("/desk/appeals/1")).text

    assert "Telegram: sent" in await set_row(status="sent", sent_at=room.clock.now())
    assert "Telegram: delivered" in await set_row(delivered_at=room.clock.now())
    assert "Telegram: seen" in await set_row(seen_at=room.clock.now())
    text = await set_row(status="failed", reason="bot was blocked <by> the user", seen_at=None, delivered_at=None)
    assert "not delivered" in text and "blocked &lt;by&gt;" in text and "Not reachable there. Call" in text


async def test_nobody_is_left_to_write_to(room: Room) -> None:
    await room.appeal()
    await change(room, update(chats).values(status="gone"))
    seat = await room.seat(StaffRole.agent)
    await write(seat, "Hello")
    assert "call them" in (await seat.get("/desk/appeals/1")).text


async def test_the_card_shows_debts_also_when_the_billing_is_silent(room: Room) -> None:
    await room.appeal("Please", "link", account="7700100218")
    seat = await room.seat(StaffRole.agent)
    await seat.post("/desk/appeals/1/approve", {"role": "owner"})
    fresh = (await seat.get("/desk/appeals/1")).text
    assert "7700100218" in fresh and "840.00" in fresh and "As of" in fresh
    room.billing.mode = "down"
    old = (await seat.get("/desk/appeals/1")).text
    assert "840.00" in old and "not answering: figures of" in old


async def test_the_phone_is_masked_and_showing_it_is_on_record(room: Room) -> None:
    await room.appeal()
    seat = await room.seat(StaffRole.agent)
    page = (await seat.get("/desk/appeals/1")).text
    assert "79000000001" not in re.sub(r"\D", "", page)
    room.clock.move(timedelta(seconds=1))
    shown = await seat.post("/desk/appeals/1/phone", headers={"HX-Request": "true"})
    assert "tel:+79000000001" in shown.text
    line = (await room.database.read(audit.page))[0]
    assert line.what == "phone shown" and "79000000001" not in line.detail


async def test_ready_answers_are_filled_in(room: Room) -> None:
    await room.person(1, "{number} Anna")
    await room.appeal()
    boss = await room.seat(StaffRole.supervisor, "boss", "Boss")
    body = "{name}, No. {number}, {agent} of {operator}"
    await boss.post("/desk/templates", {"title": "T", "body": body, "kind": "technical"})
    await boss.post("/desk/templates", {"title": "Other", "body": "other kind", "kind": "finance"})
    await boss.post("/desk/templates", {"title": "Wrong", "body": "{passwort}", "kind": ""})
    assert "no placeholder" in (await boss.get("/desk/templates")).text
    page = (await boss.get("/desk/appeals/1")).text
    assert "{number} Anna, No. 1, Boss of Svyaz" in page and "other kind" not in page


async def test_a_change_made_by_the_subscriber_shows_when_the_part_is_drawn_anew(room: Room) -> None:
    appeal = await room.appeal()
    seat = await room.seat(StaffRole.agent)
    await room.database.write(add_message, appeal.id, Author.subscriber, "And another thing", room.clock.now())
    part = (await seat.get("/desk/appeals/1", headers={"HX-Request": "true"})).text
    assert "And another thing" in part and "<html" not in part and "composer" not in part


async def test_a_refusal_names_the_status_in_the_readers_language(room: Room) -> None:
    await room.appeal()
    seat = await room.seat(StaffRole.agent)
    await seat.post("/desk/me/profile", {"name": "Мария", "language": "ru"})
    await seat.post("/desk/appeals/1/resolve", {"reason": "Done", "seen": await seen(seat)})
    again = await seat.post("/desk/appeals/1/reject", {"reason": "No", "seen": await seen(seat)})
    assert again.status_code == 422 and "решение уже есть: Решено" in again.text
