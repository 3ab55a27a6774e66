"""A conversation as it lies in the database: the state, the way back, and what else the next turn must know."""

from __future__ import annotations

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from fsm.action import stamp_of
from fsm.screen import Rich
from fsm.state import Registry, State, Stored, UnknownState, restore, store

DEPTH = 12  # questions that Back can undo


class Album(Struct, frozen=True, omit_defaults=True):
    """Files that came together: which turns have answered them so far, and what those had to say above the question."""

    id: str
    turns: tuple[str, ...] = ()
    notes: tuple[Rich, ...] = ()


class Envelope(Struct, frozen=True, omit_defaults=True):
    """``stamp`` belongs to the question on the screen, ``last_stamp`` to the one before it."""

    state: Stored
    past: tuple[Stored, ...] = ()
    parked: Stored | None = None  # an unfinished question that was left for the menu
    stamp: str = ""
    last_stamp: str = ""
    keyboard: bool = False  # a share-phone keyboard lies on the phone's screen
    pending: str = ""  # the payload of what the person wanted before registering
    heard: str = ""  # the messenger's id of the person's last message
    album: Album | None = None  # what is coming in piece by piece at the moment

    def dump(self) -> str:
        return msgspec.json.encode(self).decode()

    @classmethod
    def load(cls, stored: str) -> Envelope:
        """Raises UnknownState when another version of the program wrote it."""
        try:
            return msgspec.json.decode(stored, type=cls)
        except msgspec.MsgspecError as error:
            raise UnknownState(str(error)) from error

    def move(self, old: State | None, new: State, *, fresh: bool = False) -> Envelope:
        """The envelope with ``new`` on the screen. ``fresh`` forgets the way back."""
        stored = store(new)
        past = self.past
        if fresh or new.settles:
            past = ()
        elif stored in past:
            past = past[: past.index(stored)]
        elif old is not None and type(old) is not type(new) and old.returns:
            past = (*past, self.state)[-DEPTH:]
        stamp = stamp_of(msgspec.json.encode(stored))
        last = self.stamp if stamp != self.stamp else self.last_stamp
        return replace(self, state=stored, past=past, stamp=stamp, last_stamp=last)

    def interrupt(self, question: State) -> Envelope:
        """The envelope with a question put in between: Back leads to what it keeps from being shown."""
        stored = store(question)
        stamp = stamp_of(msgspec.json.encode(stored))
        past = (*self.past, self.state)[-DEPTH:]
        return replace(self, state=stored, past=past, stamp=stamp, last_stamp=self.stamp)

    def step_back(self, registry: Registry) -> tuple[State | None, Envelope]:
        """The last state that can be returned to, and the envelope that remains; None when there is none."""
        past = list(self.past)
        while past:
            stored = past.pop()
            try:
                state = restore(stored, registry)
            except UnknownState:
                continue
            return state, replace(self, past=tuple(past))
        return None, replace(self, past=())


def first(state: State) -> Envelope:
    """A conversation that begins with ``state``."""
    stored = store(state)
    return Envelope(stored, stamp=stamp_of(msgspec.json.encode(stored)))
