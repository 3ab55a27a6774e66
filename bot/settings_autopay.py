"""The options of auto-payment: whether it is offered, and the operator's terms for it."""

from __future__ import annotations

from decimal import Decimal

from pydantic import Field
from pydantic_settings import BaseSettings


class AutopayOptions(BaseSettings):
    """Off unless it is asked for: a provider has to allow it first."""

    autopay: bool = False
    autopay_limit: Decimal = Field(Decimal(3000), gt=0)
    autopay_retries: int = Field(1, ge=0, le=1)
    autopay_failures: int = Field(3, ge=1, le=12)
