"""One-time codes that prove a phone or an address: six digits, a short life, few tries, and limits on sending."""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

from sqlalchemy import update

from core.clock import Clock
from core.database import Database
from core.delivery.tasks import plan
from core.delivery.writes import Write, change
from core.ids import new_id
from core.operator import Operator
from core.subscribers import challenges as stored
from core.subscribers.challenges import PER_DAY, RESEND_AFTER, Challenge, Status
from core.subscribers.tables import challenges

DIGITS = 6
TTL = timedelta(minutes=5)
TRIES = 5
SEND_CODE = "send_code"
"""The kind of task that sends a code; its payload is ``{"challenge": id, "language": tag}``."""


class Way(StrEnum):
    """How a code travels."""

    sms = "sms"
    email = "email"


class Purpose(StrEnum):
    """What a code proves. One that was sent for one purpose is worth nothing for another."""

    phone = "phone"
    email = "email"
    account = "account"


@dataclass(frozen=True, slots=True)
class Issued:
    """A code may be sent: commit ``writes``. Until ``resend_at`` no other one goes to the same place."""

    challenge_id: str
    writes: tuple[Write, ...]
    resend_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class TooSoon:
    """One was sent there less than a minute ago."""

    until: datetime


@dataclass(frozen=True, slots=True)
class TooMany:
    """Five were sent there, or from this chat, within a day."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Passed:
    """The code was right: commit ``writes``, which use it up. ``target`` is what it proves."""

    target: str
    writes: tuple[Write, ...]


@dataclass(frozen=True, slots=True)
class Wrong:
    """The code was wrong: commit ``writes``, which count the try. At 0 tries left the code is worth nothing."""

    tries_left: int
    writes: tuple[Write, ...]


@dataclass(frozen=True, slots=True)
class NotACode:
    """What was typed is not six digits; no try is counted."""


@dataclass(frozen=True, slots=True)
class Expired:
    """More than five minutes have passed."""


@dataclass(frozen=True, slots=True)
class Spent:
    """Used, out of tries, replaced by a newer one, or never sent to this chat for this purpose."""


Sending: TypeAlias = Issued | TooSoon | TooMany
Verdict: TypeAlias = Passed | Wrong | NotACode | Expired | Spent


class CodeService:
    """Makes codes and checks them. ``ways`` are those that this installation can send by.

    The code itself is stored nowhere: it is derived from the secret and the challenge's id, when it is sent and again
    when it is checked; beside the challenge lies only its keyed hash.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        operator: Operator,
        secret: str,
        ways: Collection[Way] = frozenset(Way),
    ) -> None:
        self._database = database
        self._clock = clock
        self._operator = operator
        self._secret = secret.encode()
        self._ways = frozenset(ways)

    def can(self, way: Way) -> bool:
        """Whether this installation has a gateway for ``way``."""
        return way in self._ways

    async def prepare(self, chat_id: str, purpose: Purpose, way: Way, target: str, language: str = "") -> Sending:
        """A new code for ``target`` (E.164 or an address), asked for in ``chat_id``, worded in ``language``.

        The code of this chat that was sent before for the same purpose is worth nothing from the commit on.
        """
        now = self._clock.now()
        refusal = await self._database.read(stored.refusal, chat_id, target, now)
        if refusal is not None:
            kind, until = refusal
            return TooSoon(until) if kind == "soon" else TooMany(until)
        challenge_id = new_id(now)
        values = {
            "id": challenge_id,
            "chat_id": chat_id,
            "purpose": purpose.value,
            "way": way.value,
            "target": target,
            "code_hash": self._hash(challenge_id, self.code(challenge_id)),
            "tries_left": TRIES,
            "status": Status.open.value,
            "created_at": now,
            "expires_at": now + TTL,
        }
        payload = {"challenge": challenge_id, "language": language or self._operator.languages[0]}
        writes = (stored.issue(values), plan(f"code:{challenge_id}", SEND_CODE, payload, now))
        return Issued(challenge_id, writes, now + RESEND_AFTER, now + TTL)

    async def check(self, challenge_id: str, chat_id: str, purpose: Purpose, text: str) -> Verdict:
        """What was typed, in any spelling ("12 34 56"), against the code that was sent.

        Two guesses that race are told apart inside the writes: each costs a try of its own, one alone can pass.
        """
        challenge = await self._database.read(stored.find, challenge_id)
        if challenge is None or challenge.chat_id != chat_id or challenge.purpose != purpose:
            return Spent()
        now = self._clock.now()
        if challenge.status is not Status.open or challenge.tries_left <= 0:
            return Spent()
        if challenge.expires_at <= now:
            return Expired()
        typed = read_code(text)
        if typed is None:
            return NotACode()
        as_read = (
            (challenges.c.id == challenge_id)
            & (challenges.c.status == Status.open.value)
            & (challenges.c.tries_left == challenge.tries_left)
        )
        if hmac.compare_digest(self._hash(challenge_id, typed), challenge.code_hash):
            used = update(challenges).where(as_read).values(status=Status.passed.value)
            return Passed(challenge.target, (change("code passed", used),))
        left = challenge.tries_left - 1
        status = Status.open if left else Status.spent
        counted = update(challenges).where(as_read).values(tries_left=left, status=status.value)
        return Wrong(left, (change("code was wrong", counted),))

    async def find(self, challenge_id: str) -> Challenge | None:
        """For the worker that sends it."""
        return await self._database.read(stored.find, challenge_id)

    async def waiting(self, chat_id: str, purpose: Purpose, target: str) -> Challenge | None:
        """The code that was sent to ``target`` for this chat and can still be typed in it."""
        return await self._database.read(stored.find_open, chat_id, purpose, target, self._clock.now())

    async def not_sent(self, challenge_id: str) -> None:
        """A job's own write: no gateway took it, so that it does not count against the person's limits."""
        await self._database.write(stored.mark_unsent, challenge_id)

    def code(self, challenge_id: str) -> str:
        """The code itself, for the one message that carries it: never for a log or a table."""
        digest = hmac.digest(self._secret, f"code|{challenge_id}".encode(), hashlib.sha256)
        return f"{int.from_bytes(digest[:16]) % 10**DIGITS:0{DIGITS}d}"

    def _hash(self, challenge_id: str, code: str) -> str:
        return hmac.new(self._secret, f"check|{challenge_id}|{code}".encode(), hashlib.sha256).hexdigest()


def read_code(text: str) -> str | None:
    """Six digits out of "12 34 56", "123-456" or "code: 123456"; None when there are more, or fewer."""
    plain = unicodedata.normalize("NFKC", text[:100])
    digits = "".join(str(unicodedata.decimal(char)) for char in plain if char.isdecimal())
    return digits if len(digits) == DIGITS else None


__all__ = [
    "PER_DAY",
    "RESEND_AFTER",
    "SEND_CODE",
    "TRIES",
    "TTL",
    "CodeService",
    "Expired",
    "Issued",
    "NotACode",
    "Passed",
    "Purpose",
    "Sending",
    "Spent",
    "TooMany",
    "TooSoon",
    "Verdict",
    "Way",
    "Wrong",
    "read_code",
]
