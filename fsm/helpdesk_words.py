"""What agents in another helpdesk read about an appeal, and what stands for them where they said nothing."""

from __future__ import annotations

from core.appeals.kinds import LINK, Kinds
from core.appeals.models import Appeal
from fsm.texts import Translator
from fsm.told_sessions import MESSENGERS


def kind_title(translator: Translator, kinds: Kinds, appeal: Appeal) -> str:
    return kinds.get(appeal.kind).title.in_(translator.language)


def card(translator: Translator, kinds: Kinds, appeal: Appeal) -> str:
    """All that is known, a line each. The whole phone number: agents are to call it."""
    t = translator.t
    kind = kinds.get(appeal.kind)
    messenger = appeal.chat_id.partition(":")[0]
    lines = [
        t("Appeal No. {appeal}: {kind}", appeal=appeal.number, kind=kind_title(translator, kinds, appeal)),
        t("From {messenger}", messenger=MESSENGERS.get(messenger, messenger)),
    ]
    if appeal.subscriber_id is None:
        lines.append(t("Written by somebody who is not registered."))
    if appeal.account_number:
        lines.append(t("Account: {account}", account=appeal.account_number))
    if appeal.contact:
        lines.append(t("Contact: {contact}", contact=appeal.contact))
    for code, said in appeal.fields.items():
        field = kind.find_field(code)
        lines.append(f"{field.title.in_(translator.language) if field else code}: {said}")
    if appeal.due_at is not None:
        lines.append(t("Answer by {moment}", moment=translator.moment(appeal.due_at)))
    lines.append("")
    lines.append(t("Public notes here go to the subscriber's chat. Internal notes and e-mails do not."))
    if appeal.kind == LINK:
        lines.append(t("An account can only be linked at Abonent's own desk."))
    return "\n".join(lines)


def closed_silently(translator: Translator, state: str) -> str:
    """An agent closed it without a new answer. ``state`` is what the helpdesk calls it."""
    return translator.t(
        "Our staff have finished with your appeal ({state}). What they wrote before holds.", state=state
    )


def unread(translator: Translator) -> str:
    return translator.t("The subscriber cannot be reached in a chat: nobody will read this answer there.")


def left_out(translator: Translator, names: str) -> str:
    return translator.t(
        "These files did not go to the subscriber (more than 10, larger than 5 MB, or of a kind that is not kept): "
        "{names}",
        names=names,
    )


def impossible(translator: Translator, reason: str) -> str:
    return translator.t("This was not passed on to the subscriber. {reason}", reason=reason)


def lost_file(translator: Translator) -> str:
    return translator.t("(This file could not be kept.)")
