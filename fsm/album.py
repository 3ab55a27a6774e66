"""Answers an album once: a messenger brings ten photos as ten updates, and nobody wants to read ten answers.

Each photo is a turn of its own and is kept by its own commit. Its answer waits a moment; the next photo's turn takes
it back and says it anew with everything included. What was sent already is edited in place. So a program that is
killed anywhere in between loses neither a photo nor the answer.
"""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from core.delivery import outbox
from core.delivery.commit import Post
from fsm.envelope import Album, Envelope
from fsm.event import Event, File
from fsm.talk import Talk

PAUSE = timedelta(seconds=1.2)
"""Longer than lies between two updates of an album, which Telegram brings in a row; short enough for a person."""


def with_earlier_notes(talk: Talk, envelope: Envelope | None, event: Event) -> None:
    """What was said to an earlier piece of the album ("this one is too large") must not be lost with its answer."""
    before = envelope.album if envelope is not None else None
    if before is None:
        return
    if before.id == _album_of(event):
        new = [note for note in talk.notes if note not in before.notes]
        talk.notes[:] = [*before.notes, *new]
    else:
        # Something else happened in the chat: whatever waits for more of the album goes out now, in its place.
        talk.write(outbox.hurry(talk.chat.chat_id, before.turns, talk.now))


def answered_together(
    talk: Talk, envelope: Envelope | None, event: Event, posts: list[Post]
) -> tuple[Album | None, list[Post]]:
    """The album that the next turn may go on with, and the posts as they are to be sent.

    An answer of several messages, or one that takes a keyboard away, goes out at once: it cannot be said anew.
    """
    album = _album_of(event)
    if not album or len(posts) != 1 or posts[0].message.drops_keyboard or posts[0].message.attachment:
        return None, posts
    before = envelope.album if envelope is not None else None
    turns = before.turns if before is not None and before.id == album else ()
    message = posts[0].message
    if turns:
        talk.write(outbox.take_back(talk.chat.chat_id, turns))
        message = replace(message, replaces=turns)
    post = Post(posts[0].chat_id, message, posts[0].priority, talk.now + PAUSE)
    return Album(album, (*turns, talk.turn_id), tuple(talk.notes)), [post]


def _album_of(event: Event) -> str:
    return event.input.album if isinstance(event.input, File) else ""
