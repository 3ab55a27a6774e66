"""The staff's side of appeals on the demo's panel: what waits, and a decision about it."""

from __future__ import annotations

from collections.abc import Sequence

from bot.sandbox.events import EventBus
from bot.sandbox.levers import both, choice, door, lever, remark
from bot.sandbox.shapes import Impossible, Json, Words
from core.appeals.kinds import LINK
from core.appeals.models import Actor, Author, Thread
from core.appeals.staff import NotPossible
from core.errors import OutsideUnavailable
from core.staff.models import Member
from handlers.desk.acts import StaffDesk

_GROUP = both("Обращения", "Appeals")
_DECISIONS = (
    ("answer", "ответить", "answer"),
    ("ask", "спросить", "ask"),
    ("resolve", "решить", "solve"),
    ("approve", "подключить", "link"),
    ("refuse", "отказать", "refuse"),
)
_ACTOR = Actor(name="Demo", via="demo")
_EXCERPT = 40  # characters of what was written, in the list
_LOOK = 5.0  # seconds between looks when nothing has happened on either phone


class DeskControl:
    """The page's panel is drawn at any moment, so what waits is read beforehand, after each change."""

    def __init__(self, desk: StaffDesk, staff: Sequence[tuple[Member, str]] = ()) -> None:
        """``staff``: who can sign in to the web desk, with their passwords."""
        self._desk = desk
        self._staff = staff
        self._waiting: list[Thread] = []

    async def watch(self, events: EventBus) -> None:
        """Keeps up with the appeals until cancelled."""
        while True:
            await self._look(events)
            await events.wait(_LOOK)

    async def _look(self, events: EventBus) -> None:
        found = [await self._desk.show(appeal.number) for appeal in await self._desk.waiting()]
        if found != self._waiting:
            self._waiting = found
            events.changed()

    def describe(self) -> list[Json]:
        return [*self._door(), *self._decide()]

    def _door(self) -> list[Json]:
        if not self._staff:
            return []
        logins = "; ".join(f"{member.login} {password}" for member, password in self._staff)
        note = both(
            f"Вход одним нажатием за любую роль или по паролю: {logins}",
            f"One press signs you in as any role, or with a password: {logins}",
        )
        return [door("desk", both("Открыть рабочее место", "Open the staff's desk"), _GROUP, "/desk", note)]

    def _decide(self) -> list[Json]:
        if not self._waiting:
            return [remark("request", both("Никто не ждёт ответа.", "Nobody waits for an answer."), _GROUP)]
        waiting = [{"value": str(one.appeal.number), "label": _label(one)} for one in self._waiting]
        decisions = [{"value": value, "label": both(ru, en)} for value, ru, en in _DECISIONS]
        first = self._waiting[0].appeal
        usual = "approve" if first.kind == LINK else "answer"
        return [
            lever(
                "request",
                both("Ответить на обращение", "Deal with an appeal"),
                _GROUP,
                choice("number", both("Обращение", "Appeal"), waiting, str(first.number)),
                choice("decision", both("Что сделать", "What to do"), decisions, usual),
                {"name": "text", "label": both("Что прочтёт человек", "What the person reads"), "kind": "text"},
            )
        ]

    async def run(self, given: dict[str, str]) -> Words:
        """Raises Impossible with the reason."""
        if not given.get("number", "").isdecimal():
            raise Impossible(both("Выберите обращение.", "Choose an appeal."))
        number, text = int(given["number"]), given.get("text", "")
        try:
            match given.get("decision"):
                case "answer" | "ask" | "resolve" as decision:
                    if not text.strip():
                        raise Impossible(both("Напишите, что прочтёт человек.", "Write what the person reads."))
                    told = await self._said(decision, number, text)
                case "approve":
                    told = await self._desk.approve(_ACTOR, number)
                case "refuse":
                    if not text.strip():
                        raise Impossible(both("Напишите причину отказа.", "Write why it is refused."))
                    link = (await self._desk.show(number)).appeal.kind == LINK
                    told = await (self._desk.refuse if link else self._desk.reject)(_ACTOR, number, text)
                case _:
                    raise Impossible("The decision is to answer, ask, solve, link or refuse.")
        except NotPossible as error:
            raise Impossible(str(error)) from None
        except OutsideUnavailable:
            raise Impossible(both("Биллинг не отвечает.", "The billing does not answer.")) from None
        if not told:
            return both("Готово, но написать некуда: чатов больше нет.", "Done, but no chat can be reached.")
        return both("Готово: человек прочтёт это в мессенджере.", "Done: the person reads it in the messenger.")

    async def _said(self, decision: str, number: int, text: str) -> int:
        if decision == "resolve":
            return await self._desk.resolve(_ACTOR, number, text)
        return await (self._desk.ask if decision == "ask" else self._desk.reply)(_ACTOR, number, text)


def _label(thread: Thread) -> Words:
    appeal = thread.appeal
    said = [message.text for message in thread.messages if message.author is Author.subscriber and message.text]
    words = " ".join(said[-1].split()) if said else ""
    excerpt = f"«{words[:_EXCERPT]}{'…' if len(words) > _EXCERPT else ''}»" if words else ""
    link = appeal.kind == LINK
    about_ru = f"просят счёт {appeal.account_number}" if link else "пишут"
    about_en = f"asks for {appeal.account_number}" if link else "writes"
    return both(
        f"№ {appeal.number}: {about_ru} {excerpt}".strip(), f"No. {appeal.number}: {about_en} {excerpt}".strip()
    )
