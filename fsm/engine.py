"""Runs one turn of a conversation: finds who takes the input, lets them answer, and draws what is to be said.

What no state has to care about is here: back, menu, cancel, help, buttons of old messages, things that nobody
expected, coming back after a pause, and states that another version of the program left behind.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

from core.delivery.commit import Post
from core.delivery.messages import OutgoingMessage, SentMessage
from core.delivery.writes import Write
from core.errors import OutsideUnavailable
from core.services import Services
from core.subscribers import chats
from core.subscribers.models import Chat, Snapshot, Subscriber
from fsm.action import ANYWHERE, Action, decode, encode
from fsm.actions import Back, GoOn, OpenHelp, OpenMenu, StartOver
from fsm.album import answered_together, with_earlier_notes
from fsm.capabilities import Capabilities
from fsm.dispatch import Dispatcher, Nothing, Turn
from fsm.draw import ENGINE_ACTIONS, draw
from fsm.envelope import Envelope, first
from fsm.event import (
    Blocked,
    Event,
    Opened,
    Press,
)
from fsm.renewal import AskConsent
from fsm.screen import Asks, Choice, Rich, Row, Screen, paragraphs, screen
from fsm.state import Registry, State, UnknownState, restore
from fsm.talk import Talk
from fsm.texts import Translator, choose_language

ENGINE_ACTIONS.update({Back, GoOn, StartOver})


DOUBLE_TAP = timedelta(seconds=5)
"""Within this time a second press of the button that led here is no decision of its own."""


@dataclass(frozen=True, slots=True)
class Step:
    """What a turn decided. ``state`` is the envelope for the database."""

    state: str
    state_name: str
    writes: list[Write] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)
    toast: str = ""
    welcome: OutgoingMessage | None = None


class Engine:
    """All conversations, for all chats; it keeps nothing between turns."""

    def __init__(
        self,
        registry: Registry,
        services: Services,
        zone_of: Callable[[Subscriber | None], ZoneInfo],
    ) -> None:
        self.registry = registry
        self._dispatcher = Dispatcher(registry)
        self._services = services
        self._zone_of = zone_of
        self._languages = services.operator.languages

    # -- a turn ----------------------------------------------------------------------------------------------------

    async def step(self, snapshot: Snapshot, event: Event, means: Capabilities, turn_id: str) -> Step:
        """Decides the turn. Reads the domain; writes nothing: it describes."""
        talk = self._talk(snapshot, event, means, turn_id)
        envelope, state = self._restore(snapshot, talk)
        quick = snapshot.heard_at is not None and talk.now - snapshot.heard_at < DOUBLE_TAP
        turn = Turn(talk, envelope, state, event, means, quick)
        if snapshot.chat is None:
            talk.write(chats.make_known(talk.chat))
        elif snapshot.chat.status != chats.ACTIVE and not isinstance(event.input, Blocked):
            talk.write(chats.back(talk.chat.chat_id))
        try:
            new = await self._dispatcher.answer(turn, event.input)
            if talk.consented:
                talk.consent_due = False
                new = await self._dispatcher.answer(turn, Press(encode(Back())))
            return await self._finish(turn, new, means)
        except OutsideUnavailable:
            talk.writes = [write for write in talk.writes if write.name in ("make chat known", "chat is back")]
            talk.notifications.clear()
            talk.screens.clear()
            talk.notes.clear()
            talk.tell(
                talk.t(
                    "Our billing system is not answering right now, so I cannot do this at the moment. "
                    "Nothing is lost: please try again in a few minutes."
                )
            )
            turn.fresh = True
            return await self._finish(turn, await self._dispatcher.enter(turn, OpenMenu()), means)

    async def redraw(
        self, snapshot: Snapshot, event: Event, means: Capabilities, turn_id: str
    ) -> OutgoingMessage | None:
        """The screen as it stands, for a chat that was opened once more with the same update. Changes nothing."""
        talk = self._talk(snapshot, event, means, turn_id)
        envelope, state = self._restore(snapshot, talk)
        if envelope is None or state is None:
            return None
        shown = await state.show(talk)
        return self._draw(talk, envelope, shown)[0]

    def apology(self, snapshot: Snapshot, event: Event, means: Capabilities, turn_id: str) -> Step:
        """A turn that failed: says so with the way out, and leaves the conversation where it was."""
        talk = self._talk(snapshot, event, means, turn_id)
        envelope, _state = self._restore(snapshot, talk)
        if envelope is None:
            envelope = first(Nothing())
        if snapshot.chat is None:
            talk.write(chats.make_known(talk.chat))
        talk.notes.clear()
        said = talk.t(
            "I am sorry, something went wrong on our side. What you wrote before is kept. Please try once more; "
            "if it happens again, tell a person the number {number}.",
            number=turn_id,
        )
        message, _writes = self._draw(talk, envelope, screen(said, Choice(talk.t("❓ Help"), OpenHelp())))
        name = envelope.state.name
        if isinstance(event.input, Opened):
            return Step(envelope.dump(), name, talk.writes, welcome=message)
        return Step(envelope.dump(), name, talk.writes, [Post(talk.chat.chat_id, message)])

    def fallback(self, language: str, turn_id: str) -> OutgoingMessage:
        """What is said instead of an answer that the messenger would not take."""
        talk = Translator(language, self._services.operator.zone)
        said = screen(
            talk.t(
                "I have an answer for you, but could not show it here. A person can help; the number is {number}.",
                number=turn_id,
            )
        )
        return draw(said, stamp=ANYWHERE, registry=self.registry, translator=talk, now=self._services.clock.now())[0]

    # -- what is known ---------------------------------------------------------------------------------------------

    def _talk(self, snapshot: Snapshot, event: Event, means: Capabilities, turn_id: str) -> Talk:
        now = self._services.clock.now()
        chat = snapshot.chat or Chat(
            chat_id=event.chat_id,
            channel=event.channel,
            address=event.address,
            language=choose_language(event.language, self._languages),
            name=event.name[:200],
            status=chats.ACTIVE,
            subscriber_id=None,
            created_at=now,
            joined_at=None,
            barred_until=None,
        )
        language = chat.language if chat.language in self._languages else self._languages[0]
        agreed = snapshot.agreed if snapshot.subscriber is not None else None
        return Talk(
            chat=chat,
            consent_due=agreed is not None and agreed != self._services.operator.privacy_version,
            known=snapshot.subscriber,
            translator=Translator(language, self._zone_of(snapshot.subscriber)),
            languages=self._languages,
            now=now,
            turn_id=turn_id,
            core=self._services,
            vouches_for_contact=means.vouches_for_contact,
            reply_to=SentMessage(event.chat_id, event.reply_to) if event.reply_to else None,
        )

    def _restore(self, snapshot: Snapshot, talk: Talk) -> tuple[Envelope | None, State | None]:
        if snapshot.state is None:
            return None, None
        try:
            envelope = Envelope.load(snapshot.state)
            talk.parked = envelope.parked is not None
            pending = decode(envelope.pending) if envelope.pending else None
            talk.pending = pending[1] if pending else None
            state = restore(envelope.state, self.registry)
        except UnknownState:
            talk.tell(talk.t("I have learned new things since we last talked, so we begin from the menu."))
            return None, None
        if isinstance(state, Nothing):
            return envelope, None
        if not state.public and talk.known is None:
            talk.tell(talk.t("This chat is signed out. Sign in to see your accounts again."))
            return None, None
        return envelope, state

    # -- what is said ----------------------------------------------------------------------------------------------

    async def _finish(self, turn: Turn, new: State, means: Capabilities) -> Step:
        talk = turn.talk
        envelope = turn.envelope
        moved = envelope.move(turn.state, new, fresh=turn.fresh) if envelope is not None else first(new)
        if moved.parked is not None and (moved.parked == moved.state or not talk.parked):
            moved = replace(moved, parked=None)
        if talk.consent_due and not (turn.quiet or new.public or new.before_consent):
            ask = self.registry.entries.get(AskConsent)
            if ask is not None:
                new = await ask.function(talk, AskConsent())
                moved, turn.extra = moved.interrupt(new), None
        with_earlier_notes(talk, envelope, turn.event)
        pending = "" if talk.pending is None else _payload(talk.pending)
        heard = moved.heard if isinstance(turn.event.input, Press) else turn.event.message_id or moved.heard
        moved = replace(moved, pending=pending, heard=heard)
        posts: list[Post] = []
        welcome = None
        if not turn.quiet:
            shown = await new.show(talk)
            drops = moved.keyboard and means.sticky_contact_keyboard and shown.asks is not Asks.contact
            edits = "" if drops or talk.screens or not means.edits else _editable(turn.event, moved)
            for extra in talk.screens:
                message, writes = draw(
                    extra, stamp=moved.stamp, registry=self.registry, translator=talk.translator, now=talk.now
                )
                talk.write(*writes)
                posts.append(Post(talk.chat.chat_id, message))
            message, writes = self._draw(talk, moved, shown, edits=edits, drops=drops, extra=turn.extra)
            talk.write(*writes)
            moved = replace(moved, keyboard=shown.asks is Asks.contact)
            if isinstance(turn.event.input, Opened):
                welcome = message
            else:
                posts.append(Post(talk.chat.chat_id, message))
        album, posts = answered_together(talk, envelope, turn.event, posts)
        moved = replace(moved, album=album)
        if new.about and posts:
            talk.write(self._services.appeals.spoke_of(new.about, talk.chat.chat_id, talk.turn_id))
        posts.extend(talk.posts)
        posts.extend(self._notifications(talk))
        return Step(moved.dump(), moved.state.name, talk.writes, posts, talk.toast, welcome)

    def _draw(
        self,
        talk: Talk,
        envelope: Envelope,
        shown: Screen,
        *,
        edits: str = "",
        drops: bool = False,
        extra: Row | None = None,
    ) -> tuple[OutgoingMessage, list[Write]]:
        notes: Rich | None = paragraphs(*talk.notes) if talk.notes else None
        dropping = ""
        if drops:
            # Telegram takes a keyboard away only together with a message: the notes are that message.
            dropping = str(notes) if notes else talk.t("All right.")
            notes = None
        return draw(
            shown,
            stamp=envelope.stamp,
            registry=self.registry,
            translator=talk.translator,
            now=talk.now,
            notes=notes,
            back=bool(envelope.past),
            edits=edits,
            drops_keyboard=dropping,
            extra=extra,
        )

    def _notifications(self, talk: Talk) -> list[Post]:
        posts = []
        for notification in talk.notifications:
            language = notification.language if notification.language in self._languages else self._languages[0]
            translator = Translator(language, talk.zone)
            message, writes = draw(
                notification.draw(translator),
                stamp=ANYWHERE,
                registry=self.registry,
                translator=translator,
                now=talk.now,
            )
            talk.write(*writes)
            posts.append(Post(notification.chat_id, message, notification.priority))
        return posts


def _payload(action: Action) -> str:
    return ANYWHERE + msgspec.json.encode(action).decode()


def _editable(event: Event, envelope: Envelope) -> str:
    """The message with the pressed button, unless the person has written something below it."""
    if not isinstance(event.input, Press) or not event.message_id.isdigit():
        return ""
    heard = envelope.heard
    return event.message_id if not heard.isdigit() or int(event.message_id) > int(heard) else ""
