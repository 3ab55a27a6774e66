"""Codes by e-mail through an SMTP server."""

from __future__ import annotations

import hashlib
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

import aiosmtplib

from bot.integrations.codes.gateway import TIME_LIMIT, Refused
from core.errors import OutsideUnavailable


class Mail:
    """``url`` is ``smtp://user:password@host:port`` (STARTTLS where the server offers it) or ``smtps://...``.

    ``sender`` is the From address.
    """

    def __init__(self, url: str, sender: str, *, time_limit: float = TIME_LIMIT) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("the mail server's address must look like smtp://host:port or smtps://host:port")
        self._tls = parts.scheme == "smtps"
        self._host = parts.hostname
        self._port = parts.port or (465 if self._tls else 25)
        self._login = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None
        self._sender = sender
        self._time_limit = time_limit

    async def send(self, to: str, subject: str, text: str, key: str) -> None:
        """See :class:`bot.integrations.codes.gateway.Gateway`."""
        letter = EmailMessage()
        letter["From"] = self._sender
        letter["To"] = to
        letter["Subject"] = subject
        # Servers on the way recognise a letter that is sent again by its id.
        domain = self._sender.rpartition("@")[2].strip("<> ") or "localhost"
        letter["Message-ID"] = f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@{domain}>"
        letter["Auto-Submitted"] = "auto-generated"
        letter.set_content(text)
        try:
            await aiosmtplib.send(
                letter,
                hostname=self._host,
                port=self._port,
                username=self._login,
                password=self._password,
                use_tls=self._tls,
                timeout=self._time_limit,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            codes = [refused.code for refused in error.recipients]
            raise _fault(max(codes, default=0)) from None
        except aiosmtplib.SMTPResponseException as error:
            raise _fault(error.code) from None
        except (aiosmtplib.SMTPException, OSError) as error:
            raise OutsideUnavailable(f"the mail server did not answer: {type(error).__name__}") from None

    async def close(self) -> None:
        """Nothing is kept open."""


def _fault(code: int) -> Exception:
    """RFC 5321, 4.2.1: 5yz is for good, anything else may work later."""
    if 500 <= code < 600:
        return Refused(f"the mail server answered {code}")
    return OutsideUnavailable(f"the mail server answered {code}")
