"""Draws the conversations from what their handlers are annotated with: the picture cannot differ from the program."""

from __future__ import annotations

import inspect
from collections.abc import Iterable

from fsm.action import Action
from fsm.event import Input
from fsm.state import Entry, Registry, State, flow_of

HEADER = """<!-- Generated from the annotations in fsm/flows: do not edit, run `make flows`. -->

# The conversations

One diagram for each file of `fsm/flows`. An arrow from the dot is a way in, from anywhere: by a button, a command or a
deep link. Other arrows say what the person does. Every screen also has the ways that the engine gives: back, menu,
a person. A name with a colon belongs to a state of another file.
"""


def flows_markdown(registry: Registry) -> str:
    """All the diagrams (Mermaid, stateDiagram-v2) in one Markdown text; the same registry gives the same text."""
    flows: dict[str, list[type[State]]] = {}
    for kind in registry.states.values():
        if kind.__module__.startswith(registry.package):
            flows.setdefault(flow_of(kind), []).append(kind)
    for way in registry.entries.values():
        flows.setdefault(way.flow, [])
    return HEADER + "".join(_section(registry, flow, flows[flow]) for flow in sorted(flows))


def _section(registry: Registry, flow: str, kinds: list[type[State]]) -> str:
    module = next((inspect.getmodule(kind) for kind in kinds), None)
    about = inspect.getdoc(module) if module is not None else ""
    ways = sorted((way for way in registry.entries.values() if way.flow == flow), key=lambda way: way.action.__name__)
    kinds = sorted(kinds, key=lambda kind: kind.__name__)
    arrows = [
        *(arrow for way in ways for arrow in _ways_in(way)),
        *(arrow for kind in kinds for arrow in _arrows(registry, kind)),
    ]
    near = {kind: kind.__name__ for kind in kinds}
    named = [_node(kind, flow) for kind in sorted(_all(ways, registry, kinds), key=lambda kind: _id(kind, flow))]
    lines = ["stateDiagram-v2", *(f"    {line}" for line in named)]
    lines += [f"    {_place(start, flow)} --> {_place(end, flow)}: {label}" for start, end, label in arrows]
    about = f"{about}\n\n" if about else ""
    states = "".join(f"- **{name}**: {inspect.getdoc(kind) or ''}\n" for kind, name in near.items())
    return f"\n## {flow}\n\n{about}```mermaid\n" + "\n".join(lines) + f"\n```\n\n{states}"


def _all(ways: Iterable[Entry], registry: Registry, kinds: Iterable[type[State]]) -> set[type[State]]:
    found = set(kinds)
    found.update(target for way in ways for target in way.targets)
    found.update(target for kind in kinds for handler in registry.handlers[kind].values() for target in handler.targets)
    return found


def _ways_in(way: Entry) -> Iterable[tuple[None, type[State], str]]:
    names = [way.action.__name__, *(f"/{command}" for command in way.commands)]
    if way.link:
        names.append(f"link {way.link}_…")
    return [(None, target, ", ".join(names)) for target in _by_name(way.targets)]


def _arrows(registry: Registry, kind: type[State]) -> Iterable[tuple[type[State], type[State], str]]:
    """Arrows between the same two states are one arrow with several labels."""
    labels: dict[type[State], list[str]] = {}
    for handler in sorted(registry.handlers[kind].values(), key=lambda handler: handler.name):
        for target in handler.targets:
            label = _label(handler.accepts)
            if label not in labels.setdefault(target, []):
                labels[target].append(label)
    return [(kind, target, ", ".join(labels[target])) for target in _by_name(labels)]


def _by_name(kinds: Iterable[type[State]]) -> list[type[State]]:
    return sorted(kinds, key=lambda kind: (kind.__name__, kind.__module__))


def _label(accepts: type[Input] | type[Action]) -> str:
    said = {"Text": "words", "Contact": "a contact", "File": "a file"}
    return said.get(accepts.__name__, accepts.__name__) if issubclass(accepts, Input) else accepts.__name__


def _place(kind: type[State] | None, flow: str) -> str:
    return "[*]" if kind is None else _id(kind, flow)


def _id(kind: type[State], flow: str) -> str:
    return kind.__name__ if flow_of(kind) == flow else f"{flow_of(kind)}_{kind.__name__}"


def _node(kind: type[State], flow: str) -> str:
    return f'state "{_name(kind, flow)}" as {_id(kind, flow)}'


def _name(kind: type[State], flow: str) -> str:
    return kind.__name__ if flow_of(kind) == flow else f"{flow_of(kind)}: {kind.__name__}"
