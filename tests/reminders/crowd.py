"""Fills a database with a million accounts in seconds: the database makes the rows itself."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, Date, bindparam, text

from core.billing.tables import accounts, bills, charges
from core.database import UtcDateTime
from core.delivery.tables import conversations
from core.subscribers.tables import account_links, chats, subscribers

DUE = date(2026, 3, 20)
ISSUED, PERIOD = date(2026, 3, 1), date(2026, 2, 1)
DEBT = 50_000  # minor units
OWING = 10  # every so many accounts one is in debt

_TABLES = (accounts, bills, charges, subscribers, chats, conversations, account_links)

# {number}, {person} and {n} are expressions of the row's number. A third uses Viber, a quarter lives in each region.
_ROWS = """
INSERT INTO billing_accounts
    (number, key, holder_kind, state, kind, currency, linkable, balance, balance_at)
SELECT {number}, {number}, 'person', 'active', 'postpaid', 'RUB', true, {balance}, :now FROM {series};

INSERT INTO billing_charges (account, id, period, service, amount, kind)
SELECT {number}, 'c', :period, 'Internet', {debt}, 'recurring' FROM {series};

INSERT INTO billing_bills (account, id, period, issued, due, amount)
SELECT {number}, 'b', :period, :issued, :due, {debt} FROM {series};

INSERT INTO subscribers (id, name, region, created_at)
SELECT {person}, {person}, {region}, :now FROM {series};

INSERT INTO chats (chat_id, channel, address, subscriber_id, language, status, created_at)
SELECT {channel} || ':' || {person}, {channel}, {person}, {person}, 'en', 'active', :now FROM {series};

INSERT INTO conversations (chat_id, state, version, heard_at)
SELECT {channel} || ':' || {person}, '', 1, :now FROM {series};

INSERT INTO account_links (id, subscriber_id, account_number, role, proof, created_at)
SELECT {link}, {person}, {number}, 'owner', 'phone', :now FROM {series}
"""


def fill_crowd(connection: Connection, size: int, now: datetime) -> None:
    """``size`` accounts with a bill, a registered person and a chat each; every tenth is in debt by its whole bill."""
    if connection.dialect.name == "postgresql":
        series, number = f"generate_series(0, {size - 1}) AS s(n)", "lpad(n::text, 9, '0')"
    else:
        rows = f"WITH RECURSIVE s(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM s WHERE n < {size - 1}) SELECT n FROM s"
        series, number = f"({rows})", "printf('%09d', n)"
    words = {
        "series": series,
        "number": number,
        "person": f"'p' || {number}",
        "link": f"'l' || {number}",
        "balance": f"CASE WHEN n % {OWING} = 0 THEN -{DEBT} ELSE 0 END",
        "debt": str(DEBT),
        "region": "CASE n / 10 % 4 WHEN 0 THEN 'RU-MOW' WHEN 1 THEN 'RU-KGD' WHEN 2 THEN 'RU-SVE' ELSE 'RU-KAM' END",
        "channel": "CASE n % 3 WHEN 0 THEN 'viber' ELSE 'telegram' END",
    }
    given: list[BindParameter[Any]] = [bindparam("now", now, UtcDateTime), bindparam("period", PERIOD, Date)]
    given += [bindparam("issued", ISSUED, Date), bindparam("due", DUE, Date)]
    indexes = [index for table in _TABLES for index in table.indexes]
    if connection.dialect.name == "postgresql":
        # Foreign keys are not looked up for each row, which a database's owner alone may ask for.
        connection.execute(text("SET LOCAL session_replication_role = replica"))
    for index in indexes:
        index.drop(connection)
    for statement in _ROWS.split(";"):
        typed = [one for one in given if f":{one.key}" in statement]
        connection.execute(text(statement.format(**words)).bindparams(*typed))
    for index in indexes:
        index.create(connection)
    connection.execute(text("ANALYZE"))
