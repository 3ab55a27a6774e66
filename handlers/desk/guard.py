"""Stands before every page of the desk: who comes, with which right, and whether a form is really theirs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from urllib.parse import quote, urlsplit

import structlog
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Message

from core.appeals.staff import NotPossible
from core.errors import OutsideUnavailable
from core.staff.models import Refused
from core.staff.rights import Right, may
from fsm.texts import choose_language
from handlers.desk.answers import Missing, explain, say
from handlers.desk.desk import FORM_LIMIT, Desk
from handlers.desk.security import HEADERS, csrf_fits
from handlers.desk.visit import Visit
from handlers.desk.words import Words, languages

log = structlog.get_logger("desk")

Page = Callable[[Desk, Visit], Awaitable[Response]]
MAX_FIELDS = 100


@dataclass(frozen=True, slots=True)
class Way:
    """A route of the desk. ``right`` None: for those who are not signed in. ``room``: bytes that a form may have."""

    method: str
    path: str
    right: Right | None
    page: Page
    room: int = FORM_LIMIT
    quiet: bool = False  # a page does this by itself: it does not keep the session alive

    def route(self, desk: Desk) -> Route:
        async def endpoint(request: Request) -> Response:
            return await _Guard(desk, self, request).answer()

        return Route(self.path, endpoint, methods=[self.method], name=f"{self.method} {self.path}")


class _TooMuch(Exception):
    """The form is larger than its route takes."""


class _Guard:
    def __init__(self, desk: Desk, way: Way, request: Request) -> None:
        self._desk = desk
        self._way = way
        self._request = request

    async def answer(self) -> Response:
        response = await self._answer()
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    async def _answer(self) -> Response:
        desk, request = self._desk, self._request
        posted = self._way.method == "POST"
        try:
            visit = await self._visit()
        except Exception:  # the database is away: people read a page, not a stack trace
            log.exception("the desk cannot read the database")
            return self._trouble(Visit(request, self._words("")), 503)
        if posted and not desk.cookies.came_from_here(request):
            return self._trouble(visit, 403, "foreign")
        if self._way.right is not None:
            if visit.member is None:
                return self._to_log_in(posted)
            if not may(visit.member, self._way.right):
                return self._trouble(visit, 403)
        if posted:
            try:
                visit = replace(visit, form=await self._form())
            except _TooMuch:
                return self._trouble(visit, 413)
            except (MultiPartException, HTTPException):
                return self._trouble(visit, 400)
            given = visit.form.get("csrf")
            if visit.token and not csrf_fits(visit.token, given if isinstance(given, str) else ""):
                return self._trouble(visit, 403, "foreign")
        try:
            return await self._way.page(desk, visit)
        except Missing:
            return self._trouble(visit, 404)
        except (Refused, NotPossible) as refused:
            return say(visit, explain(visit, refused), self._back(), wrong=True)
        except OutsideUnavailable:
            sentence = visit.words.t("The billing is not answering: nothing was changed. Try again later.")
            return say(visit, sentence, self._back(), wrong=True)
        except Exception:  # whatever it is, it is in the log, and people read a page
            log.exception("a page of the desk failed", path=self._way.path)
            return self._trouble(visit, 500)
        finally:
            await visit.form.close()

    async def _visit(self) -> Visit:
        request, desk = self._request, self._desk
        address = request.client.host if request.client else ""
        token = desk.cookies.token(request)
        found = await desk.doors.who(token, quiet=self._way.quiet) if token else None
        if found is None:
            return Visit(request, self._words(""), address=address)
        member, session = found
        secure = desk.cookies.secure(request)
        return Visit(request, self._words(member.language), member, session, token, address=address, secure=secure)

    def _words(self, language: str) -> Words:
        wanted = language or self._request.headers.get("accept-language", "")[:35].split(",")[0]
        operator = self._desk.operator
        known = languages()
        offered = [*(one for one in operator.languages if one in known), *known]
        return Words(choose_language(wanted, offered), operator.zone)

    async def _form(self) -> FormData:
        request, room = self._request, self._way.room
        if int(request.headers.get("content-length") or 0) > room:
            raise _TooMuch
        receive, taken = request.receive, 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > room:
                raise _TooMuch
            return message

        request._receive = counted
        return await request.form(max_files=20, max_fields=MAX_FIELDS, max_part_size=FORM_LIMIT)

    def _to_log_in(self, posted: bool) -> Response:
        url = self._request.url
        came = "" if posted else url.path + (f"?{url.query}" if url.query else "")
        to = f"/desk/login?next={quote(came)}" if came not in ("", "/desk", "/desk/") else "/desk/login"
        if self._request.headers.get("hx-request") == "true":
            return Response(status_code=401, headers={"HX-Redirect": "/desk/login"})
        return RedirectResponse(to, 303)

    def _back(self) -> str:
        """The page that the form was on, or the inbox."""
        parts = urlsplit(self._request.headers.get("referer", ""))
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        return path if path.startswith("/desk") and self._way.method == "POST" else "/desk"

    def _trouble(self, visit: Visit, status: int, why: str = "") -> Response:
        return self._desk.view.show(visit, "trouble.html", status, code=status, why=why)
