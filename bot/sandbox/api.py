"""The JSON API of the sandbox's page: the state, its changes, what people do, the operator's controls."""

from __future__ import annotations

import json
import re
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from bot.sandbox import forum_page
from bot.sandbox.actions import TELEGRAM, VIBER, Given
from bot.sandbox.shapes import Impossible, Json, PersonSpec, Words
from bot.sandbox.views import page_id, state, telegram_person, viber_person
from bot.sandbox.world import Sandbox


class PageApi:
    """Every refusal is {"error": "a sentence"} with 400 or 404."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def routes(self) -> list[Route]:
        return [
            Route("/api/state", self._state),
            Route("/api/events", self._events),
            Route("/api/people", self._add_person, methods=["POST"]),
            Route("/api/control/{name}", self._control, methods=["POST"]),
            Route("/api/telegram/{person}/{action}", self._telegram, methods=["POST"]),
            Route("/api/forum/{person}/{action}", self._forum, methods=["POST"]),
            Route("/api/viber/{person}/{action}", self._viber, methods=["POST"]),
        ]

    async def _state(self, request: Request) -> Response:
        return JSONResponse(state(self._sandbox))

    async def _events(self, request: Request) -> Response:
        stream = self._sandbox.events.stream(lambda: state(self._sandbox))
        headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
        return StreamingResponse(stream, media_type="text/event-stream", headers=headers)

    async def _telegram(self, request: Request) -> Response:
        people = self._sandbox.telegram.people.values()
        person = next((p for p in people if str(p.id) == request.path_params["person"]), None)
        return await self._act(request, person, TELEGRAM)

    async def _viber(self, request: Request) -> Response:
        people = self._sandbox.viber.people.values()
        person = next((p for p in people if request.path_params["person"] in (p.id, page_id(p))), None)
        return await self._act(request, person, VIBER)

    async def _forum(self, request: Request) -> Response:
        found = forum_page.member(self._sandbox.telegram, request.path_params["person"])
        action = forum_page.ACTIONS.get(request.path_params["action"])
        if found is None or action is None:
            return _error("there is no such person or action", 404)
        try:
            action(*found, await _given(request))
        except Impossible as refusal:
            return _error(refusal.words, 400)
        return JSONResponse({"ok": True, "result": None})

    async def _act(self, request: Request, person: Any, actions: Any) -> Response:
        action = actions.get(request.path_params["action"])
        if person is None or action is None:
            return _error("there is no such person or action", 404)
        try:
            result = action(person, await _given(request))
        except Impossible as refusal:
            return _error(refusal.words, 400)
        # press returns an address (a link button) or a text to copy; the page opens or copies it.
        return JSONResponse({"ok": True, "result": result if isinstance(result, str) else None})

    async def _add_person(self, request: Request) -> Response:
        try:
            given = await _given(request)
            messenger, phone = given.text("messenger"), given.text("phone")
            if messenger not in ("telegram", "viber"):
                raise Impossible("messenger must be telegram or viber")
            if not re.fullmatch(r"\+[1-9]\d{6,14}", phone):
                raise Impossible(
                    {
                        "en": "phone must be in the international form, like +79001234567",
                        "ru": "нужен номер с кодом страны, например +79001234567",
                    }
                )
            language = given.optional("language") or "ru"
            spec = PersonSpec("telegram" if messenger == "telegram" else "viber", given.text("name"), phone, language)
        except Impossible as refusal:
            return _error(str(refusal), 400)
        if spec.messenger == "telegram":
            telegram = self._sandbox.telegram
            return JSONResponse(telegram_person(telegram.person(spec.name, spec.phone, spec.language)), 201)
        viber = self._sandbox.viber
        return JSONResponse(viber_person(viber.person(spec.name, spec.phone, spec.language)), 201)

    async def _control(self, request: Request) -> Response:
        controls = self._sandbox.controls
        name = request.path_params["name"]
        if controls is None or name not in {control["name"] for control in controls.describe()}:
            return _error("there is no such control", 404)
        try:
            given = await _given(request)
            message = await controls.run(name, given.fields)
        except Impossible as refusal:
            return _error(refusal.words, 400)
        except ValueError as refusal:
            return _error(str(refusal), 400)
        self._sandbox.changed()
        return JSONResponse({"message": message})


async def _given(request: Request) -> Given:
    """Fields and files of an action, from JSON or multipart; Impossible when the JSON is broken."""
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        async with request.form() as form:
            fields: Json = {k: v for k, v in form.items() if isinstance(v, str)}
            sent = [value for _name, value in form.multi_items() if isinstance(value, UploadFile)]
            return Given(fields, tuple([(one.filename or "file", await one.read()) for one in sent]))
    try:
        body = json.loads(await request.body() or b"{}")
    except ValueError:
        raise Impossible("the body must be JSON") from None
    if not isinstance(body, dict):
        raise Impossible("the body must be a JSON object")
    return Given(body)


def _error(sentence: Words, status: int) -> Response:
    return JSONResponse({"error": sentence}, status)
