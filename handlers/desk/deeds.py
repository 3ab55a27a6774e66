"""What the audit log's lines say, in words: the log itself keeps short English names."""

from __future__ import annotations

from handlers.desk.words import Words


def said(words: Words, what: str) -> str:
    """Unknown ones (of an older or a newer version) are shown as they were written."""
    t = words.t
    known = {
        "logged in": t("Logged in"),
        "logged out": t("Logged out"),
        "log-in failed": t("Log-in failed"),
        "session ended": t("A session ended"),
        "sessions ended": t("Sessions ended"),
        "password changed": t("Own password changed"),
        "password reset": t("Password set anew"),
        "staff added": t("Account added"),
        "role changed": t("Role changed"),
        "staff switched off": t("Account switched off"),
        "staff switched on": t("Account switched on"),
        "profile changed": t("Profile changed"),
        "telegram code": t("Code for Telegram given out"),
        "telegram bound": t("Telegram bound"),
        "telegram unbound": t("Telegram taken away"),
        "template saved": t("Ready answer saved"),
        "template deleted": t("Ready answer deleted"),
        "phone shown": t("Phone shown"),
        "file opened": t("File opened"),
        "reply": t("Replied"),
        "note": t("Noted"),
        "started": t("Taken into work"),
        "asked": t("Asked the subscriber"),
        "resolved": t("Resolved"),
        "rejected": t("Rejected"),
        "assigned": t("Assigned"),
        "kind changed": t("Kind changed"),
        "link approved": t("Account linked"),
        "link refused": t("Link refused"),
        "outage added": t("Outage added"),
        "outage ended": t("Outage ended"),
        "payment settled": t("Payment taken off the list"),
    }
    return known.get(what, what)
