"""Sentences and small decisions of linking that are not a state: whom to tell, what to say of a code."""

from __future__ import annotations

from datetime import datetime

from core.billing.models import BillingAccount, number_key
from core.ids import new_id
from core.subscribers.activity import Did, did
from core.subscribers.codes import TooMany, TooSoon, Way
from core.subscribers.emails import mask_email
from core.subscribers.grounds import Contact
from core.subscribers.models import Proof, Role
from core.subscribers.phones import mask_phone
from fsm.code_words import too_soon
from fsm.talk import Talk
from fsm.told import link_added

LONGEST_NUMBER = 40  # bytes: what the tables keep, and what fits a button


def read_number(typed: str) -> str | None:
    """The form under which a number is looked up; None for what cannot be a number: that costs no try."""
    key = number_key(typed)
    return key if any(char.isdigit() for char in key) and len(key.encode()) <= LONGEST_NUMBER else None


async def give_link(talk: Talk, account: BillingAccount, role: Role, proof: Proof) -> None:
    """Describes the new right and tells the account's owners of it, with a way to take it back."""
    links, subscriber = talk.core.links, talk.subscriber
    link_id = new_id(talk.now)
    talk.write(
        links.link(subscriber.id, account.number, role, proof, link_id=link_id),
        did(subscriber.id, talk.chat.chat_id, Did.linked, talk.now, account.number),
    )
    name = subscriber.name or mask_phone(subscriber.phone or "")
    for chat in await links.chats_of_owners(account.number, account.phone, besides=subscriber.id):
        talk.notify(chat, lambda translator: link_added(translator, account.number, name, proof, link_id))


def masked(contact: Contact) -> str:
    return mask_phone(contact.target) if contact.way is Way.sms else mask_email(contact.target)


def send_label(talk: Talk, way: Way, contact: str) -> str:
    match way:
        case Way.sms:
            return talk.t("📲 Code to {contact}", contact=contact)
        case Way.email:
            return talk.t("✉️ Code to {contact}", contact=contact)


def not_sent(talk: Talk, why: TooSoon | TooMany) -> str:
    """Why no code goes out now, and when one can."""
    if isinstance(why, TooMany):
        moment = moment_of(talk, why.until)
        return talk.t("Too many codes were sent today. The next one can be sent after {moment}.", moment=moment)
    return too_soon(talk, why.until)


def moment_of(talk: Talk, moment: datetime) -> str:
    """The hour alone when it is today."""
    today = moment.astimezone(talk.zone).date() == talk.now.astimezone(talk.zone).date()
    return talk.translator.hour(moment) if today else talk.translator.moment(moment)


def nicknames(talk: Talk) -> list[str]:
    """Names that people give to accounts, the likeliest first."""
    return [
        talk.t("My home"),
        talk.t("Mother's flat"),
        talk.t("Parents"),
        talk.t("Children"),
        talk.t("Country house"),
        talk.t("Office"),
    ]
