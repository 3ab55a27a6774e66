"""Notices at work: the words in each language, what runs every few seconds, and a look by the operator's own eyes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog
from prometheus_client import Counter
from sqlalchemy import Connection, select

from core.clock import Clock
from core.delivery.messages import OutgoingMessage
from core.delivery.writes import Write
from core.errors import OutsideUnavailable
from core.notices import store
from core.notices.models import Notice, Wrong
from core.notices.sending import NoticeSender
from core.operator import Operator
from core.subscribers.chats import ACTIVE
from core.subscribers.models import Chat
from core.subscribers.tables import chats, subscribers
from fsm.action import ANYWHERE
from fsm.draw import draw
from fsm.notice_words import notice
from fsm.state import Registry
from fsm.texts import Translator, choose_language
from handlers.tell import tell

log = structlog.get_logger("notices")

written_total = Counter("abonent_notices_total", "People whom a notice concerns, by what became of it", ["result"])


class NoticeComposer:
    """Draws a notice for everybody who speaks one language."""

    def __init__(self, clock: Clock, operator: Operator, registry: Registry) -> None:
        self._clock = clock
        self._operator = operator
        self._registry = registry

    def __call__(self, one: Notice, language: str) -> tuple[OutgoingMessage, Sequence[Write]]:
        spoken, text = one.words(choose_language(language, self._operator.languages), self._operator.languages)
        # Heading and buttons in the text's own language: a message in two languages reads like a mistake.
        translator = Translator(spoken, self._operator.zone)
        return draw(
            notice(translator, one.kind, self._operator.name, text),
            stamp=ANYWHERE,
            registry=self._registry,
            translator=translator,
            now=self._clock.now(),
        )


def show_to(
    connection: Connection, number: int, phone: str, *, registry: Registry, operator: Operator, clock: Clock
) -> int:
    """Sends the notice to one person's chats, in each language that it has, and to nobody else; says how many chats.

    Raises :class:`core.notices.models.Wrong` when nobody with this phone (E.164) can be written to.
    """
    one = store.load(connection, number)
    query = (
        select(chats)
        .join(subscribers, subscribers.c.id == chats.c.subscriber_id)
        .where(subscribers.c.phone == phone, chats.c.status == ACTIVE)
    )
    own = [Chat(**row._mapping) for row in connection.execute(query)]
    if not own:
        raise Wrong("nobody is signed in with this phone: open the bot, sign in with it, and try again")
    for language, text in one.texts.items():
        translator = Translator(language, operator.zone)
        drawn = notice(translator, one.kind, operator.name, text)
        tell(
            connection,
            own,
            lambda _theirs, drawn=drawn: drawn,  # type: ignore[misc]  # the screen does not depend on the reader
            registry=registry,
            operator=operator,
            now=clock.now(),
            cause=f"notice {number}",
        )
    return len(own)


@dataclass
class Notices:
    """What runs: a step of every notice that is being sent."""

    sender: NoticeSender
    wake_sender: Callable[[], None] = lambda: None

    async def tick(self) -> None:
        try:
            counted = await self.sender.run()
        except OutsideUnavailable as error:
            log.warning("a notice waits: the billing is silent", reason=str(error))
            return
        for result, count in counted.items():
            written_total.labels(str(result)).inc(count)
        if counted:
            log.info("notices", **{str(result): count for result, count in counted.items()})
            self.wake_sender()
