"""The profile: who I am here, and how to change it."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from core import regions
from core.subscribers.activity import Did
from core.subscribers.names import NameFault, parse_name
from core.subscribers.phones import show_phone
from fsm.action import Action
from fsm.actions import (
    OpenArchive,
    OpenAutopay,
    OpenEmail,
    OpenLanguage,
    OpenPhone,
    OpenPrivacy,
    OpenProfile,
    OpenReminders,
    OpenSessions,
)
from fsm.event import Text
from fsm.languages import language_name
from fsm.name_words import why_not_a_name
from fsm.region_choice import find_regions, region_name, region_rows, usual_regions
from fsm.screen import Choice, Screen, Tone, bold, lines, paragraphs, screen
from fsm.state import State, entry
from fsm.talk import Talk


class ChangeName(Action, frozen=True, tag="prof.name"):
    """Another name."""


class ChangeRegion(Action, frozen=True, tag="prof.rgn"):
    """Another region."""


class NewRegion(Action, frozen=True, tag="prof.pick"):
    """The region by its code."""

    code: str


class What(StrEnum):
    """What was changed."""

    name = "name"
    region = "region"


@entry(commands=("profile",))
async def open_profile(talk: Talk, action: OpenProfile) -> Profile:
    return Profile()


class Profile(State, frozen=True):
    """All of it on one screen."""

    async def show(self, talk: Talk) -> Screen:
        person = talk.subscriber
        return screen(
            lines(
                "👤 " + bold(person.name),
                "",
                talk.t("Phone: {phone}", phone=show_phone(person.phone or "—")),
                talk.t("E-mail: {email}", email=person.email or talk.t("none")),
                talk.t("Region: {region}", region=region_name(talk, person.region) or talk.t("not chosen")),
                talk.t("Language: {language}", language=language_name(talk.language)),
                talk.t("Here since {day}", day=talk.translator.day(person.created_at)),
            ),
            (Choice(talk.t("✏️ Name"), ChangeName()), Choice(talk.t("📍 Region"), ChangeRegion())),
            (Choice(talk.t("✉️ E-mail"), OpenEmail()), Choice(talk.t("📱 Phone"), OpenPhone())),
            (Choice(talk.t("🌐 Language"), OpenLanguage()), Choice(talk.t("🕘 My actions"), OpenArchive())),
            Choice(talk.t("🔔 Reminders"), OpenReminders()),
            Choice(talk.t("🔁 Auto-payment"), OpenAutopay()) if talk.core.autopay.on else None,
            Choice(talk.t("💬 Where am I signed in"), OpenSessions()),
            Choice(talk.t("🔒 My data and consent"), OpenPrivacy()),
        )

    async def on_name(self, talk: Talk, press: ChangeName) -> AskNewName:
        return AskNewName()

    async def on_region(self, talk: Talk, press: ChangeRegion) -> AskNewRegion:
        return AskNewRegion()


class AskNewName(State, frozen=True):
    """Waits for a name."""

    unfinished: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        return screen(
            paragraphs(talk.t("Now you are called {name}.", name=talk.subscriber.name), talk.t("Type the new name.")),
            hint=talk.t("Your name"),
        )

    def expects(self, talk: Talk) -> str:
        return talk.t("Please type your name.")

    async def on_name(self, talk: Talk, said: Text) -> AskNewName | Changed:
        name = parse_name(said.text)
        if isinstance(name, NameFault):
            talk.tell(why_not_a_name(talk, name))
            return self
        service, person = talk.core.subscribers, talk.subscriber
        talk.write(service.set_name(person.id, name), service.did(person.id, talk.chat.chat_id, Did.name_changed, name))
        return Changed(What.name, name)


class AskNewRegion(State, frozen=True):
    """Waits for a region. ``found`` are codes that a typed text has found."""

    found: tuple[str, ...] = ()
    unfinished: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        codes = self.found or usual_regions(talk, talk.subscriber.region)
        return screen(
            bold(talk.t("Which of these?"))
            if self.found
            else talk.t("Choose your region, or type its name or its chief city. I need it to know your local time."),
            *region_rows(talk, codes, NewRegion),
            hint=talk.t("Region"),
        )

    def expects(self, talk: Talk) -> str:
        return talk.t("Please choose your region, or type the first letters of its name.")

    async def on_typed(self, talk: Talk, said: Text) -> AskNewRegion | Changed:
        found = find_regions(talk, said.text)
        if len(found) == 1:
            return self._choose(talk, found[0])
        if not found:
            talk.tell(talk.t("I do not know such a region. Try its first letters, or its chief city."))
        return AskNewRegion(found)

    async def on_pick(self, talk: Talk, press: NewRegion) -> AskNewRegion | Changed:
        if regions.region(press.code) is None:
            return self
        return self._choose(talk, press.code)

    def _choose(self, talk: Talk, code: str) -> Changed:
        service, person = talk.core.subscribers, talk.subscriber
        name = region_name(talk, code)
        talk.write(
            service.set_region(person.id, code), service.did(person.id, talk.chat.chat_id, Did.region_changed, name)
        )
        return Changed(What.region, code)


class Changed(State, frozen=True):
    """It is done. ``value``: the name, or the region's code."""

    what: What
    value: str
    settles: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        if self.what is What.name:
            said = talk.t("✅ Done. From now on you are {name}.", name=self.value)
        else:
            said = talk.t("✅ Done. Your region: {region}.", region=region_name(talk, self.value))
        return screen(
            said,
            Choice(talk.t("👤 My profile"), OpenProfile(), Tone.primary),
        )
