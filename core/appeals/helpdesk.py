"""What another helpdesk must be able to do to show appeals to its own staff."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from core.appeals.models import Appeal, AppealMessage, Thread
from core.errors import OutsideUnavailable


class Unanswered(OutsideUnavailable):
    """The call was sent and no answer came: it may have been carried out, and it may be carried out still."""


class RemoteGone(Exception):
    """What the appeal was told to is no longer there (a deleted ticket, a deleted topic): it is opened anew."""


class RemoteMoved(Exception):
    """It was merged into another one of the same person's, with all its messages: that one is followed."""

    def __init__(self, remote_id: str) -> None:
        super().__init__(f"moved to {remote_id}")
        self.remote_id = remote_id


class HelpdeskRefused(Exception):
    """The helpdesk will never take this message or status: trying again is of no use. The sentence goes to the log."""


@dataclass(frozen=True, slots=True)
class Counterpart:
    """What stands for an appeal in a helpdesk, and how far it was brought.

    ``remote_id`` is empty while nothing is there. ``generation`` grows when it was lost and is to be a new one.
    """

    desk: str
    appeal_id: str
    remote_id: str
    generation: int
    status: str  # ours, that was brought over last
    word: str  # theirs, as it was seen or set last
    version: int  # of the appeal, when all of it was brought over
    followed: bool  # it was opened for another appeal, and this one was merged into it


class Helpdesk(Protocol):
    """One helpdesk. ``name`` is short ([a-z0-9_], at most 20): it stands in the database and in addresses.

    Every method raises :class:`core.errors.OutsideUnavailable` when it did certainly not go through now and may
    later, :class:`Unanswered` when nobody knows, :class:`RemoteGone` or :class:`RemoteMoved` when the counterpart is
    no longer where it was. A call takes 60 seconds at most. Calls of one appeal never overlap. Nothing about an appeal
    is kept in memory between calls; nothing personal or secret goes to the log.
    """

    @property
    def name(self) -> str: ...

    async def open(self, thread: Thread, generation: int) -> str:
        """Makes the counterpart (a ticket, a topic) without the messages, and says its id: at most 64 characters.

        Called again after a failure or a kill. A helpdesk that can find out looks first whether an earlier call made
        it, by the appeal's id and the generation.
        """
        ...

    async def find(self, appeal: Appeal, at: Counterpart) -> Mapping[str, str]:
        """Which messages of the appeal are there already: our id -> theirs. Empty where it cannot be found out.

        Called before something is added.
        """
        ...

    async def add(self, appeal: Appeal, at: Counterpart, message: AppealMessage, data: bytes | None) -> str:
        """Adds a message of the subscriber's or of staff's, with its file's content; says its id there: at most 64.

        ``data`` is None without a file, and also where ``message.file_name`` names one that could not be kept.
        """
        ...

    async def set_status(self, appeal: Appeal, at: Counterpart) -> str:
        """Brings the counterpart to the appeal's status; says the helpdesk's own word for it, at most 100 characters.

        Where the counterpart says another word by now than ``at.word``, its own staff were faster: it is left alone,
        and ``at.word`` is returned, so that their decision is still seen as new. Called when the status has changed,
        and when the subscriber has written: the counterpart is to be where somebody looks at it.
        """
        ...

    async def close(self) -> None:
        """Gives connections back."""
        ...
