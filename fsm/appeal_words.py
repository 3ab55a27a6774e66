"""Requests to staff in words: their status, their thread, whom to call; and how words and files get into them."""

from __future__ import annotations

from core.appeals.kinds import LINK
from core.appeals.models import Appeal, AppealMessage, AppealStatus, Author, Thread
from core.appeals.service import MAX_TEXT
from core.subscribers.phones import show_phone
from fsm.event import File, Text
from fsm.screen import Rich, bold, italic, lines, paragraphs
from fsm.talk import Talk

THREAD = 2800  # characters of a thread on one screen: the newest messages that fit
ONE = 1200  # characters of one message in it


def title(talk: Talk, appeal: Appeal) -> str:
    if appeal.kind == LINK:
        return talk.t("No. {appeal}: link account {number}", appeal=appeal.number, number=appeal.account_number)
    kind = talk.core.appeals.kinds.get(appeal.kind).title.in_(talk.language)
    return talk.t("No. {appeal}: {kind}", appeal=appeal.number, kind=kind)


def status(talk: Talk, found: AppealStatus) -> str:
    match found:
        case AppealStatus.draft:
            return talk.t("not sent yet")
        case AppealStatus.acknowledged:
            return talk.t("with our staff")
        case AppealStatus.in_progress:
            return talk.t("being worked on")
        case AppealStatus.pending:
            return talk.t("waits for your answer")
        case AppealStatus.resolved:
            return talk.t("done")
        case AppealStatus.rejected:
            return talk.t("refused")
        case AppealStatus.reopened:
            return talk.t("returned to work")
        case AppealStatus.closed:
            return talk.t("closed")


def thread(talk: Talk, found: Thread) -> Rich:
    """The newest messages that fit, the oldest of them first."""
    shown: list[Rich] = []
    room = THREAD
    for message in reversed(found.said):
        drawn = _message(talk, message)
        room -= len(str(drawn))
        if room < 0 and shown:
            shown.append(italic(talk.t("Earlier messages are kept too.")))
            break
        shown.append(drawn)
    return paragraphs(*reversed(shown)) if shown else italic(talk.t("Nothing was written in it."))


def _message(talk: Talk, message: AppealMessage) -> Rich:
    who = talk.t("You") if message.author is Author.subscriber else talk.core.operator.name
    words = message.text if len(message.text) <= ONE else message.text[:ONE] + "…"
    return lines(
        bold(who) + ", " + talk.translator.moment(message.at),
        words or None,
        f"📎 {message.file_name}" if message.file_name else None,
    )


def by_phone(talk: Talk) -> Rich | None:
    """The support's phone and hours, where the operator gave them."""
    operator = talk.core.operator
    if not operator.support_phone:
        return None
    call = talk.t("📞 By phone:") + " " + bold(show_phone(operator.support_phone))
    return call + (f", {operator.support_hours}" if operator.support_hours else "")


def who(talk: Talk) -> tuple[str | None, str]:
    """Whose requests these are: the subscriber's, else this chat's."""
    return (talk.known.id if talk.known is not None else None), talk.chat.chat_id


def own_phone(talk: Talk) -> str:
    return (talk.known.phone or "") if talk.known is not None else ""


async def too_many_files(talk: Talk, said: Text | File) -> bool:
    """Says so when the chat has sent as many files as it may in a day."""
    if isinstance(said, Text) or await talk.core.appeals.may_send_files(talk.chat.chat_id):
        return False
    talk.tell(talk.t("I can take no more files today. Please say in words what is on it, or send it tomorrow."))
    return True


def add(talk: Talk, appeal_id: str, said: Text | File) -> None:
    """What was said or sent goes into the request with this turn."""
    if isinstance(said, Text):
        talk.write(talk.core.appeals.append(appeal_id, said.text[:MAX_TEXT]))
        return
    name = said.name or (talk.t("photo") if said.kind == "photo" else talk.t("document"))
    talk.write(*talk.core.appeals.attach(appeal_id, talk.chat.chat_id, said.ref, name[-200:], said.caption[:MAX_TEXT]))
