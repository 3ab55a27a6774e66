"""Calls about the staff's group: in its pace, to where the group is now, with its faults in the mirror's words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog
from aiogram import Bot
from aiogram.exceptions import (
    TelegramAPIError,
    TelegramBadRequest,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNetworkError,
    TelegramRetryAfter,
)
from aiogram.types import (
    BufferedInputFile,
    LinkPreviewOptions,
    MessageEntity,
    ReactionTypeEmoji,
    ReactionTypeUnion,
    ReplyParameters,
)
from aiohttp import ClientConnectorError

from core.appeals.helpdesk import HelpdeskRefused, RemoteGone, Unanswered
from core.database import Database
from core.errors import OutsideUnavailable
from core.staff import group
from fsm.screen import Rich
from handlers.telegram import entities
from handlers.telegram.client import UPLOAD_TIMEOUT
from handlers.telegram.entities import Parts
from handlers.telegram.errors import FAULTS, plain
from handlers.telegram.group.pace import GroupPace

log = structlog.get_logger("telegram.group")

T = TypeVar("T")

MAX_PHOTO = 10 * 1024 * 1024  # bytes, core.telegram.org/bots/api#sendphoto
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
_GONE = ("message thread not found", "topic_id_invalid", "topic_deleted")
_SAME = ("topic_not_modified", "message is not modified")
_NOT_A_PHOTO = ("photo_", "image_process_failed", "too big for a photo")
_NO_RIGHT = ("not enough rights", "chat_admin_required", "not a forum", "chat not found", "topic_closed")


class NotNow(OutsideUnavailable):
    """Only the operator can mend it: the bot is not in the group, or may not do there what it must."""


class GroupCalls:
    """``chat`` is the id that the settings name; the group may have moved to another one since.

    Every method raises OutsideUnavailable (Busy, NotNow and Unanswered among them), RemoteGone where the topic is no
    longer there, and HelpdeskRefused for what will never be taken.
    """

    def __init__(self, bot: Bot, database: Database, pace: GroupPace, chat: str) -> None:
        self._bot = bot
        self._database = database
        self._pace = pace
        self._configured = chat
        self._trouble = ""

    async def chat(self) -> int:
        """Where the group is now."""
        return int(await self._database.read(group.moved_to, self._configured))

    async def moved(self, to: int) -> None:
        """The group has become a supergroup, or topics were switched on: Telegram gave it another id."""
        log.warning("the staff's group has another id now: write it into ABONENT_TELEGRAM_STAFF_GROUP", chat=to)
        await self._database.write(group.move, self._configured, str(to))

    # -- messages --------------------------------------------------------------------------------------------------

    async def say(
        self, text: Rich | Parts, topic: int | None, *, answers: int | None = None, urgent: bool = False
    ) -> int:
        """As many messages as it takes; the id of the last. ``answers``: the message it is a reply to."""
        sent = 0
        for parts in entities.split(_parts(text)):
            said, marks = entities.formatted(parts)
            self._pace.take(urgent=urgent)

            async def send(chat: int, said: str = said, marks: list[MessageEntity] = marks) -> int:
                reply = ReplyParameters(message_id=answers, allow_sending_without_reply=True) if answers else None
                message = await self._bot.send_message(
                    chat,
                    said,
                    message_thread_id=topic,
                    parse_mode=None,
                    entities=marks,
                    link_preview_options=_NO_PREVIEW,
                    reply_parameters=reply,
                )
                return message.message_id

            sent = await self._call(send)
        return sent

    async def say_in_private(self, user: int, text: str) -> None:
        """To one of the staff in their own chat with the bot."""
        try:
            await self._bot.send_message(user, text, parse_mode=None)
        except TelegramForbiddenError as error:  # they have blocked the bot meanwhile
            log.info("no answer in private", reason=plain(error))
        except TelegramRetryAfter as error:  # their own chat alone was written to too often: the group goes on
            raise OutsideUnavailable(plain(error)) from None
        except FAULTS as error:
            raise self._translated(error) from None

    async def send_file(self, data: bytes, name: str, caption: Parts, topic: int, *, picture: bool) -> int:
        """A picture that Telegram does not take as one goes as a document."""
        said, marks = entities.formatted(caption)

        async def send(chat: int, photo: bool) -> int:
            method = self._bot.send_photo if photo else self._bot.send_document
            message = await method(
                chat,
                BufferedInputFile(data, name),
                message_thread_id=topic,
                caption=said or None,
                parse_mode=None,
                caption_entities=marks,
                request_timeout=UPLOAD_TIMEOUT,
            )
            return message.message_id

        self._pace.take()
        if picture and len(data) <= MAX_PHOTO:
            try:
                return await self._call(lambda chat: send(chat, True))
            except HelpdeskRefused as error:
                if not any(word in str(error).lower() for word in _NOT_A_PHOTO):
                    raise
                self._pace.take()
        return await self._call(lambda chat: send(chat, False))

    async def edit(self, message_id: int, text: Rich) -> None:
        """A message that is no longer there, or too old to be changed, is left as it is."""
        said, marks = entities.formatted(_parts(text))
        try:
            await self._call(
                lambda chat: self._unless_same(
                    self._bot.edit_message_text(
                        said,
                        chat_id=chat,
                        message_id=message_id,
                        parse_mode=None,
                        entities=marks,
                        link_preview_options=_NO_PREVIEW,
                    )
                )
            )
        except HelpdeskRefused as error:
            log.info("a card stays as it was", reason=str(error))

    async def react(self, message_id: int, emoji: str) -> bool:
        """False where the group does not allow this reaction, or the message is gone."""
        reaction: list[ReactionTypeUnion] = [ReactionTypeEmoji(emoji=emoji)]
        try:
            await self._call(lambda chat: self._bot.set_message_reaction(chat, message_id, reaction=reaction))
        except HelpdeskRefused:
            return False
        return True

    async def delete(self, message_id: int) -> None:
        """As far as the bot may."""
        try:
            await self._call(lambda chat: self._bot.delete_message(chat, message_id))
        except (HelpdeskRefused, OutsideUnavailable) as error:
            log.info("a message stays", reason=str(error))

    # -- topics ----------------------------------------------------------------------------------------------------

    async def create_topic(self, name: str, color: int) -> int:
        self._pace.take()
        made = await self._call(lambda chat: self._bot.create_forum_topic(chat, name, icon_color=color))
        return made.message_thread_id

    async def rename(self, topic: int, name: str) -> None:
        await self._call(lambda chat: self._unless_same(self._bot.edit_forum_topic(chat, topic, name=name)))

    async def set_closed(self, topic: int, closed: bool) -> None:
        turn = self._bot.close_forum_topic if closed else self._bot.reopen_forum_topic
        await self._call(lambda chat: self._unless_same(turn(chat, topic)))

    # -- one call --------------------------------------------------------------------------------------------------

    async def _unless_same(self, call: Awaitable[object]) -> None:
        try:
            await call
        except TelegramBadRequest as error:
            if not _says(error, _SAME):
                raise

    async def _call(self, call: Callable[[int], Awaitable[T]]) -> T:
        for _ in range(2):
            try:
                result = await call(await self.chat())
            except TelegramMigrateToChat as error:
                await self.moved(error.migrate_to_chat_id)
            except FAULTS as error:
                raise self._translated(error) from None
            else:
                self._trouble = ""
                return result
        raise OutsideUnavailable("the group is moving")

    def _translated(self, error: BaseException) -> Exception:
        match error:
            case TelegramRetryAfter():
                return self._pace.rest(float(error.retry_after))
            case TelegramEntityTooLarge():
                return HelpdeskRefused(plain(error))
            case TelegramNetworkError():
                # What could not even connect was not carried out; of anything else nobody knows.
                never = isinstance(error.__cause__, ClientConnectorError)
                return OutsideUnavailable(plain(error)) if never else Unanswered(plain(error))
            case TelegramForbiddenError():
                return self._operator(plain(error))
            case TelegramBadRequest() if _says(error, _GONE):
                return RemoteGone(plain(error))
            case TelegramBadRequest() if _says(error, _NO_RIGHT):
                return self._operator(plain(error))
            case TelegramBadRequest():
                return HelpdeskRefused(plain(error))
        return OutsideUnavailable(plain(error))

    def _operator(self, reason: str) -> NotNow:
        if reason != self._trouble:  # said once, not with every appeal
            self._trouble = reason
            log.critical("the staff's group cannot be used: run `abonent check`", reason=reason)
        return NotNow(reason)


def _says(error: TelegramAPIError, phrases: tuple[str, ...]) -> bool:
    said = error.message.lower()
    return any(phrase in said for phrase in phrases)


def _parts(text: Rich | Parts) -> Parts:
    return tuple((part.text, part.style) for part in text.parts) if isinstance(text, Rich) else text
