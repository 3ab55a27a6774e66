"""The options of payment providers: which ways to pay are switched on, and what contradicts what."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings

from bot.integrations.payments.gost_qr import BankDetails

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class ProviderOptions(BaseSettings):
    """A way to pay without its keys is off."""

    yookassa_shop_id: str = ""
    yookassa_secret_key: SecretStr = SecretStr("")
    yookassa_api_url: str = "https://api.yookassa.ru/v3"
    yookassa_method: Literal["", "sbp", "bank_card"] = ""
    yookassa_vat_code: int = Field(0, ge=0, le=12)
    stripe_secret_key: SecretStr = SecretStr("")
    stripe_webhook_secret: SecretStr = SecretStr("")
    stripe_api_url: str = "https://api.stripe.com"
    telegram_payment_token: SecretStr = SecretStr("")
    bank_payee: str = ""
    bank_account: str = ""
    bank_bic: str = ""
    bank_name: str = ""
    bank_corr_account: str = ""
    bank_inn: str = ""
    bank_transfer_days: int = Field(5, ge=1, le=60)

    @field_validator("yookassa_api_url", "stripe_api_url")
    @classmethod
    def _api_address(cls, value: str) -> str:
        value = value.strip().rstrip("/")
        parts = urlsplit(value)
        if not parts.hostname or parts.scheme not in ("http", "https"):
            raise ValueError("must be an address that begins with https://")
        if parts.scheme == "http" and parts.hostname not in LOOPBACK:
            raise ValueError("begins with http://, where anybody on the way could read the secret key")
        return value

    @field_validator("bank_account", "bank_bic", "bank_corr_account", "bank_inn", mode="before")
    @classmethod
    def _digits(cls, value: object) -> object:
        return value.replace(" ", "") if isinstance(value, str) else value

    @property
    def bank_details(self) -> BankDetails | None:
        """None where transfers are off. Raises ValueError for details that cannot be right."""
        if not self.bank_account:
            return None
        return BankDetails(
            name=self.bank_payee,
            account=self.bank_account,
            bic=self.bank_bic,
            bank=self.bank_name,
            corr_account=self.bank_corr_account,
            inn=self.bank_inn,
        )


def need_public_url(options: ProviderOptions) -> list[str]:
    """The settings because of which payers and banks must be able to reach this program."""
    named = (("YOOKASSA_SHOP_ID", options.yookassa_shop_id), ("STRIPE_SECRET_KEY", _known(options.stripe_secret_key)))
    return [f"ABONENT_{name}" for name, value in named if value]


def provider_troubles(options: ProviderOptions, *, currency: str, telegram: bool) -> list[str]:
    """Sentences on what is missing or contradicts itself. ``telegram``: the bot has a token there."""
    wrong = []
    for one, other, why in (
        ("yookassa_shop_id", "yookassa_secret_key", "YooKassa knows a shop by both"),
        ("yookassa_secret_key", "yookassa_shop_id", "YooKassa knows a shop by both"),
        ("stripe_secret_key", "stripe_webhook_secret", "without it anybody could report a payment"),
        ("stripe_webhook_secret", "stripe_secret_key", "without it no payment can be opened"),
    ):
        if _known(getattr(options, one)) and not _known(getattr(options, other)):
            wrong.append(f"ABONENT_{other.upper()} is missing, but ABONENT_{one.upper()} is set: {why}.")
    if options.yookassa_vat_code and currency != "RUB":
        wrong.append(f"ABONENT_YOOKASSA_VAT_CODE is for Russian receipts, but ABONENT_CURRENCY is {currency}.")
    if _known(options.telegram_payment_token) and not telegram:
        wrong.append("ABONENT_TELEGRAM_TOKEN is missing, but ABONENT_TELEGRAM_PAYMENT_TOKEN is set.")
    return wrong + _bank_troubles(options, currency)


def _bank_troubles(options: ProviderOptions, currency: str) -> list[str]:
    needed = ("bank_payee", "bank_account", "bank_bic", "bank_name", "bank_corr_account")
    missing = [f"ABONENT_{name.upper()}" for name in needed if not getattr(options, name)]
    if len(missing) == len(needed):
        return []
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        return [f"{', '.join(missing)} {verb} missing: a transfer by QR code needs all of ABONENT_BANK_ but the INN."]
    if currency != "RUB":
        return [f"ABONENT_BANK_ACCOUNT is for transfers in roubles, but ABONENT_CURRENCY is {currency}."]
    try:
        _ = options.bank_details
    except ValueError as error:
        return [f"The ABONENT_BANK_ settings cannot be right: {error}."]
    return []


def _known(value: str | SecretStr) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else value
