"""Why a text is not a phone number, in the person's words."""

from __future__ import annotations

from core.subscribers.phones import NotAPhone, PhoneFault
from fsm.talk import Talk


def why_not_a_phone(talk: Talk, refusal: NotAPhone) -> str:
    match refusal.fault:
        case PhoneFault.no_digits:
            return talk.t("I need a phone number: its digits, in any spelling.")
        case PhoneFault.too_short:
            return talk.t("This number is too short: some digits are missing. Please type it in full.")
        case PhoneFault.too_long:
            return talk.t("This number is too long. Please check it and type it once more.")
        case PhoneFault.not_mobile:
            return talk.t("This is not a mobile number, and a code cannot be sent to it. Please type a mobile one.")
        case PhoneFault.unknown:
            return talk.t("There is no such number. Please check it and type it once more.")
