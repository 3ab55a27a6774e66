"""Which state in Zammad stands for which status of an appeal, and the other way round."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.integrations.helpdesk.zammad_client import TicketState
from core.appeals.models import AppealStatus

DEFAULT = {
    AppealStatus.acknowledged: "new",
    AppealStatus.in_progress: "open",
    AppealStatus.pending: "pending reminder",
    AppealStatus.resolved: "closed",
    AppealStatus.rejected: "closed",
    AppealStatus.closed: "closed",
    AppealStatus.reopened: "open",
}
MERGED = "merged"

# Zammad's kinds of states: operators may add states of their own, but each is of one of these.
_KINDS = {
    AppealStatus.acknowledged: ("new", "open"),
    AppealStatus.in_progress: ("open",),
    AppealStatus.pending: ("pending reminder", "pending action"),
    AppealStatus.resolved: ("closed",),
    AppealStatus.rejected: ("closed",),
    AppealStatus.closed: ("closed",),
    AppealStatus.reopened: ("open", "new"),
}


def parse_states(given: str) -> dict[AppealStatus, str]:
    """``rejected=refused, pending=waiting for customer``; what is not named keeps its default. Raises ValueError."""
    states = dict(DEFAULT)
    for part in given.split(","):
        if not part.strip():
            continue
        ours, equals, theirs = part.partition("=")
        try:
            status = AppealStatus(ours.strip())
        except ValueError:
            status = AppealStatus.draft
        if not equals or not theirs.strip() or status is AppealStatus.draft:
            known = ", ".join(one.value for one in DEFAULT)
            raise ValueError(f"must look like rejected=refused, with one of {known} before each =")
        states[status] = theirs.strip()
    return states


class States:
    """``theirs`` is Zammad's own list; ``chosen`` the operator's choice."""

    def __init__(self, chosen: Mapping[AppealStatus, str], theirs: Sequence[TicketState]) -> None:
        self._chosen = chosen
        self._kinds = {state.name: state.state_type for state in theirs if state.active}
        self._all = {state.name: state.state_type for state in theirs}

    def kind(self, name: str) -> str:
        return self._all.get(name, "")

    def is_merged(self, name: str) -> bool:
        return self.kind(name) == MERGED or name == MERGED

    def missing(self) -> list[str]:
        """Chosen states that Zammad does not have."""
        return sorted({name for name in self._chosen.values() if name not in self._kinds})

    def stands_for(self, name: str, status: AppealStatus) -> bool:
        """Whether a ticket in this state says what the status says."""
        if status is AppealStatus.rejected and self._tells_rejected():
            return name == self._chosen[status]
        return name == self._chosen[status] or self.kind(name) in _KINDS[status]

    def chosen(self, status: AppealStatus) -> str:
        return self._chosen[status]

    def waits(self, name: str) -> bool:
        """Zammad wants to know until when."""
        return self.kind(name).startswith("pending")

    def meant(self, name: str) -> AppealStatus | None:
        """What an agent says with this state; None for what means nothing to the subscriber."""
        kind = self.kind(name)
        if self._tells_rejected() and name == self._chosen[AppealStatus.rejected]:
            return AppealStatus.rejected
        if kind == "closed":
            return AppealStatus.resolved
        if kind.startswith("pending"):
            return AppealStatus.pending
        return AppealStatus.in_progress if kind == "open" else None

    def _tells_rejected(self) -> bool:
        return self._chosen[AppealStatus.rejected] != self._chosen[AppealStatus.resolved]
