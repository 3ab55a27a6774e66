"""The operator's own words to many people: a heading that says what it is, and a way to switch such messages off."""

from __future__ import annotations

from core.reminders.models import Kind
from fsm.actions import OpenOtherMessages
from fsm.screen import Choice, Screen, bold, paragraphs, screen
from fsm.texts import Translator


def notice(t: Translator, kind: Kind, operator: str, text: str) -> Screen:
    """``text`` is the operator's, as it was written; it is never parsed."""
    heading = t.t("🛠 Planned works") if kind is Kind.works else t.t("📰 News of {operator}", operator=operator)
    return screen(
        paragraphs(bold(heading), text.strip()), Choice(t.t("🔕 What I write to you about"), OpenOtherMessages())
    )
