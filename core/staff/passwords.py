"""Passwords of staff: argon2id, and as much work for a log-in that does not exist as for one that does."""

from __future__ import annotations

import asyncio
import secrets
import string
from functools import cache

from pwdlib import PasswordHash
from pwdlib.exceptions import PwdlibError

from core.staff.models import Refused

SHORTEST, LONGEST = 10, 200  # characters
AT_ONCE = 2  # hashes side by side: each takes a processor and 64 MB for a while

_ALPHABET = string.ascii_letters.replace("l", "").replace("I", "").replace("O", "") + "23456789"


class Passwords:
    """Hashes and verifies, in threads of their own. ``hasher`` may be a cheaper one in tests."""

    def __init__(self, hasher: PasswordHash | None = None) -> None:
        self._hasher = hasher or PasswordHash.recommended()
        self._room = asyncio.Semaphore(AT_ONCE)
        self._nobody = cache(lambda: self._hasher.hash(secrets.token_urlsafe(16)))

    async def hash(self, password: str) -> str:
        async with self._room:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def verify(self, password: str, hashed: str | None) -> bool:
        """``hashed`` None: there is no such account; it takes as long to say so."""
        async with self._room:
            return await asyncio.to_thread(self._verify, password[:LONGEST], hashed)

    def _verify(self, password: str, hashed: str | None) -> bool:
        try:
            right = self._hasher.verify(password, hashed or self._nobody())
        except PwdlibError:  # a hash of a kind that is not known here
            return False
        return right and hashed is not None


def check(password: str, login: str) -> None:
    """Raises Refused with the reason when the password is too easy."""
    if len(password) < SHORTEST:
        raise Refused("A password has at least {n} characters.", n=SHORTEST)
    if len(password) > LONGEST:
        raise Refused("A password has at most {n} characters.", n=LONGEST)
    if login.lower() in password.lower() or len(set(password)) < 5:
        raise Refused("This password is too easy to guess.")


def generate() -> str:
    """Sixteen letters and figures without look-alikes, in groups that can be read out: about 90 bits."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))
