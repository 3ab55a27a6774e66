"""Actions that more than one flow offers: the ways in that buttons, commands and notifications name."""

from __future__ import annotations

from fsm.action import Action


class OpenMenu(Action, frozen=True, tag="menu"):
    """To the main menu, leaving whatever was going on."""


class Back(Action, frozen=True, tag="back"):
    """One question back."""


class StartOver(Action, frozen=True, tag="over"):
    """Forgets what was going on and begins anew."""


class GoOn(Action, frozen=True, tag="goon"):
    """Back to the question that was left for the menu."""


class OpenHelp(Action, frozen=True, tag="help"):
    """The questions that people ask, or the one that was asked in these words. No button carries words."""

    words: str = ""


class OpenPerson(Action, frozen=True, tag="person"):
    """A way to a living person, from anywhere."""


class WriteAppeal(Action, frozen=True, tag="apw"):
    """A new appeal to staff: perhaps about an account, perhaps one that follows an earlier appeal."""

    number: str = ""
    after_id: str = ""


class OpenAppeals(Action, frozen=True, tag="apls"):
    """The person's appeals to staff."""


class OpenAppeal(Action, frozen=True, tag="apl"):
    """One appeal with what was written in it; one that was not sent goes on being written."""

    appeal_id: str


class AnswerAppeal(Action, frozen=True, tag="apa"):
    """More words in an appeal, or the answer to a question of staff's."""

    appeal_id: str


class ConfirmAppeal(Action, frozen=True, tag="apy"):
    """Yes, it is solved."""

    appeal_id: str


class ReturnAppeal(Action, frozen=True, tag="apn"):
    """No, it is not: back to work with it."""

    appeal_id: str


class WithdrawAppeal(Action, frozen=True, tag="apx"):
    """No answer is needed any more."""

    appeal_id: str


class RateAppeal(Action, frozen=True, tag="apr"):
    """How well it was dealt with, 1 to 5."""

    appeal_id: str
    rating: int


class GuessAppeal(Action, frozen=True, tag="apg"):
    """Free words that may be an answer in an appeal. No button carries words."""

    appeal_id: str
    words: str = ""


class OpenRegistration(Action, frozen=True, tag="reg"):
    """Registration, from its first question."""


class OpenLanguage(Action, frozen=True, tag="lang"):
    """The choice of a language."""


class OpenPrivacy(Action, frozen=True, tag="priv"):
    """What is kept about a person, and what they can do about it."""


class OpenAccounts(Action, frozen=True, tag="accs"):
    """All linked accounts with what is owed on each."""


class OpenAccount(Action, frozen=True, tag="acc"):
    """One account: balance, what the sum consists of."""

    number: str


class OpenLinking(Action, frozen=True, tag="link"):
    """Linking an account, perhaps one that a deep link names."""

    number: str = ""


class RequestLink(Action, frozen=True, tag="lreq"):
    """An appeal to staff to link an account that cannot be linked here."""

    number: str


class ManageLinks(Action, frozen=True, tag="links"):
    """Linked accounts: nicknames, who else has access, unlinking."""


class OpenProfile(Action, frozen=True, tag="prof"):
    """Phone, e-mail, region, language, chats, archive."""


class OpenArchive(Action, frozen=True, tag="arch"):
    """What was done in the person's name."""


class OpenEmail(Action, frozen=True, tag="mail"):
    """Adding an e-mail address, or changing it."""


class OpenPhone(Action, frozen=True, tag="tel"):
    """Changing the phone number."""


class OpenSessions(Action, frozen=True, tag="sess"):
    """The chats in which the person is logged in."""


class OpenAccess(Action, frozen=True, tag="access"):
    """Who sees an account, for its owner."""

    number: str


class RevokeLink(Action, frozen=True, tag="rvk"):
    """An owner takes somebody's right to the account away."""

    link_id: str


class NotMe(Action, frozen=True, tag="notme"):
    """Somebody registered with my phone in another chat, and it was not me: cut that chat off."""

    chat_id: str


class OpenPayment(Action, frozen=True, tag="pay"):
    """Paying: for one account, or for those that the person then chooses."""

    number: str = ""


class PayNow(Action, frozen=True, tag="pay.now"):
    """Straight to a payment of what is owed: for one account, or for all that a reminder spoke of."""

    number: str = ""
    reminder: str = ""


class PayAgain(Action, frozen=True, tag="pay.again"):
    """A new payment in the place of one that has expired or did not go through."""

    order_id: str


class AnotherSum(Action, frozen=True, tag="pay.sum"):
    """Another sum than that of a payment that was made ready."""

    order_id: str


class AnotherWay(Action, frozen=True, tag="pay.ways"):
    """Another way to pay than that of a payment that was made ready."""

    order_id: str


class OpenPayments(Action, frozen=True, tag="pays"):
    """The person's payments, the newest first."""


class OpenPaymentOrder(Action, frozen=True, tag="payo"):
    """One payment and how far it has come."""

    order_id: str


class OpenReceipt(Action, frozen=True, tag="rcpt"):
    """The receipt of a payment as a file."""

    order_id: str


class OpenPromise(Action, frozen=True, tag="prom"):
    """A promised payment for an account."""

    number: str


class OpenAutopay(Action, frozen=True, tag="ap"):
    """Auto-payment: of one account, or all that there is."""

    number: str = ""


class SetUpAutopay(Action, frozen=True, tag="ap.new"):
    """A new rule for an account, or for one that is then chosen."""

    number: str = ""


class StopAutopay(Action, frozen=True, tag="ap.stop"):
    """Off, at once."""

    rule_id: str


class ResumeAutopay(Action, frozen=True, tag="ap.go"):
    """A paused rule goes on."""

    rule_id: str


class SkipCharge(Action, frozen=True, tag="ap.skip"):
    """Not this time."""

    charge_id: str


class OpenCards(Action, frozen=True, tag="ap.cards"):
    """What is saved to pay with."""


class OpenReminders(Action, frozen=True, tag="rem"):
    """What the person is reminded of, when and where."""


class OpenOtherMessages(Action, frozen=True, tag="msgs"):
    """What else comes by itself: planned works, news, confirmations of payments."""


class HavePaid(Action, frozen=True, tag="rem.paid"):
    """I have paid: looks at once, at one account or at all of them."""

    number: str = ""


class RemindIn(Action, frozen=True, tag="rem.in"):
    """Silence until a day, counted from today, and a reminder on it."""

    days: int


class ChooseReminderDay(Action, frozen=True, tag="rem.day"):
    """Remind me on another day: which?"""


class StopReminders(Action, frozen=True, tag="rem.stop"):
    """No more reminders of this account."""

    number: str
