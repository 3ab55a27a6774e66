"""An operator's file is taken in whole, or not at all with every bad line named."""

import csv
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, func, select

from core.billing import csv_fields
from core.billing.csv_fields import BadField
from core.billing.csv_import import ImportReport, import_csv
from core.billing.csv_source import CsvSource
from core.billing.embedded import EmbeddedBilling
from core.billing.explain import explain_debt
from core.billing.tables import accounts, bills, charges, payments, services
from core.clock import ManualClock
from core.database import Database

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
HEADER = (
    "kind;account;contract;holder;phone;plan;balance;service;tariff;price;period;amount;charge_kind;"
    "date;method;id;issued;due"
)
COLUMNS = HEADER.split(";")


def line(kind: str, account: str = "0042-17", **fields: str) -> str:
    return ";".join({"kind": kind, "account": account, **fields}.get(name, "") for name in COLUMNS)


ACCOUNT = line("account", contract="Д-118/21", holder="Мария Иванова", phone="8 900 000-00-01")
GOOD = [
    HEADER,
    line("charge", service="Интернет", period="2026-01", amount="690", id="c1"),  # before its account
    ACCOUNT,
    line("service", service="Интернет", tariff="Дом 300", price="690"),
    line("charge", service="Интернет", period="02.2026", amount="1 690,50", id="c2"),
    line("charge", service="Интернет", period="15.02.2026", amount="-100", charge_kind="discount"),
    line("payment", amount="690", date="12.02.2026", method="Банк"),
    line("payment", amount="690", date="12.02.2026", method="Банк"),  # two alike are two
    line("bill", id="B-2", period="2026-02", amount="1590.50", issued="2026-03-01", due="20.03.2026"),
]


async def take(database: Database, path: Path, text: str | bytes, now: datetime = NOW) -> ImportReport:
    path = path / "file.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return await import_csv(database, path, currency="RUB", country="RU", now=now)


def _everything(connection: Connection) -> list[Any]:
    tables = (accounts, services, charges, payments, bills)
    return [
        sorted(
            (
                tuple(value for name, value in row.items() if name != "balance_at")
                for row in connection.execute(select(table)).mappings()
            ),
            key=str,
        )
        for table in tables
    ]


def _count(connection: Connection) -> int:
    return connection.scalar(select(func.count()).select_from(accounts)) or 0


async def test_a_good_file_is_taken_in_whole(database: Database, tmp_path: Path, clock: ManualClock) -> None:
    report = await take(database, tmp_path, "\n".join(GOOD))
    assert [str(bad) for bad in report.bad] == []
    assert report.applied
    assert report.lines == 8
    assert report.added == {"account": 1, "service": 1, "charge": 3, "payment": 2, "bill": 1}
    billing = EmbeddedBilling(database, clock)
    one = await billing.statement("0042-17")
    assert one is not None
    assert one.account.phone == "+79000000001"
    assert one.account.holder_name == "Мария Иванова"
    assert str(one.overview.balance.amount) == "-900.50"
    assert one.overview.as_of == NOW
    assert one.overview.due == date(2026, 3, 20)
    assert [(str(s.price.amount), s.tariff) for s in one.services] == [("690.00", "Дом 300")]
    assert [str(entry.left.amount) for entry in explain_debt(one)] == ["900.50"]
    found = await billing.find("д118/21")
    assert found is not None
    assert found.number == "0042-17"


async def test_the_same_file_again_changes_nothing_but_the_time(
    database: Database, tmp_path: Path, clock: ManualClock
) -> None:
    await take(database, tmp_path, "\n".join(GOOD))
    before = await database.read(_everything)
    later = datetime(2026, 3, 11, 9, tzinfo=UTC)
    report = await take(database, tmp_path, "\n".join(GOOD), later)
    assert not report.added
    assert not report.changed
    assert report.unchanged.total() == 8
    assert await database.read(_everything) == before
    [one] = await EmbeddedBilling(database, clock).overviews(["0042-17"])
    assert one.as_of == later


async def test_a_known_id_with_other_values_replaces(database: Database, tmp_path: Path, clock: ManualClock) -> None:
    await take(database, tmp_path, "\n".join(GOOD))
    mended = line("charge", service="Интернет", period="2026-01", amount="600", id="c1")
    report = await take(database, tmp_path, "\n".join([HEADER, mended]))
    assert (report.changed, report.added.total()) == ({"charge": 1}, 0)
    [one] = await EmbeddedBilling(database, clock).overviews(["0042-17"])
    assert str(one.balance.amount) == "-810.50"


async def test_a_stated_balance_is_the_balance(database: Database, tmp_path: Path, clock: ManualClock) -> None:
    text = "\n".join(
        [*GOOD, line("account", "77", balance="-1 234,56"), line("payment", "77", amount="5", date="2026-03-01")]
    )
    await take(database, tmp_path, text)
    [one] = await EmbeddedBilling(database, clock).overviews(["77"])
    assert str(one.balance.amount) == "-1234.56"
    statement = await EmbeddedBilling(database, clock).statement("77")
    assert statement is not None
    assert str(statement.opening.amount) == "-1239.56"
    more = [HEADER, line("account", "77", holder="Пётр"), line("payment", "77", amount="234,56", date="2026-03-02")]
    await take(database, tmp_path, "\n".join(more))
    [one] = await EmbeddedBilling(database, clock).overviews(["77"])
    assert str(one.balance.amount) == "-1000.00"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_the_spreadsheet_program_may_choose(tmp_path: Path, encoding: str, delimiter: str, newline: str) -> None:
    path = tmp_path / "file.csv"
    with path.open("w", encoding=encoding, newline="") as file:
        rows = [
            ["Kind", " account", "holder"],
            ["account", "1", 'Иванова, "Мария"; Ё'],
            ["", "", ""],
            ["account", "2", ""],
        ]
        csv.writer(file, delimiter=delimiter, lineterminator=newline).writerows(rows)
    source = CsvSource.open(path)
    assert (source.delimiter, source.header) == (delimiter, ("kind", "account", "holder"))
    first, second = source.records()
    assert (first.line, first.fields["holder"]) == (2, 'Иванова, "Мария"; Ё')
    assert (second.line, second.fields["account"]) == (4, "2")


BAD = {
    "unknown kind": (line("refund"), "The kind 'refund' is none of: account, service, charge, payment, bill."),
    "no kind": (line(""), "The kind '' is none of"),
    "no account": (line("payment", "", amount="1", date="2026-03-01"), "The account is missing."),
    "account of signs": (line("payment", "--", amount="1", date="2026-03-01"), "has neither a digit nor a letter"),
    "unknown account": (line("payment", "99", amount="1", date="2026-03-01"), "neither in this file nor known"),
    "missing field": (line("charge", period="2026-01", amount="1"), "The service is missing."),
    "stray field": (line("payment", amount="1", date="2026-03-01", tariff="x"), "The column tariff means nothing"),
    "too few fields": ("payment;0042-17;5", "The line has 3 fields; the first line names 18 columns."),
    "too many fields": (ACCOUNT + ";", "The line has 19 fields"),
    "words for an amount": (line("payment", amount="много", date="2026-03-01"), "'много' is not an amount"),
    "not a number": (line("payment", amount="NaN", date="2026-03-01"), "is not an amount"),
    "exponent": (line("payment", amount="1e5", date="2026-03-01"), "is not an amount"),
    "two points": (line("payment", amount="1.234,56", date="2026-03-01"), "is not an amount"),
    "too exact": (line("payment", amount="1,234", date="2026-03-01"), "more than 2 digits after the point (RUB)"),
    "too large": (line("payment", amount="1000000000000", date="2026-03-01"), "is too large"),
    "zero payment": (line("payment", amount="0", date="2026-03-01"), "must be above zero"),
    "negative payment": (line("payment", amount="-5", date="2026-03-01"), "must be above zero"),
    "negative charge": (line("charge", service="ТВ", period="2026-01", amount="-5"), "must not be below zero"),
    "positive discount": (
        line("charge", service="ТВ", period="2026-01", amount="5", charge_kind="discount"),
        "A discount's amount must be below zero.",
    ),
    "unknown charge kind": (
        line("charge", service="ТВ", period="2026-01", amount="5", charge_kind="gift"),
        "The charge_kind 'gift' is none of: recurring, usage",
    ),
    "negative price": (line("service", service="ТВ", price="-1"), "The price is below zero."),
    "american date": (line("payment", amount="5", date="03/31/2026"), "is not a date such as"),
    "no such day": (line("payment", amount="5", date="31.02.2026"), "is not in the calendar"),
    "another century": (line("payment", amount="5", date="01.01.0202"), "is not in this century"),
    "no such month": (line("charge", service="ТВ", period="13.2026", amount="5"), "is not in the calendar"),
    "words for a month": (line("charge", service="ТВ", period="март", amount="5"), "is not a month such as"),
    "due before issued": (
        line("bill", id="B", period="2026-01", amount="5", issued="2026-02-02", due="2026-02-01"),
        "due before it is issued",
    ),
    "negative bill": (
        line("bill", id="B", period="2026-01", amount="-5", issued="2026-02-01", due="2026-02-02"),
        "The amount of a bill is below zero.",
    ),
    "reserved id": (line("payment", amount="5", date="2026-03-01", id="#1"), "begins with #"),
    "long id": (line("payment", amount="5", date="2026-03-01", id="1" * 81), "The id is longer than 80 characters."),
    "bad phone": (line("account", "5", phone="call me"), "The phone is not a phone number."),
    "phone of nobody": (line("account", "5", phone="+7 123"), "The phone is not a phone number that exists."),
    "bad plan": (line("account", "5", plan="free"), "The plan 'free' is none of: prepaid, postpaid."),
    "account twice": (line("account"), "The account '0042-17' is already in line 3."),
    "account respelled": (line("account", "00 42 17"), "differs only in spelling from '0042-17' in line 3."),
    "id twice": (
        line("charge", service="ТВ", period="2026-01", amount="5", id="c1"),
        "The charge with the id 'c1' is already in line 2.",
    ),
    "zero byte": (line("account", "5", holder="a\0b"), "zero byte"),
    "long field": (line("account", "5", holder="x" * 300), "The holder is longer than 255 characters."),
    "swallowed file": (line("account", "5", holder="x" * 10_001), "a quotation mark may be missing"),
}


@pytest.mark.parametrize(("bad", "reason"), BAD.values(), ids=BAD)
async def test_a_bad_line_is_named_and_nothing_is_applied(
    sqlite_url: str, tmp_path: Path, bad: str, reason: str
) -> None:
    database = Database(sqlite_url)
    await database.write(accounts.metadata.create_all)
    try:
        report = await take(database, tmp_path, "\n".join([*GOOD, bad]))
        assert [(one.line, reason in one.reason) for one in report.bad] == [(10, True)], [*map(str, report.bad)]
        assert not report.applied
        assert not report.added
        assert await database.read(_count) == 0
    finally:
        await database.close()


FILES: dict[str, tuple[str | bytes, str]] = {
    "empty": ("", "The file is empty"),
    "header alone": (HEADER, "The file has no lines after the first."),
    "unknown column": ("kind;account;colour\naccount;1;red", "The column 'colour' is not known."),
    "nameless column": ("kind;account;\naccount;1;", "A column has no name."),
    "no kind": ("account;holder\n1;x", "The column kind is missing."),
    "column twice": ("kind;account;account\naccount;1;1", "names the column 'account' twice"),
    "utf-16": (HEADER.encode("utf-16"), "The file is in UTF-16."),
    "workbook": (b"PK\x03\x04....", "This is an Excel workbook"),
    "no text": (HEADER.encode() + b"\naccount;\x98\xff", "neither in UTF-8 nor in Windows-1251"),
}


@pytest.mark.parametrize(("content", "reason"), FILES.values(), ids=FILES)
async def test_a_bad_file_is_refused(database: Database, tmp_path: Path, content: str | bytes, reason: str) -> None:
    report = await take(database, tmp_path, content)
    assert [bad.line for bad in report.bad] == [1]
    assert reason in str(report.bad[0])


async def test_every_bad_line_is_named_in_order(database: Database, tmp_path: Path) -> None:
    text = "\n".join(
        [
            HEADER,
            line("account", "5", phone="call me"),
            line("payment", "5", amount="1", date="2026-03-01"),  # not blamed for the line above
            "",
            line("payment", "6", amount="1", date="2026-03-01"),
            line("account", "7", holder='"two\nlines"'),
            line("payment", "7", amount="0", date="2026-03-01"),
        ]
    )
    report = await take(database, tmp_path, text)
    assert [bad.line for bad in report.bad] == [2, 5, 8]
    assert str(report.bad[1]).startswith("Line 5: ")


async def test_a_respelled_or_foreign_account_known_before_is_refused(database: Database, tmp_path: Path) -> None:
    await take(database, tmp_path, "\n".join(GOOD))
    report = await take(database, tmp_path, "\n".join([HEADER, line("account", "004217")]))
    assert "differs only in spelling from '0042-17', known before" in str(report.bad)
    path = tmp_path / "other.csv"
    path.write_text("\n".join([HEADER, line("payment", amount="1", date="2026-03-01")]))
    report = await import_csv(database, path, currency="KZT", country="KZ", now=NOW)
    assert "is kept in RUB, and the file is in KZT" in str(report.bad)


async def test_a_large_file_goes_in_batches(database: Database, tmp_path: Path, clock: ManualClock) -> None:
    rows = [line("account", f"{n:05d}") for n in range(1500)]
    rows += [line("charge", f"{n:05d}", service="ТВ", period="2026-02", amount="1.01") for n in range(1500)]
    rows += [line("payment", f"{n % 1500:05d}", amount="0.01", date="2026-02-01") for n in range(3000)]
    report = await take(database, tmp_path, "\n".join([HEADER, *rows]))
    assert report.added == {"account": 1500, "charge": 1500, "payment": 3000}
    debts = await EmbeddedBilling(database, clock).open_debts("", 2000)
    assert {str(one.debt.amount) for one in debts} == {"0.99"}
    assert len(debts) == 1500


amounts = st.decimals(-(10**9), 10**9, places=2, allow_nan=False, allow_infinity=False)


@given(amounts, st.sampled_from([".", ","]), st.sampled_from(["", " ", "\u00a0", "\u202f", "'"]))
def test_an_amount_is_read_exactly(value: Any, point: str, gap: str) -> None:
    text = f"{value:,.2f}".replace(".", "p").replace(",", gap).replace("p", point)
    assert csv_fields.amount("amount", text, "RUB").amount == value


@given(st.text(max_size=30))
def test_no_text_breaks_a_field(text: str) -> None:
    for read in (
        lambda: csv_fields.amount("x", text, "RUB"),
        lambda: csv_fields.day("x", text),
        lambda: csv_fields.month("x", text),
        lambda: csv_fields.phone("x", text, "RU"),
        lambda: csv_fields.yes("x", text),
        lambda: csv_fields.email("x", text),
    ):
        try:
            read()
        except BadField as error:
            assert str(error).startswith("The x")
