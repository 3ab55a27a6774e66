"""What help knows: the questions, their answers, and the words by which people ask them."""

from __future__ import annotations

import re
from enum import StrEnum

from fsm.actions import (
    GoOn,
    ManageLinks,
    OpenAccounts,
    OpenAutopay,
    OpenLanguage,
    OpenLinking,
    OpenPerson,
    OpenPrivacy,
    OpenProfile,
    OpenRegistration,
    OpenSessions,
)
from fsm.screen import Choice, Tone
from fsm.talk import Talk

_STEM = 5  # letters by which two forms of a word are recognised: "платил" and "платила"
_SHORTEST = 3
_MOST_FOUND = 4


class Topic(StrEnum):
    """A question that people ask; the value travels in buttons."""

    code = "code"
    linking = "link"
    differs = "diff"
    charges = "what"
    paid = "paid"
    suspended = "susp"
    autopay = "auto"
    phone = "phone"
    access = "who"
    data = "data"
    language = "lang"
    person = "human"


def question_of(talk: Talk, topic: Topic) -> str:
    """At most thirty characters: it stands on a button."""
    match topic:
        case Topic.code:
            return talk.t("The code does not come")
        case Topic.linking:
            return talk.t("I cannot link my account")
        case Topic.differs:
            return talk.t("The sum is not as on my bill")
        case Topic.charges:
            return talk.t("What am I charged for?")
        case Topic.paid:
            return talk.t("I paid, but the debt is here")
        case Topic.suspended:
            return talk.t("My service is suspended")
        case Topic.autopay:
            return talk.t("How to stop auto-payment?")
        case Topic.phone:
            return talk.t("I have a new phone number")
        case Topic.access:
            return talk.t("Who can see my account?")
        case Topic.data:
            return talk.t("How do I delete my data?")
        case Topic.language:
            return talk.t("How do I change the language?")
        case Topic.person:
            return talk.t("How do I reach a person?")


def answer_of(talk: Talk, topic: Topic) -> tuple[str, tuple[Choice, ...]]:
    """A short answer, and buttons to the thing itself."""
    match topic:
        case Topic.code:
            return (
                talk.t(
                    "The code usually comes within a minute and is good for five. Check the phone number "
                    "and whether the phone has a signal. After a minute you can ask for a new code.\n\n"
                    "Nothing that you have entered is lost. If no code comes at all, a person will help."
                ),
                _way_in(talk),
            )
        case Topic.linking:
            return (
                talk.t(
                    "Take the account or contract number from any bill; spaces and dashes do not matter. "
                    "If the account is in your name, its phone number should be the one you registered with. "
                    "If it is a relative's, I send a code to the relative's phone.\n\n"
                    "If the operator has no phone or an old one on file, staff will check and link it for you."
                ),
                (Choice(talk.t("➕ Link an account"), OpenLinking()),),
            )
        case Topic.autopay:
            return (
                talk.t(
                    "Press “Auto-payment” below, choose the account and press “Switch auto-payment off”: nothing more "
                    "is charged from that moment on. Each message about a coming charge has the same button."
                ),
                (Choice(talk.t("🔁 Auto-payment"), OpenAutopay()),),
            )
        case Topic.differs:
            return (
                talk.t(
                    "A paper bill shows one day; I show this moment. Payments and charges made after "
                    "the bill was printed are in my figure, and not on paper.\n\n"
                    "Open the account and press “What the sum consists of”: it adds up exactly. "
                    "If a line still looks wrong, show it to a person."
                ),
                (Choice(talk.t("💰 Balance & charges"), OpenAccounts()),),
            )
        case Topic.charges:
            return (
                talk.t(
                    "Open the account: “What the sum consists of” names each service and month, "
                    "“Why the sum has changed” compares with the month before, and "
                    "“Services and prices” shows what you use. Nothing is hidden."
                ),
                (Choice(talk.t("💰 Balance & charges"), OpenAccounts()),),
            )
        case Topic.paid:
            return (
                talk.t(
                    "Money is on its way for a while: as a rule from a few minutes by card to three working days "
                    "from a bank or a post office. Open the account and press “Update”.\n\n"
                    "If it has not come after three days, keep the receipt and show it to a person: "
                    "the payment will be found."
                ),
                (Choice(talk.t("💰 Balance & charges"), OpenAccounts()),),
            )
        case Topic.suspended:
            return (
                talk.t(
                    "Open the account to see the debt. Once it is paid, the service should come back by itself. "
                    "If it does not, or if you owe nothing, a person will find out why."
                ),
                (Choice(talk.t("💰 Balance & charges"), OpenAccounts()),),
            )
        case Topic.phone:
            return (
                talk.t(
                    "You have a new number: change it in your profile, and everything stays with you. "
                    "If the SIM card or the phone is lost, close the chats you cannot reach any more, "
                    "so that nobody else reads them."
                ),
                (
                    Choice(talk.t("👤 Profile"), OpenProfile()),
                    Choice(talk.t("📱 Where I am signed in"), OpenSessions()),
                ),
            )
        case Topic.access:
            return (
                talk.t(
                    "You, and the people who proved that they may: with the account's own phone, with a code sent "
                    "to it, or through our staff. An owner sees everybody and can take the access away at any time. "
                    "Relatives see sums and services, and never your name, address or phone."
                ),
                (Choice(talk.t("🔗 Accounts and access"), ManageLinks()),),
            )
        case Topic.data:
            return (
                talk.t(
                    "You can see all that is kept about you, take it as a file, or have it deleted. "
                    "What the law makes the operator keep is named before you decide."
                ),
                (Choice(talk.t("🛡 Privacy"), OpenPrivacy()),),
            )
        case Topic.language:
            return (
                talk.t("Press the button, or type /language at any moment."),
                (Choice(talk.t("🌐 Язык · Language"), OpenLanguage()),),
            )
        case Topic.person:
            return (
                talk.t(
                    "The button “{button}” is under every message, or type /person. You need not explain why.",
                    button=talk.t("🙋 A person"),
                ),
                (Choice(talk.t("🙋 Ask a person"), OpenPerson(), Tone.primary),),
            )


def _way_in(talk: Talk) -> tuple[Choice, ...]:
    if talk.parked:
        return (Choice(talk.t("▶️ Continue where you stopped"), GoOn(), Tone.primary),)
    return () if talk.known is not None else (Choice(talk.t("🔑 Register or sign in"), OpenRegistration()),)


def find(talk: Talk, words: str) -> tuple[Topic, ...]:
    """The questions that fit best what a person wrote, in any form of its words; the best first, at most four."""
    wanted = _stems(words)
    scores = {topic: len(wanted & _stems(f"{question_of(talk, topic)} {_also_said(talk, topic)}")) for topic in Topic}
    best = max(scores.values())
    if best == 0:
        return ()
    return tuple(topic for topic in Topic if scores[topic] == best)[:_MOST_FOUND]


def _stems(words: str) -> set[str]:
    folded = words.casefold().replace("ё", "е")
    return {word[:_STEM] for word in re.findall(r"\w+", folded) if len(word) >= _SHORTEST} - _EMPTY


# Words that stand in any question and tell nothing.
_IDLE = """
    the and how not can cannot does for are you was but that this with have has what who why when where
    как что это для мне меня мой моя мои моего моей мое при или если уже все его она они где когда почему
    кто нет вас вам наш пожалуйста можно нужно хочу
"""
_EMPTY = {word[:_STEM] for word in _IDLE.split()}


def _also_said(talk: Talk, topic: Topic) -> str:
    """More words by which people ask it, separated by spaces."""
    match topic:
        case Topic.code:
            return talk.t("sms message confirm confirmation registration register hangs login sign enter password")
        case Topic.linking:
            return talk.t("add attach bind number contract relative mother connect personal")
        case Topic.differs:
            return talk.t("bill paper invoice receipt differs difference wrong mistake another other amount")
        case Topic.charges:
            return talk.t("charge charged charges money services hidden expensive price tariff sum taken consists")
        case Topic.paid:
            return talk.t("paid pay payment payments money debt arrived credited receipt lost transfer bank")
        case Topic.autopay:
            return talk.t("auto automatic autopayment charge charged card saved switch stop disable cancel")
        case Topic.suspended:
            return talk.t("suspended blocked disconnected internet works off switched restore turn service cut")
        case Topic.phone:
            return talk.t("phone number changed sim card lost stolen new")
        case Topic.access:
            return talk.t("access sees see relatives family unlink stranger somebody share owner")
        case Topic.data:
            return talk.t("delete data personal privacy forget erase remove consent law")
        case Topic.language:
            return talk.t("language english russian translate speak")
        case Topic.person:
            return talk.t("person operator human support call staff employee complaint talk live")
