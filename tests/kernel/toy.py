"""Two small flows that use everything the engine offers."""

from __future__ import annotations

from sqlalchemy import update

from core.delivery.writes import change
from core.errors import OutsideUnavailable
from core.subscribers.tables import chats
from fsm.action import Action
from fsm.actions import OpenHelp, OpenMenu, OpenPerson, OpenRegistration
from fsm.event import Contact, File, Text
from fsm.screen import Asks, Choice, Document, Screen, screen
from fsm.state import State, entry
from fsm.talk import Talk


class Rename(Action, frozen=True, tag="t.ren"):
    pass


class Take(Action, frozen=True, tag="t.take"):
    what: str


class Break(Action, frozen=True, tag="t.break"):
    pass


class Unplug(Action, frozen=True, tag="t.unplug"):
    pass


class Save(Action, frozen=True, tag="t.save"):
    pass


class Menu(State, frozen=True):
    public = True

    async def show(self, talk: Talk) -> Screen:
        return screen("The menu", Choice("Rename", Rename()), Choice("Break", Break()), Choice("Unplug", Unplug()))

    async def on_break(self, talk: Talk, press: Break) -> Menu:
        raise RuntimeError("a fault of the flow's")

    async def on_unplug(self, talk: Talk, press: Unplug) -> Menu:
        raise OutsideUnavailable("billing")


class AskName(State, frozen=True):
    public = True
    unfinished = True

    async def show(self, talk: Talk) -> Screen:
        return screen("What is your name?", Choice("Call me Ann", Take("Ann")))

    def expects(self, talk: Talk) -> str:
        return "Type your name."

    async def on_text(self, talk: Talk, said: Text) -> AskPhone | AskName:
        if len(said.text) < 2:
            talk.tell("That is too short.")
            return self
        return AskPhone(said.text)

    async def on_take(self, talk: Talk, press: Take) -> AskPhone:
        return AskPhone(press.what)


class AskPhone(State, frozen=True):
    public = True
    unfinished = True
    name: str

    async def show(self, talk: Talk) -> Screen:
        return screen(f"{self.name}, your phone?", asks=Asks.contact)

    async def on_contact(self, talk: Talk, contact: Contact) -> Confirm:
        talk.tell("Got it.")
        return Confirm(self.name, contact.phone)


class Confirm(State, frozen=True):
    public = True
    unfinished = True
    name: str
    phone: str

    async def show(self, talk: Talk) -> Screen:
        return screen(f"{self.name} {self.phone}?", Choice("Save", Save()))

    async def on_save(self, talk: Talk, press: Save) -> Saved:
        talk.write(
            change("name the chat", update(chats).where(chats.c.chat_id == talk.chat.chat_id).values(name=self.name))
        )
        talk.show_first(screen("Your file", document=Document(b"{}", "me.json", "application/json"), footer=False))
        return Saved(self.name)


class Saved(State, frozen=True):
    public = True
    settles = True
    name: str

    async def show(self, talk: Talk) -> Screen:
        return screen(f"Saved: {self.name}")


class Pile(State, frozen=True):
    """Takes files."""

    public = True
    kept: int = 0

    async def show(self, talk: Talk) -> Screen:
        return screen(f"{self.kept} kept", Choice("Menu, please", OpenMenu()))

    async def on_file(self, talk: Talk, sent: File) -> Pile:
        if sent.caption:
            talk.tell(f"Not this one: {sent.caption}.")
            return self
        return Pile(self.kept + 1)

    async def on_text(self, talk: Talk, said: Text) -> Pile:
        told = talk.reply_to
        talk.tell(f"An answer to {told.chat_id} {told.message_id}." if told else "An answer to nothing.")
        return self


class OpenPile(Action, frozen=True, tag="t.pile"):
    pass


@entry(commands=("pile",), public=True)
async def pile(talk: Talk, action: OpenPile) -> Pile:
    return Pile()


class Secret(State, frozen=True):
    async def show(self, talk: Talk) -> Screen:
        return screen("For subscribers only")


class OpenSecret(Action, frozen=True, tag="t.secret"):
    which: str = ""


@entry(commands=("menu",), public=True)
async def menu(talk: Talk, action: OpenMenu) -> Menu:
    return Menu()


@entry(public=True)
async def registration(talk: Talk, action: OpenRegistration) -> AskName:
    return AskName()


@entry(public=True)
async def rename(talk: Talk, action: Rename) -> AskName:
    return AskName()


@entry(commands=("help",), public=True)
async def helps(talk: Talk, action: OpenHelp) -> Menu:
    talk.tell("Help!")
    return Menu()


@entry(commands=("person",), public=True)
async def person(talk: Talk, action: OpenPerson) -> Menu:
    talk.tell("A person!")
    return Menu()


@entry(commands=("secret",), link="secret")
async def secret(talk: Talk, action: OpenSecret) -> Secret:
    return Secret()
