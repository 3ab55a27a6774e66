"""The Viber REST API over HTTP: authorisation, the methods, and Viber's envelope (HTTP 200, `status`)."""

from __future__ import annotations

import hmac
import inspect
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.sandbox.shapes import Json
from bot.sandbox.telegram.markup import is_loopback
from bot.sandbox.viber import checks
from bot.sandbox.viber.callbacks import EVENTS, MANDATORY
from bot.sandbox.viber.errors import HOSTNAME, Status, ViberError, bad_data, missing
from bot.sandbox.viber.service import Viber

_DETAILS_EVERY = timedelta(hours=12)


class ViberServer:
    """Routes under `/viber/pa`, the counterpart of https://chatapi.viber.com/pa."""

    def __init__(self, viber: Viber) -> None:
        self._viber = viber
        self._methods: dict[str, Callable[[Json], Any]] = {
            "set_webhook": self._set_webhook,
            "get_account_info": self._account,
            "get_user_details": self._details,
            "get_online": self._online,
            "send_message": self._send,
            "broadcast_message": self._broadcast,
        }

    def routes(self) -> list[Route]:
        return [Route("/viber/pa/{method}", self._call, methods=["POST"])]

    async def _call(self, request: Request) -> Response:
        method = self._methods.get(request.path_params["method"])
        if method is None:
            return JSONResponse({"status": int(Status.BAD_DATA), "status_message": "unknown method"}, 404)
        try:
            body = self._body(await request.body())
            self._authorise(request, body)
            name = request.path_params["method"]
            self._viber.calls.append((name, {k: v for k, v in body.items() if k != "auth_token"}))
            fault = self._viber.planned_fault(name)
            if fault is not None:
                raise fault
            result = method(body)
            answer = await result if inspect.isawaitable(result) else result
        except ViberError as error:
            return JSONResponse(error.as_json())
        return JSONResponse({"status": 0, "status_message": "ok"} | answer)

    def _body(self, raw: bytes) -> Json:
        if len(raw) > checks.BODY_LIMIT:
            raise bad_data("the request is larger than 30 KB")
        try:
            body = json.loads(raw or b"{}")
        except ValueError:
            raise bad_data("the request is not JSON") from None
        if not isinstance(body, dict):
            raise bad_data("the request is not a JSON object")
        return body

    def _authorise(self, request: Request, body: Json) -> None:
        given = request.headers.get("X-Viber-Auth-Token") or body.get("auth_token")
        if not given:
            raise ViberError(Status.INVALID_AUTH_TOKEN, "missing_auth_token")
        if not hmac.compare_digest(str(given).encode(), self._viber.token.encode()):
            raise ViberError(Status.INVALID_AUTH_TOKEN)
        if self._viber.account_status is not None:
            raise ViberError(self._viber.account_status)

    async def _set_webhook(self, body: Json) -> Json:
        _only(body, "url event_types send_name send_photo is_inline")
        callbacks = self._viber.callbacks
        url, types = body.get("url"), body.get("event_types")
        if not isinstance(url, str):
            raise missing("url")
        if types is not None and (not isinstance(types, list) or not set(map(str, types)) <= EVENTS):
            raise bad_data("event_types is not valid")
        wanted = EVENTS if types is None else MANDATORY | set(types)
        if url:
            await self._try_webhook(url)
        callbacks.url, callbacks.types = url, wanted
        self._viber.changed()
        return {"event_types": sorted(wanted - {"webhook"})}

    async def _try_webhook(self, url: str) -> None:
        parts = urlsplit(url)
        # Deviation: the real service wants https with a certificate of a trusted authority for every address;
        # on the loopback plain http will do, where the demo's bot listens.
        if not parts.hostname or not (parts.scheme == "https" or is_loopback(parts.hostname)):
            raise ViberError(Status.INVALID_URL, "webhook url must be https")
        callbacks = self._viber.callbacks
        now = self._viber.clock.now()
        event = {
            "event": "webhook",
            "timestamp": int(now.timestamp() * 1000),
            "message_token": callbacks.next_token(),
            "chat_hostname": HOSTNAME,
        }
        raw = json.dumps(event, separators=(",", ":")).encode()
        answer = await callbacks.post(raw, callbacks.sign(raw), url)
        if answer is None or answer.status_code != 200:
            status = answer.status_code if answer is not None else "no answer"
            raise ViberError(Status.INVALID_URL, f"Result: {status}")

    def _account(self, body: Json) -> Json:
        _only(body, "")
        viber = self._viber
        members = [{"id": p.id, "name": p.name, "role": "participant"} for p in viber.people.values()][:1]
        return {
            "id": "pa:5087654321",
            "chat_hostname": HOSTNAME,
            "name": viber.name,
            "uri": "abonent-demo",
            "country": "RU",
            "webhook": viber.callbacks.url,
            "event_types": sorted(viber.callbacks.types - {"webhook"}),
            "subscribers_count": sum(person.subscribed for person in viber.people.values()),
            "members": members,
        }

    def _details(self, body: Json) -> Json:
        _only(body, "id")
        person = self._viber.people.get(str(body.get("id")))
        if person is None:
            raise ViberError(Status.RECEIVER_NOT_REGISTERED)
        if not person.subscribed:
            raise ViberError(Status.NOT_SUBSCRIBED)
        now = self._viber.clock.now().timestamp()
        recent = [at for at in self._viber.detail_calls.get(person.id, []) if now - at < _DETAILS_EVERY.seconds]
        if len(recent) >= 2:
            raise ViberError(Status.TOO_MANY_REQUESTS)
        self._viber.detail_calls[person.id] = [*recent, now]
        device = {"primary_device_os": "android 14", "viber_version": "22.1", "mcc": 250, "mnc": 1}
        return {"message_token": self._viber.callbacks.next_token(), "user": person.user | device}

    def _online(self, body: Json) -> Json:
        _only(body, "ids")
        ids = body.get("ids")
        if not isinstance(ids, list) or not 1 <= len(ids) <= 100:
            raise bad_data("ids must hold 1-100 identifiers")
        known = self._viber.people
        users = [
            {"id": i, "online_status": 0, "online_status_message": "online"}
            if str(i) in known
            else {"id": i, "online_status": 3, "online_status_message": "tryLater"}
            for i in ids
        ]
        return {"users": users}

    def _send(self, body: Json) -> Json:
        self._ready()
        receiver = body.get("receiver")
        if not isinstance(receiver, str) or not receiver:
            raise missing("receiver")
        if "broadcast_list" in body:
            raise bad_data("unknown parameter broadcast_list")
        checks.message(body)
        return self._viber.accept(receiver, body) | {"chat_hostname": HOSTNAME}

    def _broadcast(self, body: Json) -> Json:
        self._ready()
        ids = body.get("broadcast_list")
        if not isinstance(ids, list) or not ids:
            raise missing("broadcast_list")
        if len(ids) > 300:
            raise bad_data("broadcast_list is longer than 300")
        checks.message(body)
        failed = []
        for receiver in ids:
            try:
                self._viber.accept(str(receiver), body)
            except ViberError as error:
                entry = {"receiver": receiver, "status": int(error.status), "status_message": error.message}
                failed.append(entry)
        token = self._viber.callbacks.next_token()
        return {"message_token": token, "failed_list": failed, "chat_hostname": HOSTNAME}

    def _ready(self) -> None:
        if not self._viber.callbacks.url:
            raise ViberError(Status.WEBHOOK_NOT_SET)


def _only(body: Json, names: str) -> None:
    for name in body:
        if name not in {*names.split(), "auth_token"}:
            raise bad_data(f"unknown parameter {name}")
