"""Viber's own state: the account, its subscribers, and how a message of the bot gets onto a phone."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx

from bot.sandbox.files import FileStore, StoredFile
from bot.sandbox.images import recognise
from bot.sandbox.shapes import Changed, Json
from bot.sandbox.viber import checks, keyboards
from bot.sandbox.viber.callbacks import Callbacks
from bot.sandbox.viber.errors import Status, ViberError
from core.clock import Clock

if TYPE_CHECKING:
    from bot.sandbox.viber.people import ViberPerson

PICTURE_LIMIT = 1024 * 1024  # bytes
MEDIA_LIFE = timedelta(hours=1)
SESSION = timedelta(hours=24)
HOUR = timedelta(hours=1)
MESSAGES_WITHOUT_REPLY = 100


@dataclass(slots=True)
class Fetch:
    """A picture or file of the bot that is still to be fetched from the bot's address."""

    person: ViberPerson
    token: int
    body: Json


class Viber:
    """The sandbox's Viber. The REST methods work on it; people put callbacks into it."""

    def __init__(
        self,
        token: str,
        clock: Clock,
        files: FileStore,
        changed: Changed,
        http: httpx.AsyncClient,
        base_url: Callable[[], str],
        name: str = "Abonent",
    ) -> None:
        self.token = token
        self.clock = clock
        self.files = files
        self.changed = changed
        self.name = name
        self.http = http
        self.base_url = base_url
        self.callbacks = Callbacks(token, clock, http)
        self.people: dict[str, ViberPerson] = {}
        self.calls: list[tuple[str, Json]] = []
        self.faults: list[ViberError] = []
        self.account_status: Status | None = None
        self.detail_calls: dict[str, list[float]] = {}
        self.free_left = 10_000
        # "The client will always display the last keyboard that was sent to it." Some apps have been seen to
        # drop it when a message comes without one: a test may look at both.
        self.keyboard_stays = True
        self._fetches: list[Fetch] = []
        self._planned: list[tuple[ViberError, str | None]] = []

    def person(self, name: str, phone: str, language: str = "ru", api_version: int = 10) -> ViberPerson:
        """A new person with Viber, who has not opened the bot yet."""
        from bot.sandbox.viber.people import ViberPerson

        digest = hashlib.md5(f"{self.token}{len(self.people)}".encode(), usedforsecurity=False).digest()
        person = ViberPerson(self, base64.b64encode(digest).decode(), name, phone, language, api_version)
        self.people[person.id] = person
        self.changed()
        return person

    def fail_next(self, error: ViberError, times: int = 1, method: str | None = None) -> None:
        """Makes the next calls (of one method, or of any) answer with `error`."""
        self._planned.extend([(error, method)] * times)

    def planned_fault(self, method: str) -> ViberError | None:
        if self._planned and self._planned[0][1] in (None, method):
            return self._planned.pop(0)[0]
        return None

    def accept(self, receiver: str, body: Json) -> Json:
        """Takes a message of the bot for a person; its token and billing_status, or ViberError."""
        person = self.people.get(receiver)
        if person is None or not person.registered:
            raise ViberError(Status.RECEIVER_NOT_REGISTERED)
        if person.refusal is not None:
            raise ViberError(person.refusal)
        if not person.subscribed:
            raise ViberError(Status.NOT_SUBSCRIBED)
        if body.get("min_api_version", 1) > person.api_version:
            raise ViberError(Status.API_VERSION_NOT_SUPPORTED)
        now = self.clock.now()
        recent = [at for at in person.unanswered if now - at < HOUR]
        if len(recent) >= MESSAGES_WITHOUT_REPLY:
            raise ViberError(Status.TOO_MANY_REQUESTS)
        person.unanswered = [*recent, now]
        token = self.callbacks.next_token()
        self.show(person, token, body)
        return {"message_token": token, "billing_status": self._billing(person)}

    def _billing(self, person: ViberPerson) -> int:
        """1 in a session of 24 h after the person's message; 4 free outside it while some are left; 5 charged."""
        spoke = person.spoke_at
        if spoke is not None and self.clock.now() - spoke < SESSION:
            return 1
        if self.free_left > 0:
            self.free_left -= 1
            return 4
        return 5

    def welcome(self, person: ViberPerson, token: int, body: Json) -> None:
        """The message in the answer to conversation_started; a bad one is kept in `faults` and fails."""
        try:
            if "receiver" in body:
                raise ViberError(Status.BAD_DATA, "a welcome message has no receiver")
            checks.message(body)
        except ViberError as error:
            self.faults.append(error)
            self.fail(person, token, error.message)
            return
        self.show(person, token, body)

    def show(self, person: ViberPerson, token: int, body: Json) -> None:
        """Puts a message onto the phone, or reports that the app could not show it."""
        keyboard = body.get("keyboard")
        fault = keyboards.failure(keyboard) if keyboard else None
        if fault:
            self.fail(person, token, fault)
            return
        if body.get("type") in ("picture", "file", "video"):
            self._fetches.append(Fetch(person, token, body))
            return
        self._display(person, token, body, None)

    def fail(self, person: ViberPerson, token: int, reason: str) -> None:
        self.callbacks.put("failed", person.id, {"user_id": person.id, "desc": reason}, token)

    def _display(self, person: ViberPerson, token: int, body: Json, media: StoredFile | None) -> None:
        person.receives(token, body, media)
        self.callbacks.put("delivered", person.id, {"user_id": person.id}, token)
        self.changed()

    async def deliver_due(self) -> int:
        """Fetches the bot's pictures and files, then posts the callbacks that are due."""
        waiting, self._fetches = self._fetches, []
        for fetch in waiting:
            await self._fetch(fetch)
        return await self.callbacks.deliver_due()

    async def _fetch(self, fetch: Fetch) -> None:
        kind, body = fetch.body["type"], fetch.body
        try:
            answer = await self.http.get(body["media"], follow_redirects=True)
            data = answer.content if answer.is_success else None
        except (httpx.HTTPError, httpx.InvalidURL):
            data = None
        if data is None:
            self.fail(fetch.person, fetch.token, "media could not be downloaded")
        elif kind == "picture" and recognise(data) is None:
            self.fail(fetch.person, fetch.token, "media is not a jpeg, png or gif picture")
        elif kind == "picture" and len(data) > PICTURE_LIMIT:
            self.fail(fetch.person, fetch.token, "picture is larger than 1 MB")
        else:
            name = body.get("file_name") or f"{kind}.{'jpg' if kind == 'picture' else 'mp4'}"
            picture = recognise(data)
            mime = f"image/{picture.kind}" if picture else None
            self._display(fetch.person, fetch.token, body, self.files.keep(name, data, mime))
