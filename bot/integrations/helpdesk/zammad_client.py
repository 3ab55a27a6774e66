"""Zammad's REST API as typed calls: with time limits, and with errors that say whether something may have happened.

Facts: https://docs.zammad.org/en/latest/api/intro.html. Redirects are not followed: the token would go along.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

import httpx
import msgspec

from core.appeals.helpdesk import HelpdeskRefused, Unanswered
from core.errors import OutsideUnavailable

T = TypeVar("T")

TIME_LIMIT = 30.0  # seconds for one call; an article with files of 5 MB needs its time
PAGE = 200  # the most that a search gives at once


class Ticket(msgspec.Struct, frozen=True):
    """``state`` is its name in Zammad."""

    id: int
    state: str
    customer_id: int
    updated_at: datetime
    number: str = ""


class Attachment(msgspec.Struct, frozen=True):
    id: int
    filename: str = ""


class Article(msgspec.Struct, frozen=True):
    """``sender`` is Agent, Customer or System. ``message_id`` is what its author gave it: ours carry our own."""

    id: int
    ticket_id: int
    sender: str
    type: str
    internal: bool
    body: str = ""
    content_type: str | None = None
    message_id: str | None = None
    author: str | None = msgspec.field(default=None, name="from")
    attachments: tuple[Attachment, ...] = ()


class TicketState(msgspec.Struct, frozen=True):
    """``state_type`` is Zammad's own kind of state: new, open, pending reminder, pending action, closed, merged..."""

    name: str
    state_type: str
    active: bool = True


class _Id(msgspec.Struct, frozen=True):
    id: int


class Me(msgspec.Struct, frozen=True):
    """Whose token it is. ``groups``: by name, what may be done there (``full``, ``read``, ``create``, ``change``)."""

    groups: dict[str, list[str]] = {}


class Denied(OutsideUnavailable):
    """The token is not accepted, or has no right to this: until the operator has mended it, nothing goes."""


class TooLarge(Exception):
    """A file is larger than what was asked for at most."""


class ZammadClient:
    """``url`` without the API's path, as in ``https://help.example.com``."""

    def __init__(self, url: str, token: str, *, time_limit: float = TIME_LIMIT) -> None:
        self._http = httpx.AsyncClient(
            base_url=f"{url.rstrip('/')}/api/v1",
            headers={"Authorization": f"Token token={token}", "Accept": "application/json"},
            timeout=httpx.Timeout(time_limit, connect=10.0),
            follow_redirects=False,
        )

    async def ticket(self, ticket_id: int) -> Ticket | None:
        return _one(await self._call("GET", f"/tickets/{ticket_id}", params={"expand": "true"}), Ticket)

    async def find(self, condition: Mapping[str, Any], page: int = 1) -> list[Ticket]:
        """By conditions alone Zammad looks into its database, and not into its search index, which lags behind."""
        asked = {
            "condition": condition,
            "expand": True,
            "per_page": PAGE,
            "page": page,
            "limit": PAGE,
            "sort_by": "updated_at",
            "order_by": "asc",
        }
        return _many(await self._call("POST", "/tickets/search", json=asked, changes=False), Ticket)

    async def create_ticket(self, values: Mapping[str, Any]) -> int:
        """Its id."""
        made = _one(await self._call("POST", "/tickets", json=values), _Id)
        if made is None:
            raise OutsideUnavailable("Zammad knows no such address: check ABONENT_ZAMMAD_URL")
        return made.id

    async def change_ticket(self, ticket_id: int, values: Mapping[str, Any]) -> bool:
        """False when there is no such ticket."""
        return await self._call("PUT", f"/tickets/{ticket_id}", json=values) is not None

    async def articles(self, ticket_id: int) -> list[Article] | None:
        """The oldest first; None when there is no such ticket."""
        found = await self._call("GET", f"/ticket_articles/by_ticket/{ticket_id}")
        return sorted(_many(found, Article), key=lambda article: article.id) if found is not None else None

    async def add_article(self, values: Mapping[str, Any]) -> int | None:
        """Its id; None when there is no such ticket."""
        made = _one(await self._call("POST", "/ticket_articles", json=values), _Id)
        return made.id if made is not None else None

    async def attachment(self, ticket_id: int, article_id: int, attachment_id: int, limit: int) -> bytes | None:
        """None when it is not there. Raises TooLarge; no more than ``limit`` bytes are read."""
        path = f"/ticket_attachment/{ticket_id}/{article_id}/{attachment_id}"
        data = bytearray()
        try:
            async with self._http.stream("GET", path) as answer:
                if answer.status_code in (403, 404):  # 403: not of this article (any more)
                    return None
                _check(answer, changes=False)
                async for chunk in answer.aiter_bytes():
                    data += chunk
                    if len(data) > limit:
                        raise TooLarge
        except httpx.HTTPError as error:
            raise OutsideUnavailable(f"Zammad did not answer: {type(error).__name__}") from error
        return bytes(data)

    async def states(self) -> list[TicketState]:
        return _many(await self._call("GET", "/ticket_states", params={"expand": "true"}), TicketState)

    async def me(self) -> Me:
        """The list of groups is an administrator's: an agent only sees his own."""
        found = _one(await self._call("GET", "/users/me", params={"expand": "true"}), Me)
        if found is None:
            raise OutsideUnavailable("Zammad knows no such address: check ABONENT_ZAMMAD_URL")
        return found

    async def close(self) -> None:
        await self._http.aclose()

    async def _call(self, method: str, path: str, *, changes: bool | None = None, **options: Any) -> bytes | None:
        """The answer's body; None for 404."""
        may_change = method != "GET" if changes is None else changes
        try:
            answer = await self._http.request(method, path, **options)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol) as error:
            raise OutsideUnavailable(f"Zammad cannot be reached: {type(error).__name__}") from error
        except httpx.HTTPError as error:
            kind = Unanswered if may_change else OutsideUnavailable
            raise kind(f"Zammad did not answer: {type(error).__name__}") from error
        if answer.status_code == 404:
            return None
        _check(answer, changes=may_change)
        return answer.content


def _check(answer: httpx.Response, *, changes: bool) -> None:
    """Raises unless it went well. What Zammad says about it may quote what we sent, so it is never passed on."""
    status = answer.status_code
    if status in (200, 201):
        return
    if status in (401, 403):
        raise Denied(f"Zammad answers {status}: the token is not valid, or lacks a right")
    if status in (400, 409, 413, 422):
        raise HelpdeskRefused(f"Zammad answers {status}")
    if changes and status in (502, 504):  # a proxy gave up waiting; Zammad itself may be at it still
        raise Unanswered(f"Zammad's proxy answers {status}")
    raise OutsideUnavailable(f"Zammad answers {status}")


def _one(body: bytes | None, kind: type[T]) -> T | None:
    if body is None:
        return None
    try:
        return msgspec.json.decode(body, type=kind, strict=False)
    except msgspec.DecodeError as error:
        raise OutsideUnavailable("Zammad answers something that is not its API") from error


def _many(body: bytes | None, kind: type[T]) -> list[T]:
    if body is None:
        raise OutsideUnavailable("Zammad knows no such address: check ABONENT_ZAMMAD_URL")
    try:
        return msgspec.json.decode(body, type=list[kind], strict=False)  # type: ignore[valid-type]  # a type made from a value
    except msgspec.DecodeError as error:
        raise OutsideUnavailable("Zammad answers something that is not its API") from error
