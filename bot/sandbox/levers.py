"""How a lever of the operator's panel is described to the page, in both of its languages."""

from __future__ import annotations

from collections.abc import Sequence

from bot.sandbox.shapes import Json, Words


def both(ru: str, en: str) -> Words:
    return {"ru": ru, "en": en}


def choice(name: str, label: Words, choices: Sequence[Json], default: str) -> Json:
    """One of `choices`, each a value and a label."""
    return {"name": name, "label": label, "kind": "choice", "choices": list(choices), "default": default}


def lever(name: str, label: Words, group: Words, *params: Json) -> Json:
    return {"name": name, "label": label, "group": group, "params": list(params)}


def door(name: str, label: Words, group: Words, address: str, note: Words) -> Json:
    """A link to another page of the demo, with a line below it."""
    return {"name": name, "label": label, "group": group, "params": [], "note": note, "link": address}


def remark(name: str, words: Words, group: Words) -> Json:
    """A line where a lever could be: why there is none now."""
    return {"name": name, "label": "", "group": group, "params": [], "note": words}
