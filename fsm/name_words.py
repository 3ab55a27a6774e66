"""Why a text is not a name, in the person's words."""

from __future__ import annotations

from core.subscribers.names import LONGEST, NameFault
from fsm.talk import Talk


def why_not_a_name(talk: Talk, fault: NameFault) -> str:
    match fault:
        case NameFault.too_short:
            return talk.t("This is too short for a name: at least 2 letters, please.")
        case NameFault.too_long:
            return talk.t("This is too long for a name: at most {most} characters, please.", most=LONGEST)
        case NameFault.looks_like_phone:
            return talk.t("This looks like a number. I need your name here.")
        case NameFault.no_letters:
            return talk.t("I see no letters here. Please type your name.")
