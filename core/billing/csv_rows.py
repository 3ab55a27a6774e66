"""What each kind of line in an operator's file means: which columns it has and which row of which table it becomes."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Table

from core.billing import csv_fields as parse
from core.billing import tables
from core.billing.csv_fields import BadField
from core.billing.models import AccountKind, AccountNumber, AccountState, ChargeKind, HolderKind
from core.billing.numbers import number_key

COLUMNS: dict[str, tuple[frozenset[str], frozenset[str]]] = {  # kind of line -> (must be filled, may be filled)
    "account": (
        frozenset({"account"}),
        frozenset(
            {"contract", "holder", "holder_kind", "address", "region", "phone", "email"}
            | {"state", "plan", "credit_limit", "linkable", "balance"}
        ),
    ),
    "service": (frozenset({"account", "service", "price"}), frozenset({"tariff", "since", "until", "id"})),
    "charge": (
        frozenset({"account", "period", "service", "amount"}),
        frozenset({"charge_kind", "description", "id"}),
    ),
    "payment": (frozenset({"account", "date", "amount"}), frozenset({"method", "id"})),
    "bill": (frozenset({"account", "id", "period", "issued", "due", "amount"}), frozenset()),
}
ALL_COLUMNS = frozenset({"kind"}).union(*(must | may for must, may in COLUMNS.values()))


@dataclass(frozen=True, slots=True)
class Row:
    """One line as a table's row. ``balance`` is the account's stated balance in minor units, where it is stated."""

    table: Table
    account: AccountNumber
    id: str  # empty for an account
    values: dict[str, Any]
    balance: int | None = None


@dataclass
class RowMaker:
    """Makes rows of one reading of one file: lines without an id are told apart by counting their likes.

    ``currency`` is the operator's; ``country`` that of phone numbers without a country code.
    """

    currency: str
    country: str
    _likes: Counter[str] = field(default_factory=Counter)

    def row(self, fields: Mapping[str, str]) -> Row:
        """Raises BadField."""
        kind = fields.get("kind", "").lower()
        if kind not in COLUMNS:
            raise BadField(f"The kind {fields.get('kind', '')!r} is none of: {', '.join(COLUMNS)}.")
        must, may = COLUMNS[kind]
        for name in sorted(must):
            if not fields.get(name):
                raise BadField(f"The {name} is missing.")
        for name, text in fields.items():
            if text and name != "kind" and name not in must | may:
                raise BadField(f"The column {name} means nothing in a line of the kind {kind}.")
        account = parse.words("account", fields["account"], tables.NUMBER)
        if not number_key(account):
            raise BadField(f"The account {account!r} has neither a digit nor a letter.")
        return _MAKERS[kind](self, account, fields)

    def account(self, account: AccountNumber, fields: Mapping[str, str]) -> Row:
        get = fields.get
        contract = parse.words("contract", get("contract", ""), tables.NUMBER)
        limit = parse.amount("credit_limit", get("credit_limit") or "0", self.currency)
        if limit.minor < 0:
            raise BadField("The credit_limit is below zero.")
        values = {
            "number": account,
            "key": number_key(account),
            "contract": contract,
            "contract_key": number_key(contract),
            "holder_name": parse.words("holder", get("holder", ""), 255),
            "holder_kind": parse.one_of("holder_kind", get("holder_kind") or "person", HolderKind).value,
            "address": parse.words("address", get("address", ""), 500),
            "region": parse.words("region", get("region", ""), 100),
            "phone": parse.phone("phone", get("phone", ""), self.country) if get("phone") else "",
            "email": parse.words("email", parse.email("email", get("email", "")), 254) if get("email") else "",
            "state": parse.one_of("state", get("state") or "active", AccountState).value,
            "kind": parse.one_of("plan", get("plan") or "postpaid", AccountKind).value,
            "currency": self.currency,
            "credit_limit": limit.minor,
            "linkable": parse.yes("linkable", get("linkable") or "yes"),
        }
        balance = parse.amount("balance", get("balance", ""), self.currency).minor if get("balance") else None
        return Row(tables.accounts, account, "", values, balance)

    def service(self, account: AccountNumber, fields: Mapping[str, str]) -> Row:
        name = parse.words("service", fields["service"], 200)
        price = parse.amount("price", fields["price"], self.currency)
        since = parse.day("since", fields["since"]) if fields.get("since") else None
        until = parse.day("until", fields["until"]) if fields.get("until") else None
        if price.minor < 0:
            raise BadField("The price is below zero.")
        if since and until and until < since:
            raise BadField("The service ends (until) before it begins (since).")
        tariff = parse.words("tariff", fields.get("tariff", ""), 200)
        values = {"name": name, "tariff": tariff, "price": price.minor, "since": since, "until": until}
        return self._row(tables.services, account, fields, values, name)

    def charge(self, account: AccountNumber, fields: Mapping[str, str]) -> Row:
        amount = parse.amount("amount", fields["amount"], self.currency)
        kind = parse.one_of("charge_kind", fields.get("charge_kind") or "recurring", ChargeKind)
        if kind is ChargeKind.discount and amount.minor > 0:
            raise BadField("A discount's amount must be below zero.")
        if kind not in (ChargeKind.discount, ChargeKind.adjustment) and amount.minor < 0:
            raise BadField(f"The amount of a charge of the kind {kind.value} must not be below zero.")
        values = {
            "period": parse.month("period", fields["period"]),
            "service": parse.words("service", fields["service"], 200),
            "amount": amount.minor,
            "kind": kind.value,
            "description": parse.words("description", fields.get("description", ""), 500),
        }
        return self._row(tables.charges, account, fields, values, *map(str, values.values()))

    def payment(self, account: AccountNumber, fields: Mapping[str, str]) -> Row:
        amount = parse.amount("amount", fields["amount"], self.currency)
        if amount.minor <= 0:
            raise BadField("The amount of a payment must be above zero; give a payment taken back as an adjustment.")
        method = parse.words("method", fields.get("method", ""), 200)
        values = {"date": parse.day("date", fields["date"]), "amount": amount.minor, "method": method}
        return self._row(tables.payments, account, fields, values, *map(str, values.values()))

    def bill(self, account: AccountNumber, fields: Mapping[str, str]) -> Row:
        amount = parse.amount("amount", fields["amount"], self.currency)
        issued, due = parse.day("issued", fields["issued"]), parse.day("due", fields["due"])
        if due < issued:
            raise BadField("The bill is due before it is issued.")
        if amount.minor < 0:
            raise BadField("The amount of a bill is below zero.")
        period = parse.month("period", fields["period"])
        values = {"period": period, "issued": issued, "due": due, "amount": amount.minor}
        return self._row(tables.bills, account, fields, values)

    def _row(
        self, table: Table, account: AccountNumber, fields: Mapping[str, str], values: dict[str, Any], *natural: str
    ) -> Row:
        """Two lines alike in every respect are two rows; the same file read again makes the same two."""
        if given := fields.get("id"):
            key = parse.words("id", given, tables.ID)
            if key.startswith("#"):
                raise BadField("The id begins with #, which is kept for lines without an id.")
        else:
            like = "\x1f".join((table.name, account, *natural))
            self._likes[like] += 1
            key = "#" + hashlib.sha256(f"{like}\x1f{self._likes[like]}".encode()).hexdigest()[:32]
        return Row(table, account, key, {"account": account, "id": key, **values})


_MAKERS: dict[str, Callable[[RowMaker, AccountNumber, Mapping[str, str]], Row]] = {
    "account": RowMaker.account,
    "service": RowMaker.service,
    "charge": RowMaker.charge,
    "payment": RowMaker.payment,
    "bill": RowMaker.bill,
}
