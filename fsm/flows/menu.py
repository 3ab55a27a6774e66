"""The main menu: where everything begins and where every way out leads. It asks no outside system anything."""

from __future__ import annotations

from fsm.actions import (
    GoOn,
    OpenAccounts,
    OpenAppeals,
    OpenHelp,
    OpenLanguage,
    OpenLinking,
    OpenMenu,
    OpenPayment,
    OpenPerson,
    OpenPrivacy,
    OpenProfile,
    OpenRegistration,
    WriteAppeal,
)
from fsm.screen import Choice, Screen, Tone, bold, paragraphs, screen
from fsm.state import State, entry
from fsm.talk import Talk


class MainMenu(State, frozen=True):
    """What a subscriber can do here."""

    async def show(self, talk: Talk) -> Screen:
        name = talk.subscriber.name
        return screen(
            paragraphs(
                bold(talk.t("Hello, {name}!", name=name) if name else talk.t("Hello!")),
                talk.t("What would you like to know?"),
                _stopped(talk),
            ),
            _go_on(talk),
            Choice(talk.t("💰 Balance & charges"), OpenAccounts(), Tone.primary),
            _pay(talk),
            Choice(talk.t("➕ Link an account"), OpenLinking()),
            (Choice(talk.t("✍️ Write to us"), WriteAppeal()), Choice(talk.t("📋 My appeals"), OpenAppeals())),
            Choice(talk.t("👤 Profile"), OpenProfile()),
            (Choice(talk.t("❓ Help"), OpenHelp()), Choice(talk.t("🙋 A person"), OpenPerson())),
            footer=False,
        )

    def expects(self, talk: Talk) -> str:
        return talk.t("Please choose one of the buttons below. If none fits, ask a person.")


class GuestMenu(State, frozen=True):
    """What somebody can do who has not registered."""

    public = True

    async def show(self, talk: Talk) -> Screen:
        return screen(
            paragraphs(
                bold(talk.t("Hello!")),
                talk.t(
                    "Here you can see what you owe {operator}, until when and what for. "
                    "Registration takes about a minute.",
                    operator=talk.core.operator.name,
                ),
                _stopped(talk),
            ),
            _go_on(talk),
            Choice(talk.t("🔑 Register or sign in"), OpenRegistration(), Tone.primary),
            Choice(talk.t("✍️ Write to us"), WriteAppeal()),
            (Choice(talk.t("❓ Help"), OpenHelp()), Choice(talk.t("🙋 A person"), OpenPerson())),
            (Choice(talk.t("🌐 Язык · Language"), OpenLanguage()), Choice(talk.t("🛡 Privacy"), OpenPrivacy())),
            footer=False,
        )

    def expects(self, talk: Talk) -> str:
        return talk.t("Please choose one of the buttons below. If none fits, ask a person.")


@entry(commands=("menu",), public=True)
async def open_menu(talk: Talk, action: OpenMenu) -> MainMenu | GuestMenu:
    """The one screen that must come up whatever else is broken."""
    return MainMenu() if talk.known is not None else GuestMenu()


def _stopped(talk: Talk) -> str:
    return talk.t("You stopped in the middle of something. You can go on with it.") if talk.parked else ""


def _pay(talk: Talk) -> Choice | None:
    return Choice(talk.t("💳 Pay"), OpenPayment()) if talk.core.payments.ways(talk.chat.channel) else None


def _go_on(talk: Talk) -> Choice | None:
    return Choice(talk.t("▶️ Continue where you stopped"), GoOn(), Tone.primary) if talk.parked else None
