"""Reads what happens in the staff's group, and who of the staff shows a code in private, as one small value."""

from __future__ import annotations

import re

from aiogram.types import Message, Update
from msgspec import Struct

from handlers.clean import clean

_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@([A-Za-z0-9_]+))?(?:\s+(.*))?\s*", re.DOTALL)
BIND = "bind"


class StaffSaid(Struct, frozen=True, omit_defaults=True):
    """``topic`` 0: the General topic, or a private chat. ``command`` without its slash, ``text`` behind it."""

    chat: int
    message: int
    user: int
    topic: int = 0
    private: bool = False
    hidden: bool = False  # an administrator who writes as the group
    forwarded: bool = False  # somebody else's words, passed on
    command: str = ""
    text: str = ""
    ref: str = ""  # of a file
    file_name: str = ""
    picture: bool = False
    other: bool = False  # something that cannot be passed on
    edit: bool = False
    language: str = ""


class Moved(Struct, frozen=True):
    """The group has another id now."""

    to: int


def may_concern(update: Update) -> bool:
    """Whether it comes from a group at all, or may be a code; told from the update alone."""
    content = update.message or update.edited_message or update.my_chat_member
    if content is None:
        return False
    if content.chat.type != "private":
        return content.chat.type != "channel"
    return bool(update.message and (update.message.text or "").lower().startswith(f"/{BIND}"))


def read(update: Update, group: int, username: str) -> StaffSaid | Moved | str | None:
    """A string is the reason why nothing is to be done; None: this is not the group's business at all."""
    message = update.message or update.edited_message
    if message is None:
        change = update.my_chat_member
        if change is not None and change.chat.id == group:
            return f"membership: {change.new_chat_member.status}"
        return None
    if message.chat.type == "private":
        return _in_private(message, username) if update.message else None
    if message.chat.id != group:
        return None
    if message.migrate_to_chat_id:
        return Moved(message.migrate_to_chat_id)
    sender = message.from_user
    if sender is None:
        return "from nobody"
    hidden = message.sender_chat is not None and message.sender_chat.id == group
    if message.sender_chat is not None and not hidden:
        return "from a channel"
    if sender.is_bot and not hidden:
        return "from a bot"
    said = _said(message, sender.id, username, hidden=hidden, edit=update.edited_message is not None)
    return said or "service message"


def _in_private(message: Message, username: str) -> StaffSaid | None:
    """Only the code: everything else there is a subscriber's conversation."""
    found = _COMMAND.fullmatch(message.text or "")
    if found is None or found[1].lower() != BIND or message.from_user is None or message.from_user.is_bot:
        return None
    if message.forward_origin is not None:  # whoever forwards somebody's code does not say who they are
        return None
    return StaffSaid(
        message.chat.id,
        message.message_id,
        message.from_user.id,
        private=True,
        command=BIND,
        text=clean(found[3] or "").strip(),
        language=message.from_user.language_code or "",
    )


def _said(message: Message, user: int, username: str, *, hidden: bool, edit: bool) -> StaffSaid | None:
    words = clean(message.text or message.caption or "")
    command, text = "", words
    found = _COMMAND.fullmatch(words)
    if found is not None and (found[2] or username).lower() == username.lower():
        command, text = found[1].lower(), (found[3] or "").strip()
    ref, name, picture = "", "", False
    if message.photo:
        largest = max(message.photo, key=lambda size: size.width * size.height)
        ref, name, picture = largest.file_id, "photo.jpg", True
    elif message.document and not message.animation:
        ref, name = message.document.file_id, clean(message.document.file_name or "file")
    kind = str(getattr(message.content_type, "value", message.content_type))
    if not words and not ref and kind in _SERVICE:
        return None
    return StaffSaid(
        message.chat.id,
        message.message_id,
        user,
        topic=message.message_thread_id or 0 if message.is_topic_message else 0,
        hidden=hidden,
        forwarded=message.forward_origin is not None,
        command=command,
        text=text,
        ref=ref,
        file_name=name[:200],
        picture=picture,
        other=not words and not ref,
        edit=edit,
    )


_SERVICE = frozenset({
    "forum_topic_created", "forum_topic_edited", "forum_topic_closed", "forum_topic_reopened",
    "general_forum_topic_hidden", "general_forum_topic_unhidden", "new_chat_members", "left_chat_member",
    "new_chat_title", "new_chat_photo", "delete_chat_photo", "group_chat_created", "supergroup_chat_created",
    "pinned_message", "message_auto_delete_timer_changed", "migrate_from_chat_id", "video_chat_started",
    "video_chat_ended", "video_chat_scheduled", "video_chat_participants_invited", "boost_added", "chat_background_set",
})  # fmt: skip
