"""A silent billing never makes anybody wait, and what was last known is said with its time."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
import pytest_asyncio
from sqlalchemy import Connection, func, select, update

from core.billing.breakable import BreakableBilling
from core.billing.embedded import EmbeddedBilling
from core.billing.service import REST, BillingService
from core.billing.snapshots import SAVE_AGAIN_AFTER, erase
from core.billing.tables import accounts, snapshots
from core.clock import ManualClock
from core.database import Database
from core.errors import OutsideUnavailable

OWES, PAID = "7700100218", "7700100101"


class Counting(BreakableBilling):
    """Counts the calls that reach the billing."""

    calls = 0

    async def _suffer(self) -> None:
        self.calls += 1
        await super()._suffer()


@pytest.fixture
def outside(demo: Database, clock: ManualClock) -> Counting:
    return Counting(EmbeddedBilling(demo, clock, live=True))


@pytest_asyncio.fixture
async def service(outside: Counting, demo: Database, clock: ManualClock) -> AsyncIterator[BillingService]:
    # The limit is long where nothing is slow, and replaced where something is.
    yield BillingService(outside, demo, clock, limit=60.0)


def _count(connection: Connection) -> int:
    return connection.scalar(select(func.count()).select_from(snapshots)) or 0


def _taken_at(connection: Connection, account: str) -> datetime | None:
    where = (snapshots.c.account == account, snapshots.c.what == "overview")
    return connection.scalar(select(snapshots.c.taken_at).where(*where))


async def test_fresh_figures_are_said_to_be_fresh(service: BillingService, clock: ManualClock) -> None:
    known = await service.overviews([OWES, PAID])
    assert known.fresh
    assert known.as_of == clock.now()
    assert [one.number for one in known.value] == [OWES, PAID]
    statement = await service.statement(OWES)
    assert statement is not None
    assert statement.fresh
    assert statement.value.account.holder_name
    assert await service.statement("nobody") is None
    assert (await service.overviews([])).value == []
    assert [one.number for one in await service.open_debts("", 2)] == [OWES, "7700100325"]


async def test_a_silent_billing_leaves_the_last_known_figures(
    service: BillingService, outside: Counting, clock: ManualClock
) -> None:
    seen_at = clock.now()
    fresh = await service.statement(OWES)
    assert fresh is not None
    clock.move(timedelta(hours=2))
    outside.mode = "down"
    known = await service.statement(OWES)
    assert known is not None
    assert (known.fresh, known.as_of) == (False, seen_at)
    assert known.value.charges == fresh.value.charges
    overviews = await service.overviews([PAID, OWES])
    assert (overviews.fresh, overviews.as_of) == (False, seen_at)
    assert [one.number for one in overviews.value] == [OWES]  # the other one was never seen


async def test_what_was_written_down_outlives_the_process(
    service: BillingService, outside: Counting, demo: Database, clock: ManualClock
) -> None:
    seen_at = clock.now()
    await service.statement(OWES)
    assert await service.flush() == 2
    assert await service.flush() == 0
    outside.mode = "down"
    reborn = BillingService(outside, demo, clock)
    known = await reborn.statement(OWES)
    assert known is not None
    assert (known.fresh, known.as_of) == (False, seen_at)
    assert known.value.overview == (await reborn.overviews([OWES])).value[0]


async def test_a_copy_bears_no_personal_data(service: BillingService, outside: Counting, demo: Database) -> None:
    await service.statement("7700100870")
    await service.flush()
    rows = await demo.read(lambda connection: list(connection.scalars(select(snapshots.c.json))))
    for secret in ("Соколова", "+79000000010", "anna.sokolova", "Полярная"):
        assert not any(secret in row for row in rows)
    outside.mode = "down"
    known = await service.statement("7700100870")
    assert known is not None
    assert known.value.account.phone == ""


async def test_nothing_known_is_said_as_it_is(service: BillingService, outside: Counting) -> None:
    outside.mode = "down"
    for call in (service.statement(OWES), service.overviews([OWES]), service.find(OWES), service.by_phone("+7900")):
        with pytest.raises(OutsideUnavailable):
            await call


async def test_nobody_is_found_on_old_facts(service: BillingService, outside: Counting) -> None:
    assert await service.find(OWES) is not None
    assert await service.by_phone("+79000000002")
    outside.mode = "down"
    with pytest.raises(OutsideUnavailable):
        await service.find(OWES)
    with pytest.raises(OutsideUnavailable):
        await service.by_phone("+79000000002")


async def test_a_slow_billing_is_cut_off(outside: Counting, demo: Database, clock: ManualClock) -> None:
    service = BillingService(outside, demo, clock, limit=0.01)
    outside.mode, outside.delay = "slow", 3600.0
    async with asyncio.timeout(60):
        with pytest.raises(OutsideUnavailable, match="no answer within"):
            await service.find(OWES)


async def test_after_a_failure_the_billing_rests(
    service: BillingService, outside: Counting, clock: ManualClock
) -> None:
    outside.mode = "down"
    with pytest.raises(OutsideUnavailable):
        await service.find(OWES)
    outside.mode = "ok"
    assert outside.calls == 1
    clock.move(REST - timedelta(seconds=1))
    with pytest.raises(OutsideUnavailable):
        await service.find(OWES)
    assert outside.calls == 1  # not asked
    clock.move(timedelta(seconds=1))
    assert await service.find(OWES) is not None
    clock.move(-timedelta(seconds=1))
    assert await service.find(OWES) is not None  # and the failure is forgotten


async def test_a_clock_moved_back_does_not_keep_the_billing_away(
    service: BillingService, outside: Counting, clock: ManualClock
) -> None:
    outside.mode = "down"
    with pytest.raises(OutsideUnavailable):
        await service.find(OWES)
    outside.mode = "ok"
    clock.move(-timedelta(days=30))
    assert await service.find(OWES) is not None


async def test_a_surprise_is_not_taken_for_silence(demo: Database, clock: ManualClock) -> None:
    class Broken(BreakableBilling):
        async def _suffer(self) -> None:
            raise ZeroDivisionError

    service = BillingService(Broken(EmbeddedBilling(demo, clock)), demo, clock)
    with pytest.raises(ZeroDivisionError):
        await service.find(OWES)


async def test_the_same_figures_are_not_written_again_at_once(
    service: BillingService, demo: Database, clock: ManualClock
) -> None:
    await service.overviews([OWES])
    assert await service.flush() == 1
    clock.move(timedelta(minutes=1))
    await service.overviews([OWES])
    assert await service.flush() == 0
    clock.move(SAVE_AGAIN_AFTER)
    await service.overviews([OWES])
    assert await service.flush() == 1
    assert await demo.read(_taken_at, OWES) == clock.now()
    assert await demo.read(_count) == 1


async def test_changed_figures_are_written_at_once(service: BillingService, demo: Database, clock: ManualClock) -> None:
    await service.overviews([OWES])
    await service.flush()
    change = update(accounts).where(accounts.c.number == OWES).values(balance=-100)
    await demo.write(lambda connection: connection.execute(change).close())
    clock.move(timedelta(seconds=1))
    await service.overviews([OWES])
    assert await service.flush() == 1


async def test_older_figures_of_another_replica_do_not_win(
    outside: Counting, demo: Database, clock: ManualClock
) -> None:
    slow, quick = BillingService(outside, demo, clock), BillingService(outside, demo, clock)
    await slow.overviews([OWES])
    clock.move(timedelta(minutes=1))
    await quick.overviews([OWES])
    await quick.flush()
    await slow.flush()
    assert await demo.read(_taken_at, OWES) == clock.now()


async def test_a_failed_flush_loses_nothing(
    service: BillingService, demo: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await service.overviews([OWES, PAID])
    with monkeypatch.context() as patch:

        async def refuse(*_: object) -> None:
            raise OSError("the disk is full")

        patch.setattr(demo, "write", refuse)
        with pytest.raises(OSError, match="disk"):
            await service.flush()
    assert await service.flush() == 2


async def test_what_nobody_is_linked_to_is_erased(service: BillingService, outside: Counting, demo: Database) -> None:
    await service.statement(OWES)
    await service.flush()
    await service.statement(PAID)
    service.forget([PAID])
    await demo.write(erase, [OWES])
    assert await service.flush() == 0
    assert await demo.read(_count) == 0
    outside.mode = "down"
    with pytest.raises(OutsideUnavailable):
        await service.overviews([OWES, PAID])


async def test_a_copy_of_another_version_is_as_good_as_none(
    service: BillingService, outside: Counting, demo: Database, clock: ManualClock
) -> None:
    await service.overviews([OWES])
    await service.flush()
    spoilt = update(snapshots).values(json='{"other": 1}')
    await demo.write(lambda connection: connection.execute(spoilt).close())
    outside.mode = "down"
    with pytest.raises(OutsideUnavailable):
        await BillingService(outside, demo, clock).overviews([OWES])
