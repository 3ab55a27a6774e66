"""A conversation that counts: everything it says and writes shows whether an input was lost or taken twice."""

from __future__ import annotations

from sqlalchemy import Column, Connection, Integer, MetaData, String, Table

from core.delivery.tasks import plan
from core.delivery.writes import Write, insert_for
from fsm.actions import OpenHelp, OpenMenu, OpenPerson, OpenRegistration
from fsm.event import Text
from fsm.screen import Screen, screen
from fsm.state import State, entry
from fsm.talk import Talk

EFFECT = "effect"

# Tables of its own: the program's schema must not grow by what a test needs.
tables = MetaData()

# How often each input has changed the domain: must be once.
tally = Table(
    "test_tally", tables, Column("input", String(40), primary_key=True), Column("times", Integer, nullable=False)
)


def _count(name: str) -> Write:
    def apply(connection: Connection) -> None:
        statement = insert_for(connection, tally)
        again = statement.on_conflict_do_update(
            index_elements=[tally.c.input], set_={"times": tally.c.times + statement.excluded.times}
        )
        connection.execute(again, {"input": name, "times": 1})

    return Write("count the input", apply)


class Counting(State, frozen=True):
    """``heard`` counts this chat's inputs in the state, ``tally`` counts each of them in the domain."""

    public = True
    heard: int = 0
    last: str = ""

    async def show(self, talk: Talk) -> Screen:
        return screen(f"{self.heard}b {self.last}")

    async def on_text(self, talk: Talk, said: Text) -> Counting:
        new = Counting(self.heard + 1, said.text)
        if said.text.startswith("heavy"):
            talk.write(_count(said.text), plan(f"task {said.text}", EFFECT, {"input": said.text}, talk.now))
        talk.show_first(screen(f"{new.heard}a {new.last}"))
        return new


@entry(commands=("menu",), public=True)
async def menu(talk: Talk, action: OpenMenu) -> Counting:
    return Counting()


@entry(public=True)
async def registration(talk: Talk, action: OpenRegistration) -> Counting:
    return Counting()


@entry(public=True)
async def helps(talk: Talk, action: OpenHelp) -> Counting:
    return Counting()


@entry(public=True)
async def person(talk: Talk, action: OpenPerson) -> Counting:
    return Counting()
