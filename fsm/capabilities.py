"""What a messenger can do: conversations never ask for its name."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Capabilities:
    """One messenger's abilities, from which a screen is degraded."""

    edits: bool  # a sent message can be changed in place
    vouches_for_contact: bool  # a shared contact can be proved to be the sender's own
    toasts: bool  # a press can be answered without a message
    files_by_url: bool  # what we send is fetched by the messenger from our PUBLIC_URL
    sticky_contact_keyboard: bool = False  # the share-phone button stays on the screen until it is taken away
