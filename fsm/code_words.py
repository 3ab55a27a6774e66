"""What is said around one-time codes, wherever one is asked for."""

from __future__ import annotations

import math
from datetime import datetime

from core.subscribers.codes import NotACode, Spent, Verdict, Wrong
from core.subscribers.phones import show_phone
from fsm.action import Action
from fsm.screen import Choice, Screen, Tone, bold, paragraphs, screen
from fsm.talk import Talk
from fsm.texts import Translator


def not_accepted(talk: Talk, verdict: Verdict) -> str:
    """Why the code was not taken."""
    match verdict:
        case NotACode():
            return talk.t("The code is 6 digits. Please type them as they stand in the message.")
        case Wrong(tries_left=0):
            return talk.t("That is not the code, and it was the last try. Please ask for a new code.")
        case Wrong(tries_left=left):
            return talk.n(
                "That is not the code. You have {n} try left.", "That is not the code. You have {n} tries left.", left
            )
        case Spent():
            return talk.t("This code does not work any more. Please ask for a new one.")
    return talk.t("This code is too old: it works for 5 minutes. Please ask for a new one.")


def sent_again(talk: Talk) -> str:
    """The screen looks as it did before: this says that something has happened."""
    return talk.t("I have sent a new code. The earlier one no longer works.")


def is_over(verdict: Verdict) -> bool:
    """Whether nothing but a new code helps."""
    return not isinstance(verdict, NotACode) and not (isinstance(verdict, Wrong) and verdict.tries_left > 0)


def too_soon(talk: Talk, until: datetime) -> str:
    """A new code cannot be asked for yet."""
    left = max(1, math.ceil((until - talk.now).total_seconds()))
    return talk.n(
        "The last code was sent only just now. You can ask for a new one in {n} second.",
        "The last code was sent only just now. You can ask for a new one in {n} seconds.",
        left,
    )


def code_by_sms(translator: Translator, code: str, operator: str) -> str:
    """The SMS; short, so that it fits one part even in Cyrillic (70 characters)."""
    return translator.t("{code} is your {operator} code. Tell it to nobody.", code=code, operator=operator)


def code_by_mail(translator: Translator, code: str, operator: str) -> tuple[str, str]:
    """The letter's subject and text."""
    subject = translator.t("Your {operator} code: {code}", operator=operator, code=code)
    text = translator.t(
        "Your code: {code}\n\nIt works for 5 minutes. Type it into the chat where you asked for it.\n"
        "If you did not ask for a code, do nothing and tell it to nobody.",
        code=code,
    )
    return subject, text


def consent_by_sms(translator: Translator, code: str, operator: str) -> str:
    """The SMS to an account's holder, who is to read the code to a relative. One part in Cyrillic, too."""
    return translator.t(
        "{code}: access to your {operator} account. Read it only to someone you trust.", code=code, operator=operator
    )


def consent_by_mail(translator: Translator, code: str, operator: str) -> tuple[str, str]:
    """The letter's subject and text to an account's holder."""
    subject = translator.t("A code for access to your {operator} account: {code}", operator=operator, code=code)
    text = translator.t(
        "Somebody asks to see your {operator} account in a messenger.\n\nCode: {code}\n\n"
        "If you agree, read the code to them; it works for 5 minutes. If not, do nothing and tell it to nobody.",
        operator=operator,
        code=code,
    )
    return subject, text


def sms_code(talk: Talk, phone: str, expires_at: datetime, *, over: bool, resend: Action, other: Action) -> Screen:
    """The question for a code that went to ``phone`` (E.164). ``over``: it will not do any more, whatever is typed."""
    shown = show_phone(phone)
    if over:
        text = paragraphs(talk.t("The code that was sent to {phone} does not work any more.", phone=shown))
    else:
        text = paragraphs(
            talk.t("I have sent an SMS with a code to") + " " + bold(shown) + ".",
            talk.t("Type the 6 digits here. The code works until {hour}.", hour=talk.translator.hour(expires_at)),
        )
    return screen(
        text,
        Choice(talk.t("↻ Send a new code"), resend, Tone.primary if over else Tone.plain),
        Choice(talk.t("📱 Another number"), other),
        hint=talk.t("6 digits"),
    )
