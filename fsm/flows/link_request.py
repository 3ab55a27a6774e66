"""An appeal to staff to link an account that the person could not link alone."""

from __future__ import annotations

from typing import ClassVar

from core.appeals.kinds import LINK
from core.subscribers.activity import Did, did
from fsm.action import Action
from fsm.actions import ManageLinks, OpenAppeal, OpenLinking, RequestLink
from fsm.event import Text
from fsm.linking_words import read_number
from fsm.screen import Choice, Screen, Tone, bold, paragraphs, screen
from fsm.state import State, entry
from fsm.talk import Talk

LONGEST_COMMENT = 2000  # characters


class SendRequest(Action, frozen=True, tag="lr.send"):
    """The request as it is, without a comment."""


@entry()
async def request_link(talk: Talk, action: RequestLink) -> RequestComment | RequestSent:
    number = read_number(action.number) or "?"  # forged, as no button of ours says that
    before = await talk.core.appeals.open_link_request(talk.subscriber.id, number)
    return RequestSent(before.id, before.number, number, before=True) if before else RequestComment(number)


class RequestComment(State, frozen=True):
    """Anything that helps staff decide, or nothing."""

    number: str
    unfinished: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        return screen(
            paragraphs(
                bold(talk.t("An appeal to our staff: link the number {number}.", number=self.number)),
                talk.t(
                    "You may add what helps them decide: who the contract is with, the address, how you are related. "
                    "Or send it as it is."
                ),
            ),
            Choice(talk.t("📨 Send as it is"), SendRequest(), Tone.primary),
            hint=talk.t("A comment, if you like"),
        )

    def expects(self, talk: Talk) -> str:
        return talk.t("Type a comment, or send the appeal as it is.")

    async def on_comment(self, talk: Talk, said: Text) -> RequestSent:
        return await _send(talk, self.number, said.text[:LONGEST_COMMENT])

    async def on_send(self, talk: Talk, press: SendRequest) -> RequestSent:
        return await _send(talk, self.number, "")


class RequestSent(State, frozen=True):
    """What happens next, and the number to quote."""

    appeal_id: str
    appeal: int
    number: str
    before: bool = False  # the same request was there already
    settles: ClassVar[bool] = True

    async def show(self, talk: Talk) -> Screen:
        said = (
            talk.t("Your appeal No. {appeal} to link {number} is with our staff already.", **self._names())
            if self.before
            else talk.t("Your appeal No. {appeal} to link {number} is with our staff.", **self._names())
        )
        return screen(
            paragraphs(
                "📨 " + bold(said),
                talk.t("A person checks it and answers here, in this chat. You need not do anything more."),
            ),
            Choice(talk.t("👀 See the appeal"), OpenAppeal(self.appeal_id)),
            (Choice(talk.t("Link another"), OpenLinking()), Choice(talk.t("My access"), ManageLinks())),
        )

    def _names(self) -> dict[str, str | int]:
        return {"appeal": self.appeal, "number": self.number}


async def _send(talk: Talk, number: str, comment: str) -> RequestSent:
    appeals, subscriber = talk.core.appeals, talk.subscriber
    before = await appeals.open_link_request(subscriber.id, number)
    if before is not None:
        if comment:
            talk.write(appeals.append(before.id, comment))
        return RequestSent(before.id, before.number, number, before=True)
    appeal, create = await appeals.create(
        subscriber.id, talk.chat.chat_id, LINK, account_number=number, contact=subscriber.phone or ""
    )
    talk.write(create)
    if comment:
        talk.write(appeals.append(appeal.id, comment))
    talk.write(did(subscriber.id, talk.chat.chat_id, Did.appealed, talk.now, str(appeal.number)))
    return RequestSent(appeal.id, appeal.number, number)
