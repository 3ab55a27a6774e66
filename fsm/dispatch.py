"""Finds who takes an input, and how it leads on: a state's handler, a way in, or the engine itself.

What no state has to care about is here: back, cancel, buttons of old messages, things that nobody expected, and
questions that were left unanswered.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
from msgspec.structs import replace

from core.subscribers import chats
from fsm.action import ANYWHERE, Action, decode
from fsm.actions import Back, GoOn, OpenMenu, OpenRegistration, StartOver
from fsm.capabilities import Capabilities
from fsm.draw import ENGINE_ACTIONS, works_anywhere
from fsm.envelope import Envelope
from fsm.event import (
    Blocked,
    Command,
    Contact,
    Edited,
    Event,
    File,
    Input,
    Opened,
    Press,
    Text,
    Unblocked,
    Unsupported,
)
from fsm.help_topics import find
from fsm.screen import Choice, Row, Screen, Tone, screen
from fsm.state import Registry, State, UnknownState, restore
from fsm.talk import Talk
from fsm.words import asks_what_is_owed, bare, says_thanks, says_yes, spoken_command

ENGINE_ACTIONS.update({Back, GoOn, StartOver})

A_SENTENCE = 3  # words: somebody says something, and a person may be the one to answer it


@dataclass
class Turn:
    """What is being worked out."""

    talk: Talk
    envelope: Envelope | None
    state: State | None  # None: nothing was said in this chat yet, or nobody understands what is stored
    event: Event
    means: Capabilities
    quick: bool = False  # the last turn was a moment ago
    fresh: bool = False  # the way back is forgotten
    quiet: bool = False  # nothing is to be shown
    extra: Row | None = None


class Nothing(State, frozen=True):
    """Stands where nothing was ever said: a chat that blocked us before its first word."""

    public = True

    async def show(self, talk: Talk) -> Screen:
        return screen(talk.t("Welcome!"))


class Dispatcher:
    """Stateless: everything that a turn changes is in the :class:`Turn`."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    # -- who takes the input ---------------------------------------------------------------------------------------

    async def answer(self, turn: Turn, said: Input) -> State:
        match said:
            case Blocked():
                turn.quiet = True
                turn.talk.write(chats.gone(turn.talk.chat.chat_id))
                return turn.state or Nothing()
            case Unblocked():
                turn.quiet = True
                return turn.state or Nothing()
            case Opened(context=context):
                return await self._opened(turn, context)
            case Command():
                return await self._command(turn, said)
            case Press():
                return await self._press(turn, said)
            case Text(text=text):
                command = spoken_command(text)
                if command is not None:
                    return await self._command(turn, command)
        if turn.state is None:
            return await self._begin(turn)
        if isinstance(said, Text | Contact | File):
            return await self._input(turn, turn.state, said)
        if isinstance(said, Edited):
            turn.talk.tell(turn.talk.t("I do not read changes to earlier messages. Please send it as a new one."))
        elif isinstance(said, Unsupported):
            turn.talk.tell(turn.talk.t("I cannot read this kind of message, sorry."))
        turn.talk.tell(turn.state.expects(turn.talk))
        return turn.state

    async def _input(self, turn: Turn, state: State, said: Text | Contact | File) -> State:
        if turn.talk.reply_to is not None and await self._replied(turn.talk, said, state):
            return state
        handler = self._registry.find(state, type(said))
        if handler is not None:
            new: State = await getattr(state, handler.name)(turn.talk, said)
            return new
        if isinstance(said, Text):
            # Somebody typed what a button says instead of pressing it.
            choice = _choice_called(said.text, await state.show(turn.talk))
            if choice is not None:
                return await self._act(turn, choice.action)
            if says_thanks(said.text):
                turn.talk.tell(turn.talk.t("You are welcome!"))
                return state
            way_in = await self._way_in_for(turn, state, said)
            if way_in is not None:
                return await self.enter(turn, way_in)
        elif isinstance(said, File) and await self._rest(turn.talk, state, said) is True:
            return state
        if isinstance(said, Contact):
            turn.talk.tell(turn.talk.t("Thank you, but I do not need a phone number here."))
        elif isinstance(said, File):
            turn.talk.tell(turn.talk.t("Thank you, but I cannot take a file here."))
        else:
            turn.talk.tell(turn.talk.t("I did not understand."))
        turn.talk.tell(state.expects(turn.talk))
        return state

    async def _replied(self, talk: Talk, said: Input, state: State) -> bool:
        for taken in self._registry.replies:
            if await taken(talk, said, state):
                return True
        return False

    async def _rest(self, talk: Talk, state: State, said: Text | File, *, understood: bool = False) -> Action | bool:
        if not state.unfinished:
            for taken in self._registry.rests:
                if found := await taken(talk, said, understood):
                    return found
        return False

    async def _way_in_for(self, turn: Turn, state: State, said: Text) -> Action | None:
        """Where a question in the person's own words leads; a question that was put to them is not left for it."""
        if state.unfinished:
            return None
        commands, text = self._registry.commands, said.text
        if asks_what_is_owed(text) and "balance" in commands:
            return _build(commands["balance"], "")
        understood = "help" in commands and bool(find(turn.talk, text))
        guessed = await self._rest(turn.talk, state, said, understood=understood)
        if isinstance(guessed, Action):
            return guessed
        if "help" in commands and (understood or len(bare(text).split()) >= A_SENTENCE):
            return _build(commands["help"], text)
        return None

    async def _command(self, turn: Turn, command: Command) -> State:
        talk = turn.talk
        match command.name:
            case "start" if command.argument:
                return await self._opened(turn, command.argument)
            case "start":
                if turn.state is not None and turn.state.unfinished:
                    return self._stopped_here(turn, turn.state)
                turn.fresh = True
                return await self._begin(turn)
            case "cancel":
                if turn.state is not None and turn.state.unfinished:
                    talk.tell(talk.t("Cancelled."))
                turn.fresh = True
                return await self.enter(turn, OpenMenu(), park=False)
            case "back":
                return await self._act(turn, Back())
        action = self._registry.commands.get(command.name)
        if action is not None:
            return await self.enter(turn, _build(action, command.argument))
        talk.tell(talk.t("I do not know the command /{name}.", name=command.name[:32]))
        if turn.state is None:
            return await self._begin(turn)
        talk.tell(turn.state.expects(talk))
        return turn.state

    async def _opened(self, turn: Turn, context: str) -> State:
        name, _, argument = context.partition("_")
        action = self._registry.links.get(name)
        if action is not None:
            return await self.enter(turn, _build(action, argument))
        if turn.state is None:
            return await self._begin(turn)
        if turn.state.unfinished:
            return self._stopped_here(turn, turn.state)
        return turn.state

    async def _press(self, turn: Turn, press: Press) -> State:
        talk = turn.talk
        decoded = decode(press.payload)
        if decoded is None:
            talk.tell(talk.t("This button does not work any more."))
            return turn.state or await self._begin(turn)
        stamp, action = decoded
        if stamp == ANYWHERE and works_anywhere(action, self._registry):
            return await self._act(turn, action)
        if turn.state is None or turn.envelope is None:
            return await self._begin(turn)
        if stamp == turn.envelope.stamp:
            return await self._act(turn, action)
        if turn.quick and stamp == turn.envelope.last_stamp and self._registry.find(turn.state, type(action)) is None:
            # The second of two quick taps: the first one has been answered.
            talk.say_briefly(talk.t("Done already."))
            turn.quiet = turn.means.toasts
            return turn.state
        talk.tell(talk.t("That button belongs to an earlier question. This is where we are now:"))
        return turn.state

    async def _act(self, turn: Turn, action: Action) -> State:
        talk = turn.talk
        match action:
            case Back():
                return await self._back(turn)
            case StartOver():
                turn.fresh = True
                talk.parked = False
                turn.envelope = replace(turn.envelope, parked=None) if turn.envelope else None
                return await self._begin(turn)
            case GoOn():
                return await self._go_on(turn)
        if type(action) in self._registry.entries:
            return await self.enter(turn, action)
        handler = self._registry.find(turn.state, type(action)) if turn.state is not None else None
        if turn.state is None or handler is None:
            talk.tell(talk.t("That button belongs to an earlier question. This is where we are now:"))
            return turn.state or await self._begin(turn)
        new: State = await getattr(turn.state, handler.name)(talk, action)
        return new

    # -- ways in and back ------------------------------------------------------------------------------------------

    async def enter(self, turn: Turn, action: Action, *, park: bool = True) -> State:
        entry = self._registry.entries[type(action)]
        talk = turn.talk
        if turn.envelope is not None and turn.state is not None and turn.state.unfinished:
            talk.parked = park
            turn.envelope = replace(turn.envelope, parked=turn.envelope.state if park else None)
        if not entry.public and talk.known is None:
            talk.pending = action
            entry = self._registry.entries[OpenRegistration]
            action = OpenRegistration()
        if isinstance(action, OpenMenu):
            turn.fresh = True
        return await entry.function(talk, action)

    async def _begin(self, turn: Turn) -> State:
        return await self.enter(turn, OpenMenu() if turn.talk.known is not None else OpenRegistration(), park=False)

    async def _back(self, turn: Turn) -> State:
        if turn.envelope is not None:
            state, turn.envelope = turn.envelope.step_back(self._registry)
            if state is not None and (state.public or turn.talk.known is not None):
                # Its place in the past is taken already: the state that is left must not be pushed again.
                turn.state = state
                return state
        return await self.enter(turn, OpenMenu())

    async def _go_on(self, turn: Turn) -> State:
        parked = turn.envelope.parked if turn.envelope is not None else None
        if parked is not None and turn.envelope is not None:
            turn.envelope = replace(turn.envelope, parked=None)
            turn.talk.parked = False
            try:
                state = restore(parked, self._registry)
            except UnknownState:
                state = None
            if state is not None and (state.public or turn.talk.known is not None):
                return state
        turn.talk.tell(turn.talk.t("There is nothing to go on with."))
        return await self._begin(turn)

    def _stopped_here(self, turn: Turn, state: State) -> State:
        talk = turn.talk
        talk.tell(talk.t("You stopped here. Answer to go on, or start over."))
        turn.extra = (Choice(talk.t("↺ Start over"), StartOver()),)
        return state


def _build(action: type[Action], argument: str) -> Action:
    """The action with the argument as its first field; without it when it has none or the argument does not fit."""
    if argument and action.__struct_fields__:
        try:
            return msgspec.convert([action.__struct_config__.tag, argument], action)
        except msgspec.ValidationError:
            pass
    try:
        return action()
    except TypeError:  # it cannot do without an argument
        return OpenMenu()


def _choice_called(text: str, shown: Screen) -> Choice | None:
    wanted = bare(text)
    choices = [item for row in shown.rows for item in row if isinstance(item, Choice)]
    called = next((choice for choice in choices if wanted and bare(choice.label) == wanted), None)
    if called is not None or not says_yes(text) or any(choice.tone is Tone.danger for choice in choices):
        return called
    main = [choice for choice in choices if choice.tone is Tone.primary]
    return main[0] if len(main) == 1 else None
