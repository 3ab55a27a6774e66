"""What people are told about accounts and appeals in chats where they did not ask: each in that chat's language."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from core.subscribers.models import Proof, Role
from fsm.account_words import spaced
from fsm.actions import AnswerAppeal, ManageLinks, OpenAccount, OpenAppeal, OpenLinking, RevokeLink
from fsm.screen import Choice, Screen, Tone, bold, italic, paragraphs, screen
from fsm.texts import Translator

Say: TypeAlias = Callable[[Translator], Screen]
"""Draws a message in a chat's language."""

SHOWN = 2500  # characters of somebody's words: the rest can be read in the appeal itself


def role_word(translator: Translator, role: Role) -> str:
    """For a list: what somebody is to the account."""
    match role:
        case Role.owner:
            return translator.t("owner")
        case Role.family:
            return translator.t("family")
        case Role.representative:
            return translator.t("representative")


def _how_proved(translator: Translator, proof: Proof) -> str:
    match proof:
        case Proof.phone:
            return translator.t("They proved the phone number that is on file for this account.")
        case Proof.code:
            return translator.t("They entered the code that was sent to the contact on file.")
        case Proof.staff:
            return translator.t("Our staff checked their appeal and agreed.")


def link_added(translator: Translator, number: str, name: str, proof: Proof, link_id: str) -> Screen:
    """For the account's owner: somebody sees it from now on."""
    return screen(
        paragraphs(
            "🔔 " + bold(translator.t("{name} can now see your account {number}.", name=name, number=spaced(number))),
            _how_proved(translator, proof),
            translator.t("If you did not agree to this, take the access away."),
        ),
        Choice(translator.t("⛔ Take access away"), RevokeLink(link_id), Tone.danger),
        Choice(translator.t("👥 My accounts and access"), ManageLinks()),
    )


def link_revoked(translator: Translator, number: str) -> Screen:
    """For whoever lost the access."""
    return screen(
        paragraphs(
            translator.t("The owner of account {number} has taken your access to it away.", number=spaced(number)),
            translator.t("If this is a mistake, please ask the owner first. Our staff can help too."),
        )
    )


def link_approved(translator: Translator, appeal: int, appeal_id: str, number: str) -> Screen:
    """Staff agreed to an appeal for an account."""
    return screen(
        paragraphs(
            bold(translator.t("✅ Account {number} is linked.", number=spaced(number))),
            translator.t("Our staff checked your appeal No. {appeal} and agreed.", appeal=appeal),
        ),
        Choice(translator.t("Show the account"), OpenAccount(number), Tone.primary),
        Choice(translator.t("👀 See the appeal"), OpenAppeal(appeal_id)),
    )


def link_refused(translator: Translator, appeal: int, appeal_id: str, number: str, reason: str) -> Screen:
    """Staff did not agree: always with their reason and what can be done."""
    return screen(
        paragraphs(
            translator.t(
                "Our staff could not link account {number} by your appeal No. {appeal}.",
                number=spaced(number),
                appeal=appeal,
            ),
            translator.t("The reason:") + " " + italic(reason[:SHOWN]),
            translator.t("If something is not right here, write back: the appeal returns to work."),
        ),
        Choice(translator.t("✍️ Write back"), AnswerAppeal(appeal_id), Tone.primary),
        Choice(translator.t("👀 See the appeal"), OpenAppeal(appeal_id)),
        Choice(translator.t("Try another number"), OpenLinking()),
    )


def file_too_large(translator: Translator, name: str, appeal_id: str, megabytes: int) -> Screen:
    """A file was not kept, and what to do instead."""
    return screen(
        paragraphs(
            translator.t("I could not keep the file {name}: it is larger than {size} MB.", name=name, size=megabytes),
            translator.t("Please send a photo of it, or a smaller file. Everything else in your appeal is kept."),
        ),
        Choice(translator.t("📨 To my appeal"), OpenAppeal(appeal_id), Tone.primary),
    )


def file_refused(translator: Translator, name: str, appeal_id: str) -> Screen:
    return screen(
        paragraphs(
            translator.t(
                "I could not keep the file {name}: I take only pictures, PDF and office documents.", name=name
            ),
            translator.t("Please send it as a photo or a PDF. Everything else in your appeal is kept."),
        ),
        Choice(translator.t("📨 To my appeal"), OpenAppeal(appeal_id), Tone.primary),
    )


def file_lost(translator: Translator, name: str, appeal_id: str) -> Screen:
    return screen(
        paragraphs(
            translator.t("I could not get the file {name} from the messenger.", name=name),
            translator.t("Please send it once more. Everything else in your appeal is kept."),
        ),
        Choice(translator.t("📨 To my appeal"), OpenAppeal(appeal_id), Tone.primary),
    )
