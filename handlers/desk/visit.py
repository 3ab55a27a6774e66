"""One request to the desk by somebody who is known: what every page may ask about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request

from core.staff.audit import Who
from core.staff.models import Member, Session
from core.staff.rights import Right, may
from handlers.clean import clean
from handlers.desk.security import csrf_token
from handlers.desk.words import Words

NOBODY = Who("", "")


@dataclass(frozen=True, slots=True)
class Visit:
    """``member`` and ``session`` are None on the log-in page alone."""

    request: Request
    words: Words
    member: Member | None = None
    session: Session | None = None
    token: str = ""
    form: FormData = field(default_factory=FormData)
    address: str = ""
    secure: bool = False  # whether they came by https: cookies then go no other way

    @property
    def me(self) -> Member:
        assert self.member is not None, "the guard lets nobody in without a session"
        return self.member

    @property
    def who(self) -> Who:
        return Who(self.me.id, self.me.login, self.address)

    @property
    def csrf(self) -> str:
        return csrf_token(self.token) if self.token else ""

    @property
    def live(self) -> bool:
        """Whether a part of a page is asked for, by htmx."""
        return self.request.headers.get("hx-request") == "true"

    def may(self, right: Right | str) -> bool:
        return self.member is not None and may(self.member, Right(right))

    def field(self, name: str, most: int = 200) -> str:
        """A field of the form without what no database takes, cut to ``most`` characters."""
        return _text(self.form.get(name))[:most].strip()

    def words_of(self, name: str, most: int = 10_000) -> str:
        """A text area's field, its lines ended as everywhere else."""
        return _text(self.form.get(name)).replace("\r\n", "\n")[:most].strip()

    def files(self, name: str) -> list[UploadFile]:
        return [one for one in self.form.getlist(name) if isinstance(one, UploadFile) and one.filename]

    def asked(self, name: str, most: int = 200) -> str:
        """A parameter of the address."""
        return clean(self.request.query_params.get(name, ""))[:most].strip()

    def path(self, name: str) -> Any:
        """A part of the address, without what no database takes."""
        value = self.request.path_params[name]
        return clean(value) if isinstance(value, str) else value


def _text(value: object) -> str:
    return clean(value) if isinstance(value, str) else ""
