"""YooKassa's own specification judges our requests, and our double's answers: neither is right by agreement."""

from __future__ import annotations

import functools
import json
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from openapi_core import Config, OpenAPI
from openapi_core.contrib.requests import RequestsOpenAPIRequest, RequestsOpenAPIResponse
from requests import Request, Response

from bot.integrations.payments.yookassa import PayerContact, Receipts, YooKassa
from core.clock import ManualClock
from core.money import Money
from core.payments.protocol import PaymentRefused
from tests.payments.contract import BACK, an_order
from tests.payments.doubles import yookassa
from tests.payments.doubles.server import Exchange
from tests.payments.keeping import kept
from tests.payments.rigs import YooKassaRig, yookassa_rig

SPECIFICATION = Path(__file__).resolve().parents[3] / "shared" / "specs" / "yookassa-openapi.yaml"

pytestmark = pytest.mark.skipif(
    not SPECIFICATION.is_file(), reason="YooKassa's OpenAPI file is not in ../shared/specs: the client is unproved"
)


@functools.cache
def specification() -> OpenAPI:
    document = yaml.safe_load(SPECIFICATION.read_text("utf-8"))
    _name_choices(document, document["components"]["schemas"])
    # The file breaks a rule of OpenAPI itself (a default that is longer than it may be): only its schemas matter here.
    return OpenAPI.from_dict(document, config=Config(spec_validator_cls=None))


def _name_choices(part: Any, schemas: dict[str, Any]) -> None:
    """Writes beside each choice which type means which schema: the file says so only in the choices' common base."""
    if isinstance(part, list):
        for inner in part:
            _name_choices(inner, schemas)
    if not isinstance(part, dict):
        return
    if "oneOf" in part and "mapping" not in part.get("discriminator", {"mapping": {}}):
        first = _named(part["oneOf"][0], schemas)
        base = _named(first["allOf"][0], schemas)
        offered = {choice["$ref"] for choice in part["oneOf"]}
        known = base["discriminator"]["mapping"]
        part["discriminator"]["mapping"] = {kind: name for kind, name in known.items() if name in offered}
    for inner in part.values():
        _name_choices(inner, schemas)


def _named(reference: dict[str, str], schemas: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = schemas[reference["$ref"].rpartition("/")[2]]
    return found


def judge(exchange: Exchange) -> None:
    """Raises what openapi-core has against the request or against the answer."""
    url = f"https://api.yookassa.ru{exchange.path}"
    prepared = Request(exchange.method, url, headers=exchange.headers, data=exchange.body).prepare()
    request = RequestsOpenAPIRequest(prepared)
    answer = Response()
    answer.status_code, answer._content, answer.url = exchange.status, exchange.answer, url
    answer.headers["Content-Type"] = "application/json"
    specification().validate_request(request)
    specification().validate_response(request, RequestsOpenAPIResponse(answer))


@pytest.fixture
async def rig() -> AsyncIterator[YooKassaRig]:
    async with yookassa_rig(ManualClock()) as rig:
        yield rig
        assert rig.server.exchanges
        for exchange in rig.server.exchanges:
            judge(exchange)


def test_the_judge_finds_faults() -> None:
    """A validator that lets everything through would prove nothing."""
    headers = {"Idempotence-Key": "k", "Content-Type": "application/json", "Authorization": "Basic MTox"}
    wrong = Exchange("POST", "/v3/payments", {}, headers, b'{"amount": {"value": 1.5, "currency": "RUB"}}', 200, b"{}")
    with pytest.raises(Exception, match=r"[Rr]equest"):
        judge(wrong)
    with pytest.raises(Exception, match=r"[Rr]equest|[Pp]arameter|[Ii]nvalid"):
        judge(Exchange("POST", "/v3/payments", {}, headers | {"Idempotence-Key": "k" * 65}, b"{}", 200, b"{}"))
    with pytest.raises(Exception, match=r"[Rr]esponse|[Dd]ata"):
        judge(Exchange("GET", "/v3/payments/22e12f66-000f-5000-8000-18db351245c7", {}, headers, b"", 200, b"{}"))


async def test_a_payment_and_its_refund(rig: YooKassaRig) -> None:
    opened = await rig.provider.open(an_order(rig.clock, ("4001", "500.50"), ("4002", "1")), BACK, "k" * 64)
    await rig.provider.look(opened.provider_payment_id)
    rig.pay(opened.provider_payment_id)
    await rig.provider.look(opened.provider_payment_id)
    rig.refund(opened.provider_payment_id, Money(Decimal("1.50"), "RUB"))
    await rig.provider.look(opened.provider_payment_id)


async def test_a_payment_that_is_declined(rig: YooKassaRig) -> None:
    opened = await rig.provider.open(an_order(rig.clock), BACK, "key")
    rig.decline(opened.provider_payment_id)
    await rig.provider.look(opened.provider_payment_id)


async def test_what_is_not_there(rig: YooKassaRig) -> None:
    assert await rig.provider.look("22e12f66-000f-5000-8000-18db351245c7") is None


@pytest.mark.parametrize("contact", [PayerContact("anna@mail.ru", "+79000000001"), PayerContact("", "+79000000001")])
async def test_sbp_with_a_receipt(rig: YooKassaRig, contact: PayerContact) -> None:
    """54-FZ: what, how much of it, for how much, with which tax, and where the receipt goes."""

    async def find(subscriber_id: str) -> PayerContact:
        assert subscriber_id == "subscriber-1"
        return contact

    provider = YooKassa(
        yookassa.SHOP,
        yookassa.SECRET,
        rig.clock,
        operator="Связь" * 50,
        api_url=f"{rig.server.url}/v3/",
        method="sbp",
        receipts=Receipts(vat_code=11, item="Услуги связи", contact=find),
    )
    order = an_order(rig.clock, *((f"40{number:02}", "10.10") for number in range(10)))
    await provider.open(order, BACK, order.id)
    await provider.close()
    sent = json.loads(rig.server.exchanges[-1].body)
    assert sent["payment_method_data"] == {"type": "sbp"}
    assert sent["receipt"]["customer"] == ({"email": "anna@mail.ru"} if contact.email else {"phone": "79000000001"})
    assert sum(Decimal(item["amount"]["value"]) for item in sent["receipt"]["items"]) == order.amount.amount
    assert {item["vat_code"] for item in sent["receipt"]["items"]} == {11}
    assert len(sent["description"]) <= 128


async def test_a_receipt_that_can_reach_nobody(rig: YooKassaRig) -> None:
    async def find(subscriber_id: str) -> PayerContact:
        return PayerContact()

    receipts = Receipts(vat_code=1, item="Услуги связи", contact=find)
    provider = YooKassa(
        yookassa.SHOP, yookassa.SECRET, rig.clock, operator="С", api_url=rig.server.url, receipts=receipts
    )
    with pytest.raises(PaymentRefused):
        await provider.open(an_order(rig.clock), BACK, "key")
    await provider.close()
    await rig.provider.look("22e12f66-000f-5000-8000-18db351245c7")


async def test_a_card_that_is_kept_and_charged(rig: YooKassaRig) -> None:
    """With consent, without the person, refused, slow, and from a means that nobody kept."""
    saved = await kept(rig)
    order = an_order(rig.clock)
    charged = await rig.provider.charge(order, saved.reference, order.id)
    await rig.provider.look(charged.provider_payment_id)
    for number, state in enumerate(("funds", "holder", "gone", "slow")):
        rig.card(saved.reference, state)
        said = await rig.provider.charge(order, saved.reference, f"key-{number}")
        await rig.provider.look(said.provider_payment_id)
    with pytest.raises(PaymentRefused):
        await rig.provider.charge(order, "22e12f66-000f-5000-8000-18db351245c7", "unknown")
