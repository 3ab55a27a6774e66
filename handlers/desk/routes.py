"""Every route of the desk with the right that it needs, in one list: what is not in it cannot be reached."""

from __future__ import annotations

from starlette.routing import BaseRoute

from core.staff.rights import Right
from handlers.desk import affairs, attachments, entrance, inbox, live, overview, own, people, records, thread, work
from handlers.desk.desk import UPLOAD_LIMIT, Desk
from handlers.desk.guard import Way

_APPEAL = "/desk/appeals/{number:int}"

WAYS = (
    Way("GET", "/desk/static/{mark}/{name}", None, entrance.static),
    Way("GET", "/desk/login", None, entrance.log_in_page),
    Way("POST", "/desk/login", None, entrance.log_in),
    Way("POST", "/desk/logout", Right.own, entrance.log_out),
    # One's own
    Way("GET", "/desk/me", Right.own, own.my_page),
    Way("POST", "/desk/me/theme", Right.own, entrance.choose_theme),
    Way("POST", "/desk/me/profile", Right.own, own.save_profile),
    Way("POST", "/desk/me/password", Right.own, own.change_password),
    Way("POST", "/desk/me/telegram", Right.own, own.make_code),
    Way("POST", "/desk/me/telegram/forget", Right.own, own.forget_telegram),
    Way("POST", "/desk/me/sessions/others", Right.own, own.end_others),
    Way("POST", "/desk/me/sessions/{session_id}", Right.own, own.end_session),
    # Appeals
    Way("GET", "/desk", Right.read, inbox.inbox_page),
    Way("GET", "/desk/", Right.read, inbox.inbox_page),  # as some proxies write it
    Way("GET", "/desk/live", Right.read, live.live, quiet=True),
    Way("GET", _APPEAL, Right.read, thread.thread_page),
    Way("GET", f"{_APPEAL}/files/{{message_id}}", Right.read, attachments.file),
    Way("GET", f"{_APPEAL}/thumbs/{{message_id}}", Right.read, attachments.thumbnail),
    Way("POST", f"{_APPEAL}/here", Right.read, thread.here, quiet=True),
    Way("POST", f"{_APPEAL}/phone", Right.read, thread.show_the_phone),
    Way("POST", f"{_APPEAL}/write", Right.answer, work.write, room=UPLOAD_LIMIT),
    Way("POST", f"{_APPEAL}/start", Right.answer, work.start),
    Way("POST", f"{_APPEAL}/kind", Right.answer, work.change_kind),
    Way("POST", f"{_APPEAL}/resolve", Right.answer, work.resolve),
    Way("POST", f"{_APPEAL}/reject", Right.answer, work.reject),
    Way("POST", f"{_APPEAL}/take", Right.take, work.take),
    Way("POST", f"{_APPEAL}/give-back", Right.take, work.give_back),
    Way("POST", f"{_APPEAL}/assign", Right.assign, work.assign),
    Way("POST", f"{_APPEAL}/approve", Right.links, work.approve),
    Way("POST", f"{_APPEAL}/refuse", Right.links, work.refuse),
    # Figures, and what supervisors look after
    Way("GET", "/desk/dashboard", Right.figures, overview.dashboard),
    Way("GET", "/desk/outages", Right.outages, affairs.outages_page),
    Way("POST", "/desk/outages", Right.outages, affairs.add_outage),
    Way("POST", "/desk/outages/{outage_id}/end", Right.outages, affairs.end_outage),
    Way("GET", "/desk/reminders", Right.reminders, affairs.reminders_page),
    Way("GET", "/desk/payments", Right.payments, affairs.payments_page),
    Way("POST", "/desk/payments/{trouble_id}/done", Right.payments, affairs.settle_payment),
    Way("GET", "/desk/templates", Right.templates, records.templates_page),
    Way("POST", "/desk/templates", Right.templates, records.save_template),
    Way("POST", "/desk/templates/{template_id}/delete", Right.templates, records.delete_template),
    Way("GET", "/desk/audit", Right.audit, records.audit_page),
    # The staff
    Way("GET", "/desk/staff", Right.staff, people.staff_page),
    Way("POST", "/desk/staff", Right.staff, people.add_member),
    Way("GET", "/desk/staff/{staff_id}", Right.staff, people.member_page),
    Way("POST", "/desk/staff/{staff_id}/role", Right.staff, people.set_role),
    Way("POST", "/desk/staff/{staff_id}/password", Right.staff, people.reset_password),
    Way("POST", "/desk/staff/{staff_id}/active", Right.staff, people.set_active),
    Way("POST", "/desk/staff/{staff_id}/sessions", Right.staff, people.end_sessions),
)


def desk_routes(desk: Desk) -> list[BaseRoute]:
    return [way.route(desk) for way in WAYS]
