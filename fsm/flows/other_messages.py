"""What comes by itself besides reminders of debts, each kind with a switch of its own."""

from __future__ import annotations

from dataclasses import replace

from core.reminders.models import Kind, Prefs
from fsm.action import Action
from fsm.actions import OpenOtherMessages, OpenReminders
from fsm.screen import Choice, Screen, bold, paragraphs, screen
from fsm.state import State, entry
from fsm.talk import Talk

KINDS = (Kind.works, Kind.news, Kind.receipts)


class SwitchKind(Action, frozen=True, tag="msgs.on"):
    """One kind of messages on or off."""

    kind: Kind
    on: bool


@entry(commands=("messages",))
async def open_other_messages(talk: Talk, action: OpenOtherMessages) -> OtherMessages:
    return OtherMessages(await talk.core.reminders.prefs(talk.subscriber.id))


class OtherMessages(State, frozen=True):
    """Each kind with a mark; a press turns it over. ``prefs`` as they are after the last change."""

    prefs: Prefs

    async def show(self, talk: Talk) -> Screen:
        words = {
            Kind.works: talk.t("Planned works"),
            Kind.news: talk.t("News"),
            Kind.receipts: talk.t("Payments that have arrived"),
        }
        return screen(
            paragraphs(
                bold(talk.t("What else shall I write to you about?")),
                talk.t("Press a line to switch it on or off."),
            ),
            *(
                Choice(f"{'✅' if self.prefs.wants(kind) else '🔕'} {words[kind]}", self._turned(kind))
                for kind in KINDS
            ),
            Choice(talk.t("🔔 Reminders of debts"), OpenReminders()),
        )

    def _turned(self, kind: Kind) -> SwitchKind:
        return SwitchKind(kind, not self.prefs.wants(kind))

    async def on_switch(self, talk: Talk, press: SwitchKind) -> OtherMessages:
        if press.kind not in KINDS:
            return self
        talk.write(talk.core.reminders.change(talk.subscriber.id, **{press.kind.value: press.on}))
        talk.say_briefly(talk.t("Saved."))
        return OtherMessages(replace(self.prefs, **{press.kind.value: press.on}))  # type: ignore[arg-type]  # a switch
