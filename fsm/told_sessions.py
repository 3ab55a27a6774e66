"""What people are told in one chat when something happened to another chat of theirs."""

from __future__ import annotations

from datetime import datetime

from core.subscribers.phones import show_phone
from fsm.actions import NotMe, OpenPerson, OpenRegistration, OpenSessions
from fsm.screen import Choice, Screen, Tone, bold, paragraphs, screen
from fsm.talk import Talk
from fsm.texts import Translator

MESSENGERS = {"telegram": "Telegram", "viber": "Viber"}


def messenger(channel: str) -> str:
    """The name that people know."""
    return MESSENGERS.get(channel, channel.capitalize())


def signed_in_elsewhere(translator: Translator, chat_id: str, channel: str, at: datetime) -> Screen:
    """Somebody proved the person's phone in another chat: most likely they themselves."""
    t = translator.t
    return screen(
        paragraphs(
            bold(t("🔔 Your number was used to sign in to {messenger}.", messenger=messenger(channel))),
            translator.moment(at),
            t("If it was you, there is nothing to do. If not, press the button: I will cut that chat off."),
        ),
        Choice(t("🚫 It was not me"), NotMe(chat_id), Tone.danger),
        Choice(t("Where am I signed in"), OpenSessions()),
    )


def cut_off(translator: Translator, until: datetime) -> Screen:
    """For the chat that was cut off."""
    t = translator.t
    return screen(
        paragraphs(
            bold(t("This chat is signed out.")),
            t("The owner of the phone number said that it was not them who had signed in here."),
            t("Signing in from here is possible again after {moment}.", moment=translator.moment(until)),
        ),
        Choice(t("🙋 This is a mistake"), OpenPerson()),
    )


def closed(translator: Translator) -> Screen:
    """For a chat that its owner closed from another one."""
    t = translator.t
    return screen(
        paragraphs(bold(t("This chat is signed out.")), t("You closed it from another chat of yours.")),
        Choice(t("Sign in again"), OpenRegistration()),
    )


def forgotten(translator: Translator) -> Screen:
    """For the other chats of somebody who asked to be forgotten."""
    t = translator.t
    return screen(
        paragraphs(bold(t("This chat is signed out.")), t("You asked to delete your data, and it is done.")),
        Choice(t("Sign up again"), OpenRegistration()),
    )


def number_was_yours(talk: Talk, phone: str) -> str:
    """An SMS to the number before. ``phone``, the new one, is masked. It undoes nothing by itself: a number is often
    changed because somebody else has the old card, and they would read this, too."""
    operator = talk.core.operator
    said = talk.t("{operator}: your number in our bot was changed to {phone}.", operator=operator.name, phone=phone)
    if operator.support_phone:
        return f"{said} " + talk.t("Not you? Call {phone}", phone=show_phone(operator.support_phone))
    return f"{said} " + talk.t("Not you? Sign in to the bot with this number and ask a person.")


def phone_changed(translator: Translator, phone: str) -> Screen:
    """For the person's other chats. ``phone`` is masked."""
    t = translator.t
    return screen(
        paragraphs(
            bold(t("🔔 Your phone number here was changed to {phone}.", phone=phone)),
            t("If it was you, there is nothing to do. If not, close the chats that are not yours, and ask a person."),
        ),
        Choice(t("Where am I signed in"), OpenSessions()),
    )
