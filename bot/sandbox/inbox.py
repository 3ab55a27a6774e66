"""Where codes and letters end up in the demo: an SMS gateway over HTTP and a mail server over SMTP."""

from __future__ import annotations

import asyncio
import email
import email.policy
import json
import re
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.sandbox.shapes import Changed, Json
from core.clock import Clock


@dataclass(frozen=True, slots=True)
class Letter:
    id: int
    to: str
    text: str
    at: datetime
    subject: str | None = None

    def as_json(self) -> Json:
        plain: Json = {"id": self.id, "to": self.to, "text": self.text, "at": self.at.isoformat()}
        return plain if self.subject is None else plain | {"subject": self.subject}


class Inbox:
    """SMS and mail of everyone in the sandbox; `broken_sms` and `broken_mail` play an outage."""

    def __init__(self, clock: Clock, changed: Changed) -> None:
        self._clock = clock
        self._changed = changed
        self._server: asyncio.Server | None = None
        self.sms: list[Letter] = []
        self.mail: list[Letter] = []
        self.broken_sms = False
        self.broken_mail = False

    async def receive_sms(self, request: Request) -> Response:
        """`POST /sms` with {"to": "+…", "text": "…"}; 400 on any other shape, 503 while broken."""
        if self.broken_sms:
            return JSONResponse({"error": "the gateway is out of order"}, 503)
        try:
            body = json.loads(await request.body())
        except ValueError:
            return JSONResponse({"error": "the body must be JSON"}, 400)
        if not isinstance(body, dict) or set(body) != {"to", "text"}:
            return JSONResponse({"error": 'the body must be {"to": "+…", "text": "…"}'}, 400)
        to, text = body["to"], body["text"]
        if not isinstance(to, str) or not re.fullmatch(r"\+[1-9]\d{6,14}", to):
            return JSONResponse({"error": "to: a phone number in the international form is needed"}, 400)
        if not isinstance(text, str) or not text.strip():
            return JSONResponse({"error": "text: must not be empty"}, 400)
        letter = Letter(len(self.sms) + 1, to, text, self._clock.now())
        self.sms.append(letter)
        self._changed()
        return JSONResponse({"id": letter.id})

    def last_code(self, to: str) -> str:
        """The digits of the newest SMS or letter to a phone or an address; IndexError when there is none."""
        found = [item for item in (*self.sms, *self.mail) if item.to == to]
        codes: list[str] = re.findall(r"\b\d{4,8}\b", sorted(found, key=lambda item: item.at)[-1].text)
        return codes[0]

    async def start_mail(self, host: str, port: int = 0) -> int:
        """Opens the mail server and returns its port (a free one for 0)."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: SMTP(self, enable_SMTPUTF8=True), host, port)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop_mail(self) -> None:
        if self._server:
            self._server.close()
            self._server = None

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """aiosmtpd's hook: one letter for each recipient."""
        if self.broken_mail:
            return "451 4.3.0 Temporary failure, try again later"
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        message = email.message_from_bytes(content, policy=email.policy.default)
        subject, text = str(message["subject"] or ""), _body(message)
        for to in envelope.rcpt_tos:
            self.mail.append(Letter(len(self.mail) + 1, str(to), text, self._clock.now(), subject))
        self._changed()
        return "250 2.0.0 Ok"


def _body(message: Any) -> str:
    if not isinstance(message, EmailMessage):
        return ""
    part = message.get_body(("plain", "html"))
    return str(part.get_content()).strip() if part else ""
