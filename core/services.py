"""The domain's services in one bundle: what a conversation may ask for."""

from __future__ import annotations

from dataclasses import dataclass

from core.clock import Clock
from core.operator import Operator


@dataclass(frozen=True, slots=True)
class Services:
    """Built once in the wiring."""

    clock: Clock
    operator: Operator
