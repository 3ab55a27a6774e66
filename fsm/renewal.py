"""The action by which the engine asks for consent anew; it stands apart so that no flow has to be imported for it."""

from __future__ import annotations

from fsm.action import Action


class AskConsent(Action, frozen=True, tag="cons"):
    """The document has a new version: does the person agree to it?"""
