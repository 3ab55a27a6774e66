"""Appeals to staff in words: their status, their thread, whom to call; and how words and files get into them."""

from __future__ import annotations

from collections.abc import Mapping

from core.appeals.files import LIMIT
from core.appeals.kinds import LINK, Kind
from core.appeals.models import OPEN, Appeal, AppealMessage, AppealStatus, Author, Thread
from core.appeals.service import MAX_FILES, MAX_TEXT
from core.subscribers.phones import show_phone
from fsm.account_words import shorten, within
from fsm.event import File, Text
from fsm.screen import Rich, bold, italic, lines
from fsm.talk import Talk

THREAD = 2500  # characters of a thread on one screen
ONE = 2200  # characters of one message in it
EXCERPT = 120  # characters of a story where it is only recalled
ANSWERS = 600  # characters of what the kind asks for
FILES = 8  # on one screen: each has a button


def kind_title(talk: Talk, kind: Kind) -> str:
    """For a button and for the head of a screen."""
    return f"{kind.icon} {kind.title.in_(talk.language)}".strip()


def title(talk: Talk, appeal: Appeal) -> str:
    if appeal.kind == LINK:
        return talk.t("No. {appeal}: link account {number}", appeal=appeal.number, number=appeal.account_number)
    kind = talk.core.appeals.kinds.get(appeal.kind).title.in_(talk.language)
    return talk.t("No. {appeal}: {kind}", appeal=appeal.number, kind=kind)


def standing(talk: Talk, appeal: Appeal) -> str:
    """Where it stands, and by when staff answer."""
    said = status(talk, appeal.status)
    if appeal.due_at is None or appeal.status not in OPEN:
        return said
    return talk.t("{status}, we answer by {moment}", status=said, moment=talk.translator.moment(appeal.due_at))


def quoted(talk: Talk, words: str, most: int = EXCERPT) -> Rich | None:
    """Somebody's words as a quotation, on one line."""
    said = shorten(" ".join(words.split()), most)
    return italic(talk.t("“{words}”", words=said)) if said else None


def answers(talk: Talk, kind: Kind, fields: Mapping[str, str]) -> list[Rich]:
    """What was asked for besides the story, a line each; as many as a screen has room for."""
    found = [
        shorten(field.title.in_(talk.language), EXCERPT) + " " + bold(shorten(fields[field.code], EXCERPT))
        for field in kind.fields
        if fields.get(field.code)
    ]
    return within(found, ANSWERS)


def stars(rating: int) -> str:
    return "⭐" * rating


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


def pages(talk: Talk, found: Thread) -> list[list[AppealMessage]]:
    """What was written, in pages that fit a screen: the newest page first, within a page the oldest message first."""
    made: list[list[AppealMessage]] = []
    room, files = 0, 0
    for message in reversed(found.said):
        size = len(str(drawn(talk, message))) + 2
        room, files = room - size, files - bool(message.blob)
        if not made or room < 0 or files < 0:
            made.append([])
            room, files = THREAD - size, FILES - bool(message.blob)
        made[-1].insert(0, message)
    return made


def drawn(talk: Talk, message: AppealMessage) -> Rich:
    who = talk.t("You") if message.author is Author.subscriber else talk.core.operator.name
    words = message.text if len(message.text) <= ONE else message.text[:ONE] + "…"
    return lines(
        bold(who) + ", " + talk.translator.moment(message.at),
        words or None,
        f"📎 {message.file_name}" if message.file_name else None,
    )


def files_lately(found: Thread) -> int:
    """How many files the subscriber has sent since staff wrote last."""
    count = 0
    for message in found.messages:
        if message.author is Author.staff:
            count = 0
        elif message.author is Author.subscriber and message.file_name:
            count += 1
    return count


def by_phone(talk: Talk) -> Rich | None:
    """The support's phone and hours, where the operator gave them."""
    operator = talk.core.operator
    if not operator.support_phone:
        return None
    call = talk.t("📞 By phone:") + " " + bold(show_phone(operator.support_phone))
    return call + (f", {operator.support_hours}" if operator.support_hours else "")


def who(talk: Talk) -> tuple[str | None, str]:
    """Whose appeals these are: the subscriber's, else this chat's."""
    return (talk.known.id if talk.known is not None else None), talk.chat.chat_id


def own_phone(talk: Talk) -> str:
    return (talk.known.phone or "") if talk.known is not None else ""


async def file_is_too_much(talk: Talk, said: Text | File, before: int) -> bool:
    """Says so when a file is larger than is kept, or one more than is taken at once, or in a day."""
    if isinstance(said, Text):
        return False
    if (said.size or 0) > LIMIT:
        talk.tell(
            talk.t(
                "This file is larger than {size} MB, I cannot keep it. Please send a photo of it, or a smaller file.",
                size=LIMIT // 1_000_000,
            )
        )
        return True
    if before >= MAX_FILES:
        talk.tell(talk.t("{n} files are the most. The rest I have not taken: please say in words.", n=MAX_FILES))
        return True
    if await talk.core.appeals.may_send_files(talk.chat.chat_id):
        return False
    talk.tell(talk.t("I can take no more files today. Please say in words what is on it, or send it tomorrow."))
    return True


def add(talk: Talk, appeal_id: str, said: Text | File) -> None:
    """What was said or sent goes into the appeal with this turn."""
    if isinstance(said, Text):
        talk.write(talk.core.appeals.append(appeal_id, said.text[:MAX_TEXT]))
        return
    name = said.name or (talk.t("photo") if said.kind == "photo" else talk.t("document"))
    talk.write(*talk.core.appeals.attach(appeal_id, talk.chat.chat_id, said.ref, name[-200:], said.caption[:MAX_TEXT]))
