"""Every option, parsed once: missing or contradictory ones stop the start with a sentence that says which and why."""

from __future__ import annotations

import hashlib
import hmac
import re
from decimal import Decimal
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from babel.numbers import list_currencies
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from bot.settings_appeals import AppealOptions
from bot.settings_autopay import AutopayOptions
from bot.settings_helpdesk import HelpdeskOptions, helpdesk_troubles
from bot.settings_providers import ProviderOptions, need_public_url, provider_troubles
from bot.settings_reminders import ReminderOptions
from fsm.texts import available_languages

TELEGRAM_API = "https://api.telegram.org"
VIBER_API = "https://chatapi.viber.com/pa"
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
SHORTEST_KEY = 32  # characters: 128 bits even when they are hexadecimal digits
EXAMPLE_KEYS = ("change", "secret", "example", "default", "abonent", "password")


class SettingsError(Exception):
    """The settings do not add up. ``sentences`` says what is wrong, one problem each."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences


class Settings(ReminderOptions, ProviderOptions, AppealOptions, HelpdeskOptions, AutopayOptions):
    """Read from the environment (``ABONENT_...``) and from ``.env`` in the working directory."""

    model_config = SettingsConfigDict(env_prefix="ABONENT_", env_file=".env", extra="ignore", env_ignore_empty=True)

    database_url: str = "sqlite+aiosqlite:///abonent.db"
    secret_key: SecretStr = SecretStr("")
    public_url: str = ""
    host: str = "127.0.0.1"
    port: int = Field(8080, ge=0, le=65535)

    telegram_token: SecretStr = SecretStr("")
    telegram_api_url: str = TELEGRAM_API
    telegram_mode: Literal["polling", "webhook"] = "polling"
    telegram_webhook_secret: SecretStr = SecretStr("")

    viber_token: SecretStr = SecretStr("")
    viber_api_url: str = VIBER_API

    sms_http_url: str = ""
    smtp_url: SecretStr = SecretStr("")
    mail_from: str = "abonent@localhost"

    operator_name: str = "Abonent"
    currency: str = "RUB"
    country: str = "RU"
    languages: Annotated[tuple[str, ...], NoDecode] = ("ru", "en")
    timezone: str = "Europe/Moscow"
    support_phone: str = ""
    support_hours: str = ""
    privacy_url: str = ""
    privacy_version: str = "2026-01"

    payment_min: Decimal = Field(Decimal(10), gt=0)
    payment_max: Decimal = Field(Decimal(50000), gt=0)
    payment_link_hours: int = Field(24, ge=1, le=720)
    promise_max: Decimal = Field(Decimal(0), ge=0)
    promise_days: int = Field(5, ge=1, le=30)
    promise_every_days: int = Field(30, ge=1, le=366)
    sandbox_bank_url: str = ""
    sandbox_bank_key: SecretStr = SecretStr("")
    telegram_bot_name: str = ""
    viber_bot_uri: str = ""

    desk: bool = True

    log_format: Literal["json", "console"] = "json"

    @field_validator("database_url")
    @classmethod
    def _async_driver(cls, value: str) -> str:
        """Accepts the spellings that people have at hand."""
        for short, full in (
            ("postgres://", "postgresql+asyncpg://"),
            ("postgresql://", "postgresql+asyncpg://"),
            ("sqlite://", "sqlite+aiosqlite://"),
        ):
            if value.startswith(short):
                value = full + value.removeprefix(short)
        if not value.startswith(("postgresql+asyncpg://", "sqlite+aiosqlite://")):
            raise ValueError("must begin with sqlite+aiosqlite:// or postgresql+asyncpg://")
        if value.startswith("sqlite") and (value.endswith("://") or ":memory:" in value):
            raise ValueError("must name a file: a database in memory forgets everything at the first restart")
        return value

    @field_validator("languages", mode="before")
    @classmethod
    def _list(cls, value: Any) -> Any:
        return (
            tuple(part.strip().lower() for part in value.split(",") if part.strip())
            if isinstance(value, str)
            else value
        )

    @field_validator("languages")
    @classmethod
    def _translated(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        known = available_languages()
        unknown = [language for language in value if language not in known]
        if unknown or not value:
            raise ValueError(f"may hold {', '.join(known)}, separated by commas, not {', '.join(unknown) or 'nothing'}")
        return value

    @field_validator("currency", "country", mode="before")
    @classmethod
    def _upper(cls, value: Any) -> Any:
        return value.strip().upper() if isinstance(value, str) else value

    @field_validator("currency")
    @classmethod
    def _known_currency(cls, value: str) -> str:
        if value not in list_currencies():
            raise ValueError(f"must be a currency's code of three letters, such as RUB or EUR, not {value!r}")
        return value

    @field_validator("country")
    @classmethod
    def _known_country(cls, value: str) -> str:
        if value not in phonenumbers.SUPPORTED_REGIONS:
            raise ValueError(f"must be a country's code of two letters, such as RU or BY, not {value!r}")
        return value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"must be a zone's name, such as Europe/Moscow, not {value!r}") from None
        return value

    @field_validator(
        "public_url", "telegram_api_url", "viber_api_url", "sms_http_url", "privacy_url", "sandbox_bank_url"
    )
    @classmethod
    def _address(cls, value: str) -> str:
        value = value.strip().rstrip("/")
        if value and (urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).hostname):
            raise ValueError("must be an address that begins with https://")
        return value

    @field_validator("telegram_token")
    @classmethod
    def _token_of_botfather(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() and not re.fullmatch(r"\d+:[\w-]{30,}", value.get_secret_value()):
            raise ValueError("does not look like a token of BotFather's (123456789:AA...)")
        return value

    @field_validator("telegram_webhook_secret")
    @classmethod
    def _header_safe(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", value.get_secret_value()):
            raise ValueError("may hold 1 to 256 of A-Z, a-z, 0-9, _ and - (Telegram's rule)")
        return value

    @model_validator(mode="after")
    def _agree(self) -> Settings:
        telegram = bool(self.telegram_token.get_secret_value())
        providers = provider_troubles(self, currency=self.currency, telegram=telegram)
        wrong = [*self._about_the_key(), *self._about_addresses(), *providers, *helpdesk_troubles(self)]
        if self.telegram_staff_group and not telegram:
            wrong.append("ABONENT_TELEGRAM_TOKEN is missing, but ABONENT_TELEGRAM_STAFF_GROUP is set.")
        if wrong:
            raise ValueError("\n".join(wrong))
        return self

    def _about_the_key(self) -> list[str]:
        key = self.secret_key.get_secret_value()
        if not key:
            return [
                "ABONENT_SECRET_KEY is missing: links and codes are signed with it. "
                'Make one with: python3 -c "import secrets; print(secrets.token_urlsafe(48))"'
            ]
        if len(key) < SHORTEST_KEY:
            return [f"ABONENT_SECRET_KEY has {len(key)} characters: it takes at least {SHORTEST_KEY} random ones."]
        if len(set(key)) < 10 or any(key.lower().startswith(word) for word in EXAMPLE_KEYS):
            return ["ABONENT_SECRET_KEY looks like an example: make a random one, or codes and links can be forged."]
        return []

    def _about_addresses(self) -> list[str]:
        wrong = []
        needs_public = []
        if self.telegram_token.get_secret_value() and self.telegram_mode == "webhook":
            needs_public.append("ABONENT_TELEGRAM_MODE=webhook")
        if self.viber_token.get_secret_value():
            needs_public.append("ABONENT_VIBER_TOKEN")
        if self.sandbox_bank_url:
            needs_public.append("ABONENT_SANDBOX_BANK_URL")
        needs_public.extend(need_public_url(self))
        if needs_public and not self.public_url:
            wrong.append(
                f"ABONENT_PUBLIC_URL is missing, but {' and '.join(needs_public)} needs it: "
                "it is the https:// address at which messengers, banks and payers reach this program."
            )
        for name in ("public_url", "telegram_api_url", "viber_api_url", "sms_http_url", "sandbox_bank_url"):
            parts = urlsplit(getattr(self, name))
            if parts.scheme == "http" and parts.hostname not in LOOPBACK:
                wrong.append(
                    f"ABONENT_{name.upper()} begins with http://, which anybody on the way can read and change: "
                    "use https:// (plain http is accepted on this machine alone)."
                )
        if self.telegram_token.get_secret_value() and not self.telegram_api_url:
            wrong.append("ABONENT_TELEGRAM_API_URL is empty: leave it out to use Telegram's own.")
        smtp = self.smtp_url.get_secret_value()
        if smtp and urlsplit(smtp).scheme not in ("smtp", "smtps"):
            wrong.append("ABONENT_SMTP_URL must look like smtp://user:password@host:587 or smtps://host:465.")
        if smtp and "@" not in self.mail_from:
            wrong.append("ABONENT_MAIL_FROM is not an e-mail address, but ABONENT_SMTP_URL is set and needs one.")
        if self.payment_min > self.payment_max:
            wrong.append("ABONENT_PAYMENT_MIN is larger than ABONENT_PAYMENT_MAX: no sum could be paid.")
        if self.autopay and self.autopay_limit < self.payment_min:
            wrong.append("ABONENT_AUTOPAY_LIMIT is smaller than ABONENT_PAYMENT_MIN: nothing could be charged.")
        return wrong

    def warnings(self) -> list[str]:
        """What works, but should be known."""
        notes = []
        for name in ("public_url", "telegram_api_url", "viber_api_url", "sms_http_url"):
            if urlsplit(getattr(self, name)).scheme == "http":
                notes.append(f"ABONENT_{name.upper()} is plain http on this machine: fine for trying out.")
        if not self.sms_http_url:
            notes.append("ABONENT_SMS_HTTP_URL is not set: codes cannot be sent by SMS.")
        if not self.smtp_url.get_secret_value():
            notes.append("ABONENT_SMTP_URL is not set: codes cannot be sent by e-mail.")
        if self.autopay and not (
            self.yookassa_shop_id or self.stripe_secret_key.get_secret_value() or self.sandbox_bank_url
        ):
            notes.append("ABONENT_AUTOPAY is set, but neither YooKassa nor Stripe is: there is nothing to charge.")
        if self.database_url.startswith("sqlite"):
            notes.append("The database is SQLite: right for one process on one machine.")
        return notes

    @property
    def webhook_secret(self) -> str:
        """Telegram's webhook secret: the one that was set, or one that follows from the secret key."""
        given = self.telegram_webhook_secret.get_secret_value()
        key = self.secret_key.get_secret_value().encode()
        return given or hmac.new(key, b"telegram webhook", hashlib.sha256).hexdigest()


def load(**overrides: Any) -> Settings:
    """The settings; raises :class:`SettingsError` with plain sentences."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise SettingsError(_sentences(error)) from None


def _sentences(error: ValidationError) -> list[str]:
    sentences: list[str] = []
    for problem in error.errors(include_input=False, include_url=False):
        said = problem["msg"].removeprefix("Value error, ")
        if not problem["loc"]:
            sentences.extend(said.splitlines())
            continue
        sentences.append(f"ABONENT_{str(problem['loc'][0]).upper()} {said[0].lower()}{said[1:]}.".replace("..", "."))
    return sentences
