"""One-time codes: what they are, how long they live, and the limits that hold when two chats race."""

import asyncio
import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, inspect, select, text

from core.clock import ManualClock
from core.database import Database
from core.delivery.tables import tasks
from core.errors import Stale
from core.operator import Operator
from core.subscribers.codes import (
    TRIES,
    CodeService,
    Expired,
    Issued,
    NotACode,
    Passed,
    Purpose,
    Spent,
    TooMany,
    TooSoon,
    Way,
    Wrong,
    read_code,
)
from tests.subscribers.conftest import Commit
from tests.support.dialogue import SECRET

CHAT, PHONE = "telegram:1", "+79000000001"


async def issue(codes: CodeService, commit: Commit, chat: str = CHAT, phone: str = PHONE) -> Issued:
    sending = await codes.prepare(chat, Purpose.phone, Way.sms, phone)
    assert isinstance(sending, Issued), sending
    await commit(*sending.writes)
    return sending


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


@pytest.mark.parametrize("spelling", ["{0}", " {0} ", "{1} {2}", "{1}-{2}", "код {0}", "{1} {2}."])
async def test_the_code_passes_in_any_spelling(codes: CodeService, commit: Commit, spelling: str) -> None:
    sent = await issue(codes, commit)
    code = codes.code(sent.challenge_id)
    verdict = await codes.check(sent.challenge_id, CHAT, Purpose.phone, spelling.format(code, code[:3], code[3:]))
    assert isinstance(verdict, Passed)
    assert verdict.target == PHONE


async def test_a_code_passes_once(codes: CodeService, commit: Commit) -> None:
    sent = await issue(codes, commit)
    code = codes.code(sent.challenge_id)
    first = await codes.check(sent.challenge_id, CHAT, Purpose.phone, code)
    again = await codes.check(sent.challenge_id, CHAT, Purpose.phone, code)
    assert isinstance(first, Passed)
    assert isinstance(again, Passed)
    await commit(*first.writes)
    with pytest.raises(Stale):
        await commit(*again.writes)
    assert isinstance(await codes.check(sent.challenge_id, CHAT, Purpose.phone, code), Spent)


async def test_five_tries_and_no_more(codes: CodeService, commit: Commit) -> None:
    sent = await issue(codes, commit)
    code = codes.code(sent.challenge_id)
    for left in reversed(range(TRIES)):
        verdict = await codes.check(sent.challenge_id, CHAT, Purpose.phone, other_than(code))
        assert isinstance(verdict, Wrong)
        assert verdict.tries_left == left
        await commit(*verdict.writes)
    assert isinstance(await codes.check(sent.challenge_id, CHAT, Purpose.phone, code), Spent)


async def test_two_guesses_that_race_cost_two_tries(codes: CodeService, commit: Commit) -> None:
    sent = await issue(codes, commit)
    wrong = other_than(codes.code(sent.challenge_id))
    both = [await codes.check(sent.challenge_id, CHAT, Purpose.phone, wrong) for _ in range(2)]
    assert all(isinstance(verdict, Wrong) for verdict in both)
    await commit(*both[0].writes)  # type: ignore[union-attr]  # both are Wrong
    with pytest.raises(Stale):  # the turn runs again, and counts its own try
        await commit(*both[1].writes)  # type: ignore[union-attr]  # as above
    third = await codes.check(sent.challenge_id, CHAT, Purpose.phone, wrong)
    assert isinstance(third, Wrong)
    assert third.tries_left == TRIES - 2


async def test_a_guess_does_not_pass_on_a_try_that_another_guess_took(codes: CodeService, commit: Commit) -> None:
    sent = await issue(codes, commit)
    code = codes.code(sent.challenge_id)
    right = await codes.check(sent.challenge_id, CHAT, Purpose.phone, code)
    wrong = await codes.check(sent.challenge_id, CHAT, Purpose.phone, other_than(code))
    assert isinstance(right, Passed)
    assert isinstance(wrong, Wrong)
    await commit(*wrong.writes)
    with pytest.raises(Stale):
        await commit(*right.writes)


async def test_what_is_no_code_costs_no_try(codes: CodeService, commit: Commit) -> None:
    sent = await issue(codes, commit)
    for typed in ("", "hello", "12345", "1234567"):
        assert isinstance(await codes.check(sent.challenge_id, CHAT, Purpose.phone, typed), NotACode)


async def test_it_lives_five_minutes(codes: CodeService, commit: Commit, clock: ManualClock) -> None:
    sent = await issue(codes, commit)
    code = codes.code(sent.challenge_id)
    clock.move(timedelta(minutes=5) - timedelta(seconds=1))
    assert isinstance(await codes.check(sent.challenge_id, CHAT, Purpose.phone, code), Passed)
    clock.move(timedelta(seconds=1))
    assert isinstance(await codes.check(sent.challenge_id, CHAT, Purpose.phone, code), Expired)


async def test_it_is_worth_nothing_elsewhere(codes: CodeService, commit: Commit) -> None:
    sent = await issue(codes, commit)
    code = codes.code(sent.challenge_id)
    assert isinstance(await codes.check(sent.challenge_id, "viber:1", Purpose.phone, code), Spent)
    assert isinstance(await codes.check(sent.challenge_id, CHAT, Purpose.account, code), Spent)
    assert isinstance(await codes.check("no-such-one", CHAT, Purpose.phone, code), Spent)


async def test_a_new_code_ends_the_old_one(codes: CodeService, commit: Commit, clock: ManualClock) -> None:
    old = await issue(codes, commit)
    clock.move(timedelta(seconds=60))
    new = await issue(codes, commit)
    assert isinstance(await codes.check(old.challenge_id, CHAT, Purpose.phone, codes.code(old.challenge_id)), Spent)
    assert isinstance(await codes.check(new.challenge_id, CHAT, Purpose.phone, codes.code(new.challenge_id)), Passed)


async def test_the_next_one_goes_out_after_a_minute(codes: CodeService, commit: Commit, clock: ManualClock) -> None:
    sent = await issue(codes, commit)
    clock.move(timedelta(seconds=59))
    for chat in (CHAT, "viber:2"):  # whoever asks, one phone is not flooded
        assert await codes.prepare(chat, Purpose.phone, Way.sms, PHONE) == TooSoon(sent.resend_at)
    clock.move(timedelta(seconds=1))
    await issue(codes, commit)


async def test_five_a_day_for_a_phone(codes: CodeService, commit: Commit, clock: ManualClock) -> None:
    began = clock.now()
    for number in range(5):
        await issue(codes, commit, chat=f"telegram:{number}")
        clock.move(timedelta(minutes=2))
    refused = await codes.prepare("telegram:9", Purpose.phone, Way.sms, PHONE)
    assert refused == TooMany(began + timedelta(days=1))
    clock.at = began + timedelta(days=1)
    await issue(codes, commit, chat="telegram:9")


async def test_five_a_day_for_a_chat(codes: CodeService, commit: Commit, clock: ManualClock) -> None:
    began = clock.now()
    for number in range(5):
        await issue(codes, commit, phone=f"+7900000001{number}")
    refused = await codes.prepare(CHAT, Purpose.email, Way.email, "anna@mail.ru")
    assert refused == TooMany(began + timedelta(days=1))


async def test_a_code_that_was_not_sent_does_not_count(codes: CodeService, commit: Commit, clock: ManualClock) -> None:
    for _ in range(7):
        sent = await issue(codes, commit)
        await codes.not_sent(sent.challenge_id)
    await issue(codes, commit)


async def test_a_gateway_that_fails_is_not_called_without_end(
    codes: CodeService, commit: Commit, clock: ManualClock
) -> None:
    """Each try may cost money, and a gateway that answers too late has perhaps sent it after all."""
    began = clock.now()
    for _ in range(15):
        sent = await issue(codes, commit)
        await codes.not_sent(sent.challenge_id)
    refused = await codes.prepare("telegram:9", Purpose.phone, Way.sms, PHONE)
    assert refused == TooMany(began + timedelta(days=1))
    assert isinstance(await codes.prepare("telegram:9", Purpose.phone, Way.sms, "+79000000077"), Issued)


async def test_a_double_tap_sends_one(codes: CodeService, commit: Commit) -> None:
    taps = [await codes.prepare(CHAT, Purpose.phone, Way.sms, PHONE) for _ in range(2)]
    assert all(isinstance(tap, Issued) for tap in taps)
    await commit(*taps[0].writes)  # type: ignore[union-attr]  # both are Issued
    with pytest.raises(Stale):
        await commit(*taps[1].writes)  # type: ignore[union-attr]  # as above


async def test_two_chats_at_once_send_one(codes: CodeService, commit: Commit, database: Database) -> None:
    sendings = [await codes.prepare(f"telegram:{n}", Purpose.phone, Way.sms, PHONE) for n in range(6)]
    results = await asyncio.gather(
        *(commit(*sending.writes) for sending in sendings if isinstance(sending, Issued)), return_exceptions=True
    )
    assert sum(result is None for result in results) == 1
    assert sum(isinstance(result, Stale) for result in results) == 5


async def test_neither_the_code_nor_the_secret_lies_in_the_database(
    codes: CodeService, commit: Commit, database: Database
) -> None:
    sent = await issue(codes, commit)
    code = codes.code(sent.challenge_id)

    values = await database.read(_everything)
    assert values
    assert not [value for value in values if value == code or f'"{code}"' in value or SECRET in value]
    challenge = await codes.find(sent.challenge_id)
    assert challenge is not None
    assert len(challenge.code_hash) == 64


def _everything(connection: Connection) -> list[str]:
    return [
        str(value)
        for table in inspect(connection).get_table_names()
        for row in connection.execute(text(f'SELECT * FROM "{table}"'))
        for value in row
    ]


async def test_the_task_names_the_challenge_alone(codes: CodeService, commit: Commit, database: Database) -> None:
    sent = await issue(codes, commit)
    payload = json.loads(
        await database.read(lambda connection: connection.execute(select(tasks.c.payload)).scalar_one())
    )
    assert payload == {"challenge": sent.challenge_id, "language": "ru"}


def _service(secret: str) -> CodeService:
    return CodeService(None, ManualClock(), Operator(), secret)  # type: ignore[arg-type]  # no database is asked


@given(st.text("0123456789abcdefghjkmnpqrstvwxyz", min_size=16, max_size=16))
def test_a_code_is_six_digits_and_always_the_same(challenge: str) -> None:
    code = _service(SECRET).code(challenge)
    assert len(code) == 6
    assert code.isascii()
    assert code.isdigit()
    assert code == _service(SECRET).code(challenge)


def test_another_secret_makes_other_codes() -> None:
    ids = [f"challenge{number:07d}" for number in range(50)]
    ours = [_service(SECRET).code(one) for one in ids]
    assert ours != [_service(SECRET + "x").code(one) for one in ids]
    assert len(set(ours)) > 45  # they are spread, not stuck


@given(st.text(max_size=200))
def test_reading_a_code_never_fails(typed: str) -> None:
    code = read_code(typed)
    assert code is None or (len(code) == 6 and code.isascii() and code.isdigit())


@given(st.integers(0, 999_999), st.lists(st.sampled_from([" ", "-", ".", "\n", "код "]), max_size=5))
def test_what_stands_between_the_digits_does_not_matter(number: int, between: list[str]) -> None:
    code = f"{number:06d}"
    gaps = [*between, *[""] * (6 - len(between))]
    assert read_code("".join(digit + gap for digit, gap in zip(code, gaps, strict=True))) == code
