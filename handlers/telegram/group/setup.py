"""Says what is wrong with the staff's group: for `abonent check`, in sentences that an operator can act upon."""

from __future__ import annotations

from collections.abc import Sequence

from aiogram import Bot
from aiogram.exceptions import TelegramForbiddenError, TelegramMigrateToChat
from aiogram.types import ChatMemberAdministrator, ChatMemberOwner

from core.database import Database
from core.staff import group
from handlers.edge import Finding
from handlers.telegram.errors import FAULTS, plain


async def diagnose(bot: Bot, database: Database, configured: str) -> Sequence[Finding]:
    """Whether the bot is an administrator there, may manage topics, and there are topics at all."""
    chat = await database.read(group.moved_to, configured)
    try:
        found = await bot.get_chat(int(chat))
        me = await bot.get_chat_member(int(chat), bot.id)
    except TelegramMigrateToChat as error:
        return [_moved(str(error.migrate_to_chat_id))]
    except TelegramForbiddenError:
        return [Finding("problem", "The bot is not in the staff's group: add it there as an administrator.")]
    except FAULTS as error:
        said = plain(error)
        if "chat not found" in said.lower():
            said = "there is no such group, or the bot is not in it"
        return [Finding("problem", f"The staff's group (ABONENT_TELEGRAM_STAFF_GROUP) cannot be read: {said}.")]
    findings = []
    if not found.is_forum:
        findings.append(Finding("problem", "The staff's group has no topics: switch them on in the group's settings."))
    if not isinstance(me, ChatMemberAdministrator | ChatMemberOwner):
        findings.append(Finding("problem", "The bot is no administrator of the staff's group: make it one."))
    elif isinstance(me, ChatMemberAdministrator):
        if not me.can_manage_topics:
            text = "The bot may not manage topics in the staff's group: give it the right."
            findings.append(Finding("problem", text))
        if not me.can_delete_messages:
            text = "The bot may not delete messages in the staff's group: codes that are shown there stay visible."
            findings.append(Finding("warning", text))
    if chat != configured:
        findings.append(_moved(chat))
    return findings or [Finding("ok", "The staff's group has topics, and the bot may manage them.")]


def _moved(to: str) -> Finding:
    return Finding("warning", f"The staff's group has another id now: set ABONENT_TELEGRAM_STAFF_GROUP to {to}.")
