"""A flow with every fault that the checks look for."""

from __future__ import annotations

from fsm.action import Action
from fsm.actions import OpenMenu
from fsm.screen import Screen, screen
from fsm.state import State, entry
from fsm.talk import Talk


class Wide(Action, frozen=True, tag="faulty.wide"):
    number: str
    other_number: str


class Trap(State, frozen=True):
    """Nothing leads out of here."""

    async def show(self, talk: Talk) -> Screen:
        return screen("You are here for ever.", footer=False)

    async def on_wide(self, talk: Talk, press: Wide) -> Trap:
        return self


class Island(State, frozen=True):
    """Nothing leads here."""

    async def show(self, talk: Talk) -> Screen:
        return screen("Nobody sees this.")


@entry(commands=("Bad-Name",), public=True)
async def open_trap(talk: Talk, action: OpenMenu) -> Trap:
    return Trap()
