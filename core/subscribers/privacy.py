"""Everything that is kept about a subscriber: shown when they ask, and forgotten when they ask."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, or_, select, update

from core.appeals.models import AppealStatus, Author
from core.appeals.tables import appeal_events, appeal_messages, appeals
from core.billing.snapshots import erase as erase_snapshots
from core.delivery.messages import decode_message
from core.delivery.tables import blobs, conversations, outbox
from core.errors import Stale
from core.notices import store as notices
from core.payments import privacy as payments
from core.reminders import prefs
from core.subscribers.challenges import DAY
from core.subscribers.consents import Decision, decide
from core.subscribers.emails import mask_email
from core.subscribers.phones import mask_phone
from core.subscribers.tables import account_links, activity, attempts, challenges, chats, consents, subscribers

_APPEAL = (
    "number",
    "kind",
    "account_number",
    "contact",
    "fields",
    "status",
    "reason",
    "rating",
    "rating_words",
    "created_at",
    "updated_at",
)
_CHALLENGE = (challenges.c.purpose, challenges.c.way, challenges.c.target, challenges.c.status, challenges.c.created_at)


def export(connection: Connection, subscriber_id: str, now: datetime) -> dict[str, Any]:
    """JSON types; times are ISO 8601 in UTC. Secrets (the hashes of codes) are left out."""
    person = connection.execute(select(subscribers).where(subscribers.c.id == subscriber_id)).one()
    own_chats = connection.execute(select(chats).where(chats.c.subscriber_id == subscriber_id)).all()
    chat_ids = [row.chat_id for row in own_chats]
    mine = appeals.c.subscriber_id == subscriber_id
    cases = connection.execute(select(appeals).where(mine).order_by(appeals.c.created_at)).all()
    letters = connection.execute(
        select(appeal_messages)
        .where(appeal_messages.c.appeal_id.in_([case.id for case in cases]))
        .where(appeal_messages.c.author != Author.note.value)
        .order_by(appeal_messages.c.at)
    ).all()
    return {
        "made_at": now.isoformat(),
        "profile": _plain(person, "phone", "name", "region", "email", "created_at"),
        "chats": [
            _plain(row, "channel", "address", "name", "language", "status", "created_at", "joined_at")
            for row in own_chats
        ],
        "consents": [
            _plain(row, "document", "version", "decision", "decided_at")
            for row in connection.execute(
                select(consents).where(consents.c.subscriber_id == subscriber_id).order_by(consents.c.decided_at)
            )
        ],
        "linked_accounts": [
            _plain(row, "account_number", "role", "nickname", "proof", "created_at", "ended_at", "ended_by")
            for row in connection.execute(
                select(account_links)
                .where(account_links.c.subscriber_id == subscriber_id)
                .order_by(account_links.c.created_at)
            )
        ],
        "payments": payments.export(connection, subscriber_id),
        "reminders": prefs.export(connection, subscriber_id),
        "notices": notices.export(connection, subscriber_id),
        "activity": [
            _plain(row, "what", "detail", "chat_id", "at")
            for row in connection.execute(
                select(activity).where(activity.c.subscriber_id == subscriber_id).order_by(activity.c.at)
            )
        ],
        "codes_sent": [
            # Where a code was sent for a relative's account, the address is the relative's: nobody reads it here.
            _plain(row, *(column.name for column in _CHALLENGE)) | {"target": _masked(row.way, row.target)}
            for row in connection.execute(
                select(*_CHALLENGE).where(challenges.c.chat_id.in_(chat_ids)).order_by(challenges.c.created_at)
            )
        ],
        "appeals": [
            _plain(case, *_APPEAL)
            | {"messages": [_plain(m, "author", "text", "file_name", "at") for m in letters if m.appeal_id == case.id]}
            for case in cases
        ],
    }


def _plain(row: Row[*tuple[Any, ...]], *names: str) -> dict[str, Any]:
    values = row._mapping
    return {name: _json(values[name]) for name in names}


def _masked(way: str, target: str) -> str:
    return mask_phone(target) if way == "sms" else mask_email(target)


def _json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def erase(connection: Connection, subscriber_id: str, here: str, turn_id: str, version: str, now: datetime) -> None:
    """Removes or replaces what is personal; raises Stale when it is done already.

    Kept, because the law makes the operator keep it: the consents given and withdrawn, the appeals that were sent, and
    the payments without their chats. The billing's own data are the operator's and not touched. ``version`` is of the
    document from which the consent is withdrawn. ``here`` is the chat that asked: it keeps what ``turn_id`` says in it.
    Codes sent within the last day stay until the housekeeping removes them: they hold the limit on sending.
    """
    phone = connection.execute(select(subscribers.c.phone).where(subscribers.c.id == subscriber_id)).scalar()
    erased = connection.execute(
        update(subscribers)
        .where(subscribers.c.id == subscriber_id, subscribers.c.erased_at.is_(None))
        .values(phone=None, name="", region="", email=None, erased_at=now)
    )
    if erased.rowcount != 1:
        raise Stale("forget: done already")
    numbers = _end_links(connection, subscriber_id, now)
    chat_ids = list(connection.execute(select(chats.c.chat_id).where(chats.c.subscriber_id == subscriber_id)).scalars())
    connection.execute(delete(activity).where(activity.c.subscriber_id == subscriber_id))
    # Tries stay until they are too old to count: forgetting is no way around a limit. Housekeeping removes them.
    connection.execute(delete(attempts).where(attempts.c.key == f"phone:{phone}", attempts.c.at <= now - DAY))
    old = challenges.c.created_at <= now - DAY
    connection.execute(delete(challenges).where(challenges.c.chat_id.in_(chat_ids), old))
    _forget_messages(connection, chat_ids, turn_id)
    for chat_id in chat_ids:
        decide(chat_id, subscriber_id, version, Decision.withdrawn, now).apply(connection)
    connection.execute(
        update(chats).where(chats.c.chat_id.in_(chat_ids)).values(subscriber_id=None, joined_at=None, name="")
    )
    connection.execute(
        update(conversations)
        .where(conversations.c.chat_id.in_([chat_id for chat_id in chat_ids if chat_id != here]))
        .values(state="", version=conversations.c.version + 1)
    )
    _drop_drafts(connection, subscriber_id, chat_ids)
    payments.erase(connection, subscriber_id, now)
    prefs.erase(connection, subscriber_id)
    notices.erase(connection, subscriber_id)
    if numbers:
        erase_snapshots(connection, numbers)


def _end_links(connection: Connection, subscriber_id: str, now: datetime) -> list[str]:
    """Ends the person's rights; returns the accounts that nobody is linked to any more."""
    mine = account_links.c.subscriber_id == subscriber_id
    numbers = set(connection.execute(select(account_links.c.account_number).where(mine)).scalars())
    connection.execute(
        update(account_links).where(mine, account_links.c.ended_at.is_(None)).values(ended_at=now, ended_by="erased")
    )
    connection.execute(update(account_links).where(mine).values(nickname=""))
    still = select(account_links.c.account_number).where(
        account_links.c.account_number.in_(numbers), account_links.c.ended_at.is_(None)
    )
    return sorted(numbers - set(connection.execute(still).scalars()))


def _drop_drafts(connection: Connection, subscriber_id: str, chat_ids: list[str]) -> None:
    """What was written to staff and not sent is nobody's record: no law makes anybody keep it."""
    theirs = or_(
        appeals.c.subscriber_id == subscriber_id,
        appeals.c.subscriber_id.is_(None) & appeals.c.chat_id.in_(chat_ids),
    )
    drafts = theirs & (appeals.c.status == AppealStatus.draft.value)
    for table in (appeal_messages, appeal_events):
        connection.execute(delete(table).where(table.c.appeal_id.in_(select(appeals.c.id).where(drafts))))
    connection.execute(delete(appeals).where(drafts))


def _forget_messages(connection: Connection, chat_ids: list[str], turn_id: str) -> None:
    """What was said in the chats, and the documents that were sent there."""
    said = (outbox.c.chat_id.in_(chat_ids)) & (outbox.c.turn_id != turn_id)
    with_file = outbox.c.message.contains('"attachment"')
    documents = set()
    for stored in connection.execute(select(outbox.c.message).where(said, with_file)).scalars():
        attachment = decode_message(stored).attachment
        # A picture may be the same for many people; a document is one person's.
        if attachment is not None and attachment.kind == "document":
            documents.add(attachment.blob)
    connection.execute(delete(outbox).where(said))
    connection.execute(delete(blobs).where(blobs.c.sha256.in_(documents)))
