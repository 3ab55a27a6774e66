"""Binds an account in Telegram to a member of staff by a one-time code that the desk or the command line gave out."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection, delete, func, insert, select

from core.delivery.writes import insert_for
from core.ids import new_id
from core.staff import accounts, audit
from core.staff.audit import Who
from core.staff.binding_tables import staff_codes, staff_telegram
from core.staff.models import Member
from core.staff.tables import staff
from core.subscribers.tables import attempts

LIFE = timedelta(minutes=15)
TRIES = 5  # of one Telegram account within WINDOW
ALL_TRIES = 50  # of all of them together: a guesser has more accounts than one
WINDOW = timedelta(hours=1)

_KIND = "staff bind"
_EVERYBODY = "everybody"
_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # nothing that is misread when a colleague dictates it
_LENGTH = 10  # of 32 letters: 50 bits, for a quarter of an hour


class NotBound(StrEnum):
    """Why a code did not bind."""

    wrong = "wrong"  # unknown, used, or too old: whoever guesses learns no more
    tries = "tries"


def issue(connection: Connection, member: Member, who: Who, now: datetime) -> str:
    """A new code, in two halves as people read it; an earlier one of the same person's is worth nothing any more."""
    code = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
    values = {"staff_id": member.id, "code_hash": _hashed(code), "expires_at": now + LIFE}
    new = insert_for(connection, staff_codes).values(values)
    kept = new.on_conflict_do_update(
        index_elements=[staff_codes.c.staff_id],
        set_={"code_hash": new.excluded.code_hash, "expires_at": new.excluded.expires_at},
    )
    connection.execute(kept)
    audit.write(connection, who, "telegram code", member.login, now)
    return f"{code[:5]}-{code[5:]}"


def bind(connection: Connection, code: str, telegram_id: str, now: datetime) -> Member | NotBound:
    """Uses the code up. A wrong one costs a try; an account that was bound before is bound anew."""
    if _out_of_tries(connection, telegram_id, now):
        return NotBound.tries
    row = connection.execute(
        delete(staff_codes)
        .where(staff_codes.c.code_hash == _hashed(code), staff_codes.c.expires_at > now)
        .returning(staff_codes.c.staff_id)
    ).first()
    member = accounts.by_id(connection, row.staff_id) if row is not None else None
    if member is None or not member.active:
        rows = [{"id": new_id(now), "kind": _KIND, "key": key, "at": now} for key in (telegram_id, _EVERYBODY)]
        connection.execute(insert(attempts), rows)
        return NotBound.wrong
    connection.execute(delete(staff_telegram).where(staff_telegram.c.telegram_id == telegram_id))
    values = {"telegram_id": telegram_id, "staff_id": member.id, "bound_at": now}
    connection.execute(insert(staff_telegram), values)
    connection.execute(delete(attempts).where(attempts.c.kind == _KIND, attempts.c.key == telegram_id))
    audit.write(connection, Who(member.id, member.login, "telegram"), "telegram bound", telegram_id, now)
    return member


def member_of(connection: Connection, telegram_id: str) -> Member | None:
    """The active member of staff behind a Telegram account."""
    query = (
        select(staff_telegram.c.staff_id)
        .join(staff, staff.c.id == staff_telegram.c.staff_id)
        .where(staff_telegram.c.telegram_id == telegram_id, staff.c.active)
    )
    staff_id = connection.execute(query).scalar()
    return accounts.by_id(connection, staff_id) if staff_id is not None else None


def bound(connection: Connection, staff_id: str) -> list[tuple[str, datetime]]:
    """The Telegram accounts of a member of staff, and since when."""
    query = select(staff_telegram).where(staff_telegram.c.staff_id == staff_id).order_by(staff_telegram.c.bound_at)
    return [(row.telegram_id, row.bound_at) for row in connection.execute(query)]


def unbind(connection: Connection, staff_id: str, who: Who, now: datetime) -> int:
    """Takes all Telegram accounts away from a member of staff, and a code that was not used; says how many accounts."""
    connection.execute(delete(staff_codes).where(staff_codes.c.staff_id == staff_id))
    gone = connection.execute(delete(staff_telegram).where(staff_telegram.c.staff_id == staff_id)).rowcount
    if gone:
        audit.write(connection, who, "telegram unbound", staff_id, now)
    return gone


def _out_of_tries(connection: Connection, telegram_id: str, now: datetime) -> bool:
    for key, most in ((telegram_id, TRIES), (_EVERYBODY, ALL_TRIES)):
        query = select(func.count()).where(
            attempts.c.kind == _KIND, attempts.c.key == key, attempts.c.at > now - WINDOW
        )
        if connection.execute(query).scalar_one() >= most:
            return True
    return False


def _hashed(code: str) -> str:
    """As it was typed: small letters, spaces and hyphens do not matter."""
    plain = "".join(letter for letter in code.upper() if letter.isalnum())
    return hashlib.sha256(plain.encode()).hexdigest()
