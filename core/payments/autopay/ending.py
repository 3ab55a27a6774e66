"""How rules end or pause: at once, with the announced charge; one that is at the provider already runs its course."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, select, update

from core.billing.numbers import AccountNumber
from core.delivery.tasks import plan
from core.payments.autopay import store
from core.payments.autopay.models import ChargeStatus, Rule, RuleStatus, Why
from core.payments.autopay.tables import charges, means, rules
from core.payments.models import PaymentStatus
from core.payments.tables import orders
from core.subscribers.tables import account_links, chats, subscribers

FORGET_MEANS = "forget_means"
"""The kind of the task that tells a provider to keep a means no longer: {provider, reference}."""

_LIVING = rules.c.status != RuleStatus.off.value
_UNPAID = (PaymentStatus.cancelled.value, PaymentStatus.expired.value, PaymentStatus.refunded.value)


def end_rules(connection: Connection, which: ColumnElement[bool], reason: Why, now: datetime) -> list[Rule]:
    """Switches off the living rules among them; returns those."""
    found = store.find_rules(connection, _LIVING, which, lock=True)
    if found:
        ids = [rule.id for rule in found]
        off = {"status": RuleStatus.off.value, "reason": reason.value, "look_at": None, "ended_at": now}
        connection.execute(update(rules).where(rules.c.id.in_(ids)).values(**off))
        _call_off(connection, ids, reason, now)
    return found


def pause_rule(connection: Connection, rule_id: str, reason: Why, now: datetime) -> None:
    """The caller holds the rule's lock. An announced charge is not made."""
    store.change_rule(connection, rule_id, status=RuleStatus.paused.value, reason=reason.value, look_at=None)
    _call_off(connection, [rule_id], reason, now)


def lose_right(connection: Connection, subscriber_id: str, account: AccountNumber, now: datetime) -> None:
    """The person has no right to the account any more."""
    end_rules(connection, and_(rules.c.subscriber_id == subscriber_id, rules.c.account == account), Why.unlinked, now)


def leave_chats(connection: Connection, subscriber_id: str, now: datetime) -> None:
    """Ends everything where the person is signed in nowhere any more: there is nobody to announce a charge to."""
    here = select(chats.c.chat_id).where(chats.c.subscriber_id == subscriber_id).limit(1)
    if connection.execute(here).first() is None:
        end_rules(connection, rules.c.subscriber_id == subscriber_id, Why.signed_out, now)


def forget_means(connection: Connection, subscriber_id: str, means_id: str, now: datetime) -> list[Rule] | None:
    """Pauses the rules that charge it, and lets the provider know; None when it is gone already, or not theirs."""
    found = store.load_means(connection, means_id)
    if found is None or found.subscriber_id != subscriber_id or not store.end_means(connection, means_id, now):
        return None
    paused = store.find_rules(connection, _LIVING, rules.c.means_id == means_id, lock=True)
    for rule in paused:
        pause_rule(connection, rule.id, Why.means_gone, now)
    tell_provider(connection, found.id, found.provider, found.reference, now)
    return [replace(one, status=RuleStatus.paused, reason=Why.means_gone.value) for one in paused]


def tell_provider(connection: Connection, means_id: str, provider: str, reference: str, now: datetime) -> None:
    told = {"provider": provider, "reference": reference}
    plan(f"forget:{means_id}", FORGET_MEANS, told, now).apply(connection)


def forget_person(connection: Connection, subscriber_id: str, now: datetime) -> None:
    """Everything that could charge them ends, and nothing names their cards or chats any more."""
    end_rules(connection, rules.c.subscriber_id == subscriber_id, Why.forgotten, now)
    for one in store.means_of(connection, subscriber_id):
        store.end_means(connection, one.id, now)
        tell_provider(connection, one.id, one.provider, one.reference, now)
    mine = means.c.subscriber_id == subscriber_id
    # A charge on its way still needs the provider's reference for its next try; housekeeping removes the row.
    connection.execute(update(means).where(mine).values(title=""))
    connection.execute(update(rules).where(rules.c.subscriber_id == subscriber_id).values(chat_id=""))


def end_rightless(connection: Connection, now: datetime) -> int:
    """What no other place has caught: rules without a right, without a person, or without the payment they wait for."""
    linked = exists().where(
        account_links.c.subscriber_id == rules.c.subscriber_id,
        account_links.c.account_number == rules.c.account,
        account_links.c.ended_at.is_(None),
    )
    gone = exists().where(subscribers.c.id == rules.c.subscriber_id, subscribers.c.erased_at.is_not(None))
    waits = rules.c.status == RuleStatus.waiting.value
    ended = 0
    for which, reason in (
        (gone, Why.forgotten),
        (~linked, Why.unlinked),
        (and_(waits, _its_payment(_UNPAID)), Why.unpaid),
        (and_(waits, _its_payment((PaymentStatus.aside.value,))), Why.unsure),
    ):
        # Looked for without a lock first: there is nearly never anything to do.
        ids: Select[tuple[str]] = select(rules.c.id).where(_LIVING, which).limit(200)
        found = list(connection.execute(ids).scalars())
        if found:
            ended += len(end_rules(connection, rules.c.id.in_(found), reason, now))
    return ended


def _its_payment(statuses: Sequence[str]) -> ColumnElement[bool]:
    return exists().where(orders.c.id == rules.c.order_id, orders.c.status.in_(statuses))


def _call_off(connection: Connection, rule_ids: Sequence[str], reason: Why, now: datetime) -> None:
    announced = charges.c.rule_id.in_(rule_ids) & (charges.c.status == ChargeStatus.announced.value)
    ended = {"status": ChargeStatus.cancelled.value, "reason": reason.value, "look_at": None, "ended_at": now}
    connection.execute(update(charges).where(announced).values(**ended))
