"""The options of reminders: when a debt is worth one, at which hours, how often, and what a message may cost."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode

from core.reminders.policy import Policy
from core.reminders.ways import Prices


class ReminderOptions(BaseSettings):
    """All have working defaults; sums are in the operator's currency, hours in the subscriber's own zone."""

    reminder_stages: Annotated[tuple[int, ...], NoDecode] = (-3, 0, 3, 7)
    reminder_suspend_after: int = Field(14, ge=0, le=365)
    reminder_suspend_notice: int = Field(2, ge=1, le=60)
    reminder_threshold: Decimal = Field(Decimal(50), ge=0)
    reminder_from: int = Field(10, ge=0, le=23)
    reminder_from_on_days_off: int = Field(11, ge=0, le=23)
    reminder_until: int = Field(20, ge=1, le=24)
    reminder_spread_minutes: int = Field(600, ge=0, le=1440)
    reminder_per_day: int = Field(1, ge=1)
    reminder_per_week: int = Field(2, ge=1)
    reminder_per_month: int = Field(8, ge=1)
    reminder_budget: Decimal = Field(Decimal(0), ge=0)
    reminder_viber_price: Decimal = Field(Decimal(0), ge=0)
    reminder_sms: bool = False
    reminder_sms_price: Decimal = Field(Decimal(0), ge=0)
    reminder_email: bool = False

    @field_validator("reminder_stages", mode="before")
    @classmethod
    def _days(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return tuple(int(part) for part in value.split(",") if part.strip())
        except ValueError:
            raise ValueError("must be days from the due date, separated by commas, such as -3,0,3,7") from None

    @field_validator("reminder_stages")
    @classmethod
    def _sensible(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if not value or len(set(value)) != len(value) or any(not -28 <= day <= 60 for day in value):
            raise ValueError("must hold different days from -28 to 60")
        return tuple(sorted(value))

    @model_validator(mode="after")
    def _hours_agree(self) -> ReminderOptions:
        try:
            reminder_policy(self, "")
        except ValueError as error:
            raise ValueError(f"The ABONENT_REMINDER_ settings contradict each other: {error}.") from None
        if self.reminder_budget and not self.reminder_viber_price:
            raise ValueError(
                "ABONENT_REMINDER_VIBER_PRICE is missing, but ABONENT_REMINDER_BUDGET is set: "
                "without the price of a message the budget cannot be kept."
            )
        return self


def reminder_policy(options: ReminderOptions, country: str) -> Policy:
    """Raises ValueError when the options contradict each other."""
    return Policy(
        stages=options.reminder_stages,
        suspend_after=options.reminder_suspend_after,
        suspend_notice=options.reminder_suspend_notice,
        threshold=options.reminder_threshold,
        per_day=options.reminder_per_day,
        per_week=options.reminder_per_week,
        per_month=options.reminder_per_month,
        opens=options.reminder_from,
        opens_late=options.reminder_from_on_days_off,
        closes=options.reminder_until,
        spread=timedelta(minutes=options.reminder_spread_minutes),
        country=country,
    )


def reminder_prices(options: ReminderOptions) -> Prices:
    return Prices(
        viber=options.reminder_viber_price,
        sms=options.reminder_sms_price,
        budget=options.reminder_budget,
        sms_open=options.reminder_sms,
        email_open=options.reminder_email,
    )
