"""What a state is given to answer with: words in the person's language, the domain to read from, writes to describe."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from core.delivery.commit import Post
from core.delivery.messages import Priority, SentMessage
from core.delivery.writes import Write
from core.services import Services
from core.subscribers.models import Chat, Subscriber
from fsm.action import Action
from fsm.screen import Rich, Screen, rich
from fsm.texts import Translator


@dataclass
class Notification:
    """A message for another chat, said in that chat's own language. Its buttons work from any state."""

    chat_id: str
    language: str
    draw: Callable[[Translator], Screen]
    priority: Priority = Priority.notice


@dataclass
class Talk:
    """One turn's side of the conversation.

    Reads (``core``) see the database as it was before this turn: a state that is returned carries what it needs to
    say, and does not look for what this turn has only described.
    """

    chat: Chat
    known: Subscriber | None
    translator: Translator
    languages: tuple[str, ...]
    now: datetime
    turn_id: str
    core: Services
    vouches_for_contact: bool = True
    reply_to: SentMessage | None = None
    """The message of ours in this chat that the person answers; the domain says what it was about."""

    pending: Action | None = None
    """What the person wanted before they had to register."""

    parked: bool = False
    """A question was left unanswered for the menu: ``fsm.actions.GoOn`` leads back to it.

    A handler that sets it to False makes it forgotten.
    """

    consent_due: bool = False
    """The consent document has a new version that this person has not agreed to."""

    consented: bool = False
    """A handler has just recorded the consent: the engine goes on where it was asked for."""

    notes: list[Rich] = field(default_factory=list)
    screens: list[Screen] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)
    notifications: list[Notification] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)
    toast: str = ""

    # -- words ---------------------------------------------------------------------------------------------------

    @property
    def language(self) -> str:
        return self.translator.language

    @property
    def zone(self) -> ZoneInfo:
        """Where the person lives: their days and quiet hours are counted there."""
        return self.translator.zone

    def t(self, message: str, /, **values: Any) -> str:
        return self.translator.t(message, **values)

    def n(self, one: str, many: str, n: int, /, **values: Any) -> str:
        return self.translator.n(one, many, n, **values)

    def speak(self, language: str) -> None:
        """From here on, this turn speaks another language."""
        self.translator = Translator(language, self.translator.zone)

    # -- who -----------------------------------------------------------------------------------------------------

    @property
    def subscriber(self) -> Subscriber:
        """The person. Only in states that are not public; the engine has checked that they registered."""
        if self.known is None:
            raise LookupError("this state needs a subscriber: it must not be public")
        return self.known

    def forget_what_was_left(self) -> None:
        """Nothing that this person left unfinished here is offered to whoever signs in next."""
        self.parked = False
        self.pending = None

    # -- answers -------------------------------------------------------------------------------------------------

    def tell(self, text: Rich | str) -> None:
        """Says something above the next question: a confirmation, or what was wrong with the answer."""
        self.notes.append(rich(text))

    def show_first(self, screen: Screen) -> None:
        """A message of its own before the next question: a document, a picture."""
        self.screens.append(screen)

    def say_briefly(self, text: str) -> None:
        """A word that vanishes by itself, where the messenger can (at most 200 characters)."""
        self.toast = text

    def write(self, *writes: Write) -> None:
        """Describes changes; they are committed together with this turn, or not at all."""
        self.writes.extend(writes)

    def notify(self, chat: Chat, draw: Callable[[Translator], Screen], priority: Priority = Priority.notice) -> None:
        """Tells another chat something, in its own language."""
        self.notifications.append(Notification(chat.chat_id, chat.language, draw, priority))
