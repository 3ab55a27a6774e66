"""What things are called at the desk: roles, statuses, views, what happened, why somebody was not reminded."""

from __future__ import annotations

from core.appeals.models import AppealEvent, AppealStatus
from core.staff.models import StaffRole
from core.subscribers.models import Role
from handlers.desk.words import Words


def role(words: Words, value: StaffRole) -> str:
    t = words.t
    return {
        StaffRole.agent: t("Agent"),
        StaffRole.supervisor: t("Supervisor"),
        StaffRole.administrator: t("Administrator"),
    }[value]


def right(words: Words, value: Role) -> str:
    """Of a subscriber to an account."""
    t = words.t
    return {Role.owner: t("owner"), Role.family: t("family"), Role.representative: t("representative")}[value]


def status(words: Words, value: AppealStatus | str) -> str:
    t = words.t
    return {
        AppealStatus.draft: t("Draft"),
        AppealStatus.acknowledged: t("New"),
        AppealStatus.in_progress: t("In work"),
        AppealStatus.pending: t("Waits for the subscriber"),
        AppealStatus.resolved: t("Resolved"),
        AppealStatus.rejected: t("Rejected"),
        AppealStatus.closed: t("Closed"),
        AppealStatus.reopened: t("Returned to work"),
    }[AppealStatus(value)]


def view(words: Words, value: str) -> str:
    t = words.t
    return {
        "open": t("All open"),
        "mine": t("Mine"),
        "unassigned": t("Nobody's"),
        "overdue": t("Overdue"),
        "links": t("Link requests"),
        "pending": t("Wait for the subscriber"),
        "settled": t("Decided"),
        "closed": t("Closed"),
        "all": t("Everything"),
    }[value]


def sort(words: Words, value: str) -> str:
    t = words.t
    return {"due": t("By deadline"), "new": t("Newest first"), "changed": t("Changed last")}[value]


def channel(words: Words, value: str) -> str:
    return {"telegram": "Telegram", "viber": "Viber", "sms": "SMS", "email": words.t("E-mail")}.get(value, value)


def mark(words: Words, state: str) -> str:
    t = words.t
    return {
        "waits": t("being sent"),
        "sent": t("sent"),
        "delivered": t("delivered"),
        "seen": t("seen"),
        "failed": t("not delivered"),
    }[state]


def event(words: Words, happened: AppealEvent) -> str:
    """A line of an appeal's history; the name of whoever did it stands before it."""
    t, detail = words.t, happened.detail
    known = {
        "sent": t("The appeal was sent"),
        "answered": t("The subscriber has answered"),
        "reopened": t("The subscriber returned it to work"),
        "confirmed": t("The subscriber confirmed that it is solved"),
        "withdrawn": t("The subscriber withdrew it"),
        "silent": t("Closed: the subscriber was silent"),
        "started": t("taken into work"),
        "asked": t("asked; now the subscriber is waited for"),
        "resolved": t("solved"),
        "rejected": t("refused"),
        "near": t("The deadline is near"),
        "missed": t("The deadline was missed: the subscriber got an apology"),
    }
    match happened.what:
        case "rated":
            return t("The subscriber rated it {stars} of 5", stars=detail)
        case "assigned":
            return t("assigned to {name}", name=detail) if detail else t("given back")
        case "kind":
            return t("another kind")
    return known.get(happened.what, happened.what)


def reason(words: Words, value: str) -> str:
    """Why nobody was, or is to be, reminded: see :class:`core.reminders.models.Reason`."""
    t = words.t
    known = {
        "to be reminded": t("will be reminded"),
        "nobody_registered": t("nobody has registered for the account"),
        "below_threshold": t("the debt is too small"),
        "account_closed": t("the account is closed"),
        "no_due_date": t("the debt has no due date yet"),
        "switched_off": t("switched reminders off"),
        "account_muted": t("switched this account off"),
        "paused_by_person": t("asked for a pause"),
        "consent_refused": t("refused the document on personal data"),
        "asked_for_another_day": t("asked for another day"),
        "settings_changed": t("changed their settings"),
        "payment_promised": t("promised to pay"),
        "payment_on_its_way": t("a payment is on its way"),
        "no_chat": t("no chat can be reached"),
        "over_budget": t("the budget is used up"),
        "paid": t("has paid"),
        "out_of_date": t("out of date"),
        "not_linked_any_more": t("no longer linked"),
        "account_unknown": t("the billing does not know the account"),
        "cap_reached": t("had enough reminders"),
        "billing_silent": t("the billing was silent"),
        "outside_hours": t("outside of the hours"),
        "paused_by_operator": t("reminders are paused"),
        "could_not_be_delivered": t("could not be delivered"),
        "planned": t("planned"),
        "skipped": t("skipped"),
        "queued": t("on their way"),
        "sent": t("sent"),
        "cancelled": t("called off"),
        "dropped": t("dropped"),
        "failed": t("not delivered"),
        "seen": t("seen"),
        "delivered": t("delivered"),
        "pending": t("being sent"),
    }
    return known.get(value, value.replace("_", " "))


def stage(words: Words, value: str) -> str:
    """A stage of reminders: days from the due date, or one that has a name (core/reminders/policy.py)."""
    t = words.t
    if value.startswith("asked"):
        return t("on a chosen day")
    known = {"ahead": t("before the due date"), "suspension": t("before suspension"), "+0": t("on the due date")}
    if value in known or not value.lstrip("+-").isdigit():
        return known.get(value, value or "–")
    if value.startswith("-"):
        return words.n("{n} day before the due date", "{n} days before the due date", -int(value))
    return words.n("{n} day after the due date", "{n} days after the due date", int(value))


def trouble(words: Words, value: str) -> str:
    t = words.t
    return {
        "amount": t("another sum than ordered"),
        "currency": t("another currency"),
        "account": t("other accounts than ordered"),
        "order": t("no order of ours"),
        "second": t("a second payment for one order"),
        "refund": t("more was returned than paid"),
        "billing": t("the billing does not book it"),
    }.get(value, value)


def payment(words: Words, value: str) -> str:
    t = words.t
    return {
        "created": t("created"),
        "opening": t("being opened"),
        "open": t("waits for the payer"),
        "paid": t("paid, not in the billing yet"),
        "posted": t("paid"),
        "refunded": t("returned"),
        "cancelled": t("called off"),
        "expired": t("not paid in time"),
        "aside": t("put aside"),
    }.get(value, value)
