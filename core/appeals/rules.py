"""By which rules appeals live: kinds, working hours, and the operator's terms."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from core.appeals.hours import WorkingHours
from core.appeals.kinds import Kind, Kinds, load_kinds

LAW_DAYS = 30  # a claim is answered within them, whatever the operator's file says

WARN_AT = 0.75  # of a deadline's hours: then staff are reminded


@dataclass(frozen=True, slots=True)
class Deadline:
    """By when, and when staff are warned of it."""

    due_at: datetime
    warn_at: datetime


@dataclass(frozen=True)
class AppealRules:
    """``return_days``: for how long after a decision it can be returned to work. ``close_days``: silence of the
    subscriber after a decision or a question of staff's closes the appeal; ``warn_days`` before that they are told.
    ``mirrored``: some other helpdesk is to hear of each change.
    """

    kinds: Kinds = field(default_factory=load_kinds)
    hours: WorkingHours = field(default_factory=lambda: WorkingHours(ZoneInfo("Europe/Moscow")))
    return_days: int = 14
    close_days: int = 7
    warn_days: int = 2
    mirrored: bool = False

    def answer_by(self, code: str, moment: datetime) -> Deadline:
        """The first answer to what was said at ``moment``."""
        hours = self.kinds.get(code).answer_hours
        return Deadline(self.hours.add(moment, hours), self.hours.add(moment, hours * WARN_AT))

    def solve_by(self, code: str, sent_at: datetime) -> Deadline:
        """The decision about what was sent at ``sent_at``."""
        kind = self.kinds.get(code)
        if kind.solve_days:
            days = timedelta(days=self._days(kind))
            return Deadline(sent_at + days, sent_at + days * WARN_AT)
        return Deadline(self.hours.add(sent_at, kind.solve_hours), self.hours.add(sent_at, kind.solve_hours * WARN_AT))

    @staticmethod
    def _days(kind: Kind) -> int:
        return min(kind.solve_days, LAW_DAYS)

    def closes(self, now: datetime) -> tuple[datetime, datetime]:
        """When silence closes an appeal, and when the subscriber is warned of it."""
        closing = now + timedelta(days=self.close_days)
        return closing, closing - timedelta(days=min(self.warn_days, self.close_days))
