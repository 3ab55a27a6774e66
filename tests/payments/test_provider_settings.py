"""A payment provider's settings: a way to pay is on or off, never half; what contradicts itself is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.integrations.payments.yookassa import PayerContact
from bot.settings import Settings, SettingsError, load
from bot.wiring_payments import build_providers
from core.clock import ManualClock
from core.payments.protocol import Way

KEY = "k3y-0123456789-abcdefghijklmnopqrstuvwxyz"
YOOKASSA = {"yookassa_shop_id": "100500", "yookassa_secret_key": "test_s"}
STRIPE = {"stripe_secret_key": "sk_test_1", "stripe_webhook_secret": "whsec_1"}
BANK = {
    "bank_payee": 'ООО "Связь"',
    "bank_account": "4070 2810 6380 5001 3199",
    "bank_bic": "044525225",
    "bank_name": "ПАО Сбербанк",
    "bank_corr_account": "30101810400000000225",
    "bank_inn": "7707083893",
}
PUBLIC = {"public_url": "https://abonent.example"}


@pytest.fixture(autouse=True)
def _nothing_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def settings(**given: Any) -> Settings:
    return load(secret_key=KEY, **given)


async def _contact(subscriber_id: str) -> PayerContact:
    return PayerContact()


async def ways(of: Settings) -> dict[str, Way]:
    providers = build_providers(of, ManualClock(), _contact)
    found = {name: one.means.way for name, one in providers.items()}
    for one in providers.values():
        await one.close()
    return found


async def test_without_keys_there_is_nothing() -> None:
    assert await ways(settings()) == {}


async def test_each_is_switched_on_by_its_keys() -> None:
    everything = settings(**YOOKASSA, **STRIPE, **BANK, **PUBLIC, yookassa_vat_code=1)
    assert await ways(everything) == {"yookassa": Way.online, "stripe": Way.card, "bank": Way.transfer}


@pytest.mark.parametrize(("method", "way"), [("sbp", Way.fast), ("bank_card", Way.card)])
async def test_yookassa_can_lead_to_one_way_at_once(method: str, way: Way) -> None:
    assert await ways(settings(**YOOKASSA, **PUBLIC, yookassa_method=method)) == {"yookassa": way}


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"yookassa_shop_id": "1", **PUBLIC}, "ABONENT_YOOKASSA_SECRET_KEY is missing"),
        ({"yookassa_secret_key": "1"}, "ABONENT_YOOKASSA_SHOP_ID is missing"),
        ({"stripe_secret_key": "1", **PUBLIC}, "ABONENT_STRIPE_WEBHOOK_SECRET is missing"),
        ({"stripe_webhook_secret": "1"}, "ABONENT_STRIPE_SECRET_KEY is missing"),
        (YOOKASSA, "ABONENT_PUBLIC_URL is missing, but ABONENT_YOOKASSA_SHOP_ID"),
        (STRIPE, "ABONENT_PUBLIC_URL is missing, but ABONENT_STRIPE_SECRET_KEY"),
        ({**YOOKASSA, **PUBLIC, "yookassa_vat_code": 13}, "ABONENT_YOOKASSA_VAT_CODE"),
        ({**YOOKASSA, **PUBLIC, "yookassa_method": "cash"}, "ABONENT_YOOKASSA_METHOD"),
        ({**YOOKASSA, **PUBLIC, "yookassa_vat_code": 1, "currency": "KZT"}, "ABONENT_CURRENCY is KZT"),
        ({"yookassa_api_url": "http://yookassa.example/v3"}, "ABONENT_YOOKASSA_API_URL"),
        ({"stripe_api_url": "ftp://stripe"}, "ABONENT_STRIPE_API_URL"),
        ({"telegram_payment_token": "1:TEST:2"}, "ABONENT_TELEGRAM_TOKEN is missing"),
        ({**BANK, "bank_bic": ""}, "ABONENT_BANK_BIC is missing"),
        ({**BANK, "bank_bic": "", "bank_name": ""}, "ABONENT_BANK_BIC, ABONENT_BANK_NAME are missing"),
        ({**BANK, "currency": "KZT"}, "roubles"),
        ({**BANK, "bank_account": "40702810638050013198"}, "a digit is wrong"),
        ({**BANK, "bank_corr_account": "30101810400000000226"}, "a digit is wrong"),
        ({**BANK, "bank_bic": "04452522"}, "the BIC"),
        ({**BANK, "bank_payee": "О" * 161}, "the payee's name"),
        ({**BANK, "bank_payee": "О" * 160}, "300 bytes"),
    ],
)
def test_what_does_not_add_up_is_named(given: dict[str, Any], named: str) -> None:
    with pytest.raises(SettingsError) as refused:
        settings(**given)
    assert named in str(refused.value)


def test_no_sentence_tells_a_secret() -> None:
    with pytest.raises(SettingsError) as refused:
        settings(
            yookassa_secret_key="live_abcdef", stripe_webhook_secret="whsec_abcdef", telegram_payment_token="381:L:x"
        )
    assert not [secret for secret in ("live_abcdef", "whsec_abcdef", "381:L:x") if secret in str(refused.value)]
