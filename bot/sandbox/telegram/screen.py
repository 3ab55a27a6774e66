"""Shows a Bot API Message as a bubble on a person's screen."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.sandbox.shapes import Bubble, Button, Json
from bot.sandbox.telegram.invoices import PAY, inline_rows, invoice_text
from bot.sandbox.telegram.service import Telegram


def bubble(telegram: Telegram, viewer_id: int, message: Json) -> Bubble:
    """The message as `viewer_id` sees it."""
    mine = message["from"]["id"] == viewer_id
    shared = message.get("contact")
    return Bubble(
        id=message["message_id"],
        who="me" if mine else "bot",
        at=datetime.fromtimestamp(message["date"], UTC),
        text=message.get("text") or message.get("caption") or invoice_text(message),
        entities=message.get("entities") or message.get("caption_entities") or (),
        picture=_path(telegram, message["photo"][-1]["file_id"]) if "photo" in message else None,
        document=_document(telegram, message["document"]) if "document" in message else None,
        contact={"name": shared["first_name"], "phone": f"+{shared['phone_number']}"} if shared else None,
        sticker="sticker" in message,
        voice="voice" in message,
        buttons=_buttons(telegram, message),
        edited="edit_date" in message,
        status="seen" if mine else "sent",
        reply=quoted(message["reply_to_message"], viewer_id) if "reply_to_message" in message else None,
        album=message.get("media_group_id"),
        raw=message,
    )


def quoted(message: Json, viewer_id: int) -> Json:
    """What stands above an answer: whose words, and how they begin."""
    text = message.get("text") or message.get("caption") or ("🖼" if "photo" in message else "📎")
    return {
        "id": message["message_id"],
        "from": "me" if message["from"]["id"] == viewer_id else "bot",
        "text": text[:120],
    }


def _path(telegram: Telegram, file_id: str) -> str:
    return telegram.file_ids[file_id].path


def _document(telegram: Telegram, document: Json) -> Json:
    url = _path(telegram, document["file_id"])
    return {"name": document["file_name"], "size": document["file_size"], "url": url}


def _buttons(telegram: Telegram, message: Json) -> list[list[Button]]:
    return [[_button(button) for button in row] for row in inline_rows(telegram, message)]


def _button(button: Json) -> Button:
    text, style = button["text"], button.get("style")
    if "url" in button:
        return Button(text, "url", url=button["url"], style=style)
    if "copy_text" in button:
        return Button(text, "copy", data=button["copy_text"]["text"], style=style)
    return Button(text, "callback", data=PAY if button.get("pay") else button["callback_data"], style=style)
