"""Reads Telegram's updates and says each in the words of a conversation, or why it is none of our business."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiogram.types import CallbackQuery, ChatMemberUpdated, Message, PreCheckoutQuery, SuccessfulPayment, Update, User
from aiogram.types import Contact as SharedContact
from msgspec.structs import asdict, replace

from fsm.event import Blocked, Command, Contact, Edited, Event, File, Input, Press, Text, Unblocked, Unsupported
from handlers.clean import clean
from handlers.telegram.cashier import Checkout, Paid

CHANNEL = "telegram"

_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@([A-Za-z0-9_]+))?(?:\s+(.*))?\s*", re.DOTALL)
_OUT, _IN = ("left", "kicked"), ("member", "administrator", "restricted")

_SERVICE = frozenset({  # what Telegram itself writes into a private chat: nobody waits for an answer
    "pinned_message", "message_auto_delete_timer_changed", "write_access_allowed", "connected_website",
    "chat_background_set", "proximity_alert_triggered", "checklist_tasks_done", "checklist_tasks_added",
    "boost_added", "giveaway_created", "giveaway_completed", "gift_upgrade_sent", "paid_message_price_changed",
    "new_chat_title", "new_chat_photo", "delete_chat_photo", "migrate_to_chat_id", "migrate_from_chat_id",
    "poll_option_added", "poll_option_deleted",
    "forum_topic_created", "forum_topic_edited", "forum_topic_closed", "forum_topic_reopened",
    "general_forum_topic_hidden", "general_forum_topic_unhidden",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class GroupCall:
    """The bot was added to a group, or somebody there spoke to it. ``added_by`` is the update that added it, or 0."""

    chat: int
    language: str
    added_by: int = 0


@dataclass(frozen=True, slots=True)
class Incoming:
    """An update, read. Exactly one of ``event``, ``group``, ``checkout``, ``paid`` and ``skipped`` says what it is.

    ``skipped`` is the reason, for the log.
    ``callback`` is the query that waits for an answer, whatever becomes of the rest.
    """

    event: Event | None = None
    group: GroupCall | None = None
    skipped: str = ""
    callback: str = ""
    checkout: Checkout | None = None
    paid: Paid | None = None


def order_key(raw: dict[str, Any]) -> int:
    """The chat whose updates must be taken one after another; the update's own id where there is no chat."""
    for content in raw.values():
        if isinstance(content, dict):
            bearer = content.get("message") if "message" in content else content
            chat = bearer.get("chat") if isinstance(bearer, dict) else None
            if isinstance(chat, dict) and isinstance(chat.get("id"), int):
                key: int = chat["id"]
                return key
    update_id = raw.get("update_id")
    return update_id if isinstance(update_id, int) else 0


def read(update: Update, now: datetime, username: str = "") -> Incoming:
    """``username`` is the bot's own, without @: a command for another bot is no command for us."""
    if update.message:
        return _message(update, update.message, now, username)
    if update.edited_message:
        return _edited(update, update.edited_message, now)
    if update.callback_query:
        return _press(update, update.callback_query, now)
    if update.my_chat_member:
        return _membership(update, update.my_chat_member, now)
    if update.pre_checkout_query:
        return Incoming(checkout=_checkout(update.pre_checkout_query))
    kinds = sorted(update.model_fields_set - {"update_id"}) + sorted(update.model_extra or {})
    return Incoming(skipped=f"not taken: {', '.join(dict.fromkeys(kinds)) or 'empty'}")


def _message(update: Update, message: Message, now: datetime, username: str) -> Incoming:
    if message.successful_payment:  # wherever it was made: an invoice may be forwarded
        return Incoming(paid=_paid(message, message.successful_payment))
    if message.chat.type != "private":
        return _group_message(message, username)
    if message.from_user and message.from_user.is_bot:
        return Incoming(skipped="from a bot")
    what = _input(message, username)
    if isinstance(what, str):
        return Incoming(skipped=what)
    event = _event(update, message.chat.id, message.from_user, now, what, str(message.message_id))
    return Incoming(replace(event, reply_to=_answered(message)))


def _answered(message: Message) -> str:
    """The message of ours that this one answers. The server puts it there: nobody can point into another's chat."""
    told = message.reply_to_message
    return str(told.message_id) if told and told.from_user and told.from_user.is_bot else ""


def _input(message: Message, username: str) -> Input | str:
    """What the person did, or why there is nothing to answer."""
    kind = str(message.content_type.value if hasattr(message.content_type, "value") else message.content_type)
    if message.text is not None:
        return _text(message.text, username)
    if message.contact:
        return _contact(message, message.contact)
    if message.photo:
        largest = max(message.photo, key=lambda size: size.width * size.height)
        caption, album = message.caption or "", message.media_group_id or ""
        return File(largest.file_id, "photo", "", "image/jpeg", largest.file_size, caption, album)
    if message.document and not message.animation:  # an animation carries a document as well, for old bots
        document = message.document
        return File(
            document.file_id,
            "document",
            document.file_name or "",
            document.mime_type or "",
            document.file_size,
            message.caption or "",
            message.media_group_id or "",
        )
    return f"service message: {kind}" if kind in _SERVICE else Unsupported(kind)


def _text(text: str, username: str) -> Input:
    command = _COMMAND.fullmatch(text)
    if not command:
        return Text(text)
    name, addressee, argument = command.groups()
    if addressee and username and addressee.lower() != username.lower():
        return Text(text)
    return Command(name.lower(), (argument or "").strip())


def _contact(message: Message, contact: SharedContact) -> Contact:
    sender = message.from_user
    # Telegram's server finds the number's owner. A forwarded card may be older than the owner's present number.
    own = bool(sender and contact.user_id == sender.id and message.forward_origin is None)
    phone = contact.phone_number
    if own and phone.isdigit():
        phone = f"+{phone}"  # some apps leave the plus out of what is always an international number
    name = " ".join(filter(None, (contact.first_name, contact.last_name)))
    return Contact(phone, own=own, by_button=own, name=name)


def _group_message(message: Message, username: str) -> Incoming:
    if message.chat.type == "channel" or not message.from_user or message.from_user.is_bot:
        return Incoming(skipped=f"in a {message.chat.type}")
    text = message.text or message.caption or ""
    mention = f"@{username.lower()}" if username else ""
    command = _COMMAND.fullmatch(text)
    if command:
        addressed = (command[2] or username).lower() == username.lower()
    else:
        addressed = bool(mention and re.search(rf"{re.escape(mention)}(?!\w)", text.lower()))
    if not addressed:
        return Incoming(skipped="said in a group")
    return Incoming(group=GroupCall(message.chat.id, message.from_user.language_code or ""))


def _edited(update: Update, message: Message, now: datetime) -> Incoming:
    if message.chat.type != "private":
        return Incoming(skipped="edited in a group")
    text = message.text or message.caption
    if not text:  # a live location moves every few seconds
        return Incoming(skipped="an edit without words")
    return Incoming(_event(update, message.chat.id, message.from_user, now, Edited(text), str(message.message_id)))


def _press(update: Update, query: CallbackQuery, now: datetime) -> Incoming:
    bearer = query.message
    if bearer is None or bearer.chat.type != "private" or query.data is None:
        return Incoming(skipped="a press on what we did not send", callback=query.id)
    event = _event(update, bearer.chat.id, query.from_user, now, Press(query.data), str(bearer.message_id))
    return Incoming(event, callback=query.id)


def _checkout(query: PreCheckoutQuery) -> Checkout:
    language = query.from_user.language_code or ""
    return Checkout(query.id, query.invoice_payload, query.total_amount, query.currency, language)


def _paid(message: Message, payment: SuccessfulPayment) -> Paid:
    return Paid(
        payment.telegram_payment_charge_id,
        payment.invoice_payload,
        payment.total_amount,
        payment.currency,
        message.date.astimezone(UTC),
    )


def _membership(update: Update, change: ChatMemberUpdated, now: datetime) -> Incoming:
    old, new = str(change.old_chat_member.status), str(change.new_chat_member.status)
    if change.chat.type == "private":
        what = {"kicked": Blocked(), "member": Unblocked()}.get(new)
        if what is None:
            return Incoming(skipped=f"membership: {new}")
        return Incoming(_event(update, change.chat.id, change.from_user, now, what))
    if change.chat.type != "channel" and old in _OUT and new in _IN:
        return Incoming(
            group=GroupCall(change.chat.id, change.from_user.language_code or "", added_by=update.update_id)
        )
    return Incoming(skipped=f"membership in a {change.chat.type}: {new}")


def _event(update: Update, chat: int, sender: User | None, now: datetime, what: Input, message_id: str = "") -> Event:
    name = " ".join(filter(None, (sender.first_name, sender.last_name))) if sender else ""
    return Event(
        channel=CHANNEL,
        update_id=str(update.update_id),
        address=str(chat),
        at=now,
        input=_cleaned(what),
        name=clean(name),
        language=(sender.language_code or "") if sender else "",
        message_id=message_id,
    )


def _cleaned(what: Input) -> Input:
    """Telegram keeps such characters out, but the webhook's body is only as good as its secret."""
    words = {name: value for name, value in asdict(what).items() if isinstance(value, str)}
    return replace(what, **{name: clean(value) for name, value in words.items()})
