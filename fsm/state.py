"""A state of a conversation is a typed value; what its handlers say they return are the edges of the diagram."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import types
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct

from fsm.action import Action
from fsm.event import Input
from fsm.screen import Screen

if TYPE_CHECKING:
    from fsm.talk import Talk


class State(Struct, frozen=True):
    """One question of a conversation, with exactly the data that is known at that point.

    A subclass defines ``show`` and any number of handlers: methods whose name begins with ``on_``, taking the talk and
    one input or action, told apart by that parameter's annotation. What a handler returns is the next state
    (``self`` to ask again), and its annotation names every state it may return.
    """

    public: ClassVar[bool] = False
    """May be shown to somebody who has not registered."""

    settles: ClassVar[bool] = False
    """Something is done and over: Back does not lead before this state."""

    returns: ClassVar[bool] = True
    """Back may lead here."""

    unfinished: ClassVar[bool] = False
    """A question in the middle of something: whoever leaves it may go on later, or start over."""

    before_consent: ClassVar[bool] = False
    """May be shown to somebody who has not agreed to a new version of the consent document, as public states may."""

    @property
    def about(self) -> str:
        """The id of the appeal that its screen speaks of; empty for none."""
        return ""

    async def show(self, talk: Talk) -> Screen:
        raise TypeError(f"{type(self).__name__} has no show()")

    def expects(self, talk: Talk) -> str:
        """What the person is to do, in one sentence: said when something else arrives."""
        return talk.t("Please choose one of the buttons below.")


S = TypeVar("S", bound=State)
EntryFunction = Callable[["Talk", Any], Awaitable[State]]


@dataclass(frozen=True, slots=True)
class Entry:
    """A way into a flow that works from any state: from a button, a command or a deep link."""

    action: type[Action]
    function: EntryFunction
    flow: str
    targets: tuple[type[State], ...]
    commands: tuple[str, ...]
    link: str
    public: bool


_entries: list[tuple[EntryFunction, tuple[str, ...], str, bool]] = []


def entry(
    *, commands: tuple[str, ...] = (), link: str = "", public: bool = False
) -> Callable[[EntryFunction], EntryFunction]:
    """Marks ``async def f(talk, action: SomeAction) -> State`` as the way in that ``SomeAction`` opens.

    ``commands`` open it too (without the slash), and so does the deep link ``<link>_<argument>``; an argument becomes
    the action's first field. Unless ``public``, the person registers first and is offered to go on afterwards.
    """

    def mark(function: EntryFunction) -> EntryFunction:
        # The annotations are read by the registry: a file begins with its way in, before the states it names.
        _entries.append((function, commands, link, public))
        return function

    return mark


ReplyFunction = Callable[["Talk", Input, State], Awaitable[bool]]

_replies: list[ReplyFunction] = []


def takes_replies(function: ReplyFunction) -> ReplyFunction:
    """Marks ``async def f(talk, said, state) -> bool``: it is asked first when somebody answers an earlier message.

    True when it has taken what was said: the conversation then stays where it was.
    """
    _replies.append(function)
    return function


RestFunction = Callable[["Talk", Any, bool], Awaitable["Action | bool"]]

_rests: list[RestFunction] = []


def takes_the_rest(function: RestFunction) -> RestFunction:
    """Marks ``async def f(talk, said: Text | File, understood) -> Action | bool``: asked when the question on the
    screen does not take what was said and is not in the middle of something. ``understood``: a ready answer fits.

    An action leads on; True when it has taken what was said and the conversation stays where it was.
    """
    _rests.append(function)
    return function


@dataclass(frozen=True, slots=True)
class Handler:
    """How a state takes one kind of input, and where that may lead."""

    name: str
    accepts: type[Input] | type[Action]
    targets: tuple[type[State], ...]


class Registry:
    """The states and entries of one package of flows, looked at once."""

    def __init__(self, package: str = "fsm.flows") -> None:
        self.package = package
        _import_all(package)
        self.states: dict[str, type[State]] = {}
        self.handlers: dict[type[State], dict[type, Handler]] = {}
        for kind in _subclasses(State):
            if not self._has(kind.__module__) and kind.__module__ != "fsm.dispatch":
                continue
            name = state_name(kind)
            if self.states.setdefault(name, kind) is not kind:
                raise TypeError(f"two states are called {name}")
            self.handlers[kind] = {handler.accepts: handler for handler in _handlers(kind)}
        self.entries: dict[type[Action], Entry] = {}
        self.commands: dict[str, type[Action]] = {}
        self.links: dict[str, type[Action]] = {}
        for function, commands, link, public in _entries:
            if self._has(function.__module__):
                self._add(function, commands, link, public)
        self.rests = tuple(function for function in _rests if self._has(function.__module__))
        self.replies = tuple(function for function in _replies if self._has(function.__module__))

    def _has(self, module: str) -> bool:
        return module == self.package or module.startswith(f"{self.package}.")

    def _add(self, function: EntryFunction, commands: tuple[str, ...], link: str, public: bool) -> None:
        hints = get_type_hints(function)
        targets = tuple(_targets(function, hints.pop("return", None)))
        action = next((hint for hint in hints.values() if inspect.isclass(hint) and issubclass(hint, Action)), None)
        if action is None:
            raise TypeError(f"{function.__name__} names no action: annotate its second parameter")
        flow = function.__module__.rpartition(".")[2]
        made = Entry(action, function, flow, targets, commands, link, public)
        if self.entries.setdefault(action, made) is not made:
            raise TypeError(f"{action.__name__} has two entries")
        for command in commands:
            if self.commands.setdefault(command, action) is not action:
                raise TypeError(f"/{command} opens two things")
        if link and self.links.setdefault(link, action) is not action:
            raise TypeError(f"the deep link {link} opens two things")

    def find(self, state: State, kind: type) -> Handler | None:
        """The handler of ``state`` for an input or an action of this kind."""
        return self.handlers[type(state)].get(kind)


class Stored(Struct, frozen=True, array_like=True):
    """A state as it lies in the database: its name and its data."""

    name: str
    data: msgspec.Raw


def store(state: State) -> Stored:
    return Stored(state_name(type(state)), msgspec.Raw(msgspec.json.encode(state)))


class UnknownState(Exception):
    """A stored state that this version of the program does not know, or knows with other data."""


def restore(stored: Stored, registry: Registry) -> State:
    kind = registry.states.get(stored.name)
    if kind is None:
        raise UnknownState(stored.name)
    try:
        return msgspec.json.decode(stored.data, type=kind)
    except msgspec.MsgspecError as error:
        raise UnknownState(f"{stored.name}: {error}") from error


def state_name(kind: type[State]) -> str:
    """``linking.EnterCode``: the flow's file and the class."""
    return f"{flow_of(kind)}.{kind.__name__}"


def flow_of(kind: type) -> str:
    return kind.__module__.rpartition(".")[2]


def _import_all(package: str) -> None:
    module = importlib.import_module(package)
    for found in pkgutil.iter_modules(getattr(module, "__path__", ())):
        importlib.import_module(f"{package}.{found.name}")


def _subclasses(kind: type[State]) -> Iterator[type[State]]:
    for sub in kind.__subclasses__():
        yield sub
        yield from _subclasses(sub)


def _handlers(kind: type[State]) -> Iterator[Handler]:
    for name, function in inspect.getmembers(kind, inspect.isfunction):
        if not name.startswith("on_"):
            continue
        hints = get_type_hints(function)
        targets = tuple(_targets(function, hints.pop("return", None)))
        accepted = [part for hint in hints.values() for part in _parts(hint) if _is_input(part)]
        if not accepted:
            raise TypeError(f"{kind.__name__}.{name} names no input: annotate what it takes")
        for part in accepted:
            yield Handler(name, part, targets)


def _is_input(part: Any) -> bool:
    return inspect.isclass(part) and issubclass(part, Input | Action)


def _parts(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)


def _targets(function: Callable[..., Any], hint: Any) -> Iterator[type[State]]:
    parts = _parts(hint)
    for part in parts:
        if not (inspect.isclass(part) and issubclass(part, State) and part is not State):
            raise TypeError(f"{function.__qualname__} must be annotated with the states that it returns, not {part!r}")
        yield part
