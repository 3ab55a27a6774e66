"""The group as a helpdesk: an appeal is a topic, its card the first message, its status the topic's name."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, select

from core.appeals import mirror_records as book
from core.appeals.helpdesk import Counterpart, RemoteGone
from core.appeals.mirror_tables import mirrored_messages
from core.appeals.models import Appeal, AppealMessage, AppealStatus, Thread
from core.appeals.rules import AppealRules
from core.database import Database
from core.staff import accounts
from core.subscribers.tables import subscribers
from fsm import staff_group_words as words
from fsm.screen import Rich
from fsm.texts import Translator
from handlers.telegram import entities
from handlers.telegram.entities import Parts
from handlers.telegram.group.calls import GroupCalls

NAME = "telegram"

# core.telegram.org/bots/api#createforumtopic takes these alone. By kind, so that a list can be looked over.
_COLORS = {"technical": 0xFB6F5F, "claim": 0xFF93B2, "finance": 0xFFD67E, "gratitude": 0x8EEE98, "link": 0xCB86DB}
_USUAL_COLOR = 0x6FB9F0
_CARD = "card:"


def place_of(chat: int, topic: int) -> str:
    """A topic's number says nothing without its group: in another one it is another appeal's."""
    return f"{chat}/{topic}"


class TopicDesk:
    """See :class:`core.appeals.helpdesk.Helpdesk`. Telegram lists no topics: one whose making was not heard of stays
    there, empty, and another one is made."""

    name = NAME

    def __init__(self, calls: GroupCalls, database: Database, rules: AppealRules, translator: Translator) -> None:
        self._calls = calls
        self._database = database
        self._rules = rules
        self._translator = translator

    async def open(self, thread: Thread, generation: int) -> str:
        appeal = thread.appeal
        topic = await self._calls.create_topic(await self._title(appeal), _COLORS.get(appeal.kind, _USUAL_COLOR))
        return place_of(await self._calls.chat(), topic)

    async def find(self, appeal: Appeal, at: Counterpart) -> Mapping[str, str]:
        """Nothing can be looked up in a topic. Before anything is added there, the appeal's card stands first."""
        await self._ensure_card(appeal, at)
        return {}

    async def add(self, appeal: Appeal, at: Counterpart, message: AppealMessage, data: bytes | None) -> str:
        chat, topic = await self._place(at)
        head = words.head(self._translator, message, await self._staff_name(message.staff_id))
        said = message.text
        if message.file_name and data is None:
            said = "\n".join(filter(None, (said, words.lost_file(self._translator, message.file_name))))
        parts: Parts = ((f"{head} ", "bold"), (said, "plain"))
        if data is None:
            return f"{chat}/{await self._calls.say(parts, topic)}"
        if entities.utf16_length(head + said) >= entities.MAX_CAPTION:
            await self._calls.say(parts, topic)
            parts = ((head, "bold"),)
        name = message.file_name or "file"
        picture = message.media_type in ("image/jpeg", "image/png")
        return f"{chat}/{await self._calls.send_file(data, name, parts, topic, picture=picture)}"

    async def set_status(self, appeal: Appeal, at: Counterpart) -> str:
        _chat, topic = await self._place(at)
        card, fresh = await self._ensure_card(appeal, at)
        if not fresh:
            await self._calls.edit(card, await self._card(appeal))
        title = await self._title(appeal)
        if appeal.status is not AppealStatus.closed:
            await self._calls.set_closed(topic, False)  # always: somebody may have closed it by hand
        await self._calls.rename(topic, title)
        if appeal.status is AppealStatus.closed:
            await self._calls.set_closed(topic, True)
        return title

    async def refresh(self, appeal: Appeal, at: Counterpart) -> str:
        """The card as it must be now, and the name where that has changed; says the name."""
        _chat, topic = await self._place(at)
        card = await self._database.read(_card_of, at)
        if card is not None:
            await self._calls.edit(card, await self._card(appeal))
        title = await self._title(appeal)
        if title != at.word:
            await self._calls.rename(topic, title)
        return title

    async def close(self) -> None:
        """The bot's connections are the messenger's own."""

    async def _ensure_card(self, appeal: Appeal, at: Counterpart) -> tuple[int, bool]:
        """The card's message, and whether it was sent only now."""
        chat, topic = await self._place(at)
        known = await self._database.read(_card_of, at)
        if known is not None:
            return known, False
        sent = await self._calls.say(await self._card(appeal), topic)
        await self._database.write(book.tell, NAME, appeal.id, at.remote_id, "", f"{_CARD}{chat}/{sent}")
        return sent, True

    async def _place(self, at: Counterpart) -> tuple[int, int]:
        """Raises RemoteGone for a topic of another group: the same number is somebody else's here."""
        chat, _, topic = at.remote_id.partition("/")
        now_at = await self._calls.chat()
        if chat != str(now_at) or not topic.isdigit():
            raise RemoteGone("the topic is in another group")
        return now_at, int(topic)

    async def _title(self, appeal: Appeal) -> str:
        name = await self._subscriber_name(appeal)
        return words.title(self._translator, appeal, self._rules.kinds.get(appeal.kind), name)

    async def _card(self, appeal: Appeal) -> Rich:
        name = await self._subscriber_name(appeal)
        worker = await self._staff_name(appeal.assignee)
        return words.card(self._translator, appeal, self._rules.kinds.get(appeal.kind), name, worker)

    async def _subscriber_name(self, appeal: Appeal) -> str:
        return await self._database.read(_name_of, appeal.subscriber_id) if appeal.subscriber_id else ""

    async def _staff_name(self, staff_id: str) -> str:
        member = await self._database.read(accounts.by_id, staff_id) if staff_id else None
        return member.name if member is not None else ""


def _name_of(connection: Connection, subscriber_id: str) -> str:
    return connection.execute(select(subscribers.c.name).where(subscribers.c.id == subscriber_id)).scalar() or ""


def _card_of(connection: Connection, at: Counterpart) -> int | None:
    query = select(mirrored_messages.c.remote_id).where(
        mirrored_messages.c.appeal_id == at.appeal_id,
        mirrored_messages.c.desk == NAME,
        mirrored_messages.c.place == at.remote_id,
        mirrored_messages.c.remote_id.startswith(_CARD),
    )
    found = connection.execute(query.limit(1)).scalar()
    return int(found.rpartition("/")[2]) if found else None
