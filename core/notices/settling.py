"""Learns how each notice's messages went: sent, or not, and then the next chat is tried."""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from core.delivery.tables import outbox
from core.notices.tables import people
from core.reminders.models import HELD_BACK, Reason, Status

BATCH = 5000  # more than the outbox may hold of ours: what waits there hides nothing that was sent


def settle(connection: Connection) -> int:
    """Takes over from the outbox; says how many have changed."""
    query = (
        select(people, outbox.c.status.label("went"), outbox.c.reason.label("said"), outbox.c.sent_at.label("went_at"))
        .outerjoin(outbox, outbox.c.id == people.c.outbox_id)
        .where(people.c.status == Status.queued.value)
        .order_by(people.c.queued_at)
        .limit(BATCH)
    )
    changed = 0
    for row in connection.execute(query).all():
        if row.went == "pending":
            continue
        if row.went == "sent":
            values = {"status": Status.sent.value, "sent_at": row.went_at}
        elif row.went is None:  # the person asked to be forgotten, or signed out
            values = {"status": Status.cancelled.value, "reason": Reason.unlinked.value, "cost": 0}
        else:
            # Weighed anew: in better hours, after the pause, or by another chat than those that have failed.
            values = {"status": Status.planned.value, "reason": "", "message_id": None, "outbox_id": None, "cost": 0}
            if row.said not in HELD_BACK:
                tried = "\n".join(filter(None, [row.tried, row.target]))
                values |= {"tried": tried, "failure": (row.said or row.went)[:500]}
        key = people.c.notice_id == row.notice_id, people.c.subscriber_id == row.subscriber_id
        connection.execute(update(people).where(*key, people.c.status == Status.queued.value).values(**values))
        changed += 1
    return changed
