"""Every route of the desk with the right that it needs, in one list: what is not in it cannot be reached."""

from __future__ import annotations

from starlette.routing import BaseRoute

from core.staff.rights import Right
from handlers.desk import entrance, own, people, records
from handlers.desk.desk import Desk
from handlers.desk.guard import Way

WAYS = (
    Way("GET", "/desk/static/{mark}/{name}", None, entrance.static),
    Way("GET", "/desk/login", None, entrance.log_in_page),
    Way("POST", "/desk/login", None, entrance.log_in),
    Way("POST", "/desk/logout", Right.own, entrance.log_out),
    Way("GET", "/desk", Right.own, own.my_page),
    Way("GET", "/desk/me", Right.own, own.my_page),
    Way("POST", "/desk/me/theme", Right.own, entrance.choose_theme),
    Way("POST", "/desk/me/profile", Right.own, own.save_profile),
    Way("POST", "/desk/me/password", Right.own, own.change_password),
    Way("POST", "/desk/me/sessions/others", Right.own, own.end_others),
    Way("POST", "/desk/me/sessions/{session_id}", Right.own, own.end_session),
    Way("GET", "/desk/templates", Right.templates, records.templates_page),
    Way("POST", "/desk/templates", Right.templates, records.save_template),
    Way("POST", "/desk/templates/{template_id}/delete", Right.templates, records.delete_template),
    Way("GET", "/desk/audit", Right.audit, records.audit_page),
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
