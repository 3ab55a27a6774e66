"""Sending codes: what the gateway hears, what is tried again, and what the person hears when it fails."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy

import pytest
from aiohttp import web
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from bot.integrations.codes.gateway import Refused
from bot.integrations.codes.mail import Mail
from bot.integrations.codes.sms_http import SmsHttp
from core.errors import OutsideUnavailable
from tests.support.ports import free_port

PHONE, KEY = "+79000000001", "code:1"


@dataclass
class SmsServer:
    url: str = ""
    status: int = 200
    heard: list[tuple[dict[str, str], str | None]] = field(default_factory=list)


@pytest.fixture
async def sms_server() -> AsyncIterator[SmsServer]:
    server = SmsServer()

    async def take(request: web.Request) -> web.Response:
        server.heard.append((await request.json(), request.headers.get("Idempotency-Key")))
        return web.Response(status=server.status, headers={"Location": "/elsewhere"})

    app = web.Application()
    app.router.add_post("/sms", take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port := free_port())
    await site.start()
    server.url = f"http://127.0.0.1:{port}/sms"
    yield server
    await runner.cleanup()


async def test_an_sms_is_posted_with_its_key(sms_server: SmsServer) -> None:
    gateway = SmsHttp(sms_server.url)
    await gateway.send(PHONE, "", "123456 is your code", KEY)
    await gateway.close()
    assert sms_server.heard == [({"to": PHONE, "text": "123456 is your code"}, KEY)]


@pytest.mark.parametrize("status", [500, 502, 503, 429, 408])
async def test_what_may_pass_is_tried_again(sms_server: SmsServer, status: int) -> None:
    sms_server.status = status
    gateway = SmsHttp(sms_server.url)
    with pytest.raises(OutsideUnavailable):
        await gateway.send(PHONE, "", "123456", KEY)
    await gateway.close()


@pytest.mark.parametrize("status", [400, 401, 403, 404, 302])
async def test_what_will_not_pass_is_given_up(sms_server: SmsServer, status: int) -> None:
    sms_server.status = status
    gateway = SmsHttp(sms_server.url)
    with pytest.raises(Refused) as refused:
        await gateway.send(PHONE, "", "123456", KEY)
    await gateway.close()
    assert "123456" not in str(refused.value)
    assert PHONE not in str(refused.value)


async def test_a_gateway_that_is_not_there_is_tried_again() -> None:
    gateway = SmsHttp(f"http://user:password@127.0.0.1:{free_port()}/sms")
    with pytest.raises(OutsideUnavailable) as silent:
        await gateway.send(PHONE, "", "123456", KEY)
    await gateway.close()
    assert "password" not in str(silent.value)


class MailServer:
    """Takes letters, or answers as told."""

    def __init__(self) -> None:
        self.letters: list[bytes] = []
        self.answer = ""

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, to: str, options: list[str]) -> str:
        if self.answer:
            return self.answer
        envelope.rcpt_tos.append(to)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.letters.append(envelope.content or b"")  # type: ignore[arg-type]  # bytes unless decode_data is set
        return "250 OK"


@pytest.fixture
def mail_server() -> MailServer:
    return MailServer()


@pytest.fixture
def mail(mail_server: MailServer) -> Iterator[Mail]:
    controller = Controller(mail_server, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield Mail(f"smtp://127.0.0.1:{controller.port}", "Svyaz <bot@svyaz.example>")
    finally:
        controller.stop()


async def test_a_letter_arrives(mail: Mail, mail_server: MailServer) -> None:
    await mail.send("anna@mail.ru", "Ваш код: 123456", "Ваш код: 123456\n", KEY)
    await mail.send("anna@mail.ru", "Ваш код: 123456", "Ваш код: 123456\n", KEY)
    first, second = (message_from_bytes(letter, policy=policy.default) for letter in mail_server.letters)
    assert first["To"] == "anna@mail.ru"
    assert first["From"] == "Svyaz <bot@svyaz.example>"
    assert first["Subject"] == "Ваш код: 123456"
    assert first.get_content().strip() == "Ваш код: 123456"
    assert first["Message-ID"] == second["Message-ID"]  # the same letter once more


async def test_a_refused_address_is_given_up(mail: Mail, mail_server: MailServer) -> None:
    mail_server.answer = "550 no such user"
    with pytest.raises(Refused) as refused:
        await mail.send("nobody@mail.ru", "s", "t", KEY)
    assert "nobody" not in str(refused.value)


async def test_a_busy_mail_server_is_tried_again(mail: Mail, mail_server: MailServer) -> None:
    mail_server.answer = "451 come back later"
    with pytest.raises(OutsideUnavailable):
        await mail.send("anna@mail.ru", "s", "t", KEY)


async def test_a_mail_server_that_is_not_there_is_tried_again() -> None:
    with pytest.raises(OutsideUnavailable):
        await Mail(f"smtp://127.0.0.1:{free_port()}", "bot@svyaz.example").send("anna@mail.ru", "s", "t", KEY)


@pytest.mark.parametrize("url", ["", "http://host", "smtp://", "mail.example.org:25"])
def test_an_address_of_no_mail_server_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="mail server"):
        Mail(url, "bot@svyaz.example")
