"""What each person asked for: read for planning, written by conversations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, delete, select, update

from core.among import among
from core.billing.models import AccountNumber
from core.delivery.writes import Write, insert_for, insert_missing
from core.reminders.models import Prefs, Reason, Status
from core.reminders.policy import SUSPENSION
from core.reminders.tables import messages, muted, prefs, reminders

_FIELDS = ("ahead", "hour", "channel", "paused_until", "asked_for", "debts", "receipts", "news", "works")


def load(connection: Connection, ids: Sequence[str]) -> dict[str, Prefs]:
    """Of those who asked for anything; everybody else has the defaults."""
    silent: dict[str, set[AccountNumber]] = {}
    for subscriber_id, account in connection.execute(
        select(muted).where(among(connection, muted.c.subscriber_id, ids))
    ):
        silent.setdefault(subscriber_id, set()).add(account)
    found = {id_: Prefs(muted=frozenset(accounts)) for id_, accounts in silent.items()}
    for row in connection.execute(select(prefs).where(among(connection, prefs.c.subscriber_id, ids))):
        values = {name: getattr(row, name) for name in _FIELDS}
        found[row.subscriber_id] = Prefs(**values, muted=frozenset(silent.get(row.subscriber_id, ())))
    return found


def change(subscriber_id: str, **values: Any) -> Write:
    """Keeps some of :class:`Prefs`' fields. What waits to be sent is weighed anew by the next planning."""

    def apply(connection: Connection) -> None:
        statement = insert_for(connection, prefs).values(subscriber_id=subscriber_id, **values)
        connection.execute(statement.on_conflict_do_update(index_elements=[prefs.c.subscriber_id], set_=values))
        _take_back(connection, subscriber_id)

    return Write("reminder settings", apply)


def mute(subscriber_id: str, account: AccountNumber) -> Write:
    """No reminders of this account for this person."""
    add = insert_missing("mute", muted, {"subscriber_id": subscriber_id, "account": account})

    def apply(connection: Connection) -> None:
        add.apply(connection)
        _take_back(connection, subscriber_id)

    return Write("mute account", apply)


def unmute(subscriber_id: str, account: AccountNumber) -> Write:
    def apply(connection: Connection) -> None:
        connection.execute(delete(muted).where(muted.c.subscriber_id == subscriber_id, muted.c.account == account))

    return Write("unmute account", apply)


def _take_back(connection: Connection, subscriber_id: str) -> None:
    """What was planned under the old wishes must not slip through; it is planned again where it is still wanted."""
    connection.execute(
        update(reminders)
        .where(reminders.c.subscriber_id == subscriber_id, reminders.c.status == Status.planned.value)
        .where(reminders.c.stage != SUSPENSION)
        .values(status=Status.skipped.value, reason=Reason.changed.value)
    )


def export(connection: Connection, subscriber_id: str) -> dict[str, Any]:
    """What a person asked for and what they were told, as JSON types."""
    wishes = load(connection, [subscriber_id]).get(subscriber_id, Prefs())
    told = select(messages.c.created_at, messages.c.channel, messages.c.status).where(
        messages.c.subscriber_id == subscriber_id
    )
    return {
        "settings": {name: _plain(getattr(wishes, name)) for name in _FIELDS},
        "without": sorted(wishes.muted),
        "messages": [
            {"at": row.created_at.isoformat(), "channel": row.channel, "status": row.status}
            for row in connection.execute(told.order_by(messages.c.created_at))
        ],
    }


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def erase(connection: Connection, subscriber_id: str) -> None:
    """Forgets what a person asked for and what they were told."""
    for table in (prefs, muted, reminders, messages):
        connection.execute(delete(table).where(table.c.subscriber_id == subscriber_id))
