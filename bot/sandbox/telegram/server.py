"""The Bot API over HTTP: finds the method, reads its parameters, answers in Telegram's envelope."""

from __future__ import annotations

import hmac
import inspect
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.sandbox.files import file_response
from bot.sandbox.shapes import Json
from bot.sandbox.telegram import editing, invoices, receiving, sending, settings_methods, topics
from bot.sandbox.telegram.call import Call, Table, read_call
from bot.sandbox.telegram.errors import ApiError
from bot.sandbox.telegram.service import Telegram

Method = Callable[[Telegram, Call], Any]

METHODS: dict[str, tuple[Method, Table]] = {
    "getMe": (settings_methods.get_me, settings_methods.NOTHING),
    "getUpdates": (receiving.get_updates, receiving.GET_UPDATES),
    "setWebhook": (receiving.set_webhook, receiving.SET_WEBHOOK),
    "deleteWebhook": (receiving.delete_webhook, receiving.DELETE_WEBHOOK),
    "getWebhookInfo": (receiving.webhook_info, settings_methods.NOTHING),
    "sendMessage": (sending.send_message, sending.SEND_MESSAGE),
    "sendPhoto": (sending.send_photo, sending.SEND_PHOTO),
    "sendDocument": (sending.send_document, sending.SEND_DOCUMENT),
    "sendInvoice": (invoices.send_invoice, invoices.SEND_INVOICE),
    "createInvoiceLink": (invoices.create_link, invoices.CREATE_LINK),
    "answerPreCheckoutQuery": (invoices.answer_checkout, invoices.ANSWER_CHECKOUT),
    "sendChatAction": (sending.send_chat_action, sending.SEND_CHAT_ACTION),
    "editMessageText": (editing.edit_text, editing.EDIT_TEXT),
    "editMessageCaption": (editing.edit_caption, editing.EDIT_CAPTION),
    "editMessageMedia": (editing.edit_media, editing.EDIT_MEDIA),
    "editMessageReplyMarkup": (editing.edit_markup, editing.EDIT_MARKUP),
    "deleteMessage": (editing.delete_message, editing.DELETE),
    "answerCallbackQuery": (editing.answer_callback, editing.ANSWER),
    "setMyCommands": (settings_methods.set_commands, settings_methods.SET_COMMANDS),
    "getMyCommands": (settings_methods.get_commands, settings_methods.COMMANDS_OF),
    "deleteMyCommands": (settings_methods.delete_commands, settings_methods.COMMANDS_OF),
    "setMyDescription": (settings_methods.set_description, settings_methods.DESCRIPTION),
    "setMyShortDescription": (settings_methods.set_short_description, settings_methods.SHORT_DESCRIPTION),
    "setChatMenuButton": (settings_methods.set_menu_button, settings_methods.MENU_BUTTON),
    "getFile": (settings_methods.get_file, settings_methods.FILE),
    "createForumTopic": (topics.create, topics.CREATE),
    "editForumTopic": (topics.edit, topics.EDIT),
    "closeForumTopic": (topics.close, topics.TOPIC),
    "reopenForumTopic": (topics.reopen, topics.TOPIC),
    "deleteForumTopic": (topics.delete, topics.TOPIC),
    "getChatMember": (topics.chat_member, topics.MEMBER),
    "setMessageReaction": (topics.react, topics.REACT),
    "getChat": (settings_methods.get_chat, settings_methods.CHAT),
}
_BY_LOWER = {name.lower(): name for name in METHODS}  # method names are case-insensitive


class TelegramServer:
    """Routes under `/telegram`; aiogram reaches them by `TelegramAPIServer.from_base(".../telegram")`."""

    def __init__(self, telegram: Telegram) -> None:
        self._telegram = telegram

    def routes(self) -> list[Route]:
        return [
            Route("/telegram/file/bot{token}/documents/{name}", self._download, methods=["GET"]),
            Route("/telegram/bot{token}/{method}", self._call, methods=["GET", "POST"]),
        ]

    async def _call(self, request: Request) -> Response:
        try:
            if not self._authorised(request):
                raise ApiError(401, "Unauthorized")
            name = _BY_LOWER.get(request.path_params["method"].lower())
            if name is None:
                raise ApiError(404, "Not Found")
            method, table = METHODS[name]
            fault = self._telegram.planned_fault(name.lower())
            if fault is not None:
                raise fault
            result = await self._run(name, method, await read_call(request, table))
        except ApiError as error:
            return JSONResponse(error.as_json(), error.code)
        return JSONResponse({"ok": True, "result": result})

    async def _run(self, name: str, method: Method, call: Call) -> Any:
        self._telegram.calls.append((name, call.params))
        result = method(self._telegram, call)
        return await result if inspect.isawaitable(result) else result

    async def webhook_reply(self, body: Json) -> None:
        """Carries out the method in a webhook's answer; a failure is lost, as with the real server."""
        name = _BY_LOWER.get(str(body.get("method", "")).lower())
        if name is None:
            return
        method, table = METHODS[name]
        given = {key: value for key, value in body.items() if key != "method" and key in table}
        try:
            await self._run(name, method, Call(given))
        except ApiError:
            return

    async def _download(self, request: Request) -> Response:
        if not self._authorised(request):
            return JSONResponse(ApiError(401, "Unauthorized").as_json(), 401)
        stored = self._telegram.files.find(request.path_params["name"].partition(".")[0])
        return file_response(stored) if stored else PlainTextResponse("Not Found", 404)

    def _authorised(self, request: Request) -> bool:
        given = request.path_params["token"]
        return hmac.compare_digest(given.encode(), self._telegram.token.encode())
