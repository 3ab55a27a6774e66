"""The one table of what each role may do at the desk."""

from __future__ import annotations

from enum import StrEnum

from core.staff.models import Member, StaffRole


class Right(StrEnum):
    own = "own"  # one's own sessions, password, language
    read = "read"  # appeals, their files, the subscriber's card
    answer = "answer"  # reply, note, attach, change kind and status, resolve and reject
    take = "take"  # assign an appeal to oneself, and give it back
    links = "links"  # approve or refuse a request for an account
    figures = "figures"  # the dashboard
    assign = "assign"  # give an appeal to somebody else
    templates = "templates"  # write ready answers
    agents = "agents"  # the dashboard by member of staff
    audit = "audit"
    outages = "outages"
    reminders = "reminders"
    payments = "payments"
    staff = "staff"  # accounts of the staff, and their sessions


_AGENT = frozenset({Right.own, Right.read, Right.answer, Right.take, Right.links, Right.figures})
_SUPERVISOR = _AGENT | {
    Right.assign,
    Right.templates,
    Right.agents,
    Right.audit,
    Right.outages,
    Right.reminders,
    Right.payments,
}

RIGHTS: dict[StaffRole, frozenset[Right]] = {
    StaffRole.agent: _AGENT,
    StaffRole.supervisor: _SUPERVISOR,
    StaffRole.administrator: frozenset(Right),
}


def may(member: Member, right: Right) -> bool:
    return member.active and right in RIGHTS[member.role]
