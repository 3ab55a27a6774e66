"""An appeal that is being written, in words: its summary, its questions, what can be changed, what is known to fail."""

from __future__ import annotations

from collections.abc import Callable

from core.subscribers.phones import NotAPhone, parse_phone, parse_shared, show_phone
from fsm.account_reads import right_to
from fsm.account_words import LONGEST_LABEL, label, shorten, spaced
from fsm.action import Action
from fsm.appeal_words import answers, kind_title, quoted
from fsm.draft import ACCOUNT, CONTACT, Draft, kind_of, lacking, own_accounts
from fsm.event import Contact, Text
from fsm.linking_words import read_number
from fsm.screen import Asks, Choice, Rich, Screen, Tone, bold, lines, paragraphs, screen
from fsm.talk import Talk

SHOWN = 8  # accounts as buttons; any other is typed
FAILURES = 3  # told at once
LONGEST_FAILURE = 800  # characters of what staff wrote about it
LONGEST_FIELD = 300  # characters


def summary(talk: Talk, draft: Draft) -> Rich:
    """Everything that staff will get, a line each."""
    kind = kind_of(talk, draft.kind)
    files = talk.n("📎 {n} file", "📎 {n} files", draft.files) if draft.files else None
    call = (
        talk.t("📞 If a call is needed: {phone}", phone=show_phone(draft.contact))
        if draft.contact
        else talk.t("💬 The answer comes here, in this chat.")
    )
    return lines(
        bold(kind_title(talk, kind)),
        quoted(talk, draft.words),
        files,
        talk.t("💰 Account {number}", number=spaced(draft.account)) if draft.account else None,
        *answers(talk, kind, draft.fields),
        call,
    )


def questions_label(talk: Talk, questions: list[str]) -> str:
    return talk.n("➡️ {n} more question", "➡️ {n} more questions", len(questions))


def whats(talk: Talk, draft: Draft) -> list[tuple[str, str]]:
    """What can be changed: the code and the button's label."""
    kind = kind_of(talk, draft.kind)
    asks = [(ACCOUNT, talk.t("💰 The account"))] if kind.account == "ask" or draft.account else []
    fields = [(one.code, "✏️ " + shorten(one.title.in_(talk.language), LONGEST_LABEL - 3)) for one in kind.fields]
    return [
        ("kind", talk.t("🗂 What it is about")),
        ("story", talk.t("📝 Write it anew")),
        *asks,
        *fields,
        (CONTACT, talk.t("📞 The phone for a call")),
    ]


async def detail_screen(talk: Talk, draft: Draft, what: str, answer: Callable[[str], Action]) -> Screen:
    if what == ACCOUNT:
        return await _account_screen(talk, answer)
    if what == CONTACT:
        return _contact_screen(talk, draft, answer)
    field = kind_of(talk, draft.kind).find_field(what)
    needed = any(one.code == what for one in lacking(talk, draft))
    return screen(
        paragraphs(
            bold(field.title.in_(talk.language) if field is not None else what),
            None if needed else talk.t("If you do not know, leave it out."),
        ),
        None if needed else Choice(talk.t("⏭ Leave it out"), answer("")),
        hint=talk.t("Your answer"),
    )


async def _account_screen(talk: Talk, answer: Callable[[str], Action]) -> Screen:
    links = await own_accounts(talk)
    return screen(
        paragraphs(
            bold(talk.t("Which account is it about?")),
            talk.t("Choose one, or type another number.") if links else talk.t("Type its number: it is on any bill."),
        ),
        *(Choice(shorten(label(talk, link), LONGEST_LABEL), answer(link.account_number)) for link in links[:SHOWN]),
        Choice(talk.t("⏭ Not about an account"), answer("")),
        hint=talk.t("Account number"),
    )


def _contact_screen(talk: Talk, draft: Draft, answer: Callable[[str], Action]) -> Screen:
    return screen(
        paragraphs(
            bold(talk.t("Which phone may we call, if a call is needed?")),
            talk.t("Now it is {phone}.", phone=show_phone(draft.contact)) if draft.contact else None,
            talk.t("Type the number, or choose an answer in this chat: then no phone is needed."),
        ),
        Choice(talk.t("💬 Answer me here"), answer(""), Tone.primary),
        asks=Asks.nothing,
        hint=talk.t("Phone number"),
    )


async def read_detail(talk: Talk, what: str, said: Text | Contact) -> str | None:
    """The answer as it is kept; None with a word about what is wrong with it."""
    if what == CONTACT:
        country = talk.core.operator.country
        phone = (
            parse_shared(said.phone, country)
            if isinstance(said, Contact)
            else parse_phone(said.text, country, mobile=False)
        )
        if not isinstance(phone, NotAPhone):
            return phone
        talk.tell(talk.t("I cannot read this as a phone number. Please check the digits."))
        return None
    if isinstance(said, Contact):
        talk.tell(talk.t("Thank you, but I do not need a phone number here."))
        return None
    return await _account(talk, said.text) if what == ACCOUNT else _field(talk, said.text)


async def _account(talk: Talk, typed: str) -> str | None:
    number = read_number(typed)
    if number is None:
        talk.tell(talk.t("I cannot read this as an account number. Please check it, or leave it out."))
        return None
    own = (await right_to(talk, number))[0] if talk.known is not None else None
    return own.account_number if own is not None else number


def _field(talk: Talk, typed: str) -> str | None:
    words = " ".join(typed.split())
    if not words:
        return None
    if len(words) > LONGEST_FIELD:
        talk.tell(talk.t("Please say it in at most {n} characters.", n=LONGEST_FIELD))
        return None
    return words


async def failures(talk: Talk) -> list[Rich]:
    """What is known to be broken where the person lives."""
    region = talk.known.region if talk.known is not None else ""
    found = await talk.core.outages.at(region)
    return [
        lines(
            shorten(one.text(talk.language), LONGEST_FAILURE),
            talk.t("Expected to work again by {moment}.", moment=talk.translator.moment(one.until))
            if one.until is not None and one.until > talk.now
            else None,
        )
        for one in found[:FAILURES]
    ]
