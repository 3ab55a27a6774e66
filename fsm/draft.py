"""An appeal while it is being written: what is known of it so far, what is still to be asked, and what goes into it."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from core.appeals.kinds import PERSON, Kind, KindField
from core.appeals.models import Appeal, AppealStatus, Author, Thread
from core.appeals.service import MAX_DRAFTS, MAX_MESSAGES
from core.subscribers.models import AccountLink
from fsm.appeal_words import add, file_is_too_much, own_phone, who
from fsm.event import File, Text
from fsm.talk import Talk

ACCOUNT, CONTACT = "account", "contact"
"""What is asked besides the fields of the kind, which are asked for by their own codes."""

EVERYTHING = "*"  # among what was asked: nothing is asked any more

EXCERPT = 200  # characters of the story in the summary


class Draft(Struct, frozen=True, omit_defaults=True):
    """``id`` is empty before the first word: only then there is something to keep.

    ``kind`` is empty until it is chosen. ``asked``: questions that were put already, whether answered or not.
    ``after`` is the number of the earlier appeal that this one follows.
    """

    id: str = ""
    kind: str = ""
    account: str = ""
    fields: dict[str, str] = {}
    contact: str = ""
    words: str = ""
    messages: int = 0
    files: int = 0
    asked: tuple[str, ...] = ()
    after: int = 0
    failure_told: bool = False


async def begin(talk: Talk, kind: str = "", *, account: str = "", after: int = 0) -> Draft:
    """A new one. Whom to call is known of a subscriber; of others, from their last appeal."""
    contact = own_phone(talk)
    asked: tuple[str, ...] = ()
    if not contact:
        earlier = await talk.core.appeals.of_person(*who(talk))
        contact = next((one.contact for one in earlier if one.contact), "")
        asked = (CONTACT,) if earlier else ()  # who wanted no call the last time is not asked again
    draft = Draft(kind=kind, account=account, contact=contact, after=after, asked=asked)
    return await of_kind(talk, draft, kind) if kind else draft


def resumed(found: Thread) -> Draft:
    """One that was begun before: nothing more is asked, and everything can be changed."""
    appeal = found.appeal
    return _seen(Draft(id=appeal.id, kind=appeal.kind, asked=(EVERYTHING,)), found)


def _seen(draft: Draft, found: Thread) -> Draft:
    appeal, mine = found.appeal, [one for one in found.messages if one.author is Author.subscriber]
    return replace(
        draft,
        account=appeal.account_number,
        fields=dict(appeal.fields),
        contact=appeal.contact,
        words=next((one.text for one in mine if one.text), "")[:EXCERPT],
        messages=len(mine),
        files=sum(1 for one in mine if one.file_name),
    )


async def fresh(talk: Talk, draft: Draft) -> Draft | Appeal | None:
    """As it is kept now; the appeal that it has become, when it was sent; None when it was thrown away."""
    if not draft.id:
        return draft
    found = await talk.core.appeals.get(draft.id, *who(talk))
    if found is None:
        return None
    return _seen(draft, found) if found.appeal.status is AppealStatus.draft else found.appeal


async def keep(talk: Talk, draft: Draft, said: Text | File) -> Draft:
    """What was said or sent is kept with this turn. A draft that is gone, or was sent, is begun anew."""
    now = await fresh(talk, draft)
    draft = now if isinstance(now, Draft) else replace(draft, id="", words="", messages=0, files=0)
    if draft.messages >= MAX_MESSAGES:
        talk.tell(talk.t("This is a lot already. Please send it first; you can add more afterwards."))
        return draft
    if await file_is_too_much(talk, said, draft.files):
        return draft
    appeals = talk.core.appeals
    words = said.text if isinstance(said, Text) else said.caption
    if not draft.id:
        if len(await appeals.drafts(*who(talk))) >= MAX_DRAFTS:
            talk.tell(talk.t("You have {n} messages that are not sent. Please send or delete one first.", n=MAX_DRAFTS))
            return draft
        appeal, create = await appeals.create(
            *who(talk),
            draft.kind or PERSON,
            account_number=draft.account,
            contact=draft.contact,
            draft=True,
        )
        talk.write(create)
        draft = replace(draft, id=appeal.id)
        if draft.fields:
            talk.write(appeals.describe(appeal.id, fields=draft.fields))
        if draft.after:
            follows = talk.t("This follows appeal No. {appeal}.", appeal=draft.after)
            said = _led_by(follows, said)
    add(talk, draft.id, said)
    return replace(
        draft,
        words=draft.words or words[:EXCERPT],
        messages=draft.messages + 1,
        files=draft.files + isinstance(said, File),
    )


def _led_by(line: str, said: Text | File) -> Text | File:
    if isinstance(said, Text):
        return replace(said, text=f"{line}\n\n{said.text}")
    return replace(said, caption=f"{line}\n\n{said.caption}".strip())


# -- what it is about --------------------------------------------------------------------------------------------------


async def of_kind(talk: Talk, draft: Draft, code: str) -> Draft:
    """Of this kind; what was answered for another kind's sake and is not asked for here is dropped."""
    kind = kind_of(talk, code)
    account = draft.account
    if kind.account == "ask" and not account and ACCOUNT not in draft.asked:
        links = await own_accounts(talk)
        account = links[0].account_number if len(links) == 1 else ""
    fields = {one: said for one, said in draft.fields.items() if kind.find_field(one) is not None}
    changed = replace(draft, kind=code, account=account, fields=fields)
    describe(talk, changed)
    return changed


def describe(talk: Talk, draft: Draft) -> None:
    """What the draft is about is kept with this turn, once there is something to keep."""
    if draft.id:
        talk.write(
            talk.core.appeals.describe(
                draft.id,
                kind=draft.kind or PERSON,
                account_number=draft.account,
                fields=draft.fields,
                contact=draft.contact,
            )
        )


def kind_of(talk: Talk, code: str) -> Kind:
    return talk.core.appeals.kinds.get(code or PERSON)


async def own_accounts(talk: Talk) -> list[AccountLink]:
    return await talk.core.links.of_subscriber(talk.known.id) if talk.known is not None else []


def left_to_ask(talk: Talk, draft: Draft) -> list[str]:
    """What would be asked before it is sent, in this order."""
    if EVERYTHING in draft.asked:
        return [one.code for one in lacking(talk, draft)]
    kind = kind_of(talk, draft.kind)
    asks = [ACCOUNT] if kind.account == "ask" and not draft.account else []
    asks += [one.code for one in kind.fields if not draft.fields.get(one.code)]
    needed = {one.code for one in lacking(talk, draft)}
    return [one for one in asks if one in needed or one not in draft.asked]


def lacking(talk: Talk, draft: Draft) -> list[KindField]:
    """Without these it cannot be sent."""
    return [one for one in kind_of(talk, draft.kind).fields if one.required and not draft.fields.get(one.code)]


def answered(talk: Talk, draft: Draft, what: str, said: str) -> Draft:
    """With an answer to one of the questions; an empty one where it was left out."""
    asked = draft.asked if what in draft.asked else (*draft.asked, what)
    if what == ACCOUNT:
        draft = replace(draft, account=said, asked=asked)
    elif what == CONTACT:
        draft = replace(draft, contact=said, asked=asked)
    else:
        fields = {code: words for code, words in draft.fields.items() if code != what} | ({what: said} if said else {})
        draft = replace(draft, fields=fields, asked=asked)
    describe(talk, draft)
    return draft
