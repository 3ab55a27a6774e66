"""The task that tells a number whose person has another one now, and what to do when that was not them."""

from __future__ import annotations

from collections.abc import Mapping

from bot.integrations.codes.gateway import Gateway
from core.delivery.tasks import Task
from core.subscribers.codes import Way


class NumberWarning:
    """Carries out the tasks of the kind :data:`core.subscribers.service.WARN_NUMBER`."""

    def __init__(self, gateways: Mapping[Way, Gateway]) -> None:
        self._gateways = gateways

    async def __call__(self, task: Task) -> None:
        """Raises OutsideUnavailable to be called again; Refused when it is of no use."""
        gateway = self._gateways.get(Way.sms)
        if gateway is not None:  # without SMS no number could have been proved by anybody but its messenger
            await gateway.send(task.payload["phone"], "", task.payload["text"], task.id)

    async def gave_up(self, task: Task) -> None:
        """Nobody waits for it; the task's own state keeps that it could not be sent."""
