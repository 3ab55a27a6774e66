"""What becomes of rules and charges when a provider has spoken: called in the transaction that makes it known."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from core.delivery.writes import insert_for
from core.ids import new_id
from core.operator import Operator
from core.payments import store as payments
from core.payments.autopay import store, when
from core.payments.autopay.charging import go_on
from core.payments.autopay.ending import end_rules, forget_means, pause_rule, tell_provider
from core.payments.autopay.models import AutopayTerms, Charge, ChargeStatus, Rule, RuleStatus, Why
from core.payments.autopay.tables import means, rules
from core.payments.autopay.telling import Matter, Said
from core.payments.models import PaymentOrder, PaymentStatus
from core.payments.protocol import Decline, ProviderPayment
from core.payments.settle import News
from core.reminders.people import load_people
from core.reminders.policy import Policy

AFTER_A_REFUSAL = timedelta(days=3)  # a threshold is not held against the figures again before this
_PAID = (PaymentStatus.paid, PaymentStatus.posted, PaymentStatus.refunded)


def record(
    connection: Connection,
    order: PaymentOrder,
    news: News,
    terms: AutopayTerms | None,
    operator: Operator,
    policy: Policy,
    now: datetime,
) -> list[Matter] | None:
    """What the news means for the charge behind the order, and what there is to say; None where there is no charge."""
    charge = store.charge_of_order(connection, order.id)
    rule = store.load_rule(connection, charge.rule_id, lock=True) if charge is not None else None
    if charge is None or rule is None:
        return None  # another try has taken this order's place, or it is forgotten
    card = store.load_means(connection, order.means)
    match news:
        case News.paid:
            store.end_charge(connection, charge.id, ChargeStatus.done, "", now)
            if rule.status is RuleStatus.active:
                store.change_rule(connection, rule.id, failures=0)
                go_on(connection, rule, now)
            done = replace(charge, status=ChargeStatus.done)
            return [Matter(Said.charged, rule, done, card)]
        case News.cancelled:
            return _declined(connection, order, charge, rule, terms or AutopayTerms(rule.limit), operator, policy, now)
        case News.expired | News.aside:
            # Money may have been taken: nothing more is, until somebody has looked.
            store.end_charge(connection, charge.id, ChargeStatus.failed, Why.unsure.value, now)
            return _pause(connection, rule, Why.unsure, now)
        case _:
            return []


def _declined(
    connection: Connection,
    order: PaymentOrder,
    charge: Charge,
    rule: Rule,
    terms: AutopayTerms,
    operator: Operator,
    policy: Policy,
    now: datetime,
) -> list[Matter]:
    decline = Decline(order.reason) if order.reason in set(Decline) else Decline.declined
    reason = Why(decline.value)
    card = store.load_means(connection, order.means)
    active = rule.status is RuleStatus.active
    person = load_people(connection, [rule.subscriber_id], operator).get(rule.subscriber_id)
    soft = decline in (Decline.declined, Decline.funds)
    if soft and active and person is not None and charge.tries <= terms.retries:
        at = when.waking(policy, person.zone, now + when.AHEAD)
        again = {"status": ChargeStatus.announced.value, "reason": reason.value, "taken": None, "month": ""}
        store.change_charge(connection, charge.id, **again, charge_at=at, look_at=at)
        waits = replace(charge, status=ChargeStatus.announced, reason=reason.value, charge_at=at)
        return [Matter(Said.again, rule, waits, card)]
    store.end_charge(connection, charge.id, ChargeStatus.failed, reason.value, now)
    failed = replace(charge, status=ChargeStatus.failed, reason=reason.value)
    said = [Matter(Said.declined, rule, failed, card)]
    if decline is Decline.gone:
        # It would be refused for every rule: all of them pause, and the provider need not keep it.
        paused = forget_means(connection, rule.subscriber_id, order.means, now) or []
        return [*said, *(Matter(Said.paused, one) for one in paused if one.id != rule.id)]
    if not active:
        return said
    store.change_rule(connection, rule.id, failures=rule.failures + 1)
    if rule.failures + 1 >= terms.failures:
        return [*said, *_pause(connection, rule, Why.failures, now)]
    go_on(connection, rule, now, pause=AFTER_A_REFUSAL)
    return said


def _pause(connection: Connection, rule: Rule, reason: Why, now: datetime) -> list[Matter]:
    if rule.status is not RuleStatus.active:
        return []
    pause_rule(connection, rule.id, reason, now)
    return [Matter(Said.paused, replace(rule, status=RuleStatus.paused, reason=reason.value))]


def keep(connection: Connection, order_id: str, truth: ProviderPayment, now: datetime) -> list[Matter]:
    """The payment that was to save a card has been made: the rule that waits for it begins. Once, however often."""
    order = payments.load(connection, order_id)
    if order is None or not order.saves or order.status not in _PAID:
        return []
    waiting = store.find_rules(
        connection, rules.c.order_id == order.id, rules.c.status == RuleStatus.waiting.value, lock=True
    )
    if truth.saved is None:
        ended = end_rules(connection, rules.c.id.in_([rule.id for rule in waiting]), Why.not_saved, now)
        return [Matter(Said.not_saved, rule) for rule in ended]
    card_id = new_id(now)
    values = {
        "id": card_id,
        "subscriber_id": order.subscriber_id,
        "provider": order.provider,
        "reference": truth.saved.reference,
        "title": truth.saved.title if waiting else "",
        "order_id": order.id,
        "created_at": now,
        "ended_at": None if waiting else now,
    }
    fresh = insert_for(connection, means).on_conflict_do_nothing().returning(means.c.id)
    if connection.execute(fresh, values).first() is None:
        return []
    if not waiting:
        # The person has thought better of it meanwhile: nothing of theirs stays with the provider.
        tell_provider(connection, card_id, order.provider, truth.saved.reference, now)
        return []
    card = store.load_means(connection, card_id)
    for rule in waiting:
        begun = {"status": RuleStatus.active.value, "means_id": card_id, "look_at": now}
        store.change_rule(connection, rule.id, **begun)
    return [Matter(Said.started, replace(rule, status=RuleStatus.active), means=card) for rule in waiting]
