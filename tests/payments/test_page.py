"""The page behind a payment link at every status, and the address of notices: strangers move nothing."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from core.payments import store
from core.payments.models import PaymentOrder, PaymentStatus
from core.payments.protocol import LARGEST_NOTICE
from core.payments.tables import notices
from tests.payments.conftest import OTHER, OWN, World

NOTICE = "/payments/sandbox/notice"


async def page(world: World, order: PaymentOrder, tail: str = "", language: str = "en") -> str:
    answer = await world.web.get(
        f"/pay/{world.links.token(order.id)}{tail}", headers={"accept-language": f"{language},xx;q=0.5"}
    )
    assert answer.status_code == 200
    return answer.text


async def test_what_is_to_be_paid_without_a_word_too_many(world: World) -> None:
    order = await world.order((OWN, "100"), (OTHER, "250.50"))
    html = await page(world, order)
    for shown in ("Svyaz", "•••• 0101", "•••• 0218", "350.50", "Valid until", "<form"):
        assert shown in html
    for hidden in (OWN, OTHER, "<script"):
        assert hidden not in html
    assert "Оплатить" in await page(world, order, language="ru")


async def test_nobody_but_the_page_may_frame_or_read_it(world: World) -> None:
    order = await world.order()
    answer = await world.web.get(f"/pay/{world.links.token(order.id)}")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"


async def test_the_policy_lets_the_pages_own_style_through(world: World) -> None:
    order = await world.order()
    answer = await world.web.get(f"/pay/{world.links.token(order.id)}")
    [style] = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in answer.headers["content-security-policy"]


async def test_looking_opens_nothing(world: World) -> None:
    order = await world.order()
    for tail in ("", "/go", "/back"):
        await page(world, order, tail)
    await world.settle()
    assert (await world.load(order)).status is PaymentStatus.created
    assert not world.bank.payments


async def test_pressing_leads_to_the_bank(world: World) -> None:
    order = await world.order()
    path = f"/pay/{world.links.token(order.id)}"
    first = await world.web.post(path)
    assert "Opening the bank" in first.text
    await world.settle()
    again = await world.web.post(path)
    assert again.status_code == 303
    assert again.headers["location"].startswith("http://127.0.0.1:7002/bank/pay/")
    assert (await world.web.get(f"{path}/go")).status_code == 303


async def test_back_from_the_bank_before_it_confirms(world: World) -> None:
    world.bank.faults.lost = True
    order = await world.order()
    payment = await world.open(order)
    world.bank.act(payment, "pay")
    assert "Waiting for the bank" in await page(world, order, "/back")
    await world.settle()  # coming back has asked the bank
    assert "Thank you" in await page(world, order, "/back")


@pytest.mark.parametrize(
    ("act", "shown"), [("pay", "Paid"), ("decline", "cancelled"), ("lie", "being checked"), ("refund", "given back")]
)
async def test_what_is_over_says_so_and_cannot_be_pressed(world: World, act: str, shown: str) -> None:
    order = await world.order()
    payment = await world.open(order)
    if act == "lie":
        world.bank.faults.lies_about_amount = Decimal(1)
    world.bank.act(payment, "decline" if act == "decline" else "pay")
    await world.settle()
    if act == "refund":
        world.bank.refund(payment, payment.amount)
        await world.settle()
    html = await page(world, order)
    assert shown in html
    assert "<form" not in html
    answer = await world.web.post(f"/pay/{world.links.token(order.id)}")
    assert answer.status_code == 200
    assert shown in answer.text


async def test_an_expired_link_opens_nothing(world: World) -> None:
    order = await world.order()
    world.clock.move(timedelta(hours=25))
    assert "expired" in await page(world, order)
    await world.web.post(f"/pay/{world.links.token(order.id)}")
    await world.settle()
    assert not world.bank.payments


@pytest.mark.parametrize("change", [lambda t: t[:-1], lambda t: t[:-1] + ("A" if t[-1] != "A" else "B"), str.upper])
async def test_a_changed_token_leads_nowhere(world: World, change: object) -> None:
    order = await world.order()
    token = change(world.links.token(order.id))  # type: ignore[operator]  # one of the three above
    for method in ("GET", "POST"):
        assert (await world.web.request(method, f"/pay/{token}")).status_code == 404


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(token=st.text(min_size=1, max_size=80))
def test_no_token_is_guessed(token: str) -> None:
    from core.payments.links import PaymentLinks

    assert PaymentLinks("k" * 40, "").order_id(token) is None


# -- notices ---------------------------------------------------------------------------------------------------------


async def kept(world: World) -> int:
    return await world.database.read(lambda c: c.execute(select(func.count()).select_from(notices)).scalar_one())


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{}", {}, 403),
        (b"{}", {"x-bank-signature": "t=1,v1=00"}, 403),
        (b"{}", {"x-bank-signature": "t=,v1="}, 403),
        (b"{}", {"x-bank-signature": "t=99999999999999999999,v1=00"}, 403),
        (b"x" * (LARGEST_NOTICE + 1), {}, 413),
    ],
)
async def test_forged_and_huge_notices(world: World, body: bytes, headers: dict[str, str], status: int) -> None:
    assert (await world.web.post(NOTICE, content=body, headers=headers)).status_code == status
    assert await kept(world) == 0


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"\xff\xfe", b"{" * 50_000, b'{"id": 1}', b'{"id":{}}'])
async def test_signed_nonsense(world: World, body: bytes) -> None:
    headers = {"x-bank-signature": world.bank.sign(body)}
    assert (await world.web.post(NOTICE, content=body, headers=headers)).status_code == 400
    assert await kept(world) == 0


async def test_a_replayed_notice(world: World) -> None:
    order = await world.order()
    payment = await world.open(order)
    body = json.dumps({"id": "e1", "event": "payment.succeeded", "payment": payment.id}).encode()
    headers = {"x-bank-signature": world.bank.sign(body)}
    assert (await world.web.post(NOTICE, content=body, headers=headers)).status_code == 200
    assert (await world.web.post(NOTICE, content=body, headers=headers)).status_code == 200
    assert await kept(world) == 1
    world.clock.move(timedelta(minutes=6))
    assert (await world.web.post(NOTICE, content=body, headers=headers)).status_code == 403
    await world.settle()
    assert await world.booked() == 0  # it claimed what the bank, when asked, does not confirm


@pytest.mark.parametrize(
    ("order_id", "kept", "put_aside"),
    [("shop-4711", "foreign", 0), ("0" * 16, "aside", 1)],
    ids=["of another shop's", "of an order that a backup has lost"],
)
async def test_a_notice_of_a_payment_without_an_order(world: World, order_id: str, kept: str, put_aside: int) -> None:
    payment = world.bank.open(
        "foreign",
        {"order_id": order_id, "amount": "5", "currency": "RUB", "return_url": "", "notice_url": f"http://us{NOTICE}"},
    )
    world.bank.act(payment, "pay")
    await world.settle()
    status = await world.database.read(lambda c: c.execute(select(notices.c.status)).scalar_one())
    assert status == kept
    assert len(await world.database.read(store.open_troubles)) == put_aside


async def test_no_such_provider(world: World) -> None:
    assert (await world.web.post("/payments/nobody/notice", content=b"{}")).status_code == 404
    assert (await world.web.get(NOTICE)).status_code == 405
