"""Auto-payment as conversations use it: read at once, changed by writes that take effect with the turn."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

from sqlalchemy import Connection, and_, insert

from core.billing.numbers import AccountNumber
from core.clock import Clock
from core.database import Database
from core.delivery.writes import Write
from core.errors import Stale
from core.ids import new_id
from core.payments.autopay import store
from core.payments.autopay.charging import go_on
from core.payments.autopay.ending import end_rules, forget_means
from core.payments.autopay.models import (
    AutopayTerms,
    Charge,
    ChargeStatus,
    Draft,
    Rule,
    RuleStatus,
    SavedMeans,
    Why,
)
from core.payments.autopay.planning import EVERY
from core.payments.autopay.tables import rules

SKIPPED_FOR = EVERY * 24 * 7
"""After "not this time" a threshold is left alone for a week: the debt is still there tomorrow."""


class Autopay:
    """``terms`` None: the operator has it switched off. ``keepers``: the providers that can save a means."""

    def __init__(
        self, database: Database, clock: Clock, terms: AutopayTerms | None, keepers: Collection[str] = ()
    ) -> None:
        self._database = database
        self._clock = clock
        self.terms = terms
        self.keepers = frozenset(keepers) if terms is not None else frozenset()

    @property
    def on(self) -> bool:
        return bool(self.keepers)

    # -- what there is -----------------------------------------------------------------------------------------------

    async def rules_of(self, subscriber_id: str) -> list[Rule]:
        """Those that are not off, the oldest first."""
        found = await self._database.read(store.rules_of, subscriber_id)
        return sorted(found, key=lambda rule: rule.created_at)

    async def rule(self, rule_id: str, subscriber_id: str) -> Rule | None:
        """None also for somebody else's: the id may be forged."""
        found = await self._database.read(store.load_rule, rule_id)
        return found if found is not None and found.subscriber_id == subscriber_id else None

    async def rule_for(self, subscriber_id: str, account: AccountNumber) -> Rule | None:
        return next((one for one in await self.rules_of(subscriber_id) if one.account == account), None)

    async def charge(self, charge_id: str, subscriber_id: str) -> Charge | None:
        found = await self._database.read(store.load_charge, charge_id)
        return found if found is not None and await self.rule(found.rule_id, subscriber_id) is not None else None

    async def living(self, rule_id: str) -> Charge | None:
        """The charge that is announced or being made."""
        return await self._database.read(store.living_charge, rule_id)

    async def being_made(self, accounts: Sequence[AccountNumber]) -> frozenset[AccountNumber]:
        """Accounts that are being paid by themselves at this moment: whoever pays now pays twice."""
        return await self._database.read(store.being_made, accounts)

    async def charges_of(self, rule_id: str, limit: int = 6) -> list[Charge]:
        """The newest first."""
        return await self._database.read(store.charges_of, rule_id, limit)

    async def cards(self, subscriber_id: str) -> list[SavedMeans]:
        return await self._database.read(store.means_of, subscriber_id)

    async def card(self, means_id: str, subscriber_id: str) -> SavedMeans | None:
        found = await self._database.read(store.load_means, means_id) if means_id else None
        return found if found is not None and found.subscriber_id == subscriber_id else None

    # -- changes -----------------------------------------------------------------------------------------------------

    def begin(self, subscriber_id: str, chat_id: str, draft: Draft, means_id: str, due_on: date | None) -> Write:
        """A rule that charges a saved means from now on; Stale when that is gone."""

        def apply(connection: Connection) -> None:
            card = store.load_means(connection, means_id)
            if card is None or card.subscriber_id != subscriber_id or not card.valid:
                raise Stale("begin auto-payment: the card is gone")
            self._add(connection, subscriber_id, chat_id, draft, due_on, means_id=means_id)

        return Write("begin auto-payment", apply)

    def wait(self, subscriber_id: str, chat_id: str, draft: Draft, order_id: str, due_on: date | None) -> Write:
        """A rule that begins once this payment, which saves the card, has been made."""

        def apply(connection: Connection) -> None:
            self._add(connection, subscriber_id, chat_id, draft, due_on, order_id=order_id)

        return Write("prepare auto-payment", apply)

    def _add(
        self,
        connection: Connection,
        subscriber_id: str,
        chat_id: str,
        draft: Draft,
        due_on: date | None,
        *,
        means_id: str = "",
        order_id: str = "",
    ) -> None:
        now = self._clock.now()
        mine = and_(rules.c.subscriber_id == subscriber_id, rules.c.account == draft.account)
        end_rules(connection, mine, Why.replaced, now)
        row = {
            "id": new_id(now),
            "subscriber_id": subscriber_id,
            "account": draft.account,
            "chat_id": chat_id,
            "means_id": means_id,
            "order_id": order_id,
            "trigger": draft.trigger.value,
            "day": draft.day,
            "currency": draft.limit.currency,
            "threshold": draft.threshold.minor if draft.threshold is not None else 0,
            "topup": draft.topup.minor if draft.topup is not None else 0,
            "month_limit": draft.limit.minor,
            "status": (RuleStatus.active if means_id else RuleStatus.waiting).value,
            "due_on": due_on,
            "look_at": now if means_id else None,
            "created_at": now,
        }
        connection.execute(insert(rules), row)

    def stop(self, rule: Rule, charge: Charge | None) -> Write:
        """Off, at once. Stale where there is another charge than ``charge``, or it has gone further meanwhile."""
        now = self._clock.now()

        def apply(connection: Connection) -> None:
            # The lock first: a charge is begun under the same one.
            store.load_rule(connection, rule.id, lock=True)
            found = store.living_charge(connection, rule.id)
            if _stage(found) != _stage(charge):
                raise Stale("stop auto-payment: a charge has gone on meanwhile")
            if not end_rules(connection, rules.c.id == rule.id, Why.person, now):
                raise Stale("stop auto-payment: it is off")

        return Write("stop auto-payment", apply)

    def skip(self, charge: Charge) -> Write:
        """Not this time. Stale when the charge is over, or at the provider already."""
        now = self._clock.now()

        def apply(connection: Connection) -> None:
            rule = store.load_rule(connection, charge.rule_id, lock=True)
            found = store.load_charge(connection, charge.id, lock=True)
            if rule is None or found is None or found.status is not ChargeStatus.announced:
                raise Stale("skip charge: it is not waiting any more")
            store.end_charge(connection, charge.id, ChargeStatus.cancelled, Why.person.value, now)
            go_on(connection, rule, now, pause=SKIPPED_FOR)

        return Write("skip charge", apply)

    def resume(self, rule: Rule, due_on: date | None) -> Write:
        """A paused rule goes on; Stale when it is not paused, or its card is gone."""
        now = self._clock.now()

        def apply(connection: Connection) -> None:
            found = store.load_rule(connection, rule.id, lock=True)
            card = store.load_means(connection, rule.means_id)
            if found is None or found.status is not RuleStatus.paused or card is None or not card.valid:
                raise Stale("resume auto-payment: it is not paused, or the card is gone")
            again = {"status": RuleStatus.active.value, "reason": "", "failures": 0, "look_at": now, "due_on": due_on}
            store.change_rule(connection, rule.id, **again)

        return Write("resume auto-payment", apply)

    def forget(self, subscriber_id: str, means_id: str) -> Write:
        """A saved card is forgotten; the rules that charge it pause."""
        now = self._clock.now()

        def apply(connection: Connection) -> None:
            if forget_means(connection, subscriber_id, means_id, now) is None:
                raise Stale("forget card: it is gone")

        return Write("forget card", apply)


def _stage(charge: Charge | None) -> tuple[str, str] | None:
    return (charge.id, charge.status.value) if charge is not None else None
