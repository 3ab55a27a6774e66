"""What auto-payment lets people know, and who says it: a protocol, so that the domain knows no words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from sqlalchemy import Connection

from core.money import Money
from core.payments.autopay.models import Charge, Rule, SavedMeans


class Said(StrEnum):
    """Worth a message of its own; also the values of a metric."""

    announced = "announced"  # a charge will be made, not sooner than a day from now
    started = "started"  # the card is kept, the rule works
    not_saved = "not_saved"  # paid, but the card could not be kept
    charged = "charged"
    declined = "declined"
    again = "again"  # declined, and there will be another try
    skipped = "skipped"  # announced, and not made after all
    limit = "limit"  # this month's limit is used up
    paused = "paused"


@dataclass(frozen=True, slots=True)
class Matter:
    """What is spoken of. ``owed`` is the whole sum where a limit lets only a part of it be charged."""

    said: Said
    rule: Rule
    charge: Charge | None = None
    means: SavedMeans | None = None
    owed: Money | None = None


class AutopayTeller(Protocol):
    def tell(self, connection: Connection, matter: Matter) -> int:
        """Writes messages to all the person's chats, inside the transaction that makes it true; says how many."""
        ...
