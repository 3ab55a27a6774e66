"""Every public address of payments under fire: whatever is forged, foreign, malformed or huge changes nothing.

What a genuine notice does is shown elsewhere: here nobody has a signature, an address or a token that is true.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from structlog.testing import capture_logs

from bot.integrations.payments.gost_qr import BankTransfer
from bot.integrations.payments.telegram_payments import TelegramPayments
from bot.sandbox.bank.service import BANK_KEY
from core.delivery.tables import tasks
from core.payments.models import PaymentOrder, PaymentStatus
from core.payments.protocol import LARGEST_NOTICE
from core.payments.tables import lines, notices, orders, postings, promises, troubles
from fsm.state import Registry
from tests.payments.conftest import OURS, World, open_world
from tests.payments.contract import an_order
from tests.payments.rigs import StripeRig, YooKassaRig, stripe_rig, yookassa_rig
from tests.payments.test_gost_qr import DETAILS
from tests.support.dialogue import SECRET

PROVIDERS = ("sandbox", "yookassa", "stripe", "telegram", "bank")
STRANGERS = ("127.0.0.1", "8.8.8.8", "185.71.76.32", "2a02:5181::1")
TABLES = (orders, lines, postings, notices, troubles, promises, tasks)

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
_NAMES = st.sampled_from(
    [
        "x-bank-signature",
        "stripe-signature",
        "x-forwarded-for",
        "content-length",
        "content-encoding",
        "transfer-encoding",
    ]
) | st.from_regex(r"[a-z][a-z-]{0,15}", fullmatch=True)
_VALUES = st.sampled_from(["185.71.76.1", "t=1,v1=00", "t=,v1=", f"t={10**30},v1=0", "gzip", "chunked", "-1", "9" * 40])
_HEADERS = st.dictionaries(_NAMES, _VALUES | st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30))
_METHODS = st.sampled_from(["POST", "POST", "POST", "GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])


@dataclass
class Range:
    """A world with everything switched on, an order that waits for its money, and genuine notices to be twisted."""

    world: World
    order: PaymentOrder
    genuine: dict[str, tuple[bytes, dict[str, str]]]  # by provider
    before: list[list[tuple[object, ...]]]
    secrets: tuple[str, ...]

    async def state(self) -> list[list[tuple[object, ...]]]:
        return await self.world.database.read(
            lambda c: [
                [tuple(row) for row in c.execute(select(table).order_by(*table.primary_key))] for table in TABLES
            ]
        )


@pytest.fixture
async def range_(database_address: str, registry: Registry) -> AsyncIterator[Range]:
    from core.clock import ManualClock

    clock = ManualClock()
    async with yookassa_rig(clock) as yookassa, stripe_rig(clock) as stripe:
        more = (
            yookassa.provider,
            stripe.provider,
            TelegramPayments("Svyaz"),
            BankTransfer(DETAILS, "For", timedelta(days=4)),
        )
        async with open_world(database_address, registry, *more) as world:
            order = await world.order()
            payment = await world.open(order)
            body = json.dumps({"id": "e", "event": "payment.succeeded", "payment": payment.id}).encode()
            genuine = {"sandbox": (body, {"x-bank-signature": world.bank.sign(body)})}
            genuine |= {name: await letter_of(rig) for name, rig in (("yookassa", yookassa), ("stripe", stripe))}
            for one in (world.clock, clock):
                one.move(timedelta(hours=1))  # whatever was signed is too old by now: a replay
            found = Range(world, order, genuine, [], (SECRET, BANK_KEY, *yookassa.secrets, *stripe.secrets))
            found.before = await found.state()
            yield found


async def letter_of(rig: YooKassaRig | StripeRig) -> tuple[bytes, dict[str, str]]:
    order = an_order(rig.clock)
    opened = await rig.provider.open(order, "https://us.example", order.id)
    rig.pay(opened.provider_payment_id)
    letter = rig.letters()[0]
    return letter.body, dict(letter.headers)


@st.composite
def twisted(draw: st.DrawFn, body: bytes) -> bytes:
    """A genuine body with some bytes changed, cut off or put in."""
    at = draw(st.integers(0, len(body)))
    until = draw(st.integers(at, len(body)))
    return body[:at] + draw(st.binary(max_size=6)) + body[until:]


async def send(
    world: World, source: str, method: str, path: str, headers: dict[str, str], body: bytes, chunked: bool
) -> httpx.Response:
    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 5000):
            yield body[start : start + 5000]

    app = world.web._transport.app  # type: ignore[attr-defined]  # of httpx's ASGITransport
    transport = httpx.ASGITransport(app, client=(source, 4711))
    async with httpx.AsyncClient(transport=transport, base_url=OURS) as web:
        return await web.request(method, path, headers=headers, content=pieces() if chunked else body)


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
async def test_notices_of_strangers_change_nothing(range_: Range, data: st.DataObject) -> None:
    provider = data.draw(st.sampled_from(PROVIDERS) | st.text(min_size=1, max_size=12))
    body, signed = range_.genuine.get(provider, (b"{}", {}))
    kind = data.draw(st.sampled_from(["replayed", "twisted", "json", "bytes", "huge"]))
    match kind:
        case "twisted":
            body = data.draw(twisted(body))
        case "json":
            body = json.dumps(data.draw(_JSON)).encode()
        case "bytes":
            body = data.draw(st.binary(max_size=300))
        case "huge":
            body = b"[" * (LARGEST_NOTICE + data.draw(st.integers(1, 40_000)))
    headers = data.draw(_HEADERS) | (signed if data.draw(st.booleans()) else {})
    path = f"/payments/{quote(provider, safe='')}/notice"
    source, chunked = data.draw(st.sampled_from(STRANGERS)), data.draw(st.booleans())
    with capture_logs() as said:
        answer = await send(range_.world, source, data.draw(_METHODS), path, headers, body, chunked)
    assert answer.status_code in (400, 403, 404, 405, 413), answer.status_code
    assert await range_.state() == range_.before
    spoken = f"{said} {answer.text}"
    assert not [secret for secret in range_.secrets if secret in spoken]
    assert len(spoken) < 2000  # nobody fills our disk with their words


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
async def test_tokens_that_are_not_ours_lead_nowhere(range_: Range, data: st.DataObject) -> None:
    token = range_.world.links.token(range_.order.id)
    position = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from("0Aa-_9Zz"))
    changed = token[:position] + other + token[position + 1 :]
    wrong = data.draw(
        st.sampled_from([changed if changed != token else token + "A", range_.order.id, token[:-1], f"{token}/"])
        | st.text(min_size=1, max_size=200)
    )
    tail = data.draw(st.sampled_from(["", "/go", "/back", "/notice", "/../go"]))
    query = data.draw(st.sampled_from(["", "?lang=ru", "?lang=%00", "?lang=" + "x" * 500, "?token=" + token]))
    path = f"/pay/{quote(wrong, safe='')}{tail}{query}"
    body = data.draw(st.binary(max_size=200))
    with capture_logs() as said:
        answer = await send(range_.world, "8.8.8.8", data.draw(_METHODS), path, data.draw(_HEADERS), body, False)
    assert answer.status_code in (307, 404, 405)  # 307: without the slash at the end, where it is looked at anew
    assert await range_.state() == range_.before
    assert range_.order.id not in f"{said}"
    assert "<script" not in answer.text


async def test_a_replay_from_the_providers_own_network_moves_no_money(range_: Range) -> None:
    """YooKassa signs nothing: somebody in its network may say what they like, and it is asked before we believe."""
    body, headers = range_.genuine["yookassa"]
    told = json.loads(body)
    told["object"] |= {"amount": {"value": "1000000.00", "currency": "RUB"}, "metadata": {"order_id": range_.order.id}}
    forged = json.dumps(told).encode()
    for _ in range(3):
        answer = await send(range_.world, "185.71.76.1", "POST", "/payments/yookassa/notice", headers, forged, False)
        assert answer.status_code == 200
    await range_.world.settle()
    assert await range_.world.booked() == 0
    assert (await range_.world.load(range_.order)).status is PaymentStatus.open


def test_every_provider_is_under_fire(range_: Range) -> None:
    assert set(PROVIDERS) == set(range_.world.house.services.payments.ways("telegram"))
