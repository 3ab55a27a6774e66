"""Sends our screens through the Bot API: edited in place where that is possible, sent anew where it is not."""

from __future__ import annotations

from functools import partial

import structlog
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import (
    BufferedInputFile,
    InlineKeyboardMarkup,
    LabeledPrice,
    LinkPreviewOptions,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
)

from core.delivery.messages import Attachment, InvoiceCard, OutgoingMessage
from core.money import Money
from handlers.channel import BlobReader, Capabilities, Delivered, DeliveryError, Fetched, TryLater, Undeliverable
from handlers.parts import Parts
from handlers.telegram import entities, files, keyboards
from handlers.telegram.client import UPLOAD_TIMEOUT
from handlers.telegram.entities import Parts as Words
from handlers.telegram.errors import FAULTS, delivery_error, plain
from handlers.telegram.inbound import CHANNEL
from handlers.telegram.units import to_units

log = structlog.get_logger("telegram.out")

Markup = InlineKeyboardMarkup | ReplyKeyboardMarkup | ReplyKeyboardRemove

MAX_TOAST = 200  # UTF-16 units, core.telegram.org/bots/api#answercallbackquery
MAX_PHOTO = 10 * 1024 * 1024  # bytes, core.telegram.org/bots/api#sendphoto; a larger one goes as a document
CHECKOUT_ANSWER = 3  # seconds: with the time for deciding, less than the ten that Telegram waits
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)

# What Telegram says (400 Bad Request), in lower case, when only a new message will do.
_CANNOT_EDIT = (
    "message to edit not found",
    "message can't be edited",
    "there is no text in the message to edit",
    "message_id_invalid",
    "message identifier is not specified",
    "message_edit_time_expired",
)
_NOT_A_PHOTO = ("photo_", "image_process_failed", "too big for a photo")
_BAD_LINK = ("button_url_invalid", "button url", "wrong http url")


class TelegramChannel:
    """Telegram's way out. A message that holds more than Telegram takes at once goes out as several."""

    name = CHANNEL
    capabilities = Capabilities(
        edits=True, vouches_for_contact=True, toasts=True, files_by_url=False, sticky_contact_keyboard=True
    )

    def __init__(self, bot: Bot, blobs: BlobReader, payment_token: str = "") -> None:
        """``payment_token`` is the payment provider's, from @BotFather: invoices cannot be sent without one."""
        self.bot = self._bot = bot
        self._blobs = blobs
        self._payment_token = payment_token

    async def deliver(self, address: str, message: OutgoingMessage, parts: Parts | None = None) -> Delivered:
        """Sends or edits. The answer names the message that bears the buttons: that is the one to edit next.

        Raises TryLater, ChatGone or Undeliverable.
        """
        parts = parts or Parts()
        chat = _number(address)
        if chat is None:
            raise Undeliverable("the address is not a Telegram chat")
        try:
            return await self._deliver(chat, message, parts)
        except TelegramBadRequest as error:
            links = any(button.url for row in message.rows for button in row)
            if not links or not _says(error, _BAD_LINK):
                raise _reported(error) from None
        except FAULTS as error:
            raise _reported(error) from None
        # Telegram refuses addresses that no phone could open, as http://localhost. The words still reach the person.
        parts.again()
        try:
            return await self._deliver(chat, _links_in_text(message), parts)
        except FAULTS as error:
            raise _reported(error) from None

    async def _deliver(self, chat: int, message: OutgoingMessage, parts: Parts) -> Delivered:
        if message.invoice and self._payment_token:
            return Delivered(str(await self._send_invoice(chat, message.invoice)))
        texts = entities.split(message.parts)
        if not texts and not message.attachment:
            raise Undeliverable("nothing to say: the text is empty")
        markup = keyboards.inline(message.rows)
        old = _number(message.edits)
        if message.drops_keyboard:
            # Only a new message takes a keyboard away; the screen then follows it, so as to be the last thing seen.
            said: Words = ((message.drops_keyboard, "plain"),)
            await parts.send(partial(self._send_text, chat, said, ReplyKeyboardRemove()), more=True)
        elif old is not None and len(texts) == 1 and not message.attachment and not parts.begun:
            edited = await self._edit(chat, old, texts[0], markup)
            if edited and message.asks_contact:
                await self._ask_contact(chat, message)
            if edited:
                return Delivered(str(old))
        sent = await self._send(chat, message, texts, markup, parts)
        if old is not None:
            await self._strip(chat, old)
        return Delivered(sent)

    async def _send(
        self,
        chat: int,
        message: OutgoingMessage,
        texts: list[Words],
        markup: InlineKeyboardMarkup | None,
        parts: Parts,
    ) -> str:
        """Sends everything as new messages, the buttons under the last."""
        below: Markup | None = markup
        asks_apart = bool(message.asks_contact and (markup or message.attachment))
        if message.asks_contact and not asks_apart:
            below = keyboards.contact_request(message.asks_contact, message.hint)
        last = ""
        if message.attachment:
            caption: Words = ()
            if len(texts) == 1 and entities.utf16_length(message.text) <= entities.MAX_CAPTION:
                caption, texts = texts[0], []
            file = partial(self._send_file, chat, message.attachment, caption, None if texts else below)
            last = await parts.send(file, more=bool(texts) or asks_apart)
        for index, text in enumerate(texts, 1):
            ends = index == len(texts)
            said = partial(self._send_text, chat, text, below if ends else None)
            last = await parts.send(said, more=not ends or asks_apart)
        if asks_apart:
            await self._ask_contact(chat, message)
        return last

    async def _ask_contact(self, chat: int, message: OutgoingMessage) -> None:
        """Telegram draws one keyboard a message, and only a keyboard under the input field shares a phone number.

        So the question goes first with its own buttons, as a message that can be edited later, and a line that
        points down at the big button follows. Without other buttons the question itself bears the keyboard.
        """
        markup = keyboards.contact_request(message.asks_contact, message.hint)
        await self._send_text(chat, ((f"{message.asks_contact} 👇", "plain"),), markup)

    async def _send_text(self, chat: int, parts: Words, markup: Markup | None) -> Delivered:
        text, marks = entities.formatted(parts)
        sent = await self._bot.send_message(
            chat, text, parse_mode=None, entities=marks, link_preview_options=_NO_PREVIEW, reply_markup=markup
        )
        return Delivered(str(sent.message_id))

    async def _send_invoice(self, chat: int, invoice: InvoiceCard) -> int:
        """Telegram draws the Pay button itself, in the person's language."""
        sent = await self._bot.send_invoice(
            chat,
            title=invoice.title,
            description=invoice.description,
            payload=invoice.payload,
            provider_token=self._payment_token,
            currency=invoice.currency,
            prices=[
                LabeledPrice(label=invoice.title, amount=to_units(Money.from_minor(invoice.amount, invoice.currency)))
            ],
            # With a start parameter, a forwarded copy leads to the bot: one invoice is for one payment.
            start_parameter="pay",
        )
        return sent.message_id

    async def _send_file(self, chat: int, attachment: Attachment, caption: Words, markup: Markup | None) -> Delivered:
        try:
            data = await self._blobs(attachment.blob)
        except KeyError:
            raise Undeliverable("the attachment is no longer kept") from None
        if attachment.kind == "picture" and len(data) <= MAX_PHOTO:
            try:
                return await self._upload(chat, attachment, data, caption, markup, photo=True)
            except TelegramBadRequest as error:
                if not _says(error, _NOT_A_PHOTO):
                    raise
                log.info("a picture goes as a document", reason=plain(error))
        return await self._upload(chat, attachment, data, caption, markup, photo=False)

    async def _upload(
        self, chat: int, attachment: Attachment, data: bytes, caption: Words, markup: Markup | None, *, photo: bool
    ) -> Delivered:
        text, marks = entities.formatted(caption)
        file = BufferedInputFile(data, attachment.name)
        send = self._bot.send_photo if photo else self._bot.send_document
        sent = await send(
            chat,
            file,
            caption=text or None,
            parse_mode=None,
            caption_entities=marks,
            reply_markup=markup,
            request_timeout=UPLOAD_TIMEOUT,
        )
        return Delivered(str(sent.message_id))

    async def _edit(self, chat: int, message_id: int, parts: Words, markup: InlineKeyboardMarkup | None) -> bool:
        """Whether the message now says this; False when only a new one can."""
        text, marks = entities.formatted(parts)
        try:
            await self._bot.edit_message_text(
                text,
                chat_id=chat,
                message_id=message_id,
                parse_mode=None,
                entities=marks,
                link_preview_options=_NO_PREVIEW,
                reply_markup=markup,
            )
        except TelegramBadRequest as error:
            if _says(error, ("message is not modified",)):
                return True
            if _says(error, _CANNOT_EDIT):
                return False
            raise
        return True

    async def _strip(self, chat: int, message_id: int) -> None:
        """Takes an old message's buttons away. The new screen has arrived: whatever fails here is of no account."""
        try:
            await self._bot.edit_message_reply_markup(chat_id=chat, message_id=message_id, reply_markup=None)
        except FAULTS as error:
            log.debug("old buttons stay", reason=plain(error))

    async def answer_callback(self, callback_id: str, toast: str = "") -> None:
        """Stops the pressed button's spinner. Never raises: an expired query is nothing to anybody."""
        try:
            await self._bot.answer_callback_query(callback_id, text=entities.shortened(toast, MAX_TOAST) or None)
        except FAULTS as error:
            log.debug("press not answered", reason=plain(error))

    async def answer_checkout(self, query_id: str, refusal: str = "") -> None:
        """Lets the payment happen, or says why not. Never raises: unanswered, Telegram takes no money either."""
        try:
            await self._bot.answer_pre_checkout_query(
                query_id, ok=not refusal, error_message=refusal or None, request_timeout=CHECKOUT_ANSWER
            )
        except FAULTS as error:
            log.warning("checkout not answered", reason=plain(error))

    async def typing(self, address: str) -> None:
        """Shows "typing" for five seconds or until the next message. Never raises."""
        chat = _number(address)
        if chat is None:
            return
        try:
            await self._bot.send_chat_action(chat, "typing")
        except FAULTS as error:
            log.debug("typing not shown", reason=plain(error))

    async def say_in_group(self, chat: int, line: str) -> None:
        """One plain line. Never raises: nobody is owed it."""
        try:
            await self._send_text(chat, ((line, "plain"),), None)
        except FAULTS as error:
            log.info("a group's line was not sent", reason=plain(error))

    async def fetch(self, ref: str, max_bytes: int) -> Fetched:
        """Downloads a file. Raises TryLater, or Undeliverable when it is gone or too large."""
        return await files.download(self._bot, ref, max_bytes)

    async def close(self) -> None:
        await self._bot.session.close()


def _reported(error: BaseException) -> DeliveryError:
    """The outbox's word for it; what stops every chat at once is said aloud as well."""
    word = delivery_error(error)
    if isinstance(word, TryLater) and word.whole_channel:
        log.critical("nothing can be sent to Telegram: check ABONENT_TELEGRAM_TOKEN", reason=str(word))
    return word


def _number(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None


def _says(error: TelegramBadRequest, phrases: tuple[str, ...]) -> bool:
    said = error.message.lower()
    return any(phrase in said for phrase in phrases)


def _links_in_text(message: OutgoingMessage) -> OutgoingMessage:
    """The same message with its link buttons written out."""
    rows, links = keyboards.without_links(message.rows)
    written = "".join(f"\n\n{link.label}: {link.url}" for link in links)
    return OutgoingMessage(
        parts=(*message.parts, (written, "plain")),
        rows=rows,
        attachment=message.attachment,
        asks_contact=message.asks_contact,
        drops_keyboard=message.drops_keyboard,
        hint=message.hint,
        edits=message.edits,
        language=message.language,
    )
