"""A Zammad on a real socket: its API as far as it is used here, its agents, its calls, and its bad days.

It refuses what Zammad refuses, and its state outlives every fault: that is the point.
Facts: the controllers of zammad/zammad, and https://docs.zammad.org/en/latest/api/intro.html.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import hashlib
import hmac
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from core.clock import Clock

TOKEN = "kWz7Q-the-token-of-the-double"
SECRET = "a-secret-that-signs-calls"
STATES = {
    "new": "new",
    "open": "open",
    "pending reminder": "pending reminder",
    "pending close": "pending action",
    "closed": "closed",
    "refused": "closed",
    "merged": "merged",
}
TYPES = frozenset({"note", "web", "phone", "email", "chat", "sms"})
SENDERS = frozenset({"Agent", "Customer", "System"})
API_USER, AGENT = 3, 4
_INLINE = re.compile(r"/api/v1/ticket_attachment/\d+/\d+/(\d+)")


class _No(Exception):
    def __init__(self, status: int, error: str) -> None:
        super().__init__(error)
        self.status = status
        self.error = error


@dataclass
class Faults:
    """Each counts down by one call that would change something (``reads_fail``: that would not).

    ``fails_before``: 500, and nothing was done. ``fails_after``: it is done, and the answer is 500. ``hangs``: it is
    done, and no answer ever comes. ``hangs_first``: no answer comes, and it is done only when :meth:`Zammad.late` is
    called. ``proxy``: it is done, and a proxy says 504.
    """

    fails_before: int = 0
    fails_after: int = 0
    hangs: int = 0
    hangs_first: int = 0
    proxy: int = 0
    reads_fail: int = 0
    refuses: int = 0
    answers: tuple[int, bytes] | None = None


@dataclass(frozen=True)
class Letter:
    """A call of the webhook."""

    headers: dict[str, str]
    body: bytes


@dataclass
class Zammad:
    clock: Clock
    faults: Faults = field(default_factory=Faults)
    url: str = ""
    group: str = "Users"
    tickets: dict[int, dict[str, Any]] = field(default_factory=dict)
    articles: dict[int, dict[str, Any]] = field(default_factory=dict)
    files: dict[int, tuple[int, str, bytes]] = field(default_factory=dict)  # id -> article, name, content
    users: dict[int, dict[str, Any]] = field(default_factory=dict)
    letters: list[Letter] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    _last: int = 100
    _ticks: int = 0
    _gone: asyncio.Event = field(default_factory=asyncio.Event)
    _late: list[Callable[[], Any]] = field(default_factory=list)

    # -- what agents do ----------------------------------------------------------------------------------------------

    def agent_writes(
        self,
        ticket_id: int,
        body: str,
        *,
        internal: bool = False,
        type: str = "note",
        state: str = "",
        files: dict[str, bytes] | None = None,
        content_type: str = "text/html",
        by: str = "Olga Agent",
    ) -> int:
        """As in Zammad's own pages: one update with an article, and a state where it is changed with it."""
        ticket = self.tickets[ticket_id]
        values = {"body": body, "internal": internal, "type": type, "sender": "Agent", "content_type": content_type}
        article = self._article(ticket, values, author=AGENT, by=by)
        for name, data in (files or {}).items():
            self._store(article["id"], name, data)
        if state:
            ticket["state"] = state
        self._touched(ticket, article)
        return int(article["id"])

    def agent_sets(self, ticket_id: int, state: str) -> None:
        self.tickets[ticket_id]["state"] = state
        self._touched(self.tickets[ticket_id], None)

    def publish(self, article_id: int) -> None:
        """An internal note is made public afterwards. The ticket does not change by that, and nobody is called."""
        self.articles[article_id]["internal"] = False

    def merge(self, source_id: int, target_id: int) -> None:
        source, target = self.tickets[source_id], self.tickets[target_id]
        for article in self.articles.values():
            if article["ticket_id"] == source_id:
                article["ticket_id"] = target_id
        note = {"body": "merged", "internal": False, "type": "note", "sender": "Agent"}
        self._article(source, note, author=AGENT, by="Olga Agent")
        source["state"] = "merged"
        self._touched(source, None)
        target["updated_at"] = self._now()

    def delete(self, ticket_id: int) -> None:
        del self.tickets[ticket_id]
        self.articles = {key: one for key, one in self.articles.items() if one["ticket_id"] != ticket_id}

    def foreign_ticket(self, login: str = "somebody@example.com") -> int:
        """A ticket that has nothing to do with us."""
        customer = self._customer({"login": login, "firstname": "Some", "lastname": "Body"})
        return int(self._new_ticket({"title": "Printer", "group": self.group}, customer)["id"])

    def inline(self, article_id: int, name: str, data: bytes) -> None:
        """A picture within an article's text."""
        number = self._store(article_id, name, data)
        article = self.articles[article_id]
        article["body"] += f'<img src="/api/v1/ticket_attachment/{article["ticket_id"]}/{article_id}/{number}">'

    def late(self) -> None:
        """What hung is carried out after all."""
        waiting, self._late = self._late, []
        for do in waiting:
            with contextlib.suppress(_No):
                do()

    # -- what there is -----------------------------------------------------------------------------------------------

    def thread(self, ticket_id: int) -> list[dict[str, Any]]:
        found = [one for one in self.articles.values() if one["ticket_id"] == ticket_id]
        return sorted(found, key=lambda one: int(one["id"]))

    def said(self, ticket_id: int, sender: str = "Customer") -> list[str]:
        return [one["body"] for one in self.thread(ticket_id) if one["sender"] == sender]

    def said_anywhere(self, sender: str = "Customer") -> list[str]:
        return [words for ticket_id in self.tickets for words in self.said(ticket_id, sender)]

    def attached(self, article_id: int) -> dict[str, bytes]:
        return {name: data for article, name, data in self.files.values() if article == article_id}

    def take_letters(self) -> list[Letter]:
        letters, self.letters = self.letters, []
        return letters

    # -- inside ------------------------------------------------------------------------------------------------------

    def _id(self) -> int:
        self._last += 1
        return self._last

    def _now(self) -> str:
        """Its own clock: never twice the same."""
        self._ticks += 1
        moment: datetime = self.clock.now() + timedelta(milliseconds=self._ticks)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def _new_ticket(self, values: dict[str, Any], customer: int) -> dict[str, Any]:
        ticket = {
            "id": self._id(),
            "number": f"67{self._last}",
            "title": values["title"],
            "group": values["group"],
            "state": values.get("state", "new"),
            "customer_id": customer,
            "pending_time": None,
            "created_at": self._now(),
            "updated_at": self._now(),
        }
        self.tickets[ticket["id"]] = ticket
        return ticket

    def _article(self, ticket: dict[str, Any], values: dict[str, Any], *, author: int, by: str) -> dict[str, Any]:
        article = {
            "id": self._id(),
            "ticket_id": ticket["id"],
            "sender": values.get("sender", "Agent"),
            "type": values.get("type", "note"),
            "internal": bool(values.get("internal", False)),
            "subject": values.get("subject"),
            "body": values["body"],
            "content_type": values.get("content_type", "text/html"),
            "message_id": values.get("message_id"),
            "from": by,
            "created_by_id": author,
            "created_at": self._now(),
        }
        self.articles[article["id"]] = article
        return article

    def _store(self, article_id: int, name: str, data: bytes) -> int:
        number = self._id()
        self.files[number] = (article_id, name, data)
        return number

    def _customer(self, values: dict[str, Any]) -> int:
        login = str(values.get("login", "")).lower()
        for number, user in self.users.items():
            if user["login"] == login:
                return number
        if not any(values.get(key) for key in ("login", "firstname", "lastname", "phone", "email")):
            raise _No(422, "Minimum one identifier (firstname, lastname, phone or email) for user is required.")
        number = self._id()
        self.users[number] = {**values, "login": login}
        return number

    def _touched(self, ticket: dict[str, Any], article: dict[str, Any] | None) -> None:
        ticket["updated_at"] = self._now()
        payload = {"ticket": dict(ticket), "article": self._shown(article) if article is not None else {}}
        body = json.dumps(payload, ensure_ascii=False).encode()
        self.letters.append(signed_letter(body, delivery=f"job-{self._id()}"))

    def _shown(self, article: dict[str, Any]) -> dict[str, Any]:
        inline = {int(number) for number in _INLINE.findall(article["body"])}
        attachments = [
            {"id": number, "filename": name, "size": str(len(data)), "preferences": {}}
            for number, (owner, name, data) in self.files.items()
            if owner == article["id"] and number not in inline
        ]
        return {**article, "attachments": attachments}

    # -- the API -----------------------------------------------------------------------------------------------------

    def _create_ticket(self, values: dict[str, Any]) -> dict[str, Any]:
        if not values.get("title"):
            raise _No(422, "Missing required value for field 'title'!")
        if values.get("group") != self.group:
            raise _No(422, f"No lookup value found for 'group': {values.get('group')!r}")
        if values.get("state", "new") not in STATES:
            raise _No(422, f"No lookup value found for 'state': {values.get('state')!r}")
        if len(values["title"]) > 250:
            raise _No(422, "title is too long")
        article = values.get("article")
        if article is None or article.get("body") is None:
            raise _No(422, 'Need at least article: { body: "some text" }')
        if not isinstance(values.get("customer"), dict):
            raise _No(422, "Missing required value for field 'customer_id'!")
        self._check_article(article)
        ticket = self._new_ticket(values, self._customer(values["customer"]))
        made = self._add(ticket, article)
        self._touched(ticket, made)
        return ticket

    def _check_article(self, values: dict[str, Any]) -> None:
        if values.get("body") is None:
            raise _No(422, 'Need at least article: { body: "some text" }')
        if values.get("type", "note") not in TYPES or values.get("sender", "Agent") not in SENDERS:
            raise _No(422, "No lookup value found")
        for attachment in values.get("attachments", []):
            if not all(attachment.get(key) for key in ("mime-type", "filename", "data")):
                raise _No(422, "Attachment needs 'mime-type', 'filename' and 'data'")
            try:
                base64.b64decode(attachment["data"], validate=True)
            except binascii.Error:
                raise _No(422, "Invalid base64 for attachment") from None

    def _add(self, ticket: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
        user = self.users[ticket["customer_id"]]
        by_customer = values.get("sender") == "Customer"
        by = f"{user.get('firstname', '')} {user.get('lastname', '')}".strip() if by_customer else "Abonent API"
        article = self._article(ticket, values, author=API_USER, by=by)
        for attachment in values.get("attachments", []):
            self._store(article["id"], attachment["filename"], base64.b64decode(attachment["data"]))
        return article

    def _create_article(self, values: dict[str, Any]) -> dict[str, Any]:
        ticket = self.tickets.get(int(values.get("ticket_id", 0)))
        if ticket is None:
            raise _No(404, "Couldn't find Ticket")
        self._check_article(values)
        article = self._add(ticket, values)
        self._touched(ticket, article)
        return self._shown(article)

    def _change_ticket(self, ticket_id: int, values: dict[str, Any]) -> dict[str, Any]:
        ticket = self.tickets.get(ticket_id)
        if ticket is None:
            raise _No(404, "Couldn't find Ticket")
        state = values.get("state", ticket["state"])
        if state not in STATES or state == "merged":
            raise _No(422, f"No lookup value found for 'state': {state!r}")
        if STATES[state].startswith("pending") and not values.get("pending_time"):
            raise _No(422, "Missing required value for field 'pending_time'!")
        ticket["state"] = state
        ticket["pending_time"] = values.get("pending_time")
        self._touched(ticket, None)
        return ticket

    def _search(self, asked: dict[str, Any]) -> list[dict[str, Any]]:
        assert "query" not in asked, "a query goes to the search index, which lags behind"
        assert asked.get("expand"), "without it the answer has another shape in every version"
        found = list(self.tickets.values())
        for name, test in asked["condition"].items():
            value, operator = test["value"], test["operator"]
            if (name, operator) == ("article.message_id", "is"):
                in_them = {one["ticket_id"] for one in self.articles.values() if one["message_id"] == value}
                found = [one for one in found if one["id"] in in_them]
            elif (name, operator) == ("ticket.updated_at", "after (absolute)"):
                moment = datetime.fromisoformat(value)
                found = [one for one in found if datetime.fromisoformat(one["updated_at"]) > moment]
            elif (name, operator) == ("ticket.title", "is"):
                found = [one for one in found if one["title"] == value]
            else:
                raise _No(422, f"Invalid condition {name} {operator}")
        found.sort(key=lambda one: str(one[asked.get("sort_by", "updated_at")]))
        size = min(int(asked.get("per_page", 50)), 200)
        start = (int(asked.get("page", 1)) - 1) * size
        return found[start : start + size]

    def _work(self, request: web.Request, body: bytes) -> Callable[[], Any]:
        """What the call does, once it is carried out."""
        path, method = request.path.removeprefix("/api/v1"), request.method
        if request.headers.get("Authorization") != f"Token token={TOKEN}":
            raise _No(401, "Invalid BasicAuth or Token")
        if body and request.content_type != "application/json":
            raise _No(422, "no JSON")
        values = json.loads(body) if body else {}
        match [method, *path.strip("/").split("/")]:
            case ["POST", "tickets"]:
                return lambda: self._create_ticket(values)
            case ["POST", "tickets", "search"]:
                return lambda: self._search(values)
            case ["POST", "ticket_articles"]:
                return lambda: self._create_article(values)
            case ["PUT", "tickets", number]:
                return lambda: self._change_ticket(int(number), values)
            case ["GET", "tickets", number]:
                return lambda: self._found(self.tickets, number)
            case ["GET", "ticket_articles", "by_ticket", number]:
                self._found(self.tickets, number)
                return lambda: [self._shown(one) for one in reversed(self.thread(int(number)))]
            case ["GET", "ticket_states"]:
                assert request.query.get("expand") == "true"
                return lambda: [{"name": name, "state_type": kind, "active": True} for name, kind in STATES.items()]
            case ["GET", "groups"]:
                raise _No(403, "Not authorized (user)!")  # it takes admin.group
            case ["GET", "users", "me"]:
                assert request.query.get("expand") == "true", "without it there are no names of groups"
                return lambda: {"id": API_USER, "groups": {self.group: ["full"], "Reading": ["read"]}}
            case ["GET", "ticket_attachment", ticket, article, number]:
                return lambda: self._file(int(ticket), int(article), int(number))
        raise _No(404, "No route matches")

    def _found(self, where: dict[int, dict[str, Any]], number: str) -> dict[str, Any]:
        if int(number) not in where:
            raise _No(404, "Couldn't find it")
        return where[int(number)]

    def _file(self, ticket_id: int, article_id: int, number: int) -> bytes:
        article = self.articles.get(article_id)
        if article is None or number not in self.files:
            raise _No(404, "Couldn't find it")
        if article["ticket_id"] != ticket_id or self.files[number][0] != article_id:
            raise _No(403, "The file does not belong to the specified article.")
        return self.files[number][2]

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.calls.append(f"{request.method} {request.path}")
        faults = self.faults
        if faults.answers is not None:
            status, content = faults.answers
            return web.Response(status=status, body=content, content_type="application/json")
        changes = request.method in ("POST", "PUT") and not request.path.endswith("/search")
        try:
            work = self._work(request, body)
            if changes:
                for name in ("fails_before", "refuses", "hangs_first"):
                    if getattr(faults, name) > 0:
                        setattr(faults, name, getattr(faults, name) - 1)
                        if name == "hangs_first":
                            self._late.append(work)
                            await self._gone.wait()
                        raise _No(422 if name == "refuses" else 500, "a bad day")
            elif faults.reads_fail > 0:
                faults.reads_fail -= 1
                raise _No(500, "a bad day")
            result = work()
        except _No as no:
            return web.json_response({"error": no.error}, status=no.status)
        if changes:
            for name, status in (("fails_after", 500), ("hangs", 500), ("proxy", 504)):
                if getattr(faults, name) > 0:
                    setattr(faults, name, getattr(faults, name) - 1)
                    if name == "hangs":
                        await self._gone.wait()
                    return web.json_response({"error": "a bad day"}, status=status)
        if isinstance(result, bytes):
            return web.Response(body=result, content_type="application/octet-stream")
        status = 201 if request.method == "POST" and changes else 200
        return web.json_response(result, status=status)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Zammad]:
        handler: Callable[[web.Request], Awaitable[web.StreamResponse]] = self._answer
        app = web.Application(client_max_size=60_000_000)
        app.router.add_route("*", "/{path:.*}", handler)
        runner = web.AppRunner(app, shutdown_timeout=1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        try:
            yield self
        finally:
            self._gone.set()
            await runner.cleanup()


def signed_letter(body: bytes, *, secret: str = SECRET, delivery: str = "job-1") -> Letter:
    signature = hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()
    headers = {
        "User-Agent": "Zammad User Agent",
        "X-Zammad-Trigger": "abonent",
        "X-Zammad-Delivery": delivery,
        "X-Hub-Signature": f"sha1={signature}",
        "Content-Type": "application/json; charset=utf-8",
    }
    return Letter(headers, body)
