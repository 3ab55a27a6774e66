"""What staff read in their Telegram group: an appeal's card, who said what, and why something did not go out."""

from __future__ import annotations

from collections.abc import Sequence

from core.appeals.kinds import Kind
from core.appeals.models import Appeal, AppealMessage, AppealStatus, Author
from core.staff.models import Member
from core.subscribers.phones import mask_phone
from fsm.screen import Rich, bold, lines, paragraphs, rich
from fsm.texts import Translator

SIGNS = {
    AppealStatus.acknowledged: "🆕",
    AppealStatus.in_progress: "🛠",
    AppealStatus.pending: "⏳",
    AppealStatus.resolved: "✅",
    AppealStatus.rejected: "🚫",
    AppealStatus.closed: "🔒",
    AppealStatus.reopened: "↩️",
}
LONGEST_TITLE = 100  # characters; Telegram takes 128 UTF-16 units, and a name may be of emoji


def short_name(name: str) -> str:
    """``Anna P.``: enough to tell people apart, in a list that many look at."""
    first, _, last = name.partition(" ")
    return f"{first} {last[0]}." if last else first


def title(translator: Translator, appeal: Appeal, kind: Kind, name: str) -> str:
    """A topic's name."""
    what = kind.title.in_(translator.language)
    who = f" {short_name(name)}" if name else ""
    return f"{SIGNS.get(appeal.status, '')} {_number(translator, appeal)}{who}, {what}"[:LONGEST_TITLE].strip()


def _number(translator: Translator, appeal: Appeal) -> str:
    return translator.t("No. {number}", number=appeal.number)


def status(translator: Translator, appeal: Appeal) -> str:
    said = {
        AppealStatus.acknowledged: translator.t("new"),
        AppealStatus.in_progress: translator.t("in progress"),
        AppealStatus.pending: translator.t("waits for the subscriber"),
        AppealStatus.resolved: translator.t("solved"),
        AppealStatus.rejected: translator.t("refused"),
        AppealStatus.closed: translator.t("closed"),
        AppealStatus.reopened: translator.t("returned to work"),
    }
    return f"{SIGNS.get(appeal.status, '')} {said.get(appeal.status, appeal.status.value)}"


def card(translator: Translator, appeal: Appeal, kind: Kind, name: str, worker: str = "") -> Rich:
    """The first message of a topic; it is edited when the appeal's status changes."""
    asked = [
        f"{(kind_field.title.in_(translator.language) if (kind_field := kind.find_field(code)) else code)} {said}"
        for code, said in appeal.fields.items()
        if said
    ]
    due = translator.t("Answer by {moment}", moment=translator.moment(appeal.due_at)) if appeal.due_at else None
    rated = None
    if appeal.rating is not None:
        stars = translator.t("Rated {n} of 5", n=appeal.rating)
        rated = f"{stars}: {appeal.rating_words}" if appeal.rating_words else stars
    return paragraphs(
        lines(
            bold(f"{_number(translator, appeal)}. {kind.title.in_(translator.language)}"),
            status(translator, appeal),
            translator.t("Works on it: {name}", name=worker) if worker else None,
            due,
            rated,
        ),
        lines(
            name or translator.t("Somebody who is not registered"),
            translator.t("Phone {phone}", phone=mask_phone(appeal.contact)) if appeal.contact else None,
            translator.t("Account {number}", number=appeal.account_number) if appeal.account_number else None,
            *asked,
        ),
        translator.t("What you write here goes to the subscriber. /help says what else there is."),
    )


def head(translator: Translator, message: AppealMessage, staff_name: str) -> str:
    """Whose words follow."""
    if message.author is Author.subscriber:
        return "👤"
    return f"💬 {staff_name or translator.t('Staff')}:"


def lost_file(translator: Translator, name: str) -> str:
    return translator.t("📎 {name}: this file could not be kept.", name=name)


def unreachable(translator: Translator, contact: str) -> str:
    """The words are kept, and nobody reads them."""
    said = translator.t("It is kept in the appeal, but no chat of the subscriber's can be reached now.")
    return f"{said} {translator.t('Phone {phone}', phone=mask_phone(contact))}." if contact else said


def not_sent(translator: Translator, why: str) -> str:
    return translator.t("It did not go out. {why}", why=why)


def edited(translator: Translator) -> str:
    return translator.t("The subscriber has read it as it was: a change does not reach them. Write a new message.")


def unknown_kind(translator: Translator) -> str:
    return translator.t("It did not go out: only text, photos and documents can be sent.")


def file_refused(translator: Translator) -> str:
    return translator.t("It did not go out: a file must be a picture, a PDF or an office document of at most 5 MB.")


def file_lost(translator: Translator) -> str:
    return translator.t("It did not go out: Telegram did not hand the file over. Please send it again.")


def failed(translator: Translator) -> str:
    return translator.t("It did not go out: something does not answer. Please send it again in a few minutes.")


def no_file(translator: Translator) -> str:
    return translator.t("It did not go out: send the file by itself first, and then the command.")


def forwarded(translator: Translator) -> str:
    return translator.t("It did not go out: it is a forwarded message. Write the words yourself, or send a copy.")


def stranger(translator: Translator) -> str:
    return translator.t(
        "I do not know you, so this went nowhere. Get a code at the desk or from an administrator, and send me "
        "/bind CODE in our own chat."
    )


def hidden(translator: Translator) -> str:
    return translator.t("I cannot see who of the administrators wrote this, so it went nowhere. Write under your name.")


def no_right(translator: Translator) -> str:
    return translator.t("Your role does not allow this.")


def welcome(translator: Translator, member: Member) -> str:
    return translator.t(
        "You are {name} for me now. What you write in an appeal's topic goes to the subscriber.", name=member.name
    )


def code_wrong(translator: Translator) -> str:
    return translator.t("This code is wrong or too old. A new one comes from the desk; it holds for 15 minutes.")


def code_tries(translator: Translator) -> str:
    return translator.t("Too many wrong codes. Try again in an hour.")


def code_missing(translator: Translator) -> str:
    return translator.t("Write the code behind the command: /bind ABCDE-FGHJK")


def no_topic(translator: Translator) -> str:
    return translator.t("This is no appeal's topic. Open the topic of the appeal and write there.")


def unknown_command(translator: Translator) -> str:
    return translator.t("I do not know this command, so nothing was sent. /help says what there is.")


def words_missing(translator: Translator, command: str) -> str:
    return translator.t("Write the words behind the command: /{command} …", command=command)


def done(translator: Translator, appeal: Appeal) -> str:
    return f"{_number(translator, appeal)}: {status(translator, appeal)}"


def helps(translator: Translator) -> Rich:
    return paragraphs(
        translator.t("What you write in an appeal's topic goes to the subscriber: text, photos, documents."),
        lines(
            translator.t("/note words: for colleagues only"),
            translator.t("/ask words: a question; the appeal waits for the answer"),
            translator.t("/take: it is mine, I work on it"),
            translator.t("/resolve words: solved, and how"),
            translator.t("/reject words: refused, and why"),
            translator.t("/approve: links the account that was asked for"),
            translator.t("/bind CODE: tells me who you are"),
        ),
        translator.t("👍 under your message: it is on its way. Talk among yourselves in General: I only listen here."),
    )


def news(translator: Translator, found: Sequence[tuple[str, Appeal, Kind, str]]) -> Rich:
    """What is new, for General: (what, the appeal, its kind, the address of its topic or nothing)."""
    return lines(*(_line(translator, *one) for one in found))


def _line(translator: Translator, what: str, appeal: Appeal, kind: Kind, link: str) -> Rich:
    said = {
        "sent": "🆕 " + translator.t("new"),
        "near": "⏰ " + translator.t("the deadline is near"),
        "missed": "🔥 " + translator.t("the deadline has passed"),
        "reopened": "↩️ " + translator.t("returned to work"),
    }
    when = translator.t("answer by {moment}", moment=translator.moment(appeal.due_at)) if appeal.due_at else ""
    line = f"{said.get(what, what)}: {_number(translator, appeal)}, {kind.title.in_(translator.language)}"
    return rich(" · ".join(part for part in (line, when, link) if part))
