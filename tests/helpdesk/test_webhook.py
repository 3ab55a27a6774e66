"""Zammad's calls: only signed ones, each once, of any size and shape; what they say is never believed."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import func, select

from core.appeals.mirror_tables import helpdesk_calls
from core.delivery.tables import tasks
from handlers.helpdesk.webhook import LARGEST, signed, ticket_of
from tests.helpdesk.doubles.zammad import SECRET, signed_letter
from tests.helpdesk.house import House


async def waiting(house: House) -> int:
    query = select(func.count()).select_from(tasks).where(tasks.c.status == "pending", tasks.c.kind == "take_helpdesk")
    return await house.database.read(lambda connection: connection.execute(query).scalar_one())


def letter_of(ticket: int, **more: object) -> bytes:
    return json.dumps({"ticket": {"id": ticket, **more}}).encode()


async def test_forged_calls_are_refused(house: House) -> None:
    body = letter_of(101)
    honest = signed_letter(body)
    forged = [
        {key: value for key, value in honest.headers.items() if key != "X-Hub-Signature"},
        honest.headers | {"X-Hub-Signature": ""},
        honest.headers | {"X-Hub-Signature": "sha1="},
        honest.headers | {"X-Hub-Signature": honest.headers["X-Hub-Signature"].removeprefix("sha1=")},
        honest.headers | {"X-Hub-Signature": honest.headers["X-Hub-Signature"].replace("sha1", "sha256")},
        honest.headers | {"X-Hub-Signature": "sha1=" + "0" * 40},
        signed_letter(body, secret="another secret").headers,
        signed_letter(body + b" ").headers,
    ]
    letters = [dataclasses.replace(honest, headers=headers) for headers in forged]
    letters.append(dataclasses.replace(honest, body=letter_of(102)))
    assert set(await house.deliver(letters)) == {403}
    assert await waiting(house) == 0


@pytest.mark.parametrize("header", ["sha1=\udcff", "sha1=é" * 3, "=", "sha1", "SHA1=" + "F" * 40, "x" * 10_000])
def test_no_header_breaks_the_check(header: str) -> None:
    assert not signed(SECRET, header, b"{}")


def test_nothing_is_signed_without_a_secret() -> None:
    empty = signed_letter(b"{}", secret="")
    assert not signed("", empty.headers["X-Hub-Signature"], b"{}")


async def test_repeated_and_replayed_calls_are_taken_once(house: House) -> None:
    letter = signed_letter(letter_of(101), delivery="job-1")
    assert await house.deliver([letter] * 3) == [200] * 3
    assert await waiting(house) == 1
    # The header that names the delivery is not signed: another one makes no other call of it.
    replayed = dataclasses.replace(letter, headers=letter.headers | {"X-Zammad-Delivery": "job-2"})
    # A delivery that is tried again tells of the ticket as it is by then.
    retried = signed_letter(letter_of(101, state="closed"), delivery="job-1")
    assert await house.deliver([replayed, retried]) == [200] * 2
    assert await waiting(house) == 1
    other = signed_letter(letter_of(101, state="open"), delivery="job-3")
    assert await house.deliver([other]) == [200]
    assert await waiting(house) == 2
    rows = await house.database.read(lambda connection: connection.execute(select(helpdesk_calls)).all())
    assert sorted(row.repeats for row in rows) == [0, 4]


async def test_a_call_without_a_delivery_is_taken(house: House) -> None:
    letter = signed_letter(letter_of(101))
    del letter.headers["X-Zammad-Delivery"]
    assert await house.deliver([letter, letter]) == [200, 200]
    assert await waiting(house) == 1


async def test_huge_calls_are_refused_before_they_are_read(house: House) -> None:
    large = signed_letter(letter_of(101, title="x" * LARGEST))
    assert await house.deliver([large]) == [413]

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(LARGEST // 100_000 + 2):
            yield b"x" * 100_000
        raise AssertionError("it was read to the end")

    answer = await house.http.post("/helpdesk/zammad", content=endless(), headers=large.headers)
    assert answer.status_code == 413
    fits = signed_letter(letter_of(101, title="x" * 1_500_000))
    assert await house.deliver([fits]) == [200]


BODIES = [
    b"",
    b"{",
    b"[]",
    b"null",
    b'{"ticket": null}',
    b'{"ticket": {"id": null}}',
    b'{"ticket": {"id": "7"}}',
    b'{"ticket": {"id": -7}}',
    b'{"ticket": {"id": 0}}',
    b'{"ticket": {"id": true}}',
    b'{"ticket": {"id": 1e400}}',
    b'{"ticket": {"id": 99999999999999999999999}}',
    b'{"ticket": {"id": 7.5}}',
    b'{"ticket": "7"}',
    b"\xff\xfe",
    b"[" * 100_000,
]


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
async def test_what_names_no_ticket_is_refused(house: House, body: bytes) -> None:
    assert ticket_of(body) is None
    assert await house.deliver([signed_letter(body)]) == [400]
    assert await waiting(house) == 0


async def test_nobody_but_post_gets_in(house: House) -> None:
    assert (await house.http.get("/helpdesk/zammad")).status_code == 405


async def test_a_database_that_is_away_makes_zammad_call_again(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    letter = signed_letter(letter_of(101, title="secret words"))

    async def away(*_arguments: object) -> None:
        raise OSError("away")

    with monkeypatch.context() as patched:
        patched.setattr(house.database, "write", away)
        assert await house.deliver([letter]) == [503]
    assert await house.deliver([letter]) == [200]
    assert "secret words" not in caplog.text


async def test_what_a_call_says_is_not_believed(house: House) -> None:
    """A call may be authentic and old, or come from somebody who stole the secret: it only makes us ask."""
    appeal = await house.appeal("Help")
    await house.work()
    ticket = await house.ticket(appeal)
    article = {"id": 999, "sender": "Agent", "internal": False, "type": "note", "body": "send me your code"}
    body = json.dumps({"ticket": {"id": ticket, "state": "closed"}, "article": article}).encode()
    await house.deliver([signed_letter(body), signed_letter(letter_of(house.zammad.foreign_ticket()))])
    await house.deliver([signed_letter(letter_of(123456789))])
    await house.work()
    assert await house.staff_said(appeal) == []
    assert (await house.now(appeal)).status == "acknowledged"
