"""A Bot API double on a free port: answers what a test tells it to, and keeps what it was asked."""

import asyncio
import json
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

TOKEN = "42:TESTTOKENTESTTOKENTESTTOKENTEST"
Json = dict[str, Any]


@dataclass
class Call:
    method: str
    params: Json
    files: dict[str, bytes] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        return self.params[name]


@dataclass
class Refusal:
    code: int
    description: str
    parameters: Json = field(default_factory=dict)


class Api:
    """`plan(method, ...)` queues answers for a method; without a plan every call succeeds."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.planned: dict[str, deque[Any]] = defaultdict(deque)
        self.updates: list[Json] = []
        self.confirmed = 0
        self.files: dict[str, bytes] = {}
        self._changed = asyncio.Condition()
        self._next_message = 100
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def start(self) -> None:
        app = web.Application(client_max_size=60 * 1024 * 1024)
        app.router.add_route("*", "/bot{token}/{method}", self._call)
        app.router.add_get("/file/bot{token}/{path:.*}", self._file)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{port}"

    async def stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()

    def plan(self, method: str, *answers: Any) -> None:
        self.planned[method].extend(answers)

    def refuse(self, method: str, code: int, description: str, **parameters: Any) -> None:
        self.plan(method, Refusal(code, description, parameters))

    def named(self, *methods: str) -> list[Call]:
        return [call for call in self.calls if call.method in methods]

    async def bring(self, *updates: Json) -> None:
        async with self._changed:
            self.updates.extend(updates)
            self._changed.notify_all()

    async def until(self, condition: Any) -> None:
        """Waits until something asked of this server has made `condition()` true; fails after 10 s."""
        async with asyncio.timeout(10), self._changed:
            await self._changed.wait_for(condition)

    async def _call(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        if request.match_info["token"] != TOKEN:
            return _refused(Refusal(401, "Unauthorized"))
        call = Call(method, {})
        for name, value in (await request.post()).items():
            if isinstance(value, web.FileField):
                call.files[name] = value.file.read()
            else:
                call.params[name] = _decoded(str(value))
        async with self._changed:
            self.calls.append(call)
            self._changed.notify_all()
        if self.planned[method]:
            answer = self.planned[method].popleft()
            if isinstance(answer, web.Response):
                return answer
            if isinstance(answer, Refusal):
                return _refused(answer)
            return web.json_response({"ok": True, "result": answer})
        return web.json_response({"ok": True, "result": await self._result(call)})

    async def _result(self, call: Call) -> Any:
        if call.method == "getUpdates":
            return await self._get_updates(call)
        if call.method.startswith("send") and call.method != "sendChatAction":
            self._next_message += 1
            chat = {"id": call["chat_id"], "type": "private"}
            return {"message_id": self._next_message, "date": 1, "chat": chat, "text": "."}
        if call.method == "getMe":
            return {"id": 42, "is_bot": True, "first_name": "Abonent", "username": "abonent_bot"}
        if call.method == "getFile":
            path = call["file_id"]
            return {"file_id": path, "file_unique_id": "u", "file_path": path, "file_size": len(self.files[path])}
        return True

    async def _get_updates(self, call: Call) -> list[Json]:
        async with self._changed:
            self.confirmed = max(self.confirmed, call.params.get("offset", 0))
            self.updates = [update for update in self.updates if update["update_id"] >= self.confirmed]
            self._changed.notify_all()
            if not self.updates and call.params.get("timeout"):
                await self._changed.wait_for(lambda: bool(self.updates))
            return self.updates[: call.params.get("limit", 100)]

    async def _file(self, request: web.Request) -> web.Response:
        data = self.files.get(request.match_info["path"])
        return web.Response(body=data) if data is not None else web.Response(status=404)


def _decoded(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value


def _refused(refusal: Refusal) -> web.Response:
    body: Json = {"ok": False, "error_code": refusal.code, "description": refusal.description}
    if refusal.parameters:
        body["parameters"] = refusal.parameters
    return web.json_response(body, status=refusal.code)
